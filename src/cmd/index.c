/* quire index: an index of the embedded search engine in a directory of its own, made from a file
 * and asked on the command line. */
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "cmd/index_command.h"
#include "cmd/lines.h"
#include "cmd/options.h"
#include "search/query_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_DOCUMENTS = 1000, BATCH_ARENA_BYTES = 256 << 20, MAPPING_BYTES = 1 << 20 };

static const struct q_call no_limits;

/* Documents on their way into the index. */
struct batch {
	struct q_index_command *command;
	struct q_arena *arena; /* of the batch */
	struct q_bulk_operation operations[BATCH_DOCUMENTS];
	struct q_bulk_result results[BATCH_DOCUMENTS];
	size_t count;
	uint64_t line_number, taken, refused;
};

static enum q_code send_batch(struct batch *batch, struct q_err *err)
{
	enum q_code code;

	if (batch->count == 0)
		return Q_OK;
	code = q_search_index_bulk(batch->command->store, &no_limits, Q_INDEX_COMMAND_NAME,
				   batch->operations, batch->count, batch->arena, batch->results,
				   err);
	for (size_t i = 0; i < batch->count && !code; i++) {
		if (batch->results[i].code == Q_OK) {
			batch->taken++;
			continue;
		}
		batch->refused++;
		fprintf(stderr, "quire index: document %.*s: %.*s\n",
			Q_STR_ARG(batch->operations[i].id), Q_STR_ARG(batch->results[i].message));
	}
	batch->count = 0;
	q_arena_reset(batch->arena);
	return code;
}

/* The document's id as its field gives it; false where it gives none. */
static bool find_id(struct batch *batch, struct q_str line, struct q_str *id)
{
	static const struct q_json_limits limits = {.bytes_max = Q_DOCUMENT_SOURCE_MAX,
						    .depth_max = 32};
	const struct q_json *document;
	struct q_err err;

	if (q_json_parse(batch->arena, q_str_bytes(line), &limits, &document, &err))
		return false;
	return q_json_string(q_json_member(document, q_str_from(batch->command->id_field)), id) &&
	       id->length > 0;
}

static enum q_code take_line(struct batch *batch, struct q_str line, struct q_err *err)
{
	struct q_bulk_operation *operation = &batch->operations[batch->count];

	batch->line_number++;
	line = q_str_trim(line);
	if (line.length == 0)
		return Q_OK;
	operation->kind = Q_BULK_PUT;
	operation->source = q_arena_copy(batch->arena, line);
	if (q_arena_failed(batch->arena))
		return q_fail(err, Q_NOMEM, "index.build", "a batch of documents");
	if (!find_id(batch, operation->source, &operation->id))
		return q_fail(err, Q_INVALID, "index.build",
			      "line %llu is no JSON object with a text %s",
			      (unsigned long long)batch->line_number, batch->command->id_field);
	return ++batch->count == BATCH_DOCUMENTS ? send_batch(batch, err) : Q_OK;
}

static enum q_code read_lines(struct batch *batch, int fd, struct q_err *err)
{
	enum q_code code = Q_OK;
	struct q_lines lines;
	struct q_str line;

	q_lines_init(&lines, fd);
	while (!code && !(code = q_lines_next(&lines, &line, err)))
		code = take_line(batch, line, err);
	q_lines_free(&lines);
	return code == Q_NOTFOUND ? send_batch(batch, err) : code;
}

static enum q_code read_documents(struct batch *batch, struct q_err *err)
{
	int fd = open(batch->command->documents, O_RDONLY | O_CLOEXEC);
	enum q_code code;

	if (fd < 0)
		return q_fail_os(err, errno, "index.build", "%s", batch->command->documents);
	code = read_lines(batch, fd, err);
	close(fd);
	return code;
}

static enum q_code ensure(struct q_index_command *command, struct q_err *err)
{
	struct q_arena *arena = command->context->arena;
	struct q_index_definition definition;
	const struct q_json *mapping;
	struct q_bytes text;
	enum q_code code =
		q_file_read_at(AT_FDCWD, command->mapping, MAPPING_BYTES, arena, &text, err);

	if (!code)
		code = q_json_parse(arena, text, &q_json_request_limits, &mapping, err);
	if (!code)
		code = q_mapping_json_parse(arena, mapping, &definition, err);
	if (!code)
		code = q_search_index_ensure(command->store, &no_limits, Q_INDEX_COMMAND_NAME,
					     &definition, err);
	return code;
}

