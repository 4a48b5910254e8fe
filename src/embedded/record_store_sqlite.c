#include "embedded/record_store_sqlite.h"

#include "base/mem.h"
#include "embedded/item_codec.h"
#include "embedded/item_update.h"
#include "embedded/sqlite_compact.h"
#include "embedded/sqlite_internal.h"
#include "embedded/sqlite_item.h"
#include "embedded/sqlite_query.h"
#include "embedded/sqlite_stream.h"

struct store {
	struct q_record_store base;
	struct q_sqlite_database *database; /* borrowed */
	struct q_clock *clock;		    /* borrowed */
	int64_t stream;			    /* its feed; names its items too */
};

static enum q_code store_get(struct q_record_store *base, const struct q_call *call,
			     struct q_record_key key, struct q_arena *arena, struct q_item *out,
			     struct q_err *err)
{
	struct store *store = q_container_of(base, struct store, base);
	struct q__sqlite_connection *connection;
	struct q_bytes body;
	enum q_code code = q__sqlite_reader_take(store->database->readers, &connection, err);

	(void)call;
	if (code)
		return code;
	code = q__sqlite_item_read(connection, store->stream, &key, arena, &body, err);
	q__sqlite_reader_give_back(store->database->readers, connection);
	if (code)
		return code;
	if (body.length == 0 || q_item_encoded_expiry(body) <= q_clock_now_ms(store->clock))
		return q_fail(err, Q_NOTFOUND, "record_store.get", "no such item");
	return q_item_decode(body, arena, out, err);
}

static enum q_code store_query(struct q_record_store *base, const struct q_call *call,
			       const struct q_query *query, struct q_arena *arena,
			       struct q_query_page *out, struct q_err *err)
{
	struct store *store = q_container_of(base, struct store, base);
	struct q__sqlite_connection *connection;
	int64_t now_ms = q_clock_now_ms(store->clock);
	enum q_code code = q__sqlite_reader_take(store->database->readers, &connection, err);

	(void)call;
	if (code)
		return code;
	code = q__sqlite_query(connection, store->stream, now_ms, query, arena, out, err);
	q__sqlite_reader_give_back(store->database->readers, connection);
	return code;
}

/* A transaction on its way through the writer. */
struct transaction {
	struct q__sqlite_write write;
	struct store *store;
	const struct q_write *writes;
	size_t count;
	size_t *failed;	       /* of the caller */
	struct q_arena *arena; /* of the caller, for `after` */
	struct q_item *after;  /* of the caller; NULL: not wanted */
};

/* The stored item. *visible: as the caller of the port may see it; NULL: there is none, or it has
 * expired. */
static enum q_code load(struct q__sqlite_connection *connection, int64_t stream, int64_t now_ms,
			const struct q_record_key *key, struct q_arena *scratch,
			struct q__sqlite_stored *out, const struct q_item **visible,
			struct q_err *err)
{
	enum q_code code = q__sqlite_item_read(connection, stream, key, scratch, &out->body, err);

	*visible = NULL;
	if (code || out->body.length == 0)
		return code;
	code = q_item_decode(out->body, scratch, &out->item, err);
	if (!code && q_item_encoded_expiry(out->body) > now_ms)
		*visible = &out->item;
	return code;
}

static enum q_code give_after(const struct transaction *transaction, const struct q_item *item,
			      struct q_err *err)
{
	if (!transaction->after || q_item_copy(transaction->arena, item, transaction->after))
		return Q_OK;
	return q_fail(err, Q_NOMEM, "record_store.write", "the item after it");
}

/* One write of a transaction, at the time now_ms. */
struct step {
	const struct transaction *transaction;
	const struct q_write *write;
	struct q__sqlite_connection *connection;
	struct q_arena *scratch;
	int64_t now_ms;
};

static enum q_code store_item(const struct step *step, const struct q__sqlite_stored *before,
			      const struct q_item *item, struct q_err *err)
{
	enum q_code code = q__sqlite_item_store(step->connection, step->transaction->store->stream,
						step->now_ms, before, item, step->scratch, err);

	return code ? code : give_after(step->transaction, item, err);
}

