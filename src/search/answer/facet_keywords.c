/* A facet of keywords has counts by ordinal for each part. The parts' dictionaries are walked side
 * by side, over the terms that were counted. */
#include "search/answer/facets.h"

#include "search/answer/bucket_selection.h"

enum { TERMS_A_CHECK = 1024 };

/* A part's walk over the terms that it has counted. */
struct walk {
	const uint32_t *counts;
	const struct q__terms *terms;
	struct q__term_cursor *cursor;
	uint64_t ordinal; /* where the cursor stands; the terms' count: at the end */
};

/* Goes to the first counted term from this ordinal on. */
static void go_to(struct walk *walk, uint64_t ordinal)
{
	bool is_there;

	while (ordinal < walk->terms->count && walk->counts[ordinal] == 0)
		ordinal++;
	if (ordinal > 0 && ordinal == walk->ordinal + 1)
		is_there = q__term_cursor_next(walk->cursor);
	else
		is_there = q__term_cursor_seek_ordinal(walk->cursor, ordinal);
	walk->ordinal = is_there ? ordinal : walk->terms->count;
}

static bool is_at_end(const struct walk *walk)
{
	return walk->ordinal >= walk->terms->count;
}

static bool open_walks(struct q__facets *facets, const struct q__facet *facet, struct walk *walks)
{
	for (size_t i = 0; i < facets->snapshot->part_count; i++) {
		const struct q__segment *segment = facets->snapshot->parts[i].segment;

		walks[i].counts = facet->ordinal_counts[i];
		walks[i].terms = &segment->fields[facet->field].terms;
		walks[i].cursor = q_arena_alloc(facets->scratch, sizeof *walks[i].cursor);
		if (!walks[i].cursor)
			return false;
		q__term_cursor_start(walks[i].cursor, walks[i].terms);
		walks[i].ordinal = walks[i].terms->count;
		go_to(&walks[i], 0);
	}
	return true;
}

/* The walk with the first of all terms; NULL: all are at their end. */
static struct walk *first_walk(struct walk *walks, size_t count)
{
	struct walk *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is_at_end(&walks[i]) &&
		    (!first || q_str_compare(q__term_cursor_term(walks[i].cursor),
					     q__term_cursor_term(first->cursor)) < 0))
			first = &walks[i];
	}
	return first;
}

/* Offers the term that `first` stands at, with the counts of all parts that have it, and goes on.
 * False when the arena is full. */
static bool offer_term(struct q__facets *facets, struct walk *walks, struct walk *first,
		       struct q__bucket_selection *selection)
{
	struct q_str term = q__term_cursor_term(first->cursor);
	struct q_search_value *key;
	uint64_t count = 0;

	for (size_t i = 0; i < facets->snapshot->part_count; i++) {
		struct walk *walk = &walks[i];

		if (is_at_end(walk) || !q_str_equal(q__term_cursor_term(walk->cursor), term))
			continue;
		count += walk->counts[walk->ordinal];
		if (walk != first)
			go_to(walk, walk->ordinal + 1);
	}
	key = q__bucket_offer(selection, count);
	if (key)
		*key = (struct q_search_value){.kind = Q_VALUE_TEXT,
					       .text = q_arena_copy(facets->scratch, term)};
	go_to(first, first->ordinal + 1);
	return !q_arena_failed(facets->scratch);
}

static enum q_code offer_terms(struct q__facets *facets, struct walk *walks,
			       struct q__bucket_selection *selection, struct q_err *err)
{
	struct walk *first;

	while ((first = first_walk(walks, facets->snapshot->part_count)) != NULL) {
		if (selection->places % TERMS_A_CHECK == 0 &&
		    q_call_check(facets->call, "search_index.search", err))
			return err->code;
		if (!offer_term(facets, walks, first, selection))
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
	struct walk *walks =
		q_arena_alloc_array(facets->scratch, facets->snapshot->part_count, sizeof *walks);
	enum q_code code;

	if (!walks || !open_walks(facets, facet, walks) ||
	    !q__bucket_selection_open(&selection, facet->asked, facets->scratch))
		return q_fail(err, Q_NOMEM, "search_index.search",
			      "the facets take too much memory");
	code = offer_terms(facets, walks, &selection, err);
	if (!code &&
	    (!q__bucket_selection_end(&selection, facets->scratch, out) || !keep_texts(out, arena)))
		code = q_fail(err, Q_NOMEM, "search_index.search",
			      "the facets take too much memory");
	return code;
}
