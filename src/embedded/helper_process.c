#include "embedded/helper_process.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESULT_PIPE_BYTES = 1 << 20, BUSY_RETRY_MS = 200 };

static const char where[] = "helper";

struct q__helper {
	char *path;
	pthread_mutex_t lock; /* guards all below; a leaf */
	pid_t pid;	      /* 0: none runs */
	int control_fd;
	int64_t starts_ms[Q__HELPER_STARTS_MAX]; /* when it was started last, round and round */
	size_t start_count;
};

static enum q_code socket_pair(int type, int out[2], struct q_err *err)
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, out) != 0)
		return q_fail_os(err, errno, where, "cannot make a socket");
	return Q_OK;
}

/* Nothing of this process reaches the helper: no environment, no descriptor but the socket, no
 * blocked signals. */
static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
		  int control_fd)
{
	const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;
	int status;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, flags);
	status = posix_spawn_file_actions_adddup2(actions, control_fd, Q_EXTRACT_CONTROL_FD);
	for (int fd = 0; fd < 2 && status == 0; fd++)
		status = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	if (status == 0 && !Q_SANITIZED) /* where a sanitizer writes its report */
		status = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_RDWR, 0);
	if (status == 0)
		status =
			posix_spawn_file_actions_addclosefrom_np(actions, Q_EXTRACT_CONTROL_FD + 1);
	return status;
}

static enum q_code spawn(const char *path, int control_fd, pid_t *pid, struct q_err *err)
{
	char name[] = "quire-extract", argument[] = "--zygote";
	char *const arguments[] = {name, argument, NULL};
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int status;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return q_fail(err, Q_NOMEM, where, "cannot start %s", path);
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return q_fail(err, Q_NOMEM, where, "cannot start %s", path);
	}
	status = set_up(&actions, &attributes, control_fd);
	if (status == 0)
		status = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? Q_OK : q_fail_os(err, status, where, "cannot start %s", path);
}

static enum q_code await_hello(const struct q__helper *helper, int control_fd, struct q_err *err)
{
	struct pollfd answer = {.fd = control_fd, .events = POLLIN};
	struct q_extract_hello hello = {0};
	int ready;

	do
		ready = poll(&answer, 1, Q__HELPER_HELLO_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0 || recv(control_fd, &hello, sizeof hello, 0) != sizeof hello)
		return q_fail(err, Q_IO, where, "%s does not answer", helper->path);
	if (hello.version != Q_EXTRACT_VERSION)
		return q_fail(err, Q_UNSUPPORTED, where,
			      "%s is of another version: install both programs together",
			      helper->path);
	if (hello.readiness != Q_EXTRACT_READY)
		return q_fail(err, Q_UNSUPPORTED, where,
			      "this kernel has no seccomp filters: documents are not read without");
	return Q_OK;
}

/* Closing its socket ends a helper that is well; the signal ends any. */
static void stop(struct q__helper *helper)
{
	if (helper->pid == 0)
		return;
	close(helper->control_fd);
	kill(helper->pid, SIGKILL);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	helper->pid = 0;
}

static enum q_code limit_starts(struct q__helper *helper, struct q_err *err)
{
	int64_t *oldest = &helper->starts_ms[helper->start_count % Q__HELPER_STARTS_MAX];
	int64_t now_ms = q_time_monotonic_ms();
	int64_t wait_ms = *oldest + Q__HELPER_STARTS_WINDOW_MS - now_ms;

	if (helper->start_count >= Q__HELPER_STARTS_MAX && wait_ms > 0) {
		q_fail(err, Q_BUSY, where, "%s has died %d times within %d s", helper->path,
		       Q__HELPER_STARTS_MAX, Q__HELPER_STARTS_WINDOW_MS / 1000);
		err->retry_after_ms = wait_ms;
		return Q_BUSY;
	}
	*oldest = now_ms;
	helper->start_count++;
	return Q_OK;
}

static enum q_code start(struct q__helper *helper, struct q_err *err)
{
	int control[2];
	enum q_code code = limit_starts(helper, err);

	if (code == Q_OK)
		code = socket_pair(SOCK_SEQPACKET, control, err);
	if (code != Q_OK)
		return code;
	code = spawn(helper->path, control[1], &helper->pid, err);
	close(control[1]);
	if (code != Q_OK) {
		helper->pid = 0;
		close(control[0]);
		return code;
	}
	helper->control_fd = control[0];
	code = await_hello(helper, control[0], err);
	if (code != Q_OK)
		stop(helper);
	return code;
}

