#include "support/record_store_lagging.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* What the indexes do not show yet is read from the change feed: of each item that has changed
 * since, they show what it was before. */

struct lagging_store {
	struct q_record_store base;
	struct q_record_store_ops ops; /* name and capabilities of the inner store */
	struct q_record_store *inner;
	struct record_store_lag lag;
	char seen[Q_STREAM_SEQUENCE_MAX + 1]; /* up to here the indexes show the changes */
};

enum { ITEMS_MAX = 400 };

static struct lagging_store *lagging_of(struct q_record_store *store)
{
	return q_container_of(store, struct lagging_store, base);
}

static void set_seen(struct lagging_store *store, struct q_str sequence)
{
	snprintf(store->seen, sizeof store->seen, "%.*s", Q_STR_ARG(sequence));
}

static enum q_code catch_up(struct lagging_store *store, const struct q_call *call,
			    struct q_arena *arena, struct q_err *err)
{
	struct q_stream_position newest = {.start = Q_STREAM_NEWEST};
	struct q_change_page page;
	enum q_code code = q_change_feed_read(store->lag.changes, call, Q_STR("0"), newest, 1, 0,
					      arena, &page, err);

	if (!code)
		set_seen(store, page.next);
	return code;
}

static bool is_same(struct q_record_key a, struct q_record_key b)
{
	return q_str_equal(a.pk, b.pk) && q_str_equal(a.sk, b.sk);
}

/* --- One answer */

struct answer {
	const struct q_query *query;
	int64_t now_ms;
	struct q_item *items;
	size_t count;
	struct q_record_key *changed; /* items that the indexes show as they were */
	size_t changed_count;
};

static const struct q_record_key *index_key(const struct q_item *item, int index)
{
	return index == 1 ? &item->index1 : &item->index2;
}

static bool has_changed(const struct answer *answer, struct q_record_key key)
{
	for (size_t i = 0; i < answer->changed_count; i++)
		if (is_same(answer->changed[i], key))
			return true;
	return false;
}

static bool is_asked_for(const struct answer *answer, const struct q_item *item)
{
	const struct q_query *query = answer->query;
	const struct q_record_key *key = index_key(item, query->index);

	if (!q_str_equal(key->pk, query->pk) ||
	    (item->expires_at_ms > 0 && item->expires_at_ms <= answer->now_ms))
		return false;
	if (query->sk_prefix.length > 0)
		return q_str_starts_with(key->sk, query->sk_prefix);
	return q_str_compare(key->sk, query->sk_from) >= 0 &&
	       (query->sk_to.length == 0 || q_str_compare(key->sk, query->sk_to) <= 0);
}

/* The first change of an item tells what the indexes show of it. */
static void add_before(struct answer *answer, const struct q_change_record *change)
{
	if (has_changed(answer, change->key) || answer->changed_count == ITEMS_MAX)
		return;
	answer->changed[answer->changed_count++] = change->key;
	if (change->before && is_asked_for(answer, change->before) && answer->count < ITEMS_MAX)
		answer->items[answer->count++] = *change->before;
}

static enum q_code add_changed(struct lagging_store *store, const struct q_call *call,
			       struct q_arena *arena, struct answer *answer, struct q_err *err)
{
	struct q_str after = q_arena_copy(arena, q_str_from(store->seen));
	struct q_change_page page;

	do {
		struct q_stream_position position = {Q_STREAM_AFTER, after};
		enum q_code code =
			q_change_feed_read(store->lag.changes, call, Q_STR("0"), position,
					   Q_STREAM_READ_MAX, 0, arena, &page, err);

		if (code)
			return code;
		for (size_t i = 0; i < page.count; i++)
			add_before(answer, &page.items[i]);
		after = page.next;
	} while (page.count > 0);
	return Q_OK;
}

static void add_unchanged(struct answer *answer, const struct q_query_page *fresh)
{
	for (size_t i = 0; i < fresh->count && answer->count < ITEMS_MAX; i++)
		if (!has_changed(answer, fresh->items[i].key))
			answer->items[answer->count++] = fresh->items[i];
}

