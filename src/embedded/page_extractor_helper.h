/* embedded/page_extractor_helper.h: the page_extractor port on the helper program quire-extract.
 *
 * Contract:  as ports/page_extractor.h. The helper is started by open, and again when it has died.
 *            Each call has a child of its own; after a child has died the pages that are left run
 *            one a child, so that a bad page costs one page.
 * Units:     milliseconds; pages from 1.
 * Ownership: options are copied. q_page_extractor_close ends the helper.
 * Threads:   as the port; at most 32 children run at once, further calls wait.
 * Errors:    open: Q_NOTFOUND (no such program), Q_UNSUPPORTED (the kernel has no seccomp, or the
 *            program is of another version), Q_IO, Q_NOMEM. */
#ifndef Q_EMBEDDED_PAGE_EXTRACTOR_HELPER_H
#define Q_EMBEDDED_PAGE_EXTRACTOR_HELPER_H

#include "ports/page_extractor.h"

#include <sys/types.h>

struct q_page_extractor_helper_options {
	const char *helper_path;
	unsigned pages_max;	 /* of a document */
	int64_t page_timeout_ms; /* of one page, and of opening the document */
	bool takes_ocr_layers;	 /* what is behind a scanned page is its text, not hidden */
	uint32_t text_bytes_max; /* of a call's pages; 0: Q_EXTRACT_DOCUMENT_TEXT_MAX */
};

Q_MUST_USE enum q_code q_page_extractor_helper_open(
	const struct q_page_extractor_helper_options *options, struct q_page_extractor **out,
	struct q_err *err);

/* Of the running helper; 0 when there is none. For tests and `quire doctor`. */
pid_t q_page_extractor_helper_pid(struct q_page_extractor *extractor);

#endif
