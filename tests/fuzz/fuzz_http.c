/* Sends the input to a server over a socket, once whole and once in pieces: it must be answered the
 * same way, whatever the pieces are, with nothing but answers, and the connection must end. The
 * first byte of the input is the size of a piece. */
#include "base/pool.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/http_server.h"
#include "net/router.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024 * 1024, STATUSES_MAX = 1024, INPUT_MAX = 128 * 1024, BODY_MAX = 4096 };

struct statuses {
	int items[STATUSES_MAX];
	size_t count;
};

static void echo(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_respond(request, 200, "text/plain", q_bytes_str(q_http_request_body(request)));
}

static void name(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_respond(request, 200, "text/plain", q_http_request_param(request, "name"));
}

/* A sink that forgets what it is given. */
static enum q_code take(struct q_http_body_sink *sink, struct q_http_request *request,
			struct q_bytes bytes, struct q_err *err)
{
	(void)sink;
	(void)request;
	(void)err;
	q_assert(bytes.length > 0);
	return Q_OK;
}

static void taken(struct q_http_body_sink *sink, struct q_http_request *request)
{
	(void)sink;
	q_http_respond_empty(request, 204);
}

static void dropped(struct q_http_body_sink *sink, struct q_http_request *request)
{
	(void)sink;
	(void)request;
}

static void upload(struct q_http_request *request, void *context)
{
	static struct q_http_body_sink sink = {take, taken, dropped};

	(void)context;
	q_http_request_set_body_sink(request, &sink);
}

static bool allow(struct q_http_request *request, const void *access, void *context)
{
	(void)request;
	(void)access;
	(void)context;
	return true;
}

static const struct q_route routes[] = {
	{"POST", "/e", Q_ROUTE_INLINE, BODY_MAX, "all", echo},
	{"GET", "/e", 0, 0, "all", echo},
	{"GET", "/n/{name}", Q_ROUTE_INLINE, 0, "all", name},
	{"PUT", "/u", Q_ROUTE_STREAM, BODY_MAX, "all", upload},
};

/* Made once; lives as long as the process. */
static unsigned serve(void)
{
	static struct q_http_server *server;
	struct q_route_group group = {routes, Q_COUNT_OF(routes), NULL};
	struct q_http_limits limits = q_http_default_limits;
	struct q_http_server_options options = {.host = "127.0.0.1",
						.loop_count = 1,
						.limits = &limits,
						.hooks = {.authorize = allow}};
	struct q_router *router;
	struct q_pool *pool;
	struct q_err err;

	if (server)
		return q_http_server_port(server);
	q_assert(q_router_new(&group, 1, &router, &err) == Q_OK);
	q_assert(q_pool_new(&q_pool_defaults, &pool, &err) == Q_OK);
	limits.linger_ms = 60 * 1000; /* a machine that stands still for a while is no finding */
	options.router = router;
	options.pool = pool;
	q_assert(q_http_server_start(&options, &server, &err) == Q_OK);
	return q_http_server_port(server);
}

/* Each thousand connections come from another address of 127.0.0.0/8: one address has fewer ports
 * than a minute of fuzzing has connections. */
static void bind_to_fresh_address(int fd)
{
	static uint32_t count;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK + count++ / 1000)};

	q_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
}

static int dial(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd connected = {.fd = fd, .events = POLLOUT};

	q_assert(fd >= 0);
	bind_to_fresh_address(fd);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		q_assert(errno == EINTR); /* the fuzzer's alarm: it goes on by itself */
		while (poll(&connected, 1, -1) != 1)
			q_assert(errno == EINTR);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

static void send_in_pieces(int fd, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0) {
		size_t step = size < piece ? size : piece;
		ssize_t sent = send(fd, data, step, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return; /* the server has heard enough */
		data += sent;
		size -= (size_t)sent;
	}
}

static ssize_t receive(int fd, char *out, size_t capacity)
{
	ssize_t got;

	do
		got = recv(fd, out, capacity, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads the status lines; bodies have a Content-Length or none. False: cut off. */
static bool read_answers(struct q_str text, struct statuses *out)
{
	while (text.length > 0) {
		size_t end, at, body = 0;
		struct q_str head;

		q_assert(q_str_starts_with(text, Q_STR("HTTP/1.1 ")));
		if (!q_str_find(text, Q_STR("\r\n\r\n"), &end))
			return false;
		head = q_str_slice(text, 0, end);
		if (q_str_find(head, Q_STR("Content-Length: "), &at))
			body = strtoul(head.data + at + 16, NULL, 10);
		q_assert(out->count < STATUSES_MAX);
		out->items[out->count++] = atoi(head.data + 9);
		if (end + 4 + body > text.length)
			return false;
		text = q_str_slice(text, end + 4 + body, text.length);
	}
	return true;
}

static struct statuses ask(const uint8_t *data, size_t size, size_t piece)
{
	static char answer[ANSWER_MAX + 1];
	struct statuses statuses = {.count = 0};
	size_t length = 0;
	ssize_t got;
	int fd = dial(serve());

	send_in_pieces(fd, data, size, piece);
	shutdown(fd, SHUT_WR);
	while ((got = receive(fd, answer + length, ANSWER_MAX - length)) > 0)
		length += (size_t)got;
	q_assert(got == 0);
	close(fd);
	answer[length] = 0;
	q_assert(read_answers((struct q_str){answer, length}, &statuses));
	return statuses;
}

/* A HEAD's answer has a length and no body, 100 Continue depends on what has come: both are left
 * out. */
static bool is_countable(const uint8_t *data, size_t size)
{
	struct q_str text = {(const char *)data, size};
	size_t at;

	return size > 1 && size < INPUT_MAX && !q_str_find(text, Q_STR("HEAD"), &at) &&
	       !q_str_find(text, Q_STR("100"), &at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct statuses whole, pieces;

	if (!is_countable(data, size))
		return 0;
	whole = ask(data + 1, size - 1, size);
	pieces = ask(data + 1, size - 1, data[0] ? data[0] : 1);
	q_assert(whole.count == pieces.count);
	for (size_t i = 0; i < whole.count; i++)
		q_assert(whole.items[i] == pieces.items[i]);
	return 0;
}
