/* Webhooks over a whole product: from the end of a job to what its receivers get. */
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

static void an_end_is_told_to_each_webhook_under_one_message_id(void **state)
{
	struct product *p = *state;
	struct q_str secret_a, secret_b, id;
	struct q_webhook a = receiver_add(p, "t1", "https://a.example/hook", &secret_a);
	struct q_webhook b = receiver_add(p, "t1", "https://b.example/hook", &secret_b);
	struct q_job job = receiver_end_job(p, "t1");
	struct fetched first, second;

	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
	first = receiver_sent(p, 0);
	second = receiver_sent(p, 1);
	id = q_arena_format(p->arena, "msg_%.*s_1", Q_STR_ARG(job.file_id));
	assert_true(q_str_equal(first.id, id) && q_str_equal(second.id, id));
	assert_false(q_str_equal(first.url, second.url));
	assert_int_equal(
		receiver_signatures(&first, secret_a) + receiver_signatures(&second, secret_a), 1);
	assert_int_equal(
		receiver_signatures(&first, secret_b) + receiver_signatures(&second, secret_b), 1);
	assert_int_equal(receiver_newest(p, "t1", a.id).status, Q_DELIVERY_DELIVERED);
	assert_int_equal(receiver_newest(p, "t1", b.id).attempts, 1);
}

static void the_body_tells_file_tenant_status_and_run(void **state)
{
	struct product *p = *state;
	struct q_str secret, expected;
	struct q_job job;

	receiver_add(p, "t1", "https://a.example/", &secret);
	job = receiver_end_job(p, "t1");
	receiver_run(p);
	expected = q_arena_format(p->arena,
				  "\"data\":{\"fileId\":\"%.*s\",\"tenantId\":\"t1\","
				  "\"status\":\"completed\",\"run\":1}}",
				  Q_STR_ARG(job.file_id));
	assert_true(
		q_str_starts_with(receiver_sent(p, 0).body,
				  Q_STR("{\"type\":\"document.completed\",\"timestamp\":\"2027")));
	assert_true(q_str_ends_with(receiver_sent(p, 0).body, expected));
}

static void without_a_receiver_nothing_is_kept(void **state)
{
	struct product *p = *state;
	struct q_query query = {.index = 2, .limit = 10};
	struct q_query_page found;
	struct q_err err;

	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 0);
	for (unsigned bucket = 0; bucket < 8; bucket++) {
		query.pk = q_arena_format(p->arena, "NOTICES#%u", bucket);
		assert_int_equal(q_record_store_query(p->options.records, &no_call, &query,
						      p->arena, &found, &err),
				 Q_OK);
		assert_int_equal(found.count, 0);
	}
}

static void only_wanted_events_are_sent(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook_new wanted = {.url = Q_STR("https://a.example/"),
				       .events = Q_WEBHOOK_FAILED};
	struct q_webhook webhook;
	struct q_str secret;
	struct q_err err;

	assert_int_equal(q_webhook_add(p->documents, &no_call, &caller, &wanted, p->arena, &webhook,
				       &secret, &err),
			 Q_OK);
	receiver_end_job(p, "t1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 0);
}

/* A cancelled run and the one after it: two ends, two messages. */
static void each_run_has_its_own_message(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct page_script script = {.pages = 2};
	struct q_str secret, first, second;
	struct q_job job;
	struct q_err err;
	size_t at;

	receiver_add(p, "t1", "https://a.example/", &secret);
	job = product_upload(p, "t1", &script);
	assert_int_equal(q_documents_cancel_job(p->documents, &no_call, &who, job.file_id, p->arena,
						&job, &err),
			 Q_OK);
	receiver_run(p);
	assert_int_equal(q_documents_retry_job(p->documents, &no_call, &who, job.file_id, NULL,
					       p->arena, &job, &err),
			 Q_OK);
	product_settle(p, job.file_id);
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
	first = q_arena_format(p->arena, "msg_%.*s_1", Q_STR_ARG(job.file_id));
	second = q_arena_format(p->arena, "msg_%.*s_2", Q_STR_ARG(job.file_id));
	assert_true(q_str_equal(receiver_sent(p, 0).id, first) &&
		    q_str_equal(receiver_sent(p, 1).id, second));
	assert_true(q_str_find(receiver_sent(p, 0).body, Q_STR("\"document.cancelled\""), &at));
	assert_true(q_str_find(receiver_sent(p, 1).body, Q_STR("\"run\":2"), &at));
}

/* --- Secrets */

static struct q_str rotate(struct product *p, struct q_str id)
{
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook webhook;
	struct q_str secret;
	struct q_err err;

	assert_int_equal(q_webhook_rotate(p->documents, &no_call, &caller, id, p->arena, &webhook,
					  &secret, &err),
			 Q_OK);
	return secret;
}

static void after_a_rotation_both_secrets_sign_for_a_day(void **state)
{
	struct product *p = *state;
	struct q_str old_secret, new_secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &old_secret);
	struct fetched both, later;

	new_secret = rotate(p, webhook.id);
	assert_false(q_str_equal(old_secret, new_secret));
	receiver_end_job(p, "t1");
	receiver_run(p);
	both = receiver_sent(p, 0);
	assert_int_equal(receiver_signatures(&both, old_secret), 1);
	assert_int_equal(receiver_signatures(&both, new_secret), 1);
	product_advance(p, DAY_MS);
	receiver_end_job(p, "t1");
	receiver_run(p);
	later = receiver_sent(p, 1);
	assert_int_equal(receiver_signatures(&later, old_secret), 0);
	assert_int_equal(receiver_signatures(&later, new_secret), 1);
}

