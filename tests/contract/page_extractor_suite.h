/* contract/page_extractor_suite.h: ports/page_extractor.h, sentence by sentence, for any adapter.
 */
#ifndef Q_TESTS_PAGE_EXTRACTOR_SUITE_H
#define Q_TESTS_PAGE_EXTRACTOR_SUITE_H

#include "ports/page_extractor.h"

enum {
	PAGE_EXTRACTOR_SUITE_TIMEOUT_MS =
		2500, /* a page may take this long; sanitizers make it slow */
	PAGE_EXTRACTOR_SUITE_PAGES_MAX = 3000,
};

struct page_extractor_subject {
	const char *name;		    /* of the group of cases */
	struct q_page_extractor *extractor; /* opened with the two limits above */
};

/* Runs every case; the number that failed. */
int run_page_extractor_suite(struct page_extractor_subject *subject);

#endif
