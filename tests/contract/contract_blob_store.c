#include "contract/blob_store_suite.h"

#include "embedded/blob_store_files.h"
#include "support/clock_simulated.h"
#include "support/random_source_seeded.h"
#include "support/scratch.h"

static const unsigned char signing_key[32] = "a key that no one but a test has";

static int run_on_files(void)
{
	struct blob_store_subject subject = {.name = "files", .keeps_sha256_of_parts = true};
	struct q_random_source *random = random_source_seeded_new(1);
	struct q_keyring *keyring;
	char root[SCRATCH_PATH_MAX];
	struct q_err err;
	int failed;

	scratch_make(root);
	subject.clock = clock_simulated_new(1800000000000);
	q_assert(!q_keyring_new((struct q_bytes){signing_key, sizeof signing_key}, &keyring, &err));
	q_assert(!q_blob_store_files_open(
		&(struct q_blob_store_files_options){.root = root,
						     .name = Q_STR("documents"),
						     .keyring = keyring,
						     .clock = subject.clock,
						     .random = random},
		&subject.store, &err));
	failed = run_blob_store_suite(&subject);
	q_blob_store_close(subject.store);
	q_clock_close(subject.clock);
	q_random_source_close(random);
	q_keyring_free(keyring);
	scratch_remove(root);
	return failed;
}

int main(void)
{
	return run_on_files();
}
