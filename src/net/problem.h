/* net/problem.h: errors as application/problem+json (RFC 9457): every error answer has this one
 * shape, {type, title, status, detail, code, requestId, errors?[{field, reason}]}.
 *
 * Contract:  `code` is a stable word. What a q_err says reaches the client only for the codes that
 *            speak of its own input (Q_INVALID, Q_CONFLICT, Q_TOOBIG, Q_UNSUPPORTED); for all
 *            others `detail` is a fixed sentence, and the error is logged with the request's id.
 * Ownership: arguments are borrowed for the call (copied into the answer).
 * Threads:   as http_response.h.
 * Errors:    none. */
#ifndef Q_NET_PROBLEM_H
#define Q_NET_PROBLEM_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct q_http_request;

struct q_problem_field {
	struct q_str field;  /* "fileSize", "items[2].name", "query.limit" */
	struct q_str reason; /* for people: "must be 1..100" */
};

struct q_problem {
	int status;
	const char *code;    /* "empty_file"; NULL: the default word of the status */
	const char *title;   /* NULL: the status text */
	struct q_str detail; /* what to do about it */
	const struct q_problem_field *errors;
	size_t error_count;
	int64_t retry_after_ms; /* > 0: Retry-After, rounded up to seconds */
};

/* Answers. Headers added before (WWW-Authenticate...) go with it. */
void q_http_respond_problem(struct q_http_request *request, const struct q_problem *problem);

/* The same for the common case: status, code and a detail in printf's manner. */
void q_http_respond_refusal(struct q_http_request *request, int status, const char *code,
			    const char *detail, ...) Q_PRINTF(4, 5);

/* Answers with the problem of an error: status and default code by the table in problem.c
 * (err->reason, where set on a 4xx or 507, is the code), Retry-After for 503. Logs 5xx with `err`
 * in full, but for Q_BUSY and Q_CANCELLED: they are no faults. */
void q_http_respond_error(struct q_http_request *request, const struct q_err *err);

/* Q_INVALID 400, Q_NOTFOUND 404, Q_CONFLICT 409, Q_DENIED 403, Q_BUSY 503, Q_TIMEOUT 504,
 * Q_CANCELLED 503, Q_TOOBIG 413, Q_NOMEM 503, Q_NOSPACE 507, Q_IO 503, Q_CORRUPT 500, Q_GAP 410,
 * Q_UNSUPPORTED 415. Q_OK is a bug. */
int q_problem_status(enum q_code code);

/* The problem of an error, for what is not a request's own answer (an item of a list, an event).
 * `detail` borrows from *err. */
struct q_problem q_problem_from_error(const struct q_err *err);

/* The JSON text. False when the buffer fails. */
bool q_problem_write(struct q_buf *out, const struct q_problem *problem, struct q_str request_id);

#endif
