/* support/files_store.h: a blob store on files of a test's own, with all it stands on. */
#ifndef Q_TESTS_FILES_STORE_H
#define Q_TESTS_FILES_STORE_H

#include "embedded/blob_store_files.h"
#include "support/scratch.h"

struct files_store {
	struct q_blob_store *store;
	struct q_clock *clock;		/* simulated */
	struct q_random_source *random; /* the system's */
	struct q_keyring *keyring;
	char root[SCRATCH_PATH_MAX];
};

/* In a new scratch directory; aborts where it cannot. */
void files_store_make(struct files_store *files);

/* Closes the store and opens its directory again, as after a crash. */
void files_store_reopen(struct files_store *files);

void files_store_remove(struct files_store *files);

/* How a case starts and ends that has such a store of its own as state. */
int files_store_start_case(void **state);
int files_store_end_case(void **state);

/* A path below the root, valid until the next call. */
const char *files_store_path(const struct files_store *files, const char *path);

/* How much stands below this directory. */
int files_store_count(const struct files_store *files, const char *path);

#endif
