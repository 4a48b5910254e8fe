/* extract/sandbox.h: the last step before foreign bytes are read: from here on the process may
 * compute, read and write what it has open, and end. Anything else kills it.
 *
 * Contract:  call it with one thread. It cannot be undone. A system call that is not on the list
 *            ends the process with SIGSYS. Where the kernel has no seccomp it fails, and the
 *            caller must not go on.
 * Units:     bytes, seconds.
 * Errors:    Q_UNSUPPORTED (no seccomp), Q_IO, Q_NOMEM. */
#ifndef Q_EXTRACT_SANDBOX_H
#define Q_EXTRACT_SANDBOX_H

#include "base/error.h"

#include <stdint.h>

/* What a child may occupy. Sanitizers reserve terabytes of addresses: in their builds the helper
 * watches the child's resident memory instead (see zygote.c). */
enum { Q__SANDBOX_MEMORY_BYTES = 1 << 30 };

Q_MUST_USE enum q_code q__sandbox_enter(uint64_t cpu_seconds, struct q_err *err);

#endif
