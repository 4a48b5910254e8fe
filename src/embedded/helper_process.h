/* embedded/helper_process.h: the running quire-extract: started, restarted when it has died, asked
 * for children.
 *
 * For page_extractor_helper.c alone.
 *
 * Contract:  the helper is running once open returns. A request that finds it dead starts another,
 *            but not more than Q__HELPER_STARTS_MAX within Q__HELPER_STARTS_WINDOW_MS.
 * Ownership: the helper owns its process and ends it when freed. A child's descriptors are the
 *            caller's; closing status_fd kills the child.
 * Threads:   any.
 * Errors:    Q_BUSY (restarted too often, or its queue is full: retry_after_ms), Q_UNSUPPORTED (no
 *            seccomp), Q_NOTFOUND (no such program), Q_IO, Q_NOMEM. */
#ifndef Q_EMBEDDED_HELPER_PROCESS_H
#define Q_EMBEDDED_HELPER_PROCESS_H

#include "base/error.h"
#include "extract/protocol.h"

#include <sys/types.h>

enum {
	Q__HELPER_STARTS_MAX = 5,
	Q__HELPER_STARTS_WINDOW_MS = 10 * 1000,
	Q__HELPER_HELLO_TIMEOUT_MS = 5 * 1000,
};

struct q__helper;

/* `path` is copied. */
Q_MUST_USE enum q_code q__helper_open(const char *path, struct q__helper **out, struct q_err *err);
void q__helper_close(struct q__helper *helper);

struct q__helper_child {
	int result_fd; /* what it says; does not block */
	int status_fd; /* how it ended: one q_extract_ending, or nothing when the helper is gone */
};

Q_MUST_USE enum q_code q__helper_ask(struct q__helper *helper,
				     const struct q_extract_request *request, int document_fd,
				     struct q__helper_child *out, struct q_err *err);
void q__helper_child_close(struct q__helper_child *child);

/* Of the running helper; 0 when there is none. */
pid_t q__helper_pid(struct q__helper *helper);

#endif
