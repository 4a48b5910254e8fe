#include "embedded/sqlite_query.h"

#include "embedded/item_codec.h"

#include <string.h>

static const char where[] = "record_store.query";

enum { PAGE_BYTES_MAX = 1 << 20 };

/* The place of an item in its index: by index sk, then by its own key. In the table the sk alone.
 */
struct place {
	struct q_str sk;
	struct q_str pk;
	struct q_str own_sk;
};

/* What a query looks between. In the table `from` is in the range, in an index before it; `to` is
 * beyond. */
struct range {
	struct place from;
	struct place to;
	char from_text[Q_RECORD_KEY_MAX + 1]; /* what from.sk may point to, */
	char to_text[Q_RECORD_KEY_MAX + 1];   /* and to.sk */
};

/* The smallest text above s: no key lies between, as keys hold no NUL. */
static struct q_str successor(struct q_str s, char text[Q_RECORD_KEY_MAX + 1])
{
	memcpy(text, s.data, s.length);
	text[s.length] = '\0';
	return (struct q_str){text, s.length + 1};
}

/* The smallest text above all that begin with the prefix: UTF-8 has no byte that cannot be raised.
 */
static struct q_str prefix_end(struct q_str prefix, char text[Q_RECORD_KEY_MAX + 1])
{
	memcpy(text, prefix.data, prefix.length);
	text[prefix.length - 1]++;
	return (struct q_str){text, prefix.length};
}

static void set_range(struct range *range, const struct q_query *query)
{
	*range = (struct range){.to.sk = Q_STR("\xff")};
	if (query->sk_prefix.length > 0) {
		range->from.sk = query->sk_prefix;
		range->to.sk = prefix_end(query->sk_prefix, range->to_text);
		return;
	}
	range->from.sk = query->sk_from;
	if (query->sk_to.length > 0)
		range->to.sk = successor(query->sk_to, range->to_text);
}

static bool parse_place(struct q_str text, int index, struct place *place)
{
	*place = (struct place){.sk = text};
	if (text.length > 3 * Q_RECORD_KEY_MAX + 2)
		return false;
	if (index == 0)
		return text.length <= Q_RECORD_KEY_MAX && !memchr(text.data, '\0', text.length);
	return q_str_cut(text, '\0', &place->sk, &text) &&
	       q_str_cut(text, '\0', &place->pk, &place->own_sk) && place->pk.length > 0;
}

/* Goes on behind query->after. One beyond the range's other end leaves nothing. */
static enum q_code start_after(struct range *range, const struct q_query *query, struct q_err *err)
{
	struct place after;

	if (query->after.length == 0)
		return Q_OK;
	if (!parse_place(query->after, query->index, &after))
		return q_fail(err, Q_INVALID, where, "`after` is no position of this query");
	if (query->is_descending)
		range->to = after;
	else if (query->index == 0)
		range->from.sk = successor(after.sk, range->from_text);
	else
		range->from = after;
	return Q_OK;
}

static void bind(sqlite3_stmt *statement, const struct q_query *query, const struct range *range)
{
	q__sqlite_bind_str(statement, 2, query->pk);
	q__sqlite_bind_str(statement, 3, range->from.sk);
	q__sqlite_bind_str(statement, 4, range->to.sk);
	q__sqlite_bind_int(statement, 6,
			   (int64_t)query->limit + 1); /* one more: is there a next page? */
	if (query->index == 0)
		return;
	q__sqlite_bind_str(statement, 7, range->from.pk);
	q__sqlite_bind_str(statement, 8, range->from.own_sk);
	q__sqlite_bind_str(statement, 9, range->to.pk);
	q__sqlite_bind_str(statement, 10, range->to.own_sk);
}

static enum q_code set_next(const struct q_query *query, struct q_arena *arena,
			    struct q_query_page *page, struct q_err *err)
{
	const struct q_item *last = &page->items[page->count - 1];
	const struct q_str *index_sk = query->index == 1 ? &last->index1.sk : &last->index2.sk;

	if (query->index == 0)
		page->next = q_arena_copy(arena, last->key.sk);
	else
		page->next = q_arena_format(arena, "%.*s%c%.*s%c%.*s", Q_STR_ARG(*index_sk), '\0',
					    Q_STR_ARG(last->key.pk), '\0', Q_STR_ARG(last->key.sk));
	return page->next.data ? Q_OK : q_fail(err, Q_NOMEM, where, "a position");
}

static enum q_code take_item(sqlite3_stmt *statement, struct q_arena *arena,
			     struct q_query_page *page, size_t *bytes, struct q_err *err)
{
	struct q_bytes stored = q__sqlite_column_bytes(statement, 0);
	struct q_bytes body = q_arena_copy_bytes(arena, stored);

	if (!body.data)
		return q_fail(err, Q_NOMEM, where, "an item of %zu bytes", stored.length);
	*bytes += body.length;
	return q_item_decode(body, arena, &page->items[page->count++], err);
}

static enum q_code take_page(struct q__sqlite_connection *connection, sqlite3_stmt *statement,
			     const struct q_query *query, struct q_arena *arena,
			     struct q_query_page *page, struct q_err *err)
{
	size_t bytes = 0;
	bool found;
	enum q_code code;

	for (;;) {
		code = q__sqlite_step(connection, statement, &found, err);
		if (code || !found)
			return code;
		if (page->count == query->limit || bytes >= PAGE_BYTES_MAX)
			return set_next(query, arena, page, err);
		code = take_item(statement, arena, page, &bytes, err);
		if (code)
			return code;
	}
}

static enum q__sql statement_of(const struct q_query *query)
{
	return Q__SQL_QUERY + 2 * (unsigned)query->index + query->is_descending;
}

enum q_code q__sqlite_query(struct q__sqlite_connection *connection, int64_t stream, int64_t now_ms,
			    const struct q_query *query, struct q_arena *arena,
			    struct q_query_page *out, struct q_err *err)
{
	struct q_query_page page = {0};
	struct range range;
	sqlite3_stmt *statement;
	enum q_code code;

	set_range(&range, query);
	code = start_after(&range, query, err);
	if (code)
		return code;
	page.items = q_arena_alloc_array(arena, query->limit, sizeof *page.items);
	if (!page.items)
		return q_fail(err, Q_NOMEM, where, "%zu items", query->limit);
	statement = q__sqlite_statement(connection, statement_of(query), err);
	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	q__sqlite_bind_int(statement, 5, now_ms);
	bind(statement, query, &range);
	code = take_page(connection, statement, query, arena, &page, err);
	sqlite3_reset(statement);
	if (!code)
		*out = page;
	return code;
}
