/* base/log.h: one JSON object a line on a file descriptor (pretty, with colour, on a terminal).
 *
 * Contract:  a line is {"time","level","event",fields...}, written by one write(2), at most 8 KiB
 *            (cut fields say so). `event` is a stable dotted name ("job.completed"). What must
 *            never be logged (authorization, keys, tokens, signed URLs, personal data, document
 *            text) is the caller's duty: nothing is guessed here. A NULL log takes every call and
 *            writes nothing.
 * Ownership: fields are borrowed for the call.
 * Threads:   any.
 * Errors:    none: a line that cannot be written now, also because its reader stalls, is dropped
 *            and counted (q_log_dropped). */
#ifndef Q_BASE_LOG_H
#define Q_BASE_LOG_H

#include "base/error.h"
#include "base/str.h"

enum q_log_level { Q_LOG_DEBUG, Q_LOG_INFO, Q_LOG_WARN, Q_LOG_ERROR };

struct q_log;

struct q_log_field {
	const char *name;
	enum { Q_LOG_FIELD_STRING, Q_LOG_FIELD_INT64 } kind;
	struct q_str string;
	int64_t number;
};

/* NULL when the heap is full. The descriptor stays the caller's. */
Q_MUST_USE struct q_log *q_log_new(int fd, enum q_log_level level, bool is_pretty);
void q_log_free(struct q_log *log);

bool q_log_is_on(const struct q_log *log, enum q_log_level level);
int64_t q_log_dropped(const struct q_log *log);

void q_log_write(struct q_log *log, enum q_log_level level, const char *event,
		 const struct q_log_field *fields, size_t field_count);

/* A field of a q_log call. */
#define Q_LOG_STRING(NAME, S) ((struct q_log_field){(NAME), Q_LOG_FIELD_STRING, (S), 0})
#define Q_LOG_INT(NAME, N)    ((struct q_log_field){(NAME), Q_LOG_FIELD_INT64, {0}, (N)})

/* q_log(log, Q_LOG_INFO, "job.completed", Q_LOG_STRING("fileId", id), Q_LOG_INT("pages", n)); at
 * least one field. */
#define q_log(LOG, LEVEL, EVENT, ...)                                                              \
	q_log_write((LOG), (LEVEL), (EVENT), (struct q_log_field[]){__VA_ARGS__},                  \
		    Q_COUNT_OF(((struct q_log_field[]){__VA_ARGS__})))

/* One line for an error: event, where, code, reason, message, and the request id where it is not
 * empty. */
void q_log_error(struct q_log *log, enum q_log_level level, const char *event,
		 struct q_str request_id, const struct q_err *err);

bool q_log_level_parse(struct q_str text, enum q_log_level *out);

#endif
