/* A heap whose first is the worst. */
#include "search/answer/top_hits.h"

static bool is_worse(const struct q__hit *a, const struct q__hit *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	return a->part != b->part ? a->part > b->part : a->document > b->document;
}

static void swap(struct q__hit *a, struct q__hit *b)
{
	struct q__hit kept = *a;

	*a = *b;
	*b = kept;
}

static void sink(struct q__hit *hits, size_t count, size_t at)
{
	for (;;) {
		size_t worst = at, left = 2 * at + 1;

		if (left < count && is_worse(&hits[left], &hits[worst]))
			worst = left;
		if (left + 1 < count && is_worse(&hits[left + 1], &hits[worst]))
			worst = left + 1;
		if (worst == at)
			return;
		swap(&hits[at], &hits[worst]);
		at = worst;
	}
}

static void rise(struct q__hit *hits, size_t at)
{
	for (size_t above = (at - 1) / 2; at > 0 && is_worse(&hits[at], &hits[above]);
	     at = above, above = (at - 1) / 2)
		swap(&hits[at], &hits[above]);
}

void q__top_hits_add(struct q__top_hits *top, struct q__hit hit)
{
	if (top->count < top->max) {
		top->hits[top->count] = hit;
		rise(top->hits, top->count++);
	} else if (top->max > 0 && is_worse(&top->hits[0], &hit)) {
		top->hits[0] = hit;
		sink(top->hits, top->count, 0);
	}
}

void q__top_hits_sort(struct q__top_hits *top)
{
	for (size_t left = top->count; left > 1;) {
		swap(&top->hits[0], &top->hits[--left]);
		sink(top->hits, left, 0);
	}
}
