/* What requests are refused, and how: each shape is sent as raw bytes to a server over a socket. */
#include "support/http_peer.h"
#include "support/http_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct site site;

static int start(void **state)
{
	site_init(&site);
	site_start(&site);
	return 0;
}

static int stop(void **state)
{
	site_stop(&site);
	return 0;
}

struct shape {
	const char *name;
	struct q_str bytes;
	int status;
};

/* Behind each refused request: if any of it were taken for a second one, it would be answered. */
#define SECOND "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

#define GET  "GET /hello HTTP/1.1\r\nHost: x\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: x\r\n"
#define SHAPE(NAME, STATUS, BYTES)                                                                 \
	{                                                                                          \
		NAME, {BYTES, sizeof(BYTES) - 1}, STATUS                                           \
	}

static const struct shape refused[] = {
	SHAPE("two equal lengths", 400,
	      POST "Content-Length: 7\r\nContent-Length: 7\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("two lengths", 400,
	      POST "Content-Length: 7\r\nContent-Length: 8\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("a list of lengths", 400, POST "Content-Length: 7, 7\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("length, then coding", 400,
	      POST "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("coding, then length", 400,
	      POST "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a negative length", 400, POST "Content-Length: -7\r\n\r\n" SECOND),
	SHAPE("a signed length", 400, POST "Content-Length: +7\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("a hexadecimal length", 400, POST "Content-Length: 0x7\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("an empty length", 400, POST "Content-Length: \r\n\r\n" SECOND),
	SHAPE("a length with a space", 400, POST "Content-Length: 1 0\r\n\r\n" SECOND),
	SHAPE("a length above 64 bits", 400,
	      POST "Content-Length: 18446744073709551616\r\n\r\n" SECOND),
	SHAPE("the greatest length", 413,
	      POST "Content-Length: 18446744073709551615\r\n\r\n" SECOND),
	SHAPE("coding that is not chunked", 400, POST "Transfer-Encoding: identity\r\n\r\n" SECOND),
	SHAPE("chunked is not last", 400,
	      POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("chunked is not last, two fields", 400,
	      POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("chunked twice", 400,
	      POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("another coding before chunked", 501,
	      POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a coding with a tab", 400,
	      POST "Transfer-Encoding: \x0b"
		   "chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a coding in quotes", 400,
	      POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a coding that starts like chunked", 400,
	      POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a coding in HTTP/1.0", 400,
	      "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: "
	      "chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a space before the colon", 400, GET "X-A : 1\r\n\r\n" SECOND),
	SHAPE("a tab before the colon", 400, GET "X-A\t: 1\r\n\r\n" SECOND),
	SHAPE("a space before a length's colon", 400,
	      POST "Content-Length : 7\r\n\r\n{\"a\":1}" SECOND),
	SHAPE("a folded field", 400, GET "X-A: 1\r\n b\r\n\r\n" SECOND),
	SHAPE("a folded coding", 400,
	      POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" SECOND),
	SHAPE("a space before the first field", 400,
	      "GET /hello HTTP/1.1\r\n Host: x\r\n\r\n" SECOND),
	SHAPE("a field without a name", 400, GET ": 1\r\n\r\n" SECOND),
	SHAPE("a field without a colon", 400, GET "X-A\r\n\r\n" SECOND),
	SHAPE("bare line feeds", 400, "GET /hello HTTP/1.1\nHost: x\n\n" SECOND),
	SHAPE("a bare line feed in the head", 400, GET "X-A: 1\nX-B: 2\r\n\r\n" SECOND),
	SHAPE("a bare line feed at the end", 400, GET "\n" SECOND),
	SHAPE("a bare carriage return in a value", 400, GET "X-A: 1\rX-B: 2\r\n\r\n" SECOND),
	SHAPE("a bare carriage return at a line's end", 400,
	      "GET /hello HTTP/1.1\rHost: x\r\n\r\n" SECOND),
	SHAPE("two carriage returns", 400, "GET /hello HTTP/1.1\r\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("NUL in a value", 400, GET "X-A: a\0b\r\n\r\n" SECOND),
	SHAPE("NUL in a name", 400, GET "X\0A: b\r\n\r\n" SECOND),
	SHAPE("NUL in the target", 400, "GET /hel\0lo HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a control byte in a value", 400,
	      GET "X-A: a\x01"
		  "b\r\n\r\n" SECOND),
	SHAPE("DEL in a value", 400,
	      GET "X-A: a\x7f"
		  "b\r\n\r\n" SECOND),
	SHAPE("a control byte in the target", 400,
	      "GET /hel\x01lo HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("raw UTF-8 in the target", 400, "GET /h\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a space in the target", 400, "GET /hello x HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a fragment in the target", 400, "GET /hello#x HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a chunk's size is no number", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk's size is empty", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk's size is above 64 bits", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk's size is negative", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk's size has a prefix", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a space behind a chunk's size", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk longer than its size", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a chunk ends with a bare line feed", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n" SECOND),
	SHAPE("a chunk's size ends with a bare line feed", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a line feed in a chunk's extension", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n" SECOND),
	SHAPE("a bad trailer", 400,
	      POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX A: 1\r\n\r\n" SECOND),
	SHAPE("no host", 400, "GET /hello HTTP/1.1\r\n\r\n" SECOND),
	SHAPE("two hosts", 400, GET "Host: y\r\n\r\n" SECOND),
	SHAPE("two equal hosts", 400, GET "Host: x\r\n\r\n" SECOND),
	SHAPE("an empty host", 400, "GET /hello HTTP/1.1\r\nHost: \r\n\r\n" SECOND),
	SHAPE("a host with a path", 400, "GET /hello HTTP/1.1\r\nHost: x/y\r\n\r\n" SECOND),
	SHAPE("a host with user", 400, "GET /hello HTTP/1.1\r\nHost: a@x\r\n\r\n" SECOND),
	SHAPE("a host with a comma in a list of two", 400,
	      "GET /hello HTTP/1.1\r\nHost: x, y\r\n\r\n" SECOND),
	SHAPE("two hosts in HTTP/1.0", 400,
	      "GET /hello HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n" SECOND),
	SHAPE("a target of another host", 400,
	      "GET http://y/hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a target without a path", 400, "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a target of another scheme", 400,
	      "GET ftp://x/hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a target with user", 400, "GET http://a@x/hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("an authority as target", 400, "GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("CONNECT", 400, "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("an asterisk", 400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a relative target", 400, "GET hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	SHAPE("HTTP/2.0", 505, "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("HTTP/1.2", 505, "GET /hello HTTP/1.2\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("HTTP/0.9 with a version", 505, "GET /hello HTTP/0.9\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("HTTP/0.9 without a version", 505, "GET /hello\r\n\r\n" SECOND),
	SHAPE("a protocol of another name", 400, "GET /hello ICE/1.0\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a version of two digits", 400, "GET /hello HTTP/1.10\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a method in lower case", 400, "get /hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("an unknown method", 400, "FROB /hello HTTP/1.1\r\nHost: x\r\n\r\n" SECOND),
	SHAPE("a TLS handshake", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	SHAPE("another expectation", 417,
	      POST "Content-Length: 2\r\nExpect: 200-ok\r\n\r\n{}" SECOND),
};

static void check_refused(const struct shape *shape)
{
	const char *text = peer_talk(site.port, shape->bytes);
	const char *body = strstr(text, "\r\n\r\n");

	if (strncmp(text, "HTTP/1.1 ", 9) != 0 || atoi(text + 9) != shape->status || !body ||
	    strstr(body, "X-Request-Id: ") || !strstr(text, "application/problem+json") ||
	    !strstr(text, "Connection: close\r\n") || !strstr(text, "X-Request-Id: ") ||
	    !strstr(body, "\"requestId\":\""))
		fail_msg("%s: %d expected, got: %s", shape->name, shape->status, text);
}

static void refuses_each_malformed_shape_once_and_closes(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(refused); i++)
		check_refused(&refused[i]);
	assert_int_equal(atomic_load(&site.handled), 0);
}

/* The same bytes one by one: no state of the parser may depend on where a read ends. */
static void refuses_the_same_shapes_byte_by_byte(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(refused); i++) {
		struct peer peer;

		peer_open(&peer, site.port);
		for (size_t at = 0; at < refused[i].bytes.length; at++)
			if (!peer_try_send(&peer, q_str_slice(refused[i].bytes, at, at + 1)))
				break;
		peer_await_end(&peer);
		if (!peer.was_reset && atoi(peer.received.data + 9) != refused[i].status)
			fail_msg("%s: %s", refused[i].name, peer.received.data);
		assert_true(peer_count(&peer, "X-Request-Id: ") <= 1);
		peer_close(&peer);
	}
	assert_int_equal(atomic_load(&site.handled), 0);
}

static const struct shape accepted[] = {
	SHAPE("the plain request", 200, GET "\r\n"),
	SHAPE("lines before the request", 200, "\r\n\r\n" GET "\r\n"),
	SHAPE("a target with its host", 200, "GET http://x/hello HTTP/1.1\r\nHost: x\r\n\r\n"),
	SHAPE("a target with its host in capitals", 200,
	      "GET http://X/hello HTTP/1.1\r\nHost: x\r\n\r\n"),
	SHAPE("a host with a port", 200, "GET /hello HTTP/1.1\r\nHost: x:8080\r\n\r\n"),
	SHAPE("a host that is an address", 200, "GET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
	SHAPE("no host in HTTP/1.0", 200, "GET /hello HTTP/1.0\r\n\r\n"),
	SHAPE("tabs around a value", 200, GET "X-A:\t1\t\r\n\r\n"),
	SHAPE("UTF-8 in a value", 200, GET "X-A: \xc3\xa4\r\n\r\n"),
	SHAPE("an empty value", 200, GET "X-A:\r\n\r\n"),
	SHAPE("an offer to upgrade", 200, GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
	SHAPE("a query", 200, "GET /hello?a=b&c=%20 HTTP/1.1\r\nHost: x\r\n\r\n"),
	SHAPE("chunks", 200, POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
	SHAPE("chunks, the coding in capitals", 200,
	      POST "Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
	SHAPE("a chunk's extension", 200,
	      POST "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n"),
	SHAPE("a trailer", 200,
	      POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: 1\r\n\r\n"),
	SHAPE("a length with zeros", 200, POST "Content-Length: 0002\r\n\r\n{}"),
	SHAPE("no body", 200, POST "\r\n"),
	SHAPE("a length of 0", 200, POST "Content-Length: 0\r\n\r\n"),
	SHAPE("OPTIONS *", 204, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
};

static void serves_each_well_formed_shape(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(accepted); i++) {
		struct peer peer;
		struct peer_answer answer;

		peer_open(&peer, site.port);
		peer_send_view(&peer, accepted[i].bytes);
		answer = peer_answer(&peer);
		if (answer.status != accepted[i].status)
			fail_msg("%s: %s", accepted[i].name, peer.received.data);
		peer_close(&peer);
	}
}

static void serves_the_same_shapes_byte_by_byte(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(accepted); i++) {
		struct peer peer;

		peer_open(&peer, site.port);
		for (size_t at = 0; at < accepted[i].bytes.length; at++)
			peer_send_view(&peer, q_str_slice(accepted[i].bytes, at, at + 1));
		assert_int_equal(peer_answer(&peer).status, accepted[i].status);
		peer_close(&peer);
	}
}

/* ---- limits, at their edge ---- */

/* `before`, then `count` times 'a', then `after`; what it is answered. */
static int status_of(const char *before, size_t count, const char *after)
{
	struct q_buf text;
	char *filler;
	int status;

	q_buf_init(&text, 1 << 20);
	q_buf_append(&text, q_str_from(before));
	filler = q_buf_reserve(&text, count);
	assert_non_null(filler);
	memset(filler, 'a', count);
	text.length += count;
	q_buf_append(&text, q_str_from(after));
	status = atoi(peer_talk(site.port, q_buf_str(&text)) + strlen("HTTP/1.1 "));
	q_buf_free(&text);
	return status;
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void request_line_may_have_8192_bytes(void **state)
{
	size_t rest = 8192 - strlen("GET /hello? HTTP/1.1");

	assert_int_equal(status_of("GET /hello?", rest, END), 200);
	assert_int_equal(status_of("GET /hello?", rest + 1, END), 414);
	assert_int_equal(status_of("GET /hello?", 100000, END), 414);
}

static void header_fields_may_have_65536_bytes(void **state)
{
	const char *head = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: ";
	size_t rest = 65536 - (strlen("Hostx") + 4) - (strlen("Connectionclose") + 4) -
		      (strlen("X-A") + 4);

	assert_int_equal(status_of(head, rest, "\r\n\r\n"), 200);
	assert_int_equal(status_of(head, rest + 1, "\r\n\r\n"), 431);
	assert_int_equal(status_of("GET /hello HTTP/1.1\r\nHost: x\r\n", 70000, ": 1\r\n\r\n"),
			 431);
}

static int status_with_fields(unsigned count)
{
	struct q_buf text;
	int status;

	q_buf_init(&text, 1 << 20);
	q_buf_append(&text, Q_STR(GET "Connection: close\r\n"));
	for (unsigned i = 2; i < count; i++)
		q_buf_format(&text, "X-%u: 1\r\n", i);
	q_buf_append(&text, Q_STR("\r\n"));
	status = atoi(peer_talk(site.port, q_buf_str(&text)) + strlen("HTTP/1.1 "));
	q_buf_free(&text);
	return status;
}

static void a_head_may_have_100_fields(void **state)
{
	assert_int_equal(status_with_fields(100), 200);
	assert_int_equal(status_with_fields(101), 431);
	assert_int_equal(status_with_fields(5000), 431);
}

static void spaces_without_end_are_refused(void **state)
{
	struct peer peer;
	char spaces[4096];

	memset(spaces, ' ', sizeof spaces);
	peer_open(&peer, site.port);
	peer_send(&peer, GET "X-A:");
	for (int i = 0; i < 100; i++)
		if (!peer_try_send(&peer, (struct q_str){spaces, sizeof spaces}))
			break;
	peer_await(&peer, "HTTP/1.1 431 ");
	peer_await_end(&peer);
	peer_close(&peer);
}

static void body_may_have_the_routes_limit(void **state)
{
	const char *head =
		"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ";
	char text[200];

	snprintf(text, sizeof text, "%s%d\r\n\r\n", head, ECHO_MAX);
	assert_int_equal(status_of(text, ECHO_MAX, ""), 200);
	/* One more is refused by its length alone, before any of it comes. */
	snprintf(text, sizeof text, "%s%d\r\n\r\n", head, ECHO_MAX + 1);
	assert_int_equal(status_of(text, 0, ""), 413);
}

static void chunked_body_may_have_the_routes_limit(void **state)
{
	const char *head = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			   "Transfer-Encoding: chunked\r\n\r\n";
	char text[200];

	snprintf(text, sizeof text, "%s%x\r\n", head, ECHO_MAX);
	assert_int_equal(status_of(text, ECHO_MAX, "\r\n0\r\n\r\n"), 200);
	snprintf(text, sizeof text, "%s%x\r\n", head, ECHO_MAX + 1);
	assert_int_equal(status_of(text, ECHO_MAX + 1, "\r\n0\r\n\r\n"), 413);
}

static void route_without_a_body_refuses_one(void **state)
{
	assert_int_equal(
		status_of("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", 1, ""),
		413);
	assert_int_equal(
		status_of(
			"GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
			1, "\r\n0\r\n\r\n"),
		413);
}

/* One byte a chunk with an extension of 200: the payload stays far below the limit. */
static void chunk_overhead_is_bounded(void **state)
{
	struct peer peer;
	char chunk[300];

	snprintf(chunk, sizeof chunk, "1;%0200d\r\nx\r\n", 0);
	peer_open(&peer, site.port);
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		if (!peer_try_send(&peer, q_str_from(chunk)))
			break;
	peer_await(&peer, "HTTP/1.1 400 ");
	peer_await_end(&peer);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_each_malformed_shape_once_and_closes),
		cmocka_unit_test(refuses_the_same_shapes_byte_by_byte),
		cmocka_unit_test(serves_each_well_formed_shape),
		cmocka_unit_test(serves_the_same_shapes_byte_by_byte),
		cmocka_unit_test(request_line_may_have_8192_bytes),
		cmocka_unit_test(header_fields_may_have_65536_bytes),
		cmocka_unit_test(a_head_may_have_100_fields),
		cmocka_unit_test(spaces_without_end_are_refused),
		cmocka_unit_test(body_may_have_the_routes_limit),
		cmocka_unit_test(chunked_body_may_have_the_routes_limit),
		cmocka_unit_test(route_without_a_body_refuses_one),
		cmocka_unit_test(chunk_overhead_is_bounded),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
