/* search/segment/paced_directory.h: a directory whose outputs write no faster than they may, so
 * that a merge leaves the disk to those who wait for it.
 *
 * Ownership: borrows the inner directory and the pace.
 * Threads:   a pace is shared: any thread may stop it, which ends what waits.
 * Errors:    as search/segment/directory.h; Q_CANCELLED from writing, once the pace is stopped. */
#ifndef Q_SEARCH_SEGMENT_PACED_DIRECTORY_H
#define Q_SEARCH_SEGMENT_PACED_DIRECTORY_H

#include "search/segment/directory.h"

#include <stdatomic.h>

struct q_bell;

struct q__pace {
	uint64_t bytes_per_second; /* 0: as fast as can be */
	struct q_bell *bell;	   /* borrowed; rung for nothing but a stop */
	atomic_bool is_stopped;
};

struct q__paced_directory {
	struct q__directory base;
	struct q__directory *inner;
	struct q__pace *pace; /* NULL: none */
};

/* It creates, maps and removes files, and does nothing else; there is nothing to close. */
void q__paced_directory_init(struct q__paced_directory *directory, struct q__directory *inner,
			     struct q__pace *pace);

#endif
