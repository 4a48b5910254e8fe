#include "contract/http_fetch_suite.h"

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

struct suite {
	struct http_fetch_subject *subject;
	struct loopback server, tls_server, unknown_server; /* fresh in each case */
	struct q_arena *arena;
	struct q_call call;
	struct q_fetch_request request;
	struct q_fetch_response response;
	struct q_err err;
	char scratch[SCRATCH_PATH_MAX];
	char unknown_certificate[SCRATCH_PATH_MAX + 16], unknown_key[SCRATCH_PATH_MAX + 16];
};

static void start_server(struct loopback *server, const char *certificate_file,
			 const char *key_file)
{
	*server = (struct loopback){.serve = loopback_pages,
				    .certificate_file = certificate_file,
				    .key_file = key_file};
	loopback_start(server);
}

static int start_case(void **state)
{
	struct suite *suite = *state;

	start_server(&suite->server, NULL, NULL);
	start_server(&suite->tls_server, suite->subject->certificate_file,
		     suite->subject->key_file);
	suite->arena = q_arena_new(4 << 20);
	suite->call = (struct q_call){0};
	suite->request = (struct q_fetch_request){
		.method = Q_STR("GET"), .body_max = 1 << 20, .timeout_ms = 20000};
	return suite->arena ? 0 : -1;
}

static int end_case(void **state)
{
	struct suite *suite = *state;

	loopback_stop(&suite->server);
	loopback_stop(&suite->tls_server);
	q_arena_free(suite->arena);
	return 0;
}

static enum q_code fetch_url(struct suite *suite, struct q_http_fetch *fetch, struct q_str url)
{
	suite->request.url = url;
	return q_http_fetch_send(fetch, &suite->call, &suite->request, suite->arena,
				 &suite->response, &suite->err);
}

/* A page of the plain server, under the policy of the request. */
static enum q_code fetch_page(struct suite *suite, struct q_http_fetch *fetch, const char *path)
{
	return fetch_url(
		suite, fetch,
		q_arena_format(suite->arena, "http://127.0.0.1:%u%s", suite->server.port, path));
}

static enum q_code fetch_over_tls(struct suite *suite, struct q_http_fetch *fetch,
				  const struct loopback *server)
{
	return fetch_url(suite, fetch,
			 q_arena_format(suite->arena, "https://127.0.0.1:%u/hello", server->port));
}

static void assert_fetched(struct suite *suite, const char *path, int status, const char *body)
{
	if (fetch_page(suite, suite->subject->fetch, path) != Q_OK)
		fail_msg("%s: %s", path, suite->err.message);
	assert_int_equal(suite->response.status, status);
	assert_int_equal(suite->response.body.length, strlen(body));
	assert_memory_equal(suite->response.body.data, body, strlen(body));
}

static bool body_has(struct suite *suite, const char *text)
{
	size_t at;

	return q_str_find(q_bytes_str(suite->response.body), q_str_from(text), &at);
}

/* --- Contract. --- */

static void a_response_of_any_status_is_ok(void **state)
{
	assert_fetched(*state, "/hello", 200, "hello");
	assert_fetched(*state, "/empty", 204, "");
	assert_fetched(*state, "/status/404", 404, "a problem");
	assert_fetched(*state, "/status/500", 500, "a problem");
}

static void response_headers_are_found_by_name(void **state)
{
	struct suite *suite = *state;
	const struct q_fetch_response *response = &suite->response;

	assert_fetched(suite, "/hello", 200, "hello");
	assert_view_equal(q_fetch_response_header(response, Q_STR("content-TYPE")), "text/plain");
	assert_view_equal(q_fetch_response_header(response, Q_STR("X-Twice")), "first");
	assert_int_equal(q_fetch_response_header(response, Q_STR("X-None")).length, 0);
}

