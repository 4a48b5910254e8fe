#include "net/http_client.h"

#include "base/time.h"
#include "support/certificate.h"
#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/loopback.h"
#include "support/scratch.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a case works with: a client, a server of loopback_pages, and the last answer. */
struct fixture {
	struct loopback server;
	struct q_http_client *client;
	struct q_arena *arena;
	struct q_call call;
	struct q_http_client_request request;
	struct q_http_client_response response;
	struct q_err err;
};

static int start_case(void **state)
{
	static struct fixture fixture;
	struct q_err err;

	fixture = (struct fixture){.server.serve = loopback_pages};
	loopback_start(&fixture.server);
	fixture.arena = q_arena_new(4 << 20);
	fixture.request.method = Q_STR("GET");
	fixture.request.response_max = 1 << 20;
	fixture.request.timeout_ms = 20000;
	*state = &fixture;
	return fixture.arena && q_http_client_open(NULL, &fixture.client, &err) == Q_OK ? 0 : -1;
}

static int end_case(void **state)
{
	struct fixture *fixture = *state;

	q_http_client_close(fixture->client);
	loopback_stop(&fixture->server);
	q_arena_free(fixture->arena);
	return 0;
}

static enum q_code send_to(struct fixture *fixture, const char *path)
{
	fixture->request.url =
		q_arena_format(fixture->arena, "http://127.0.0.1:%u%s", fixture->server.port, path);
	return q_http_client_send(fixture->client, &fixture->call, &fixture->request,
				  fixture->arena, &fixture->response, &fixture->err);
}

static void assert_sent(struct fixture *fixture, const char *path, int status, struct q_str body)
{
	if (send_to(fixture, path) != Q_OK)
		fail_msg("%s: %s", path, fixture->err.message);
	assert_int_equal(fixture->response.status, status);
	if (!q_str_equal(q_bytes_str(fixture->response.body), body))
		fail_msg("%s: got %.*s", path, Q_STR_ARG(q_bytes_str(fixture->response.body)));
}

static bool head_has(struct fixture *fixture, const char *text)
{
	size_t at;

	return q_str_find(q_bytes_str(fixture->response.body), q_str_from(text), &at);
}

static void get_gives_status_headers_and_body(void **state)
{
	struct fixture *fixture = *state;
	const struct q_http_client_response *response = &fixture->response;

	assert_sent(fixture, "/hello", 200, Q_STR("hello"));
	assert_view_equal(q_http_client_response_header(response, Q_STR("content-TYPE")),
			  "text/plain");
	assert_view_equal(q_http_client_response_header(response, Q_STR("X-Twice")), "first");
	assert_view_equal(q_http_client_response_header(response, Q_STR("X-Empty")), "");
	assert_view_equal(q_http_client_response_header(response, Q_STR("X-None")), "");
	assert_int_equal(response->header_count, 6);
	assert_false(response->is_cut);
	assert_int_equal(response->body.data[response->body.length], '\0');
}

static void a_response_of_any_status_is_ok(void **state)
{
	assert_sent(*state, "/status/404", 404, Q_STR("a problem"));
	assert_sent(*state, "/status/500", 500, Q_STR("a problem"));
	assert_sent(*state, "/status/429", 429, Q_STR("a problem"));
	assert_sent(*state, "/empty", 204, Q_STR(""));
}

static void head_has_no_body(void **state)
{
	struct fixture *fixture = *state;

	fixture->request.method = Q_STR("HEAD");
	assert_sent(fixture, "/hello", 200, Q_STR(""));
}

static void every_method_is_sent_as_given(void **state)
{
	static const char *const methods[] = {"GET",	"POST",	   "PUT",     "PATCH",
					      "DELETE", "OPTIONS", "PROPFIND"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < Q_COUNT_OF(methods); i++) {
		char line[64];

		snprintf(line, sizeof line, "%s /head HTTP/1.1\r\n", methods[i]);
		fixture->request.method = q_str_from(methods[i]);
		assert_int_equal(send_to(fixture, "/head"), Q_OK);
		assert_true(
			q_str_starts_with(q_bytes_str(fixture->response.body), q_str_from(line)));
		assert_int_equal(head_has(fixture, "Content-Length: 0\r\n"), i >= 1 && i <= 3);
		assert_false(head_has(fixture, "Content-Type"));
	}
}

