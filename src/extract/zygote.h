/* extract/zygote.h: the process that has the engine loaded and forks a child for each request.
 *
 * Contract:  takes requests from the control socket (protocol.h) until it is closed, then kills
 *            what still runs and returns. It reads no document: its memory, which every child
 *            starts with, is the same for all of them.
 * Ownership: the descriptor of the control socket is borrowed.
 * Threads:   one.
 * Errors:    Q_UNSUPPORTED (said in its hello, too), Q_IO. */
#ifndef Q_EXTRACT_ZYGOTE_H
#define Q_EXTRACT_ZYGOTE_H

#include "base/error.h"

#include <stdbool.h>

enum { Q__ZYGOTE_CHILDREN_MAX = 32 }; /* further requests wait in the socket */

Q_MUST_USE enum q_code q__zygote_run(int control_fd, struct q_err *err);

/* Forks a child that enters the sandbox: true when it came back alive. */
bool q__zygote_can_sandbox(void);

#endif
