/* Terms of a field, scored: a term at a time within the window. The sum of a document's scores is a
 * double that is rounded to a float once, as in Lucene.
 *
 * What cannot come above the floor is not scored, and where it need not be found either, not read:
 *
 * - a window, where the most that each term can add there is not enough together;
 * - a block of a term, or a document of it, where the most of all others is not enough on top;
 * - a document of so few words that, with all of them among the terms, it would not be enough: most
 *   documents of a field of names, where many terms find many documents but each only one of them;
 * - documents that only have terms which are not enough together: those terms are *optional*, and
 *   are looked up in the documents that the others leave.
 *
 * No rounding makes that wrong. A bound is the same sum over the same terms in the same order, of
 * parts that are not smaller; where it is put together in another way, `slack` is far above what
 * the order of adding can change. */
#include "search/query/matcher.h"
#include "search/query/similarity.h"
#include "search/segment/length_byte.h"

enum { WORDS_FEW = 32 /* words of a document up to which they are looked at: exact as a byte */ };

static const double slack = 1 + 1e-6;

struct weighted_term {
	struct q__postings postings;
	uint32_t block; /* the first that has documents of the window, or behind it */
	float weight;
	float score_max; /* of any document */
	float bound;	 /* of any document of the window */
	bool is_optional;
};

struct weighted {
	struct q__matcher base;
	struct weighted_term *terms;
	uint32_t *next;	  /* by term: it has no document between the window and this one */
	uint32_t *active; /* the terms that may have documents in the window, in their order */
	uint32_t active_count;
	size_t count;
	const uint8_t *lengths;
	const float *factors;
	bool is_distinct; /* no term twice */
	bool keeps_sums;
	double score_max; /* of any document */
	float weight_max;
	float one_word_max;   /* of any document of one word */
	bool may_pass;	      /* over documents that cannot come above the floor */
	float floor;	      /* that has_chance is for */
	double bound;	      /* of any document of the window */
	double optional;      /* what the optional terms can add there */
	bool has_chance[256]; /* by length byte: a document of the length to come above the floor */
};

/* The most that a document within the bound can score. A frequency of 255 stands for any that is
 * not smaller, and no frequency reaches the weight. */
static float most_of(float weight, struct q__postings_bound bound, const float *factors)
{
	float most = (float)bound.frequency_max * factors[bound.length_min[Q__BOUND_CLASSES - 1]];

	if (bound.frequency_max == UINT8_MAX)
		return weight;
	for (int i = 0; i < Q__BOUND_CLASSES - 1; i++) {
		float product = (float)(i + 1) * factors[bound.length_min[i]];

		most = product > most ? product : most;
	}
	return q__score(weight, 1, most);
}

static float block_bound(const struct weighted *weighted, const struct weighted_term *term,
			 uint32_t block)
{
	return most_of(term->weight, q__postings_block_bound(&term->postings, block),
		       weighted->factors);
}

/* Goes to what the term has from this document on, without reading it. */
static void advance(struct weighted *weighted, size_t i, uint32_t from)
{
	struct weighted_term *term = &weighted->terms[i];
	struct q__postings *postings = &term->postings;
	uint32_t start;

	term->block = q__postings_find_block(postings, term->block, from);
	/* One term alone: what its blocks can score is what a document can. */
	while (weighted->may_pass && weighted->count == 1 && term->block < postings->block_count &&
	       block_bound(weighted, term, term->block) <= weighted->floor)
		term->block++;
	start = q__postings_block_start(postings, term->block);
	if (q__postings_has_loaded(postings, term->block)) {
		q__postings_seek_in_block(postings, from);
		if (postings->at < postings->count)
			start = postings->documents[postings->at];
	}
	weighted->next[i] = start > from ? start : from;
}

