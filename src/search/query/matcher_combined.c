/* Matchers over matchers: the best of several, and the combination of a `bool` query. */
#include "search/query/matcher.h"

struct best {
	struct q__matcher base;
	struct q__matcher *const *inner;
	size_t count;
	struct q__window window; /* of one of them */
};

struct combined {
	struct q__matcher base;
	struct q__combination parts;
	struct q__window window; /* of one of them */
	double sums[Q__WINDOW_DOCUMENTS];
	uint16_t should_found[Q__WINDOW_DOCUMENTS]; /* how many of should */
};

static uint32_t first_of(struct q__matcher *const *matchers, size_t count, uint32_t from)
{
	uint32_t first = Q__NO_DOCUMENT;

	for (size_t i = 0; i < count; i++) {
		uint32_t next = q__matcher_next(matchers[i], from);

		first = next < first ? next : first;
	}
	return first;
}

static uint32_t next_of_best(struct q__matcher *matcher, uint32_t from)
{
	struct best *best = q_container_of(matcher, struct best, base);

	return first_of(best->inner, best->count, from);
}

/* `into` takes what is found, and the better score of each document. */
static void take_better(struct q__window *into, const struct q__window *from)
{
	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		uint64_t before = into->scored[i];

		for (uint64_t word = from->scored[i]; word != 0;) {
			unsigned bit = q_bits_take(&word);
			uint32_t at = 64 * i + bit;

			if (!(before >> bit & 1) || from->scores[at] > into->scores[at])
				into->scores[at] = from->scores[at];
		}
		into->found[i] |= from->found[i];
		into->scored[i] |= from->scored[i];
	}
}

static void fill_best(struct q__matcher *matcher, struct q__window *window)
{
	struct best *best = q_container_of(matcher, struct best, base);

	for (size_t i = 0; i < best->count; i++) {
		if (q__matcher_next(best->inner[i], window->start) >= window->end)
			continue;
		q__matcher_fill(best->inner[i], &best->window, window->start, window->end,
				window->floor);
		take_better(window, &best->window);
	}
}

static void raise_floor_of_best(struct q__matcher *matcher, float floor)
{
	struct best *best = q_container_of(matcher, struct best, base);

	for (size_t i = 0; i < best->count; i++)
		q__matcher_raise_floor(best->inner[i], floor);
}

static const struct q__matcher_ops best_ops = {
	.next = next_of_best, .fill = fill_best, .raise_floor = raise_floor_of_best};

struct q__matcher *q__match_best(struct q__matcher *const *inner, size_t count,
				 struct q_arena *arena)
{
	struct best *best = q_arena_alloc(arena, sizeof *best);

	if (!best)
		return NULL;
	best->base.ops = &best_ops;
	best->inner = inner;
	best->count = count;
	return &best->base;
}

/* The first document that all of them may have; each one's next is a lower bound of it. Where they
 * are far from agreeing it is where the search has come to: a window from there costs no more than
 * going on, and then the call is looked at. */
static uint32_t first_of_all(struct q__matcher *const *matchers, size_t count, uint32_t from)
{
	uint32_t left = Q__STEPS_MAX;

	for (size_t i = 0; i < count && from != Q__NO_DOCUMENT && left > 0; left--) {
		uint32_t next = q__matcher_next(matchers[i], from);

		i = next == from ? i + 1 : i > 0 ? 0 : 1;
		from = next;
	}
	return from;
}

static uint32_t next_of_combined(struct q__matcher *matcher, uint32_t from)
{
	const struct q__combination *parts = &q_container_of(matcher, struct combined, base)->parts;
	uint32_t next = from < parts->document_count ? from : Q__NO_DOCUMENT;

	next = first_of_all(parts->filter, parts->filter_count, next);
	next = first_of_all(parts->must, parts->must_count, next);
	if (next != Q__NO_DOCUMENT && parts->minimum_should > 0)
		next = first_of(parts->should, parts->should_count, next);
	return next;
}

static bool is_empty(const struct q__window *window)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++)
		all |= window->found[i];
	return all == 0;
}

static void set_all(struct q__window *window)
{
	for (uint32_t i = 0; i < window->end - window->start; i++)
		q_bits_add(window->found, i);
}

static void fill_inner(struct combined *combined, struct q__matcher *inner,
		       const struct q__window *window, float floor)
{
	if (combined->window.has_sums)
		memset(combined->window.sums, 0, sizeof combined->window.sums);
	q__matcher_fill(inner, &combined->window, window->start, window->end, floor);
}

/* Of the documents of one word of the window. What is not scored adds nothing: it is not above the
 * floor. */
