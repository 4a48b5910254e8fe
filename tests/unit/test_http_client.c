/* One request and its answer: what is sent, what comes back, what is refused. */
#include "support/checks.h"
#include "support/client_site.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void get_gives_status_headers_and_body(void **state)
{
	struct client_site *site = *state;
	const struct q_http_client_response *response = &site->response;

	client_site_assert_sent(site, "/hello", 200, Q_STR("hello"));
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
	client_site_assert_sent(*state, "/status/404", 404, Q_STR("a problem"));
	client_site_assert_sent(*state, "/status/500", 500, Q_STR("a problem"));
	client_site_assert_sent(*state, "/status/429", 429, Q_STR("a problem"));
	client_site_assert_sent(*state, "/empty", 204, Q_STR(""));
}

static void head_has_no_body(void **state)
{
	struct client_site *site = *state;

	site->request.method = Q_STR("HEAD");
	client_site_assert_sent(site, "/hello", 200, Q_STR(""));
}

static void every_method_is_sent_as_given(void **state)
{
	static const char *const methods[] = {"GET",	"POST",	   "PUT",     "PATCH",
					      "DELETE", "OPTIONS", "PROPFIND"};
	struct client_site *site = *state;

	for (size_t i = 0; i < Q_COUNT_OF(methods); i++) {
		char line[64];

		snprintf(line, sizeof line, "%s /head HTTP/1.1\r\n", methods[i]);
		site->request.method = q_str_from(methods[i]);
		assert_int_equal(client_site_send(site, "/head"), Q_OK);
		assert_true(q_str_starts_with(q_bytes_str(site->response.body), q_str_from(line)));
		assert_int_equal(client_site_head_has(site, "Content-Length: 0\r\n"),
				 i >= 1 && i <= 3);
		assert_false(client_site_head_has(site, "Content-Type"));
	}
}

static void headers_are_sent_as_given(void **state)
{
	struct client_site *site = *state;
	const struct q_http_client_header headers[] = {{Q_STR("X-One"), Q_STR(" a: b ")},
						       {Q_STR("X-Empty"), Q_STR("")},
						       {Q_STR("Content-Type"), Q_STR("text/x")},
						       {Q_STR("X-One"), Q_STR("again")}};

	site->request.method = Q_STR("POST");
	site->request.headers = headers;
	site->request.header_count = Q_COUNT_OF(headers);
	assert_int_equal(client_site_send(site, "/head"), Q_OK);
	assert_true(client_site_head_has(site, "\r\nX-One: a: b\r\n"));
	assert_true(client_site_head_has(site, "\r\nX-Empty:\r\n"));
	assert_true(client_site_head_has(site, "\r\nContent-Type: text/x\r\n"));
	assert_true(client_site_head_has(site, "\r\nX-One: again\r\n"));
	assert_true(client_site_head_has(site, "\r\nUser-Agent: quire\r\n"));
}

static void headers_that_would_break_the_message_are_refused(void **state)
{
	struct client_site *site = *state;
	const struct q_http_client_header bad[] = {
		{Q_STR("X"), Q_STR("a\r\nY: b")},  {Q_STR("X"), Q_STR("a\0b")},
		{Q_STR("X Y"), Q_STR("a")},	   {Q_STR(""), Q_STR("a")},
		{Q_STR("X:"), Q_STR("a")},	   {Q_STR("content-length"), Q_STR("1")},
		{Q_STR("Host"), Q_STR("b")},	   {Q_STR("Transfer-Encoding"), Q_STR("chunked")},
		{Q_STR("Connection"), Q_STR("x")},
	};

	site->request.header_count = 1;
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		site->request.headers = &bad[i];
		assert_int_equal(client_site_send(site, "/hello"), Q_INVALID);
	}
	assert_int_equal(atomic_load(&site->server.request_count), 0);
}

static void malformed_urls_and_methods_are_refused(void **state)
{
	struct client_site *site = *state;
	const struct q_str urls[] = {Q_STR(""), Q_STR("ftp://127.0.0.1/"),
				     Q_STR("file:///etc/passwd"), Q_STR("http://a@127.0.0.1/"),
				     Q_STR("http://127.1/")};

	for (size_t i = 0; i < Q_COUNT_OF(urls); i++) {
		site->request.url = urls[i];
		assert_int_equal(q_http_client_send(site->client, &site->call, &site->request,
						    site->arena, &site->response, &site->err),
				 Q_INVALID);
	}
	site->request.method = Q_STR("GET /");
	assert_int_equal(client_site_send(site, "/hello"), Q_INVALID);
	site->request.method = Q_STR("");
	assert_int_equal(client_site_send(site, "/hello"), Q_INVALID);
}

static void a_body_in_memory_arrives_whole(void **state)
{
	struct client_site *site = *state;
	size_t length = 1 << 20;
	char *body = q_arena_alloc(site->arena, length);

	for (size_t i = 0; i < length; i++)
		body[i] = (char)(i * 7);
	site->request.method = Q_STR("PUT");
	site->request.body = (struct q_bytes){(unsigned char *)body, length};
	client_site_assert_sent(site, "/echo", 200, (struct q_str){body, length});
}

