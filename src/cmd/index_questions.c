/* The kinds of questions that `quire index` answers. */
#include "cmd/index_command.h"
#include "cmd/index_json.h"
#include "search/json/query_json.h"

static const struct q_call no_limits;

static enum q_code read_request(struct q_arena *arena, const struct q_json *line,
				struct q_index_question *out, struct q_err *err)
{
	enum q_code code =
		q_query_json_parse(arena, q_json_member(line, Q_STR("body")), &out->request, err);

	return code ? code
		    : q_view_json_parse(arena, q_json_member(line, Q_STR("view")),
					&out->request.view, err);
}

static enum q_code ask_hits(const struct q_index_command *command,
			    const struct q_index_question *question, struct q_arena *arena,
			    union q_index_result *out, struct q_err *err)
{
	return q_search_index_search(command->store, &no_limits, command->index, &question->request,
				     arena, &out->hits, err);
}

enum q_exit q_index_search(struct q_index_command *command)
{
	static const struct q_index_asking asking = {read_request, ask_hits, q_index_write_hits};

	return q_index_ask(command, &asking);
}

static enum q_code ask_count(const struct q_index_command *command,
			     const struct q_index_question *question, struct q_arena *arena,
			     union q_index_result *out, struct q_err *err)
{
	(void)arena;
	return q_search_index_count(command->store, &no_limits, command->index,
				    question->request.query, &question->request.view, &out->count,
				    err);
}

enum q_exit q_index_count(struct q_index_command *command)
{
	static const struct q_index_asking asking = {read_request, ask_count, q_index_write_count};

	return q_index_ask(command, &asking);
}

static enum q_code read_document(struct q_arena *arena, const struct q_json *line,
				 struct q_index_question *out, struct q_err *err)
{
	if (!q_json_string(q_json_member(line, Q_STR("document")), &out->document))
		return q_fail(err, Q_INVALID, "index.explain", "say which \"document\"");
	return read_request(arena, line, out, err);
}

static enum q_code ask_explanation(const struct q_index_command *command,
				   const struct q_index_question *question, struct q_arena *arena,
				   union q_index_result *out, struct q_err *err)
{
	return q_search_index_explain(command->store, &no_limits, command->index,
				      question->request.query, &question->request.view,
				      question->document, arena, &out->explanation, err);
}

enum q_exit q_index_explain(struct q_index_command *command)
{
	static const struct q_index_asking asking = {read_document, ask_explanation,
						     q_index_write_explanation};

	return q_index_ask(command, &asking);
}

static enum q_code read_suggest(struct q_arena *arena, const struct q_json *line,
				struct q_index_question *out, struct q_err *err)
{
	enum q_code code =
		q_suggest_json_parse(arena, q_json_member(line, Q_STR("body")), &out->suggest, err);

	return code ? code
		    : q_view_json_parse(arena, q_json_member(line, Q_STR("view")),
					&out->suggest.view, err);
}

static enum q_code ask_suggestions(const struct q_index_command *command,
				   const struct q_index_question *question, struct q_arena *arena,
				   union q_index_result *out, struct q_err *err)
{
	return q_search_index_suggest(command->store, &no_limits, command->index,
				      &question->suggest, arena, &out->suggestions, err);
}

enum q_exit q_index_suggest(struct q_index_command *command)
{
	static const struct q_index_asking asking = {read_suggest, ask_suggestions,
						     q_index_write_suggestions};

	return q_index_ask(command, &asking);
}
