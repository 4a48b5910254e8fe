/* Terms of a field, scored: a term at a time within the window. The sum of a document's scores is a
 * double that is rounded to a float once, as in Lucene.
 *
 * Where no document of the window can come above the floor, its documents are found and not scored.
 * No rounding makes that wrong: the bound is the same sum over the same terms in the same order,
 * of parts that are not smaller. */
#include "search/matcher.h"
#include "search/similarity.h"

struct weighted_postings {
	struct q__postings postings;
	uint32_t next; /* its first document that is not in a window yet */
	float weight;
	float score_max; /* of any document */
};

struct weighted {
	struct q__matcher base;
	struct weighted_postings *terms;
	size_t count; /* of terms that are not at their end */
	const uint8_t *lengths;
	const float *factors;
	double sums[Q__WINDOW_DOCUMENTS]; /* 0 between windows */
};

static uint32_t next_of_weighted(struct q__matcher *matcher, uint32_t from)
{
	struct weighted *weighted = q_container_of(matcher, struct weighted, base);
	uint32_t next = Q__NO_DOCUMENT;

	for (size_t i = 0; i < weighted->count;) {
		struct weighted_postings *term = &weighted->terms[i];

		if (term->next < from)
			term->next = q__postings_seek(&term->postings, from);
		if (term->next == Q__NO_DOCUMENT) {
			/* Order does not matter but to the last bit of a sum: it is kept. */
			weighted->count--;
			memmove(term, term + 1, (weighted->count - i) * sizeof *term);
			continue;
		}
		next = term->next < next ? term->next : next;
		i++;
	}
	return next;
}

/* Adds what of the loaded block lies in the window. */
static void add_block(const struct weighted *weighted, struct weighted_postings *term,
		      struct q__window *window, double *sums)
{
	struct q__postings *postings = &term->postings;
	uint32_t at = postings->at;

	for (; at < postings->count && postings->documents[at] < window->end; at++) {
		uint32_t document = postings->documents[at], i = document - window->start;
		float frequency = postings->frequencies ? (float)postings->frequencies[at] : 1.0f;
		uint8_t length = weighted->lengths ? weighted->lengths[document] : 1;

		sums[i] += (double)q__score(term->weight, frequency, weighted->factors[length]);
		window->found[i / 64] |= (uint64_t)1 << i % 64;
	}
	postings->at = at;
}

static void add_term(struct weighted *weighted, struct weighted_postings *term,
		     struct q__window *window)
{
	struct q__postings *postings = &term->postings;

	if (term->next < window->start)
		term->next = q__postings_seek(postings, window->start);
	if (term->next >= window->end)
		return;
	do {
		add_block(weighted, term, window, weighted->sums);
	} while (postings->at == postings->count && q__postings_next_block(postings));
	term->next =
		postings->at < postings->count ? postings->documents[postings->at] : Q__NO_DOCUMENT;
}

static void score_documents(struct weighted *weighted, struct q__window *window)
{
	for (size_t i = 0; i < weighted->count; i++)
		add_term(weighted, &weighted->terms[i], window);
	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->found[i]; word != 0;) {
			uint32_t at = 64 * i + q__take_bit(&word);

			window->scores[at] = (float)weighted->sums[at];
			weighted->sums[at] = 0;
		}
	}
}

/* The most that a document of the window can score. */
static float score_bound(const struct weighted *weighted, const struct q__window *window)
{
	double sum = 0;

	for (size_t i = 0; i < weighted->count; i++) {
		if (weighted->terms[i].next < window->end)
			sum += (double)weighted->terms[i].score_max;
	}
	return (float)sum;
}

static void find_documents(struct weighted *weighted, struct q__window *window)
{
	for (size_t i = 0; i < weighted->count; i++) {
		struct weighted_postings *term = &weighted->terms[i];

		if (term->next >= window->end)
			continue;
		q__find_documents(&term->postings, window);
		term->next = q__postings_seek(&term->postings, window->end);
	}
	memset(window->scores, 0, sizeof window->scores);
}

static void fill_weighted(struct q__matcher *matcher, struct q__window *window)
{
	struct weighted *weighted = q_container_of(matcher, struct weighted, base);

	if (score_bound(weighted, window) <= window->floor)
		find_documents(weighted, window);
	else
		score_documents(weighted, window);
}

static const struct q__matcher_ops weighted_ops = {.next = next_of_weighted, .fill = fill_weighted};

/* A frequency of 255 stands for any that is not smaller, and no frequency reaches the weight. */
static float score_max_of(const struct weighted_postings *term, const float factors[256])
{
	struct q__postings_bound bound = q__postings_bound(&term->postings);

	if (bound.frequency_max == UINT8_MAX)
		return term->weight;
	return q__score(term->weight, (float)bound.frequency_max, factors[bound.length_min]);
}

struct q__matcher *q__match_weighted(const struct q__weighted_term *terms, size_t count,
				     const struct q__field *field, const float factors[256],
				     struct q_arena *arena)
{
	struct weighted *weighted = q_arena_alloc(arena, sizeof *weighted);

	if (!weighted)
		return NULL;
	weighted->base.ops = &weighted_ops;
	weighted->lengths = field->lengths.bytes;
	weighted->factors = factors;
	weighted->terms = q_arena_alloc_array(arena, count, sizeof *weighted->terms);
	if (!weighted->terms)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct weighted_postings *term = &weighted->terms[weighted->count];

		if (terms[i].ref->document_count == 0)
			continue;
		if (!q__postings_open(&term->postings, terms[i].ref, &field->postings, arena))
			return NULL;
		term->weight = terms[i].weight;
		term->score_max = score_max_of(term, factors);
		term->next = q__postings_seek(&term->postings, 0);
		weighted->count++;
	}
	return &weighted->base;
}
