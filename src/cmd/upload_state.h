/* cmd/upload_state.h: what lets `quire upload` go on after it was broken off: the id of the upload
 * that a file was being sent as, in a file of $XDG_STATE_HOME/quire/uploads (or ~/.local/state).
 *
 * Contract:  a state is found again by the same server, file (path, size, time of its last change)
 *            and options. Where it cannot be kept, nothing is: the upload itself does not fail.
 * Ownership: results live in the arena.
 * Threads:   one. */
#ifndef Q_CMD_UPLOAD_STATE_H
#define Q_CMD_UPLOAD_STATE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The path of the state's file for what these texts name; NULL where there is no place for it. */
const char *q_upload_state_path(struct q_arena *arena, const struct q_str *names, size_t count);

/* The file id; empty where there is none. */
struct q_str q_upload_state_read(struct q_arena *arena, const char *path);
Q_MUST_USE enum q_code q_upload_state_write(const char *path, struct q_str file_id,
					    struct q_err *err);
void q_upload_state_remove(const char *path);

#endif
