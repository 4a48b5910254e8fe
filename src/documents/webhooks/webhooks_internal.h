/* documents/webhooks/webhooks_internal.h: what the files of this folder share. Nobody else includes
 * it; what jobs and uploads need stands in notice.h.
 *
 * Items (see docs/data.md):
 *
 *     NOTICE#file / RUN#n         an end to announce; index 2: NOTICES#bucket / time
 *     DOC#file / CALLBACK#hash    whom to tell of this job besides
 *     TENANT#t / WEBHOOK#id       a webhook (endpoint.c)
 *     DELIVERY#id / METADATA      index 1: its webhook's log; index 2, while it waits: its queue
 *     QUEUE#t#name / STATE        all deliveries to one receiver; index 2: QUEUES#bucket / due time
 *
 * A queue is what a sender claims: so one receiver is sent to by one thread at a time, a slow one
 * delays no other, and a failing one is left alone for a while as a whole. */
#ifndef Q_DOCUMENTS_WEBHOOKS_INTERNAL_H
#define Q_DOCUMENTS_WEBHOOKS_INTERNAL_H

#include "documents/webhooks/notice.h"

enum {
	Q__SECRET_BYTES = 32,
	Q__QUEUE_LEASE_MS = 15000,  /* an attempt takes 10 s at most */
	Q__WEBHOOKS_ARENA = 8 << 20 /* bytes; what one step of this role may hold */
};

/* --- Webhooks (endpoint.c) -------------------------------------------------------------------- */

struct q__endpoint {
	struct q_webhook view; /* first: what others see */
	struct q_str secret;   /* sealed */
	struct q_str previous; /* sealed; signs too until view.overlap_until_ms; may be empty */
};

/* Fills in the caller's own tenant. Q_DENIED. */
Q_MUST_USE enum q_code q__webhook_tenant(const struct q_webhook_caller *caller, struct q_str *out,
					 struct q_err *err);
Q_MUST_USE enum q_code q__endpoint_read(struct q_documents *d, const struct q_call *call,
					struct q_str tenant_id, struct q_str id,
					struct q_arena *arena, struct q__endpoint *out,
					struct q_err *err);
/* The tenant's "default", made where there is none. */
Q_MUST_USE enum q_code q__endpoint_read_default(struct q_documents *d, const struct q_call *call,
						struct q_str tenant_id, struct q_arena *arena,
						struct q__endpoint *out, struct q_err *err);
/* All webhooks of a tenant. */
Q_MUST_USE enum q_code q__endpoint_read_all(struct q_documents *d, const struct q_call *call,
					    struct q_str tenant_id, struct q_arena *arena,
					    struct q__endpoint **out, size_t *count,
					    struct q_err *err);
/* Q_CONFLICT with reason "webhook_disabled". */
Q_MUST_USE enum q_code q__endpoint_check_enabled(const struct q__endpoint *endpoint,
						 struct q_err *err);
/* A write to the webhook's item, where it is still there. */
Q_MUST_USE enum q_code q__endpoint_change(struct q_documents *d, const struct q_call *call,
					  const struct q_webhook *webhook,
					  const struct q_change *changes, size_t count,
					  struct q_arena *arena, struct q_err *err);

/* --- Callbacks (callback.c) ------------------------------------------------------------------- */

Q_MUST_USE enum q_code q__callbacks_read(struct q_documents *d, const struct q_call *call,
					 struct q_str file_id, struct q_arena *arena,
					 struct q_str **urls, size_t *count, struct q_err *err);

/* --- Secrets and signatures (signature.c) ----------------------------------------------------- */

/* A new secret: as it is shown, and sealed for the webhook. */
Q_MUST_USE enum q_code q__secret_new(struct q_documents *d, const struct q_webhook *webhook,
				     struct q_arena *arena, struct q_str *text,
				     struct q_str *sealed, struct q_err *err);
/* "whsec_" and base64. */
Q_MUST_USE enum q_code q__secret_text(const unsigned char secret[Q__SECRET_BYTES],
				      struct q_arena *arena, struct q_str *out, struct q_err *err);
Q_MUST_USE enum q_code q__secret_open(struct q_documents *d, const struct q_webhook *webhook,
				      struct q_str sealed, struct q_arena *arena,
				      struct q_bytes *out, struct q_err *err);
/* The header webhook-signature: one signature a secret that signs at `now_ms`. */
Q_MUST_USE enum q_code q__sign(struct q_documents *d, const struct q__endpoint *endpoint,
			       struct q_str message_id, int64_t now_ms, struct q_str body,
			       struct q_arena *arena, struct q_str *out, struct q_err *err);

/* --- When to try again (retry.c) -------------------------------------------------------------- */

enum { Q__ATTEMPTS_MAX = 8 };

/* How long after failed attempt number `attempt`, from 1, the next one is made: the table's time,
 * 10 % more or less by chance. -1: it is given up. */
int64_t q__retry_delay_ms(int64_t attempt, struct q_random_source *random);

/* How long a receiver is left alone after so many failures in a row. */
int64_t q__queue_pause_ms(int64_t failures);

/* What a Retry-After asks for, from 0 to a day; 0 also where it is malformed. */
int64_t q__retry_after_ms(struct q_str header, int64_t now_ms);

