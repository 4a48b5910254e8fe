/* support/record_store_lagging.h: a record store around another, whose indexes lag: a query on an
 * index is answered as of an earlier moment, and never goes back behind one.
 *
 * Contract:  within what the port allows: gets, writes and queries on the table are the inner
 *            store's. So are queries on an index that are descending or go on with a page.
 * Ownership: the inner store and its change feed are borrowed, and must outlive this one.
 * Threads:   one. */
#ifndef Q_TESTS_RECORD_STORE_LAGGING_H
#define Q_TESTS_RECORD_STORE_LAGGING_H

#include "ports/change_feed.h"
#include "ports/clock.h"
#include "ports/random_source.h"
#include "ports/record_store.h"

struct record_store_lag {
	struct q_change_feed *changes; /* of the inner store */
	struct q_clock *clock;
	struct q_random_source *random;
	unsigned lag_per_mille; /* of a thousand queries, those before which the indexes do not
				   catch up */
};

/* NULL when the heap is full. q_record_store_close frees it, and not the inner store. */
struct q_record_store *record_store_lagging_new(struct q_record_store *inner,
						const struct record_store_lag *lag);

#endif
