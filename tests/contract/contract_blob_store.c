#include "contract/blob_store_suite.h"

#include "support/files_store.h"

static int run_on_files(void)
{
	struct files_store files;
	struct blob_store_subject subject = {.name = "files", .keeps_sha256_of_parts = true};
	int failed;

	files_store_make(&files);
	subject.store = files.store;
	subject.clock = files.clock;
	failed = run_blob_store_suite(&subject);
	files_store_remove(&files);
	return failed;
}

int main(void)
{
	return run_on_files();
}
