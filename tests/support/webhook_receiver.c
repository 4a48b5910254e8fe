#include "support/webhook_receiver.h"

#include "base/encode.h"
#include "base/hash.h"

#include <stdio.h>

enum { STEPS_MAX = 100000 };

static const struct q_call no_call = {0};

static void must(enum q_code code, const struct q_err *err)
{
	if (code)
		fprintf(stderr, "# %s: %s\n", err->where, err->message);
	q_assert(code == Q_OK);
}

struct q_webhook receiver_add(struct product *p, const char *tenant_id, const char *url,
			      struct q_str *secret)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook_new wanted = {.url = q_str_from(url), .events = Q_WEBHOOK_ALL};
	struct q_webhook webhook;
	struct q_err err;

	must(q_webhook_add(p->documents, &no_call, &caller, &wanted, p->arena, &webhook, secret,
			   &err),
	     &err);
	return webhook;
}

struct q_job receiver_end_job(struct product *p, const char *tenant_id)
{
	struct page_script script = {.pages = 1};
	struct q_job job = product_upload(p, tenant_id, &script);

	return product_settle(p, job.file_id);
}

static bool step(struct product *p)
{
	bool announced = false, sent = false;
	struct q_err err;

	must(q_webhooks_announce(p->documents, &no_call, &announced, &err), &err);
	must(q_webhooks_send(p->documents, &no_call, &sent, &err), &err);
	return announced || sent;
}

void receiver_run(struct product *p)
{
	for (int steps = 0; step(p); steps++)
		q_assert(steps < STEPS_MAX);
}

void receiver_run_for(struct product *p, int64_t milliseconds)
{
	for (; milliseconds > 0; milliseconds -= 1000) {
		product_advance(p, 1000);
		receiver_run(p);
	}
}

/* The standard's text form of a key, decoded by the product's own decoder of the URL form. */
static struct q_bytes key_of(struct q_str secret, struct q_arena *arena)
{
	struct q_str text = q_arena_copy(arena, q_str_slice(secret, 6, secret.length - 1));
	char *at = q_arena_alloc(arena, text.length);
	struct q_bytes key;

	q_assert(at && q_str_starts_with(secret, Q_STR("whsec_")));
	for (size_t i = 0; i < text.length; i++)
		at[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
	q_assert(q_decode_base64url(arena, (struct q_str){at, text.length}, &key));
	return key;
}

unsigned receiver_signatures(const struct fetched *sent, struct q_str secret)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	unsigned char mac[Q_SHA256_SIZE];
	struct q_str one, rest = sent->signature;
	struct q_str text;
	struct q_buf expected;
	unsigned count = 0;

	q_assert(arena);
	text = q_arena_format(arena, "%.*s.%.*s.%.*s", Q_STR_ARG(sent->id),
			      Q_STR_ARG(sent->timestamp), Q_STR_ARG(sent->body));
	q_hmac_sha256(key_of(secret, arena), q_str_bytes(text), mac);
	q_buf_init(&expected, 100);
	q_buf_append(&expected, Q_STR("v1,"));
	q_encode_base64(&expected, (struct q_bytes){mac, sizeof mac});
	while (rest.length > 0) {
		q_str_cut(rest, ' ', &one, &rest);
		count += q_str_equal(one, q_buf_str(&expected));
	}
	q_buf_free(&expected);
	q_arena_free(arena);
	return count;
}

struct q_delivery_page receiver_deliveries(struct product *p, const char *tenant_id,
					   struct q_str webhook_id)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_webhook_caller caller = {.who = &who};
	struct q_delivery_page page;
	struct q_err err;

	must(q_delivery_list(p->documents, &no_call, &caller, webhook_id, Q_DELIVERIES_LIST_MAX,
			     (struct q_str){0}, p->arena, &page, &err),
	     &err);
	return page;
}

struct q_delivery receiver_newest(struct product *p, const char *tenant_id, struct q_str webhook_id)
{
	struct q_delivery_page page = receiver_deliveries(p, tenant_id, webhook_id);

	q_assert(page.count > 0);
	return page.items[0];
}

size_t receiver_sent_count(struct product *p)
{
	return http_fetch_scripted_count(p->options.fetch);
}

struct fetched receiver_sent(struct product *p, size_t i)
{
	return http_fetch_scripted_sent(p->options.fetch, i);
}

void receiver_answer(struct product *p, struct fetch_answer script)
{
	http_fetch_scripted_set(p->options.fetch, script);
}
