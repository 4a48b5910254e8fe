/* base/error.h: errors as values. A function that can fail returns a code and fills a q_err.
 *
 * Callers branch on the code (and the reason, where a contract names reasons); people read the
 * message. A layer that translates an error keeps the cause's text with q_err_context. Secrets and
 * document text never enter a message.
 *
 * Ownership: a q_err is plain memory of the caller's; where and reason point to string literals.
 * Threads:   one q_err, one thread at a time. */
#ifndef Q_BASE_ERROR_H
#define Q_BASE_ERROR_H

#include "base/compiler.h"

#include <stdarg.h>
#include <stdint.h>

enum q_code {
	Q_OK = 0,
	Q_INVALID,   /* the caller's input is wrong: asking again with it cannot help */
	Q_NOTFOUND,  /* the thing named does not exist */
	Q_CONFLICT,  /* a condition did not hold, or another was first */
	Q_DENIED,    /* not allowed */
	Q_BUSY,	     /* overloaded or throttled: the same call may succeed later (retry_after_ms) */
	Q_TIMEOUT,   /* the deadline passed; what was asked may or may not have happened */
	Q_CANCELLED, /* the caller's cancel flag was seen */
	Q_TOOBIG,    /* a stated limit is exceeded */
	Q_NOMEM,     /* the heap or an arena is full */
	Q_NOSPACE,   /* the disk or a quota is full */
	Q_IO,	     /* the disk, the network or a peer failed */
	Q_CORRUPT,   /* stored data is not what was written */
	Q_GAP,	     /* a stream's position was trimmed: records may have been missed */
	Q_UNSUPPORTED, /* valid, but not of a kind that is handled */
	Q_CODE_COUNT
};

enum { Q_ERR_MESSAGE_MAX = 320 };

struct q_err {
	enum q_code code;
	int os_error;		/* errno, or 0 */
	int http_status;	/* of a remote peer, or 0 */
	int64_t retry_after_ms; /* a peer's or our own advice, or 0 */
	const char *where;	/* "blob_store.put": port or module, and operation */
	const char *reason;	/* a stable word such as "password_required", or NULL */
	char message[Q_ERR_MESSAGE_MAX];
};

/* "invalid", "not_found", ...: stable, for logs and metrics. */
const char *q_code_name(enum q_code code);

/* Fills *err and returns `code`, so that a caller may `return q_fail(...)`. The message is cut, at
 * a character boundary, to its size. */
enum q_code q_fail(struct q_err *err, enum q_code code, const char *where, const char *format, ...)
	Q_PRINTF(4, 5);

/* As q_fail, with a reason. */
enum q_code q_fail_reason(struct q_err *err, enum q_code code, const char *reason,
			  const char *where, const char *format, ...) Q_PRINTF(5, 6);

/* As q_fail, from an errno: ENOSPC, EDQUOT and EFBIG give Q_NOSPACE, ENOENT Q_NOTFOUND, EACCES and
 * EPERM Q_DENIED, ENOMEM Q_NOMEM, EEXIST Q_CONFLICT, else Q_IO. The message ends with the system's
 * text. */
enum q_code q_fail_os(struct q_err *err, int os_error, const char *where, const char *format, ...)
	Q_PRINTF(4, 5);

#ifdef __clang_analyzer__
/* It does not look into error.c: what it must know is that a failure is never Q_OK. */
#define q_fail(err, code, ...) ((void)q_fail(err, code, __VA_ARGS__), (enum q_code)(code))
#define q_fail_reason(err, code, ...)                                                              \
	((void)q_fail_reason(err, code, __VA_ARGS__), (enum q_code)(code))
#define q_fail_os(err, ...) ((void)q_fail_os(err, __VA_ARGS__), Q_IO)
#endif

/* Puts "text: " in front of the message and keeps all else; returns err->code. */
enum q_code q_err_context(struct q_err *err, const char *format, ...) Q_PRINTF(2, 3);

/* May the same call succeed later, unchanged? (Q_BUSY, Q_TIMEOUT, Q_IO, Q_NOMEM, Q_NOSPACE) */
int q_code_is_retryable(enum q_code code);

#endif
