#include "contract/event_log_suite.h"

#include "embedded/event_log_sqlite.h"
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
	struct event_log_subject subject = {.name = "sqlite",
					    .clock = sqlite.clock,
					    .maintain = maintain_sqlite,
					    .context = &sqlite};
	char directory[SCRATCH_PATH_MAX];
	struct q_err err;
	int failed;

	scratch_make(directory);
	q_assert(!q_sqlite_database_open(directory, &sqlite.database, &err));
	q_assert(!q_event_log_sqlite_open(sqlite.database, sqlite.clock, &subject.log, &err));
	failed = run_event_log_suite(&subject);
	q_event_log_close(subject.log);
	q_sqlite_database_close(sqlite.database);
	q_clock_close(sqlite.clock);
	scratch_remove(directory);
	return failed;
}

int main(void)
{
	return run_on_sqlite();
}
