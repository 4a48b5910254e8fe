/* base/env_file.h: reads the text of an env file: NAME=value lines, `#` comments, blank lines, an
 * optional `export `.
 *
 * Contract:  a value is bare (up to a ` #` or the line's end, trimmed), 'single quoted' (as it is)
 *            or "double quoted" (\" \\ \n are escapes). Nothing is expanded: a $ is a $. A value
 *            ends on its line.
 * Ownership: names are views of the text; values too, or live in the arena, if they had escapes.
 * Threads:   a reader belongs to one.
 * Errors:    Q_INVALID (the message names the line, never the value), Q_NOMEM. */
#ifndef Q_BASE_ENV_FILE_H
#define Q_BASE_ENV_FILE_H

#include "base/arena.h"
#include "base/error.h"

struct q_env_file {
	struct q_str rest; /* the text that is not read yet */
	size_t line;	   /* of the entry read last, from 1 */
};

/* The next entry; an empty name at the end. Start with {.rest = text}. */
Q_MUST_USE enum q_code q_env_file_next(struct q_env_file *file, struct q_arena *arena,
				       struct q_str *name, struct q_str *value, struct q_err *err);

#endif
