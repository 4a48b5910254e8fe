/* Several senders at once: a queue has one of them at a time, so that without faults each message
 * comes once to each receiver. */
#include "support/webhook_receiver.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

enum { SENDERS = 4, JOBS = 12, RECEIVERS = 3, STEPS_MAX = 20000 };

static const struct q_call no_call = {0};

struct race {
	struct product *product;
	atomic_uint failures;
};

static bool is_done(const struct race *race)
{
	return http_fetch_scripted_count(race->product->options.fetch) >= JOBS * RECEIVERS;
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

static void each_message_comes_once_to_each_receiver(void **state)
{
	struct product *p = *state;
	struct race race = {.product = p};
	pthread_t threads[SENDERS];
	struct q_str secret;

	receiver_add(p, "t1", "https://a.example/", &secret);
	receiver_add(p, "t1", "https://b.example/", &secret);
	receiver_add(p, "t1", "https://c.example/", &secret);
	for (int i = 0; i < JOBS; i++)
		receiver_end_job(p, "t1");
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, &race), 0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&race.failures), 0);
	assert_int_equal(http_fetch_scripted_count(p->options.fetch), JOBS * RECEIVERS);
	for (size_t i = 0; i < JOBS * RECEIVERS; i++) {
		struct fetched one = http_fetch_scripted_sent(p->options.fetch, i);

		for (size_t k = 0; k < i; k++) {
			struct fetched other = http_fetch_scripted_sent(p->options.fetch, k);

			assert_false(q_str_equal(one.id, other.id) &&
				     q_str_equal(one.url, other.url));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_message_comes_once_to_each_receiver,
						product_start_case, product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