static void headers_are_sent_as_given(void **state)
{
	struct fixture *fixture = *state;
	const struct q_http_client_header headers[] = {{Q_STR("X-One"), Q_STR(" a: b ")},
						       {Q_STR("X-Empty"), Q_STR("")},
						       {Q_STR("Content-Type"), Q_STR("text/x")},
						       {Q_STR("X-One"), Q_STR("again")}};

	fixture->request.method = Q_STR("POST");
	fixture->request.headers = headers;
	fixture->request.header_count = Q_COUNT_OF(headers);
	assert_int_equal(send_to(fixture, "/head"), Q_OK);
	assert_true(head_has(fixture, "\r\nX-One: a: b\r\n"));
	assert_true(head_has(fixture, "\r\nX-Empty:\r\n"));
	assert_true(head_has(fixture, "\r\nContent-Type: text/x\r\n"));
	assert_true(head_has(fixture, "\r\nX-One: again\r\n"));
	assert_true(head_has(fixture, "\r\nUser-Agent: quire\r\n"));
}

static void headers_that_would_break_the_message_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct q_http_client_header bad[] = {
		{Q_STR("X"), Q_STR("a\r\nY: b")},  {Q_STR("X"), Q_STR("a\0b")},
		{Q_STR("X Y"), Q_STR("a")},	   {Q_STR(""), Q_STR("a")},
		{Q_STR("X:"), Q_STR("a")},	   {Q_STR("content-length"), Q_STR("1")},
		{Q_STR("Host"), Q_STR("b")},	   {Q_STR("Transfer-Encoding"), Q_STR("chunked")},
		{Q_STR("Connection"), Q_STR("x")},
	};

	fixture->request.header_count = 1;
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		fixture->request.headers = &bad[i];
		assert_int_equal(send_to(fixture, "/hello"), Q_INVALID);
	}
	assert_int_equal(atomic_load(&fixture->server.request_count), 0);
}

static void malformed_urls_and_methods_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct q_str urls[] = {Q_STR(""), Q_STR("ftp://127.0.0.1/"),
				     Q_STR("file:///etc/passwd"), Q_STR("http://a@127.0.0.1/"),
				     Q_STR("http://127.1/")};

	for (size_t i = 0; i < Q_COUNT_OF(urls); i++) {
		fixture->request.url = urls[i];
		assert_int_equal(q_http_client_send(fixture->client, &fixture->call,
						    &fixture->request, fixture->arena,
						    &fixture->response, &fixture->err),
				 Q_INVALID);
	}
	fixture->request.method = Q_STR("GET /");
	assert_int_equal(send_to(fixture, "/hello"), Q_INVALID);
	fixture->request.method = Q_STR("");
	assert_int_equal(send_to(fixture, "/hello"), Q_INVALID);
}

static void a_body_in_memory_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	size_t length = 1 << 20;
	char *body = q_arena_alloc(fixture->arena, length);

	for (size_t i = 0; i < length; i++)
		body[i] = (char)(i * 7);
	fixture->request.method = Q_STR("PUT");
	fixture->request.body = (struct q_bytes){(unsigned char *)body, length};
	assert_sent(fixture, "/echo", 200, (struct q_str){body, length});
}

static void redirects_are_not_followed(void **state)
{
	struct fixture *fixture = *state;

	assert_sent(fixture, "/redirect", 302, Q_STR("elsewhere"));
	assert_view_equal(q_http_client_response_header(&fixture->response, Q_STR("Location")),
			  "/hello");
	assert_int_equal(atomic_load(&fixture->server.request_count), 1);
}

static void cookies_are_not_kept(void **state)
{
	assert_sent(*state, "/hello", 200, Q_STR("hello"));
	assert_int_equal(send_to(*state, "/head"), Q_OK);
	assert_false(head_has(*state, "Cookie"));
}

