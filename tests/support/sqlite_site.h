/* support/sqlite_site.h: a database in a directory of its own, with a record store "records" on it
 * and a simulated clock. */
#ifndef Q_TESTS_SQLITE_SITE_H
#define Q_TESTS_SQLITE_SITE_H

#include "embedded/record_store_sqlite.h"
#include "support/scratch.h"

struct sqlite_site {
	char directory[SCRATCH_PATH_MAX];
	char path[SCRATCH_PATH_MAX + sizeof "/quire.db"]; /* of the file */
	struct q_clock *clock;
	struct q_sqlite_database *database; /* NULL while it is shut */
	struct q_record_store *store;
	struct q_arena *arena;
	struct q_err err;
};

/* All of it; aborts where it cannot. */
void sqlite_site_open(struct sqlite_site *site);
void sqlite_site_close(struct sqlite_site *site);

/* How a case starts and ends that has a site of its own as state. */
int sqlite_site_start_case(void **state);
int sqlite_site_end_case(void **state);

/* Database and store alone; the directory stays. */
void sqlite_site_shut(struct sqlite_site *site);
enum q_code sqlite_site_reopen(struct sqlite_site *site);

/* An item with the number `n`; the outcome. */
enum q_code sqlite_site_put(struct sqlite_site *site, const char *pk, const char *sk, int64_t n);
/* Its number, or -1 where it is not there. Aborts on any other outcome. */
int64_t sqlite_site_number(struct sqlite_site *site, const char *pk, const char *sk);

#endif
