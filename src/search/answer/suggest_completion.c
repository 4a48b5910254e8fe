/* The terms that begin so are gone through in the order of their bytes, in all parts side by side.
 * A term's documents in the files bound those that are seen: once there are enough suggestions,
 * only a term that could be among them is counted. */
#include "search/answer/suggest_internal.h"
#include "search/segment/joined_terms.h"

enum { TERMS_BETWEEN_CHECKS = 1024 };

struct completing {
	struct q__suggesting *suggesting;
	struct q__joined_walk *walks; /* one a part; live at a term that begins so */
	struct q_suggestion *best;
	size_t count, max;
};

static void settle(struct q__joined_walk *walk, bool is_there, struct q_str prefix)
{
	walk->is_live = is_there && q_str_starts_with(q__term_cursor_term(walk->cursor), prefix);
}

static bool open_walks(struct completing *completing)
{
	const struct q__suggesting *suggesting = completing->suggesting;
	const struct q__snapshot *snapshot = suggesting->scope->snapshot;
	struct q_str prefix = suggesting->request->text;

	completing->walks = q__joined_walks_new(snapshot->part_count, suggesting->scratch);
	for (size_t i = 0; completing->walks && i < snapshot->part_count; i++) {
		struct q__joined_walk *walk = &completing->walks[i];

		q__term_cursor_start(walk->cursor,
				     &snapshot->parts[i].segment->fields[suggesting->field].terms);
		settle(walk, q__term_cursor_seek(walk->cursor, prefix), prefix);
	}
	return completing->walks != NULL;
}

/* Documents that have the term: in the files, or of those that are seen. */
static uint64_t count_term(struct completing *completing, bool is_seen)
{
	struct q__suggesting *suggesting = completing->suggesting;
	uint64_t count = 0;

	for (size_t i = 0; i < suggesting->scope->snapshot->part_count; i++) {
		struct q__joined_walk *walk = &completing->walks[i];
		struct q__term_ref ref;

		if (!walk->is_here)
			continue;
		ref = q__term_cursor_ref(walk->cursor);
		count +=
			is_seen ? q__scope_count_term(suggesting->scope, i, suggesting->field, &ref)
				: ref.document_count;
	}
	return count;
}

static bool could_be_kept(const struct completing *completing, uint64_t document_count)
{
	return document_count > 0 &&
	       (completing->count < completing->max ||
		document_count > completing->best[completing->count - 1].document_count);
}

/* Behind its equals: they come in the order of their bytes. */
static void keep(struct completing *completing, struct q_str term, uint64_t document_count)
{
	size_t at = completing->count;

	if (completing->count < completing->max)
		completing->count++;
	else
		at--;
	for (; at > 0 && completing->best[at - 1].document_count < document_count; at--)
		completing->best[at] = completing->best[at - 1];
	completing->best[at] = (struct q_suggestion){
		q_arena_copy(completing->suggesting->arena, term), document_count, 1.0f};
}

static void take_term(struct completing *completing, struct q_str term)
{
	uint64_t document_count = count_term(completing, false);

	if (!could_be_kept(completing, document_count))
		return;
	document_count = count_term(completing, true);
	if (could_be_kept(completing, document_count))
		keep(completing, term, document_count);
}

static void step(struct completing *completing)
{
	const struct q__suggesting *suggesting = completing->suggesting;

	for (size_t i = 0; i < suggesting->scope->snapshot->part_count; i++) {
		struct q__joined_walk *walk = &completing->walks[i];

		if (walk->is_here)
			settle(walk, q__term_cursor_next(walk->cursor), suggesting->request->text);
	}
}

static enum q_code take_terms(struct completing *completing)
{
	const struct q__suggesting *suggesting = completing->suggesting;
	size_t part_count = suggesting->scope->snapshot->part_count;
	struct q_str term;

	for (uint64_t i = 0; q__joined_terms_find(completing->walks, part_count, &term); i++) {
		if (i % TERMS_BETWEEN_CHECKS == 0 &&
		    q__scope_check(suggesting->scope, suggesting->err))
			return suggesting->err->code;
		take_term(completing, term);
		step(completing);
	}
	return Q_OK;
}

enum q_code q__suggest_completion(struct q__suggesting *suggesting, struct q_suggested_word *out)
{
	struct completing completing = {.suggesting = suggesting, .max = suggesting->request->size};
	enum q_code code;

	completing.best =
		q_arena_alloc_array(suggesting->arena, completing.max, sizeof *completing.best);
	if (!completing.best || !open_walks(&completing))
		return q__suggest_out_of_memory(suggesting);
	code = take_terms(&completing);
	*out = (struct q_suggested_word){
		.word = q_arena_copy(suggesting->arena, suggesting->request->text),
		.end = suggesting->request->text.length,
		.suggestions = completing.best,
		.suggestion_count = completing.count};
	return code;
}
