/* Which page is next: no ports, no threads. */
#include "documents/work/schedule.h"
#include "documents/work/work.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int start_case(void **state)
{
	static struct q__schedule schedule;

	schedule = (struct q__schedule){0};
	*state = &schedule;
	return 0;
}

static int end_case(void **state)
{
	q__schedule_clear(*state);
	return 0;
}

/* A range whose pages 1..pages are open. */
static struct q__held *hold(struct q__schedule *s, const char *tenant_id, const char *file_id,
			    unsigned pages, bool is_urgent)
{
	struct q__work work = {.file_id = q_str_from(file_id),
			       .tenant_id = q_str_from(tenant_id),
			       .range = 1,
			       .first = 1,
			       .last = pages,
			       .run = 1,
			       .is_urgent = is_urgent};
	struct q__held *held = q__schedule_add(s, &work);

	assert_non_null(held);
	held->users = 0;
	for (unsigned page = 1; page <= pages; page++)
		q__held_slot(held, page)->state = Q__SLOT_OPEN;
	return held;
}

/* The next page is this one. */
static void assert_next(struct q__schedule *s, const struct q__held *expected, unsigned page)
{
	unsigned got = 0;

	assert_ptr_equal(q__schedule_next(s, 0, &got), expected);
	assert_int_equal(got, page);
}

static void tenants_take_turns_a_page_at_a_time(void **state)
{
	struct q__held *a = hold(*state, "a", "1", 50, false);
	struct q__held *b = hold(*state, "b", "2", 2, false);
	struct q__held *c = hold(*state, "c", "3", 1, false);

	assert_next(*state, a, 1);
	assert_next(*state, b, 1);
	assert_next(*state, c, 1);
	assert_next(*state, a, 2);
	assert_next(*state, b, 2);
	assert_next(*state, a, 3); /* what the others do not need is lent */
	assert_next(*state, a, 4);
}

static void a_tenant_that_comes_is_next_within_a_round(void **state)
{
	struct q__held *b = hold(*state, "b", "1", 50, false), *a;

	for (unsigned page = 1; page <= 10; page++)
		assert_next(*state, b, page);
	a = hold(*state, "a", "2", 1, false);
	assert_next(*state, a, 1);
	assert_next(*state, b, 11);
}

/* Whatever the others have queued, and wherever the round is. */
static void a_newcomer_waits_for_at_most_one_page_of_each_tenant(void **state)
{
	static const char *const tenants[] = {"a", "c", "e", "g"};
	unsigned page;

	for (unsigned gone = 0; gone < 2 * Q_COUNT_OF(tenants); gone++) {
		struct q__held *newcomer;
		unsigned turns = 1;

		for (size_t i = 0; i < Q_COUNT_OF(tenants); i++)
			hold(*state, tenants[i], tenants[i], 50, i % 2);
		for (unsigned i = 0; i < gone; i++)
			assert_non_null(q__schedule_next(*state, 0, &page));
		newcomer = hold(*state, "d", "newcomer", 1, false);
		while (q__schedule_next(*state, 0, &page) != newcomer)
			turns++;
		assert_true(turns <= Q_COUNT_OF(tenants) + 1);
		q__schedule_clear(*state);
	}
}

static void many_documents_of_one_tenant_are_one_turn(void **state)
{
	struct q__held *first = hold(*state, "a", "1", 3, false), *b;

	hold(*state, "a", "2", 3, false);
	hold(*state, "a", "3", 3, false);
	b = hold(*state, "b", "4", 3, false);
	assert_next(*state, first, 1);
	assert_next(*state, b, 1);
	assert_next(*state, first, 2);
	assert_next(*state, b, 2);
}

static void urgent_ranges_come_first_within_their_tenant_alone(void **state)
{
	struct q__held *slow = hold(*state, "a", "1", 5, false);
	struct q__held *other = hold(*state, "b", "2", 5, false);
	struct q__held *urgent = hold(*state, "a", "3", 2, true);

	assert_next(*state, urgent, 1);
	assert_next(*state, other, 1);
	assert_next(*state, urgent, 2);
	assert_next(*state, other, 2);
	assert_next(*state, slow, 1);
}

