#include "search/query/matcher.h"

struct all {
	struct q__matcher base;
	uint32_t document_count;
	float score;
};

/* Several terms' postings, or one's. */
struct terms {
	struct q__matcher base;
	struct q__postings *postings;
	size_t count;
	float score;
};

struct constant {
	struct q__matcher base;
	struct q__matcher *inner;
	float score;
};

void q__matcher_fill(struct q__matcher *matcher, struct q__window *window, uint32_t start,
		     uint32_t end, float floor)
{
	window->start = start;
	window->end = end;
	window->floor = floor;
	window->has_sums = false;
	memset(window->found, 0, sizeof window->found);
	memset(window->scored, 0, sizeof window->scored);
	matcher->ops->fill(matcher, window);
}

void q__set_scores(struct q__window *window, float score)
{
	memcpy(window->scored, window->found, sizeof window->scored);
	for (uint32_t i = 0; i < window->end - window->start; i++)
		window->scores[i] = score;
}

static uint32_t next_of_all(struct q__matcher *matcher, uint32_t from)
{
	return from < q_container_of(matcher, struct all, base)->document_count ? from
										: Q__NO_DOCUMENT;
}

static void fill_all(struct q__matcher *matcher, struct q__window *window)
{
	const struct all *all = q_container_of(matcher, struct all, base);

	for (uint32_t i = 0; i < window->end - window->start; i++) {
		if (window->start + i < all->document_count)
			q_bits_add(window->found, i);
	}
	q__set_scores(window, all->score);
}

/* No document scores more than the others. */
static void raise_floor_of_all(struct q__matcher *matcher, float floor)
{
	struct all *all = q_container_of(matcher, struct all, base);

	if (all->score <= floor)
		all->document_count = 0;
}

static const struct q__matcher_ops all_ops = {
	.next = next_of_all, .fill = fill_all, .raise_floor = raise_floor_of_all};

struct q__matcher *q__match_all(uint32_t document_count, float score, struct q_arena *arena)
{
	struct all *all = q_arena_alloc(arena, sizeof *all);

	if (!all)
		return NULL;
	*all = (struct all){{&all_ops}, document_count, score};
	return &all->base;
}

struct q__matcher *q__match_none(struct q_arena *arena)
{
	return q__match_all(0, 0, arena);
}

static uint32_t next_of_terms(struct q__matcher *matcher, uint32_t from)
{
	struct terms *terms = q_container_of(matcher, struct terms, base);
	uint32_t next = Q__NO_DOCUMENT;

	for (size_t i = 0; i < terms->count; i++) {
		uint32_t at = q__postings_seek(&terms->postings[i], from);

		next = at < next ? at : next;
	}
	return next;
}

void q__find_in_block(struct q__postings *postings, struct q__window *window)
{
	uint32_t at = postings->at;

	for (; at < postings->count && postings->documents[at] < window->end; at++) {
		uint32_t i = postings->documents[at] - window->start;

		q_bits_add(window->found, i);
	}
	postings->at = at;
}

void q__find_documents(struct q__postings *postings, struct q__window *window)
{
	if (q__postings_seek(postings, window->start) >= window->end)
		return;
	do {
		q__find_in_block(postings, window);
	} while (postings->at == postings->count && q__postings_next_block(postings));
}

static void fill_terms(struct q__matcher *matcher, struct q__window *window)
{
	struct terms *terms = q_container_of(matcher, struct terms, base);

	for (size_t i = 0; i < terms->count; i++)
		q__find_documents(&terms->postings[i], window);
	q__set_scores(window, terms->score);
}

static void raise_floor_of_terms(struct q__matcher *matcher, float floor)
{
	struct terms *terms = q_container_of(matcher, struct terms, base);

	if (terms->score <= floor)
		terms->count = 0;
}

static const struct q__matcher_ops terms_ops = {
	.next = next_of_terms, .fill = fill_terms, .raise_floor = raise_floor_of_terms};

struct q__matcher *q__match_terms(const struct q__term_ref *refs, size_t count,
				  const struct q__postings_source *source, float score,
				  struct q_arena *arena)
{
	struct terms *terms = q_arena_alloc(arena, sizeof *terms);

	if (!terms)
		return NULL;
	*terms = (struct terms){.base = {&terms_ops}, .score = score};
	terms->postings = q_arena_alloc_array(arena, count, sizeof *terms->postings);
	if (!terms->postings)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (refs[i].document_count == 0)
			continue;
		if (!q__postings_open(&terms->postings[terms->count++], &refs[i], source, arena))
			return NULL;
	}
	return &terms->base;
}

static uint32_t next_of_constant(struct q__matcher *matcher, uint32_t from)
{
	return q__matcher_next(q_container_of(matcher, struct constant, base)->inner, from);
}

static void fill_constant(struct q__matcher *matcher, struct q__window *window)
{
	struct constant *constant = q_container_of(matcher, struct constant, base);

	window->floor = Q__NO_SCORES;
	constant->inner->ops->fill(constant->inner, window);
	q__set_scores(window, constant->score);
}

static const struct q__matcher_ops constant_ops = {.next = next_of_constant, .fill = fill_constant};

struct q__matcher *q__match_constant(struct q__matcher *inner, float score, struct q_arena *arena)
{
	struct constant *constant = q_arena_alloc(arena, sizeof *constant);

	if (!constant || !inner)
		return NULL;
	*constant = (struct constant){{&constant_ops}, inner, score};
	return &constant->base;
}