static void content_is_not_decoded(void **state)
{
	assert_sent(*state, "/gzip", 200, Q_STR("not gzip"));
	assert_int_equal(send_to(*state, "/head"), Q_OK);
	assert_false(head_has(*state, "Accept-Encoding"));
}

static void interim_responses_and_trailers_are_no_headers(void **state)
{
	struct fixture *fixture = *state;

	assert_sent(fixture, "/interim", 200, Q_STR("hello"));
	assert_view_equal(q_http_client_response_header(&fixture->response, Q_STR("X-Early")), "");
	assert_sent(fixture, "/trailers", 200, Q_STR("hello"));
	assert_view_equal(q_http_client_response_header(&fixture->response, Q_STR("X-Trailer")),
			  "");
}

static void a_long_body_is_cut_at_its_limit(void **state)
{
	struct fixture *fixture = *state;

	fixture->request.response_max = 100000;
	assert_int_equal(send_to(fixture, "/endless"), Q_OK);
	assert_true(fixture->response.is_cut);
	assert_int_equal(fixture->response.body.length, 100000);
	assert_int_equal(send_to(fixture, "/bytes/100000"), Q_OK);
	assert_false(fixture->response.is_cut);
	assert_int_equal(fixture->response.body.length, 100000);
	assert_int_equal(send_to(fixture, "/bytes/100001"), Q_OK);
	assert_true(fixture->response.is_cut);
	fixture->request.response_max = 0;
	assert_int_equal(send_to(fixture, "/hello"), Q_OK);
	assert_true(fixture->response.is_cut);
	assert_int_equal(fixture->response.body.length, 0);
}

static void too_many_or_too_long_headers_are_refused(void **state)
{
	assert_int_equal(send_to(*state, "/many"), Q_TOOBIG);
	assert_int_equal(send_to(*state, "/line"), Q_TOOBIG);
	assert_int_equal(send_to(*state, "/fields"), Q_TOOBIG);
}

static void broken_connections_are_errors(void **state)
{
	static const char *const paths[] = {"/close", "/reset", "/cut", "/garbage"};

	for (size_t i = 0; i < Q_COUNT_OF(paths); i++)
		assert_int_equal(send_to(*state, paths[i]), Q_IO);
}

static void a_port_without_a_server_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct loopback gone = {.serve = loopback_pages};

	loopback_start(&gone);
	loopback_stop(&gone);
	fixture->request.url = q_arena_format(fixture->arena, "http://127.0.0.1:%u/", gone.port);
	assert_int_equal(q_http_client_send(fixture->client, &fixture->call, &fixture->request,
					    fixture->arena, &fixture->response, &fixture->err),
			 Q_IO);
}

static void messages_name_the_host_and_not_the_path(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(send_to(fixture, "/close?secret=hunter2"), Q_OK); /* no such page */
	assert_int_equal(send_to(fixture, "/close"), Q_IO);
	assert_non_null(strstr(fixture->err.message, "http://127.0.0.1:"));
	assert_null(strstr(fixture->err.message, "/close"));
}

static void slow_answers_time_out(void **state)
{
	struct fixture *fixture = *state;
	int64_t start_ms = q_time_monotonic_ms();

	fixture->request.timeout_ms = 50;
	assert_int_equal(send_to(fixture, "/silent"), Q_TIMEOUT);
	assert_int_equal(send_to(fixture, "/drip"), Q_TIMEOUT);
	fixture->request.timeout_ms = 0;
	fixture->call.deadline_ms = q_time_monotonic_ms() + 50;
	assert_int_equal(send_to(fixture, "/silent"), Q_TIMEOUT);
	assert_int_equal(send_to(fixture, "/hello"), Q_TIMEOUT); /* the deadline has passed */
	assert_true(q_time_monotonic_ms() - start_ms < 5000);
}

static void a_server_that_falls_silent_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	fixture->request.stall_ms = 1000;
	assert_int_equal(send_to(fixture, "/hello"), Q_OK);
	assert_int_equal(send_to(fixture, "/silent"), Q_TIMEOUT);
}

