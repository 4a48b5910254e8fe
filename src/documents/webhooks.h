/* documents/webhooks.h: telling the tenants' own servers how jobs ended. A part of
 * documents/documents.h, which includes it.
 *
 * The write that ends a job leaves a notice. A notice becomes one delivery for each of the tenant's
 * webhooks that wants this end, and one for each callback of the job; a delivery is sent, by the
 * Standard Webhooks specification 1.0 (signature v1), until its receiver answers 2xx or a day of
 * attempts is over. All deliveries of one end bear one message id.
 *
 * Contract:  an end is announced under one message id, at least once to each receiver that can be
 *            reached. The webhook "default" has no URL: its secret signs callbacks. A secret is
 *            shown when it is made, and stored sealed; the one before it signs too for 24 hours.
 * Units:     ms; sizes in bytes.
 * Ownership: results live in the caller's arena.
 * Threads:   any.
 * Errors:    Q_NOTFOUND also for what belongs to another tenant; Q_DENIED with reason
 *            "wrong_tenant"; Q_INVALID with reason "bad_webhook_url"; Q_CONFLICT with reason
 *            "too_many_webhooks", "webhook_disabled" or "webhook_has_no_url"; those of the ports.
 * Idempotency: steps may be repeated and run side by side; each add without `once` makes a
 *            webhook. */
#ifndef Q_DOCUMENTS_WEBHOOKS_H
#define Q_DOCUMENTS_WEBHOOKS_H

#include "access/policy.h"
#include "base/bell.h"
#include "base/call.h"

enum {
	Q_WEBHOOKS_MAX = 20, /* of a tenant */
	Q_WEBHOOK_URL_MAX = 2048,
	Q_CALLBACKS_MAX = 4, /* of a job */
	Q_DELIVERY_RESPONSE_MAX = 1024,
	Q_DELIVERIES_LIST_MAX = 100,
	Q_DELIVERIES_REPLAY_MAX = 500, /* by one call */
	Q_WEBHOOK_TIMEOUT_MS = 10000,
	Q_WEBHOOK_OVERLAP_MS = 24 * 3600 * 1000, /* how long a rotated secret still signs */
	Q_DELIVERY_KEPT_DAYS = 30
};

struct q_documents;
struct q_idempotency; /* access/idempotency.h */

/* The ends that a webhook may want, as bits. */
enum q_webhook_event {
	Q_WEBHOOK_COMPLETED = 1 << 0,
	Q_WEBHOOK_FAILED = 1 << 1,
	Q_WEBHOOK_CANCELLED = 1 << 2,
	Q_WEBHOOK_ALL = 7
};

/* "document.completed", ... */
const char *q_webhook_event_name(enum q_webhook_event event);
bool q_webhook_event_parse(struct q_str name, enum q_webhook_event *out);

struct q_webhook {
	struct q_str id; /* unique in its tenant */
	struct q_str tenant_id;
	struct q_str url; /* empty: "default" */
	unsigned events;
	int64_t created_at_ms;
	int64_t overlap_until_ms; /* two secrets sign until then; 0: one does */
	int64_t failing_since_ms; /* 0: the last attempt went well */
	int64_t disabled_at_ms;	  /* 0: it is sent to */
	struct q_str disabled_reason;
};

struct q_webhook_page {
	struct q_webhook *items; /* by id, so by age */
	size_t count;
	struct q_str next; /* empty: the last page */
};

/* Whose webhooks, and who asks: what each of the functions below takes first. */
struct q_webhook_caller {
	const struct q_identity *who;
	struct q_str tenant_id; /* empty: the caller's own */
};

/* May a webhook or callback lead there? What only a name lookup can tell is checked when it is
 * sent to. Q_INVALID with reason "bad_webhook_url". */
Q_MUST_USE enum q_code q_webhook_check_url(struct q_documents *d, struct q_str url,
					   struct q_err *err);

struct q_webhook_new {
	struct q_str url;
	unsigned events;
	struct q_idempotency
		*once; /* identified; what was made before is the answer; may be NULL */
};

/* `secret` is "whsec_" and base64; it cannot be had again. */
Q_MUST_USE enum q_code q_webhook_add(struct q_documents *d, const struct q_call *call,
				     const struct q_webhook_caller *caller,
				     const struct q_webhook_new *wanted, struct q_arena *arena,
				     struct q_webhook *out, struct q_str *secret,
				     struct q_err *err);
Q_MUST_USE enum q_code q_webhook_list(struct q_documents *d, const struct q_call *call,
				      const struct q_webhook_caller *caller, size_t limit,
				      struct q_str after, struct q_arena *arena,
				      struct q_webhook_page *out, struct q_err *err);
