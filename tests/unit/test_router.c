#include "net/router.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char everyone[] = "everyone";

static void nothing(struct q_http_request *request, void *context)
{
}

#define ROUTE(METHOD, PATH)                                                                        \
	{                                                                                          \
		METHOD, PATH, 0, 0, everyone, nothing                                              \
	}

static const struct q_route routes[] = {
	ROUTE("GET", "/"),
	ROUTE("GET", "/health"),
	ROUTE("POST", "/jobs"),
	ROUTE("GET", "/jobs"),
	ROUTE("GET", "/jobs/{id}"),
	ROUTE("DELETE", "/jobs/{id}"),
	ROUTE("GET", "/jobs/{id}/pages/{n}"),
	ROUTE("GET", "/jobs/tenant/{tenantId}"),
	ROUTE("GET", "/blobs/{store}/{key...}"),
	ROUTE("PUT", "/blobs/{store}/{key...}"),
	ROUTE("GET", "/six/{a}/{b}/{c}/{d}/{e}/{f}"),
};

struct fixture {
	struct q_router *router;
	struct q_arena *arena;
	struct q_route_match match;
};

static struct fixture fixture;

static int make(void **state)
{
	struct q_route_group group = {routes, Q_COUNT_OF(routes), &fixture};
	struct q_err err;

	memset(&fixture, 0, sizeof fixture);
	fixture.arena = q_arena_new(65536);
	return q_router_new(&group, 1, &fixture.router, &err) == Q_OK ? 0 : -1;
}

static int drop(void **state)
{
	q_router_free(fixture.router);
	q_arena_free(fixture.arena);
	return 0;
}

static enum q_route_result match_view(const char *method, struct q_str path)
{
	return q_router_match(fixture.router, q_str_from(method), path, fixture.arena,
			      &fixture.match);
}

static enum q_route_result match(const char *method, const char *path)
{
	return match_view(method, q_str_from(path));
}

static void assert_found(const char *method, const char *path, const char *template)
{
	assert_int_equal(match(method, path), Q_ROUTE_FOUND);
	assert_string_equal(fixture.match.route->path, template);
}

static void finds_literal_paths(void **state)
{
	assert_found("GET", "/", "/");
	assert_found("GET", "/health", "/health");
	assert_found("POST", "/jobs", "/jobs");
	assert_string_equal(fixture.match.route->method, "POST");
	assert_ptr_equal(fixture.match.context, &fixture);
}

static void finds_parameters_by_position(void **state)
{
	assert_found("GET", "/jobs/a1/pages/7", "/jobs/{id}/pages/{n}");
	assert_int_equal(fixture.match.param_count, 2);
	assert_view_equal(fixture.match.params[0].name, "id");
	assert_view_equal(fixture.match.params[0].value, "a1");
	assert_view_equal(fixture.match.params[1].name, "n");
	assert_view_equal(fixture.match.params[1].value, "7");
	assert_found("GET", "/six/1/2/3/4/5/6", "/six/{a}/{b}/{c}/{d}/{e}/{f}");
	assert_view_equal(fixture.match.params[5].value, "6");
}

static void literal_wins_over_parameter_and_falls_back_to_it(void **state)
{
	assert_found("GET", "/jobs/tenant/x", "/jobs/tenant/{tenantId}");
	assert_found("GET", "/jobs/tenant", "/jobs/{id}");
	assert_view_equal(fixture.match.params[0].value, "tenant");
	assert_found("GET", "/jobs/tenant/pages/3", "/jobs/{id}/pages/{n}");
}

static void rest_takes_slashes_and_is_not_empty(void **state)
{
	assert_found("GET", "/blobs/documents/a/b%2Fc/../d", "/blobs/{store}/{key...}");
	assert_view_equal(fixture.match.params[1].value, "a/b/c/../d");
	assert_found("GET", "/blobs/documents//", "/blobs/{store}/{key...}");
	assert_view_equal(fixture.match.params[1].value, "/");
	assert_int_equal(match("GET", "/blobs/documents/"), Q_ROUTE_UNKNOWN_PATH);
	assert_int_equal(match("GET", "/blobs/documents"), Q_ROUTE_UNKNOWN_PATH);
}

static void parameters_are_decoded(void **state)
{
	assert_found("GET", "/jobs/%C3%A4%20+b", "/jobs/{id}");
	assert_view_equal(fixture.match.params[0].value, "\xc3\xa4 +b");
	assert_int_equal(fixture.match.params[0].value.data[5], 0);
}

static void bad_parameters_are_unknown_paths(void **state)
{
	static const char *const bad[] = {"/jobs/",    "/jobs/%00",    "/jobs/a%2Fb",
					  "/jobs/%zz", "/jobs/%4",     "/jobs/%",
					  "/jobs/%ff", "/jobs/%c0%80", "/jobs//pages/1"};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		if (match("GET", bad[i]) != Q_ROUTE_UNKNOWN_PATH)
			fail_msg("%s was found", bad[i]);
}

static void paths_are_compared_as_sent(void **state)
{
	static const char *const unknown[] = {"/Health",  "/health/",  "//health", "/healt",
					      "/healthy", "/%68ealth", "health",   ""};

	for (size_t i = 0; i < Q_COUNT_OF(unknown); i++)
		if (match("GET", unknown[i]) != Q_ROUTE_UNKNOWN_PATH)
			fail_msg("%s was found", unknown[i]);
}

