/* cmd/roles.h: the threads that step the roles: workers, aggregator, sweeper, upkeep.
 *
 * Threads:   started and stopped by one.
 * Ownership: borrows the wiring and the documents until freed. */
#ifndef Q_CMD_ROLES_H
#define Q_CMD_ROLES_H

#include "cmd/wiring.h"

struct q_roles;

Q_MUST_USE enum q_code q_roles_start(struct q_wiring *wiring, struct q_documents *documents,
				     unsigned workers, struct q_roles **out, struct q_err *err);

/* No step starts any more; those that run may finish until grace_ms have passed, then their calls
 * are cancelled. Leases are given back. Frees the roles. NULL is allowed. */
void q_roles_stop(struct q_roles *roles, int64_t grace_ms);

#endif
