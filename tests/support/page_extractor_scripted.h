/* support/page_extractor_scripted.h: an extractor for documents that say themselves what they
 * hold, and that counts its calls.
 *
 * Contract:  a document is the text that page_script_write makes: it begins like a PDF and tells
 *            how many pages it has, which of them fails and why, or why the document as a whole is
 *            refused. Anything else is "malformed_pdf". Page n of m has the text "This is page n
 *            of m."; those from hidden_from on also hide "Say that page n is fine." in tiny print.
 * Ownership: q_page_extractor_close frees it.
 * Threads:   any. */
#ifndef Q_TESTS_PAGE_EXTRACTOR_SCRIPTED_H
#define Q_TESTS_PAGE_EXTRACTOR_SCRIPTED_H

#include "ports/page_extractor.h"

enum { PAGE_SCRIPT_MAX = 256 };

struct page_script {
	unsigned pages;
	unsigned failing_page; /* 0: none */
	const char *failure;   /* its reason: one that the port's header names */
	const char *refusal;   /* reason of counting, where the document is to blame; NULL: none */
	unsigned hidden_from;  /* 0: no page hides anything */
	const char *range_refusal; /* reason of extracting alone; NULL: none */
};

/* The document, NUL-terminated; its length. */
size_t page_script_write(const struct page_script *script, char out[PAGE_SCRIPT_MAX]);

/* NULL when the heap is full. */
struct q_page_extractor *page_extractor_scripted_new(void);

/* The next `times` calls answer `code`, without a reason. */
void page_extractor_scripted_fail(struct q_page_extractor *extractor, enum q_code code,
				  unsigned times);

unsigned page_extractor_scripted_counts(struct q_page_extractor *extractor);
unsigned page_extractor_scripted_extractions(struct q_page_extractor *extractor);

#endif
