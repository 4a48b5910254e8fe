/* support/blob_store_faulty.h: a blob store around another, whose calls fail as a test wants.
 *
 * Contract:  a call is any operation that may fail, counted from 1: opening, adding to and
 *            committing a writer are three. One that fails does nothing and answers `code`. One
 *            that is lost does its work and then answers Q_IO: the caller cannot know. Links are
 *            made and checked without counting.
 * Ownership: the inner store is borrowed, and must outlive this one.
 * Threads:   any; with several, which call is the Nth is up to them. */
#ifndef Q_TESTS_BLOB_STORE_FAULTY_H
#define Q_TESTS_BLOB_STORE_FAULTY_H

#include "ports/blob_store.h"
#include "ports/random_source.h"

struct blob_store_faults {
	enum q_code code;   /* of calls that fail; Q_OK stands for Q_IO */
	uint64_t fail_call; /* this call fails; 0: none */
	uint64_t lose_call; /* this call is lost; 0: none */
	/* Of a thousand calls, by chance; random may be NULL where all are 0. */
	unsigned fail_per_mille;
	unsigned lose_per_mille;
	unsigned
		repeat_per_mille; /* is done twice, where the port allows it; the second's answer */
	struct q_random_source *random;
	/* Runs before each call: what others do meanwhile. May be NULL. */
	void (*meanwhile)(void *context);
	void *context;
};

/* NULL when the heap is full. q_blob_store_close frees it, and not the inner store. */
struct q_blob_store *blob_store_faulty_new(struct q_blob_store *inner,
					   const struct blob_store_faults *faults);

/* Counts anew under other faults. No call may run meanwhile. */
void blob_store_faulty_set(struct q_blob_store *store, const struct blob_store_faults *faults);

/* Calls so far: where fail_call is above it, nothing failed. */
uint64_t blob_store_faulty_calls(const struct q_blob_store *store);

#endif
