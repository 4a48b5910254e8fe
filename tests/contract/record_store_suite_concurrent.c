/* Many threads at once. Run under ThreadSanitizer too. */
#include "contract/record_store_suite_internal.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 25 };

struct contender {
	struct suite *suite;
	int64_t number;
	size_t won;
	enum q_code code; /* of the first call that failed otherwise than by conflict */
	pthread_t thread;
};

static void run_contenders(struct suite *suite, void *(*run)(void *),
			   struct contender contenders[THREADS])
{
	for (int64_t i = 0; i < THREADS; i++) {
		contenders[i] = (struct contender){.suite = suite, .number = i};
		assert_int_equal(pthread_create(&contenders[i].thread, NULL, run, &contenders[i]),
				 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(contenders[i].thread, NULL);
	for (size_t i = 0; i < THREADS; i++)
		assert_ok(contenders[i].code);
}

/* Retries while another was first: the port allows it to say so. */
static enum q_code write_until_done(struct suite *suite, const struct q_write *write)
{
	struct q_err err;
	enum q_code code;

	do
		code = q_record_store_write(suite->store, &no_limits, write, NULL, NULL, &err);
	while (code == Q_BUSY);
	return code;
}

static void *add_ones(void *argument)
{
	struct contender *contender = argument;
	struct q_change change = add_number("n", 1);
	struct q_write write = update_of(key_of("counter", "item"), &change, 1);

	for (int i = 0; i < ROUNDS && !contender->code; i++)
		contender->code = write_until_done(contender->suite, &write);
	return NULL;
}

static void added_numbers_are_all_counted(void **state)
{
	struct suite *suite = *state;
	struct contender contenders[THREADS];

	run_contenders(suite, add_ones, contenders);
	assert_int_equal(number_at(suite, "counter", "item"), THREADS * ROUNDS);
}

static void *claim_each(void *argument)
{
	struct contender *contender = argument;
	struct q_condition absent = {.kind = Q_IF_ABSENT};
	struct q_attribute attribute = {Q_STR("n"), q_value_number(contender->number)};

	for (int i = 0; i < ROUNDS && !contender->code; i++) {
		char sk[16];
		struct q_item item = {.attributes = &attribute, .attribute_count = 1};
		struct q_write write;
		enum q_code code;

		snprintf(sk, sizeof sk, "%d", i);
		item.key = key_of("claims", sk);
		write = put_of(&item);
		write.conditions = &absent;
		write.condition_count = 1;
		code = write_until_done(contender->suite, &write);
		contender->won += code == Q_OK;
		if (code != Q_CONFLICT)
			contender->code = code;
	}
	return NULL;
}

static void each_item_is_claimed_by_exactly_one(void **state)
{
	struct suite *suite = *state;
	struct contender contenders[THREADS];
	size_t won[THREADS] = {0}, claims = 0;

	run_contenders(suite, claim_each, contenders);
	for (int i = 0; i < ROUNDS; i++) {
		char sk[16];

		snprintf(sk, sizeof sk, "%d", i);
		won[number_at(suite, "claims", sk)]++;
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(won[i], contenders[i].won);
		claims += won[i];
	}
	assert_int_equal(claims, ROUNDS);
}

/* Moves 1 from one item to the other, both ways: the sum stays. */
static void *move_ones(void *argument)
{
	struct contender *contender = argument;
	bool forth = contender->number % 2;
	struct q_change less = add_number("n", -1), more = add_number("n", 1);
	struct q_write writes[] = {
		update_of(key_of("accounts", "a"), forth ? &less : &more, 1),
		update_of(key_of("accounts", "b"), forth ? &more : &less, 1),
	};
	struct q_err err;

	for (int i = 0; i < ROUNDS && !contender->code; i++) {
		do
			contender->code = q_record_store_transact(
				contender->suite->store, &no_limits, writes, 2, NULL, &err);
		while (contender->code == Q_BUSY);
	}
	return NULL;
}

/* A query is one look: it sees no transaction half done. */
static void *watch_sum(void *argument)
{
	struct contender *contender = argument;
	struct q_query query = {.pk = Q_STR("accounts"), .limit = 2};
	struct q_arena *arena = q_arena_new(1 << 20);

	for (int i = 0; i < 20 * ROUNDS && !contender->code; i++) {
		struct q_query_page page;
		struct q_err err;

		q_arena_reset(arena);
		contender->code = q_record_store_query(contender->suite->store, &no_limits, &query,
						       arena, &page, &err);
		if (!contender->code &&
		    (page.count != 2 || q_item_number(&page.items[0], "n", 0) +
							q_item_number(&page.items[1], "n", 0) !=
						100))
			contender->code = Q_CORRUPT;
	}
	q_arena_free(arena);
	return NULL;
}

static void *move_or_watch(void *argument)
{
	struct contender *contender = argument;

	return contender->number < THREADS / 2 ? move_ones(contender) : watch_sum(contender);
}

static void readers_see_transactions_whole(void **state)
{
	struct suite *suite = *state;
	struct contender contenders[THREADS];

	put_number(suite, "accounts", "a", 60);
	put_number(suite, "accounts", "b", 40);
	run_contenders(suite, move_or_watch, contenders);
	assert_int_equal(number_at(suite, "accounts", "a") + number_at(suite, "accounts", "b"),
			 100);
}

/* What a writer has been answered, its own next read sees. */
static void *read_own_writes(void *argument)
{
	struct contender *contender = argument;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_record_key key = {Q_STR("own"), {0}};
	char sk[16];

	snprintf(sk, sizeof sk, "%d", (int)contender->number);
	key.sk = q_str_from(sk);
	for (int64_t i = 0; i < ROUNDS && !contender->code; i++) {
		struct q_change change = set_number("n", i);
		struct q_write write = update_of(key, &change, 1);
		struct q_item item;
		struct q_err err;

		q_arena_reset(arena);
		contender->code = write_until_done(contender->suite, &write);
		if (!contender->code)
			contender->code = q_record_store_get(contender->suite->store, &no_limits,
							     key, arena, &item, &err);
		if (!contender->code && q_item_number(&item, "n", -1) != i)
			contender->code = Q_CORRUPT;
	}
	q_arena_free(arena);
	return NULL;
}

static void reads_see_every_write_that_returned_before(void **state)
{
	struct contender contenders[THREADS];

	run_contenders(*state, read_own_writes, contenders);
}

struct case_list record_store_concurrent_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(added_numbers_are_all_counted),
		CASE(each_item_is_claimed_by_exactly_one),
		CASE(readers_see_transactions_whole),
		CASE(reads_see_every_write_that_returned_before),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
