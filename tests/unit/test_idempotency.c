/* A key is taken by one request, lapses with it, and is found again once it has been recorded. */
#include "access/idempotency.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static enum q_code begin_as(struct product *p, const struct q_identity *who, const char *route,
			    struct q_str key, struct q_idempotency **out, struct q_err *err)
{
	const struct q_idempotency_ports ports = {p->options.records, p->clock, p->random,
						  p->keyring};

	return q_idempotency_begin(&ports, &no_call, who, q_str_from(route), key, p->arena, out,
				   err);
}

static enum q_code begin(struct product *p, struct q_idempotency **out, const char **reason)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_err err = {0};
	enum q_code code = begin_as(p, &who, "POST /x", Q_STR("key"), out, &err);

	*reason = err.reason ? err.reason : "";
	return code;
}

static enum q_code identify(struct q_idempotency *once, const char *body)
{
	struct q_str part = q_str_from(body);
	struct q_err err;

	return q_idempotency_identify(once, &part, 1, &err);
}

static void assert_free(struct product *p)
{
	struct q_idempotency *once;
	struct q_str answer;
	const char *reason;

	assert_int_equal(begin(p, &once, &reason), Q_OK);
	assert_false(q_idempotency_find_answer(once, &answer));
	q_idempotency_release(once);
}

static void assert_in_flight(struct product *p)
{
	struct q_idempotency *once;
	const char *reason;

	assert_int_equal(begin(p, &once, &reason), Q_CONFLICT);
	assert_string_equal(reason, "idempotency_in_flight");
}

static struct q_idempotency *take(struct product *p)
{
	struct q_idempotency *once;
	const char *reason;

	assert_int_equal(begin(p, &once, &reason), Q_OK);
	assert_int_equal(identify(once, "body"), Q_OK);
	return once;
}

static void a_record_answers_the_same_body_for_a_day(void **state)
{
	struct product *p = *state;
	struct q_idempotency *once = take(p);
	struct q_str answer;
	struct q_err err;

	assert_int_equal(q_idempotency_commit(once, &no_call, Q_STR("the answer"), &err), Q_OK);
	assert_int_equal(q_idempotency_commit(once, &no_call, Q_STR("another"), &err), Q_OK);
	product_advance(p, Q_IDEMPOTENCY_LIFE_MS - 1);
	once = take(p);
	assert_true(q_idempotency_find_answer(once, &answer));
	assert_view_equal(answer, "the answer");
	assert_int_equal(identify(once, "other body"), Q_CONFLICT);
	q_idempotency_release(once);
	assert_true(q_idempotency_find_answer(take(p), &answer));
	product_advance(p, 1);
	assert_free(p);
}

static void a_key_is_held_until_it_is_given_back_or_lapses(void **state)
{
	struct product *p = *state;
	struct q_idempotency *once = take(p);

	assert_in_flight(p);
	q_idempotency_release(once);
	assert_free(p);
	(void)take(p); /* as a process that dies leaves it */
	product_advance(p, Q_IDEMPOTENCY_LEASE_MS - 1);
	assert_in_flight(p);
	product_advance(p, 1);
	assert_free(p);
}

static void a_key_that_is_kept_does_not_lapse(void **state)
{
	struct product *p = *state;
	struct q_idempotency *once = take(p);
	struct q_err err;

	for (int i = 0; i < 10; i++) {
		product_advance(p, Q_IDEMPOTENCY_LEASE_MS / 2);
		assert_int_equal(q_idempotency_keep(once, &no_call, &err), Q_OK);
	}
	assert_in_flight(p);
	assert_int_equal(q_idempotency_commit(once, &no_call, Q_STR("done"), &err), Q_OK);
}

static void who_lost_the_key_neither_records_nor_frees_it(void **state)
{
	struct product *p = *state;
	struct q_idempotency *slow = take(p), *fast;
	struct q_str answer;
	struct q_err err;

	product_advance(p, Q_IDEMPOTENCY_LEASE_MS);
	fast = take(p);
	assert_int_equal(q_idempotency_keep(slow, &no_call, &err), Q_CONFLICT);
	assert_int_equal(q_idempotency_commit(slow, &no_call, Q_STR("slow"), &err), Q_CONFLICT);
	q_idempotency_release(slow);
	assert_in_flight(p);
	assert_int_equal(q_idempotency_commit(fast, &no_call, Q_STR("fast"), &err), Q_OK);
	q_idempotency_release(slow);
	assert_true(q_idempotency_find_answer(take(p), &answer));
	assert_view_equal(answer, "fast");
}

