/* support/change_feed_faulty.h: a change feed around another that has one partition, which
 * repeats, delays and splits the changes, and whose calls fail (port_faults.h).
 *
 * Contract:  within what the port allows. Splitting spreads the items over several partitions, so
 *            that the changes of different items come in any order and those of a transaction
 *            apart; an item's own keep theirs. A read that repeats begins where the one before it
 *            began. One that delays ends early, perhaps with nothing.
 * Ownership: the inner feed is borrowed, and must outlive this one.
 * Threads:   any, one at a time a partition. */
#ifndef Q_TESTS_CHANGE_FEED_FAULTY_H
#define Q_TESTS_CHANGE_FEED_FAULTY_H

#include "ports/change_feed.h"
#include "support/port_faults.h"

enum { CHANGE_FEED_FAULTY_PARTITIONS_MAX = 8 };

struct change_feed_faults {
	struct port_faults calls; /* `random` is for the following too */
	unsigned
		partition_count; /* 1..CHANGE_FEED_FAULTY_PARTITIONS_MAX; 0 stands for 1. May not be set anew */
	/* Of a thousand reads. */
	unsigned repeat_per_mille;
	unsigned delay_per_mille;
};

/* NULL when the heap is full. q_change_feed_close frees it, and not the inner feed. */
struct q_change_feed *change_feed_faulty_new(struct q_change_feed *inner,
					     const struct change_feed_faults *faults);

/* Counts anew under other faults. No call may run meanwhile. */
void change_feed_faulty_set(struct q_change_feed *feed, const struct change_feed_faults *faults);

uint64_t change_feed_faulty_calls(struct q_change_feed *feed);

#endif
