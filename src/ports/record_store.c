/* Argument checks that hold for every adapter. What only the stored item can tell (its size after
 * an update) is the adapter's. */
#include "ports/record_store.h"

#include "base/utf8.h"

enum {
	CONDITIONS_MAX = Q_RECORD_ATTRIBUTES_MAX,
	TRANSACTION_BYTES_MAX = 4 << 20 /* DynamoDB: TransactWriteItems */
};

static bool has_control_character(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static bool text_ok(struct q_str s, size_t length_max)
{
	return s.length <= length_max && !has_control_character(s) && q_utf8_is_valid(s);
}

static bool key_ok(const struct q_record_key *key)
{
	return key->pk.length > 0 && key->sk.length > 0 && text_ok(key->pk, Q_RECORD_KEY_MAX) &&
	       text_ok(key->sk, Q_RECORD_KEY_MAX);
}

/* An index key is whole or not there. */
static bool index_key_ok(const struct q_record_key *key)
{
	return (key->pk.length == 0 && key->sk.length == 0) || key_ok(key);
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool name_ok(struct q_str name)
{
	if (name.length == 0 || name.length > Q_RECORD_NAME_MAX || !is_letter(name.data[0]))
		return false;
	for (size_t i = 1; i < name.length; i++) {
		char c = name.data[i];

		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

static bool value_ok(const struct q_value *value)
{
	switch (value->kind) {
	case Q_VALUE_STRING:
		return q_utf8_is_valid(value->string);
	case Q_VALUE_NUMBER:
	case Q_VALUE_BOOL:
	case Q_VALUE_BYTES:
		return true;
	}
	return false;
}

static enum q_code check_key(const struct q_record_key *key, const char *where, struct q_err *err)
{
	if (key_ok(key))
		return Q_OK;
	return q_fail(
		err, Q_INVALID, where,
		"pk and sk are 1..%d bytes of UTF-8 without control characters (got %zu, %zu)",
		Q_RECORD_KEY_MAX, key->pk.length, key->sk.length);
}

static enum q_code check_attributes(const struct q_item *item, const char *where, struct q_err *err)
{
	if (item->attribute_count > Q_RECORD_ATTRIBUTES_MAX)
		return q_fail(err, Q_INVALID, where, "%zu attributes, at most %d",
			      item->attribute_count, Q_RECORD_ATTRIBUTES_MAX);
	for (size_t i = 0; i < item->attribute_count; i++) {
		const struct q_attribute *attribute = &item->attributes[i];

		if (!name_ok(attribute->name))
			return q_fail(err, Q_INVALID, where, "attribute %zu has a bad name", i);
		if (!value_ok(&attribute->value))
			return q_fail(err, Q_INVALID, where, "%.*s is not UTF-8",
				      Q_STR_ARG(attribute->name));
		if (q_item_find(item, attribute->name) != &attribute->value)
			return q_fail(err, Q_INVALID, where, "%.*s stands twice",
				      Q_STR_ARG(attribute->name));
	}
	return Q_OK;
}

static enum q_code check_item(const struct q_item *item, const char *where, struct q_err *err)
{
	if (!index_key_ok(&item->index1) || !index_key_ok(&item->index2))
		return q_fail(err, Q_INVALID, where, "an index key is whole or empty");
	if (item->expires_at_ms < 0)
		return q_fail(err, Q_INVALID, where, "expires_at_ms is negative");
	if (q_item_size(item) > Q_RECORD_ITEM_MAX)
		return q_fail(err, Q_TOOBIG, where, "an item of %zu bytes, at most %d",
			      q_item_size(item), Q_RECORD_ITEM_MAX);
	return check_attributes(item, where, err);
}

static bool change_ok(const struct q_change *change)
{
	switch (change->kind) {
	case Q_SET:
		return value_ok(&change->value);
	case Q_ADD:
		return change->value.kind == Q_VALUE_NUMBER;
	case Q_REMOVE:
		return true;
	}
	return false;
}

static bool is_changed_before(const struct q_write *write, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (q_str_equal(write->changes[i].name, write->changes[at].name))
			return true;
	}
	return false;
}

static enum q_code check_update(const struct q_write *write, const char *where, struct q_err *err)
{
	if (write->change_count > Q_RECORD_ATTRIBUTES_MAX)
		return q_fail(err, Q_INVALID, where, "%zu changes, at most %d", write->change_count,
			      Q_RECORD_ATTRIBUTES_MAX);
	for (size_t i = 0; i < write->change_count; i++) {
		if (!name_ok(write->changes[i].name) || !change_ok(&write->changes[i]) ||
		    is_changed_before(write, i))
			return q_fail(err, Q_INVALID, where,
				      "change %zu has a bad name or value, or stands twice", i);
	}
	if ((write->index1 && !index_key_ok(write->index1)) ||
	    (write->index2 && !index_key_ok(write->index2)))
		return q_fail(err, Q_INVALID, where, "an index key is whole or empty");
	if (write->expires_at_ms && *write->expires_at_ms < 0)
		return q_fail(err, Q_INVALID, where, "expires_at_ms is negative");
	return Q_OK;
}

static bool condition_ok(const struct q_condition *condition)
{
	switch (condition->kind) {
	case Q_IF_ABSENT:
	case Q_IF_EXISTS:
		return true;
	case Q_IF_EQUAL:
	case Q_IF_NOT_EQUAL:
		return name_ok(condition->name) && value_ok(&condition->value);
	case Q_IF_AT_MOST:
	case Q_IF_AT_LEAST:
		return name_ok(condition->name) && condition->value.kind == Q_VALUE_NUMBER;
	case Q_IF_SET:
	case Q_IF_UNSET:
		return name_ok(condition->name);
	}
	return false;
}

static enum q_code check_conditions(const struct q_write *write, const char *where,
				    struct q_err *err)
{
	if (write->condition_count > CONDITIONS_MAX)
		return q_fail(err, Q_INVALID, where, "%zu conditions, at most %d",
			      write->condition_count, CONDITIONS_MAX);
	for (size_t i = 0; i < write->condition_count; i++) {
		if (!condition_ok(&write->conditions[i]))
			return q_fail(err, Q_INVALID, where,
				      "condition %zu has a bad name or value", i);
	}
	return Q_OK;
}

static enum q_code check_body(const struct q_write *write, const char *where, struct q_err *err)
{
	switch (write->kind) {
	case Q_WRITE_PUT:
		if (!write->item || !q_record_key_equal(&write->item->key, &write->key))
			return q_fail(err, Q_INVALID, where, "a put's key is its item's");
		return check_item(write->item, where, err);
	case Q_WRITE_UPDATE:
		return check_update(write, where, err);
	case Q_WRITE_DELETE:
	case Q_WRITE_CHECK:
		return Q_OK;
	}
	return q_fail(err, Q_INVALID, where, "unknown kind of write");
}

static enum q_code check_write(const struct q_write *write, const char *where, struct q_err *err)
{
	enum q_code code = check_key(&write->key, where, err);

	if (!code)
		code = check_conditions(write, where, err);
	if (!code)
		code = check_body(write, where, err);
	return code;
}

static enum q_code check_query(const struct q_query *query, const char *where, struct q_err *err)
{
	if (query->index < 0 || query->index > 2)
		return q_fail(err, Q_INVALID, where, "index %d is none of 0, 1, 2", query->index);
	if (query->pk.length == 0 || !text_ok(query->pk, Q_RECORD_KEY_MAX))
		return q_fail(err, Q_INVALID, where, "bad pk");
	if (!text_ok(query->sk_prefix, Q_RECORD_KEY_MAX) ||
	    !text_ok(query->sk_from, Q_RECORD_KEY_MAX) || !text_ok(query->sk_to, Q_RECORD_KEY_MAX))
		return q_fail(err, Q_INVALID, where, "bad sk_prefix, sk_from or sk_to");
	if (query->sk_prefix.length && (query->sk_from.length || query->sk_to.length))
		return q_fail(err, Q_INVALID, where, "sk_prefix excludes sk_from and sk_to");
	if (query->limit == 0 || query->limit > Q_RECORD_QUERY_MAX)
		return q_fail(err, Q_INVALID, where, "a limit of %zu, not 1..%d", query->limit,
			      Q_RECORD_QUERY_MAX);
	return Q_OK;
}

enum q_code q_record_store_get(struct q_record_store *store, const struct q_call *call,
			       struct q_record_key key, struct q_arena *arena, struct q_item *out,
			       struct q_err *err)
{
	static const char where[] = "record_store.get";
	enum q_code code;

	q_assert(store && call && arena && out && err);
	code = check_key(&key, where, err);
	if (!code)
		code = q_call_check(call, where, err);
	return code ? code : store->ops->get(store, call, key, arena, out, err);
}

enum q_code q_record_store_query(struct q_record_store *store, const struct q_call *call,
				 const struct q_query *query, struct q_arena *arena,
				 struct q_query_page *out, struct q_err *err)
{
	static const char where[] = "record_store.query";
	enum q_code code;

	q_assert(store && call && query && arena && out && err);
	code = check_query(query, where, err);
	if (!code)
		code = q_call_check(call, where, err);
	return code ? code : store->ops->query(store, call, query, arena, out, err);
}

enum q_code q_record_store_write(struct q_record_store *store, const struct q_call *call,
				 const struct q_write *write, struct q_arena *arena,
				 struct q_item *after, struct q_err *err)
{
	static const char where[] = "record_store.write";
	enum q_code code;
	size_t failed;

	q_assert(store && call && write && err && (arena || !after));
	if (write->kind == Q_WRITE_CHECK)
		return q_fail(err, Q_INVALID, where, "a check alone writes nothing");
	if (write->kind == Q_WRITE_DELETE && after)
		return q_fail(err, Q_INVALID, where, "a deleted item has no image after it");
	code = check_write(write, where, err);
	if (!code)
		code = q_call_check(call, where, err);
	return code ? code
		    : store->ops->transact(store, call, write, 1, &failed, arena, after, err);
}

/* Bytes that a write brings along: what DynamoDB counts against its limit, and what must be kept in
 * memory. */
static size_t write_size(const struct q_write *write)
{
	size_t size = write->key.pk.length + write->key.sk.length;

	if (write->kind == Q_WRITE_PUT)
		return q_item_size(write->item);
	for (size_t i = 0; write->kind == Q_WRITE_UPDATE && i < write->change_count; i++) {
		const struct q_value *value = &write->changes[i].value;

		size += write->changes[i].name.length;
		if (write->changes[i].kind != Q_SET)
			continue;
		size += value->kind == Q_VALUE_STRING  ? value->string.length
			: value->kind == Q_VALUE_BYTES ? value->bytes.length
						       : 8;
	}
	return size;
}

static bool is_written_before(const struct q_write *writes, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (q_record_key_equal(&writes[i].key, &writes[at].key))
			return true;
	}
	return false;
}

static enum q_code check_transaction(const struct q_write *writes, size_t count, const char *where,
				     struct q_err *err)
{
	size_t size = 0;

	if (count == 0 || count > Q_RECORD_TRANSACTION_MAX)
		return q_fail(err, Q_INVALID, where, "%zu writes, not 1..%d", count,
			      Q_RECORD_TRANSACTION_MAX);
	for (size_t i = 0; i < count; i++) {
		enum q_code code = check_write(&writes[i], where, err);

		if (code)
			return q_err_context(err, "write %zu", i);
		if (is_written_before(writes, i))
			return q_fail(err, Q_INVALID, where, "write %zu repeats a key", i);
		size += write_size(&writes[i]);
	}
	if (size > TRANSACTION_BYTES_MAX)
		return q_fail(err, Q_TOOBIG, where, "a transaction of %zu bytes, at most %d", size,
			      TRANSACTION_BYTES_MAX);
	return Q_OK;
}

enum q_code q_record_store_transact(struct q_record_store *store, const struct q_call *call,
				    const struct q_write *writes, size_t count, size_t *failed,
				    struct q_err *err)
{
	static const char where[] = "record_store.transact";
	size_t ignored;
	enum q_code code;

	q_assert(store && call && writes && err);
	code = check_transaction(writes, count, where, err);
	if (!code)
		code = q_call_check(call, where, err);
	if (code)
		return code;
	return store->ops->transact(store, call, writes, count, failed ? failed : &ignored, NULL,
				    NULL, err);
}

enum q_code q_record_store_compact(struct q_record_store *store, const struct q_call *call,
				   struct q_err *err)
{
	enum q_code code;

	q_assert(store && call && err);
	code = q_call_check(call, "record_store.compact", err);
	if (code || !store->ops->compact)
		return code;
	return store->ops->compact(store, call, err);
}

bool q_record_store_is_inline(const struct q_record_store *store)
{
	return store->ops->capabilities & Q_CAP_INLINE;
}

void q_record_store_close(struct q_record_store *store)
{
	if (store)
		store->ops->close(store);
}
