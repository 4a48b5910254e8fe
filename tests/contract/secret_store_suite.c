#include "contract/secret_store_suite.h"

#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct suite {
	struct secret_store_subject *subject;
	struct q_secret_store *store;
	struct q_arena *arena;
	struct q_err err;
};

static const struct q_call no_limits;

static int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(1 << 20);
	return suite->arena ? 0 : -1;
}

static int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

static struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

static enum q_code get(struct suite *suite, const char *name, struct q_bytes *out)
{
	return q_secret_store_get(suite->store, &no_limits, q_str_from(name), suite->arena, out,
				  &suite->err);
}

static enum q_code create(struct suite *suite, const char *name, struct q_bytes value)
{
	return q_secret_store_create(suite->store, &no_limits, q_str_from(name), value,
				     &suite->err);
}

static void assert_value(struct suite *suite, const char *name, struct q_bytes expected)
{
	struct q_bytes value;

	assert_int_equal(get(suite, name, &value), Q_OK);
	assert_int_equal(value.length, expected.length);
	assert_memory_equal(value.data, expected.data, expected.length);
}

static void a_secret_that_is_there_is_read(void **state)
{
	struct suite *suite = *state;

	suite->subject->plant(suite->subject, "planted", text("some value"));
	assert_value(suite, "planted", text("some value"));
}

static void values_are_bytes(void **state)
{
	struct suite *suite = *state;
	struct q_bytes value = {(const unsigned char *)"\0\xff\n x\0\n", 7};

	suite->subject->plant(suite->subject, "raw-bytes", value);
	assert_value(suite, "raw-bytes", value);
}

static void a_missing_secret_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_bytes value;

	assert_int_equal(get(suite, "missing", &value), Q_NOTFOUND);
}

static void create_makes_a_secret_once(void **state)
{
	struct suite *suite = *state;

	if (suite->subject->is_read_only)
		return;
	assert_int_equal(create(suite, "made", text("first")), Q_OK);
	assert_value(suite, "made", text("first"));
	assert_int_equal(create(suite, "made", text("second")), Q_CONFLICT);
	assert_value(suite, "made", text("first"));
}

static void create_keeps_what_others_planted(void **state)
{
	struct suite *suite = *state;

	if (suite->subject->is_read_only)
		return;
	suite->subject->plant(suite->subject, "theirs", text("planted"));
	assert_int_equal(create(suite, "theirs", text("second")), Q_CONFLICT);
	assert_value(suite, "theirs", text("planted"));
}

static void a_read_only_store_says_so(void **state)
{
	struct suite *suite = *state;

	if (suite->subject->is_read_only)
		assert_int_equal(create(suite, "made", text("x")), Q_UNSUPPORTED);
}

static void names_have_a_form(void **state)
{
	struct suite *suite = *state;
	static const char *const bad[] = {
		"",
		"-a",
		"1a",
		"A",
		"aB",
		"a_b",
		"a.b",
		"a/b",
		"../a",
		"a b",
		"a\n",
		"\xc3\xa9",
		"a234567890123456789012345678901234567890123456789012345678901234",
	};
	struct q_bytes value;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		assert_int_equal(get(suite, bad[i], &value), Q_INVALID);
		assert_int_equal(create(suite, bad[i], text("x")), Q_INVALID);
	}
}

static void the_longest_name_and_value_work(void **state)
{
	struct suite *suite = *state;
	const char *name = "a23456789-123456789-123456789-123456789-123456789-123456789-123";
	static unsigned char bytes[Q_SECRET_VALUE_MAX];
	struct q_bytes value = {bytes, sizeof bytes};

	memset(bytes, 0xa5, sizeof bytes);
	suite->subject->plant(suite->subject, name, value);
	assert_value(suite, name, value);
}

static void values_have_limits(void **state)
{
	struct suite *suite = *state;
	static unsigned char bytes[Q_SECRET_VALUE_MAX + 1];

	assert_int_equal(create(suite, "limits", text("")), Q_INVALID);
	assert_int_equal(create(suite, "limits", (struct q_bytes){bytes, sizeof bytes}), Q_INVALID);
}

static void errors_do_not_hold_the_value(void **state)
{
	struct suite *suite = *state;
	char value[Q_SECRET_VALUE_MAX + 2];
	struct q_bytes ignored;

	for (size_t i = 0; i + 1 < sizeof value; i++)
		value[i] = "hunter2 "[i % 8];
	value[sizeof value - 1] = '\0';
	assert_int_equal(create(suite, "too-long", text(value)), Q_INVALID);
	assert_null(strstr(suite->err.message, "hunter2"));
	suite->subject->plant(suite->subject, "told", text("hunter2"));
	(void)!create(suite, "told", text("hunter2"));
	assert_null(strstr(suite->err.message, "hunter2"));
	assert_int_equal(get(suite, "missing", &ignored), Q_NOTFOUND);
	assert_null(strstr(suite->err.message, "hunter2"));
}

static void a_cancelled_call_makes_nothing(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_bytes value;

	if (suite->subject->is_read_only)
		return;
	assert_int_equal(q_secret_store_create(suite->store, &call, Q_STR("cancelled"), text("x"),
					       &suite->err),
			 Q_CANCELLED);
	assert_int_equal(get(suite, "cancelled", &value), Q_NOTFOUND);
}

static void close_takes_null(void **state)
{
	q_secret_store_close(NULL);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int run_secret_store_suite(struct secret_store_subject *subject)
{
	struct suite suite = {.subject = subject, .store = subject->store};
	struct CMUnitTest tests[] = {
		CASE(a_secret_that_is_there_is_read),
		CASE(values_are_bytes),
		CASE(a_missing_secret_is_not_found),
		CASE(create_makes_a_secret_once),
		CASE(create_keeps_what_others_planted),
		CASE(a_read_only_store_says_so),
		CASE(names_have_a_form),
		CASE(the_longest_name_and_value_work),
		CASE(values_have_limits),
		CASE(errors_do_not_hold_the_value),
		CASE(a_cancelled_call_makes_nothing),
		CASE(close_takes_null),
	};

	for (size_t i = 0; i < Q_COUNT_OF(tests); i++)
		tests[i].initial_state = &suite;
	return cmocka_run_group_tests_name(subject->name, tests, NULL, NULL);
}
