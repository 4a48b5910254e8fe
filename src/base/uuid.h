/* base/uuid.h: UUID version 7 (RFC 9562): 48 bits of wall time in ms, then random bits: ids sort
 * by time. */
#ifndef Q_BASE_UUID_H
#define Q_BASE_UUID_H

#include "base/str.h"

enum { Q_UUID_TEXT_SIZE = 37 };

/* The lower-case text form and a NUL. `entropy` is 10 random bytes, given so that tests own them.
 */
void q_uuid_v7(int64_t wall_ms, const unsigned char entropy[10], char out[Q_UUID_TEXT_SIZE]);

/* Exactly the lower-case 8-4-4-4-12 form, any version. */
bool q_uuid_is_valid(struct q_str text);

#endif
