#include "net/server_internal.h"

#include "base/mem.h"
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOOPS_MAX = 256, LOOP_STACK_BYTES = 1024 * 1024 };

const struct q_http_limits q_http_default_limits = {
	.request_line_bytes = 8 * 1024,
	.header_bytes = 64 * 1024,
	.header_count = Q__FIELDS_MAX,
	.arena_bytes = 2 * 1024 * 1024,
	.connections = 10000,
	.handshake_ms = 10 * 1000,
	.head_ms = 10 * 1000,
	.body_grace_ms = 10 * 1000,
	.body_bytes_per_second = 1024,
	.idle_ms = 60 * 1000,
	.write_ms = 60 * 1000,
	.linger_ms = 2 * 1000,
	.linger_bytes = 1024 * 1024,
	.handler_ms = 30 * 1000,
};

/* ---- listening ---- */

struct endpoint {
	struct sockaddr_storage address;
	socklen_t length;
};

static enum q_code parse_endpoint(const char *host, unsigned port, struct endpoint *out,
				  struct q_err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;

	memset(out, 0, sizeof *out);
	if (port > 65535)
		return q_fail(err, Q_INVALID, "http_server.start", "the port %u is above 65535",
			      port);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out->length = sizeof *v4;
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->length = sizeof *v6;
	} else {
		return q_fail(err, Q_INVALID, "http_server.start",
			      "\"%s\" is no IP address: give one such as 127.0.0.1 or ::", host);
	}
	return Q_OK;
}

static unsigned endpoint_port(const struct endpoint *endpoint)
{
	if (endpoint->address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&endpoint->address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port);
}

static bool set_option(int fd, int option)
{
	return setsockopt(fd, SOL_SOCKET, option, &(int){1}, sizeof(int)) == 0;
}

static enum q_code fail_bind(struct q_err *err, int error, unsigned port)
{
	if (error == EADDRINUSE)
		return q_fail(err, Q_CONFLICT, "http_server.start",
			      "the port %u is in use: choose another", port);
	return q_fail_os(err, error, "http_server.start", "cannot listen on port %u", port);
}

/* A bound socket. With `is_shared` several may have one port: the kernel deals connections out to
 * them. */
static enum q_code bind_socket(struct endpoint *endpoint, bool is_shared, int *out,
			       struct q_err *err)
{
	int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail_bind(err, errno, endpoint_port(endpoint));
	if (!set_option(fd, SO_REUSEADDR) || (is_shared && !set_option(fd, SO_REUSEPORT)) ||
	    bind(fd, (struct sockaddr *)&endpoint->address, endpoint->length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&endpoint->address, &endpoint->length) != 0) {
		int error = errno;

		close(fd);
		return fail_bind(err, error, endpoint_port(endpoint));
	}
	*out = fd;
	return Q_OK;
}

/* SO_REUSEPORT would let another server of the same user share our port, and take half of the
 * connections: a socket without it finds out. */
static enum q_code check_port_is_free(struct endpoint endpoint, struct q_err *err)
{
	int fd = -1;
	enum q_code code = bind_socket(&endpoint, false, &fd, err);

	if (code == Q_OK)
		close(fd);
	return code;
}

static enum q_code listen_all(struct q_http_server *server,
			      const struct q_http_server_options *options, struct q_err *err)
{
	struct endpoint endpoint;
	enum q_code code = parse_endpoint(options->host, options->port, &endpoint, err);

	if (code == Q_OK && options->port != 0)
		code = check_port_is_free(endpoint, err);
	for (unsigned i = 0; code == Q_OK && i < server->loop_count; i++) {
		int fd = -1;

		code = bind_socket(&endpoint, server->loop_count > 1, &fd, err);
		if (code == Q_OK)
			code = q__loop_listen(&server->loops[i], fd, err);
	}
	server->port = endpoint_port(&endpoint);
	return code;
}

/* ---- options ---- */

static char *copy_text(const char *text)
{
	char *copy = q_mem_new(strlen(text) + 1);

	if (copy)
		memcpy(copy, text, strlen(text) + 1);
	return copy;
}

static enum q_code set_tls(struct q_http_server *server,
			   const struct q_http_server_options *options, struct q_err *err)
{
	if (!options->tls_certificate_file && !options->tls_key_file)
		return Q_OK;
	if (!options->tls_certificate_file || !options->tls_key_file)
		return q_fail(err, Q_INVALID, "http_server.start",
			      "TLS takes both a certificate and a key: one of them is missing");
	server->certificate_file = copy_text(options->tls_certificate_file);
	server->key_file = copy_text(options->tls_key_file);
	if (!server->certificate_file || !server->key_file)
		return q_fail(err, Q_NOMEM, "http_server.start", "no memory");
	return q_tls_context_new(server->certificate_file, server->key_file, &server->tls, err);
}

static enum q_code set_options(struct q_http_server *server,
			       const struct q_http_server_options *options, struct q_err *err)
{
	q_assert(options->host && options->router && options->pool && options->hooks.authorize);
	server->limits = options->limits ? *options->limits : q_http_default_limits;
	q_assert(server->limits.header_count <= Q__FIELDS_MAX);
	server->router = options->router;
	server->pool = options->pool;
	server->log = options->log;
	server->hooks = options->hooks;
	server->loop_count = options->loop_count ? options->loop_count : uv_available_parallelism();
	if (server->loop_count > LOOPS_MAX)
		return q_fail(err, Q_INVALID, "http_server.start", "at most %d loops", LOOPS_MAX);
	if (options->trusted_proxies)
		server->trusted = *options->trusted_proxies;
	return set_tls(server, options, err);
}

