/* documents/work/schedule.h: which page is analysed next: fair rounds between tenants, over the
 * ranges this process holds. Only this folder includes it.
 *
 * Contract:  tenants take turns, a page at a time; within a tenant urgent ranges come first, then
 * those held longest. A tenant without open pages takes no turn, so idle capacity is lent.
 * Ownership: the schedule owns the held ranges: each has an arena of its own.
 * Threads:   none of its own: the worker's lock guards it.
 * Errors:    NULL or Q_NOMEM when the heap is full. */
#ifndef Q_DOCUMENTS_WORK_SCHEDULE_H
#define Q_DOCUMENTS_WORK_SCHEDULE_H

#include "documents/work/work.h"

#include <stdatomic.h>

enum { Q__HELD_MAX = 64 }; /* ranges a process holds at once */

enum q__slot_state {
	Q__SLOT_CLOSED, /* the range's text is not there yet */
	Q__SLOT_OPEN,	/* may be analysed, from retry_at_ms on */
	Q__SLOT_RUNNING,
	Q__SLOT_DONE
};

struct q__slot {
	enum q__slot_state state;
	int64_t attempts;
	int64_t retry_at_ms; /* monotonic */
};

struct q__held {
	struct q__held *next; /* in the order of their claims */
	struct q_arena *arena;
	struct q__work work; /* strings in `arena` */
	const struct q__page_place *places;
	struct q__slot slots[Q_DOCUMENTS_RANGE_PAGES];
	unsigned users;	 /* threads at work on it */
	bool is_claimed; /* the lease is ours: `work` does not change any more but for its text */
	/* The lease or the run is over: no page starts any more, and analyses that run stop. They
	 * read it without the worker's lock. */
	atomic_bool is_lost;
};

struct q__schedule {
	struct q__held *first;
	size_t count;
	char last_tenant[65]; /* whose turn it was: the next in the order of ids is next */
};

/* A copy of `work` joins the held ranges, all its slots closed, `users` = 1. NULL when the heap is
 * full, Q__HELD_MAX are held, or it is held already. */
struct q__held *q__schedule_add(struct q__schedule *s, const struct q__work *work);

/* Removes and frees a range that has no users. */
void q__schedule_remove(struct q__schedule *s, struct q__held *held);
void q__schedule_clear(struct q__schedule *s);

/* The next page by turn at monotonic time now_ms: marks its slot running, counts a user, and
 * returns its range and *page (its number); NULL when there is none. */
struct q__held *q__schedule_next(struct q__schedule *s, int64_t now_ms, unsigned *page);

struct q__slot *q__held_slot(struct q__held *held, unsigned page);
bool q__held_is_done(const struct q__held *held);

/* Open pages of a tenant: how far ahead of its analysis it is extracted. */
size_t q__schedule_open_pages(const struct q__schedule *s, struct q_str tenant_id);
bool q__schedule_holds(const struct q__schedule *s, const struct q__work *work);

#endif
