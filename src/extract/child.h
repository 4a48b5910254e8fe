/* extract/child.h: what a forked child does: shut itself in, open the document, read the pages, say
 * them, end.
 *
 * Contract:  descriptors other than the two that are given are closed. The result is the exit
 *            status; the child may as well be ended by a signal: SIGALRM after page_timeout_ms
 *            with one page (or the opening), SIGXCPU, SIGSYS, or what the engine brings upon
 *            itself. Waiting for the reader of the frames counts for no page.
 * Units:     see protocol.h.
 * Threads:   one; to be called right after fork, in the child. */
#ifndef Q_EXTRACT_CHILD_H
#define Q_EXTRACT_CHILD_H

#include "extract/protocol.h"

#include <stdbool.h>
#include <sys/types.h>

struct q__child_task {
	struct q_extract_request request;
	int document_fd;
	int result_fd;
	bool is_json; /* lines for people instead of frames */
	pid_t parent; /* dies with it */
};

int q__child_run(const struct q__child_task *task);

/* Enters the sandbox and touches what the work needs: exit status 0 tells that this kernel lets a
 * child work. */
int q__child_probe(void);

#endif