static int compare(const void *a, const void *b, void *index)
{
	const struct q_record_key *left = index_key(a, *(int *)index);
	const struct q_record_key *right = index_key(b, *(int *)index);

	return q_str_compare(left->sk, right->sk);
}

/* Q_GAP: the feed no longer tells what the indexes show. */
static enum q_code make_answer(struct lagging_store *store, const struct q_call *call,
			       struct q_arena *arena, struct answer *answer, struct q_err *err)
{
	struct q_query all = *answer->query;
	struct q_query_page fresh;
	int index = all.index;
	enum q_code code;

	answer->items = q_arena_alloc_array(arena, ITEMS_MAX, sizeof *answer->items);
	answer->changed = q_arena_alloc_array(arena, ITEMS_MAX, sizeof *answer->changed);
	if (!answer->items || !answer->changed)
		return q_fail(err, Q_NOMEM, "record_store_lagging", "an answer");
	code = add_changed(store, call, arena, answer, err);
	all.limit = Q_RECORD_QUERY_MAX;
	if (!code)
		code = store->inner->ops->query(store->inner, call, &all, arena, &fresh, err);
	if (code)
		return code;
	add_unchanged(answer, &fresh);
	qsort_r(answer->items, answer->count, sizeof *answer->items, compare, &index);
	return Q_OK;
}

static bool is_whole(const struct answer *answer)
{
	return answer->count <= answer->query->limit && answer->count < ITEMS_MAX &&
	       answer->changed_count < ITEMS_MAX;
}

static enum q_code lagging_query(struct q_record_store *base, const struct q_call *call,
				 const struct q_query *query, struct q_arena *arena,
				 struct q_query_page *out, struct q_err *err)
{
	struct lagging_store *store = lagging_of(base);
	struct answer answer = {.query = query, .now_ms = q_clock_now_ms(store->lag.clock)};
	enum q_code code = Q_OK;

	if (query->index == 0 || query->is_descending || query->after.length > 0)
		return store->inner->ops->query(store->inner, call, query, arena, out, err);
	if (!store->seen[0] ||
	    q_random_source_below(store->lag.random, 1000) >= store->lag.lag_per_mille)
		code = catch_up(store, call, arena, err);
	if (!code)
		code = make_answer(store, call, arena, &answer, err);
	if (code && code != Q_GAP)
		return code;
	if (code == Q_GAP || !is_whole(&answer)) { /* the inner store knows how to go on */
		store->seen[0] = '\0';
		return store->inner->ops->query(store->inner, call, query, arena, out, err);
	}
	*out = (struct q_query_page){.items = answer.items, .count = answer.count};
	return Q_OK;
}

/* --- The rest is the inner store's */

static enum q_code lagging_get(struct q_record_store *base, const struct q_call *call,
			       struct q_record_key key, struct q_arena *arena, struct q_item *out,
			       struct q_err *err)
{
	struct q_record_store *inner = lagging_of(base)->inner;

	return inner->ops->get(inner, call, key, arena, out, err);
}

static enum q_code lagging_transact(struct q_record_store *base, const struct q_call *call,
				    const struct q_write *writes, size_t count, size_t *failed,
				    struct q_arena *arena, struct q_item *after, struct q_err *err)
{
	struct q_record_store *inner = lagging_of(base)->inner;

	return inner->ops->transact(inner, call, writes, count, failed, arena, after, err);
}

static void lagging_close(struct q_record_store *base)
{
	q_mem_free(lagging_of(base));
}

struct q_record_store *record_store_lagging_new(struct q_record_store *inner,
						const struct record_store_lag *lag)
{
	struct lagging_store *store = q_mem_new(sizeof *store);

	if (!store)
		return NULL;
	store->ops = (struct q_record_store_ops){.name = inner->ops->name,
						 .capabilities = inner->ops->capabilities,
						 .get = lagging_get,
						 .query = lagging_query,
						 .transact = lagging_transact,
						 .close = lagging_close};
	store->base.ops = &store->ops;
	store->inner = inner;
	store->lag = *lag;
	return &store->base;
}
