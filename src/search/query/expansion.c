/* A walk over the dictionary in its order, with the automaton's state after each character of the
 * current term. The next term shares a prefix with it, and so the states of that prefix. A term is
 * followed until no edit is left: then only a few endings are near enough, and the walk goes on to
 * the first of them that can still come, or behind all terms of that prefix.
 *
 * Nearer terms come first whatever their length, so that one edit is tried before two, and two are
 * not tried when one has found enough. Among few terms it does not, and one walk is for both. */
#include "search/query/expansion.h"

#include "base/utf8.h"
#include "search/analysis/fuzzy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UTF8_MAX = 4 /* bytes of a character */, FEW_TERMS = 8192 };

struct candidate {
	struct q_str term;
	float boost;
	size_t part; /* where it was found */
	struct q__term_ref ref;
};

/* The best candidates so far, the best first. */
struct best {
	struct candidate *candidates;
	size_t count, max;
};

struct walk {
	struct q__scope *scope;
	size_t part, field;
	struct q__fuzzy fuzzy; /* over what follows the prefix; of the most edits that are wanted */
	unsigned edits_min;    /* the fewest */
	struct q_str prefix;   /* of the word */
	uint32_t word_length;  /* characters, prefix included */
	struct q__fuzzy_state *states; /* by characters behind the prefix */
	uint32_t *ends;		       /* bytes of the term at each */
	uint32_t depth;		       /* states known for the current term */
	char *key;		       /* room for what is gone on to */
};

static int by_boost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->boost != y->boost)
		return x->boost > y->boost ? -1 : 1;
	return q_str_compare(x->term, y->term);
}

static bool is_wanted(const struct best *best, const struct candidate *candidate)
{
	return best->count < best->max ||
	       by_boost(candidate, &best->candidates[best->count - 1]) < 0;
}

static bool keep(struct best *best, struct candidate candidate, struct q_arena *arena)
{
	size_t at = best->count;

	candidate.term = q_arena_copy(arena, candidate.term);
	if (best->count == best->max)
		at--;
	else
		best->count++;
	for (; at > 0 && by_boost(&candidate, &best->candidates[at - 1]) < 0; at--)
		best->candidates[at] = best->candidates[at - 1];
	best->candidates[at] = candidate;
	return !q_arena_failed(arena);
}

/* Could a term of so many edits be kept? No other is more like the word than one of its length. */
static bool is_open(const struct best *best, unsigned edits, uint32_t word_length)
{
	return best->count < best->max || best->candidates[best->count - 1].boost <=
						  q__similarity(edits, word_length, word_length);
}

/* Neither the current term nor one behind it can be kept. */
static bool is_settled(const struct best *best, const struct walk *walk,
		       const struct q__term_cursor *cursor)
{
	struct candidate most = {.term = q__term_cursor_term(cursor)};

	if (best->count < best->max)
		return false;
	most.boost = q__similarity(walk->edits_min, walk->word_length, walk->word_length);
	return !is_wanted(best, &most);
}

static struct q__fuzzy_state state_of(const struct walk *walk)
{
	return walk->states[walk->depth];
}

/* The first string behind all that begin so: UTF-8 has no byte 0xff. */
static struct q_str key_behind(struct walk *walk, struct q_str beginning)
{
	memcpy(walk->key, beginning.data, beginning.length);
	walk->key[beginning.length - 1]++;
	return (struct q_str){walk->key, beginning.length};
}

static struct q_str key_of_ending(struct walk *walk, struct q_str beginning,
				  const struct q__fuzzy_ending *ending)
{
	size_t length = beginning.length;

	memcpy(walk->key, beginning.data, length);
	length += q_utf8_encode(ending->character, walk->key + length);
	if (ending->rest.length > 0)
		memcpy(walk->key + length, ending->rest.data, ending->rest.length);
	return (struct q_str){walk->key, length + ending->rest.length};
}

/* Goes through the current term until no edit is left. */
static void follow(struct walk *walk, const struct q__term_cursor *cursor)
{
	struct q_str term = q__term_cursor_term(cursor);
	size_t at;

	while (walk->depth > 0 && walk->ends[walk->depth] > cursor->shared)
		walk->depth--;
	at = walk->ends[walk->depth];
	while (at < term.length && !q__fuzzy_is_spent(&walk->fuzzy, state_of(walk))) {
		uint32_t character = q_utf8_next(term, &at);

		walk->states[walk->depth + 1] =
			q__fuzzy_step(&walk->fuzzy, state_of(walk), walk->depth, character);
		walk->ends[++walk->depth] = (uint32_t)at;
	}
}

/* A term that is not read to its end has no edit left: it is near enough if it ends as it has to.
 * Else *key is where the next one could be that does. */