static void method_headers_and_body_arrive(void **state)
{
	struct suite *suite = *state;
	const struct q_fetch_header headers[] = {
		{Q_STR("X-One"), Q_STR("1")}, {Q_STR("Content-Type"), Q_STR("application/json")}};

	suite->request.method = Q_STR("POST");
	suite->request.headers = headers;
	suite->request.header_count = Q_COUNT_OF(headers);
	suite->request.body = q_str_bytes(Q_STR("{\"a\":\0}"));
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/echo"), Q_OK);
	assert_view_equal(q_bytes_str(suite->response.body), "{\"a\":\0}");
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/head"), Q_OK);
	assert_true(body_has(suite, "POST /head HTTP/1.1\r\n"));
	assert_true(body_has(suite, "\r\nX-One: 1\r\n"));
	assert_true(body_has(suite, "\r\nContent-Type: application/json\r\n"));
}

static void no_redirect_is_followed(void **state)
{
	struct suite *suite = *state;

	assert_fetched(suite, "/redirect", 302, "elsewhere");
	assert_int_equal(atomic_load(&suite->server.request_count), 1);
}

static void no_proxy_variable_is_obeyed(void **state)
{
	static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
					    "HTTPS_PROXY", "all_proxy",	 "ALL_PROXY"};
	struct suite *suite = *state;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		setenv(names[i], "http://127.0.0.1:1/", 1);
	assert_fetched(suite, "/hello", 200, "hello");
	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->tls_server), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		unsetenv(names[i]);
}

static void no_cookie_is_kept(void **state)
{
	assert_fetched(*state, "/hello", 200, "hello"); /* sets one */
	assert_int_equal(fetch_page(*state, ((struct suite *)*state)->subject->fetch, "/head"),
			 Q_OK);
	assert_false(body_has(*state, "Cookie"));
}

static void certificates_are_verified(void **state)
{
	struct suite *suite = *state;

	start_server(&suite->unknown_server, suite->unknown_certificate, suite->unknown_key);
	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->tls_server), Q_OK);
	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->unknown_server),
			 Q_IO);
	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_over_tls(suite, suite->subject->local_fetch, &suite->tls_server),
			 Q_OK);
	assert_int_equal(fetch_over_tls(suite, suite->subject->local_fetch, &suite->unknown_server),
			 Q_IO);
	assert_int_equal(atomic_load(&suite->unknown_server.request_count), 0);
	loopback_stop(&suite->unknown_server);
}

static void configured_urls_reach_any_address(void **state)
{
	struct suite *suite = *state;

	assert_fetched(suite, "/hello", 200, "hello");
	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->tls_server), Q_OK);
}

static void public_only_takes_https_alone(void **state)
{
	struct suite *suite = *state;

	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_url(suite, suite->subject->fetch, Q_STR("http://93.184.216.34/")),
			 Q_DENIED);
	assert_int_equal(
		fetch_url(suite, suite->subject->local_fetch, Q_STR("http://93.184.216.34/")),
		Q_DENIED);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/hello"), Q_DENIED);
	assert_int_equal(atomic_load(&suite->server.request_count), 0);
}

static void public_only_reaches_allowed_networks_over_http_too(void **state)
{
	struct suite *suite = *state;

	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_page(suite, suite->subject->local_fetch, "/hello"), Q_OK);
	assert_view_equal(q_bytes_str(suite->response.body), "hello");
	assert_int_equal(fetch_over_tls(suite, suite->subject->local_fetch, &suite->tls_server),
			 Q_OK);
}

static void public_only_refuses_addresses_that_are_not_public(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1",
		"127.8.8.8",
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"172.16.0.1",
		"192.168.0.1",
		"100.64.0.1",
		"169.254.169.254",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"192.0.2.1",
		"198.18.0.1",
		"192.0.0.1",
		"[::]",
		"[::1]",
		"[::ffff:8.8.8.8]",
		"[::ffff:127.0.0.1]",
		"[::8.8.8.8]",
		"[::ffff:0:127.0.0.1]",
		"[64:ff9b::7f00:1]",
		"[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]",
		"[2001::1]",
		"[fe80::1]",
		"[fec0::1]",
		"[fc00::1]",
		"[ff02::1]",
		"[2001:db8::1]",
		"localhost",
	};
	struct suite *suite = *state;

	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	for (size_t i = 0; i < Q_COUNT_OF(hosts); i++) {
		struct q_str url = q_arena_format(suite->arena, "https://%s:%u/hello", hosts[i],
						  suite->tls_server.port);

		if (fetch_url(suite, suite->subject->fetch, url) != Q_DENIED)
			fail_msg("%s is not denied: %s", hosts[i], suite->err.message);
		if (strcmp(hosts[i], "localhost") != 0 &&
		    q_http_fetch_check(suite->subject->fetch, url, &suite->err) != Q_DENIED)
			fail_msg("%s passes the check", hosts[i]);
	}
	assert_int_equal(atomic_load(&suite->tls_server.connection_count), 0);
}

