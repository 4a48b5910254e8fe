#include "documents/work/schedule.h"
#include "documents/work/work.h"

#include "base/mem.h"

#include <string.h>

enum { HELD_ARENA = 1 << 20 };

static unsigned page_count(const struct q__held *held)
{
	return held->work.last - held->work.first + 1;
}

static bool is_same(const struct q__work *a, const struct q__work *b)
{
	return a->range == b->range && q_str_equal(a->file_id, b->file_id);
}

bool q__schedule_holds(const struct q__schedule *s, const struct q__work *work)
{
	for (const struct q__held *held = s->first; held; held = held->next)
		if (is_same(&held->work, work))
			return true;
	return false;
}

static bool copy_work(struct q_arena *arena, const struct q__work *work, struct q__work *out)
{
	*out = *work;
	out->file_id = q_arena_copy(arena, work->file_id);
	out->tenant_id = q_arena_copy(arena, work->tenant_id);
	out->kind = q_arena_copy(arena, work->kind);
	out->owner = q_arena_copy(arena, work->owner);
	out->text_key = q_arena_copy(arena, work->text_key);
	out->text_index = q_arena_copy(arena, work->text_index);
	return !q_arena_failed(arena);
}

struct q__held *q__schedule_add(struct q__schedule *s, const struct q__work *work)
{
	struct q__held **last = &s->first, *held;

	if (s->count >= Q__HELD_MAX || q__schedule_holds(s, work))
		return NULL;
	held = q_mem_new(sizeof *held);
	if (!held)
		return NULL;
	held->arena = q_arena_new(HELD_ARENA);
	if (!held->arena || !copy_work(held->arena, work, &held->work)) {
		q_arena_free(held->arena);
		q_mem_free(held);
		return NULL;
	}
	held->users = 1;
	while (*last)
		last = &(*last)->next;
	*last = held;
	s->count++;
	return held;
}

void q__schedule_remove(struct q__schedule *s, struct q__held *held)
{
	struct q__held **at = &s->first;

	q_assert(held->users == 0);
	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	s->count--;
	q_arena_free(held->arena);
	q_mem_free(held);
}

void q__schedule_clear(struct q__schedule *s)
{
	while (s->first) {
		s->first->users = 0;
		q__schedule_remove(s, s->first);
	}
}

struct q__slot *q__held_slot(struct q__held *held, unsigned page)
{
	q_assert(page >= held->work.first && page <= held->work.last);
	return &held->slots[page - held->work.first];
}

bool q__held_is_done(const struct q__held *held)
{
	for (unsigned i = 0; i < page_count(held); i++)
		if (held->slots[i].state != Q__SLOT_DONE)
			return false;
	return true;
}

size_t q__schedule_open_pages(const struct q__schedule *s, struct q_str tenant_id)
{
	size_t open = 0;

	for (const struct q__held *held = s->first; held; held = held->next) {
		if (held->is_lost || !q_str_equal(held->work.tenant_id, tenant_id))
			continue;
		for (unsigned i = 0; i < page_count(held); i++)
			open += held->slots[i].state == Q__SLOT_OPEN ||
				held->slots[i].state == Q__SLOT_CLOSED;
	}
	return open;
}

static struct q__slot *first_open(struct q__held *held, int64_t now_ms)
{
	if (held->is_lost)
		return NULL;
	for (unsigned i = 0; i < page_count(held); i++) {
		struct q__slot *slot = &held->slots[i];

		if (slot->state == Q__SLOT_OPEN && slot->retry_at_ms <= now_ms)
			return slot;
	}
	return NULL;
}

/* Does tenant a have its turn before tenant b, after the turn of `last`? Turns go round in the
 * order of the ids. */
static bool is_sooner(struct q_str a, struct q_str b, struct q_str last)
{
	bool a_wraps = q_str_compare(a, last) <= 0;
	bool b_wraps = q_str_compare(b, last) <= 0;

	if (a_wraps != b_wraps)
		return b_wraps;
	return q_str_compare(a, b) < 0;
}

struct q__held *q__schedule_next(struct q__schedule *s, int64_t now_ms, unsigned *page)
{
	struct q_str last = q_str_from(s->last_tenant);
	struct q__held *best = NULL;
	struct q__slot *best_slot = NULL;

	for (struct q__held *held = s->first; held; held = held->next) {
		struct q__slot *slot = first_open(held, now_ms);
		bool is_same_tenant;

		if (!slot)
			continue;
		is_same_tenant = best && q_str_equal(held->work.tenant_id, best->work.tenant_id);
		if (!best || (is_same_tenant ? held->work.is_urgent && !best->work.is_urgent
					     : is_sooner(held->work.tenant_id, best->work.tenant_id,
							 last))) {
			best = held;
			best_slot = slot;
		}
	}
	if (!best)
		return NULL;
	best_slot->state = Q__SLOT_RUNNING;
	best_slot->attempts++;
	best->users++;
	*page = best->work.first + (unsigned)(best_slot - best->slots);
	q_assert(best->work.tenant_id.length < sizeof s->last_tenant);
	memcpy(s->last_tenant, best->work.tenant_id.data, best->work.tenant_id.length);
	s->last_tenant[best->work.tenant_id.length] = '\0';
	return best;
}
