/* quire index build: one thread reads documents and finds their ids, another puts them into the
 * index, whose store has threads of its own that write full buffers. Batches keep their order. */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/time.h"
#include "cmd/index_command.h"
#include "cmd/lines.h"
#include "cmd/output.h"
#include "search/json/query_json.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BATCH_DOCUMENTS = 1000,
	BATCH_BYTES = 16 << 20, /* from here on a batch takes no more */
	BATCH_ARENA_BYTES = 256 << 20,
	LINE_ARENA_BYTES = 256 << 20,
	MAPPING_BYTES = 1 << 20,
	MEGABYTE = 1 << 20,
	STACK_BYTES = 512 << 10
};

static const struct q_call no_limits;

/* Documents on their way into the index. */
struct batch {
	struct q_arena *arena;
	struct q_bulk_operation operations[BATCH_DOCUMENTS];
	struct q_bulk_result results[BATCH_DOCUMENTS];
	size_t count;
};

struct build {
	struct q_index_command *command;
	/* The reader's. */
	struct batch batches[2], *current;
	struct q_arena *line_arena; /* for a document that is looked into */
	uint64_t line_number;
	struct q_progress progress;
	int documents;			/* owned; -1: not open */
	int64_t read_bytes, file_bytes; /* file_bytes 0: it is no file */
	/* The sender's, until it is joined. */
	uint64_t taken, refused;
	/* Of both. */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct batch *full; /* being put into the index; NULL: the sender waits */
	bool is_over;	    /* no more will come */
	enum q_code code;   /* what stopped the sender */
	struct q_err err;
};

static void count_results(struct build *build, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->results[i].code == Q_OK) {
			build->taken++;
			continue;
		}
		build->refused++;
		fprintf(stderr, "quire index: document %.*s: %.*s\n",
			Q_STR_ARG(batch->operations[i].id), Q_STR_ARG(batch->results[i].message));
	}
}

static enum q_code put_batch(struct build *build, struct batch *batch, struct q_err *err)
{
	enum q_code code = q_search_index_bulk(build->command->store, &no_limits,
					       build->command->index, batch->operations,
					       batch->count, batch->arena, batch->results, err);

	if (!code)
		count_results(build, batch);
	batch->count = 0;
	q_arena_reset(batch->arena);
	return code;
}

/* The next full batch; NULL: it is over. */
static struct batch *await_batch(struct build *build)
{
	struct batch *batch;

	pthread_mutex_lock(&build->lock);
	while (!build->full && !build->is_over)
		pthread_cond_wait(&build->changed, &build->lock);
	batch = build->full;
	pthread_mutex_unlock(&build->lock);
	return batch;
}

static void *send_batches(void *context)
{
	struct build *build = context;
	enum q_code code = Q_OK;
	struct batch *batch;
	struct q_err err;

	while (!code && (batch = await_batch(build)) != NULL) {
		code = put_batch(build, batch, &err);
		pthread_mutex_lock(&build->lock);
		build->full = NULL;
		build->code = code;
		if (code)
			build->err = err;
		pthread_cond_broadcast(&build->changed);
		pthread_mutex_unlock(&build->lock);
	}
	return NULL;
}

/* Where the documents are a file; of a pipe nobody knows how much will come. */
static void show_progress(struct build *build, const char *label)
{
	if (build->file_bytes >= MEGABYTE)
		q_progress_draw(&build->progress, q_str_from(label), "MB",
				build->read_bytes / MEGABYTE, build->file_bytes / MEGABYTE);
}

/* Hands the current batch to the sender, when that has done the one before, and begins the other.
 */
static enum q_code hand_over(struct build *build, struct q_err *err)
{
	enum q_code code;

	show_progress(build, "indexing");
	pthread_mutex_lock(&build->lock);
	while (build->full && !build->code)
		pthread_cond_wait(&build->changed, &build->lock);
	code = build->code;
	if (code)
		*err = build->err;
	else
		build->full = build->current;
	pthread_cond_broadcast(&build->changed);
	pthread_mutex_unlock(&build->lock);
	build->current = &build->batches[build->current == &build->batches[0]];
	return code;
}

/* The document's id as its field gives it. */
static enum q_code find_id(struct build *build, struct q_str line, struct q_str *id,
			   struct q_err *err)
{
	static const struct q_json_limits limits = {.bytes_max = Q_DOCUMENT_SOURCE_MAX,
						    .depth_max = Q_DOCUMENT_DEPTH_MAX};
	const struct q_json *document;
	enum q_code code;

	q_arena_reset(build->line_arena);
	code = q_json_parse(build->line_arena, q_str_bytes(line), &limits, &document, err);
	if (!code &&
	    (!q_json_string(q_json_member(document, q_str_from(build->command->id_field)), id) ||
	     id->length == 0))
		code = q_fail(err, Q_INVALID, "index.build", "it has no text %s",
			      build->command->id_field);
	return code;
}

static bool is_full(const struct batch *batch)
{
	return batch->count == BATCH_DOCUMENTS || q_arena_used(batch->arena) >= BATCH_BYTES;
}

static enum q_code take_line(struct build *build, struct q_str line, struct q_err *err)
{
	struct batch *batch = build->current;
	struct q_bulk_operation *operation = &batch->operations[batch->count];
	struct q_str id;

	build->line_number++;
	line = q_str_trim(line);
	if (line.length == 0)
		return Q_OK;
	if (find_id(build, line, &id, err))
		return q_err_context(err, "%s: line %llu", build->command->documents,
				     (unsigned long long)build->line_number);
	*operation = (struct q_bulk_operation){Q_BULK_PUT, q_arena_copy(batch->arena, id),
					       q_arena_copy(batch->arena, line)};
	if (q_arena_failed(batch->arena))
		return q_fail(err, Q_NOMEM, "index.build", "a batch of documents");
	batch->count++;
	return is_full(batch) ? hand_over(build, err) : Q_OK;
}

