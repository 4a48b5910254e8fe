/* A facet of keywords has counts by ordinal for each part. The parts' dictionaries are walked side
 * by side, over the terms that were counted. */
#include "search/answer/facets.h"

#include "search/answer/bucket_selection.h"
#include "search/segment/joined_terms.h"

enum { TERMS_A_CHECK = 1024 };

/* Goes to the first counted term behind this one; to the first of all if the walk is not live. */
static void go_on(struct q__joined_walk *walk, const uint32_t *counts)
{
	uint64_t count = walk->cursor->terms->count;
	uint64_t next = walk->is_live ? q__term_cursor_ordinal(walk->cursor) + 1 : 0, at = next;

	while (at < count && counts[at] == 0)
		at++;
	if (walk->is_live && at == next)
		walk->is_live = q__term_cursor_next(walk->cursor);
	else
		walk->is_live = q__term_cursor_seek_ordinal(walk->cursor, at);
}

static struct q__joined_walk *open_walks(struct q__facets *facets, const struct q__facet *facet)
{
	size_t part_count = facets->snapshot->part_count;
	struct q__joined_walk *walks = q__joined_walks_new(part_count, facets->scratch);

	for (size_t i = 0; walks && i < part_count; i++) {
		const struct q__segment *segment = facets->snapshot->parts[i].segment;

		q__term_cursor_start(walks[i].cursor, &segment->fields[facet->field].terms);
		go_on(&walks[i], facet->ordinal_counts[i]);
	}
	return walks;
}

/* Offers the term with the counts of all parts that have it, which then go on. False when the arena
 * is full. */
static bool offer_term(struct q__facets *facets, const struct q__facet *facet,
		       struct q__joined_walk *walks, struct q_str term,
		       struct q__bucket_selection *selection)
{
	size_t part_count = facets->snapshot->part_count;
	struct q_search_value *key;
	uint64_t count = 0;

	for (size_t i = 0; i < part_count; i++) {
		if (walks[i].is_here)
			count += facet->ordinal_counts[i][q__term_cursor_ordinal(walks[i].cursor)];
	}
	key = q__bucket_offer(selection, count);
	if (key)
		*key = (struct q_search_value){.kind = Q_VALUE_TEXT,
					       .text = q_arena_copy(facets->scratch, term)};
	for (size_t i = 0; i < part_count; i++) {
		if (walks[i].is_here)
			go_on(&walks[i], facet->ordinal_counts[i]);
	}
	return !q_arena_failed(facets->scratch);
}

static enum q_code offer_terms(struct q__facets *facets, const struct q__facet *facet,
			       struct q__joined_walk *walks, struct q__bucket_selection *selection,
			       struct q_err *err)
{
	struct q_str term;

	while (q__joined_terms_find(walks, facets->snapshot->part_count, &term)) {
		if (selection->places % TERMS_A_CHECK == 0 &&
		    q_call_check(facets->call, "search_index.search", err))
			return err->code;
		if (!offer_term(facets, facet, walks, term, selection))
			return q_fail(err, Q_NOMEM, "search_index.search",
				      "the facets take too much memory");
	}
	return Q_OK;
}

/* The texts of buckets that are shown live on in the arena. */
static bool keep_texts(struct q_facet_result *result, struct q_arena *arena)
{
	struct q_facet_bucket *buckets =
		q_arena_alloc_array(arena, result->bucket_count, sizeof *buckets);

	for (size_t i = 0; buckets && i < result->bucket_count; i++) {
		buckets[i] = result->buckets[i];
		buckets[i].key.text = q_arena_copy(arena, buckets[i].key.text);
	}
	result->buckets = buckets;
	return !q_arena_failed(arena);
}

enum q_code q__facet_end_keywords(struct q__facets *facets, const struct q__facet *facet,
				  struct q_arena *arena, struct q_facet_result *out,
				  struct q_err *err)
{
	struct q__bucket_selection selection;
	struct q__joined_walk *walks = open_walks(facets, facet);
	enum q_code code;

	if (!walks || !q__bucket_selection_open(&selection, facet->asked, facets->scratch))
		return q_fail(err, Q_NOMEM, "search_index.search",
			      "the facets take too much memory");
	code = offer_terms(facets, facet, walks, &selection, err);
	if (!code &&
	    (!q__bucket_selection_end(&selection, facets->scratch, out) || !keep_texts(out, arena)))
		code = q_fail(err, Q_NOMEM, "search_index.search",
			      "the facets take too much memory");
	return code;
}