static void a_rotation_tells_the_end_that_it_keeps(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook kept, told, made = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_err err;

	clock_simulated_tick(p->clock, 1);
	assert_int_equal(q_webhook_rotate(p->documents, &no_call, &caller, made.id, p->arena, &told,
					  &secret, &err),
			 Q_OK);
	assert_int_equal(
		q_webhook_find(p->documents, &no_call, &caller, made.id, p->arena, &kept, &err),
		Q_OK);
	assert_int_equal(told.overlap_until_ms, kept.overlap_until_ms);
}

static void a_secret_whose_key_is_gone_fails_the_attempt_and_no_step(void **state)
{
	struct product *p = *state;
	const struct q_keyring *keyring = p->options.keyring;
	struct q_keyring *other;
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_err err;
	size_t at;

	assert_int_equal(
		q_keyring_new(q_str_bytes(Q_STR("another key that only a test has")), &other, &err),
		Q_OK);
	receiver_end_job(p, "t1");
	p->options.keyring = other;
	product_restart(p, "process-1");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 0);
	assert_true(
		q_str_find(receiver_newest(p, "t1", webhook.id).error, Q_STR("SIGNING_KEYS"), &at));
	p->options.keyring = keyring;
	product_restart(p, "process-1");
	receiver_run_for(p, 10000);
	assert_int_equal(receiver_newest(p, "t1", webhook.id).status, Q_DELIVERY_DELIVERED);
	q_keyring_free(other);
}

/* --- Callbacks */

static struct q_job upload_with_callback(struct product *p, const char *callback_url,
					 const char *content)
{
	struct q_identity who = product_admin_of("t1");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf"),
					   .callback_url = q_str_from(callback_url)};
	struct page_script script = {.pages = 1};
	char document[PRODUCT_SYNC_BYTES] = {0};
	size_t length = page_script_write(&script, document);
	struct q_job job;
	struct q_err err;

	memcpy(document + length, content, strlen(content));
	assert_int_equal(product_upload_bytes(p->documents, &who, &request,
					      (struct q_bytes){(unsigned char *)document,
							       length + strlen(content)},
					      p->arena, &job, &err),
			 Q_OK);
	return job;
}

static void a_callback_is_told_and_signed_by_the_default_secret(void **state)
{
	struct product *p = *state;
	struct q_str secret = rotate(p, Q_STR("default"));
	struct q_job job = upload_with_callback(p, "https://c.example/?job=7", "");
	struct fetched one;

	product_settle(p, job.file_id);
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 1);
	one = receiver_sent(p, 0);
	assert_view_equal(one.url, "https://c.example/?job=7");
	assert_int_equal(receiver_signatures(&one, secret), 1);
	assert_int_equal(receiver_newest(p, "t1", Q_STR("default")).status, Q_DELIVERY_DELIVERED);
}

