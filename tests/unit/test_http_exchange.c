/* How requests are routed, handled and answered: over sockets, with the site of
 * support/http_site.h. */
#include "net/address.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "support/checks.h"
#include "support/http_peer.h"
#include "support/http_site.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct site site;
static struct peer peer;

static int start(void **state)
{
	site_init(&site);
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static int stop(void **state)
{
	peer_close(&peer);
	site_stop(&site);
	return 0;
}

/* One request on the open connection. */
static struct peer_answer ask(const char *request_line, const char *fields)
{
	char text[4096];

	snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", request_line, fields);
	peer_send(&peer, text);
	return peer_answer(&peer);
}

static bool is_open(void)
{
	return ask("GET /hello", "").status == 200;
}

static void answers_in_the_loop_and_on_the_pool(void **state)
{
	assert_view_equal(ask("GET /hello", "").body, "hello");
	assert_view_equal(ask("GET /pool", "").body, "pooled");
	assert_view_equal(ask("GET /things/a%20b", "").body, "a b");
	assert_view_equal(ask("GET /rest/a/b", "").body, "a/b");
	site_await(&site.completed, 4);
}

static void echoes_bodies_in_the_loop_and_on_the_pool(void **state)
{
	assert_view_equal(ask("POST /echo", "Content-Length: 0\r\n").body, "");
	peer_send(&peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
	assert_view_equal(peer_answer(&peer).body, "abc");
	peer_send(&peer,
		  "POST /echo-inline HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\nde\r\n1\r\nf\r\n0\r\n\r\n");
	assert_view_equal(peer_answer(&peer).body, "def");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	peer_send(&peer, "GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\n"
			 "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n"
			 "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /"
			 "GET /resume HTTP/1.1\r\nHost: x\r\n\r\n"
			 "GET /things/2 HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_view_equal(peer_answer(&peer).body, "1");
	assert_view_equal(peer_answer(&peer).body, "pooled");
	assert_view_equal(peer_answer(&peer).body, "GET /");
	assert_view_equal(peer_answer(&peer).body, "resumed");
	assert_view_equal(peer_answer(&peer).body, "2");
}

static void a_thousand_pipelined_requests_are_answered(void **state)
{
	for (int i = 0; i < 1000; i++)
		peer_send(&peer, i % 10 ? "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
					: "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(peer_answer(&peer).status, 200);
}

static void nothing_is_read_behind_a_request_in_hand(void **state)
{
	peer_send(&peer,
		  "GET /block HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	assert_true(peer_is_quiet(&peer, 50));
	assert_int_equal(atomic_load(&site.handled), 0);
	site_open_gate(&site);
	assert_view_equal(peer_answer(&peer).body, "unblocked");
	assert_view_equal(peer_answer(&peer).body, "hello");
}

static void deferred_requests_are_answered_by_others(void **state)
{
	peer_send(&peer, "GET /defer HTTP/1.1\r\nHost: x\r\n\r\n");
	site_answer_deferred(&site);
	assert_view_equal(peer_answer(&peer).body, "deferred");
	assert_view_equal(ask("GET /defer-resume", "").body, "resumed");
	assert_true(is_open());
}

static void deferred_request_outlives_its_client(void **state)
{
	peer_send(&peer, "GET /defer HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!atomic_load(&site.deferred))
		assert_true(peer_is_quiet(&peer, 1));
	peer_reset(&peer);
	site_await_connections(&site, 0);
	assert_true(*q_http_request_call(atomic_load(&site.deferred))->is_cancelled);
	site_answer_deferred(&site);
	site_await(&site.completed, 1);
}

static void waiting_request_is_resumed_when_its_client_leaves(void **state)
{
	peer_send(&peer, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_reset(&peer);
	site_await(&site.cancelled, 1);
	site_await(&site.completed, 1);
}

static void half_closed_client_is_answered(void **state)
{
	peer_send(&peer, "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_end_sending(&peer);
	assert_view_equal(peer_answer(&peer).body, "pooled");
	peer_await_end(&peer);
	assert_false(peer.was_reset);
}

static void half_closed_client_is_gone_for_routes_that_ask_so(void **state)
{
	peer_send(&peer, "GET /cancel HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_end_sending(&peer);
	site_await(&site.cancelled, 1);
}

static void request_that_ends_too_early_is_refused(void **state)
{
	peer_send(&peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
	peer_end_sending(&peer);
	assert_int_equal(peer_answer(&peer).status, 400);
	peer_await_end(&peer);
}

static void head_that_ends_too_early_is_refused(void **state)
{
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHo");
	peer_end_sending(&peer);
	assert_int_equal(peer_answer(&peer).status, 400);
	peer_await_end(&peer);
}

static void head_requests_have_no_body(void **state)
{
	struct peer_answer answer;

	peer_send(&peer, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nHEAD /memory/100000 "
			 "HTTP/1.1\r\nHost: x\r\n\r\n"
			 "HEAD /download/100000 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /chunked/9 "
			 "HTTP/1.1\r\nHost: x\r\n\r\n");
	answer = peer_answer_to_head(&peer);
	assert_view_equal(peer_field(&answer, "content-length"), "5");
	answer = peer_answer_to_head(&peer);
	assert_view_equal(peer_field(&answer, "content-length"), "100000");
	answer = peer_answer_to_head(&peer);
	assert_view_equal(peer_field(&answer, "content-length"), "100000");
	answer = peer_answer_to_head(&peer);
	assert_view_equal(peer_field(&answer, "transfer-encoding"), "chunked");
	assert_true(is_open());
	site_await(&site.closed, 2); /* the sources, without a read */
}

static void unknown_paths_and_methods_are_problems(void **state)
{
	struct peer_answer answer = ask("GET /nowhere", "");

	assert_int_equal(answer.status, 404);
	assert_view_equal(peer_field(&answer, "content-type"), "application/problem+json");
	answer = ask("DELETE /hello", "");
	assert_int_equal(answer.status, 405);
	assert_view_equal(peer_field(&answer, "allow"), "GET, HEAD, OPTIONS");
	answer = ask("OPTIONS /echo", "");
	assert_int_equal(answer.status, 204);
	assert_view_equal(peer_field(&answer, "allow"), "POST, OPTIONS");
	assert_view_equal(peer_field(&answer, "content-length"), "");
	assert_true(is_open());
}

static void authorize_refuses_before_the_body_is_read(void **state)
{
	struct peer_answer answer = ask("GET /private", "");

	assert_int_equal(answer.status, 401);
	assert_view_equal(peer_field(&answer, "www-authenticate"), "Key");
	assert_int_equal(ask("GET /private", "X-Key: open\r\n").status, 200);
	peer_send(
		&peer,
		"POST /private HTTP/1.1\r\nHost: x\r\nX-Key: open\r\nContent-Length: 2\r\n\r\nab");
	assert_view_equal(peer_answer(&peer).body, "ab");
	/* A body that was not read makes the connection useless. */
	answer = ask("POST /private", "Content-Length: 100\r\n");
	assert_int_equal(answer.status, 401);
	assert_view_equal(peer_field(&answer, "connection"), "close");
	peer_await_end(&peer);
	assert_int_equal(atomic_load(&site.handled), 2);
}

static void continue_comes_after_every_check(void **state)
{
	const char *fields = "Content-Length: 2\r\nExpect: 100-continue\r\nX-Key: open\r\n\r\n";

	peer_send(&peer, "POST /private HTTP/1.1\r\nHost: x\r\n");
	peer_send(&peer, fields);
	peer_await(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(peer_is_quiet(&peer, 30));
	peer_send(&peer, "ab");
	peer_await(&peer, "\r\n\r\nab");
	assert_int_equal(peer_count(&peer, "100 Continue"), 1);
}

static int start_with_one_loop(void **state)
{
	site_init(&site);
	site.options.loop_count = 1;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

/* What would have been said to the one that left must not reach the next one. */
static void client_that_leaves_while_it_is_checked_is_forgotten(void **state)
{
	struct peer leaving;

	peer_open(&leaving, site.port);
	peer_send(&leaving, "POST /checked HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
			    "Expect: 100-continue\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_reset(&leaving);
	site_await_connections(&site, 1);
	site_open_gate(&site);
	site_await(&site.completed, 1);
	assert_int_equal(ask("GET /things/next", "").status, 200);
	assert_int_equal(peer_count(&peer, "100 Continue"), 0);
	assert_int_equal(atomic_load(&site.handled), 0);
}

static void client_that_ends_while_it_is_checked_is_refused(void **state)
{
	peer_send(&peer, "POST /checked HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
	peer_end_sending(&peer);
	site_await(&site.blocked, 1);
	site_open_gate(&site);
	assert_int_equal(peer_answer(&peer).status, 400);
	peer_await_end(&peer);
	assert_int_equal(atomic_load(&site.handled), 0);
}

static void no_continue_for_what_is_refused(void **state)
{
	static const char *const refused[] = {
		"POST /private HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: "
		"100-continue\r\n\r\n",
		"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: "
		"100-continue\r\n\r\n",
		"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: "
		"100-continue\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: "
		"100-continue\r\n\r\n",
		"POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
	};

	for (size_t i = 0; i < Q_COUNT_OF(refused); i++) {
		const char *text = peer_talk(site.port, q_str_from(refused[i]));

		assert_null(strstr(text, "100 Continue"));
		assert_non_null(strstr(text, "Connection: close"));
	}
}

static void connection_header_is_obeyed(void **state)
{
	struct peer_answer answer = ask("GET /hello", "Connection: close\r\n");

	assert_view_equal(peer_field(&answer, "connection"), "close");
	peer_await_end(&peer);
	assert_false(peer.was_reset);
}

static void nothing_follows_a_request_that_closes(void **state)
{
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
			 "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_await_end(&peer);
	assert_int_equal(peer_count(&peer, "200 OK"), 1);
	assert_int_equal(atomic_load(&site.handled), 1);
}

static void an_offer_to_upgrade_changes_nothing(void **state)
{
	peer_send(&peer,
		  "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
		  "GET /things/2 HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_view_equal(peer_answer(&peer).body, "hello");
	assert_view_equal(peer_answer(&peer).body, "2");
}

static void old_clients_are_kept_when_they_ask(void **state)
{
	struct peer_answer answer;

	peer_send(&peer, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	answer = peer_answer(&peer);
	assert_view_equal(peer_field(&answer, "connection"), "keep-alive");
	peer_send(&peer, "GET /hello HTTP/1.0\r\n\r\n");
	answer = peer_answer(&peer);
	assert_view_equal(peer_field(&answer, "connection"), "close");
	peer_await_end(&peer);
}

static void request_id_is_taken_or_made(void **state)
{
	struct peer_answer answer = ask("GET /hello", "X-Request-Id: a.b_C-9\r\n");

	assert_view_equal(peer_field(&answer, "x-request-id"), "a.b_C-9");
	answer = ask("GET /hello", "X-Request-Id: a b\r\n");
	assert_int_equal(peer_field(&answer, "x-request-id").length, 36);
	answer = ask("GET /hello", "X-Request-Id: a/b\r\n");
	assert_int_equal(peer_field(&answer, "x-request-id").length, 36);
	answer = ask("GET /nowhere", "X-Request-Id: mine\r\n");
	assert_non_null(strstr(answer.body.data, "\"requestId\":\"mine\""));
}

static void request_id_has_at_most_128_bytes(void **state)
{
	char fields[200];
	struct peer_answer answer;

	snprintf(fields, sizeof fields, "X-Request-Id: %0128d\r\n", 0);
	answer = ask("GET /hello", fields);
	assert_int_equal(peer_field(&answer, "x-request-id").length, 128);
	snprintf(fields, sizeof fields, "X-Request-Id: %0129d\r\n", 0);
	answer = ask("GET /hello", fields);
	assert_int_equal(peer_field(&answer, "x-request-id").length, 36);
}

static bool inspected(const char *fields, const char *wanted)
{
	struct q_str body = ask("GET /inspect?a=%20b", fields).body;
	size_t at;

	return q_str_find(body, q_str_from(wanted), &at);
}

static void handlers_are_told_about_the_request(void **state)
{
	assert_true(inspected(
		"", "peer=127.0.0.1 client=127.0.0.1 loopback=1 trusted=0 forwarded=0 secure=0"));
	assert_true(inspected("", "path=/inspect query=a=%20b"));
	assert_true(inspected("Via: 1.1 proxy\r\n", "forwarded=1"));
	assert_true(inspected("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
			      "client=127.0.0.1 loopback=1 trusted=0 forwarded=1 secure=0"));
}

static void traceparent_is_validated(void **state)
{
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	assert_true(inspected("traceparent: " TRACE "\r\n", "traceparent=" TRACE));
	assert_true(inspected("traceparent: 01-x\r\n", "traceparent= "));
	assert_true(inspected(
		"traceparent: 00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
		"traceparent= "));
	assert_true(inspected(
		"traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n",
		"traceparent= "));
	assert_true(
		inspected("traceparent: " TRACE "\r\ntraceparent: " TRACE "\r\n", "traceparent= "));
}

static int start_behind_proxy(void **state)
{
	static struct q_cidr_list trusted;
	struct q_err err;

	site_init(&site);
	if (q_cidr_list_parse(Q_STR("127.0.0.0/8, 10.0.0.0/8"), &trusted, &err) != Q_OK)
		return -1;
	site.options.trusted_proxies = &trusted;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static void trusted_proxies_are_believed(void **state)
{
	assert_true(inspected("", "client=127.0.0.1 loopback=1 trusted=1"));
	assert_true(inspected("X-Forwarded-For: 192.0.2.1\r\n", "client=192.0.2.1 "));
	assert_true(inspected("X-Forwarded-For: 192.0.2.9, 192.0.2.1, 10.1.1.1\r\n",
			      "client=192.0.2.1 "));
	assert_true(inspected("X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-For: 192.0.2.1\r\n",
			      "client=192.0.2.1 "));
	assert_true(inspected("X-Forwarded-For: 192.0.2.1, nonsense, 10.1.1.1\r\n",
			      "client=10.1.1.1 "));
	assert_true(inspected("X-Forwarded-Proto: https\r\n", "secure=1"));
	assert_true(inspected("X-Forwarded-Proto: http\r\n", "secure=0"));
	assert_true(
		inspected("X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "secure=0"));
}

/* Adds a header to every answer, and answers those that ask it to. */
static bool before(struct q_http_request *request, void *context)
{
	q_http_add_header(request, "X-Before", Q_STR("was here"));
	if (q_http_request_header(request, Q_STR("x-stop")).length == 0)
		return true;
	q_http_respond_empty(request, 204);
	return false;
}

static int start_with_before(void **state)
{
	site_init(&site);
	site.options.hooks.before = before;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static bool was_before(const struct peer_answer *answer)
{
	return q_str_equal(peer_field(answer, "x-before"), Q_STR("was here"));
}

static void before_sees_every_request(void **state)
{
	static const char *const lines[] = {"GET /hello", "GET /pool",	    "GET /nowhere",
					    "PUT /hello", "OPTIONS /hello", "GET /private"};

	for (size_t i = 0; i < Q_COUNT_OF(lines); i++) {
		struct peer_answer answer = ask(lines[i], "");

		assert_true(was_before(&answer));
	}
}

static void before_may_answer(void **state)
{
	struct peer_answer answer = ask("OPTIONS /nowhere", "X-Stop: 1\r\n");

	assert_int_equal(answer.status, 204);
	assert_true(was_before(&answer));
	assert_int_equal(ask("GET /hello", "X-Stop: 1\r\n").status, 204);
	answer = ask("POST /echo", "X-Stop: 1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n");
	assert_int_equal(answer.status, 204);
	peer_await_end(&peer);
	assert_int_equal(atomic_load(&site.handled), 0);
}

static void entity_tags_are_answered_with_304(void **state)
{
	struct peer_answer answer = ask("GET /etag", "");

	assert_view_equal(answer.body, "version 1");
	assert_view_equal(peer_field(&answer, "etag"), "\"v1\"");
	answer = ask("GET /etag", "If-None-Match: \"v0\", W/\"v1\"\r\n");
	assert_int_equal(answer.status, 304);
	assert_view_equal(peer_field(&answer, "content-length"), "");
	assert_view_equal(peer_field(&answer, "etag"), "\"v1\"");
	assert_int_equal(ask("GET /etag", "If-None-Match: \"v2\"\r\n").status, 200);
}

static void header_with_a_line_feed_spoils_the_answer(void **state)
{
	struct peer_answer answer = ask("GET /bad-header", "");

	assert_int_equal(answer.status, 500);
	assert_int_equal(peer_count(&peer, "Set-Cookie"), 0);
	assert_int_equal(peer_count(&peer, "never seen"), 0);
	assert_true(is_open());
}

static void a_bad_content_type_spoils_the_answer(void **state)
{
	assert_int_equal(ask("GET /bad-type", "").status, 500);
	site_await(&site.closed, 1);
	assert_true(is_open());
}

static void inner_errors_do_not_leak(void **state)
{
	char line[40];

	for (int code = Q_OK + 1; code < Q_CODE_COUNT; code++) {
		snprintf(line, sizeof line, "GET /error/%d", code);
		if (ask(line, "").status >= 500)
			assert_null(strstr(peer.received.data + peer.taken - 300, "secret"));
	}
}

static int start_with_tiny_pool(void **state)
{
	site_init(&site);
	site.pool_options.threads_min = 1;
	site.pool_options.threads_max = 1;
	site.pool_options.queue_max = 1;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static void full_pool_is_told(void **state)
{
	struct peer first, second;
	struct peer_answer answer;

	peer_open(&first, site.port);
	peer_open(&second, site.port);
	peer_send(&first, "GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_send(&second, "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
	while (q_pool_counts(site.pool).queued != 1)
		assert_true(peer_is_quiet(&second, 1));
	answer = ask("GET /pool", "");
	assert_int_equal(answer.status, 503);
	assert_view_equal(peer_field(&answer, "retry-after"), "1");
	assert_int_equal(ask("GET /hello", "").status, 200); /* the loop goes on */
	site_open_gate(&site);
	assert_view_equal(peer_answer(&first).body, "unblocked");
	assert_view_equal(peer_answer(&second).body, "pooled");
	peer_close(&first);
	peer_close(&second);
}

static void completion_tells_template_and_sizes(void **state)
{
	struct q_http_completion last;

	peer_send(&peer, "POST /echo?secret=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
	peer_answer(&peer);
	site_await(&site.completed, 1);
	last = site_last(&site);
	assert_string_equal(last.route->path, "/echo");
	assert_int_equal(last.status, 200);
	assert_int_equal(last.received_bytes, 3);
	assert_int_equal(last.sent_bytes, peer.received.length);
	assert_true(last.duration_us > 0);
	assert_false(last.is_cut);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)
	const struct CMUnitTest tests[] = {
		CASE(answers_in_the_loop_and_on_the_pool),
		CASE(echoes_bodies_in_the_loop_and_on_the_pool),
		CASE(pipelined_requests_are_answered_in_order),
		CASE(a_thousand_pipelined_requests_are_answered),
		CASE(nothing_is_read_behind_a_request_in_hand),
		CASE(deferred_requests_are_answered_by_others),
		CASE(deferred_request_outlives_its_client),
		CASE(waiting_request_is_resumed_when_its_client_leaves),
		CASE(half_closed_client_is_answered),
		CASE(half_closed_client_is_gone_for_routes_that_ask_so),
		CASE(request_that_ends_too_early_is_refused),
		CASE(head_that_ends_too_early_is_refused),
		CASE(head_requests_have_no_body),
		CASE(unknown_paths_and_methods_are_problems),
		CASE(authorize_refuses_before_the_body_is_read),
		CASE(continue_comes_after_every_check),
		CASE(no_continue_for_what_is_refused),
		cmocka_unit_test_setup_teardown(client_that_leaves_while_it_is_checked_is_forgotten,
						start_with_one_loop, stop),
		CASE(client_that_ends_while_it_is_checked_is_refused),
		CASE(connection_header_is_obeyed),
		CASE(nothing_follows_a_request_that_closes),
		CASE(an_offer_to_upgrade_changes_nothing),
		CASE(old_clients_are_kept_when_they_ask),
		CASE(request_id_is_taken_or_made),
		CASE(request_id_has_at_most_128_bytes),
		CASE(handlers_are_told_about_the_request),
		CASE(traceparent_is_validated),
		cmocka_unit_test_setup_teardown(trusted_proxies_are_believed, start_behind_proxy,
						stop),
		cmocka_unit_test_setup_teardown(before_sees_every_request, start_with_before, stop),
		cmocka_unit_test_setup_teardown(before_may_answer, start_with_before, stop),
		CASE(entity_tags_are_answered_with_304),
		CASE(header_with_a_line_feed_spoils_the_answer),
		CASE(a_bad_content_type_spoils_the_answer),
		CASE(inner_errors_do_not_leak),
		cmocka_unit_test_setup_teardown(full_pool_is_told, start_with_tiny_pool, stop),
		CASE(completion_tells_template_and_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
