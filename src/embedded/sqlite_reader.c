#include "embedded/sqlite_reader.h"

#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { READERS_MAX = 32 }; /* each may hold 1 MB of pages */

struct reader {
	struct q__sqlite_connection *connection;
	struct q__sqlite_readers *readers;
	struct reader *next;
};

struct q__sqlite_readers {
	char *path; /* owned */
	pthread_key_t key;
	pthread_mutex_t lock; /* guards first and count */
	struct reader *first; /* of all threads */
	unsigned count;
	pthread_mutex_t turn;		     /* held while the shared connection is taken */
	struct q__sqlite_connection *shared; /* opened at its first use */
};

static void reader_free(struct reader *reader)
{
	q__sqlite_connection_close(reader->connection);
	q_mem_free(reader);
}

/* Called when a thread with a reader ends. */
static void on_thread_end(void *value)
{
	struct reader *reader = value;
	struct q__sqlite_readers *readers = reader->readers;
	struct reader **link = &readers->first;

	pthread_mutex_lock(&readers->lock);
	while (*link != reader)
		link = &(*link)->next;
	*link = reader->next;
	readers->count--;
	pthread_mutex_unlock(&readers->lock);
	reader_free(reader);
}

/* Counts one more reader, if there may be one. */
static bool reserve(struct q__sqlite_readers *readers)
{
	bool has_room;

	pthread_mutex_lock(&readers->lock);
	has_room = readers->count < READERS_MAX;
	readers->count += has_room;
	pthread_mutex_unlock(&readers->lock);
	return has_room;
}

static void unreserve(struct q__sqlite_readers *readers)
{
	pthread_mutex_lock(&readers->lock);
	readers->count--;
	pthread_mutex_unlock(&readers->lock);
}

/* The calling thread's own reader, for which a place is reserved. */
static enum q_code open_own(struct q__sqlite_readers *readers, struct q__sqlite_connection **out,
			    struct q_err *err)
{
	struct reader *reader = q_mem_new(sizeof *reader);
	enum q_code code;

	if (!reader)
		return q_fail(err, Q_NOMEM, "sqlite.read", "%zu bytes", sizeof *reader);
	reader->readers = readers;
	code = q__sqlite_connection_open(readers->path, Q__SQLITE_READER, &reader->connection, err);
	if (!code && pthread_setspecific(readers->key, reader) != 0)
		code = q_fail(err, Q_NOMEM, "sqlite.read", "thread-specific data");
	if (code) {
		reader_free(reader);
		return code;
	}
	pthread_mutex_lock(&readers->lock);
	reader->next = readers->first;
	readers->first = reader;
	pthread_mutex_unlock(&readers->lock);
	*out = reader->connection;
	return Q_OK;
}

static enum q_code take_shared(struct q__sqlite_readers *readers, struct q__sqlite_connection **out,
			       struct q_err *err)
{
	enum q_code code = Q_OK;

	pthread_mutex_lock(&readers->turn);
	if (!readers->shared)
		code = q__sqlite_connection_open(readers->path, Q__SQLITE_READER, &readers->shared,
						 err);
	if (code)
		pthread_mutex_unlock(&readers->turn);
	else
		*out = readers->shared;
	return code;
}

enum q_code q__sqlite_reader_take(struct q__sqlite_readers *readers,
				  struct q__sqlite_connection **out, struct q_err *err)
{
	struct reader *own = pthread_getspecific(readers->key);
	enum q_code code;

	if (own) {
		*out = own->connection;
		return Q_OK;
	}
	if (!reserve(readers))
		return take_shared(readers, out, err);
	code = open_own(readers, out, err);
	if (code)
		unreserve(readers);
	return code;
}

void q__sqlite_reader_give_back(struct q__sqlite_readers *readers,
				struct q__sqlite_connection *connection)
{
	/* `shared` is for him who holds the turn to look at: who has no reader of his own. */
	if (!pthread_getspecific(readers->key)) {
		q_assert(connection == readers->shared);
		pthread_mutex_unlock(&readers->turn);
	}
}

enum q_code q__sqlite_readers_open(const char *path, struct q__sqlite_readers **out,
				   struct q_err *err)
{
	struct q__sqlite_readers *readers = q_mem_new(sizeof *readers);
	size_t path_bytes = strlen(path) + 1;

	if (!readers)
		return q_fail(err, Q_NOMEM, "sqlite.open", "%zu bytes", sizeof *readers);
	readers->path = q_mem_new(path_bytes);
	if (!readers->path || pthread_key_create(&readers->key, on_thread_end) != 0) {
		q_mem_free(readers->path);
		q_mem_free(readers);
		return q_fail(err, Q_NOMEM, "sqlite.open", "readers");
	}
	memcpy(readers->path, path, path_bytes);
	pthread_mutex_init(&readers->lock, NULL);
	pthread_mutex_init(&readers->turn, NULL);
	*out = readers;
	return Q_OK;
}

void q__sqlite_readers_close(struct q__sqlite_readers *readers)
{
	if (!readers)
		return;
	pthread_key_delete(readers->key); /* threads that end later do nothing */
	while (readers->first) {
		struct reader *reader = readers->first;

		readers->first = reader->next;
		reader_free(reader);
	}
	q__sqlite_connection_close(readers->shared);
	pthread_mutex_destroy(&readers->lock);
	pthread_mutex_destroy(&readers->turn);
	q_mem_free(readers->path);
	q_mem_free(readers);
}
