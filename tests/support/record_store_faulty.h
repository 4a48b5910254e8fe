/* support/record_store_faulty.h: a record store around another, whose calls fail as a test wants
 * (port_faults.h).
 *
 * Contract:  a get, a query, a write and a transaction are one call each.
 * Ownership: the inner store is borrowed, and must outlive this one.
 * Threads:   any. */
#ifndef Q_TESTS_RECORD_STORE_FAULTY_H
#define Q_TESTS_RECORD_STORE_FAULTY_H

#include "ports/record_store.h"
#include "support/port_faults.h"

/* NULL when the heap is full. q_record_store_close frees it, and not the inner store. */
struct q_record_store *record_store_faulty_new(struct q_record_store *inner,
					       const struct port_faults *faults);

/* Counts anew under other faults. No call may run meanwhile. */
void record_store_faulty_set(struct q_record_store *store, const struct port_faults *faults);

/* Calls so far: where fail_call is above it, nothing failed. */
uint64_t record_store_faulty_calls(struct q_record_store *store);

#endif
