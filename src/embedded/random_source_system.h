/* embedded/random_source_system.h: the random_source port on the kernel's generator. Wiring alone
 * includes this. */
#ifndef Q_EMBEDDED_RANDOM_SOURCE_SYSTEM_H
#define Q_EMBEDDED_RANDOM_SOURCE_SYSTEM_H

#include "base/error.h"
#include "ports/random_source.h"

/* Errors: Q_NOMEM. */
Q_MUST_USE enum q_code q_random_source_system_open(struct q_random_source **out, struct q_err *err);

#endif