static void a_duplicate_adds_its_callback_to_the_job_that_is_there(void **state)
{
	struct product *p = *state;
	struct q_job job = upload_with_callback(p, "https://c.example/1", "same");
	struct q_job again = upload_with_callback(p, "https://c.example/2", "same");

	assert_true(q_str_equal(job.file_id, again.file_id));
	product_settle(p, job.file_id);
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
}

static void a_callback_of_a_job_that_has_ended_is_told_at_once_and_once(void **state)
{
	struct product *p = *state;
	struct q_job job = upload_with_callback(p, "https://c.example/1", "same");

	product_settle(p, job.file_id);
	receiver_run(p);
	for (int i = 0; i < 3; i++)
		upload_with_callback(p, "https://c.example/2", "same");
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
	assert_view_equal(receiver_sent(p, 1).url, "https://c.example/2");
	assert_true(q_str_equal(receiver_sent(p, 0).id, receiver_sent(p, 1).id));
	assert_true(q_str_equal(receiver_sent(p, 0).body, receiver_sent(p, 1).body));
}

static void a_bad_callback_refuses_the_upload(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf"),
					   .callback_url = Q_STR("http://plain.example/")};
	struct q_job job;
	struct q_err err;

	assert_int_equal(product_upload_bytes(p->documents, &who, &request,
					      q_str_bytes(Q_STR("%PDF-1.7")), p->arena, &job, &err),
			 Q_INVALID);
	assert_string_equal(err.reason, "bad_webhook_url");
}

/* --- Replays */

static void a_delivery_is_sent_again_under_its_message_id(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;
	struct q_err err;

	receiver_end_job(p, "t1");
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(q_delivery_replay(p->documents, &no_call, &caller, delivery.id, p->arena,
					   &delivery, &err),
			 Q_OK);
	assert_int_equal(delivery.status, Q_DELIVERY_PENDING);
	assert_int_equal(q_delivery_replay(p->documents, &no_call, &caller, delivery.id, p->arena,
					   &delivery, &err),
			 Q_OK); /* it waits already */
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
	assert_true(q_str_equal(receiver_sent(p, 0).id, receiver_sent(p, 1).id));
	assert_int_equal(receiver_newest(p, "t1", webhook.id).attempts, 2);
}

static void a_range_of_time_is_sent_again_in_its_order(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_webhook_replay replay;
	int64_t since_ms = 0, until_ms = 0;
	struct q_err err;

	for (int i = 0; i < 9; i++) {
		product_advance(p, HOUR_MS);
		since_ms = i == 1 ? q_clock_now_ms(p->clock) : since_ms;
		until_ms = i == 8 ? q_clock_now_ms(p->clock) : until_ms;
		receiver_end_job(p, "t1");
		receiver_run(p);
	}
	assert_int_equal(q_webhook_replay(p->documents, &no_call, &caller, webhook.id, since_ms,
					  until_ms, p->arena, &replay, &err),
			 Q_OK);
	assert_int_equal(replay.count, 7);
	assert_int_equal(replay.more_since_ms, 0);
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 9 + 7);
	for (size_t i = 0; i < 7; i++)
		assert_true(q_str_equal(receiver_sent(p, 9 + i).id, receiver_sent(p, 1 + i).id));
}

static void a_test_is_sent_now_even_to_a_receiver_that_is_left_alone(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;
	struct q_err err;
	size_t at;

	receiver_answer(p, (struct fetch_answer){.status = 503, .retry_after = "3600"});
	receiver_end_job(p, "t1");
	receiver_run(p);
	receiver_answer(p, (struct fetch_answer){0});
	assert_int_equal(q_webhook_test(p->documents, &no_call, &caller, webhook.id, p->arena,
					&delivery, &err),
			 Q_OK);
	receiver_run(p);
	assert_int_equal(receiver_sent_count(p), 2);
	assert_true(q_str_find(receiver_sent(p, 1).body, Q_STR("webhook.test"), &at));
	assert_int_equal(receiver_newest(p, "t1", webhook.id).status, Q_DELIVERY_DELIVERED);
}

/* --- Tenants and limits */

