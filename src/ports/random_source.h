/* ports/random_source.h: unpredictable bytes, so that a test can own them.
 *
 * Threads:   any.
 * Errors:    none: a system without a generator cannot start. */
#ifndef Q_PORTS_RANDOM_SOURCE_H
#define Q_PORTS_RANDOM_SOURCE_H

#include "base/uuid.h"

struct q_random_source {
	const struct q_random_source_ops *ops;
};

struct q_random_source_ops {
	const char *name; /* "system" */
	void (*fill)(struct q_random_source *, void *out, size_t count);
	void (*close)(struct q_random_source *);
};

void q_random_source_fill(struct q_random_source *random, void *out, size_t count);

/* Uniform in [0, bound); bound > 0. */
uint64_t q_random_source_below(struct q_random_source *random, uint64_t bound);

/* A new UUIDv7 at the given wall time. */
void q_random_source_uuid(struct q_random_source *random, int64_t wall_ms,
			  char out[Q_UUID_TEXT_SIZE]);

/* Last call; NULL is allowed. */
void q_random_source_close(struct q_random_source *random);

#endif