/* Full buffers are written, and segments merged, beside the reading of documents. */
static enum q_code build(struct batch *batch, struct q_err *err)
{
	static const struct q_search_upkeep_options upkeep = {.refresh_interval_ms = 0};
	enum q_code code = q_search_index_embedded_keep_up(batch->command->store, &upkeep, err);

	if (!code)
		code = ensure(batch->command, err);
	if (!code)
		code = read_documents(batch, err);
	if (!code)
		code = q_search_index_merge(batch->command->store, &no_limits, Q_INDEX_COMMAND_NAME,
					    err);
	return code;
}

enum q_exit q_index_build(struct q_index_command *command)
{
	struct batch *batch = q_arena_alloc(command->context->arena, sizeof *batch);
	int64_t started_ms = q_time_monotonic_ms(), took_ms;
	struct q_err err;
	enum q_code code;

	if (!command->mapping || !command->documents || !command->id_field)
		return q_command_usage(&q_command_index,
				       "name --mapping FILE, --docs FILE and --id FIELD");
	if (!batch || !(batch->arena = q_arena_new(BATCH_ARENA_BYTES)))
		return q_command_fail("index", Q_EXIT_FAILED, "out of memory");
	batch->command = command;
	code = build(batch, &err);
	q_arena_free(batch->arena);
	if (code)
		return q_command_error("index", &err);
	took_ms = q_time_monotonic_ms() - started_ms;
	fprintf(stderr, "%llu documents in %.1f s, %.0f a second; %llu refused\n",
		(unsigned long long)batch->taken, (double)took_ms / 1e3,
		(double)batch->taken * 1e3 / (double)(took_ms > 0 ? took_ms : 1),
		(unsigned long long)batch->refused);
	return batch->refused ? Q_EXIT_PARTLY : Q_EXIT_DONE;
}

static const struct {
	const char *name;
	enum q_exit (*run)(struct q_index_command *);
} verbs[] = {
	{"build", q_index_build},      {"search", q_index_search}, {"ls", q_index_ls},
	{"stats", q_index_statistics}, {"check", q_index_check},   {"dump", q_index_dump},
};

static enum q_exit run_verb(struct q_index_command *command,
			    enum q_exit (*run)(struct q_index_command *))
{
	enum q_exit exit_code;
	struct q_err err;

	if (run != q_index_build && access(command->directory, F_OK) != 0)
		return q_command_fail("index", Q_EXIT_NOTFOUND, "there is no directory %s",
				      command->directory);
	if (q_search_index_embedded_open(command->directory, &command->store, &err))
		return q_command_error("index", &err);
	exit_code = run(command);
	q_search_index_close(command->store);
	return exit_code;
}

static enum q_exit run(const struct q_command_context *context)
{
	struct q_index_command command = {.context = context};
	struct q_option options[] = {
		{"mapping", true, NULL, &command.mapping},
		{"docs", true, NULL, &command.documents},
		{"id", true, NULL, &command.id_field},
		{"threads", true, NULL, &command.threads},
		{"repeat", true, NULL, &command.repeat},
		{"ndjson", false, &command.as_ndjson, NULL},
		{"stats", false, &command.with_statistics, NULL},
	};
	const char *const *operands;
	size_t operand_count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &operand_count, &err))
		return q_command_usage(&q_command_index, "%s", err.message);
	if (operand_count != 2)
		return q_command_usage(&q_command_index, "say what to do, and the directory");
	command.directory = operands[1];
	for (size_t i = 0; i < Q_COUNT_OF(verbs); i++) {
		if (strcmp(operands[0], verbs[i].name) == 0)
			return run_verb(&command, verbs[i].run);
	}
	return q_command_usage(&q_command_index, "there is no `index %s`", operands[0]);
}

const struct q_command q_command_index = {
	.name = "index",
	.synopsis = "index build DIR --mapping FILE --docs FILE.ndjson --id FIELD | "
		    "index search DIR --ndjson [--threads N] [--repeat N] [--stats] | "
		    "index ls|stats|check|dump DIR",
	.summary = "a search index in a directory: make it, ask it, look into it",
	.help = "build   puts every line of --docs, under the id that its field --id has; the "
		"mapping is in OpenSearch's form.\n"
		"search  reads lines {\"id\": ..., \"body\": {OpenSearch request}} and writes "
		"{\"id\", \"total\", \"hits\": [[id, score], ...]}.\n"
		"        --stats prints how long it took to stderr.\n"
		"ls      the segments; stats: documents and sizes; check: reads every byte; dump: "
		"{\"id\", \"source\"} a line.\n",
	.run = run,
};
