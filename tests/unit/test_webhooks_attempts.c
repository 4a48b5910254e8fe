/* What becomes of attempts that fail: when the next one is made, and what it means for the webhook. */
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/webhook_receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static const struct q_call no_call = {0};

static void a_failed_attempt_is_made_again_after_seconds(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;

	receiver_answer(p, (struct fetch_answer){.status = 500, .body = "it \xff broke"});
	receiver_end_job(p, "t1");
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(delivery.status, Q_DELIVERY_PENDING);
	assert_int_equal(delivery.response_status, 500);
	assert_view_equal(delivery.response, "it \xef\xbf\xbd broke");
	assert_in_range(delivery.next_attempt_at_ms - delivery.attempted_at_ms, 4500, 5500);
	receiver_answer(p, (struct fetch_answer){0});
	receiver_run_for(p, 4000);
	assert_int_equal(receiver_sent_count(p), 1);
	receiver_run_for(p, 3000);
	assert_int_equal(receiver_sent_count(p), 2);
	assert_true(q_str_equal(receiver_sent(p, 0).id, receiver_sent(p, 1).id));
	assert_true(q_str_equal(receiver_sent(p, 0).body, receiver_sent(p, 1).body));
	assert_false(q_str_equal(receiver_sent(p, 0).timestamp, receiver_sent(p, 1).timestamp));
	assert_int_equal(receiver_newest(p, "t1", webhook.id).status, Q_DELIVERY_DELIVERED);
	assert_int_equal(receiver_newest(p, "t1", webhook.id).attempts, 2);
}

static void after_a_day_of_attempts_a_delivery_is_given_up_and_kept(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;
	int hours = 0;

	receiver_answer(p, (struct fetch_answer){.failure = Q_TIMEOUT});
	receiver_end_job(p, "t1");
	receiver_run(p);
	for (; receiver_newest(p, "t1", webhook.id).status == Q_DELIVERY_PENDING; hours++) {
		assert_true(hours < 40);
		for (int i = 0; i < 60; i++) {
			product_advance(p, 60000);
			receiver_run(p);
		}
	}
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(delivery.status, Q_DELIVERY_FAILED);
	assert_int_equal(delivery.attempts, 8);
	assert_view_equal(delivery.error, "as it was told");
	assert_int_equal(delivery.response_status, 0);
	assert_int_equal(delivery.next_attempt_at_ms, 0);
	assert_in_range(hours, 21, 29);
}

static void retry_after_is_honoured(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;

	receiver_answer(p, (struct fetch_answer){.status = 429, .retry_after = "600"});
	receiver_end_job(p, "t1");
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(delivery.next_attempt_at_ms - delivery.attempted_at_ms, 600000);
	receiver_answer(p, (struct fetch_answer){0});
	receiver_run_for(p, 599000);
	assert_int_equal(receiver_sent_count(p), 1);
	receiver_run_for(p, 2000);
	assert_int_equal(receiver_sent_count(p), 2);
}

/* However long the work takes: its times count from one moment. */
static void an_attempt_ends_at_one_moment(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;

	receiver_answer(p, (struct fetch_answer){.status = 429, .retry_after = "600"});
	receiver_end_job(p, "t1");
	clock_simulated_tick(p->clock, 1);
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(delivery.next_attempt_at_ms - delivery.attempted_at_ms, 600000);
}

static void a_redirect_is_a_failure(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);

	receiver_answer(p, (struct fetch_answer){.status = 302});
	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_view_equal(receiver_newest(p, "t1", webhook.id).error,
			  "the answer was 302: redirects are not followed");
	assert_int_equal(receiver_newest(p, "t1", webhook.id).status, Q_DELIVERY_PENDING);
}

static struct q_webhook find(struct product *p, const char *tenant_id, struct q_str id)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook webhook;
	struct q_err err;

	assert_int_equal(
		q_webhook_find(p->documents, &no_call, &caller, id, p->arena, &webhook, &err),
		Q_OK);
	return webhook;
}

static void gone_disables_the_webhook_until_it_is_enabled(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;
	struct q_err err;

	receiver_answer(p, (struct fetch_answer){.status = 410});
	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_newest(p, "t1", webhook.id).status, Q_DELIVERY_FAILED);
	assert_true(find(p, "t1", webhook.id).disabled_at_ms > 0);
	assert_view_equal(find(p, "t1", webhook.id).disabled_reason,
			  "its receiver answered 410 Gone");
	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 1);
	assert_int_equal(q_webhook_test(p->documents, &no_call, &caller, webhook.id, p->arena,
					&delivery, &err),
			 Q_CONFLICT);
	assert_string_equal(err.reason, "webhook_disabled");

	assert_int_equal(q_webhook_enable(p->documents, &no_call, &caller, webhook.id, p->arena,
					  &webhook, &err),
			 Q_OK);
	receiver_answer(p, (struct fetch_answer){0});
	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
}

static void a_webhook_that_fails_for_days_is_disabled(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);

	receiver_answer(p, (struct fetch_answer){.status = 500});
	for (int day = 0; day < 3; day++) {
		receiver_end_job(p, "t1");
		receiver_run(p);
		product_advance(p, DAY_MS);
	}
	assert_int_equal(find(p, "t1", webhook.id).disabled_at_ms, 0);
	assert_true(find(p, "t1", webhook.id).failing_since_ms > 0);
	receiver_run(p);
	assert_view_equal(find(p, "t1", webhook.id).disabled_reason,
			  "every attempt has failed for three days");
}

static void a_success_ends_the_count_of_failing_days(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);

	receiver_answer(p, (struct fetch_answer){.status = 500});
	receiver_end_job(p, "t1");
	receiver_run(p);
	receiver_answer(p, (struct fetch_answer){0});
	receiver_run_for(p, 10000);
	assert_int_equal(find(p, "t1", webhook.id).failing_since_ms, 0);
}

/* While one receiver fails it is left alone as a whole; another is sent to as ever. */
static void a_failing_receiver_delays_no_other(void **state)
{
	struct product *p = *state;
	struct q_str secret;
	size_t before;

	receiver_add(p, "t1", "https://slow.example/", &secret);
	receiver_answer(p, (struct fetch_answer){.failure = Q_TIMEOUT});
	for (int i = 0; i < 10; i++)
		receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 1); /* of ten that are due */
	receiver_add(p, "t2", "https://quick.example/", &secret);
	receiver_end_job(p, "t2");
	before = receiver_sent_count(p);
	receiver_run(p);
	assert_true(receiver_sent_count(p) > before);
	assert_view_equal(receiver_sent(p, receiver_sent_count(p) - 1).url,
			  "https://quick.example/");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_failed_attempt_is_made_again_after_seconds),
		CASE(after_a_day_of_attempts_a_delivery_is_given_up_and_kept),
		CASE(retry_after_is_honoured),
		CASE(an_attempt_ends_at_one_moment),
		CASE(a_redirect_is_a_failure),
		CASE(gone_disables_the_webhook_until_it_is_enabled),
		CASE(a_webhook_that_fails_for_days_is_disabled),
		CASE(a_success_ends_the_count_of_failing_days),
		CASE(a_failing_receiver_delays_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
