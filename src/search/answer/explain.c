#include "search/answer/explain.h"

#include "search/query/plan_explain.h"

enum { PLAN_BYTES = 256 << 20, SCRATCH_BYTES = 64 << 20 };

/* Memory of one request: the plan stays, what evaluates a part of it does not. */
struct room {
	struct q_arena *plan, *scratch;
};

static enum q_code explain_document(const struct room *room, const struct q__scope *scope,
				    const struct q_index_definition *definition,
				    const struct q__plan *plan, struct q_str id,
				    struct q_arena *arena, struct q_explanation *out,
				    struct q_err *err)
{
	struct q__term_cursor *cursor = q_arena_alloc(room->plan, sizeof *cursor);
	bool is_match = false;
	uint32_t document;
	size_t part;
	enum q_code code;

	if (!cursor)
		return q_fail(err, Q_NOMEM, "search_index.explain", "a document");
	code = q__snapshot_find(scope->snapshot, id, cursor, &part, &document, err);
	if (!code && q__scope_sees(scope, part, document))
		code = q__plan_explain(plan, scope, definition, part, document, arena,
				       room->scratch, &is_match, out, err);
	if (code && code != Q_NOTFOUND)
		return code;
	/* A matcher whose time is up finds nothing more. */
	if (q__scope_check(scope, err))
		return err->code;
	return is_match ? Q_OK
			: q_fail(err, Q_NOTFOUND, "search_index.explain",
				 "the query finds no such document");
}

enum q_code q__explain(const struct q__snapshot *snapshot,
		       const struct q_index_definition *definition, const struct q_call *call,
		       const struct q_search_query *query, const struct q_search_query *filter,
		       struct q_str id, struct q_arena *arena, struct q_explanation *out,
		       struct q_err *err)
{
	struct room room = {q_arena_new(PLAN_BYTES), q_arena_new(SCRATCH_BYTES)};
	struct q__scope scope = {0};
	const struct q__plan *plan;
	enum q_code code;

	if (room.plan && room.scratch)
		code = q__scope_make(snapshot, definition, call, filter, room.plan, &scope, err);
	else
		code = q_fail(err, Q_NOMEM, "search_index.explain", "a request");
	if (!code)
		code = q__plan_make(&scope, definition, query, room.plan, &plan, err);
	if (!code)
		code = explain_document(&room, &scope, definition, plan, id, arena, out, err);
	q__scope_free(&scope);
	q_arena_free(room.plan);
	q_arena_free(room.scratch);
	return code;
}
