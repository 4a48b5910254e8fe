/* cmd/child_server.h: a server of our own, on a data directory that goes with it: for `quire demo`.
 */
#ifndef Q_CMD_CHILD_SERVER_H
#define Q_CMD_CHILD_SERVER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

#include <sys/types.h>

struct q_child_server {
	pid_t pid;
	struct q_str data_dir;
	struct q_str url;
	struct q_str token; /* of an admin of the tenant `default`, for an hour */
};

/* Starts `quire serve` on any free port of loopback and waits until it listens. Strings live in
 * the arena. */
Q_MUST_USE enum q_code q_child_server_start(struct q_arena *arena, struct q_child_server *out,
					    struct q_err *err);

/* Ends it and removes its data. */
void q_child_server_stop(struct q_child_server *server);

#endif
