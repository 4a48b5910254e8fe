#include "search/upkeep.h"

#include "base/bell.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/time.h"
#include "base/vec.h"
#include "search/segment/paced_directory.h"

#include <pthread.h>

enum { INDEXES_MAX = 1024, STACK_BYTES = 512 << 10, IDLE_MS = 60 * 1000 };

struct q__upkeep {
	struct q_search_upkeep_options options;
	struct q_bell *sealed_bell, *merge_bell, *stop_bell; /* owned */
	struct q__pace pace;				     /* of merges; says when to stop */
	unsigned long writer, merger;			     /* threads; 0: none */
	pthread_mutex_t listing;			     /* a leaf; guards the indexes */
	struct q_vec indexes;
};

/* NULL beyond the last. */
static struct q__index *index_at(struct q__upkeep *upkeep, size_t number)
{
	struct q__index *index = NULL;

	pthread_mutex_lock(&upkeep->listing);
	if (number < upkeep->indexes.count)
		index = *(struct q__index **)q_vec_at(&upkeep->indexes, number);
	pthread_mutex_unlock(&upkeep->listing);
	return index;
}

static bool is_stopped(const struct q__upkeep *upkeep)
{
	return atomic_load(&upkeep->pace.is_stopped);
}

/* Q_NOTFOUND: the index was dropped meanwhile. */
static void report(struct q__upkeep *upkeep, const char *event, const struct q_err *err)
{
	if (!is_stopped(upkeep) && err->code != Q_NOTFOUND)
		q_log_error(upkeep->options.log, Q_LOG_ERROR, event, (struct q_str){0}, err);
}

/* Every index; those whose interval has passed as a whole, else a full buffer alone. */
static void write_buffers(struct q__upkeep *upkeep, bool is_due)
{
	struct q__index *index;
	struct q_err err;

	for (size_t i = 0; !is_stopped(upkeep) && (index = index_at(upkeep, i)) != NULL; i++) {
		if (is_due ? q__index_refresh(index, &err) : q__index_write_sealed(index, &err))
			report(upkeep, "search.refresh_failed", &err);
	}
}

static void *run_writer(void *context)
{
	struct q__upkeep *upkeep = context;
	int64_t interval_ms = upkeep->options.refresh_interval_ms;
	int64_t due_ms = q_time_monotonic_ms() + interval_ms;

	while (!is_stopped(upkeep)) {
		uint64_t seen = q_bell_count(upkeep->sealed_bell);
		int64_t left_ms = interval_ms > 0 ? due_ms - q_time_monotonic_ms() : IDLE_MS;

		write_buffers(upkeep, left_ms <= 0);
		if (left_ms <= 0)
			due_ms = q_time_monotonic_ms() + interval_ms;
		else
			q_bell_wait(upkeep->sealed_bell, seen, left_ms);
	}
	return NULL;
}

static void *run_merger(void *context)
{
	struct q__upkeep *upkeep = context;
	struct q__index *index;
	struct q_err err;

	while (!is_stopped(upkeep)) {
		uint64_t seen = q_bell_count(upkeep->merge_bell);

		for (size_t i = 0; !is_stopped(upkeep) && (index = index_at(upkeep, i)); i++) {
			if (q__index_merge_some(index, &upkeep->pace, &err))
				report(upkeep, "search.merge_failed", &err);
		}
		if (!is_stopped(upkeep))
			q_bell_wait(upkeep->merge_bell, seen, IDLE_MS);
	}
	return NULL;
}

static enum q_code start_threads(struct q__upkeep *upkeep, struct q_err *err)
{
	enum q_code code;

	if (!upkeep->sealed_bell || !upkeep->merge_bell || !upkeep->stop_bell)
		return q_fail(err, Q_NOMEM, "index.upkeep", "bells");
	code = q_thread_start("index-write", STACK_BYTES, run_writer, upkeep, &upkeep->writer, err);
	if (!code)
		code = q_thread_start("index-merge", STACK_BYTES, run_merger, upkeep,
				      &upkeep->merger, err);
	return code;
}

enum q_code q__upkeep_start(const struct q_search_upkeep_options *options, struct q__upkeep **out,
			    struct q_err *err)
{
	struct q__upkeep *upkeep = q_mem_new(sizeof *upkeep);
	enum q_code code;

	if (!upkeep)
		return q_fail(err, Q_NOMEM, "index.upkeep", "an upkeep");
	upkeep->options = *options;
	upkeep->sealed_bell = q_bell_new();
	upkeep->merge_bell = q_bell_new();
	upkeep->stop_bell = q_bell_new();
	upkeep->pace.bytes_per_second = options->merge_bytes_per_second;
	upkeep->pace.bell = upkeep->stop_bell;
	pthread_mutex_init(&upkeep->listing, NULL);
	q_vec_init(&upkeep->indexes, sizeof(struct q__index *), INDEXES_MAX);
	code = start_threads(upkeep, err);
	if (code)
		q__upkeep_stop(upkeep);
	else
		*out = upkeep;
	return code;
}

enum q_code q__upkeep_add(struct q__upkeep *upkeep, struct q__index *index, struct q_err *err)
{
	bool is_added;

	q__index_leave_work(index, upkeep->sealed_bell, upkeep->merge_bell);
	pthread_mutex_lock(&upkeep->listing);
	is_added = q_vec_push(&upkeep->indexes, &index) != NULL;
	pthread_mutex_unlock(&upkeep->listing);
	if (!is_added)
		return q_fail(err, Q_NOMEM, "index.upkeep", "at most %d indexes are open",
			      INDEXES_MAX);
	q_bell_ring(upkeep->merge_bell);
	return Q_OK;
}

void q__upkeep_remove(struct q__upkeep *upkeep, const struct q__index *index)
{
	pthread_mutex_lock(&upkeep->listing);
	for (size_t i = upkeep->indexes.count; i > 0; i--) {
		if (*(struct q__index **)q_vec_at(&upkeep->indexes, i - 1) == index)
			q_vec_remove_swap(&upkeep->indexes, i - 1);
	}
	pthread_mutex_unlock(&upkeep->listing);
}

static void ring_all(struct q__upkeep *upkeep)
{
	if (!upkeep->sealed_bell || !upkeep->merge_bell || !upkeep->stop_bell)
		return;
	q_bell_ring(upkeep->stop_bell);
	q_bell_ring(upkeep->sealed_bell);
	q_bell_ring(upkeep->merge_bell);
}

void q__upkeep_stop(struct q__upkeep *upkeep)
{
	if (!upkeep)
		return;
	atomic_store(&upkeep->pace.is_stopped, true);
	ring_all(upkeep);
	if (upkeep->writer)
		q_thread_join(upkeep->writer);
	if (upkeep->merger)
		q_thread_join(upkeep->merger);
	q_bell_free(upkeep->sealed_bell);
	q_bell_free(upkeep->merge_bell);
	q_bell_free(upkeep->stop_bell);
	pthread_mutex_destroy(&upkeep->listing);
	q_vec_free(&upkeep->indexes);
	q_mem_free(upkeep);
}