/* The server speaks no TLS and waits for the client to say something it knows. */
static void connections_that_take_too_long_time_out(void **state)
{
	struct fixture *fixture = *state;
	struct q_http_client_options options = {.connect_ms = 50};
	struct q_http_client *client;

	assert_int_equal(q_http_client_open(&options, &client, &fixture->err), Q_OK);
	fixture->request.url =
		q_arena_format(fixture->arena, "https://127.0.0.1:%u/", fixture->server.port);
	assert_int_equal(q_http_client_send(client, &fixture->call, &fixture->request,
					    fixture->arena, &fixture->response, &fixture->err),
			 Q_TIMEOUT);
	q_http_client_close(client);
}

static void *cancel_when_asked(void *argument)
{
	struct fixture *fixture = argument;

	while (atomic_load(&fixture->server.request_count) == 0)
		sched_yield();
	atomic_store((atomic_bool *)(uintptr_t)fixture->call.is_cancelled, true);
	return NULL;
}

static void a_cancelled_request_ends(void **state)
{
	struct fixture *fixture = *state;
	atomic_bool is_cancelled = false;
	pthread_t thread;

	fixture->call.is_cancelled = &is_cancelled;
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, fixture), 0);
	assert_int_equal(send_to(fixture, "/silent"), Q_CANCELLED);
	pthread_join(thread, NULL);
}

static void connections_are_kept_for_what_may_be_sent_twice(void **state)
{
	struct fixture *fixture = *state;
	atomic_uint *connections = &fixture->server.connection_count;

	assert_sent(fixture, "/hello", 200, Q_STR("hello"));
	assert_sent(fixture, "/hello", 200, Q_STR("hello"));
	fixture->request.method = Q_STR("PUT");
	assert_sent(fixture, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 1);
	fixture->request.method = Q_STR("POST");
	assert_sent(fixture, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 2);
	fixture->request.is_repeatable = true;
	assert_sent(fixture, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 2);
}

static void a_dead_kept_connection_is_replaced(void **state)
{
	struct fixture *fixture = *state;

	assert_sent(fixture, "/once", 200, Q_STR("hello"));
	assert_sent(fixture, "/once", 200, Q_STR("hello"));
	assert_sent(fixture, "/hello", 200, Q_STR("hello"));
}

/* --- Streams. --- */

struct stream {
	struct q_http_client_events events;
	size_t left, piece; /* to read */
	size_t read_fails_at;
	size_t written;
	int status;
	size_t write_fails_at;
	uint64_t sent, received;
	struct q_ip asked; /* by may_connect */
	unsigned asked_count;
	bool allow;
};

static enum q_code stream_read(struct q_http_client_events *events, unsigned char *out,
			       size_t capacity, size_t *got, struct q_err *err)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	*got = capacity < stream->piece ? capacity : stream->piece;
	*got = *got < stream->left ? *got : stream->left;
	memset(out, 'x', *got);
	stream->left -= *got;
	if (stream->read_fails_at > 0 && stream->left <= stream->read_fails_at)
		return q_fail(err, Q_NOSPACE, "stream.read", "as asked");
	return Q_OK;
}

static enum q_code stream_write(struct q_http_client_events *events, int status,
				struct q_bytes data, struct q_err *err)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	stream->status = status;
	stream->written += data.length;
	if (stream->write_fails_at > 0 && stream->written >= stream->write_fails_at)
		return q_fail(err, Q_NOSPACE, "stream.write", "as asked");
	return Q_OK;
}

static void stream_progress(struct q_http_client_events *events, uint64_t sent, uint64_t received)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	stream->sent = sent;
	stream->received = received;
}

static bool stream_may_connect(struct q_http_client_events *events, const struct q_ip *address)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	stream->asked = *address;
	stream->asked_count++;
	return stream->allow;
}

enum { STREAM_BYTES = 5000000 };