static void another_tenant_finds_nothing(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t2");
	struct q_webhook_caller own = {.who = &who},
				other = {.who = &who, .tenant_id = Q_STR("t1")};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_webhook found;
	struct q_webhook_page page;
	struct q_delivery delivery;
	struct q_err err;

	receiver_end_job(p, "t1");
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(
		q_webhook_find(p->documents, &no_call, &own, webhook.id, p->arena, &found, &err),
		Q_NOTFOUND);
	assert_int_equal(
		q_webhook_find(p->documents, &no_call, &other, webhook.id, p->arena, &found, &err),
		Q_DENIED);
	assert_int_equal(q_webhook_remove(p->documents, &no_call, &own, webhook.id, p->arena, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_webhook_rotate(p->documents, &no_call, &own, webhook.id, p->arena,
					  &found, &secret, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_delivery_find(p->documents, &no_call, &own, delivery.id, p->arena,
					 &delivery, &err),
			 Q_NOTFOUND);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(q_delivery_replay(p->documents, &no_call, &own, delivery.id, p->arena,
					   &delivery, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_webhook_list(p->documents, &no_call, &own, 100, (struct q_str){0},
					p->arena, &page, &err),
			 Q_OK);
	assert_int_equal(page.count, 0);
}

static void a_tenant_has_twenty_webhooks_at_most(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook_new wanted = {.url = Q_STR("https://b.example/"), .events = Q_WEBHOOK_ALL};
	struct q_webhook webhook, extra;
	struct q_str secret;
	struct q_err err;

	for (int i = 0; i < Q_WEBHOOKS_MAX; i++)
		webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	assert_int_equal(q_webhook_add(p->documents, &no_call, &caller, &wanted, p->arena, &extra,
				       &secret, &err),
			 Q_CONFLICT);
	assert_string_equal(err.reason, "too_many_webhooks");
	receiver_add(p, "t2", "https://a.example/", &secret);
	assert_int_equal(
		q_webhook_remove(p->documents, &no_call, &caller, webhook.id, p->arena, &err),
		Q_OK);
	receiver_add(p, "t1", "https://b.example/", &secret);
}

static void deliveries_of_a_removed_webhook_are_given_up(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("t1");
	struct q_webhook_caller caller = {.who = &who};
	struct q_str secret;
	struct q_webhook webhook = receiver_add(p, "t1", "https://a.example/", &secret);
	struct q_delivery delivery;
	struct q_err err;

	receiver_answer(p, (struct fetch_answer){.status = 500});
	receiver_end_job(p, "t1");
	receiver_run(p);
	delivery = receiver_newest(p, "t1", webhook.id);
	assert_int_equal(
		q_webhook_remove(p->documents, &no_call, &caller, webhook.id, p->arena, &err),
		Q_OK);
	receiver_run_for(p, 10000);
	assert_int_equal(receiver_sent_count(p), 1);
	assert_int_equal(q_delivery_find(p->documents, &no_call, &caller, delivery.id, p->arena,
					 &delivery, &err),
			 Q_OK);
	assert_int_equal(delivery.status, Q_DELIVERY_FAILED);
	assert_view_equal(delivery.error, "the webhook has been deleted");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_end_is_told_to_each_webhook_under_one_message_id),
		CASE(the_body_tells_file_tenant_status_and_run),
		CASE(without_a_receiver_nothing_is_kept),
		CASE(only_wanted_events_are_sent),
		CASE(each_run_has_its_own_message),
		CASE(after_a_rotation_both_secrets_sign_for_a_day),
		CASE(a_rotation_tells_the_end_that_it_keeps),
		CASE(a_secret_whose_key_is_gone_fails_the_attempt_and_no_step),
		CASE(a_callback_is_told_and_signed_by_the_default_secret),
		CASE(a_duplicate_adds_its_callback_to_the_job_that_is_there),
		CASE(a_callback_of_a_job_that_has_ended_is_told_at_once_and_once),
		CASE(a_bad_callback_refuses_the_upload),
		CASE(a_delivery_is_sent_again_under_its_message_id),
		CASE(a_range_of_time_is_sent_again_in_its_order),
		CASE(a_test_is_sent_now_even_to_a_receiver_that_is_left_alone),
		CASE(another_tenant_finds_nothing),
		CASE(a_tenant_has_twenty_webhooks_at_most),
		CASE(deliveries_of_a_removed_webhook_are_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
