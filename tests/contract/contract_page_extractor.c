#include "contract/page_extractor_suite.h"

#include "embedded/page_extractor_helper.h"

#include <stdlib.h>

int main(void)
{
	const struct q_page_extractor_helper_options options = {
		.helper_path = getenv("QUIRE_EXTRACT"),
		.pages_max = PAGE_EXTRACTOR_SUITE_PAGES_MAX,
		.page_timeout_ms = PAGE_EXTRACTOR_SUITE_TIMEOUT_MS,
	};
	struct page_extractor_subject subject = {.name = "helper"};
	struct q_err err;
	int failed;

	q_assert(options.helper_path);
	q_assert(!q_page_extractor_helper_open(&options, &subject.extractor, &err));
	failed = run_page_extractor_suite(&subject);
	q_page_extractor_close(subject.extractor);
	return failed;
}
