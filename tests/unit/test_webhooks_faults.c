/* An end is announced however the steps of the role break off: each call of the record store fails
 * in turn, or is lost after it has done its work. */
#include "documents/webhooks/webhooks_internal.h"
#include "support/record_store_faulty.h"
#include "support/webhook_receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

/* The product's documents over a store that fails; time and receiver are the product's. */
struct site {
	struct product *product;
	struct q_documents_options options;
	struct q_documents *documents;
};

static void open_site(struct site *site, struct product *p, const struct port_faults *faults)
{
	struct q_err err;

	*site = (struct site){.product = p, .options = p->options};
	site->options.owner = Q_STR("process-2");
	site->options.records = record_store_faulty_new(p->options.records, faults);
	assert_non_null(site->options.records);
	assert_int_equal(q_documents_new(&site->options, &site->documents, &err), Q_OK);
}

static void close_site(struct site *site)
{
	q_documents_free(site->documents);
	q_record_store_close(site->options.records);
}

static void run_role_once(struct site *site)
{
	bool did_work = true;
	struct q_err err;

	(void)!q_webhooks_announce(site->documents, &no_call, &did_work, &err);
	for (int i = 0; i < 4; i++)
		(void)!q_webhooks_send(site->documents, &no_call, &did_work, &err);
}

/* Announces an end with one fault; then the process dies, and another goes on. True while the
 * fault was met. */
static bool check_fault(struct port_faults faults)
{
	struct product p;
	struct q_str secret;
	struct q_webhook a, b;
	struct site site;
	struct q_delivery_page page;
	bool was_met;

	product_make(&p, 1, (struct analyst_script){0});
	a = receiver_add(&p, "t1", "https://a.example/", &secret);
	b = receiver_add(&p, "t1", "https://b.example/", &secret);
	receiver_end_job(&p, "t1");
	open_site(&site, &p, &faults);
	run_role_once(&site);
	was_met = record_store_faulty_calls(site.options.records) >=
		  faults.fail_call + faults.lose_call + faults.stop_call;
	close_site(&site);

	receiver_run_for(&p, 60000);
	for (int i = 0; i < 2; i++) {
		page = receiver_deliveries(&p, "t1", i ? a.id : b.id);
		assert_int_equal(page.count, 1);
		assert_int_equal(page.items[0].status, Q_DELIVERY_DELIVERED);
	}
	for (size_t i = 0; i < http_fetch_scripted_count(p.options.fetch); i++)
		assert_true(q_str_equal(http_fetch_scripted_sent(p.options.fetch, i).id,
					page.items[0].message_id));
	assert_in_range(http_fetch_scripted_count(p.options.fetch), 2, 4);
	product_remove(&p);
	return was_met;
}

static void a_failing_call_delays_an_announcement_and_no_more(void **state)
{
	uint64_t call = 1;

	while (check_fault((struct port_faults){.code = Q_IO, .fail_call = call}))
		call++;
	assert_true(call > 10);
}

static void a_lost_answer_announces_no_other_id(void **state)
{
	uint64_t call = 1;

	while (check_fault((struct port_faults){.lose_call = call}))
		call++;
	assert_true(call > 10);
}

static void a_death_between_any_two_calls_loses_no_announcement(void **state)
{
	uint64_t call = 1;

	while (check_fault((struct port_faults){.stop_call = call, .stop_is_lost = call % 4 == 1}))
		call += 2; /* each takes a product of its own: every other one will do */
	assert_true(call > 10);
}

/* The edge is taken or it is not: with it comes the notice. */
static void a_death_while_the_job_ends_loses_no_announcement(void **state)
{
	for (uint64_t call = 1; call < 12; call++) {
		struct port_faults faults = {.stop_call = call, .stop_is_lost = call % 2};
		struct page_script script = {.pages = 1};
		struct product p;
		struct q_str secret;
		struct q_webhook webhook;
		struct site site;
		struct q_job job;
		struct q_aggregator *aggregator;
		struct q_err err;
		bool did_work;

		product_make(&p, 1, (struct analyst_script){0});
		webhook = receiver_add(&p, "t1", "https://a.example/", &secret);
		job = product_upload(&p, "t1", &script);
		while (product_feed(&p) || product_page(&p))
			;
		open_site(&site, &p, &faults);
		assert_int_equal(q_aggregator_new(site.documents, &aggregator, &err), Q_OK);
		(void)!q_aggregator_step(aggregator, &no_call, 0, &did_work, &err);
		q_aggregator_free(aggregator);
		close_site(&site);

		product_settle(&p, job.file_id);
		receiver_run_for(&p, 60000);
		assert_int_equal(receiver_deliveries(&p, "t1", webhook.id).count, 1);
		assert_int_equal(http_fetch_scripted_count(p.options.fetch), 1);
		product_remove(&p);
	}
}

/* A sender that gives its queue back while another looks at it. */
struct holder {
	struct product *product;
	struct q__queue queue;
	unsigned calls, release_call;
};

static void release_once(void *context)
{
	struct holder *holder = context;
	struct q_err err;

	if (++holder->calls == holder->release_call)
		assert_int_equal(q__queue_release(holder->product->documents, &no_call,
						  &holder->queue, holder->product->arena, &err),
				 Q_OK);
}

/* Time stands still: a queue that waits for a lease waits for ever. */
static void a_queue_given_back_while_another_looks_is_due_at_once(void **state)
{
	(void)state;
	for (unsigned call = 1; call < 12; call++) {
		struct product p;
		struct holder holder = {.product = &p, .release_call = call};
		struct port_faults faults = {.meanwhile = release_once, .context = &holder};
		struct q_str secret;
		struct site site;
		bool did_work;
		struct q_err err;

		product_make(&p, call, (struct analyst_script){0});
		receiver_add(&p, "t1", "https://a.example/", &secret);
		receiver_end_job(&p, "t1");
		assert_int_equal(q_webhooks_announce(p.documents, &no_call, &did_work, &err), Q_OK);
		assert_int_equal(
			q__queue_claim(p.documents, &no_call, p.arena, &holder.queue, &err), Q_OK);
		receiver_end_job(&p, "t1"); /* what is added shows the queue to others */
		assert_int_equal(q_webhooks_announce(p.documents, &no_call, &did_work, &err), Q_OK);
		open_site(&site, &p, &faults);
		assert_int_equal(q_webhooks_send(site.documents, &no_call, &did_work, &err), Q_OK);
		close_site(&site);
		while (holder.calls < holder.release_call)
			release_once(&holder);
		assert_int_equal(q_webhooks_send(p.documents, &no_call, &did_work, &err), Q_OK);
		assert_int_equal(http_fetch_scripted_count(p.options.fetch), 2);
		product_remove(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_call_delays_an_announcement_and_no_more),
		cmocka_unit_test(a_lost_answer_announces_no_other_id),
		cmocka_unit_test(a_death_between_any_two_calls_loses_no_announcement),
		cmocka_unit_test(a_death_while_the_job_ends_loses_no_announcement),
		cmocka_unit_test(a_queue_given_back_while_another_looks_is_due_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