static void head_is_served_by_get(void **state)
{
	assert_found("HEAD", "/health", "/health");
	assert_string_equal(fixture.match.route->method, "GET");
}

static void other_methods_are_told_what_is_allowed(void **state)
{
	assert_int_equal(match("PUT", "/jobs"), Q_ROUTE_UNKNOWN_METHOD);
	assert_view_equal(fixture.match.allow, "POST, GET, HEAD, OPTIONS");
	assert_int_equal(match("POST", "/jobs/a"), Q_ROUTE_UNKNOWN_METHOD);
	assert_view_equal(fixture.match.allow, "DELETE, GET, HEAD, OPTIONS");
	assert_int_equal(match("HEAD", "/nowhere"), Q_ROUTE_UNKNOWN_PATH);
}

static void a_full_arena_is_told(void **state)
{
	struct q_arena *small = q_arena_new(4);

	assert_int_equal(q_router_match(fixture.router, Q_STR("GET"), Q_STR("/jobs/abcdefgh"),
					small, &fixture.match),
			 Q_ROUTE_NO_MEMORY);
	q_arena_free(small);
}

static void deep_paths_are_unknown(void **state)
{
	char path[20000];

	for (size_t i = 0; i < sizeof path; i++)
		path[i] = i % 2 ? 'a' : '/';
	assert_int_equal(match_view("GET", (struct q_str){path, sizeof path}),
			 Q_ROUTE_UNKNOWN_PATH);
}

/* The message of a table that is refused. */
static const char *refusal_of(const struct q_route *table, size_t count)
{
	static struct q_err err;
	struct q_route_group group = {table, count, NULL};
	struct q_router *router;

	assert_int_equal(q_router_new(&group, 1, &router, &err), Q_INVALID);
	return err.message;
}

static void a_route_without_an_access_rule_is_refused(void **state)
{
	const struct q_route bare[] = {{"GET", "/open", 0, 0, NULL, nothing}};

	assert_non_null(strstr(refusal_of(bare, 1), "GET /open: no access rule"));
}

static void bad_routes_are_refused_by_name(void **state)
{
	const struct q_route bad[] = {
		{"GET", "/a", 0, 0, everyone, NULL},
		ROUTE("get", "/a"),
		ROUTE("HEAD", "/a"),
		ROUTE(NULL, "/a"),
		ROUTE("GET", NULL),
		ROUTE("GET", "a"),
		ROUTE("GET", "/{}"),
		ROUTE("GET", "/{a"),
		ROUTE("GET", "/a}"),
		ROUTE("GET", "/x{a}"),
		ROUTE("GET", "/{a b}"),
		ROUTE("GET", "/{...}"),
		ROUTE("GET", "/{a...}/b"),
		ROUTE("GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}"),
		ROUTE("GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"),
		{"GET", "/a", Q_ROUTE_INLINE | Q_ROUTE_STREAM, 0, everyone, nothing},
	};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		refusal_of(&bad[i], 1);
}

static void routes_that_match_the_same_paths_are_refused(void **state)
{
	const struct q_route same[] = {ROUTE("GET", "/a/{x}"), ROUTE("GET", "/a/{y}")};
	const struct q_route rests[] = {ROUTE("GET", "/a/{x...}"), ROUTE("GET", "/a/{y...}")};

	assert_non_null(strstr(refusal_of(same, 2), "another route matches the same paths"));
	assert_non_null(strstr(refusal_of(rests, 2), "another route matches the same paths"));
}

static enum q_code make_and_match(void *context)
{
	struct q_route_group group = {routes, Q_COUNT_OF(routes), NULL};
	struct q_route_match found;
	struct q_router *router;
	struct q_arena *arena;
	struct q_err err;
	enum q_route_result result = Q_ROUTE_NO_MEMORY;
	enum q_code code = q_router_new(&group, 1, &router, &err);

	if (code != Q_OK)
		return code;
	arena = q_arena_new(65536);
	if (arena)
		result = q_router_match(router, Q_STR("GET"), Q_STR("/jobs/%41"), arena, &found);
	q_arena_free(arena);
	q_router_free(router);
	return result == Q_ROUTE_FOUND ? Q_OK : Q_NOMEM;
}

static void survives_failing_allocations(void **state)
{
	assert_true(run_with_failing_memory(make_and_match, NULL) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_literal_paths, make, drop),
		cmocka_unit_test_setup_teardown(finds_parameters_by_position, make, drop),
		cmocka_unit_test_setup_teardown(literal_wins_over_parameter_and_falls_back_to_it,
						make, drop),
		cmocka_unit_test_setup_teardown(rest_takes_slashes_and_is_not_empty, make, drop),
		cmocka_unit_test_setup_teardown(parameters_are_decoded, make, drop),
		cmocka_unit_test_setup_teardown(bad_parameters_are_unknown_paths, make, drop),
		cmocka_unit_test_setup_teardown(paths_are_compared_as_sent, make, drop),
		cmocka_unit_test_setup_teardown(head_is_served_by_get, make, drop),
		cmocka_unit_test_setup_teardown(other_methods_are_told_what_is_allowed, make, drop),
		cmocka_unit_test_setup_teardown(a_full_arena_is_told, make, drop),
		cmocka_unit_test_setup_teardown(deep_paths_are_unknown, make, drop),
		cmocka_unit_test(a_route_without_an_access_rule_is_refused),
		cmocka_unit_test(bad_routes_are_refused_by_name),
		cmocka_unit_test(routes_that_match_the_same_paths_are_refused),
		cmocka_unit_test(survives_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
