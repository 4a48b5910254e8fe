#include "contract/record_store_suite.h"

#include "embedded/record_store_sqlite.h"
#include "support/clock_simulated.h"
#include "support/scratch.h"

static int run_on_sqlite(void)
{
	struct record_store_subject subject = {.name = "sqlite"};
	struct q_sqlite_database *database;
	char directory[SCRATCH_PATH_MAX];
	struct q_err err;
	int failed;

	scratch_make(directory);
	subject.clock = clock_simulated_new(1800000000000);
	q_assert(!q_sqlite_database_open(directory, &database, &err));
	q_assert(!q_record_store_sqlite_open(database, "records", subject.clock, &subject.store,
					     &err));
	failed = run_record_store_suite(&subject);
	q_record_store_close(subject.store);
	q_sqlite_database_close(database);
	q_clock_close(subject.clock);
	scratch_remove(directory);
	return failed;
}

int main(void)
{
	return run_on_sqlite();
}
