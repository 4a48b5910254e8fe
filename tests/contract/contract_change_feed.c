#include "contract/change_feed_suite.h"

#include "embedded/change_feed_sqlite.h"
#include "embedded/record_store_sqlite.h"
#include "support/clock_simulated.h"
#include "support/scratch.h"

struct sqlite {
	struct q_sqlite_database *database;
	struct q_clock *clock;
};

static void maintain_sqlite(void *context)
{
	struct sqlite *sqlite = context;
	struct q_call call = {0};
	struct q_err err;
	bool has_more = true;

	while (has_more)
		q_assert(!q_sqlite_database_maintain(
			sqlite->database, &call, q_clock_now_ms(sqlite->clock), &has_more, &err));
}

static int run_on_sqlite(void)
{
	struct sqlite sqlite = {.clock = clock_simulated_new(1800000000000)};
	struct change_feed_subject subject = {.name = "sqlite",
					      .clock = sqlite.clock,
					      .maintain = maintain_sqlite,
					      .context = &sqlite};
	char directory[SCRATCH_PATH_MAX];
	struct q_err err;
	int failed;

	scratch_make(directory);
	q_assert(!q_sqlite_database_open(directory, &sqlite.database, &err));
	q_assert(!q_record_store_sqlite_open(sqlite.database, "records", sqlite.clock,
					     &subject.store, &err));
	q_assert(!q_change_feed_sqlite_open(sqlite.database, "records", sqlite.clock, &subject.feed,
					    &err));
	failed = run_change_feed_suite(&subject);
	q_change_feed_close(subject.feed);
	q_record_store_close(subject.store);
	q_sqlite_database_close(sqlite.database);
	q_clock_close(sqlite.clock);
	scratch_remove(directory);
	return failed;
}

int main(void)
{
	return run_on_sqlite();
}