static bool has_ending(struct walk *walk, const struct q__term_cursor *cursor, struct q_str *key)
{
	struct q_str term = q__term_cursor_term(cursor);
	size_t cut = walk->ends[walk->depth], at = cut;
	struct q__fuzzy_ending own = {.character = q_utf8_next(term, &at)}, next;

	own.rest = q_str_slice(term, at, term.length);
	if (!q__fuzzy_find_ending(&walk->fuzzy, state_of(walk), walk->depth, &own, &next)) {
		*key = key_behind(walk, q_str_slice(term, 0, cut));
		walk->depth--;
		return false;
	}
	if (q__fuzzy_ending_compare(&own, &next) == 0)
		return true;
	*key = key_of_ending(walk, q_str_slice(term, 0, cut), &next);
	return false;
}

/* Edits between the word and the current term; more than are wanted where it is not near. *key:
 * where to go on, if that is not the next term. */
static unsigned edits_of(struct walk *walk, const struct q__term_cursor *cursor, struct q_str *key)
{
	unsigned most = walk->fuzzy.edits_max;

	follow(walk, cursor);
	if (walk->ends[walk->depth] < cursor->length)
		return has_ending(walk, cursor, key) ? most : most + 1;
	return q__fuzzy_distance(&walk->fuzzy, state_of(walk), walk->depth);
}

static bool keep_if_wanted(const struct walk *walk, unsigned edits, struct q__term_cursor *cursor,
			   struct best *best, struct q_arena *arena)
{
	struct candidate candidate = {.term = q__term_cursor_term(cursor), .part = walk->part};
	uint32_t length = (uint32_t)q_utf8_count(candidate.term);

	candidate.boost = q__similarity(edits, walk->word_length, length);
	if (!is_wanted(best, &candidate))
		return true;
	candidate.ref = q__term_cursor_ref(cursor);
	if (!q__scope_has_term(walk->scope, walk->part, walk->field, &candidate.ref))
		return true;
	return keep(best, candidate, arena);
}

static bool walk_terms(struct walk *walk, struct q__term_cursor *cursor, struct best *best,
		       struct q_arena *arena)
{
	bool is_there = q__term_cursor_seek(cursor, walk->prefix);

	walk->depth = 0;
	walk->states[0] = q__fuzzy_start(&walk->fuzzy);
	while (is_there && q_str_starts_with(q__term_cursor_term(cursor), walk->prefix) &&
	       !is_settled(best, walk, cursor)) {
		struct q_str key = {0};
		unsigned edits = edits_of(walk, cursor, &key);

		if (edits >= walk->edits_min && edits <= walk->fuzzy.edits_max &&
		    !keep_if_wanted(walk, edits, cursor, best, arena))
			return false;
		is_there = key.length > 0 ? q__term_cursor_advance(cursor, key)
					  : q__term_cursor_next(cursor);
	}
	return true;
}

static bool prepare_walk(struct walk *walk, struct q_str word, uint32_t prefix_length,
			 struct q_arena *arena)
{
	size_t cut = q_utf8_bytes_of(word, prefix_length), room;

	walk->prefix = q_str_slice(word, 0, cut);
	walk->word_length = (uint32_t)q_utf8_count(word);
	if (!q__fuzzy_make(&walk->fuzzy, q_str_slice(word, cut, word.length), Q__EDITS_MAX, arena))
		return false;
	/* One edit is left at most before a term has a character more than the word. */
	room = (size_t)walk->fuzzy.length + Q__EDITS_MAX + 1;
	walk->states = q_arena_alloc_array(arena, room, sizeof *walk->states);
	walk->ends = q_arena_alloc_array(arena, room, sizeof *walk->ends);
	walk->key = q_arena_alloc_array(arena, cut + UTF8_MAX * room + word.length, 1);
	if (!walk->states || !walk->ends || !walk->key)
		return false;
	walk->ends[0] = (uint32_t)cut;
	return true;
}

/* What is kept of one part. The word itself is looked up: it is found also where the walk ends
 * early. */
static bool expand_in_part(struct walk *walk, struct q_str word, unsigned edits_max,
			   struct q__term_cursor *cursor, struct best *best, struct q_arena *arena)
{
	struct q__scope *scope = walk->scope;
	const struct q__terms *terms =
		&scope->snapshot->parts[walk->part].segment->fields[walk->field].terms;
	struct q__term_ref ref = q__terms_find(terms, word, cursor);

	if (q__scope_has_term(scope, walk->part, walk->field, &ref) &&
	    !keep(best, (struct candidate){word, 1.0f, walk->part, ref}, arena))
		return false;
	for (walk->edits_min = 1;
	     walk->edits_min <= edits_max && is_open(best, walk->edits_min, walk->word_length);
	     walk->edits_min = walk->fuzzy.edits_max + 1) {
		walk->fuzzy.edits_max = terms->count <= FEW_TERMS ? edits_max : walk->edits_min;
		if (!walk_terms(walk, cursor, best, arena))
			return false;
	}
	return true;
}

