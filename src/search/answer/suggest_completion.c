/* The terms that begin so are gone through in the order of their bytes, in all parts side by side.
 * A term's documents in the files bound those that are seen: once there are enough suggestions,
 * only a term that could be among them is counted. */
#include "search/answer/suggest_internal.h"

enum { TERMS_BETWEEN_CHECKS = 1024 };

struct source {
	struct q__term_cursor cursor; /* at a term that begins so, while is_live */
	bool is_live, is_here;	      /* is_here: at the term that is looked at */
};

struct completing {
	struct q__suggesting *suggesting;
	struct source *sources; /* one a part */
	struct q_suggestion *best;
	size_t count, max;
};

static void settle(struct source *source, bool is_there, struct q_str prefix)
{
	source->is_live =
		is_there && q_str_starts_with(q__term_cursor_term(&source->cursor), prefix);
}

static bool open_sources(struct completing *completing)
{
	const struct q__suggesting *suggesting = completing->suggesting;
	const struct q__snapshot *snapshot = suggesting->scope->snapshot;
	struct q_str prefix = suggesting->request->text;

	completing->sources = q_arena_alloc_array(suggesting->scratch, snapshot->part_count,
						  sizeof *completing->sources);
	for (size_t i = 0; completing->sources && i < snapshot->part_count; i++) {
		struct source *source = &completing->sources[i];

		q__term_cursor_start(&source->cursor,
				     &snapshot->parts[i].segment->fields[suggesting->field].terms);
		settle(source, q__term_cursor_seek(&source->cursor, prefix), prefix);
	}
	return completing->sources != NULL;
}

/* The next term of all parts; false at the end. */
static bool find_first(struct completing *completing, struct q_str *out)
{
	size_t part_count = completing->suggesting->scope->snapshot->part_count;
	bool is_found = false;

	for (size_t i = 0; i < part_count; i++) {
		struct source *source = &completing->sources[i];
		struct q_str term = q__term_cursor_term(&source->cursor);

		if (source->is_live && (!is_found || q_str_compare(term, *out) < 0)) {
			*out = term;
			is_found = true;
		}
	}
	for (size_t i = 0; is_found && i < part_count; i++) {
		struct source *source = &completing->sources[i];

		source->is_here =
			source->is_live && q_str_equal(q__term_cursor_term(&source->cursor), *out);
	}
	return is_found;
}

/* Documents that have the term: in the files, or of those that are seen. */
static uint64_t count_term(struct completing *completing, bool is_seen)
{
	struct q__suggesting *suggesting = completing->suggesting;
	uint64_t count = 0;

	for (size_t i = 0; i < suggesting->scope->snapshot->part_count; i++) {
		struct source *source = &completing->sources[i];
		struct q__term_ref ref;

		if (!source->is_here)
			continue;
		ref = q__term_cursor_ref(&source->cursor);
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
		struct source *source = &completing->sources[i];

		if (source->is_here)
			settle(source, q__term_cursor_next(&source->cursor),
			       suggesting->request->text);
		source->is_here = false;
	}
}

static enum q_code take_terms(struct completing *completing)
{
	const struct q__suggesting *suggesting = completing->suggesting;
	struct q_str term;

	for (uint64_t i = 0; find_first(completing, &term); i++) {
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
	if (!completing.best || !open_sources(&completing))
		return q__suggest_out_of_memory(suggesting);
	code = take_terms(&completing);
	*out = (struct q_suggested_word){
		.word = q_arena_copy(suggesting->arena, suggesting->request->text),
		.end = suggesting->request->text.length,
		.suggestions = completing.best,
		.suggestion_count = completing.count};
	return code;
}
