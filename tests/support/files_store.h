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

#endif