static enum q_code next_line(struct build *build, struct q_lines *lines, struct q_str *out,
			     struct q_err *err)
{
	enum q_code code = q_lines_next(lines, out, err);

	if (code && code != Q_NOTFOUND)
		return q_err_context(err, "%s: behind line %llu", build->command->documents,
				     (unsigned long long)build->line_number);
	return code;
}

static enum q_code read_lines(struct build *build, struct q_err *err)
{
	enum q_code code = Q_OK;
	struct q_lines lines;
	struct q_str line;

	q_lines_init(&lines, build->documents);
	while (!code && !(code = next_line(build, &lines, &line, err))) {
		build->read_bytes += (int64_t)line.length + 1;
		code = take_line(build, line, err);
	}
	q_lines_free(&lines);
	if (code != Q_NOTFOUND)
		return code;
	return build->current->count > 0 ? hand_over(build, err) : Q_OK;
}

/* Reads all, and returns when all has been put. */
static enum q_code put_documents(struct build *build, struct q_err *err)
{
	unsigned long sender;
	enum q_code code =
		q_thread_start("index-put", STACK_BYTES, send_batches, build, &sender, err);

	if (code)
		return code;
	code = read_lines(build, err);
	pthread_mutex_lock(&build->lock);
	build->is_over = true;
	pthread_cond_broadcast(&build->changed);
	pthread_mutex_unlock(&build->lock);
	q_thread_join(sender);
	if (!code && build->code)
		*err = build->err;
	return code ? code : build->code;
}

static enum q_code ensure(struct q_index_command *command, struct q_err *err)
{
	struct q_arena *arena = command->context->arena;
	struct q_index_definition definition;
	const struct q_json *mapping;
	struct q_bytes text;
	enum q_code code =
		q_file_read_at(AT_FDCWD, command->mapping, MAPPING_BYTES, arena, &text, err);

	if (code)
		return code;
	code = q_json_parse(arena, text, &q_json_request_limits, &mapping, err);
	if (!code)
		code = q_mapping_json_parse(arena, mapping, &definition, err);
	if (code)
		return q_err_context(err, "%s", command->mapping);
	return q_search_index_ensure(command->store, &no_limits, command->index, &definition, err);
}

static enum q_code open_documents(struct build *build, struct q_err *err)
{
	const char *path = build->command->documents;
	struct stat status;

	build->documents = open(path, O_RDONLY | O_CLOEXEC);
	if (build->documents < 0)
		return q_fail_os(err, errno, "index.build", "%s", path);
	if (fstat(build->documents, &status) == 0 && S_ISREG(status.st_mode))
		build->file_bytes = status.st_size;
	return Q_OK;
}

/* What cannot be read makes no index. */
static enum q_code build_index(struct build *build, struct q_err *err)
{
	static const struct q_search_upkeep_options upkeep = {.refresh_interval_ms = 0};
	enum q_code code = open_documents(build, err);

	if (!code)
		code = q_search_index_embedded_keep_up(build->command->store, &upkeep, err);
	if (!code)
		code = ensure(build->command, err);
	if (code)
		return code;
	q_progress_begin(&build->progress);
	code = put_documents(build, err);
	if (!code) {
		show_progress(build, "merging");
		code = q_search_index_merge(build->command->store, &no_limits,
					    build->command->index, err);
	}
	q_progress_end(&build->progress);
	return code;
}

static struct build *new_build(struct q_index_command *command)
{
	struct build *build = q_mem_new(sizeof *build);

	if (!build)
		return NULL;
	build->command = command;
	build->documents = -1;
	build->current = &build->batches[0];
	pthread_mutex_init(&build->lock, NULL);
	pthread_cond_init(&build->changed, NULL);
	build->batches[0].arena = q_arena_new(BATCH_ARENA_BYTES);
	build->batches[1].arena = q_arena_new(BATCH_ARENA_BYTES);
	build->line_arena = q_arena_new(LINE_ARENA_BYTES);
	return build;
}

static void free_build(struct build *build)
{
	if (!build)
		return;
	if (build->documents >= 0)
		close(build->documents);
	q_arena_free(build->batches[0].arena);
	q_arena_free(build->batches[1].arena);
	q_arena_free(build->line_arena);
	pthread_mutex_destroy(&build->lock);
	pthread_cond_destroy(&build->changed);
	q_mem_free(build);
}

static enum q_exit run_build(struct build *build)
{
	int64_t started_ms = q_time_monotonic_ms(), took_ms;
	struct q_err err;

	if (build_index(build, &err))
		return q_command_error("index", &err);
	took_ms = q_time_monotonic_ms() - started_ms;
	fprintf(stderr, "%llu documents in %.1f s, %.0f a second; %llu refused\n",
		(unsigned long long)build->taken, (double)took_ms / 1e3,
		(double)build->taken * 1e3 / (double)(took_ms > 0 ? took_ms : 1),
		(unsigned long long)build->refused);
	return build->refused ? Q_EXIT_PARTLY : Q_EXIT_DONE;
}

enum q_exit q_index_build(struct q_index_command *command)
{
	struct build *build;
	enum q_exit exit_code;

	if (!command->mapping || !command->documents || !command->id_field)
		return q_command_usage(&q_command_index,
				       "name --mapping FILE, --docs FILE and --id FIELD");
	build = new_build(command);
	if (build && build->batches[0].arena && build->batches[1].arena && build->line_arena)
		exit_code = run_build(build);
	else
		exit_code = q_command_fail("index", Q_EXIT_FAILED, "out of memory");
	free_build(build);
	return exit_code;
}
