#include "embedded/sqlite_writer.h"

#include "embedded/sqlite_schema.h"

#include "base/mem.h"
#include "base/pool.h"
#include "base/time.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

enum {
	GROUP_MAX = 256,
	STACK_BYTES = 512 * 1024,
	CANCEL_LOOK_MS = 50,
	/* Every write of a transaction of 25 items of 300 KiB: before, after, and both in the
	   feed's record. */
	SCRATCH_BYTES_MAX = 64 << 20,
	/* Pages of 4 KiB: as often as so many have come to the -wal file they are copied to the
	   database, without waiting for readers; from there on with waiting, so that the file
	   starts over and does not grow. */
	CHECKPOINT_PAGES = 1000,
	RESTART_PAGES = 16000
};

struct q__sqlite_writer {
	struct q__sqlite_connection *connection; /* of the thread, once it runs */
	struct q_arena *scratch;		 /* of the thread */
	struct q_bell *committed;		 /* borrowed */
	int wal_pages;				 /* of the thread: after the last commit, */
	int checkpoint_pages;			 /* and at the last checkpoint */
	unsigned long thread;

	pthread_mutex_t lock; /* guards what follows, and the state of every write */
	pthread_cond_t work;
	struct q__sqlite_write *first, *last; /* waiting */
	size_t waiting;
	bool is_closing;
	enum q_code checkpoint_code;
	struct q_err checkpoint_err;
};

/* Group commit. */

/* A failure here is one of the whole transaction; that of the write stands in it. */
static enum q_code run_in_savepoint(struct q__sqlite_writer *writer, struct q__sqlite_write *write,
				    struct q_err *err)
{
	struct q__sqlite_connection *connection = writer->connection;
	enum q_code code = q__sqlite_run_sql(connection, Q__SQL_SAVEPOINT, err);

	if (code)
		return code;
	write->code = write->run(write, connection, writer->scratch, &write->err);
	q_arena_reset(writer->scratch);
	/* A full disk may make SQLite undo the whole transaction at once. */
	if (write->code && sqlite3_get_autocommit(connection->handle)) {
		*err = write->err;
		return write->code;
	}
	if (write->code)
		code = q__sqlite_run_sql(connection, Q__SQL_SAVEPOINT_ROLLBACK, err);
	return code ? code : q__sqlite_run_sql(connection, Q__SQL_SAVEPOINT_RELEASE, err);
}

static enum q_code commit_group(struct q__sqlite_writer *writer, struct q__sqlite_write *first,
				struct q_err *err)
{
	struct q__sqlite_connection *connection = writer->connection;
	enum q_code code = q__sqlite_run_sql(connection, Q__SQL_BEGIN_WRITE, err);

	for (struct q__sqlite_write *write = first; write && !code; write = write->next)
		code = run_in_savepoint(writer, write, err);
	if (!code)
		code = q__sqlite_run_sql(connection, Q__SQL_COMMIT, err);
	if (code)
		q__sqlite_roll_back(connection);
	return code;
}

/* Also those whose condition did not hold get the group's error: what they met may be undone too.
 */
static void fail_group(struct q__sqlite_write *first, enum q_code code, const struct q_err *err)
{
	for (struct q__sqlite_write *write = first; write; write = write->next) {
		write->code = code;
		write->err = *err;
	}
}

static void run_alone(struct q__sqlite_writer *writer, struct q__sqlite_write *write)
{
	struct q__sqlite_write *next = write->next;
	struct q_err err;
	enum q_code code;

	write->next = NULL;
	code = commit_group(writer, write, &err);
	if (code)
		fail_group(write, code, &err);
	write->next = next;
}

static void run_outside(struct q__sqlite_writer *writer, struct q__sqlite_write *write)
{
	write->code = write->run(write, writer->connection, writer->scratch, &write->err);
	q_arena_reset(writer->scratch);
}

static void run_group(struct q__sqlite_writer *writer, struct q__sqlite_write *first)
{
	struct q_err err;
	enum q_code code;

	if (first->is_outside) {
		run_outside(writer, first);
		return;
	}
	code = commit_group(writer, first, &err);
	if (!code)
		return;
	if (!first->next || (code != Q_NOSPACE && code != Q_NOMEM)) {
		fail_group(first, code, &err);
		return;
	}
	for (struct q__sqlite_write *write = first; write; write = write->next)
		run_alone(writer, write);
}

/* The -wal file. */

static int on_commit(void *context, sqlite3 *handle, const char *database, int wal_pages)
{
	struct q__sqlite_writer *writer = context;

	(void)handle;
	(void)database;
	writer->wal_pages = wal_pages;
	return SQLITE_OK;
}