static void redirects_are_not_followed(void **state)
{
	struct client_site *site = *state;

	client_site_assert_sent(site, "/redirect", 302, Q_STR("elsewhere"));
	assert_view_equal(q_http_client_response_header(&site->response, Q_STR("Location")),
			  "/hello");
	assert_int_equal(atomic_load(&site->server.request_count), 1);
}

static void cookies_are_not_kept(void **state)
{
	client_site_assert_sent(*state, "/hello", 200, Q_STR("hello"));
	assert_int_equal(client_site_send(*state, "/head"), Q_OK);
	assert_false(client_site_head_has(*state, "Cookie"));
}

static void content_is_not_decoded(void **state)
{
	client_site_assert_sent(*state, "/gzip", 200, Q_STR("not gzip"));
	assert_int_equal(client_site_send(*state, "/head"), Q_OK);
	assert_false(client_site_head_has(*state, "Accept-Encoding"));
}

static void interim_responses_and_trailers_are_no_headers(void **state)
{
	struct client_site *site = *state;

	client_site_assert_sent(site, "/interim", 200, Q_STR("hello"));
	assert_view_equal(q_http_client_response_header(&site->response, Q_STR("X-Early")), "");
	client_site_assert_sent(site, "/trailers", 200, Q_STR("hello"));
	assert_view_equal(q_http_client_response_header(&site->response, Q_STR("X-Trailer")), "");
}

static void a_long_body_is_cut_at_its_limit(void **state)
{
	struct client_site *site = *state;

	site->request.response_max = 100000;
	assert_int_equal(client_site_send(site, "/endless"), Q_OK);
	assert_true(site->response.is_cut);
	assert_int_equal(site->response.body.length, 100000);
	assert_int_equal(client_site_send(site, "/bytes/100000"), Q_OK);
	assert_false(site->response.is_cut);
	assert_int_equal(site->response.body.length, 100000);
	assert_int_equal(client_site_send(site, "/bytes/100001"), Q_OK);
	assert_true(site->response.is_cut);
	site->request.response_max = 0;
	assert_int_equal(client_site_send(site, "/hello"), Q_OK);
	assert_true(site->response.is_cut);
	assert_int_equal(site->response.body.length, 0);
}

static void too_many_or_too_long_headers_are_refused(void **state)
{
	assert_int_equal(client_site_send(*state, "/many"), Q_TOOBIG);
	assert_int_equal(client_site_send(*state, "/line"), Q_TOOBIG);
	assert_int_equal(client_site_send(*state, "/fields"), Q_TOOBIG);
}

static void broken_connections_are_errors(void **state)
{
	static const char *const paths[] = {"/close", "/reset", "/cut", "/garbage"};

	for (size_t i = 0; i < Q_COUNT_OF(paths); i++)
		assert_int_equal(client_site_send(*state, paths[i]), Q_IO);
}

static void a_port_without_a_server_is_an_error(void **state)
{
	struct client_site *site = *state;
	struct loopback gone = {.serve = loopback_pages};

	loopback_start(&gone);
	loopback_stop(&gone);
	site->request.url = q_arena_format(site->arena, "http://127.0.0.1:%u/", gone.port);
	assert_int_equal(q_http_client_send(site->client, &site->call, &site->request, site->arena,
					    &site->response, &site->err),
			 Q_IO);
}

static void messages_name_the_host_and_not_the_path(void **state)
{
	struct client_site *site = *state;

	assert_int_equal(client_site_send(site, "/close?secret=hunter2"), Q_OK); /* no such page */
	assert_int_equal(client_site_send(site, "/close"), Q_IO);
	assert_non_null(strstr(site->err.message, "http://127.0.0.1:"));
	assert_null(strstr(site->err.message, "/close"));
}

static enum q_code get_with_failing_memory(void *context)
{
	struct client_site *site = context;
	struct q_http_client *client = NULL;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_http_client_header header = {Q_STR("X-One"), Q_STR("1")};
	struct q_http_client_request request = site->request;
	enum q_code code = arena ? q_http_client_open(NULL, &client, &site->err) : Q_NOMEM;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/bytes/100000", site->server.port);
	request.url = q_str_from(url);
	request.headers = &header;
	request.header_count = 1;
	if (code == Q_OK)
		code = q_http_client_send(client, &site->call, &request, arena, &site->response,
					  &site->err);
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
	struct client_site *site = *state;
	enum q_code code = Q_NOMEM;
	unsigned failed = 0;

	site->request.url =
		q_arena_format(site->arena, "http://127.0.0.1:%u/bytes/5000", site->server.port);
	for (size_t size = 16; code == Q_NOMEM && size < 100000; size += size < 256 ? 16 : 256) {
		struct q_arena *small = q_arena_new(size);

		code = q_http_client_send(site->client, &site->call, &site->request, small,
					  &site->response, &site->err);
		failed += code != Q_OK;
		q_arena_free(small);
	}
	assert_int_equal(code, Q_OK);
	assert_true(failed > 30); /* the body alone fails in 20 of these */
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, client_site_start, client_site_end)

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
		CASE(every_failing_allocation_is_an_error),
		CASE(an_arena_of_any_size_is_enough_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
