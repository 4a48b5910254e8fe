/* ports/secret_store.h: named secrets: signing keys, tokens, passwords of services.
 *
 * Contract:  values are never logged and never put into an error. Adapters cache them, and read
 *            them anew after 60 s at most.
 * Units:     names [a-z][a-z0-9-]{0,62}; values 1..8,192 bytes.
 * Ownership: the value is a copy in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID, Q_NOTFOUND, Q_CONFLICT (create: it exists), Q_UNSUPPORTED (create: a
 *            read-only store), Q_DENIED, Q_BUSY, Q_IO, Q_NOMEM.
 * Idempotency: get reads; create makes a secret once. */
#ifndef Q_PORTS_SECRET_STORE_H
#define Q_PORTS_SECRET_STORE_H

#include "base/arena.h"
#include "base/call.h"

enum { Q_SECRET_NAME_MAX = 63, Q_SECRET_VALUE_MAX = 8192 };

struct q_secret_store {
	const struct q_secret_store_ops *ops;
};

struct q_secret_store_ops {
	const char *name; /* "files", "ssm" */
	enum q_code (*get)(struct q_secret_store *, const struct q_call *, struct q_str name,
			   struct q_arena *, struct q_bytes *, struct q_err *);
	/* Optional (NULL: Q_UNSUPPORTED). */
	enum q_code (*create)(struct q_secret_store *, const struct q_call *, struct q_str name,
			      struct q_bytes value, struct q_err *);
	void (*close)(struct q_secret_store *);
};

Q_MUST_USE enum q_code q_secret_store_get(struct q_secret_store *store, const struct q_call *call,
					  struct q_str name, struct q_arena *arena,
					  struct q_bytes *out, struct q_err *err);

/* Stores the value if the name is free; durable on return. */
Q_MUST_USE enum q_code q_secret_store_create(struct q_secret_store *store,
					     const struct q_call *call, struct q_str name,
					     struct q_bytes value, struct q_err *err);

void q_secret_store_close(struct q_secret_store *store);

#endif