static void an_allowed_network_allows_no_other(void **state)
{
	static const char *const hosts[] = {"10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "128.0.0.1"};
	struct suite *suite = *state;

	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	for (size_t i = 0; i < Q_COUNT_OF(hosts); i++)
		assert_int_equal(fetch_url(suite, suite->subject->local_fetch,
					   q_arena_format(suite->arena, "http://%s/", hosts[i])),
				 Q_DENIED);
}

static enum q_code check(struct q_http_fetch *fetch, const char *url, struct suite *suite)
{
	return q_http_fetch_check(fetch, q_str_from(url), &suite->err);
}

/* The name does not exist: looking it up would be an error. */
static void a_check_looks_no_name_up(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(check(suite->subject->fetch, "https://no-such-host.invalid/", suite),
			 Q_OK);
	assert_int_equal(check(suite->subject->fetch, "http://no-such-host.invalid/", suite),
			 Q_DENIED);
	assert_int_equal(check(suite->subject->fetch, "https://93.184.216.34/", suite), Q_OK);
	assert_int_equal(check(suite->subject->local_fetch, "http://127.0.0.1:8080/", suite), Q_OK);
}

/* Kept connections of a configured URL are no way round the check. */
static void public_only_does_not_ride_on_configured_connections(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->tls_server), Q_OK);
	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_over_tls(suite, suite->subject->fetch, &suite->tls_server),
			 Q_DENIED);
	assert_int_equal(atomic_load(&suite->tls_server.request_count), 1);
}

/* --- Units. --- */

static void a_body_beyond_its_limit_is_cut(void **state)
{
	struct suite *suite = *state;

	suite->request.body_max = 1000;
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/endless"), Q_OK);
	assert_true(suite->response.is_cut);
	assert_int_equal(suite->response.body.length, 1000);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/bytes/1000"), Q_OK);
	assert_false(suite->response.is_cut);
	assert_int_equal(suite->response.body.length, 1000);
	suite->request.body_max = 0;
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/status/503"), Q_OK);
	assert_int_equal(suite->response.status, 503);
	assert_true(suite->response.is_cut);
}

/* --- Ownership and threads. --- */

static void a_response_outlives_the_next_request(void **state)
{
	struct suite *suite = *state;
	struct q_fetch_response first;

	assert_fetched(suite, "/hello", 200, "hello");
	first = suite->response;
	assert_fetched(suite, "/status/500", 500, "a problem");
	assert_view_equal(q_bytes_str(first.body), "hello");
	assert_view_equal(q_fetch_response_header(&first, Q_STR("Content-Type")), "text/plain");
}

struct user {
	struct suite *suite;
	pthread_t thread;
	unsigned failed;
};

static void *fetch_often(void *argument)
{
	struct user *user = argument;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_fetch_request request = user->suite->request;
	struct q_fetch_response response;
	struct q_err err;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", user->suite->server.port);
	request.url = q_str_from(url);
	for (int i = 0; i < 20; i++) {
		request.policy = i % 2 ? Q_FETCH_PUBLIC_ONLY : Q_FETCH_CONFIGURED;
		if (q_http_fetch_send(user->suite->subject->local_fetch, &user->suite->call,
				      &request, arena, &response, &err) != Q_OK ||
		    response.body.length != 5)
			user->failed++;
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return NULL;
}

static void many_threads_may_fetch(void **state)
{
	struct user users[8];

	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		users[i] = (struct user){.suite = *state};
		assert_int_equal(pthread_create(&users[i].thread, NULL, fetch_often, &users[i]), 0);
	}
	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		pthread_join(users[i].thread, NULL);
		assert_int_equal(users[i].failed, 0);
	}
}

/* --- Errors. --- */