static bool is_checkpoint_due(struct q__sqlite_writer *writer)
{
	if (writer->wal_pages < writer->checkpoint_pages)
		writer->checkpoint_pages = 0; /* the file has started over */
	return writer->wal_pages - writer->checkpoint_pages >= CHECKPOINT_PAGES;
}

/* One that could not finish for readers is no failure: the next one will. */
static enum q_code run_checkpoint(struct q__sqlite_writer *writer, struct q_err *err)
{
	int mode = writer->wal_pages < RESTART_PAGES ? SQLITE_CHECKPOINT_PASSIVE
						     : SQLITE_CHECKPOINT_RESTART;
	int result;

	errno = 0;
	result = sqlite3_wal_checkpoint_v2(writer->connection->handle, NULL, mode, NULL, NULL);
	if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY)
		return q__sqlite_fail(writer->connection, err);
	writer->checkpoint_pages = writer->wal_pages;
	return Q_OK;
}

static void checkpoint(struct q__sqlite_writer *writer)
{
	struct q_err err;
	enum q_code code;

	if (!is_checkpoint_due(writer))
		return;
	code = run_checkpoint(writer, &err);
	pthread_mutex_lock(&writer->lock);
	writer->checkpoint_code = code;
	if (code)
		writer->checkpoint_err = err;
	pthread_mutex_unlock(&writer->lock);
}

enum q_code q__sqlite_writer_checkpoint_outcome(struct q__sqlite_writer *writer, struct q_err *err)
{
	enum q_code code;

	pthread_mutex_lock(&writer->lock);
	code = writer->checkpoint_code;
	if (code)
		*err = writer->checkpoint_err;
	pthread_mutex_unlock(&writer->lock);
	return code ? q_err_context(err, "checkpoint") : Q_OK;
}

/* The queue. */

static void append(struct q__sqlite_writer *writer, struct q__sqlite_write *write)
{
	write->next = NULL;
	if (writer->last)
		writer->last->next = write;
	else
		writer->first = write;
	writer->last = write;
	writer->waiting++;
}

static void withdraw(struct q__sqlite_writer *writer, struct q__sqlite_write *write)
{
	struct q__sqlite_write *before = NULL;

	for (struct q__sqlite_write *other = writer->first; other != write; other = other->next)
		before = other;
	if (before)
		before->next = write->next;
	else
		writer->first = write->next;
	if (writer->last == write)
		writer->last = before;
	writer->waiting--;
}

/* The writes that make the next group; NULL: the writer is closing and none is left. */
static struct q__sqlite_write *take_group(struct q__sqlite_writer *writer)
{
	struct q__sqlite_write *first, **end;
	size_t count = 0;

	pthread_mutex_lock(&writer->lock);
	while (!writer->first && !writer->is_closing)
		pthread_cond_wait(&writer->work, &writer->lock);
	first = writer->first;
	for (end = &first; *end && count < GROUP_MAX; end = &(*end)->next) {
		if (count > 0 && (first->is_outside || (*end)->is_outside))
			break;
		(*end)->state = Q__WRITE_BEGUN;
		count++;
	}
	writer->first = *end;
	if (!writer->first)
		writer->last = NULL;
	writer->waiting -= count;
	*end = NULL;
	pthread_mutex_unlock(&writer->lock);
	return first;
}

size_t q__sqlite_writer_waiting(struct q__sqlite_writer *writer)
{
	size_t waiting;

	pthread_mutex_lock(&writer->lock);
	waiting = writer->waiting;
	pthread_mutex_unlock(&writer->lock);
	return waiting;
}

static void answer_group(struct q__sqlite_writer *writer, struct q__sqlite_write *first)
{
	pthread_mutex_lock(&writer->lock);
	while (first) {
		struct q__sqlite_write *write = first;

		first = write->next; /* read before: once the lock is released, `write` is gone */
		write->state = Q__WRITE_DONE;
		pthread_cond_signal(&write->changed);
	}
	pthread_mutex_unlock(&writer->lock);
}

static void *run_thread(void *argument)
{
	struct q__sqlite_writer *writer = argument;
	struct q__sqlite_write *group;

	while ((group = take_group(writer))) {
		run_group(writer, group);
		q_bell_ring(writer->committed);
		answer_group(writer, group);
		checkpoint(writer);
	}
	return NULL;
}

/* The caller's side. */

/* Until the write's state may have changed, or it is time to look at the call. Holds the lock. */
static void wait_for_change(struct q__sqlite_writer *writer, const struct q_call *call,
			    struct q__sqlite_write *write)
{
	int64_t wait_ms = q_call_remaining_ms(call, INT64_MAX);
	struct timespec until;
	int64_t until_ms;