static uint32_t next_of_weighted(struct q__matcher *matcher, uint32_t from)
{
	struct weighted *weighted = q_container_of(matcher, struct weighted, base);
	uint32_t next = Q__NO_DOCUMENT;

	if (weighted->may_pass && (float)weighted->score_max <= weighted->floor)
		return next;
	for (size_t i = 0; i < weighted->count; i++) {
		if (weighted->next[i] < from)
			advance(weighted, i, from);
		next = weighted->next[i] < next ? weighted->next[i] : next;
	}
	return next;
}

static float window_bound(const struct weighted *weighted, const struct weighted_term *term,
			  const struct q__window *window)
{
	const struct q__postings *postings = &term->postings;
	float most = 0;

	if (postings->block_count == 1)
		return term->score_max;
	for (uint32_t block = term->block; q__postings_block_start(postings, block) < window->end;
	     block++) {
		float bound = block_bound(weighted, term, block);

		most = bound > most ? bound : most;
	}
	return most;
}

/* Finds the terms of the window and what they can add up to. */
static void take_active(struct weighted *weighted, const struct q__window *window)
{
	weighted->active_count = 0;
	weighted->bound = 0;
	for (uint32_t i = 0; i < weighted->count; i++) {
		struct weighted_term *term = &weighted->terms[i];

		if (weighted->next[i] < window->start)
			advance(weighted, i, window->start);
		if (weighted->next[i] >= window->end)
			continue;
		weighted->active[weighted->active_count++] = i;
		term->is_optional = false;
		term->bound = window_bound(weighted, term, window);
		weighted->bound += (double)term->bound;
	}
}

/* A document of one word has one of the terms, once. Of several words none adds more than the first
 * time of the weightiest term. */
static bool words_have_chance(const struct weighted *weighted, unsigned words)
{
	float most = q__score(weighted->weight_max, 1, weighted->factors[words]);

	if (words == 1)
		return weighted->one_word_max > weighted->floor;
	return (double)most * words * slack > (double)weighted->floor;
}

static void set_floor(struct weighted *weighted, float floor)
{
	bool is_known = weighted->lengths && weighted->is_distinct;

	weighted->floor = floor;
	for (unsigned words = 1; words < WORDS_FEW && is_known; words++)
		weighted->has_chance[words] = words_have_chance(weighted, words);
}

/* Goes behind the window; the term's loaded block, if it has documents there, is at the first. */
static void leave_window(struct weighted *weighted, uint32_t i, uint32_t block)
{
	struct weighted_term *term = &weighted->terms[i];
	const struct q__postings *postings = &term->postings;

	term->block = block;
	if (q__postings_has_loaded(postings, block) && postings->at < postings->count)
		weighted->next[i] = postings->documents[postings->at];
	else
		weighted->next[i] = q__postings_block_start(postings, block);
}

/* Loads the block, at its first document >= from, which does not go back. */
static bool load_from(struct q__postings *postings, uint32_t block, uint32_t from)
{
	if (!q__postings_has_loaded(postings, block) && !q__postings_load(postings, block))
		return false;
	if (postings->at < postings->count && postings->documents[postings->at] < from)
		q__postings_seek_in_block(postings, from);
	return true;
}

/* What of the loaded block lies in the window and has a chance: the term has to add more than
 * `least`. */
static void score_in_block(struct weighted *weighted, struct weighted_term *term,
			   struct q__window *window, double least)
{
	struct q__postings *postings = &term->postings;
	const uint32_t *frequencies = NULL;
	uint32_t at = postings->at;

	for (; at < postings->count && postings->documents[at] < window->end; at++) {
		uint32_t document = postings->documents[at], i = document - window->start;
		uint8_t length = weighted->lengths ? weighted->lengths[document] : 1;
		double score;

		if (!weighted->has_chance[length])
			continue;
		if (!frequencies)
			frequencies = q__postings_frequencies(postings);
		score = (double)q__score(term->weight, (float)frequencies[at],
					 weighted->factors[length]);
		if (score <= least)
			continue;
		window->sums[i] += score;
		q_bits_add(window->scored, i);
	}
	postings->at = at;
}