static void malformed_requests_are_invalid(void **state)
{
	struct suite *suite = *state;
	const struct q_fetch_header bad[] = {{Q_STR("X"), Q_STR("a\r\nY: b")},
					     {Q_STR("X"), Q_STR("a\0")},
					     {Q_STR("X\nY"), Q_STR("a")},
					     {Q_STR(""), Q_STR("a")}};
	char long_url[9000];

	memset(long_url, 'a', sizeof long_url);
	memcpy(long_url, "http://127.0.0.1/", 17);
	assert_int_equal(
		fetch_url(suite, suite->subject->fetch, (struct q_str){long_url, sizeof long_url}),
		Q_INVALID);
	suite->request.header_count = 1;
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		suite->request.headers = &bad[i];
		assert_int_equal(fetch_page(suite, suite->subject->fetch, "/hello"), Q_INVALID);
	}
	suite->request.header_count = 0;
	suite->request.method = Q_STR("");
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/hello"), Q_INVALID);
	suite->request.method = Q_STR("GET / HTTP/1.1\r\n");
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/hello"), Q_INVALID);
	assert_int_equal(atomic_load(&suite->server.request_count), 0);
}

/* Under both policies: what two parsers may read in two ways, and other schemes than http and
 * https. */
static void odd_urls_are_invalid(void **state)
{
	static const char *const urls[] = {
		"",
		"127.0.0.1",
		"//127.0.0.1/",
		"ftp://127.0.0.1/",
		"file:///etc/passwd",
		"gopher://127.0.0.1/",
		"https://2130706433/",
		"https://0x7f000001/",
		"https://0x7f.0.0.1/",
		"https://0177.0.0.1/",
		"https://127.1/",
		"https://127.0.0.1./",
		"https://user@example.org/",
		"https://user:password@127.0.0.1/",
		"https://example.org\\@127.0.0.1/",
		"https://example.org#@127.0.0.1/",
		"https://127.0.0.1 /",
		"https://127.0.0.1:0/",
		"https://[::1%25lo]/",
		"https://[::1/",
		"https:///hello",
		"https://ex%61mple.org/",
		"https://\xc3\xa4.example/",
	};
	struct suite *suite = *state;

	for (int i = 0; i < (int)(2 * Q_COUNT_OF(urls)); i++) {
		const char *url = urls[i / 2];

		suite->request.policy = i % 2 ? Q_FETCH_PUBLIC_ONLY : Q_FETCH_CONFIGURED;
		if (fetch_url(suite, suite->subject->local_fetch, q_str_from(url)) != Q_INVALID)
			fail_msg("\"%s\" is not refused", url);
		if (q_http_fetch_check(suite->subject->local_fetch, q_str_from(url), &suite->err) !=
		    Q_INVALID)
			fail_msg("\"%s\" passes the check", url);
	}
	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_url(suite, suite->subject->fetch, Q_STR("https://localhost./")),
			 Q_INVALID);
}

static void slow_servers_time_out(void **state)
{
	struct suite *suite = *state;
	int64_t start_ms = q_time_monotonic_ms();

	suite->request.timeout_ms = 50;
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/silent"), Q_TIMEOUT);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/drip"), Q_TIMEOUT);
	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_page(suite, suite->subject->local_fetch, "/silent"), Q_TIMEOUT);
	suite->request.timeout_ms = 20000;
	suite->call.deadline_ms = q_time_monotonic_ms() + 50;
	assert_int_equal(fetch_page(suite, suite->subject->local_fetch, "/silent"), Q_TIMEOUT);
	assert_int_equal(fetch_page(suite, suite->subject->local_fetch, "/hello"), Q_TIMEOUT);
	assert_true(q_time_monotonic_ms() - start_ms < 10000);
}

static void *cancel_when_asked(void *argument)
{
	struct suite *suite = argument;

	while (atomic_load(&suite->server.request_count) == 0)
		sched_yield();
	atomic_store((atomic_bool *)(uintptr_t)suite->call.is_cancelled, true);
	return NULL;
}

static void a_cancelled_request_ends(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = false;
	pthread_t thread;

	suite->call.is_cancelled = &is_cancelled;
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, suite), 0);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/silent"), Q_CANCELLED);
	pthread_join(thread, NULL);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/hello"), Q_CANCELLED);
}

