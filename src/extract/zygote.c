#include "extract/zygote.h"

#include "extract/child.h"
#include "extract/document.h"
#include "extract/request.h"
#include "extract/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In sanitizer builds the children's resident memory is looked at this often, in place of
 * RLIMIT_AS. */
enum { MEMORY_WATCH_MS = 50 };

static const char where[] = "zygote";

struct child {
	pid_t pid;
	int status_fd; /* owned; its other end closes when nobody wants the answer */
	bool is_killed;
};

struct zygote {
	int control_fd;
	int signal_fd; /* SIGCHLD */
	struct child children[Q__ZYGOTE_CHILDREN_MAX];
	size_t child_count;
};

static pid_t fork_child(const struct q__incoming *incoming)
{
	const struct q__child_task task = {
		.request = incoming->request,
		.document_fd = incoming->descriptors[Q_EXTRACT_DOCUMENT_FD],
		.result_fd = incoming->descriptors[Q_EXTRACT_RESULT_FD],
		.parent = getpid(),
	};
	pid_t pid = fork();

	if (pid == 0)
		_exit(q__child_run(&task));
	return pid;
}

/* Where no child can be had the status socket just closes: the other side takes that as "try
 * again". */
static void start_child(struct zygote *zygote, const struct q__incoming *incoming)
{
	int status_fd = incoming->descriptors[Q_EXTRACT_STATUS_FD];
	pid_t pid = fork_child(incoming);

	close(incoming->descriptors[Q_EXTRACT_DOCUMENT_FD]);
	close(incoming->descriptors[Q_EXTRACT_RESULT_FD]);
	if (pid < 0)
		close(status_fd);
	else
		zygote->children[zygote->child_count++] =
			(struct child){.pid = pid, .status_fd = status_fd};
}

static void tell_ending(const struct child *child, int wait_status, const struct rusage *usage)
{
	const struct q_extract_ending ending = {
		.version = Q_EXTRACT_VERSION,
		.wait_status = wait_status,
		.memory_max_bytes = (uint64_t)usage->ru_maxrss * 1024,
	};

	/* When nobody listens any more, nobody misses it. */
	(void)!send(child->status_fd, &ending, sizeof ending, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(child->status_fd);
}

static void reap_children(struct zygote *zygote)
{
	struct rusage usage;
	int wait_status;
	pid_t pid;

	while ((pid = wait4(-1, &wait_status, WNOHANG, &usage)) > 0) {
		for (size_t i = 0; i < zygote->child_count; i++) {
			if (zygote->children[i].pid != pid)
				continue;
			tell_ending(&zygote->children[i], wait_status, &usage);
			zygote->children[i] = zygote->children[--zygote->child_count];
			break;
		}
	}
}

#if Q_SANITIZED
static uint64_t resident_bytes(pid_t pid)
{
	unsigned long pages = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/statm", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*s %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void watch_memory(const struct zygote *zygote)
{
	for (size_t i = 0; i < zygote->child_count; i++)
		if (resident_bytes(zygote->children[i].pid) > Q__SANDBOX_MEMORY_BYTES)
			kill(zygote->children[i].pid, SIGABRT);
}
#else
static void watch_memory(const struct zygote *zygote)
{
	(void)zygote; /* RLIMIT_AS does it */
}
#endif

/* One that has been killed is only waited for. */
static struct pollfd poll_child(const struct child *child)
{
	return (struct pollfd){.fd = child->is_killed ? -1 : child->status_fd, .events = POLLRDHUP};
}

/* The control socket is left out while there is no room for another child. */
static int wait_for_events(struct zygote *zygote, struct pollfd polls[Q__ZYGOTE_CHILDREN_MAX + 2])
{
	bool has_room = zygote->child_count < Q__ZYGOTE_CHILDREN_MAX;
	nfds_t count = 0;

	polls[count++] = (struct pollfd){.fd = zygote->signal_fd, .events = POLLIN};
	polls[count++] = (struct pollfd){.fd = zygote->control_fd, .events = has_room ? POLLIN : 0};
	for (size_t i = 0; i < zygote->child_count; i++)
		polls[count++] = poll_child(&zygote->children[i]);
	return poll(polls, count, Q_SANITIZED && zygote->child_count > 0 ? MEMORY_WATCH_MS : -1);
}

/* A child whose answer nobody waits for any more. */
static void kill_unwanted(struct zygote *zygote, const struct pollfd *polls)
{
	for (size_t i = 0; i < zygote->child_count; i++) {
		if (!(polls[i].revents & (POLLRDHUP | POLLHUP | POLLERR)))
			continue;
		kill(zygote->children[i].pid, SIGKILL);
		zygote->children[i].is_killed = true;
	}
}

static void kill_all(struct zygote *zygote)
{
	for (size_t i = 0; i < zygote->child_count; i++)
		kill(zygote->children[i].pid, SIGKILL);
	for (size_t i = 0; i < zygote->child_count; i++) {
		waitpid(zygote->children[i].pid, NULL, 0);
		close(zygote->children[i].status_fd);
	}
}

static void serve(struct zygote *zygote)
{
	struct pollfd polls[Q__ZYGOTE_CHILDREN_MAX + 2];
	struct signalfd_siginfo signal_info;
	struct q__incoming incoming;

	for (;;) {
		int ready = wait_for_events(zygote, polls);

		if (ready < 0 && errno != EINTR)
			return;
		watch_memory(zygote);
		if (ready <= 0)
			continue;
		kill_unwanted(zygote, polls + 2);
		if (polls[0].revents &&
		    read(zygote->signal_fd, &signal_info, sizeof signal_info) > 0)
			reap_children(zygote);
		if (polls[1].revents) {
			enum q__receipt receipt = q__request_receive(zygote->control_fd, &incoming);

			if (receipt == Q__RECEIPT_CLOSED)
				return;
			if (receipt == Q__RECEIPT_REQUEST)
				start_child(zygote, &incoming);
		}
	}
}

bool q__zygote_can_sandbox(void)
{
	int wait_status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(q__child_probe());
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid)
		return false;
	return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}

static enum q_code say_hello(int control_fd, struct q_err *err)
{
	bool can_sandbox = q__zygote_can_sandbox();
	const struct q_extract_hello hello = {
		.version = Q_EXTRACT_VERSION,
		.readiness = can_sandbox ? Q_EXTRACT_READY : Q_EXTRACT_NO_SANDBOX,
	};

	if (send(control_fd, &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello)
		return q_fail_os(err, errno, where, "cannot say hello");
	if (!can_sandbox)
		return q_fail(err, Q_UNSUPPORTED, where, "this kernel has no seccomp");
	return Q_OK;
}

enum q_code q__zygote_run(int control_fd, struct q_err *err)
{
	struct zygote zygote = {.control_fd = control_fd};
	enum q_code code;
	sigset_t child_ended;

	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ended, NULL);
	zygote.signal_fd = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
	if (zygote.signal_fd < 0)
		return q_fail_os(err, errno, where, "cannot watch children");
	q__engine_start();
	code = say_hello(control_fd, err);
	if (code == Q_OK)
		serve(&zygote);
	kill_all(&zygote);
	close(zygote.signal_fd);
	return code;
}
