/* Documents that are known beforehand: a bit each. */
#include "search/query/matcher.h"

struct set {
	struct q__matcher base;
	const uint64_t *words;
	uint32_t document_count;
	float score;
};

/* The 64 documents from this one on. */
static uint64_t bits_from(const struct set *set, uint32_t document)
{
	size_t at = document / 64, count = ((size_t)set->document_count + 63) / 64;
	unsigned shift = document % 64;
	uint64_t bits = at < count ? set->words[at] >> shift : 0;

	if (shift > 0 && at + 1 < count)
		bits |= set->words[at + 1] << (64 - shift);
	return bits;
}

static uint32_t next_of_set(struct q__matcher *matcher, uint32_t from)
{
	const struct set *set = q_container_of(matcher, struct set, base);

	while (from < set->document_count) {
		uint64_t bits = bits_from(set, from);

		if (bits)
			return from + (uint32_t)__builtin_ctzll(bits);
		if (set->document_count - from <= 64)
			break;
		from += 64;
	}
	return Q__NO_DOCUMENT;
}

static void fill_set(struct q__matcher *matcher, struct q__window *window)
{
	const struct set *set = q_container_of(matcher, struct set, base);
	uint32_t count = window->end - window->start;

	for (uint32_t i = 0; i < count; i += 64)
		window->found[i / 64] = bits_from(set, window->start + i);
	if (count % 64 > 0)
		window->found[count / 64] &= ((uint64_t)1 << count % 64) - 1;
	q__set_scores(window, set->score);
}

static const struct q__matcher_ops set_ops = {.next = next_of_set, .fill = fill_set};

struct q__matcher *q__match_set(const uint64_t *words, uint32_t document_count, float score,
				struct q_arena *arena)
{
	struct set *set = q_arena_alloc(arena, sizeof *set);

	if (!set)
		return NULL;
	*set = (struct set){{&set_ops}, words, document_count, score};
	return &set->base;
}
