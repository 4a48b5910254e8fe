/* access/idempotency.h: a request that names itself by an Idempotency-Key is done once, however
 * often it is sent.
 *
 * A key is of one tenant, principal and route. begin takes it for one request, by an item that
 * lapses by itself after a minute, so that a crash does not lock the key; keep holds it for longer.
 * The record, what the body was (its hash) and what is to be answered, is a write in the
 * transaction that makes the object. From then on, for a day, begin finds it.
 *
 * Contract:  where a lease has lapsed and another request has taken the key, the first one's record
 *            meets Q_CONFLICT: of two requests with one key one makes the object.
 * Units:     ms.
 * Ownership: a q_idempotency lives in the arena given to begin, and borrows the ports.
 * Threads:   one at a time.
 * Errors:    those of the record store; Q_INVALID with reason "bad_idempotency_key", Q_CONFLICT
 *            with reason "idempotency_in_flight" or "idempotency_mismatch".
 * Idempotency: its purpose. */
#ifndef Q_ACCESS_IDEMPOTENCY_H
#define Q_ACCESS_IDEMPOTENCY_H

#include "access/policy.h"
#include "base/hash.h"
#include "base/keyring.h"
#include "ports/clock.h"
#include "ports/random_source.h"
#include "ports/record_store.h"

enum {
	Q_IDEMPOTENCY_KEY_MAX = 255,
	Q_IDEMPOTENCY_LEASE_MS = 60 * 1000, /* longer than any handler may take */
	Q_IDEMPOTENCY_LIFE_MS = 24 * 3600 * 1000
};

struct q_idempotency_ports {
	struct q_record_store *records;
	struct q_clock *clock;
	struct q_random_source *random;
	const struct q_keyring *keyring; /* seals secrets; may be NULL where no answer has one */
};

struct q_idempotency;

/* Takes the key (1 to 255 printable ASCII characters), or finds its record. */
Q_MUST_USE enum q_code q_idempotency_begin(const struct q_idempotency_ports *ports,
					   const struct q_call *call, const struct q_identity *who,
					   struct q_str route, struct q_str key,
					   struct q_arena *arena, struct q_idempotency **out,
					   struct q_err *err);

/* Says what the request's body is: the hash of its parts, as they were decoded. Before any of the
 * functions below but keep and release. Q_CONFLICT where the key was used for another body. */
Q_MUST_USE enum q_code q_idempotency_identify(struct q_idempotency *once, const struct q_str *parts,
					      size_t count, struct q_err *err);

/* Has the request been done before? Then this is what was recorded to answer it with. NULL is a
 * request without a key. */
bool q_idempotency_find_answer(const struct q_idempotency *once, struct q_str *answer);

/* The record, as a write for the transaction that makes the object. False: out of memory. */
Q_MUST_USE bool q_idempotency_write(struct q_idempotency *once, struct q_str answer,
				    struct q_write *out);
/* The same with a secret that is shown once, and kept sealed. */
Q_MUST_USE bool q_idempotency_write_secret(struct q_idempotency *once, struct q_str answer,
					   struct q_str secret, struct q_write *out);
/* The secret of the record that was found. */
Q_MUST_USE enum q_code q_idempotency_open_secret(const struct q_idempotency *once,
						 struct q_str *secret, struct q_err *err);

/* The record by itself, where nothing is made. Again: Q_OK. */
Q_MUST_USE enum q_code q_idempotency_commit(struct q_idempotency *once, const struct q_call *call,
					    struct q_str answer, struct q_err *err);

/* Goes on holding the key; to be called as often as one likes. */
Q_MUST_USE enum q_code q_idempotency_keep(struct q_idempotency *once, const struct q_call *call,
					  struct q_err *err);

/* Gives the key back after a failure. What was recorded stays. NULL is allowed. */
void q_idempotency_release(struct q_idempotency *once);

#endif
