/* Several senders at once: a queue has one of them at a time, so that without faults each message
 * comes once to each receiver. */
#include "support/webhook_receiver.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

enum { SENDERS = 4, JOBS = 12, RECEIVERS = 3, TESTS = 300, STEPS_MAX = 100000 };

static const struct q_call no_call = {0};

struct race {
	struct product *product;
	struct q_str webhook_id;
	size_t messages; /* that are to come */
	atomic_uint failures;
};

static bool is_done(const struct race *race)
{
	return http_fetch_scripted_count(race->product->options.fetch) >= race->messages;
}

/* Each announces and sends, as a process of its own would. */
static void *run(void *argument)
{
	struct race *race = argument;

	for (int i = 0; i < STEPS_MAX && !is_done(race); i++) {
		bool did_work;
		struct q_err err;

		if (q_webhooks_announce(race->product->documents, &no_call, &did_work, &err) ||
		    q_webhooks_send(race->product->documents, &no_call, &did_work, &err))
			atomic_fetch_add(&race->failures, 1);
	}
	return NULL;
}

/* Sends tests, as fast as it can. */
static void *add(void *argument)
{
	struct race *race = argument;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};

	for (int i = 0; i < TESTS; i++) {
		struct q_arena *arena = q_arena_new(1 << 20);
		struct q_delivery delivery;
		struct q_err err;

		if (!arena || q_webhook_test(race->product->documents, &no_call, &caller,
					     race->webhook_id, arena, &delivery, &err))
			atomic_fetch_add(&race->failures, 1);
		q_arena_free(arena);
	}
	return NULL;
}

/* The senders, and one thread more where there is work for it. */
static void run_senders(struct race *race, void *(*more)(void *))
{
	pthread_t threads[SENDERS + 1];
	int count = 0;

	if (more)
		assert_int_equal(pthread_create(&threads[count++], NULL, more, race), 0);
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&threads[count++], NULL, run, race), 0);
	while (count > 0)
		pthread_join(threads[--count], NULL);
	assert_int_equal(atomic_load(&race->failures), 0);
	assert_int_equal(http_fetch_scripted_count(race->product->options.fetch), race->messages);
}

static void each_message_comes_once_to_each_receiver(void **state)
{
	struct product *p = *state;
	struct race race = {.product = p, .messages = JOBS * RECEIVERS};
	struct q_str secret;

	receiver_add(p, "t1", "https://a.example/", &secret);
	receiver_add(p, "t1", "https://b.example/", &secret);
	receiver_add(p, "t1", "https://c.example/", &secret);
	for (int i = 0; i < JOBS; i++)
		receiver_end_job(p, "t1");
	run_senders(&race, NULL);
	for (size_t i = 0; i < JOBS * RECEIVERS; i++) {
		struct fetched one = http_fetch_scripted_sent(p->options.fetch, i);

		for (size_t k = 0; k < i; k++) {
			struct fetched other = http_fetch_scripted_sent(p->options.fetch, k);

			assert_false(q_str_equal(one.id, other.id) &&
				     q_str_equal(one.url, other.url));
		}
	}
}

/* Time stands still: a queue that is not given back would stay taken. */
static void what_is_added_to_a_queue_that_is_worked_off_is_sent_too(void **state)
{
	struct product *p = *state;
	struct race race = {.product = p, .messages = TESTS};
	struct q_str secret;

	race.webhook_id = receiver_add(p, "t1", "https://a.example/", &secret).id;
	run_senders(&race, add);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_message_comes_once_to_each_receiver,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			what_is_added_to_a_queue_that_is_worked_off_is_sent_too, product_start_case,
			product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
