/* cmd/part_sender.h: parts of a file, sent by several threads to the links that they were given.
 *
 * Contract:  each part is tried once; after a failure no further one is begun.
 * Ownership: everything is borrowed for the call.
 * Threads:   called by one; progress is called by that one alone. */
#ifndef Q_CMD_PART_SENDER_H
#define Q_CMD_PART_SENDER_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum { Q_PART_THREADS_MAX = 4 };

struct q_part {
	uint64_t offset, size_bytes; /* in the file */
	struct q_str url;
	struct q_str content_type;
};

struct q_part_task {
	int fd; /* of the file */
	const struct q_part *parts;
	size_t count;
	unsigned threads;				      /* 1..Q_PART_THREADS_MAX */
	void (*progress)(void *context, uint64_t sent_bytes); /* of these parts together */
	void *context;
};

struct q_part_outcome {
	size_t arrived;	  /* parts */
	int status;	  /* the first answer of 400 and above; 0: none */
	struct q_err err; /* the first part that got no answer, where status is 0; Q_OK: none */
};

void q_parts_send(const struct q_part_task *task, struct q_part_outcome *out);

#endif
