#include "embedded/sqlite_writer.h"

#include "base/time.h"
#include "embedded/sqlite_stream.h"
#include "support/checks.h"
#include "support/sqlite_site.h"

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A write that the test can stop in its middle, so that others gather behind it. */
struct task {
	struct q__sqlite_write write;
	struct writer_case *suite;
	const char *key;
	enum q_code fails_with; /* after having written */
	bool undoes_all;	/* then, as SQLite does on a full disk */
	sem_t *begun, *go_on;	/* NULL: does not stop */
	const struct q_call *call;
	enum q_code code;
	struct q_err err;
	pthread_t thread;
};

enum { TASKS = 6 };

struct writer_case {
	struct sqlite_site site;
	int64_t stream;
	sem_t begun, go_on;
	struct task blocker;
	struct task tasks[TASKS];
	atomic_int runs;
};

static const struct q_call no_limits;

static int start_case(void **state)
{
	static struct writer_case suite;

	memset(&suite, 0, sizeof suite);
	sqlite_site_open(&suite.site);
	assert_int_equal(q__sqlite_stream_open(suite.site.database, Q_STR("test"), &suite.stream,
					       &suite.site.err),
			 Q_OK);
	sem_init(&suite.begun, 0, 0);
	sem_init(&suite.go_on, 0, 0);
	*state = &suite;
	return 0;
}

static int end_case(void **state)
{
	struct writer_case *suite = *state;

	sem_destroy(&suite->begun);
	sem_destroy(&suite->go_on);
	sqlite_site_close(&suite->site);
	return 0;
}

static enum q_code run_task(struct q__sqlite_write *write, struct q__sqlite_connection *connection,
			    struct q_arena *scratch, struct q_err *err)
{
	struct task *task = q_container_of(write, struct task, write);
	enum q_code code;

	(void)scratch;
	atomic_fetch_add(&task->suite->runs, 1);
	if (task->begun) {
		sem_post(task->begun);
		sem_wait(task->go_on);
	}
	code = q__sqlite_stream_append(connection, task->suite->stream, 1, q_str_from(task->key),
				       (struct q_bytes){0}, err);
	if (!code && task->undoes_all)
		q__sqlite_roll_back(connection);
	if (!code && task->fails_with)
		code = q_fail(err, task->fails_with, "test", "as it was told");
	return code;
}

static void *task_thread(void *argument)
{
	struct task *task = argument;

	task->code = q__sqlite_writer_run(task->suite->site.database->writer, task->call,
					  &task->write, &task->err);
	return NULL;
}

static void start_task(struct writer_case *suite, struct task *task, const char *key,
		       enum q_code fails_with)
{
	task->write.run = run_task;
	task->suite = suite;
	task->key = key;
	task->fails_with = fails_with;
	if (!task->call)
		task->call = &no_limits;
	assert_int_equal(pthread_create(&task->thread, NULL, task_thread, task), 0);
}

/* The writer is in the middle of a write until release() is called. */
static void block(struct writer_case *suite)
{
	suite->blocker.begun = &suite->begun;
	suite->blocker.go_on = &suite->go_on;
	start_task(suite, &suite->blocker, "blocker", Q_OK);
	sem_wait(&suite->begun);
}

static void release(struct writer_case *suite)
{
	sem_post(&suite->go_on);
	pthread_join(suite->blocker.thread, NULL);
	assert_int_equal(suite->blocker.code, Q_OK);
}

static void await_waiting(struct writer_case *suite, size_t count)
{
	while (q__sqlite_writer_waiting(suite->site.database->writer) < count)
		sched_yield();
}

/* The keys in the stream, each followed by a space. */
static const char *list_keys(struct writer_case *suite)
{
	struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};
	struct q__sqlite_records records;
	struct q_str list = Q_STR("");

	assert_int_equal(q__sqlite_stream_read(suite->site.database, suite->stream, &no_limits,
					       oldest, 100, 0, suite->site.arena, &records,
					       &suite->site.err),
			 Q_OK);
	for (size_t i = 0; i < records.count; i++)
		list = q_arena_format(suite->site.arena, "%.*s%.*s ", Q_STR_ARG(list),
				      Q_STR_ARG(records.items[i].key));
	return q_arena_copy(suite->site.arena, list).data;
}

static void waiting_writes_are_committed_together_in_their_order(void **state)
{
	struct writer_case *suite = *state;
	static const char *const keys[TASKS] = {"a", "b", "c", "d", "e", "f"};
	uint64_t commits;

	block(suite);
	for (size_t i = 0; i < TASKS; i++) {
		start_task(suite, &suite->tasks[i], keys[i], Q_OK);
		await_waiting(suite, i + 1);
	}
	commits = q_bell_count(suite->site.database->committed);
	release(suite);
	for (size_t i = 0; i < TASKS; i++) {
		pthread_join(suite->tasks[i].thread, NULL);
		assert_int_equal(suite->tasks[i].code, Q_OK);
	}
	assert_int_equal(q_bell_count(suite->site.database->committed), commits + 2);
	assert_string_equal(list_keys(suite), "blocker a b c d e f ");
}