static void add_scores(struct combined *combined, uint32_t i, uint64_t found)
{
	const struct q__window *from = &combined->window;

	for (uint64_t word = found & from->scored[i]; word != 0;) {
		uint32_t at = 64 * i + q_bits_take(&word);

		combined->sums[at] += from->has_sums ? from->sums[at] : (double)from->scores[at];
	}
}

/* Is its score that of its one query? One that others are added to has to be exact. */
static bool is_sole(const struct q__combination *parts)
{
	return parts->must_count == 1 && parts->should_count == 0;
}

/* Narrows the window to what all of filter and must find, and adds up the scores of must. */
static void require(struct combined *combined, struct q__window *window)
{
	const struct q__combination *parts = &combined->parts;
	float floor = is_sole(parts) ? window->floor : Q__EXACT_SCORES;

	for (size_t i = 0; i < parts->filter_count && !is_empty(window); i++) {
		fill_inner(combined, parts->filter[i], window, Q__NO_SCORES);
		for (uint32_t j = 0; j < Q__WINDOW_WORDS; j++)
			window->found[j] &= combined->window.found[j];
	}
	for (size_t i = 0; i < parts->must_count && !is_empty(window); i++) {
		fill_inner(combined, parts->must[i], window, floor);
		for (uint32_t j = 0; j < Q__WINDOW_WORDS; j++) {
			window->found[j] &= combined->window.found[j];
			add_scores(combined, j, window->found[j]);
		}
	}
}

static void add_should(struct combined *combined, struct q__window *window)
{
	const struct q__combination *parts = &combined->parts;

	memset(combined->should_found, 0, sizeof combined->should_found);
	for (size_t i = 0; i < parts->should_count && !is_empty(window); i++) {
		if (q__matcher_next(parts->should[i], window->start) >= window->end)
			continue;
		fill_inner(combined, parts->should[i], window, Q__EXACT_SCORES);
		for (uint32_t j = 0; j < Q__WINDOW_WORDS; j++) {
			uint64_t found = window->found[j] & combined->window.found[j];

			add_scores(combined, j, found);
			while (found != 0)
				combined->should_found[64 * j + q_bits_take(&found)]++;
		}
	}
}

static void drop_few(const struct combined *combined, struct q__window *window)
{
	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->found[i]; word != 0;) {
			unsigned bit = q_bits_take(&word);

			if (combined->should_found[64 * i + bit] < combined->parts.minimum_should)
				window->found[i] &= ~((uint64_t)1 << bit);
		}
	}
}

static void exclude(struct combined *combined, struct q__window *window)
{
	const struct q__combination *parts = &combined->parts;

	for (size_t i = 0; i < parts->must_not_count && !is_empty(window); i++) {
		fill_inner(combined, parts->must_not[i], window, Q__NO_SCORES);
		for (uint32_t j = 0; j < Q__WINDOW_WORDS; j++)
			window->found[j] &= ~combined->window.found[j];
	}
}

/* Lucene adds up must and should each by itself, and rounds three times. */
static void take_sums(struct combined *combined, struct q__window *window)
{
	for (uint32_t i = 0; i < window->end - window->start; i++) {
		window->scores[i] += (float)combined->sums[i];
		combined->sums[i] = 0;
	}
}

static void fill_combined(struct q__matcher *matcher, struct q__window *window)
{
	struct combined *combined = q_container_of(matcher, struct combined, base);

	set_all(window);
	memset(window->scores, 0, sizeof window->scores);
	memset(combined->sums, 0, sizeof combined->sums);
	require(combined, window);
	take_sums(combined, window);
	exclude(combined, window);
	if (combined->parts.should_count > 0) {
		add_should(combined, window);
		drop_few(combined, window);
		take_sums(combined, window);
	}
	memcpy(window->scored, window->found, sizeof window->scored);
}

static void raise_floor_of_combined(struct q__matcher *matcher, float floor)
{
	const struct q__combination *parts = &q_container_of(matcher, struct combined, base)->parts;

	if (is_sole(parts))
		q__matcher_raise_floor(parts->must[0], floor);
}

static const struct q__matcher_ops combined_ops = {
	.next = next_of_combined, .fill = fill_combined, .raise_floor = raise_floor_of_combined};

struct q__matcher *q__match_combination(const struct q__combination *combination,
					struct q_arena *arena)
{
	struct combined *combined = q_arena_alloc(arena, sizeof *combined);

	if (!combined)
		return NULL;
	combined->base.ops = &combined_ops;
	combined->parts = *combination;
	return &combined->base;
}
