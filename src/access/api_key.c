#include "access/api_key.h"

#include "base/encode.h"
#include "base/hash.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

enum { SECRET_BYTES = 32, SECRET_TEXT = 43, ID_RANDOM_BYTES = 4, ID_MAX = 32, ARENA_BYTES = 8192 };

static struct q_record_key key_of(struct q_arena *arena, struct q_str id)
{
	return (struct q_record_key){q_arena_format(arena, "KEY#%.*s", Q_STR_ARG(id)),
				     Q_STR("METADATA")};
}

static enum q_code check(const struct q_api_key *key, int64_t now_ms, struct q_err *err)
{
	const char *why = NULL;

	if (!q_tenant_id_is_valid(key->tenant_id))
		why = "the tenant's id is 1 to 64 letters, digits, '_' or '-'";
	else if (key->tenant_type == Q_TENANT_NONE)
		why = "the tenant type is `internal` or `external`";
	else if (key->name.length > Q_API_KEY_NAME_MAX || !q_utf8_is_valid(key->name))
		why = "the name is at most 100 bytes of UTF-8";
	else if (key->expires_at_ms != 0 && key->expires_at_ms <= now_ms)
		why = "the expiry has passed already";
	return why ? q_fail_reason(err, Q_INVALID, "bad_key", "api_key.create", "%s", why) : Q_OK;
}

static void secret_digest(struct q_str secret, char hex[Q_SHA256_HEX_SIZE])
{
	unsigned char digest[Q_SHA256_SIZE];

	q_sha256_of(q_str_bytes(secret), digest);
	q_sha256_to_hex(digest, hex);
}

/* Ids sort by their time: 11 hex digits of milliseconds, then 8 random ones. */
static struct q_str make_id(struct q_random_source *random, int64_t now_ms, struct q_arena *arena)
{
	unsigned char entropy[ID_RANDOM_BYTES];

	q_random_source_fill(random, entropy, sizeof entropy);
	return q_arena_format(arena, "%011" PRIx64 "%02x%02x%02x%02x", (uint64_t)now_ms, entropy[0],
			      entropy[1], entropy[2], entropy[3]);
}

/* False where the heap is full. */
static bool make_secret(struct q_random_source *random, struct q_arena *arena, struct q_str *out)
{
	unsigned char bytes[SECRET_BYTES];
	struct q_buf text;

	q_random_source_fill(random, bytes, sizeof bytes);
	q_buf_init(&text, SECRET_TEXT + 1);
	q_encode_base64url(&text, (struct q_bytes){bytes, sizeof bytes});
	*out = q_arena_copy(arena, q_buf_str(&text));
	q_buf_free(&text);
	explicit_bzero(bytes, sizeof bytes);
	return out->length == SECRET_TEXT;
}

static enum q_code put(struct q_record_store *records, const struct q_call *call,
		       const struct q_api_key *key, const char *digest,
		       const struct q_write *record, struct q_arena *arena, struct q_err *err)
{
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_attribute attributes[] = {
		{Q_STR("keyId"), q_value_string(key->id)},
		{Q_STR("keyName"), q_value_string(key->name)},
		{Q_STR("secretHash"), q_value_string(q_str_from(digest))},
		{Q_STR("tenantId"), q_value_string(key->tenant_id)},
		{Q_STR("tenantType"),
		 q_value_string(q_str_from(q_tenant_type_name(key->tenant_type)))},
		{Q_STR("roles"), q_value_number(key->roles)},
		{Q_STR("createdAt"), q_value_number(key->created_at_ms)},
		{Q_STR("expiresAt"), q_value_number(key->expires_at_ms)},
		{Q_STR("revokedAt"), q_value_number(0)},
	};
	struct q_item item = {
		.key = key_of(arena, key->id),
		.index1 = {q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(key->tenant_id)),
			   q_arena_format(arena, "KEY#%.*s", Q_STR_ARG(key->id))},
		.index2 = {Q_STR("KEYS"), key->id},
		.attributes = attributes,
		.attribute_count = Q_COUNT_OF(attributes),
	};
	struct q_write writes[2] = {{.kind = Q_WRITE_PUT,
				     .key = item.key,
				     .item = &item,
				     .conditions = &is_new,
				     .condition_count = 1}};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "api_key.create", "a key's record");
	if (record)
		writes[1] = *record;
	return q_record_store_transact(records, call, writes, record ? 2 : 1, NULL, err);
}

enum q_code q_api_key_create(struct q_record_store *records, const struct q_call *call,
			     struct q_random_source *random, int64_t now_ms,
			     struct q_idempotency *once, struct q_arena *arena,
			     struct q_api_key *key, struct q_str *text, struct q_err *err)
{
	struct q_write record;
	char digest[Q_SHA256_HEX_SIZE];
	struct q_str secret;
	enum q_code code = check(key, now_ms, err);

	if (code)
		return code;
	key->id = make_id(random, now_ms, arena);
	key->created_at_ms = now_ms;
	key->revoked_at_ms = 0;
	if (!make_secret(random, arena, &secret))
		return q_fail(err, Q_NOMEM, "api_key.create", "a secret");
	*text = q_arena_format(arena, "qk_%.*s_%.*s", Q_STR_ARG(key->id), Q_STR_ARG(secret));
	secret_digest(secret, digest);
	if (once && !q_idempotency_write_secret(once, key->id, *text, &record))
		return q_fail(err, Q_NOMEM, "api_key.create", "a record");
	return put(records, call, key, digest, once ? &record : NULL, arena, err);
}

