/* quire index: an index of the embedded search engine in a directory of its own, made from a file
 * and asked on the command line. */
#include "cmd/index_command.h"
#include "cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct q_call no_limits;

static enum q_exit point_alias(struct q_index_command *command)
{
	struct q_err err;

	if (!command->alias)
		return q_command_usage(&q_command_index, "name --alias NAME and --index NAME");
	if (q_search_index_alias(command->store, &no_limits, q_str_from(command->alias),
				 command->index, &err))
		return q_command_error("index", &err);
	return Q_EXIT_DONE;
}

static enum q_exit drop(struct q_index_command *command)
{
	struct q_err err;

	if (q_search_index_drop(command->store, &no_limits, command->index, &err))
		return q_command_error("index", &err);
	return Q_EXIT_DONE;
}

static const struct {
	const char *name;
	enum q_exit (*run)(struct q_index_command *);
} verbs[] = {
	{"build", q_index_build},
	{"search", q_index_search},
	{"count", q_index_count},
	{"explain", q_index_explain},
	{"suggest", q_index_suggest},
	{"ls", q_index_ls},
	{"stats", q_index_statistics},
	{"check", q_index_check},
	{"dump", q_index_dump},
	{"alias", point_alias},
	{"drop", drop},
};

/* Looked at before the directory is opened, which leaves a lock in it: it may be one of other
 * things.
 */
static bool is_missing(const struct q_index_command *command)
{
	struct q_str path = q_arena_format(command->context->arena, "%s/%.*s", command->directory,
					   Q_STR_ARG(command->index));

	return path.length > 0 && access(path.data, F_OK) != 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

static enum q_exit run_verb(struct q_index_command *command,
			    enum q_exit (*run)(struct q_index_command *))
{
	enum q_exit exit_code;
	struct q_err err;

	if (run != q_index_build && is_missing(command))
		return q_command_fail("index", Q_EXIT_NOTFOUND,
				      "there is no index %.*s in %s: `index build` makes one, "
				      "--index names another",
				      Q_STR_ARG(command->index), command->directory);
	if (q_search_index_embedded_open(command->directory, &command->store, &err))
		return q_command_error("index", &err);
	exit_code = run(command);
	q_search_index_close(command->store);
	if (fflush(stdout) != 0 || ferror(stdout))
		return q_command_fail("index", Q_EXIT_FAILED, "the results could not be written");
	return exit_code;
}

static enum q_exit run(const struct q_command_context *context)
{
	const char *index = Q_INDEX_COMMAND_NAME;
	struct q_index_command command = {.context = context};
	struct q_option options[] = {
		{"index", true, NULL, &index},
		{"alias", true, NULL, &command.alias},
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
	command.index = q_str_from(index);
	for (size_t i = 0; i < Q_COUNT_OF(verbs); i++) {
		if (strcmp(operands[0], verbs[i].name) == 0)
			return run_verb(&command, verbs[i].run);
	}
	return q_command_usage(&q_command_index, "there is no `index %s`", operands[0]);
}

const struct q_command q_command_index = {
	.name = "index",
	.synopsis = "index build DIR --mapping FILE --docs FILE.ndjson --id FIELD | "
		    "index search|count|explain|suggest DIR --ndjson [--threads N] [--repeat N] "
		    "[--stats] | "
		    "index ls|stats|check|dump DIR | index alias DIR --alias NAME --index NAME | "
		    "index drop DIR",
	.summary = "a search index in a directory: make it, ask it, look into it",
	.help = "build   puts every line of --docs, under the id that its field --id has; the "
		"mapping is in OpenSearch's form; what its _source excludes is searched and not "
		"kept.\n"
		"search  reads lines {\"id\": ..., \"body\": {OpenSearch request}} and writes "
		"{\"id\", \"total\", \"hits\": [[id, score], ...]};\n"
		"        highlights, and parts of _source, are in an object behind the score.\n"
		"count   the same lines in, {\"id\", \"count\"} out.\n"
		"explain lines {\"id\", \"document\": id, \"body\"} in, {\"id\", \"explanation\"} "
		"out.\n"
		"suggest lines {\"id\", \"body\": {\"complete\" or \"correct\": {\"field\", "
		"\"text\"}, \"filter\": a query}} in,\n"
		"        {\"id\", \"suggest\": [{\"text\", \"freq\", \"options\"}]} out.\n"
		"        --stats prints how long it took to stderr.\n"
		"ls      the segments; stats: documents and sizes; check: reads every byte; dump: "
		"{\"id\", \"source\"} a line.\n"
		"alias   --alias stands for --index from now on, and for no other: build one "
		"beside, "
		"then swap.\n"
		"drop    ends the index, with the aliases that stand for it.\n"
		"All take --index NAME, or an alias; \"main\" where there is none.\n",
	.run = run,
};