static void a_streamed_body_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events = {.read = stream_read, .progress = stream_progress},
				.left = STREAM_BYTES,
				.piece = 7777};

	fixture->request.method = Q_STR("POST");
	fixture->request.events = &stream.events;
	fixture->request.body_length = STREAM_BYTES;
	fixture->request.response_max = 2 * STREAM_BYTES;
	q_arena_free(fixture->arena);
	fixture->arena = q_arena_new(4 * STREAM_BYTES);
	assert_int_equal(send_to(fixture, "/echo"), Q_OK);
	assert_int_equal(fixture->response.body.length, STREAM_BYTES);
	assert_int_equal(fixture->response.body.data[STREAM_BYTES - 1], 'x');
	assert_int_equal(stream.sent, STREAM_BYTES);
	assert_int_equal(stream.received, STREAM_BYTES);
}

static void a_streamed_body_that_ends_early_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events.read = stream_read, .left = 100, .piece = 10};

	fixture->request.method = Q_STR("POST");
	fixture->request.events = &stream.events;
	fixture->request.body_length = 101;
	assert_int_equal(send_to(fixture, "/echo"), Q_IO);
}

static void an_answer_before_the_body_is_sent_is_heard(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events.read = stream_read, .left = STREAM_BYTES, .piece = 10000};

	fixture->request.method = Q_STR("POST");
	fixture->request.events = &stream.events;
	fixture->request.body_length = STREAM_BYTES;
	assert_sent(fixture, "/refuse", 413, Q_STR("too large"));
	assert_true(stream.left > 0);
}

static void a_response_is_streamed_to_the_caller(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events = {.write = stream_write, .progress = stream_progress}};

	fixture->request.events = &stream.events;
	fixture->request.response_max = 0;
	assert_int_equal(send_to(fixture, "/bytes/5000000"), Q_OK);
	assert_int_equal(stream.written, 5000000);
	assert_int_equal(stream.status, 200);
	assert_int_equal(stream.received, 5000000);
	assert_int_equal(fixture->response.body.length, 0);
	assert_false(fixture->response.is_cut);
}

static void errors_of_callbacks_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct stream writer = {.events.write = stream_write, .write_fails_at = 100000};
	struct stream reader = {
		.events.read = stream_read, .left = 1000, .piece = 100, .read_fails_at = 500};

	fixture->request.events = &writer.events;
	assert_int_equal(send_to(fixture, "/endless"), Q_NOSPACE);
	assert_string_equal(fixture->err.where, "stream.write");
	fixture->request.method = Q_STR("PUT");
	fixture->request.events = &reader.events;
	fixture->request.body_length = 1000;
	assert_int_equal(send_to(fixture, "/echo"), Q_NOSPACE);
	assert_string_equal(fixture->err.where, "stream.read");
}

/* --- Addresses. --- */

static void may_connect_sees_the_address_and_can_refuse_it(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events.may_connect = stream_may_connect, .allow = true};
	char text[Q_IP_TEXT_SIZE];

	fixture->request.events = &stream.events;
	assert_sent(fixture, "/hello", 200, Q_STR("hello"));
	q_ip_format(&stream.asked, text);
	assert_string_equal(text, "127.0.0.1");
	stream.allow = false;
	assert_int_equal(send_to(fixture, "/hello"), Q_DENIED);
	assert_int_equal(stream.asked_count, 2);
	assert_int_equal(atomic_load(&fixture->server.request_count), 1);
}

static void kept_connections_do_not_pass_by_may_connect(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream = {.events.may_connect = stream_may_connect};

	assert_sent(fixture, "/hello", 200, Q_STR("hello")); /* leaves a connection */
	fixture->request.events = &stream.events;
	assert_int_equal(send_to(fixture, "/hello"), Q_DENIED);
	assert_int_equal(stream.asked_count, 1);
}

static enum q_code send_pinned(struct fixture *fixture, const char *address)
{
	struct q_ip ip;

	assert_true(q_ip_parse(q_str_from(address), &ip));
	fixture->request.addresses = &ip;
	fixture->request.address_count = 1;
	fixture->request.url = q_arena_format(fixture->arena, "http://no-such-name.invalid:%u/head",
					      fixture->server.port);
	return q_http_client_send(fixture->client, &fixture->call, &fixture->request,
				  fixture->arena, &fixture->response, &fixture->err);
}