/* What a term has to add to a document so that it can come above the floor. */
static double least_of(const struct weighted *weighted, const struct weighted_term *term,
		       const struct q__window *window)
{
	if (weighted->active_count == 1)
		return (double)window->floor;
	return (double)window->floor - (weighted->bound - (double)term->bound) * slack;
}

/* What of the loaded block lies in the window: found, where all have to be, and scored. */
static void take_block(struct weighted *weighted, struct weighted_term *term,
		       struct q__window *window, bool is_scored, double least)
{
	uint32_t from = term->postings.at;

	if (is_scored)
		score_in_block(weighted, term, window, least);
	if (weighted->may_pass)
		return;
	term->postings.at = from;
	q__find_in_block(&term->postings, window);
}

/* Documents to which the term does not add more than `least` are not scored. */
static void add_term(struct weighted *weighted, uint32_t i, struct q__window *window, double least)
{
	struct weighted_term *term = &weighted->terms[i];
	struct q__postings *postings = &term->postings;
	uint32_t block = term->block;

	for (; q__postings_block_start(postings, block) < window->end; block++) {
		bool is_scored = (double)term->bound > least &&
				 (double)block_bound(weighted, term, block) > least;

		if (weighted->may_pass && !is_scored)
			continue;
		if (!load_from(postings, block, window->start))
			continue;
		take_block(weighted, term, window, is_scored, least);
		if (postings->at < postings->count)
			break;
	}
	leave_window(weighted, i, block);
}

/* Marks the terms that are not enough together: those that add least. */
static void choose_optional(struct weighted *weighted, const struct q__window *window)
{
	weighted->optional = 0;
	for (;;) {
		struct weighted_term *least = NULL;

		for (uint32_t i = 0; i < weighted->active_count; i++) {
			struct weighted_term *term = &weighted->terms[weighted->active[i]];

			if (!term->is_optional && (!least || term->bound < least->bound))
				least = term;
		}
		if (!least ||
		    (weighted->optional + (double)least->bound) * slack > (double)window->floor)
			return;
		least->is_optional = true;
		weighted->optional += (double)least->bound;
	}
}

static double score_in(struct weighted *weighted, struct weighted_term *term, uint32_t document)
{
	uint32_t frequency = q__postings_frequency_in(&term->postings, document);
	uint8_t length = weighted->lengths ? weighted->lengths[document] : 1;

	if (frequency == 0)
		return 0;
	return (double)q__score(term->weight, (float)frequency, weighted->factors[length]);
}

/* Over the terms in their order. */
static double sum_in(struct weighted *weighted, uint32_t document, bool optional_only)
{
	double sum = 0;

	for (uint32_t i = 0; i < weighted->active_count; i++) {
		struct weighted_term *term = &weighted->terms[weighted->active[i]];

		if (term->is_optional || !optional_only)
			sum += score_in(weighted, term, document);
	}
	return sum;
}

/* Given what the other terms add, do the optional ones take the document above the floor? */
static bool is_above(struct weighted *weighted, uint32_t document, double others, float floor)
{
	return (others + weighted->optional) * slack > (double)floor &&
	       (others + sum_in(weighted, document, true)) * slack > (double)floor;
}

/* From sums to scores; with optional terms, of the documents that they take above the floor. */
static void take_scores(struct weighted *weighted, struct q__window *window)
{
	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->scored[i]; word != 0;) {
			unsigned bit = q_bits_take(&word);
			uint32_t at = 64 * i + bit, document = window->start + at;
			double sum = window->sums[at];

			window->sums[at] = 0;
			if (weighted->optional == 0)
				window->scores[at] = (float)sum;
			else if (is_above(weighted, document, sum, window->floor))
				window->scores[at] = (float)sum_in(weighted, document, false);
			else
				window->scored[i] &= ~((uint64_t)1 << bit);
		}
	}
}