static void broken_peers_are_io_errors(void **state)
{
	static const char *const paths[] = {"/close", "/reset", "/cut", "/garbage"};
	struct suite *suite = *state;

	for (size_t i = 0; i < Q_COUNT_OF(paths); i++)
		assert_int_equal(fetch_page(suite, suite->subject->fetch, paths[i]), Q_IO);
}

static void unknown_names_are_io_errors(void **state)
{
	struct suite *suite = *state;
	struct q_http_fetch *fetch = suite->subject->fetch;

	assert_int_equal(fetch_url(suite, fetch, Q_STR("https://no-such-name.invalid/")), Q_IO);
	assert_fetched(suite, "/hello", 200, "hello"); /* no harm is left behind */
	suite->request.policy = Q_FETCH_PUBLIC_ONLY;
	assert_int_equal(fetch_url(suite, fetch, Q_STR("https://no-such-name.invalid/")), Q_IO);
}

static void endless_headers_are_too_big(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/many"), Q_TOOBIG);
	assert_int_equal(fetch_page(suite, suite->subject->fetch, "/line"), Q_TOOBIG);
}

static enum q_code fetch_both_ways(void *context)
{
	struct suite *suite = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	enum q_code code = Q_NOMEM;
	char url[64];

	if (!arena)
		return Q_NOMEM;
	snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", suite->server.port);
	suite->request.url = q_str_from(url);
	for (int i = 0; i < 2; i++) {
		suite->request.policy = i ? Q_FETCH_PUBLIC_ONLY : Q_FETCH_CONFIGURED;
		code = q_http_fetch_send(suite->subject->local_fetch, &suite->call, &suite->request,
					 arena, &suite->response, &suite->err);
		if (code != Q_OK)
			break;
	}
	q_arena_free(arena);
	return code;
}

static void every_failing_allocation_is_an_error(void **state)
{
	assert_true(run_with_failing_memory(fetch_both_ways, *state) > 1);
}

#define CASE(NAME) cmocka_unit_test_prestate_setup_teardown(NAME, start_case, end_case, suite)

static int run_cases(struct suite *suite)
{
	const struct CMUnitTest tests[] = {
		CASE(a_response_of_any_status_is_ok),
		CASE(response_headers_are_found_by_name),
		CASE(method_headers_and_body_arrive),
		CASE(no_redirect_is_followed),
		CASE(no_proxy_variable_is_obeyed),
		CASE(no_cookie_is_kept),
		CASE(certificates_are_verified),
		CASE(configured_urls_reach_any_address),
		CASE(public_only_takes_https_alone),
		CASE(public_only_reaches_allowed_networks_over_http_too),
		CASE(public_only_refuses_addresses_that_are_not_public),
		CASE(an_allowed_network_allows_no_other),
		CASE(a_check_looks_no_name_up),
		CASE(public_only_does_not_ride_on_configured_connections),
		CASE(a_body_beyond_its_limit_is_cut),
		CASE(a_response_outlives_the_next_request),
		CASE(many_threads_may_fetch),
		CASE(malformed_requests_are_invalid),
		CASE(odd_urls_are_invalid),
		CASE(slow_servers_time_out),
		CASE(a_cancelled_request_ends),
		CASE(broken_peers_are_io_errors),
		CASE(unknown_names_are_io_errors),
		CASE(endless_headers_are_too_big),
		CASE(every_failing_allocation_is_an_error),
	};

	return cmocka_run_group_tests_name(suite->subject->name, tests, NULL, NULL);
}

int run_http_fetch_suite(struct http_fetch_subject *subject)
{
	static struct suite suite;
	int failed;

	suite = (struct suite){.subject = subject};
	scratch_make(suite.scratch);
	snprintf(suite.unknown_certificate, sizeof suite.unknown_certificate, "%s/cert.pem",
		 suite.scratch);
	snprintf(suite.unknown_key, sizeof suite.unknown_key, "%s/key.pem", suite.scratch);
	certificate_write("unknown", suite.unknown_certificate, suite.unknown_key);
	failed = run_cases(&suite);
	scratch_remove(suite.scratch);
	return failed;
}