static void a_page_waits_for_its_next_try_and_others_go_on(void **state)
{
	struct q__held *a = hold(*state, "a", "1", 2, false);
	unsigned page;

	q__held_slot(a, 1)->retry_at_ms = 500;
	assert_next(*state, a, 2);
	assert_null(q__schedule_next(*state, 499, &page));
	assert_ptr_equal(q__schedule_next(*state, 500, &page), a);
	assert_int_equal(q__held_slot(a, 1)->attempts, 1);
	assert_int_equal(a->users, 2);
	a->users = 0;
}

static void a_lost_range_starts_no_page(void **state)
{
	struct q__held *a = hold(*state, "a", "1", 2, false);
	unsigned page;

	assert_next(*state, a, 1);
	a->is_lost = true;
	assert_null(q__schedule_next(*state, 0, &page));
	assert_int_equal(q__schedule_open_pages(*state, Q_STR("a")), 0);
	assert_false(q__held_is_done(a));
	a->users = 0;
}

static void open_pages_are_those_that_have_not_started(void **state)
{
	struct q__held *a = hold(*state, "a", "1", 3, false);

	hold(*state, "b", "2", 5, false);
	assert_int_equal(q__schedule_open_pages(*state, Q_STR("a")), 3);
	assert_next(*state, a, 1);
	assert_int_equal(q__schedule_open_pages(*state, Q_STR("a")), 2);
	q__held_slot(a, 2)->state = Q__SLOT_CLOSED; /* not extracted yet */
	assert_int_equal(q__schedule_open_pages(*state, Q_STR("a")), 2);
	for (unsigned page = 1; page <= 3; page++)
		q__held_slot(a, page)->state = Q__SLOT_DONE;
	assert_true(q__held_is_done(a));
	assert_int_equal(q__schedule_open_pages(*state, Q_STR("a")), 0);
	a->users = 0;
}

static void a_range_is_held_once_and_no_more_than_the_most(void **state)
{
	struct q__schedule *s = *state;
	struct q__held *first = hold(s, "a", "0", 1, false);
	struct q__work again = first->work;
	char id[16];

	assert_null(q__schedule_add(s, &again));
	assert_true(q__schedule_holds(s, &again));
	for (int i = 1; i < Q__HELD_MAX; i++) {
		snprintf(id, sizeof id, "%d", i);
		hold(s, "a", id, 1, false);
	}
	again.range = 2;
	assert_null(q__schedule_add(s, &again));
	q__schedule_remove(s, first);
	assert_non_null(q__schedule_add(s, &(struct q__work){.file_id = Q_STR("x"),
							     .tenant_id = Q_STR("a"),
							     .range = 2,
							     .first = 51,
							     .last = 60}));
}

static enum q_code add_one(void *context)
{
	struct q__schedule s = {0};
	struct q__work work = {.file_id = Q_STR("1"),
			       .tenant_id = Q_STR("a"),
			       .text_index = Q_STR("[]"),
			       .first = 1,
			       .last = 1};
	struct q__held *held = q__schedule_add(&s, &work);

	(void)context;
	q__schedule_clear(&s);
	return held ? Q_OK : Q_NOMEM;
}

static void a_full_heap_is_reported(void **state)
{
	(void)state;
	assert_true(run_with_failing_memory(add_one, NULL) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tenants_take_turns_a_page_at_a_time),
		CASE(a_tenant_that_comes_is_next_within_a_round),
		CASE(a_newcomer_waits_for_at_most_one_page_of_each_tenant),
		CASE(many_documents_of_one_tenant_are_one_turn),
		CASE(urgent_ranges_come_first_within_their_tenant_alone),
		CASE(a_page_waits_for_its_next_try_and_others_go_on),
		CASE(a_lost_range_starts_no_page),
		CASE(open_pages_are_those_that_have_not_started),
		CASE(a_range_is_held_once_and_no_more_than_the_most),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
