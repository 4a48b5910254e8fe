#include "search/answer/suggest.h"

#include "search/analysis/field.h"
#include "search/analysis/value.h"
#include "search/answer/suggest_internal.h"

enum { SCRATCH_BYTES = 64 << 20, SEEN_BYTES = 256 << 20 };

static enum q_code find_field(struct q__suggesting *suggesting,
			      const struct q_index_definition *definition)
{
	struct q_str name = suggesting->request->field;
	size_t number = q__field_find(definition, name);

	if (number == 0 || q__kind_has_values(definition->fields[number - 1].kind))
		return q_fail(suggesting->err, Q_INVALID, "search_index.suggest",
			      "there is no keyword or text field %.*s", Q_STR_ARG(name));
	suggesting->field = number;
	suggesting->kind = definition->fields[number - 1].kind;
	return Q_OK;
}

static enum q_code complete(struct q__suggesting *suggesting, struct q_suggest_result *out)
{
	struct q_suggested_word *word = q_arena_alloc(suggesting->arena, sizeof *word);

	if (!word)
		return q__suggest_out_of_memory(suggesting);
	*out = (struct q_suggest_result){word, 1};
	return q__suggest_completion(suggesting, word);
}

static enum q_code suggest(struct q__suggesting *suggesting,
			   const struct q_index_definition *definition,
			   struct q_suggest_result *out)
{
	enum q_code code = find_field(suggesting, definition);

	if (!code && suggesting->request->kind == Q_SUGGEST_COMPLETION)
		code = complete(suggesting, out);
	else if (!code)
		code = q__suggest_correction(suggesting, out);
	if (!code)
		code = q__scope_check(suggesting->scope, suggesting->err);
	if (!code && q_arena_failed(suggesting->arena))
		code = q__suggest_out_of_memory(suggesting);
	return code;
}

/* The documents that are asked: the filter's, of those of the scope. */
static enum q_code make_scope(const struct q__snapshot *snapshot,
			      const struct q_index_definition *definition,
			      const struct q_call *call, const struct q_suggest_request *request,
			      struct q_arena *arena, struct q__scope *out, struct q_err *err)
{
	struct q_search_query both[2] = {{0}};
	struct q_search_query asked = {
		.kind = Q_SEARCH_BOOL, .boost = 1, .combination = {.filter = both}};

	if (request->filter)
		both[asked.combination.filter_count++] = *request->filter;
	if (request->view.scope)
		both[asked.combination.filter_count++] = *request->view.scope;
	return q__scope_make(snapshot, definition, call, &asked, arena, out, err);
}

enum q_code q__suggest(const struct q__snapshot *snapshot,
		       const struct q_index_definition *definition, const struct q_call *call,
		       const struct q_suggest_request *request, struct q_arena *arena,
		       struct q_suggest_result *out, struct q_err *err)
{
	struct q__scope scope = q__scope_all(snapshot, call);
	struct q__suggesting suggesting = {
		.request = request, .scope = &scope, .arena = arena, .err = err};
	struct q_arena *seen = q_arena_new(SEEN_BYTES);
	enum q_code code;

	suggesting.scratch = q_arena_new(SCRATCH_BYTES);
	if (seen && suggesting.scratch)
		code = make_scope(snapshot, definition, call, request, seen, &scope, err);
	else
		code = q__suggest_out_of_memory(&suggesting);
	if (!code)
		code = suggest(&suggesting, definition, out);
	q__scope_free(&scope);
	q_arena_free(suggesting.scratch);
	q_arena_free(seen);
	return code;
}
