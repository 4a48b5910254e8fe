#include "contract/secret_store_suite.h"

#include "base/file.h"
#include "embedded/secret_store_files.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <unistd.h>

static void plant_file(struct secret_store_subject *subject, const char *name, struct q_bytes value)
{
	int directory = *(int *)subject->context;
	struct q_err err;

	q_assert(!q_file_replace_at(directory, name, value, 0600, &err));
}

int main(void)
{
	struct secret_store_subject subject = {.name = "files", .plant = plant_file};
	char root[SCRATCH_PATH_MAX];
	struct q_err err;
	int directory, failed;

	scratch_make(root);
	q_assert(!q_secret_store_files_open(root, NULL, 0, &subject.store, &err));
	directory = open(root, O_RDONLY | O_DIRECTORY);
	subject.context = &directory;
	failed = run_secret_store_suite(&subject);
	q_secret_store_close(subject.store);
	close(directory);
	scratch_remove(root);
	return failed;
}