static void a_secret_is_kept_sealed(void **state)
{
	struct product *p = *state;
	struct q_idempotency *once = take(p);
	struct q_write record;
	struct q_str answer, secret;
	struct q_err err;

	assert_true(q_idempotency_write_secret(once, Q_STR("id"), Q_STR("whsec_x"), &record));
	for (size_t i = 0; i < record.item->attribute_count; i++)
		assert_false(q_str_find(record.item->attributes[i].value.string, Q_STR("whsec"),
					&(size_t){0}));
	assert_int_equal(
		q_record_store_write(p->options.records, &no_call, &record, NULL, NULL, &err),
		Q_OK);
	once = take(p);
	assert_true(q_idempotency_find_answer(once, &answer));
	assert_view_equal(answer, "id");
	assert_int_equal(q_idempotency_open_secret(once, &secret, &err), Q_OK);
	assert_view_equal(secret, "whsec_x");
}

static void a_key_is_of_tenant_principal_and_route(void **state)
{
	struct product *p = *state;
	struct q_identity a = product_admin_of("tenant-a"), b = product_admin_of("tenant-b"), c = a,
			  d = a;
	struct q_idempotency *once;
	struct q_err err;

	c.subject = Q_STR("someone else");
	d.kind = Q_IDENTITY_TOKEN;
	assert_int_equal(begin_as(p, &a, "POST /x", Q_STR("key"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &b, "POST /x", Q_STR("key"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &c, "POST /x", Q_STR("key"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &d, "POST /x", Q_STR("key"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &a, "POST /y", Q_STR("key"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &a, "POST /", Q_STR("xkey"), &once, &err), Q_OK);
	assert_int_equal(begin_as(p, &a, "POST /x", Q_STR("key"), &once, &err), Q_CONFLICT);
}

static void parts_of_a_body_are_told_apart(void **state)
{
	struct product *p = *state;
	struct q_str one[] = {Q_STR("ab"), Q_STR("c")}, other[] = {Q_STR("a"), Q_STR("bc")};
	struct q_idempotency *once = take(p);
	struct q_err err;

	assert_int_equal(q_idempotency_identify(once, one, 2, &err), Q_OK);
	assert_int_equal(q_idempotency_commit(once, &no_call, Q_STR(""), &err), Q_OK);
	assert_int_equal(begin_as(p,
				  &(struct q_identity){.kind = Q_IDENTITY_KEY,
						       .subject = Q_STR("someone"),
						       .tenant_id = Q_STR("tenant-a")},
				  "POST /x", Q_STR("key"), &once, &err),
			 Q_OK);
	assert_int_equal(q_idempotency_identify(once, other, 2, &err), Q_CONFLICT);
	assert_string_equal(err.reason, "idempotency_mismatch");
}

static void a_key_has_1_to_255_printable_characters(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	char longest[Q_IDEMPOTENCY_KEY_MAX + 1];
	const struct q_str bad[] = {Q_STR(""),
				    Q_STR("a\tb"),
				    Q_STR("\x7f"),
				    Q_STR("\xc3\xa9"),
				    {longest, sizeof longest}};
	struct q_idempotency *once;
	struct q_err err;

	memset(longest, '~', sizeof longest);
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		assert_int_equal(begin_as(p, &who, "POST /x", bad[i], &once, &err), Q_INVALID);
	assert_int_equal(begin_as(p, &who, "POST /x",
				  (struct q_str){longest, Q_IDEMPOTENCY_KEY_MAX}, &once, &err),
			 Q_OK);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_record_answers_the_same_body_for_a_day),
		CASE(a_key_is_held_until_it_is_given_back_or_lapses),
		CASE(a_key_that_is_kept_does_not_lapse),
		CASE(who_lost_the_key_neither_records_nor_frees_it),
		CASE(a_secret_is_kept_sealed),
		CASE(a_key_is_of_tenant_principal_and_route),
		CASE(parts_of_a_body_are_told_apart),
		CASE(a_key_has_1_to_255_printable_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
