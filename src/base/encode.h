/* base/encode.h: bytes as text: lower-case hex, base64url without padding (RFC 4648 5),
 * base64 with it (RFC 4648 4), percent-encoding (RFC 3986). Encoders append to a buffer; decoders
 * are strict (one text for each value) and return false on anything else. */
#ifndef Q_BASE_ENCODE_H
#define Q_BASE_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"

/* Two digits for each byte, and no NUL, into memory of the caller's: for texts of a fixed size. */
void q_hex_write(struct q_bytes bytes, char *out);

bool q_encode_hex(struct q_buf *out, struct q_bytes bytes);
bool q_decode_hex(struct q_str text, unsigned char *out, size_t out_bytes); /* exactly out_bytes */

bool q_encode_base64url(struct q_buf *out, struct q_bytes bytes);
bool q_encode_base64(struct q_buf *out, struct q_bytes bytes);
bool q_decode_base64url(struct q_arena *arena, struct q_str text, struct q_bytes *out);

/* Every byte but the unreserved ones becomes %XX. */
bool q_encode_percent(struct q_buf *out, struct q_str s);

/* As q_encode_percent, but '/' stays: for paths. */
bool q_encode_percent_path(struct q_buf *out, struct q_str s);

/* False on a bad escape. '+' stays '+': in a query (application/x-www-form-urlencoded) use
 * plus_is_space. */
bool q_decode_percent(struct q_arena *arena, struct q_str s, bool plus_is_space, struct q_str *out);

/* As q_decode_percent, to `out`: room for s.length bytes, which may be those of s. No NUL follows.
 */
bool q_decode_percent_into(char *out, struct q_str s, bool plus_is_space, size_t *out_length);

#endif