static void a_failed_write_undoes_itself_alone(void **state)
{
	struct writer_case *suite = *state;

	block(suite);
	start_task(suite, &suite->tasks[0], "before", Q_OK);
	await_waiting(suite, 1);
	start_task(suite, &suite->tasks[1], "failing", Q_CONFLICT);
	await_waiting(suite, 2);
	start_task(suite, &suite->tasks[2], "after", Q_OK);
	await_waiting(suite, 3);
	release(suite);
	for (size_t i = 0; i < 3; i++)
		pthread_join(suite->tasks[i].thread, NULL);
	assert_int_equal(suite->tasks[0].code, Q_OK);
	assert_int_equal(suite->tasks[1].code, Q_CONFLICT);
	assert_string_equal(suite->tasks[1].err.message, "as it was told");
	assert_int_equal(suite->tasks[2].code, Q_OK);
	assert_string_equal(list_keys(suite), "blocker before after ");
}

/* Three writes in one group; the second one makes SQLite undo all of it. */
static void run_group_that_is_undone(struct writer_case *suite, enum q_code code)
{
	static const char *const keys[] = {"before", "large", "after"};

	block(suite);
	suite->tasks[1].undoes_all = true;
	for (size_t i = 0; i < 3; i++) {
		start_task(suite, &suite->tasks[i], keys[i], i == 1 ? code : Q_OK);
		await_waiting(suite, i + 1);
	}
	release(suite);
	for (size_t i = 0; i < 3; i++)
		pthread_join(suite->tasks[i].thread, NULL);
}

static void a_write_that_does_not_fit_takes_no_other_with_it(void **state)
{
	struct writer_case *suite = *state;

	run_group_that_is_undone(suite, Q_NOSPACE);
	assert_int_equal(suite->tasks[0].code, Q_OK);
	assert_int_equal(suite->tasks[1].code, Q_NOSPACE);
	assert_int_equal(suite->tasks[2].code, Q_OK);
	assert_string_equal(list_keys(suite), "blocker before after ");
}

static void an_io_error_is_all_the_groups_and_nothing_is_tried_again(void **state)
{
	struct writer_case *suite = *state;

	run_group_that_is_undone(suite, Q_IO);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(suite->tasks[i].code, Q_IO);
	assert_int_equal(atomic_load(&suite->runs), 3); /* the blocker, "before" and "large" */
	assert_string_equal(list_keys(suite), "blocker ");
}

static void a_deadline_ends_the_wait_and_nothing_is_written(void **state)
{
	struct writer_case *suite = *state;
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 20};

	block(suite);
	suite->tasks[0].call = &call;
	start_task(suite, &suite->tasks[0], "late", Q_OK);
	start_task(suite, &suite->tasks[1], "patient", Q_OK);
	pthread_join(suite->tasks[0].thread, NULL); /* while the writer is still held */
	assert_int_equal(suite->tasks[0].code, Q_TIMEOUT);
	release(suite);
	pthread_join(suite->tasks[1].thread, NULL);
	assert_int_equal(suite->tasks[1].code, Q_OK);
	assert_string_equal(list_keys(suite), "blocker patient ");
	assert_int_equal(atomic_load(&suite->runs), 2);
}

static void the_cancel_flag_ends_the_wait_and_nothing_is_written(void **state)
{
	struct writer_case *suite = *state;
	atomic_bool is_cancelled = false;
	struct q_call call = {.is_cancelled = &is_cancelled};

	block(suite);
	suite->tasks[0].call = &call;
	start_task(suite, &suite->tasks[0], "cancelled", Q_OK);
	await_waiting(suite, 1);
	start_task(suite, &suite->tasks[1], "last", Q_OK);
	await_waiting(suite, 2);
	atomic_store(&is_cancelled, true);
	pthread_join(suite->tasks[0].thread, NULL);
	assert_int_equal(suite->tasks[0].code, Q_CANCELLED);
	release(suite);
	pthread_join(suite->tasks[1].thread, NULL);
	assert_string_equal(list_keys(suite), "blocker last ");
}

static void a_write_that_has_begun_is_waited_for(void **state)
{
	struct writer_case *suite = *state;
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 20};

	suite->blocker.call = &call;
	block(suite);
	while (q_time_monotonic_ms() <= call.deadline_ms)
		sched_yield();
	release(suite);
	assert_string_equal(list_keys(suite), "blocker ");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(waiting_writes_are_committed_together_in_their_order),
		CASE(a_failed_write_undoes_itself_alone),
		CASE(a_write_that_does_not_fit_takes_no_other_with_it),
		CASE(an_io_error_is_all_the_groups_and_nothing_is_tried_again),
		CASE(a_deadline_ends_the_wait_and_nothing_is_written),
		CASE(the_cancel_flag_ends_the_wait_and_nothing_is_written),
		CASE(a_write_that_has_begun_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
