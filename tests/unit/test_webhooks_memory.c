/* Webhooks on a full heap: whichever allocation fails, it is said, and nothing is lost or done
 * twice.
 */
#include "base/mem.h"
#include "support/failing_memory.h"
#include "support/webhook_receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static void assert_step_ends_well(enum q_code code)
{
	assert_true(code == Q_OK || code == Q_NOMEM);
}

/* Whichever allocation fails on its way, an end is announced once, as if none had. */
static void a_full_heap_delays_an_announcement_and_no_more(void **state)
{
	struct q_str secret;
	struct product p;
	struct q_webhook webhook;
	bool has_fired = true;
	size_t ends = 0;

	product_make(&p, 1, (struct analyst_script){0});
	webhook = receiver_add(&p, "t1", "https://a.example/", &secret);
	for (int64_t n = 0; has_fired; n++) {
		struct q_delivery_page page;
		bool did_work;
		struct q_err err;

		receiver_end_job(&p, "t1");
		q_mem_fail_after(n);
		assert_step_ends_well(q_webhooks_announce(p.documents, &no_call, &did_work, &err));
		assert_step_ends_well(q_webhooks_send(p.documents, &no_call, &did_work, &err));
		has_fired = q_mem_failure_fired();
		q_mem_fail_after(-1);
		receiver_run_for(&p, 20000);
		page = receiver_deliveries(&p, "t1", webhook.id);
		assert_int_equal(page.items[0].status, Q_DELIVERY_DELIVERED);
		assert_in_range(http_fetch_scripted_count(p.options.fetch), ends + 1, 2 * ends + 2);
		ends++;
	}
	assert_true(ends > 10);
	product_remove(&p);
}

struct caller {
	struct product *product;
	unsigned tenants; /* each time it is another's */
};

/* All that is asked of a webhook, from its beginning to its end. */
static enum q_code manage(struct product *p, const struct q_webhook_caller *caller,
			  struct q_arena *arena)
{
	struct q_webhook_new wanted = {.url = Q_STR("https://a.example/"), .events = Q_WEBHOOK_ALL};
	struct q_documents *d = p->documents;
	struct q_webhook_replay replayed;
	struct q_delivery_page deliveries;
	struct q_webhook_page webhooks;
	struct q_webhook webhook;
	struct q_delivery delivery;
	struct q_str secret, none = {0};
	bool did_work;
	struct q_err err;
	enum q_code code =
		q_webhook_add(d, &no_call, caller, &wanted, arena, &webhook, &secret, &err);

	if (!code)
		code = q_webhook_rotate(d, &no_call, caller, webhook.id, arena, &webhook, &secret,
					&err);
	if (!code)
		code = q_webhook_list(d, &no_call, caller, 10, none, arena, &webhooks, &err);
	if (!code)
		code = q_webhook_test(d, &no_call, caller, webhook.id, arena, &delivery, &err);
	if (!code)
		code = q_webhooks_send(d, &no_call, &did_work, &err);
	if (!code)
		code = q_webhook_replay(d, &no_call, caller, webhook.id, 0, INT64_MAX / 2, arena,
					&replayed, &err);
	if (!code)
		code = q_delivery_list(d, &no_call, caller, webhook.id, 10, none, arena,
				       &deliveries, &err);
	if (!code)
		code = q_webhook_enable(d, &no_call, caller, webhook.id, arena, &webhook, &err);
	if (!code)
		code = q_webhook_remove(d, &no_call, caller, webhook.id, arena, &err);
	return code;
}

static enum q_code manage_with_failing_memory(void *context)
{
	struct caller *caller = context;
	struct q_arena *arena = q_arena_new(8 << 20);
	char tenant_id[32];
	struct q_identity who;
	enum q_code code;

	if (!arena)
		return Q_NOMEM;
	snprintf(tenant_id, sizeof tenant_id, "t%u", caller->tenants++);
	who = product_admin_of(tenant_id);
	code = manage(caller->product, &(struct q_webhook_caller){.who = &who}, arena);
	q_arena_free(arena);
	return code;
}

static void every_failing_allocation_of_a_caller_is_an_error(void **state)
{
	struct product p;
	struct caller caller = {.product = &p};

	product_make(&p, 1, (struct analyst_script){0});
	assert_true(run_with_failing_memory(manage_with_failing_memory, &caller) > 10);
	product_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_heap_delays_an_announcement_and_no_more),
		cmocka_unit_test(every_failing_allocation_of_a_caller_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
