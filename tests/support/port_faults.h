/* support/port_faults.h: which calls of a port fail, for adapters around adapters.
 *
 * Contract:  calls are counted from 1. One that fails does nothing and answers `code`. One that is
 *            lost does its work and then answers `code` too: the caller cannot know. From the call
 *            that stops on, all fail, as when a process has died.
 * Threads:   any; with several, which call is the Nth is up to them. */
#ifndef Q_TESTS_PORT_FAULTS_H
#define Q_TESTS_PORT_FAULTS_H

#include "base/error.h"
#include "ports/random_source.h"

#include <stdatomic.h>
#include <stdbool.h>

struct port_faults {
	enum q_code code;   /* Q_OK stands for Q_TIMEOUT */
	uint64_t fail_call; /* this call fails; 0: none */
	uint64_t lose_call; /* this call is lost; 0: none */
	uint64_t stop_call; /* this call and all after it fail; 0: none */
	bool stop_is_lost;  /* the call that stops has still done its work */
	/* Of a thousand calls, by chance; random may be NULL where all are 0. */
	unsigned fail_per_mille;
	unsigned lose_per_mille;
	struct q_random_source *random;
	/* Runs before each call: what others do meanwhile. May be NULL. */
	void (*meanwhile)(void *context);
	void *context;
};

/* The faults of one adapter, and its calls so far. */
struct port_fate {
	struct port_faults faults;
	atomic_ullong calls;
};

enum port_outcome { PORT_GOES_WELL, PORT_FAILS, PORT_IS_LOST };

/* Counts anew under these faults. No call may run meanwhile. */
void port_fate_set(struct port_fate *fate, const struct port_faults *faults);

/* Counts a call: what is to become of it? */
enum port_outcome port_fate_next(struct port_fate *fate);

/* The answer of a call that fails. */
enum q_code port_fate_fail(const struct port_fate *fate, struct q_err *err);

/* The answer of a call that has done its work: what the inner adapter said, unless that is lost. */
enum q_code port_fate_answer(const struct port_fate *fate, enum port_outcome outcome,
			     enum q_code code, struct q_err *err);

/* True in so many of a thousand cases. */
bool port_chance(struct q_random_source *random, unsigned per_mille);

#endif
