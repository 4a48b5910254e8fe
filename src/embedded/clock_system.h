/* embedded/clock_system.h: the clock port on the machine's clocks. Wiring alone includes this. */
#ifndef Q_EMBEDDED_CLOCK_SYSTEM_H
#define Q_EMBEDDED_CLOCK_SYSTEM_H

#include "base/error.h"
#include "ports/clock.h"

/* Errors: Q_NOMEM. */
Q_MUST_USE enum q_code q_clock_system_open(struct q_clock **out, struct q_err *err);

#endif
