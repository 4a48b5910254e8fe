#include "cmd/child_server.h"

#include "base/json.h"
#include "cmd/wiring.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, HOUR_MS = 3600 * 1000, TREE_DEPTH = 16 };

static const struct q_json_limits line_limits = {LINE_MAX_BYTES, 4, false};

extern char **environ;

static enum q_code make_directory(struct q_arena *arena, struct q_str *out, struct q_err *err)
{
	const char *base = getenv("TMPDIR");
	struct q_str path = q_arena_format(arena, "%s/quire-demo-XXXXXX", base ? base : "/tmp");

	if (!path.data)
		return q_fail(err, Q_NOMEM, "demo", "a path");
	if (!mkdtemp((char *)(uintptr_t)path.data))
		return q_fail_os(err, errno, "demo", "%s", path.data);
	*out = path;
	return Q_OK;
}

static enum q_code spawn(struct q_child_server *server, int stdout_fd, struct q_err *err)
{
	char *words[] = {(char *)(uintptr_t) "quire",
			 (char *)(uintptr_t) "serve",
			 (char *)(uintptr_t) "--host",
			 (char *)(uintptr_t) "127.0.0.1",
			 (char *)(uintptr_t) "--port",
			 (char *)(uintptr_t) "0",
			 (char *)(uintptr_t) "--log-level",
			 (char *)(uintptr_t) "warn",
			 (char *)(uintptr_t) "--file-size-threshold-mb",
			 (char *)(uintptr_t) "0",
			 (char *)(uintptr_t) "--data-dir",
			 (char *)(uintptr_t)server->data_dir.data,
			 NULL};
	posix_spawn_file_actions_t actions;
	int failure;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, stdout_fd, STDOUT_FILENO);
	failure = posix_spawn(&server->pid, "/proc/self/exe", &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failure ? q_fail_os(err, failure, "demo", "the server cannot be started") : Q_OK;
}

/* The server's first line: {"event":"listening","url":...}. */
static enum q_code read_url(struct q_arena *arena, int fd, struct q_str *out, struct q_err *err)
{
	char line[LINE_MAX_BYTES];
	size_t length = 0;
	const struct q_json *event;
	struct q_bytes text;
	ssize_t got;

	do {
		got = read(fd, line + length, sizeof line - length);
		if (got > 0)
			length += (size_t)got;
	} while ((got > 0 || (got < 0 && errno == EINTR)) && length < sizeof line &&
		 !memchr(line, '\n', length));
	text = q_arena_copy_bytes(arena, q_str_bytes((struct q_str){line, length}));
	if (length == 0 || q_json_parse(arena, text, &line_limits, &event, err) ||
	    !q_json_string(q_json_member(event, Q_STR("url")), out))
		return q_fail(err, Q_IO, "demo", "the server did not start");
	return Q_OK;
}

static enum q_code make_token(struct q_arena *arena, struct q_child_server *server,
			      struct q_err *err)
{
	struct q_identity who = {.kind = Q_IDENTITY_TOKEN,
				 .subject = Q_STR("demo"),
				 .tenant_id = Q_STR("default"),
				 .tenant_type = Q_TENANT_EXTERNAL,
				 .roles = Q_ROLE_ADMIN};
	const char *flags[] = {
		q_arena_format(arena, "DATA_DIR=%.*s", Q_STR_ARG(server->data_dir)).data, NULL};
	struct q_settings_sources sources = {.environ = (const char *const *)environ,
					     .flags = flags};
	const struct q_settings *settings;
	struct q_wiring *w;
	enum q_code code = q_settings_load(arena, &sources, NULL, NULL, &settings, err);

	if (!code)
		code = q_wiring_open(settings, Q_WIRE_SECRETS, &w, err);
	if (code)
		return code;
	who.expires_at_ms = q_clock_now_ms(w->clock) + HOUR_MS;
	code = q_token_make(&w->token_rules, &who, q_clock_now_ms(w->clock), arena, &server->token,
			    err);
	q_wiring_close(w);
	return code;
}

enum q_code q_child_server_start(struct q_arena *arena, struct q_child_server *out,
				 struct q_err *err)
{
	int pipe_fds[2];
	enum q_code code;

	*out = (struct q_child_server){0};
	code = make_directory(arena, &out->data_dir, err);
	if (code)
		return code;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		code = q_fail_os(err, errno, "demo", "a pipe");
	} else {
		code = spawn(out, pipe_fds[1], err);
		close(pipe_fds[1]);
		if (!code)
			code = read_url(arena, pipe_fds[0], &out->url, err);
		close(pipe_fds[0]);
	}
	if (!code)
		code = make_token(arena, out, err);
	if (code)
		q_child_server_stop(out);
	return code;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void q_child_server_stop(struct q_child_server *server)
{
	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (server->data_dir.length > 0)
		nftw(server->data_dir.data, remove_entry, TREE_DEPTH, FTW_DEPTH | FTW_PHYS);
	*server = (struct q_child_server){0};
}