static enum q_code parse(const struct q_item *item, struct q_api_key *out, struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q_api_key){
		.id = q_item_string(item, "keyId", none),
		.name = q_item_string(item, "keyName", none),
		.tenant_id = q_item_string(item, "tenantId", none),
		.roles = (unsigned)q_item_number(item, "roles", 0),
		.created_at_ms = q_item_number(item, "createdAt", 0),
		.expires_at_ms = q_item_number(item, "expiresAt", 0),
		.revoked_at_ms = q_item_number(item, "revokedAt", 0),
	};
	if (!q_tenant_type_parse(q_item_string(item, "tenantType", none), &out->tenant_type) ||
	    !q_tenant_id_is_valid(out->tenant_id))
		return q_fail(err, Q_CORRUPT, "api_key", "item %.*s is no key",
			      Q_STR_ARG(item->key.pk));
	return Q_OK;
}

enum q_code q_api_key_find(struct q_record_store *records, const struct q_call *call,
			   struct q_str id, struct q_arena *arena, struct q_api_key *out,
			   struct q_err *err)
{
	struct q_item item;
	enum q_code code = q_record_store_get(records, call, key_of(arena, id), arena, &item, err);

	return code ? code : parse(&item, out, err);
}

enum q_code q_api_key_list(struct q_record_store *records, const struct q_call *call,
			   struct q_str after, size_t limit, struct q_arena *arena,
			   struct q_api_key_page *out, struct q_err *err)
{
	struct q_query query = {.index = 2, .pk = Q_STR("KEYS"), .limit = limit, .after = after};
	struct q_query_page found;
	enum q_code code;

	q_assert(limit >= 1 && limit <= Q_API_KEY_LIST_MAX);
	*out = (struct q_api_key_page){0};
	code = q_record_store_query(records, call, &query, arena, &found, err);
	if (code)
		return code;
	out->items = q_arena_alloc_array(arena, found.count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "api_key.list", "keys");
	for (; out->count < found.count && !code; out->count++)
		code = parse(&found.items[out->count], &out->items[out->count], err);
	out->next = found.next;
	return code;
}

enum q_code q_api_key_revoke(struct q_record_store *records, const struct q_call *call,
			     struct q_str id, int64_t now_ms, struct q_err *err)
{
	struct q_condition exists = {.kind = Q_IF_EXISTS};
	struct q_change change = {Q_SET, Q_STR("revokedAt"), q_value_number(now_ms)};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.changes = &change,
				.change_count = 1,
				.conditions = &exists,
				.condition_count = 1};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	enum q_code code;

	if (!arena)
		return q_fail(err, Q_NOMEM, "api_key.revoke", "an arena");
	write.key = key_of(arena, q_str_slice(id, 0, ID_MAX));
	code = q_arena_failed(arena) ? q_fail(err, Q_NOMEM, "api_key.revoke", "a key")
				     : q_record_store_write(records, call, &write, NULL, NULL, err);
	if (code == Q_CONFLICT || code == Q_INVALID)
		code = q_fail(err, Q_NOTFOUND, "api_key.revoke", "there is no such key");
	q_arena_free(arena);
	return code;
}

static enum q_code refuse(struct q_err *err)
{
	return q_fail_reason(err, Q_DENIED, "invalid_key", "api_key.verify",
			     "the API key is not valid");
}

static bool is_hex(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++)
		if (!memchr("0123456789abcdef", s.data[i], 16))
			return false;
	return true;
}

static bool split(struct q_str text, struct q_str *id, struct q_str *secret)
{
	return text.length <= Q_API_KEY_TEXT_MAX && q_str_starts_with(text, Q_STR("qk_")) &&
	       q_str_cut(q_str_slice(text, 3, text.length), '_', id, secret) && id->length > 0 &&
	       id->length <= ID_MAX && is_hex(*id) && secret->length == SECRET_TEXT;
}

static bool is_usable(const struct q_api_key *key, int64_t now_ms)
{
	return key->revoked_at_ms == 0 && (key->expires_at_ms == 0 || key->expires_at_ms > now_ms);
}

enum q_code q_api_key_is_live(struct q_record_store *records, const struct q_call *call,
			      struct q_str id, int64_t now_ms, bool *out, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_item item;
	struct q_api_key key = {0};
	enum q_code code =
		arena ? q_record_store_get(records, call, key_of(arena, id), arena, &item, err)
		      : q_fail(err, Q_NOMEM, "api_key.is_live", "an arena");

	if (code == Q_OK)
		code = parse(&item, &key, err);
	*out = code == Q_OK && is_usable(&key, now_ms);
	q_arena_free(arena);
	return code == Q_NOTFOUND ? Q_OK : code;
}

enum q_code q_api_key_verify(struct q_record_store *records, const struct q_call *call,
			     struct q_str text, int64_t now_ms, struct q_arena *arena,
			     struct q_identity *out, struct q_err *err)
{
	char digest[Q_SHA256_HEX_SIZE];
	struct q_str id, secret;
	struct q_item item;
	struct q_api_key key;
	enum q_code code;

	if (!split(text, &id, &secret))
		return refuse(err);
	code = q_record_store_get(records, call, key_of(arena, id), arena, &item, err);
	if (code == Q_NOTFOUND)
		return refuse(err);
	if (!code)
		code = parse(&item, &key, err);
	if (code)
		return code;
	secret_digest(secret, digest);
	if (!q_equal_constant_time(
		    q_str_bytes(q_str_from(digest)),
		    q_str_bytes(q_item_string(&item, "secretHash", (struct q_str){0}))) ||
	    !is_usable(&key, now_ms))
		return refuse(err);
	*out = (struct q_identity){.kind = Q_IDENTITY_KEY,
				   .subject = key.id,
				   .tenant_id = key.tenant_id,
				   .tenant_type = key.tenant_type,
				   .roles = key.roles,
				   .expires_at_ms = key.expires_at_ms};
	return Q_OK;
}
