#include "net/deadlines.h"

#include <stddef.h>

void q__deadlines_init(struct q__deadlines *all)
{
	for (int due = 0; due < Q__DUE_COUNT; due++) {
		struct q__deadline *list = &all->lists[due];

		*list = (struct q__deadline){.next = list, .previous = list, .at_ms = INT64_MIN};
	}
}

void q__deadline_clear(struct q__deadline *deadline)
{
	if (!deadline->next)
		return;
	deadline->previous->next = deadline->next;
	deadline->next->previous = deadline->previous;
	deadline->next = deadline->previous = NULL;
}

void q__deadline_set(struct q__deadlines *all, struct q__deadline *deadline, enum q__due due,
		     int64_t at_ms)
{
	struct q__deadline *before;

	q__deadline_clear(deadline);
	/* The sentinel's time lies before all others: the search ends there. */
	for (before = all->lists[due].previous; before->at_ms > at_ms;)
		before = before->previous;
	deadline->due = due;
	deadline->at_ms = at_ms;
	deadline->previous = before;
	deadline->next = before->next;
	before->next->previous = deadline;
	before->next = deadline;
}

bool q__deadline_is_set(const struct q__deadline *deadline, enum q__due due)
{
	return deadline->next && deadline->due == due;
}

struct q__deadline *q__deadlines_take(struct q__deadlines *all, int64_t now_ms)
{
	for (int due = 0; due < Q__DUE_COUNT; due++) {
		struct q__deadline *first = all->lists[due].next;

		if (first != &all->lists[due] && first->at_ms <= now_ms) {
			q__deadline_clear(first);
			return first;
		}
	}
	return NULL;
}

int64_t q__deadlines_next_ms(const struct q__deadlines *all)
{
	int64_t next = INT64_MAX;

	for (int due = 0; due < Q__DUE_COUNT; due++) {
		const struct q__deadline *first = all->lists[due].next;

		if (first != &all->lists[due] && first->at_ms < next)
			next = first->at_ms;
	}
	return next;
}
