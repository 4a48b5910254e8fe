/* base/json_internal.h: what json.c, json_writer.c, log.c and metrics.c share; for them alone. */
#ifndef Q_BASE_JSON_INTERNAL_H
#define Q_BASE_JSON_INTERNAL_H

#include "base/str.h"

enum { Q__JSON_PIECE_MAX = 6, Q__JSON_DOUBLE_MAX = 40 };

/* Reads the character at *offset, moves on, and writes it as it stands inside a JSON string:
 * itself, an escape, or U+FFFD for a byte that is not UTF-8. DEL and the C1 controls are escaped
 * too, so that no output of ours can drive a terminal. Returns the bytes written. */
size_t q__json_escape_next(struct q_str s, size_t *offset, char out[Q__JSON_PIECE_MAX]);

/* The shortest text that reads back as the same number; "null" where it is not finite. */
struct q_str q__json_double_text(double n, char out[Q__JSON_DOUBLE_MAX]);

#endif
