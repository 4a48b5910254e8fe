#include "support/loopback.h"

#include "base/compiler.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A page answers a request; false when the connection is over. */
struct page {
	const char *path;
	bool (*answer)(struct loopback_connection *connection,
		       const struct loopback_request *request);
};

static bool answer_with(struct loopback_connection *connection, const char *status,
			const char *fields, struct q_str body)
{
	char head[512];

	snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, fields,
		 body.length);
	return loopback_send_text(connection, head) && loopback_send(connection, body);
}

static bool page_hello(struct loopback_connection *connection,
		       const struct loopback_request *request)
{
	struct q_str body =
		q_str_starts_with(request->head, Q_STR("HEAD ")) ? Q_STR("") : Q_STR("hello");

	return answer_with(connection, "200 OK",
			   "Content-Type: text/plain\r\nX-Twice: first\r\nX-Twice: second\r\n"
			   "X-Empty:\r\nSet-Cookie: a=b\r\n",
			   body);
}

static bool page_head(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	return answer_with(connection, "200 OK", "", request->head);
}

static bool page_echo(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	return answer_with(connection, "200 OK", "", request->body);
}

static bool page_empty(struct loopback_connection *connection,
		       const struct loopback_request *request)
{
	(void)request;
	return loopback_send_text(connection, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool page_redirect(struct loopback_connection *connection,
			  const struct loopback_request *request)
{
	(void)request;
	return answer_with(connection, "302 Found", "Location: /hello\r\n", Q_STR("elsewhere"));
}

static bool page_interim(struct loopback_connection *connection,
			 const struct loopback_request *request)
{
	return loopback_send_text(connection, "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n") &&
	       page_hello(connection, request);
}

static bool page_trailers(struct loopback_connection *connection,
			  const struct loopback_request *request)
{
	(void)request;
	return loopback_send_text(connection,
				  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				  "5\r\nhello\r\n0\r\nX-Trailer: late\r\n\r\n");
}

static bool page_silent(struct loopback_connection *connection,
			const struct loopback_request *request)
{
	(void)request;
	loopback_await_end(connection);
	return false;
}

static bool page_drip(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	return page_silent(connection, request);
}

static bool page_close(struct loopback_connection *connection,
		       const struct loopback_request *request)
{
	(void)connection, (void)request;
	return false;
}

static bool page_reset(struct loopback_connection *connection,
		       const struct loopback_request *request)
{
	(void)request;
	loopback_reset(connection);
	return false;
}

static bool page_cut(struct loopback_connection *connection, const struct loopback_request *request)
{
	(void)request;
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	return false;
}

static bool page_endless(struct loopback_connection *connection,
			 const struct loopback_request *request)
{
	static const char piece[65536];

	(void)request;
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\n\r\n");
	while (loopback_send(connection, (struct q_str){piece, sizeof piece}))
		continue;
	return false;
}

static bool page_many(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	char field[1001];

	(void)request;
	snprintf(field, sizeof field, "X-Field: %0986d\r\n", 0);
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 100; i++)
		loopback_send_text(connection, field);
	return loopback_send_text(connection, "Content-Length: 0\r\n\r\n");
}

static bool page_line(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	(void)request;
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\nX-Line: ");
	for (int i = 0; i < 20000; i++) {
		if (!loopback_send_text(connection, "0123456789"))
			return false;
	}
	return loopback_send_text(connection, "\r\nContent-Length: 0\r\n\r\n");
}

static bool page_fields(struct loopback_connection *connection,
			const struct loopback_request *request)
{
	(void)request;
	loopback_send_text(connection, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 300; i++)
		loopback_send_text(connection, "A: b\r\n");
	return loopback_send_text(connection, "Content-Length: 0\r\n\r\n");
}

static bool page_garbage(struct loopback_connection *connection,
			 const struct loopback_request *request)
{
	(void)request;
	loopback_send_text(connection, "220 mail.example.org ESMTP\r\n\r\n");
	return false;
}

/* Reads on after the answer, or the reset for unread bytes could overtake it. */
static bool page_refuse(struct loopback_connection *connection,
			const struct loopback_request *request)
{
	(void)request;
	answer_with(connection, "413 Content Too Large", "Connection: close\r\n",
		    Q_STR("too large"));
	shutdown(connection->fd, SHUT_WR);
	loopback_await_end(connection);
	return false;
}

static bool page_once(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	page_hello(connection, request);
	return false;
}

static bool page_gzip(struct loopback_connection *connection,
		      const struct loopback_request *request)
{
	(void)request;
	return answer_with(connection, "200 OK", "Content-Encoding: gzip\r\n", Q_STR("not gzip"));
}

static bool page_status(struct loopback_connection *connection, struct q_str number)
{
	char status[32];

	snprintf(status, sizeof status, "%.*s Status", Q_STR_ARG(number));
	return answer_with(connection, status, "Retry-After: 7\r\n", Q_STR("a problem"));
}

static bool page_bytes(struct loopback_connection *connection, struct q_str number)
{
	static const char piece[65536];
	int64_t left;
	char head[128];

	q_assert(q_str_to_int64(number, &left));
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n",
		 (long long)left);
	loopback_send_text(connection, head);
	for (; left > 0; left -= (int64_t)sizeof piece) {
		size_t count = left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;

		if (!loopback_send(connection, (struct q_str){piece, count}))
			return false;
	}
	return true;
}

static const struct page pages[] = {
	{"/hello", page_hello},	      {"/head", page_head},	    {"/echo", page_echo},
	{"/empty", page_empty},	      {"/redirect", page_redirect}, {"/interim", page_interim},
	{"/trailers", page_trailers}, {"/silent", page_silent},	    {"/drip", page_drip},
	{"/close", page_close},	      {"/reset", page_reset},	    {"/cut", page_cut},
	{"/endless", page_endless},   {"/many", page_many},	    {"/line", page_line},
	{"/fields", page_fields},     {"/garbage", page_garbage},   {"/refuse", page_refuse},
	{"/once", page_once},	      {"/gzip", page_gzip},
};

static bool answer(struct loopback_connection *connection, const struct loopback_request *request)
{
	if (q_str_starts_with(request->path, Q_STR("/status/")))
		return page_status(connection, q_str_slice(request->path, 8, request->path.length));
	if (q_str_starts_with(request->path, Q_STR("/bytes/")))
		return page_bytes(connection, q_str_slice(request->path, 7, request->path.length));
	for (size_t i = 0; i < Q_COUNT_OF(pages); i++) {
		if (q_str_equal(request->path, q_str_from(pages[i].path)))
			return pages[i].answer(connection, request);
	}
	return answer_with(connection, "404 Not Found", "", Q_STR("no such page"));
}

void loopback_pages(struct loopback_connection *connection)
{
	struct loopback_request request;

	while (loopback_read(connection, &request)) {
		if (!answer(connection, &request))
			return;
	}
}