	if (call->is_cancelled && wait_ms > CANCEL_LOOK_MS)
		wait_ms = CANCEL_LOOK_MS;
	if (wait_ms == INT64_MAX || write->state == Q__WRITE_BEGUN) {
		pthread_cond_wait(&write->changed, &writer->lock);
		return;
	}
	until_ms = q_time_monotonic_ms() + wait_ms;
	until = (struct timespec){(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000};
	pthread_cond_timedwait(&write->changed, &writer->lock, &until);
}

static void cond_init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

enum q_code q__sqlite_writer_run(struct q__sqlite_writer *writer, const struct q_call *call,
				 struct q__sqlite_write *write, struct q_err *err)
{
	enum q_code code = Q_OK;

	write->state = Q__WRITE_WAITING;
	cond_init_monotonic(&write->changed);
	pthread_mutex_lock(&writer->lock);
	q_assert(!writer->is_closing);
	append(writer, write);
	pthread_cond_signal(&writer->work);
	while (write->state != Q__WRITE_DONE) {
		if (write->state == Q__WRITE_WAITING)
			code = q_call_check(call, "sqlite.write", err);
		if (code) {
			withdraw(writer, write);
			break;
		}
		wait_for_change(writer, call, write);
	}
	pthread_mutex_unlock(&writer->lock);
	pthread_cond_destroy(&write->changed);
	if (!code && write->code)
		*err = write->err;
	return code ? code : write->code;
}

/* Its life. */

/* What makes a commit durable, and what keeps the -wal file in bounds. secure_delete: deleted
 * content is overwritten where its page is written anyway. Overwriting whole freed pages too (ON)
 * made trimming 36 MB of records write 85 MB instead of 1; what it leaves goes with the next
 * compaction (sqlite_compact.c). busy_timeout: of a checkpoint that waits for readers. None
 * before: another program that has the file will not let it go. */
static const char durable_settings[] = "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = FULL;"
				       "PRAGMA journal_size_limit = 16777216;"
				       "PRAGMA secure_delete = FAST;"
				       "PRAGMA busy_timeout = 5000;";

static enum q_code make_durable(struct q__sqlite_connection *connection, struct q_err *err)
{
	int64_t is_wal = 0;
	enum q_code code = q__sqlite_execute(connection, durable_settings, err);

	if (!code)
		code = q__sqlite_query_int(connection,
					   "SELECT journal_mode = 'wal' FROM pragma_journal_mode",
					   &is_wal, err);
	if (!code && !is_wal)
		code = q_fail(err, Q_UNSUPPORTED, "sqlite.open",
			      "no write-ahead log here: choose a data directory on a local disk");
	return code;
}

static enum q_code open_parts(struct q__sqlite_writer *writer, const char *path, struct q_err *err)
{
	int64_t version = 0;
	enum q_code code =
		q__sqlite_connection_open(path, Q__SQLITE_WRITER, &writer->connection, err);

	if (code)
		return code;
	code = q__sqlite_check_version(writer->connection, &version, err);
	if (!code)
		code = make_durable(writer->connection, err);
	if (!code)
		code = q__sqlite_migrate(writer->connection, version, err);
	if (code == Q_BUSY)
		return q_err_context(err, "%s is open in another program", path);
	if (code)
		return q_err_context(err, "%s", path);
	sqlite3_wal_hook(writer->connection->handle, on_commit, writer);
	writer->scratch = q_arena_new(SCRATCH_BYTES_MAX);
	if (!writer->scratch)
		return q_fail(err, Q_NOMEM, "sqlite.open", "scratch memory");
	return q_thread_start("sqlite-writer", STACK_BYTES, run_thread, writer, &writer->thread,
			      err);
}

static void free_parts(struct q__sqlite_writer *writer)
{
	q__sqlite_connection_close(writer->connection);
	q_arena_free(writer->scratch);
	pthread_cond_destroy(&writer->work);
	pthread_mutex_destroy(&writer->lock);
	q_mem_free(writer);
}

enum q_code q__sqlite_writer_open(const char *path, struct q_bell *committed,
				  struct q__sqlite_writer **out, struct q_err *err)
{
	struct q__sqlite_writer *writer = q_mem_new(sizeof *writer);
	enum q_code code;

	if (!writer)
		return q_fail(err, Q_NOMEM, "sqlite.open", "%zu bytes", sizeof *writer);
	writer->committed = committed;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->work, NULL);
	code = open_parts(writer, path, err);
	if (code) {
		free_parts(writer);
		return code;
	}
	*out = writer;
	return Q_OK;
}

void q__sqlite_writer_close(struct q__sqlite_writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->is_closing = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	q_thread_join(writer->thread);
	free_parts(writer);
}
