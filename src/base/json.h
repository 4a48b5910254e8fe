/* base/json.h: reading JSON (RFC 8259) with limits, and writing it. Reading is yyjson's; no other
 * file includes it.
 *
 * Contract:  a document is parsed whole, refused where it breaks a limit, is not valid UTF-8 or
 *            has bytes after its end. Accessors take NULL for a value and then answer "not there",
 *            so that paths of optional members need one check at their end.
 * Ownership: values and their strings live in the arena given to q_json_parse: a few times the
 *            text's bytes, at the very worst ("[1,1,1,...") 37 times.
 * Threads:   a parsed document may be read from any thread; a writer belongs to one.
 * Errors:    Q_INVALID (message names line and column, never the content), Q_TOOBIG, Q_NOMEM. */
#ifndef Q_BASE_JSON_H
#define Q_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct q_json; /* a value */

struct q_json_limits {
	size_t bytes_max;
	unsigned depth_max;
	bool refuse_duplicates; /* members of one object that have the same name */
};

/* 1 MiB, depth 32, duplicates refused: what a request body may be. */
extern const struct q_json_limits q_json_request_limits;

enum q_json_type {
	Q_JSON_ABSENT, /* the type of NULL */
	Q_JSON_NULL,
	Q_JSON_BOOL,
	Q_JSON_NUMBER,
	Q_JSON_STRING,
	Q_JSON_ARRAY,
	Q_JSON_OBJECT
};

Q_MUST_USE enum q_code q_json_parse(struct q_arena *arena, struct q_bytes text,
				    const struct q_json_limits *limits, const struct q_json **out,
				    struct q_err *err);

enum q_json_type q_json_type_of(const struct q_json *value);

/* The member of an object; NULL where absent or where `object` is none. */
const struct q_json *q_json_member(const struct q_json *object, struct q_str name);

/* Each is false, and leaves *out alone, where the value is of another type (int64: or not an exact
 * integer in range). */
bool q_json_string(const struct q_json *value, struct q_str *out);
bool q_json_int64(const struct q_json *value, int64_t *out);
bool q_json_double(const struct q_json *value, double *out);
bool q_json_bool(const struct q_json *value, bool *out);

/* Members of an object or elements of an array; 0 for anything else. */
size_t q_json_count(const struct q_json *value);

/* The element of an array; NULL beyond its end. Linear: walk with q_json_next instead. */
const struct q_json *q_json_element(const struct q_json *array, size_t index);

/* Walks an object or array: `for (it = q_json_walk(v); q_json_next(&it);)` uses it.name (objects)
 * and it.value. */
struct q_json_walk {
	struct q_str name;
	const struct q_json *value;
	const struct q_json *container;
	const struct q_json *next;
	size_t left;
};
struct q_json_walk q_json_walk(const struct q_json *container);
bool q_json_next(struct q_json_walk *walk);

/* Appends the value as compact JSON. */
bool q_json_write_value(struct q_buf *out, const struct q_json *value);

/* The writer: commas, quotes and escapes are its work; the nesting is the caller's (a wrong one is
 * a bug). Bytes that are not UTF-8 are written as U+FFFD, so that the output is always JSON. Check
 * q_buf_failed at the end. */
struct q_json_writer {
	struct q_buf *out;
	unsigned depth;
	bool needs_comma;
	bool after_name;
};

void q_json_writer_init(struct q_json_writer *w, struct q_buf *out);

void q_json_begin_object(struct q_json_writer *w);
void q_json_end_object(struct q_json_writer *w);
void q_json_begin_array(struct q_json_writer *w);
void q_json_end_array(struct q_json_writer *w);
void q_json_name(struct q_json_writer *w, const char *name);
void q_json_name_str(struct q_json_writer *w, struct q_str name);

void q_json_put_string(struct q_json_writer *w, struct q_str s);
void q_json_put_int64(struct q_json_writer *w, int64_t n);
void q_json_put_double(struct q_json_writer *w, double n); /* not finite: null */
void q_json_put_bool(struct q_json_writer *w, bool b);
void q_json_put_null(struct q_json_writer *w);
/* A time in ms as an RFC 3339 string. */
void q_json_put_time(struct q_json_writer *w, int64_t wall_ms);
/* One that was parsed, as compact JSON. */
void q_json_put_value(struct q_json_writer *w, const struct q_json *value);
/* `json` is one complete value; written as it is. */
void q_json_put_raw(struct q_json_writer *w, struct q_str json);

/* name and value in one. */
void q_json_field_string(struct q_json_writer *w, const char *name, struct q_str s);
void q_json_field_int64(struct q_json_writer *w, const char *name, int64_t n);
void q_json_field_bool(struct q_json_writer *w, const char *name, bool b);
void q_json_field_time(struct q_json_writer *w, const char *name, int64_t wall_ms);
void q_json_field_raw(struct q_json_writer *w, const char *name, struct q_str json);

#endif
