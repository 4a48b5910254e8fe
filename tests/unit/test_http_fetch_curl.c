/* What only this adapter can show: names whose addresses the test chooses. The rest is
 * contract_http_fetch's. */
#include "remote/http_fetch_curl.h"

#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static atomic_bool is_cancelled;
static atomic_uint lookup_count;

/* "local.test" is 127.0.0.1; "public.test" a public address, which is never reached: the lookup
 * cancels the call. "mixed-a" and "mixed-b" are both, in either order; "turning.test" is 127.0.0.1
 * when asked first, and 127.0.0.2 ever after. */
static enum q_code resolve_for_test(struct q_str host, const struct q_call *call,
				    struct q_addresses *out, struct q_err *err)
{
	const struct q_ip public = {.is_v4 = true, .bytes = {93, 184, 216, 34}};
	const struct q_ip local = {.is_v4 = true, .bytes = {127, 0, 0, 1}};
	const struct q_ip other = {.is_v4 = true, .bytes = {127, 0, 0, 2}};
	unsigned count = atomic_fetch_add(&lookup_count, 1);

	(void)call, (void)err;
	if (q_str_equal(host, Q_STR("public.test"))) {
		*out = (struct q_addresses){.items = {public}, .count = 1};
		atomic_store(&is_cancelled, true);
	} else if (q_str_equal(host, Q_STR("mixed-a.test"))) {
		*out = (struct q_addresses){.items = {public, local}, .count = 2};
	} else if (q_str_equal(host, Q_STR("mixed-b.test"))) {
		*out = (struct q_addresses){.items = {local, public}, .count = 2};
	} else if (q_str_equal(host, Q_STR("turning.test"))) {
		*out = (struct q_addresses){.items = {count > 0 ? other : local}, .count = 1};
	} else {
		*out = (struct q_addresses){.items = {local}, .count = 1};
	}
	return Q_OK;
}

struct fixture {
	struct loopback server;
	struct q_http_fetch *fetch, *local_fetch; /* allows 127.0.0.1 alone */
	struct q_arena *arena;
	struct q_fetch_response response;
	struct q_err err;
};

static int start_case(void **state)
{
	static struct fixture fixture;
	struct q_http_fetch_curl_options options = {.resolve = resolve_for_test};

	fixture = (struct fixture){.server.serve = loopback_pages};
	atomic_store(&is_cancelled, false);
	atomic_store(&lookup_count, 0);
	loopback_start(&fixture.server);
	fixture.arena = q_arena_new(1 << 20);
	q_assert(!q_http_fetch_curl_open(&options, &fixture.fetch, &fixture.err));
	q_assert(!q_cidr_list_parse(Q_STR("127.0.0.1"), &options.allowed, &fixture.err));
	q_assert(!q_http_fetch_curl_open(&options, &fixture.local_fetch, &fixture.err));
	*state = &fixture;
	return fixture.arena ? 0 : -1;
}

static int end_case(void **state)
{
	struct fixture *fixture = *state;

	q_http_fetch_close(fixture->fetch);
	q_http_fetch_close(fixture->local_fetch);
	loopback_stop(&fixture->server);
	q_arena_free(fixture->arena);
	return 0;
}

static enum q_code fetch_from(struct fixture *fixture, struct q_http_fetch *fetch,
			      const char *scheme, const char *host)
{
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_fetch_request request = {.policy = Q_FETCH_PUBLIC_ONLY,
					  .method = Q_STR("GET"),
					  .body_max = 10000,
					  .timeout_ms = 20000};

	request.url = q_arena_format(fixture->arena, "%s://%s:%u/head", scheme, host,
				     fixture->server.port);
	return q_http_fetch_send(fetch, &call, &request, fixture->arena, &fixture->response,
				 &fixture->err);
}

static void a_name_with_public_addresses_passes_the_check(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fetch_from(fixture, fixture->fetch, "https", "public.test"), Q_CANCELLED);
}

static void one_address_that_is_not_public_refuses_the_name(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fetch_from(fixture, fixture->fetch, "https", "mixed-a.test"), Q_DENIED);
	assert_int_equal(fetch_from(fixture, fixture->fetch, "https", "mixed-b.test"), Q_DENIED);
	assert_int_equal(fetch_from(fixture, fixture->fetch, "https", "local.test"), Q_DENIED);
	assert_int_equal(atomic_load(&fixture->server.connection_count), 0);
}

static void http_needs_every_address_to_be_allowed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "mixed-a.test"),
			 Q_DENIED);
	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "mixed-b.test"),
			 Q_DENIED);
	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "local.test"), Q_OK);
}

static void the_connection_goes_to_the_address_that_was_checked(void **state)
{
	struct fixture *fixture = *state;
	size_t at;

	/* No other lookup knows the name. */
	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "local.test"), Q_OK);
	assert_int_equal(fixture->response.status, 200);
	assert_true(q_str_find(q_bytes_str(fixture->response.body), Q_STR("\r\nHost: local.test:"),
			       &at));
	assert_int_equal(atomic_load(&lookup_count), 1);
}

static void a_name_that_turns_is_checked_anew_each_time(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "turning.test"), Q_OK);
	assert_int_equal(fetch_from(fixture, fixture->local_fetch, "http", "turning.test"),
			 Q_DENIED);
	assert_int_equal(atomic_load(&lookup_count), 2);
	assert_int_equal(atomic_load(&fixture->server.connection_count), 1);
}

static void messages_do_not_tell_the_address(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fetch_from(fixture, fixture->fetch, "https", "local.test"), Q_DENIED);
	assert_null(strstr(fixture->err.message, "127.0.0.1"));
	assert_non_null(strstr(fixture->err.message, "local.test"));
}

static enum q_code open_and_close(void *context)
{
	struct q_http_fetch *fetch;
	struct q_err err;
	enum q_code code = q_http_fetch_curl_open(NULL, &fetch, &err);

	(void)context;
	if (code == Q_OK)
		q_http_fetch_close(fetch);
	return code;
}

static void opening_without_memory_is_an_error(void **state)
{
	assert_int_equal(run_with_failing_memory(open_and_close, NULL), 2);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_name_with_public_addresses_passes_the_check),
		CASE(one_address_that_is_not_public_refuses_the_name),
		CASE(http_needs_every_address_to_be_allowed),
		CASE(the_connection_goes_to_the_address_that_was_checked),
		CASE(a_name_that_turns_is_checked_anew_each_time),
		CASE(messages_do_not_tell_the_address),
		cmocka_unit_test(opening_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