/* 0 or an errno. */
static int send_request(int control_fd, const struct q_extract_request *request,
			const int descriptors[Q_EXTRACT_DESCRIPTOR_COUNT])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * Q_EXTRACT_DESCRIPTOR_COUNT)];
	} control = {0};
	struct q_extract_request copy = *request;
	struct iovec part = {&copy, sizeof copy};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * Q_EXTRACT_DESCRIPTOR_COUNT);
	memcpy(CMSG_DATA(header), descriptors, sizeof(int) * Q_EXTRACT_DESCRIPTOR_COUNT);
	if (sendmsg(control_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno;
	return 0;
}

static enum q_code send_or_restart(struct q__helper *helper,
				   const struct q_extract_request *request, const int *descriptors,
				   struct q_err *err)
{
	enum q_code code = Q_OK;
	int status = EPIPE;

	if (helper->pid != 0)
		status = send_request(helper->control_fd, request, descriptors);
	if (status == EPIPE || status == ECONNRESET) {
		stop(helper);
		code = start(helper, err);
		if (code == Q_OK)
			status = send_request(helper->control_fd, request, descriptors);
	}
	if (code != Q_OK || status == 0)
		return code;
	if (status != EAGAIN)
		return q_fail_os(err, status, where, "cannot ask the helper");
	q_fail(err, Q_BUSY, where, "too many documents are being read");
	err->retry_after_ms = BUSY_RETRY_MS;
	return Q_BUSY;
}

/* The ends that the helper gets. */
struct far_ends {
	int result_fd, status_fd;
};

static enum q_code open_channels(struct q__helper_child *near, struct far_ends *far,
				 struct q_err *err)
{
	int status[2], result[2];

	if (pipe2(result, O_CLOEXEC) != 0)
		return q_fail_os(err, errno, where, "cannot make a pipe");
	if (socket_pair(SOCK_SEQPACKET, status, err) != Q_OK) {
		close(result[0]);
		close(result[1]);
		return err->code;
	}
	/* Room for a page or more, so that writer and reader take fewer turns; less will do. */
	(void)fcntl(result[1], F_SETPIPE_SZ, RESULT_PIPE_BYTES);
	(void)fcntl(result[0], F_SETFL, O_NONBLOCK);
	*near = (struct q__helper_child){result[0], status[0]};
	*far = (struct far_ends){result[1], status[1]};
	return Q_OK;
}

enum q_code q__helper_ask(struct q__helper *helper, const struct q_extract_request *request,
			  int document_fd, struct q__helper_child *out, struct q_err *err)
{
	int descriptors[Q_EXTRACT_DESCRIPTOR_COUNT];
	struct far_ends far = {-1, -1};
	enum q_code code = open_channels(out, &far, err);

	if (code != Q_OK)
		return code;
	descriptors[Q_EXTRACT_DOCUMENT_FD] = document_fd;
	descriptors[Q_EXTRACT_RESULT_FD] = far.result_fd;
	descriptors[Q_EXTRACT_STATUS_FD] = far.status_fd;
	pthread_mutex_lock(&helper->lock);
	code = send_or_restart(helper, request, descriptors, err);
	pthread_mutex_unlock(&helper->lock);
	close(far.result_fd);
	close(far.status_fd);
	if (code != Q_OK)
		q__helper_child_close(out);
	return code;
}

void q__helper_child_close(struct q__helper_child *child)
{
	close(child->status_fd);
	close(child->result_fd);
	*child = (struct q__helper_child){-1, -1};
}

enum q_code q__helper_open(const char *path, struct q__helper **out, struct q_err *err)
{
	struct q__helper *helper = q_mem_new(sizeof *helper);
	enum q_code code;

	if (helper)
		helper->path = q_mem_new(strlen(path) + 1);
	if (!helper || !helper->path) {
		q_mem_free(helper);
		return q_fail(err, Q_NOMEM, where, "%zu bytes", sizeof *helper);
	}
	memcpy(helper->path, path, strlen(path) + 1);
	pthread_mutex_init(&helper->lock, NULL);
	code = start(helper, err);
	if (code != Q_OK) {
		q__helper_close(helper);
		return code;
	}
	*out = helper;
	return Q_OK;
}

void q__helper_close(struct q__helper *helper)
{
	stop(helper);
	pthread_mutex_destroy(&helper->lock);
	q_mem_free(helper->path);
	q_mem_free(helper);
}

pid_t q__helper_pid(struct q__helper *helper)
{
	pid_t pid;

	pthread_mutex_lock(&helper->lock);
	pid = helper->pid;
	pthread_mutex_unlock(&helper->lock);
	return pid;
}