static void given_addresses_are_used_without_a_lookup(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(send_pinned(fixture, "127.0.0.1"), Q_OK);
	assert_true(head_has(fixture, "\r\nHost: no-such-name.invalid:"));
	/* Another answer for the same name, and then none: what was given before is forgotten. */
	assert_int_equal(send_pinned(fixture, "127.0.0.2"), Q_IO);
	assert_int_equal(send_pinned(fixture, "127.0.0.1"), Q_OK);
	fixture->request.address_count = 0;
	assert_int_equal(q_http_client_send(fixture->client, &fixture->call, &fixture->request,
					    fixture->arena, &fixture->response, &fixture->err),
			 Q_IO);
	assert_int_equal(atomic_load(&fixture->server.request_count), 2);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		setenv(names[i], "http://127.0.0.1:1/", 1);
	assert_sent(*state, "/hello", 200, Q_STR("hello"));
	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		unsetenv(names[i]);
}

/* --- TLS. --- */

struct tls_files {
	char directory[SCRATCH_PATH_MAX];
	char certificate[SCRATCH_PATH_MAX + 16], key[SCRATCH_PATH_MAX + 16];
};

static enum q_code send_over_tls(struct fixture *fixture, const char *host, const char *ca_file)
{
	struct q_http_client_options options = {.ca_file = ca_file};
	struct q_http_client *client;
	enum q_code code;

	assert_int_equal(q_http_client_open(&options, &client, &fixture->err), Q_OK);
	fixture->request.url =
		q_arena_format(fixture->arena, "https://%s:%u/hello", host, fixture->server.port);
	code = q_http_client_send(client, &fixture->call, &fixture->request, fixture->arena,
				  &fixture->response, &fixture->err);
	q_http_client_close(client);
	return code;
}

static void tls_certificates_are_verified(void **state)
{
	struct fixture fixture = **(struct fixture **)state;
	struct tls_files files;

	scratch_make(files.directory);
	snprintf(files.certificate, sizeof files.certificate, "%s/cert.pem", files.directory);
	snprintf(files.key, sizeof files.key, "%s/key.pem", files.directory);
	certificate_write("loopback", files.certificate, files.key);
	fixture.server = (struct loopback){.serve = loopback_pages,
					   .certificate_file = files.certificate,
					   .key_file = files.key};
	loopback_start(&fixture.server);

	assert_int_equal(send_over_tls(&fixture, "127.0.0.1", files.certificate), Q_OK);
	assert_view_equal(q_bytes_str(fixture.response.body), "hello");
	assert_int_equal(send_over_tls(&fixture, "127.0.0.1", NULL), Q_IO); /* unknown authority */
	assert_int_equal(send_over_tls(&fixture, "127.0.0.2", files.certificate), Q_IO);
	assert_int_equal(atomic_load(&fixture.server.request_count), 1);

	loopback_stop(&fixture.server);
	scratch_remove(files.directory);
}

static enum q_code get_with_failing_memory(void *context)
{
	struct fixture *fixture = context;
	struct q_http_client *client = NULL;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_http_client_header header = {Q_STR("X-One"), Q_STR("1")};
	struct q_http_client_request request = fixture->request;
	enum q_code code = arena ? q_http_client_open(NULL, &client, &fixture->err) : Q_NOMEM;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/bytes/100000", fixture->server.port);
	request.url = q_str_from(url);
	request.headers = &header;
	request.header_count = 1;
	if (code == Q_OK)
		code = q_http_client_send(client, &fixture->call, &request, arena,
					  &fixture->response, &fixture->err);
	q_http_client_close(client);
	q_arena_free(arena);
	return code;
}

static void every_failing_allocation_is_an_error(void **state)
{
	assert_true(run_with_failing_memory(get_with_failing_memory, *state) > 3);
}