Q_MUST_USE enum q_code q_webhook_find(struct q_documents *d, const struct q_call *call,
				      const struct q_webhook_caller *caller, struct q_str id,
				      struct q_arena *arena, struct q_webhook *out,
				      struct q_err *err);
/* Its deliveries that wait are given up. */
Q_MUST_USE enum q_code q_webhook_remove(struct q_documents *d, const struct q_call *call,
					const struct q_webhook_caller *caller, struct q_str id,
					struct q_arena *arena, struct q_err *err);
/* A new secret; the old one signs too for Q_WEBHOOK_OVERLAP_MS. "default" is made where there is
 * none. */
Q_MUST_USE enum q_code q_webhook_rotate(struct q_documents *d, const struct q_call *call,
					const struct q_webhook_caller *caller, struct q_str id,
					struct q_arena *arena, struct q_webhook *out,
					struct q_str *secret, struct q_err *err);
/* Sends to it again, if it was disabled. */
Q_MUST_USE enum q_code q_webhook_enable(struct q_documents *d, const struct q_call *call,
					const struct q_webhook_caller *caller, struct q_str id,
					struct q_arena *arena, struct q_webhook *out,
					struct q_err *err);

/* --- Deliveries */

enum q_delivery_status { Q_DELIVERY_PENDING, Q_DELIVERY_DELIVERED, Q_DELIVERY_FAILED };

const char *q_delivery_status_name(enum q_delivery_status status);

struct q_delivery {
	struct q_str id;
	struct q_str message_id; /* the header webhook-id */
	struct q_str webhook_id;
	struct q_str tenant_id;
	struct q_str url;
	struct q_str event_type;
	struct q_str file_id; /* empty: a test */
	struct q_str payload; /* the body that is sent */
	enum q_delivery_status status;
	int64_t attempts;
	int64_t response_status; /* of the last attempt; 0: there was no response */
	struct q_str response;	 /* its first bytes, made valid UTF-8 */
	struct q_str error;	 /* why the last attempt failed; empty: it did not */
	int64_t created_at_ms;
	int64_t attempted_at_ms;    /* the last time; 0: not yet */
	int64_t next_attempt_at_ms; /* 0: none */
};

struct q_delivery_page {
	struct q_delivery *items; /* newest first */
	size_t count;
	struct q_str next;
};

Q_MUST_USE enum q_code q_delivery_list(struct q_documents *d, const struct q_call *call,
				       const struct q_webhook_caller *caller,
				       struct q_str webhook_id, size_t limit, struct q_str after,
				       struct q_arena *arena, struct q_delivery_page *out,
				       struct q_err *err);
/* By the id alone: caller->tenant_id is not looked at. */
Q_MUST_USE enum q_code q_delivery_find(struct q_documents *d, const struct q_call *call,
				       const struct q_webhook_caller *caller, struct q_str id,
				       struct q_arena *arena, struct q_delivery *out,
				       struct q_err *err);
/* Sends it again, now, under the same message id. */
Q_MUST_USE enum q_code q_delivery_replay(struct q_documents *d, const struct q_call *call,
					 const struct q_webhook_caller *caller, struct q_str id,
					 struct q_arena *arena, struct q_delivery *out,
					 struct q_err *err);

struct q_webhook_replay {
	size_t count;	       /* deliveries that are sent again */
	int64_t more_since_ms; /* 0: all were; else go on from here */
};

/* Sends again what was made for this webhook from `since_ms` to before `until_ms`, the oldest
 * first; what waits to be sent is left as it is. */
Q_MUST_USE enum q_code q_webhook_replay(struct q_documents *d, const struct q_call *call,
					const struct q_webhook_caller *caller, struct q_str id,
					int64_t since_ms, int64_t until_ms, struct q_arena *arena,
					struct q_webhook_replay *out, struct q_err *err);
/* Sends an event of the type "webhook.test", now. */
Q_MUST_USE enum q_code q_webhook_test(struct q_documents *d, const struct q_call *call,
				      const struct q_webhook_caller *caller, struct q_str id,
				      struct q_arena *arena, struct q_delivery *out,
				      struct q_err *err);

/* --- The webhooks role, in two steps (see "Roles" in documents/documents.h) */

/* Turns the notices there are into deliveries. */
Q_MUST_USE enum q_code q_webhooks_announce(struct q_documents *d, const struct q_call *call,
					   bool *did_work, struct q_err *err);
/* Sends what one receiver is due, for up to 20 s. */
Q_MUST_USE enum q_code q_webhooks_send(struct q_documents *d, const struct q_call *call,
				       bool *did_work, struct q_err *err);

struct q_bell *q_webhooks_announce_bell(struct q_documents *d); /* rung when a job ends */
struct q_bell *q_webhooks_send_bell(struct q_documents *d);	/* rung when a delivery is made */

#endif