static enum q_code apply(const struct step *step, const struct q__sqlite_stored *before,
			 const struct q_item *visible, struct q_err *err)
{
	struct q_item item;
	enum q_code code;

	switch (step->write->kind) {
	case Q_WRITE_PUT:
		return store_item(step, before, step->write->item, err);
	case Q_WRITE_UPDATE:
		code = q_item_update(visible, step->write, step->scratch, &item, err);
		return code ? code : store_item(step, before, &item, err);
	case Q_WRITE_DELETE:
		if (before->body.length == 0)
			return Q_OK;
		return q__sqlite_item_delete(step->connection, step->transaction->store->stream,
					     step->now_ms, &step->write->key, before->body,
					     step->scratch, err);
	case Q_WRITE_CHECK:
		break;
	}
	return Q_OK;
}

static enum q_code run_step(const struct step *step, struct q_err *err)
{
	struct q__sqlite_stored before;
	const struct q_item *visible;
	enum q_code code = load(step->connection, step->transaction->store->stream, step->now_ms,
				&step->write->key, step->scratch, &before, &visible, err);

	if (code)
		return code;
	if (!q_item_conditions_hold(visible, step->write))
		return q_fail(err, Q_CONFLICT, "record_store.write", "a condition did not hold");
	return apply(step, &before, visible, err);
}

static enum q_code run_transaction(struct q__sqlite_write *base,
				   struct q__sqlite_connection *connection, struct q_arena *scratch,
				   struct q_err *err)
{
	struct transaction *transaction = q_container_of(base, struct transaction, write);
	struct step step = {
		.transaction = transaction,
		.connection = connection,
		.scratch = scratch,
		.now_ms = q_clock_now_ms(transaction->store->clock),
	};
	enum q_code code = Q_OK;

	for (size_t i = 0; i < transaction->count && !code; i++) {
		step.write = &transaction->writes[i];
		code = run_step(&step, err);
		if (code == Q_CONFLICT)
			*transaction->failed = i;
	}
	return code;
}

static enum q_code store_transact(struct q_record_store *base, const struct q_call *call,
				  const struct q_write *writes, size_t count, size_t *failed,
				  struct q_arena *arena, struct q_item *after, struct q_err *err)
{
	struct store *store = q_container_of(base, struct store, base);
	struct transaction transaction = {
		.write.run = run_transaction,
		.store = store,
		.writes = writes,
		.count = count,
		.failed = failed,
		.arena = arena,
		.after = after,
	};

	return q__sqlite_writer_run(store->database->writer, call, &transaction.write, err);
}

static enum q_code store_compact(struct q_record_store *base, const struct q_call *call,
				 struct q_err *err)
{
	return q__sqlite_compact(q_container_of(base, struct store, base)->database, call, err);
}

static void store_close(struct q_record_store *base)
{
	q_mem_free(q_container_of(base, struct store, base));
}

static const struct q_record_store_ops store_ops = {
	.name = "sqlite",
	.capabilities = Q_CAP_INLINE | Q_CAP_IN_PROCESS,
	.get = store_get,
	.query = store_query,
	.transact = store_transact,
	.compact = store_compact,
	.close = store_close,
};

enum q_code q_record_store_sqlite_open(struct q_sqlite_database *database, const char *name,
				       struct q_clock *clock, struct q_record_store **out,
				       struct q_err *err)
{
	struct store *store = q_mem_new(sizeof *store);
	enum q_code code;

	if (!store)
		return q_fail(err, Q_NOMEM, "record_store_sqlite.open", "%zu bytes", sizeof *store);
	*store = (struct store){
		.base.ops = &store_ops,
		.database = database,
		.clock = clock,
	};
	code = q__sqlite_stream_open_changes(database, name, &store->stream, err);
	if (code) {
		q_mem_free(store);
		return code;
	}
	*out = &store->base;
	return Q_OK;
}
