/* contract/secret_store_suite.h: ports/secret_store.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_SECRET_STORE_SUITE_H
#define Q_TESTS_SECRET_STORE_SUITE_H

#include "ports/secret_store.h"

struct secret_store_subject {
	const char *name; /* of the group of cases */
	struct q_secret_store *store;
	bool is_read_only;
	/* Puts a value there behind the store's back, also over another. */
	void (*plant)(struct secret_store_subject *, const char *name, struct q_bytes value);
	void *context;
};

/* Runs every case; the number that failed. The store is empty before. */
int run_secret_store_suite(struct secret_store_subject *subject);

#endif