/* --- Deliveries (delivery.c) ------------------------------------------------------------------ */

struct q__delivery {
	struct q_delivery view; /* first: what others see */
	struct q_str queue;	/* the name of its queue */
	int64_t round;		/* attempts since it was made or sent again: places in the table */
};

/* "document.completed" and so on; the body is what every attempt sends. */
struct q__message {
	struct q_str id;
	struct q_str event_type;
	struct q_str file_id;
	struct q_str body;
};

struct q_str q__notices_bucket(struct q_arena *arena, unsigned bucket);
Q_MUST_USE enum q_code q__notice_parse(const struct q_item *item, struct q__notice *out,
				       struct q_err *err);
/* The message that tells of a job's end. */
Q_MUST_USE enum q_code q__message_of_end(const struct q__notice *notice, struct q_arena *arena,
					 struct q__message *out, struct q_err *err);

/* A new delivery of `message` to `url` (the webhook's, or a callback's), as the writes that make
 * it: the first has the condition that there is none yet for this message and receiver. */
enum { Q__DELIVERY_WRITES = 2 };
Q_MUST_USE enum q_code q__delivery_make(struct q_documents *d, const struct q_webhook *webhook,
					struct q_str url, const struct q__message *message,
					bool ends_pause, struct q_arena *arena,
					struct q__delivery *out,
					struct q_write writes[Q__DELIVERY_WRITES],
					struct q_err *err);
/* Sends a delivery again that is over. Q_CONFLICT: it waits to be sent. */
Q_MUST_USE enum q_code q__delivery_resend(struct q_documents *d, const struct q_call *call,
					  const struct q__delivery *delivery, struct q_arena *arena,
					  struct q_err *err);
/* Makes it. What is there already stays as it is: Q_OK. */
Q_MUST_USE enum q_code q__delivery_add(struct q_documents *d, const struct q_call *call,
				       const struct q_webhook *webhook, struct q_str url,
				       const struct q__message *message, struct q_arena *arena,
				       struct q_err *err);
Q_MUST_USE enum q_code q__delivery_parse(const struct q_item *item, struct q__delivery *out,
					 struct q_err *err);
struct q_record_key q__delivery_key(struct q_arena *arena, struct q_str id);
/* Index 1: the log of a webhook. */
struct q_record_key q__delivery_log_key(struct q_arena *arena, struct q_str tenant_id,
					struct q_str webhook_id, int64_t created_at_ms,
					struct q_str id);
/* Index 2 of a delivery that waits: of those that are due at once the oldest comes first. */
struct q_record_key q__delivery_due_key(struct q_arena *arena, const struct q__delivery *delivery,
					int64_t due_at_ms);

/* --- Queues (queue.c) ------------------------------------------------------------------------- */

/* `added` and `finished` count deliveries for ever: it is empty when they are equal. */
struct q__queue {
	struct q_str tenant_id;
	struct q_str name;
	int64_t added, finished;
	int64_t epoch;
	int64_t lease_until_ms;
	int64_t paused_until_ms; /* after failures; 0: it is not */
	int64_t failures;	 /* in a row */
};

/* Index 2 of a queue that is not empty. */
struct q_record_key q__queue_due_key(struct q_arena *arena, const struct q__queue *queue,
				     int64_t due_at_ms);
/* The queue of deliveries to `url` of this webhook: callbacks have one an origin. */
struct q_str q__queue_name(const struct q_webhook *webhook, struct q_str url,
			   struct q_arena *arena);
struct q_record_key q__queue_key(struct q_arena *arena, struct q_str tenant_id, struct q_str name);
/* Adds one delivery that is due now; `ends_pause`: a person waits for it. */
struct q_write q__queue_add_write(struct q_documents *d, struct q_str tenant_id, struct q_str name,
				  bool ends_pause, struct q_arena *arena);
/* Claims a queue with something due. Q_NOTFOUND: there is none. */
Q_MUST_USE enum q_code q__queue_claim(struct q_documents *d, const struct q_call *call,
				      struct q_arena *arena, struct q__queue *out,
				      struct q_err *err);
/* Gives a claimed queue back; it is looked at again when something is due. */
Q_MUST_USE enum q_code q__queue_release(struct q_documents *d, const struct q_call *call,
					const struct q__queue *queue, struct q_arena *arena,
					struct q_err *err);

/* The next deliveries of a queue that are due, the longest due first. */
Q_MUST_USE enum q_code q__deliveries_read_due(struct q_documents *d, const struct q_call *call,
					      const struct q__queue *queue, size_t limit,
					      struct q_arena *arena, struct q__delivery **out,
					      size_t *count, struct q_err *err);

/* --- Sending (attempt.c) ---------------------------------------------------------------------- */

/* Sends a delivery of a claimed queue once, notes what came of it and renews the lease.
 * Q_CONFLICT: the queue or the delivery is no longer ours. */
Q_MUST_USE enum q_code q__attempt(struct q_documents *d, const struct q_call *call,
				  struct q__queue *queue, struct q__delivery *delivery,
				  struct q_arena *arena, struct q_err *err);

#endif
