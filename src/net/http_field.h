/* net/http_field.h: reading and writing the values of HTTP header fields (RFC 9110 and as named).
 *
 * Contract:  pure functions over one field's value as it came (a list already joined by ", "). What
 *            cannot be read never counts as a match: a malformed conditional, range or preference
 *            is as good as none.
 * Units:     bytes; Prefer's wait in seconds.
 * Ownership: results are views into the arguments.
 * Threads:   any.
 * Errors:    parsers return false and leave *out alone. */
#ifndef Q_NET_HTTP_FIELD_H
#define Q_NET_HTTP_FIELD_H

#include "base/buf.h"
#include "base/str.h"

/* token, RFC 9110 5.6.2: methods, field names, parameter names. Never empty. */
bool q_http_is_token(struct q_str s);

/* No control character but tab: what may stand in a field's value (bytes of 0x80 and above may). */
bool q_http_is_field_value(struct q_str s);

enum { Q_HTTP_PARAMETERS_MAX = 16 };

/* `parameters` is a list of ";name=value" (RFC 9110 5.6.6): well formed, no longer than
 * Q_HTTP_PARAMETERS_MAX, each name once. */
bool q_http_parameters_are_valid(struct q_str parameters);

/* *value is without the quotes; backslash escapes stay as they are. */
bool q_http_parameter_find(struct q_str parameters, struct q_str name, struct q_str *value);

struct q_http_media_type {
	struct q_str type;
	struct q_str subtype;
	struct q_str parameters; /* valid; for q_http_parameter_find */
};

bool q_http_media_type_parse(struct q_str field, struct q_http_media_type *out);

/* `name` is "type/subtype"; case does not matter. */
bool q_http_media_type_is(const struct q_http_media_type *media_type, struct q_str name);

enum q_http_range_kind {
	Q_HTTP_RANGE_WHOLE,	   /* no range, an unknown unit, malformed, several: answer 200 */
	Q_HTTP_RANGE_PART,	   /* answer 206 with bytes first..last */
	Q_HTTP_RANGE_UNSATISFIABLE /* answer 416 */
};

struct q_http_range {
	uint64_t first;
	uint64_t last; /* inclusive, below the size */
};

/* Range: bytes=..., RFC 9110 14.2, of `size` bytes. *out is set for PART alone. */
enum q_http_range_kind q_http_range_parse(struct q_str field, uint64_t size,
					  struct q_http_range *out);

/* If-None-Match, RFC 9110 13.1.2: "*", or the weak comparison holds for one of the list. `etag` is
 * given with its quotes. */
bool q_http_if_none_match(struct q_str field, struct q_str etag);

/* If-Match, RFC 9110 13.1.1: "*", or the strong comparison holds for one of the list. */
bool q_http_if_match(struct q_str field, struct q_str etag);

/* Prefer: wait=N (RFC 7240 4.3); the first counts. */
bool q_http_prefer_wait(struct q_str field, int64_t *seconds);

/* Accept, RFC 9110 12.5.1: the most particular range that covers `media_type` weighs more than 0.
 * An empty field accepts everything. */
bool q_http_accepts(struct q_str field, struct q_str media_type);

/* As q_http_accepts, but only where the field names the type itself: for forms that are given on
 * request alone. */
bool q_http_accepts_by_name(struct q_str field, struct q_str media_type);

/* Appends a Content-Disposition value (RFC 6266): attachment, with a plain filename and, where that
 * had to change characters, filename* (RFC 8187) too. Control characters and path separators become
 * '_', bad UTF-8 U+FFFD. */
bool q_http_write_attachment(struct q_buf *out, struct q_str filename);

#endif
