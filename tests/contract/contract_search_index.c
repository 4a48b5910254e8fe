#include "contract/search_index_suite.h"

#include "search/search_index_embedded.h"
#include "support/scratch.h"

static void open_store(struct search_index_subject *subject)
{
	struct q_err err;

	q_assert(!q_search_index_embedded_open(subject->context, &subject->store, &err));
}

static void reopen(struct search_index_subject *subject)
{
	q_search_index_close(subject->store);
	open_store(subject);
}

int main(void)
{
	char directory[SCRATCH_PATH_MAX];
	struct search_index_subject subject = {
		.name = "embedded", .reopen = reopen, .context = directory};
	int failed;

	scratch_make(directory);
	open_store(&subject);
	failed = run_search_index_suite(&subject);
	q_search_index_close(subject.store);
	scratch_remove(directory);
	return failed;
}