static void score_documents(struct weighted *weighted, struct q__window *window)
{
	weighted->optional = 0;
	if (weighted->may_pass && weighted->active_count > 1)
		choose_optional(weighted, window);
	for (uint32_t i = 0; i < weighted->active_count; i++) {
		uint32_t term = weighted->active[i];

		if (!weighted->terms[term].is_optional)
			add_term(weighted, term, window,
				 least_of(weighted, &weighted->terms[term], window));
	}
	window->has_sums = weighted->keeps_sums;
	if (!window->has_sums)
		take_scores(weighted, window);
	if (weighted->may_pass)
		memcpy(window->found, window->scored, sizeof window->found);
}

static void find_documents(struct weighted *weighted, struct q__window *window)
{
	for (uint32_t i = 0; i < weighted->active_count; i++)
		add_term(weighted, weighted->active[i], window, (double)Q__NO_SCORES);
}

static void fill_weighted(struct q__matcher *matcher, struct q__window *window)
{
	struct weighted *weighted = q_container_of(matcher, struct weighted, base);

	take_active(weighted, window);
	if (window->floor != weighted->floor)
		set_floor(weighted, window->floor);
	if ((float)weighted->bound > window->floor)
		score_documents(weighted, window);
	else if (!weighted->may_pass)
		find_documents(weighted, window);
}

static void raise_floor(struct q__matcher *matcher, float floor)
{
	struct weighted *weighted = q_container_of(matcher, struct weighted, base);

	weighted->may_pass = true;
	if (floor != weighted->floor)
		set_floor(weighted, floor);
}

static const struct q__matcher_ops weighted_ops = {
	.next = next_of_weighted, .fill = fill_weighted, .raise_floor = raise_floor};

static bool make_room(struct weighted *weighted, size_t count, struct q_arena *arena)
{
	weighted->terms = q_arena_alloc_array(arena, count, sizeof *weighted->terms);
	weighted->next = q_arena_alloc_array(arena, count, sizeof *weighted->next);
	weighted->active = q_arena_alloc_array(arena, count, sizeof *weighted->active);
	return weighted->terms && weighted->next && weighted->active;
}

static bool add_weighted_term(struct weighted *weighted, const struct q__weighted_term *from,
			      const struct q__field *field, struct q_arena *arena)
{
	struct weighted_term *term = &weighted->terms[weighted->count];
	float one_word;

	if (from->ref->document_count == 0)
		return true;
	if (!q__postings_open(&term->postings, from->ref, &field->postings, arena))
		return false;
	term->postings.is_lazy = true;
	term->weight = from->weight;
	one_word = q__score(term->weight, 1, weighted->factors[1]);
	if (one_word > weighted->one_word_max)
		weighted->one_word_max = one_word;
	if (term->weight > weighted->weight_max)
		weighted->weight_max = term->weight;
	term->score_max =
		most_of(term->weight, q__postings_bound(&term->postings), weighted->factors);
	weighted->score_max += (double)term->score_max;
	weighted->count++;
	advance(weighted, weighted->count - 1, 0);
	return true;
}

struct q__matcher *q__match_weighted(const struct q__weighting *weighting,
				     const struct q__field *field, struct q_arena *arena)
{
	struct weighted *weighted = q_arena_alloc(arena, sizeof *weighted);

	if (!weighted || !make_room(weighted, weighting->count, arena))
		return NULL;
	weighted->base.ops = &weighted_ops;
	weighted->lengths = field->lengths.bytes;
	weighted->factors = weighting->factors;
	weighted->is_distinct = weighting->is_distinct;
	weighted->keeps_sums = weighting->keeps_sums;
	weighted->floor = Q__EXACT_SCORES;
	memset(weighted->has_chance, true, sizeof weighted->has_chance);
	for (size_t i = 0; i < weighting->count; i++) {
		if (!add_weighted_term(weighted, &weighting->terms[i], field, arena))
			return NULL;
	}
	return &weighted->base;
}
