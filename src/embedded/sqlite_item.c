#include "embedded/sqlite_item.h"

#include "embedded/item_codec.h"
#include "embedded/sqlite_stream.h"

static const char where[] = "sqlite.item";

/* The parameters that statements on one item begin with. */
enum { STREAM = 1, PK = 2, SK = 3, BODY = 4 };

static sqlite3_stmt *statement_on(struct q__sqlite_connection *connection, enum q__sql sql,
				  int64_t stream, const struct q_record_key *key, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, sql, err);

	if (!statement)
		return NULL;
	q__sqlite_bind_int(statement, STREAM, stream);
	q__sqlite_bind_str(statement, PK, key->pk);
	q__sqlite_bind_str(statement, SK, key->sk);
	return statement;
}

enum q_code q__sqlite_item_read(struct q__sqlite_connection *connection, int64_t stream,
				const struct q_record_key *key, struct q_arena *arena,
				struct q_bytes *out, struct q_err *err)
{
	sqlite3_stmt *statement = statement_on(connection, Q__SQL_ITEM_READ, stream, key, err);
	bool found;
	enum q_code code;

	if (!statement)
		return err->code;
	*out = (struct q_bytes){0};
	code = q__sqlite_step(connection, statement, &found, err);
	if (code)
		return code;
	if (found) {
		*out = q_arena_copy_bytes(arena, q__sqlite_column_bytes(statement, 0));
		if (!out->data)
			code = q_fail(err, Q_NOMEM, where, "an item");
	}
	sqlite3_reset(statement);
	return code;
}

static enum q_code append_change(struct q__sqlite_connection *connection, int64_t stream,
				 int64_t now_ms, const struct q_record_key *key,
				 struct q_bytes before, struct q_bytes after,
				 struct q_arena *scratch, struct q_err *err)
{
	struct q_bytes change;
	enum q_code code = q_change_encode(before, after, scratch, &change, err);

	return code ? code
		    : q__sqlite_stream_append(connection, stream, now_ms, key->pk, change, err);
}

static enum q_code store_row(struct q__sqlite_connection *connection, int64_t stream,
			     const struct q_item *item, struct q_bytes body, struct q_err *err)
{
	sqlite3_stmt *statement =
		statement_on(connection, Q__SQL_ITEM_STORE, stream, &item->key, err);

	if (!statement)
		return err->code;
	q__sqlite_bind_bytes(statement, BODY, body);
	q__sqlite_bind_optional(statement, 5, item->index1.pk);
	q__sqlite_bind_optional(statement, 6, item->index1.sk);
	q__sqlite_bind_optional(statement, 7, item->index2.pk);
	q__sqlite_bind_optional(statement, 8, item->index2.sk);
	if (item->expires_at_ms)
		q__sqlite_bind_int(statement, 9, item->expires_at_ms);
	else
		q__sqlite_bind_null(statement, 9);
	return q__sqlite_run(connection, statement, err);
}

/* Where only the body has changed the indexes are left alone. */
static enum q_code store_body(struct q__sqlite_connection *connection, int64_t stream,
			      const struct q_record_key *key, struct q_bytes body,
			      struct q_err *err)
{
	sqlite3_stmt *statement =
		statement_on(connection, Q__SQL_ITEM_STORE_BODY, stream, key, err);

	if (!statement)
		return err->code;
	q__sqlite_bind_bytes(statement, BODY, body);
	return q__sqlite_run(connection, statement, err);
}

static bool stands_where(const struct q__sqlite_stored *before, const struct q_item *item)
{
	return before->body.length > 0 && q_record_key_equal(&before->item.index1, &item->index1) &&
	       q_record_key_equal(&before->item.index2, &item->index2) &&
	       before->item.expires_at_ms == item->expires_at_ms;
}

enum q_code q__sqlite_item_store(struct q__sqlite_connection *connection, int64_t stream,
				 int64_t now_ms, const struct q__sqlite_stored *before,
				 const struct q_item *item, struct q_arena *scratch,
				 struct q_err *err)
{
	struct q_bytes body;
	enum q_code code = q_item_encode(item, scratch, &body, err);

	if (code || q_str_equal(q_bytes_str(before->body), q_bytes_str(body)))
		return code;
	if (stands_where(before, item))
		code = store_body(connection, stream, &item->key, body, err);
	else
		code = store_row(connection, stream, item, body, err);
	if (code)
		return code;
	return append_change(connection, stream, now_ms, &item->key, before->body, body, scratch,
			     err);
}

enum q_code q__sqlite_item_delete(struct q__sqlite_connection *connection, int64_t stream,
				  int64_t now_ms, const struct q_record_key *key,
				  struct q_bytes before, struct q_arena *scratch, struct q_err *err)
{
	sqlite3_stmt *statement = statement_on(connection, Q__SQL_ITEM_DELETE, stream, key, err);
	enum q_code code;

	if (!statement)
		return err->code;
	code = q__sqlite_run(connection, statement, err);
	if (code)
		return code;
	return append_change(connection, stream, now_ms, key, before, (struct q_bytes){0}, scratch,
			     err);
}

/* The item that has been expired for longest; `body` is empty where none has. */
static enum q_code find_expired(struct q__sqlite_connection *connection, int64_t now_ms,
				struct q_arena *scratch, int64_t *stream, struct q_bytes *body,
				struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_ITEM_EXPIRED, err);
	bool found;
	enum q_code code;

	*body = (struct q_bytes){0};
	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, now_ms);
	code = q__sqlite_step(connection, statement, &found, err);
	if (code)
		return code;
	if (found) {
		*stream = sqlite3_column_int64(statement, 0);
		*body = q_arena_copy_bytes(scratch, q__sqlite_column_bytes(statement, 1));
		if (!body->data)
			code = q_fail(err, Q_NOMEM, where, "an expired item");
	}
	sqlite3_reset(statement);
	return code;
}

static enum q_code delete_expired(struct q__sqlite_connection *connection, int64_t now_ms,
				  int64_t stream, struct q_bytes body, struct q_arena *scratch,
				  struct q_err *err)
{
	struct q_item item;
	enum q_code code = q_item_decode(body, scratch, &item, err);

	return code ? code
		    : q__sqlite_item_delete(connection, stream, now_ms, &item.key, body, scratch,
					    err);
}

enum q_code q__sqlite_items_expire(struct q__sqlite_connection *connection, int64_t now_ms,
				   struct q__sqlite_budget budget, bool *has_more,
				   struct q_arena *scratch, struct q_err *err)
{
	size_t bytes = 0;

	for (size_t count = 0; count < budget.count && bytes < budget.bytes; count++) {
		struct q_bytes body;
		int64_t stream = 0;
		enum q_code code = find_expired(connection, now_ms, scratch, &stream, &body, err);

		if (code || body.length == 0)
			return code;
		code = delete_expired(connection, now_ms, stream, body, scratch, err);
		if (code)
			return code;
		bytes += body.length;
		q_arena_reset(scratch);
	}
	*has_more = true;
	return Q_OK;
}