static int by_term(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return q_str_compare(x->term, y->term);
}

/* Sorted, each term once. */
static size_t drop_repeated(struct candidate *candidates, size_t count)
{
	size_t kept = 0;

	qsort(candidates, count, sizeof *candidates, by_term);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !q_str_equal(candidates[kept - 1].term, candidates[i].term))
			candidates[kept++] = candidates[i];
	}
	return kept;
}

/* The best of all parts: whatever is among the best of the index is among the best of each part
 * that has it. */
static bool collect(struct q__scope *scope, size_t field, struct q_str word,
		    const struct q__expansion_rule *rule, struct q__term_cursor *cursor,
		    struct q_arena *arena, struct best *out)
{
	size_t part_count = scope->snapshot->part_count, count = 0;
	struct candidate *all = q_arena_alloc_array(arena, part_count * rule->max, sizeof *all);
	struct walk walk = {.scope = scope, .field = field};

	if (!all || !prepare_walk(&walk, word, rule->prefix_length, arena))
		return false;
	for (; walk.part < part_count; walk.part++) {
		struct best best = {.candidates = all + count, .max = rule->max};

		if (!expand_in_part(&walk, word, rule->edits, cursor, &best, arena))
			return false;
		count += best.count;
	}
	count = drop_repeated(all, count);
	if (count > rule->max) {
		qsort(all, count, sizeof *all, by_boost);
		count = rule->max;
		qsort(all, count, sizeof *all, by_term);
	}
	*out = (struct best){all, count, rule->max};
	return true;
}

/* Looked up in all parts but the one where it has been found already, if `found` is not NULL. */
static struct q__term_ref *find_term(const struct q__snapshot *snapshot, size_t field,
				     struct q_str term, const struct candidate *found,
				     struct q__term_cursor *cursor, struct q_arena *arena)
{
	struct q__term_ref *refs = q_arena_alloc_array(arena, snapshot->part_count, sizeof *refs);

	for (size_t i = 0; refs && i < snapshot->part_count; i++) {
		const struct q__terms *terms = &snapshot->parts[i].segment->fields[field].terms;

		refs[i] =
			found && found->part == i ? found->ref : q__terms_find(terms, term, cursor);
	}
	return refs;
}

struct q__term_ref *q__find_term(const struct q__snapshot *snapshot, size_t field,
				 struct q_str term, struct q__term_cursor *cursor,
				 struct q_arena *arena)
{
	return find_term(snapshot, field, term, NULL, cursor, arena);
}

/* Counts the documents that are seen; refs is NULL where the arena is full. */
static bool make_expansion(struct q__scope *scope, size_t field, struct q_str term,
			   struct q__term_ref *refs, struct q__expansion *out)
{
	if (!refs)
		return false;
	*out = (struct q__expansion){.term = term, .boost = 1.0f, .refs = refs};
	for (size_t i = 0; i < scope->snapshot->part_count; i++) {
		uint32_t count = q__scope_count_term(scope, i, field, &refs[i]);

		if (count == 0)
			refs[i] = (struct q__term_ref){0};
		out->document_count += count;
	}
	return true;
}

bool q__expand_exact(struct q__scope *scope, size_t field, struct q_str term,
		     struct q__term_cursor *cursor, struct q_arena *arena, struct q__expansion *out)
{
	return make_expansion(scope, field, term,
			      q__find_term(scope->snapshot, field, term, cursor, arena), out);
}

bool q__expand(struct q__scope *scope, size_t field, struct q_str word,
	       const struct q__expansion_rule *rule, struct q__term_cursor *cursor,
	       struct q_arena *arena, struct q__expansion **out, size_t *count)
{
	struct q__expansion *expansions;
	struct best best;

	if (!collect(scope, field, word, rule, cursor, arena, &best))
		return false;
	expansions = q_arena_alloc_array(arena, best.count, sizeof *expansions);
	if (!expansions)
		return false;
	for (size_t i = 0; i < best.count; i++) {
		const struct candidate *candidate = &best.candidates[i];
		struct q__term_ref *refs = find_term(scope->snapshot, field, candidate->term,
						     candidate, cursor, arena);

		if (!make_expansion(scope, field, candidate->term, refs, &expansions[i]))
			return false;
		/* More edits than characters are a similarity below 0, which orders and no more. */
		expansions[i].boost = fmaxf(best.candidates[i].boost, 0);
	}
	*out = expansions;
	*count = best.count;
	return true;
}