/* ---- threads ---- */

static void *run_loop(void *argument)
{
	struct q__loop *loop = argument;
	struct q_http_server *server = loop->server;

	q__loop_run(loop);
	pthread_mutex_lock(&server->mutex);
	server->live_loops--;
	pthread_cond_signal(&server->loop_ended);
	pthread_mutex_unlock(&server->mutex);
	return NULL;
}

static enum q_code start_threads(struct q_http_server *server, struct q_err *err)
{
	for (unsigned i = 0; i < server->loop_count; i++) {
		struct q__loop *loop = &server->loops[i];
		char name[16];
		enum q_code code;

		snprintf(name, sizeof name, "http-%u", i);
		pthread_mutex_lock(&server->mutex);
		server->live_loops++;
		pthread_mutex_unlock(&server->mutex);
		code = q_thread_start(name, LOOP_STACK_BYTES, run_loop, loop, &loop->thread, err);
		if (code != Q_OK) {
			pthread_mutex_lock(&server->mutex);
			server->live_loops--;
			pthread_mutex_unlock(&server->mutex);
			return code;
		}
		loop->is_started = true;
	}
	return Q_OK;
}

static void init_waiting(struct q_http_server *server)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&server->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&server->loop_ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static enum q_code make_loops(struct q_http_server *server, struct q_err *err)
{
	enum q_code code = Q_OK;

	server->loops = q_mem_new_array(server->loop_count, sizeof *server->loops);
	if (!server->loops)
		return q_fail(err, Q_NOMEM, "http_server.start", "no memory for %u loops",
			      server->loop_count);
	for (unsigned i = 0; code == Q_OK && i < server->loop_count; i++)
		code = q__loop_init(&server->loops[i], server, err);
	return code;
}

/* After a start that failed: those loops that run have nothing in hand. */
static void stop_and_free(struct q_http_server *server)
{
	struct q_err err;
	enum q_code code = q_http_server_stop(server, 0, &err);

	q_assert(code == Q_OK);
	q_http_server_free(server);
}

enum q_code q_http_server_start(const struct q_http_server_options *options,
				struct q_http_server **out, struct q_err *err)
{
	struct q_http_server *server = q_mem_new(sizeof *server);
	enum q_code code;

	if (!server)
		return q_fail(err, Q_NOMEM, "http_server.start", "%zu bytes", sizeof *server);
	init_waiting(server);
	code = set_options(server, options, err);
	if (code == Q_OK)
		code = make_loops(server, err);
	if (code == Q_OK)
		code = listen_all(server, options, err);
	if (code == Q_OK)
		code = start_threads(server, err);
	if (code != Q_OK) {
		stop_and_free(server);
		return code;
	}
	*out = server;
	return Q_OK;
}

unsigned q_http_server_port(const struct q_http_server *server)
{
	return server->port;
}

unsigned q_http_server_connections(const struct q_http_server *server)
{
	return atomic_load(&server->connection_count);
}

enum q_code q_http_server_reload_tls(struct q_http_server *server, struct q_err *err)
{
	struct q_tls_context *fresh, *old;
	enum q_code code;

	if (!server->certificate_file)
		return Q_OK;
	code = q_tls_context_new(server->certificate_file, server->key_file, &fresh, err);
	if (code != Q_OK)
		return code;
	pthread_mutex_lock(&server->mutex);
	old = server->tls;
	server->tls = fresh;
	pthread_mutex_unlock(&server->mutex);
	q_tls_context_unref(old);
	return Q_OK;
}

/* ---- the end ---- */

static struct timespec monotonic_after(int64_t delay_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(delay_ms / 1000);
	at.tv_nsec += (long)(delay_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static bool wait_for_loops(struct q_http_server *server, int64_t timeout_ms)
{
	struct timespec until = monotonic_after(timeout_ms);
	int error = 0;
	bool have_ended;

	pthread_mutex_lock(&server->mutex);
	while (server->live_loops > 0 && error == 0)
		error = pthread_cond_timedwait(&server->loop_ended, &server->mutex, &until);
	have_ended = server->live_loops == 0;
	pthread_mutex_unlock(&server->mutex);
	return have_ended;
}

enum q_code q_http_server_stop(struct q_http_server *server, int64_t grace_ms, struct q_err *err)
{
	unsigned made = server->loops ? server->loop_count : 0;

	for (unsigned i = 0; i < made; i++)
		if (server->loops[i].is_started)
			q__loop_ask_to_stop(&server->loops[i], grace_ms);
	if (!wait_for_loops(server, grace_ms + server->limits.handler_ms))
		return q_fail(err, Q_TIMEOUT, "http_server.stop",
			      "a handler has not returned its request");
	for (unsigned i = 0; i < made; i++)
		if (server->loops[i].is_started)
			q_thread_join(server->loops[i].thread);
	return Q_OK;
}

void q_http_server_free(struct q_http_server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; server->loops && i < server->loop_count; i++)
		q__loop_destroy(&server->loops[i]);
	pthread_cond_destroy(&server->loop_ended);
	pthread_mutex_destroy(&server->mutex);
	q_tls_context_unref(server->tls);
	q_mem_free(server->certificate_file);
	q_mem_free(server->key_file);
	q_mem_free(server->loops);
	q_mem_free(server);
}
