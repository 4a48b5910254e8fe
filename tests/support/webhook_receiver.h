/* support/webhook_receiver.h: webhooks over a whole product (support/product.h) whose receiver is
 * scripted: the steps of the role, and what a receiver would check.
 *
 * Contract:  everything aborts where it cannot do what it says.
 * Threads:   one. */
#ifndef Q_TESTS_WEBHOOK_RECEIVER_H
#define Q_TESTS_WEBHOOK_RECEIVER_H

#include "support/http_fetch_scripted.h"
#include "support/product.h"

/* A webhook of the tenant's for every event; its secret in p->arena. */
struct q_webhook receiver_add(struct product *p, const char *tenant_id, const char *url,
			      struct q_str *secret);

/* Uploads a document of one page and works it off. */
struct q_job receiver_end_job(struct product *p, const char *tenant_id);

/* Steps the role until it finds nothing to do; time stands still. */
void receiver_run(struct product *p);
/* The same each second, for so long. */
void receiver_run_for(struct product *p, int64_t milliseconds);

/* How many of the signatures in what was sent are by this secret ("whsec_..."). */
unsigned receiver_signatures(const struct fetched *sent, struct q_str secret);

/* The newest deliveries of a webhook. */
struct q_delivery_page receiver_deliveries(struct product *p, const char *tenant_id,
					   struct q_str webhook_id);
/* The first of them, which is there. */
struct q_delivery receiver_newest(struct product *p, const char *tenant_id,
				  struct q_str webhook_id);

/* What was sent to any receiver so far, by number; and how each answers from now on. */
size_t receiver_sent_count(struct product *p);
struct fetched receiver_sent(struct product *p, size_t i);
void receiver_answer(struct product *p, struct fetch_answer script);

#endif