static void an_arena_of_any_size_is_enough_or_an_error(void **state)
{
	struct fixture *fixture = *state;
	enum q_code code = Q_NOMEM;
	unsigned failed = 0;

	fixture->request.url = q_arena_format(fixture->arena, "http://127.0.0.1:%u/bytes/5000",
					      fixture->server.port);
	for (size_t size = 16; code == Q_NOMEM && size < 100000; size += size < 256 ? 16 : 256) {
		struct q_arena *small = q_arena_new(size);

		code = q_http_client_send(fixture->client, &fixture->call, &fixture->request, small,
					  &fixture->response, &fixture->err);
		failed += code != Q_OK;
		q_arena_free(small);
	}
	assert_int_equal(code, Q_OK);
	assert_true(failed > 30); /* the body alone fails in 20 of these */
}

/* --- The cache. --- */

struct cache_user {
	struct fixture *fixture;
	struct q_http_client_cache *cache;
	pthread_t thread;
	unsigned failed;
};

static void *use_cache(void *argument)
{
	struct cache_user *user = argument;
	struct q_http_client_request request = user->fixture->request;
	struct q_http_client_response response;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_err err;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", user->fixture->server.port);
	request.url = q_str_from(url);
	for (int i = 0; i < 20; i++) {
		if (q_http_client_cache_send(user->cache, &user->fixture->call, &request, arena,
					     &response, &err) != Q_OK ||
		    response.status != 200)
			user->failed++;
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return NULL;
}

static void a_cache_serves_many_threads_over_few_connections(void **state)
{
	struct fixture *fixture = *state;
	struct q_http_client_cache *cache;
	struct cache_user users[20];

	assert_int_equal(q_http_client_cache_open(NULL, &cache, &fixture->err), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		users[i] = (struct cache_user){.fixture = fixture, .cache = cache};
		assert_int_equal(pthread_create(&users[i].thread, NULL, use_cache, &users[i]), 0);
	}
	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		pthread_join(users[i].thread, NULL);
		assert_int_equal(users[i].failed, 0);
	}
	assert_int_equal(atomic_load(&fixture->server.request_count), 400);
	assert_true(atomic_load(&fixture->server.connection_count) < 100);
	q_http_client_cache_close(cache);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(get_gives_status_headers_and_body),
		CASE(a_response_of_any_status_is_ok),
		CASE(head_has_no_body),
		CASE(every_method_is_sent_as_given),
		CASE(headers_are_sent_as_given),
		CASE(headers_that_would_break_the_message_are_refused),
		CASE(malformed_urls_and_methods_are_refused),
		CASE(a_body_in_memory_arrives_whole),
		CASE(redirects_are_not_followed),
		CASE(cookies_are_not_kept),
		CASE(content_is_not_decoded),
		CASE(interim_responses_and_trailers_are_no_headers),
		CASE(a_long_body_is_cut_at_its_limit),
		CASE(too_many_or_too_long_headers_are_refused),
		CASE(broken_connections_are_errors),
		CASE(a_port_without_a_server_is_an_error),
		CASE(messages_name_the_host_and_not_the_path),
		CASE(slow_answers_time_out),
		CASE(a_server_that_falls_silent_is_given_up),
		CASE(connections_that_take_too_long_time_out),
		CASE(a_cancelled_request_ends),
		CASE(connections_are_kept_for_what_may_be_sent_twice),
		CASE(a_dead_kept_connection_is_replaced),
		CASE(a_streamed_body_arrives_whole),
		CASE(a_streamed_body_that_ends_early_is_an_error),
		CASE(an_answer_before_the_body_is_sent_is_heard),
		CASE(a_response_is_streamed_to_the_caller),
		CASE(errors_of_callbacks_come_back),
		CASE(may_connect_sees_the_address_and_can_refuse_it),
		CASE(kept_connections_do_not_pass_by_may_connect),
		CASE(given_addresses_are_used_without_a_lookup),
		CASE(proxies_of_the_environment_are_ignored),
		CASE(tls_certificates_are_verified),
		CASE(every_failing_allocation_is_an_error),
		CASE(an_arena_of_any_size_is_enough_or_an_error),
		CASE(a_cache_serves_many_threads_over_few_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
