#include "support/files_store.h"

#include "embedded/random_source_system.h"
#include "support/clock_simulated.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static const unsigned char signing_key[32] = "a key that no one but a test has";

static void open_store(struct files_store *files)
{
	const struct q_blob_store_files_options options = {.root = files->root,
							   .name = Q_STR("documents"),
							   .keyring = files->keyring,
							   .clock = files->clock,
							   .random = files->random};
	struct q_err err;

	q_assert(q_blob_store_files_open(&options, &files->store, &err) == Q_OK);
}

void files_store_make(struct files_store *files)
{
	struct q_err err;

	scratch_make(files->root);
	files->clock = clock_simulated_new(1800000000000);
	q_assert(files->clock);
	q_assert(q_random_source_system_open(&files->random, &err) == Q_OK);
	q_assert(q_keyring_new((struct q_bytes){signing_key, sizeof signing_key}, &files->keyring,
			       &err) == Q_OK);
	open_store(files);
}

void files_store_reopen(struct files_store *files)
{
	q_blob_store_close(files->store);
	open_store(files);
}

void files_store_remove(struct files_store *files)
{
	q_blob_store_close(files->store);
	q_keyring_free(files->keyring);
	q_random_source_close(files->random);
	q_clock_close(files->clock);
	scratch_remove(files->root);
}

int files_store_start_case(void **state)
{
	struct files_store *files = calloc(1, sizeof *files);

	q_assert(files);
	files_store_make(files);
	*state = files;
	return 0;
}

int files_store_end_case(void **state)
{
	files_store_remove(*state);
	free(*state);
	return 0;
}

const char *files_store_path(const struct files_store *files, const char *path)
{
	static char out[4096];

	snprintf(out, sizeof out, "%s/%s", files->root, path);
	return out;
}

static int entries_found;

static int count_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)path, (void)status, (void)type;
	entries_found += place->level > 0;
	return 0;
}

int files_store_count(const struct files_store *files, const char *path)
{
	entries_found = 0;
	q_assert(nftw(files_store_path(files, path), count_entry, 8, FTW_PHYS) == 0);
	return entries_found;
}
