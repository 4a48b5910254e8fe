#include "access/idempotency.h"

#include "base/seal.h"
#include "base/uuid.h"

enum { ATTEMPTS_MAX = 5 };

static const char seal_use[] = "idempotency";

struct q_idempotency {
	struct q_idempotency_ports ports;
	struct q_arena *arena;
	struct q_record_key key;
	struct q_str token;	    /* this request's, as long as it holds the key */
	struct q_str body;	    /* hash of this request's */
	int64_t held_until_ms;	    /* the lease */
	struct q_str recorded_body; /* hash; empty: the request has not been done before */
	struct q_str recorded_answer;
	struct q_str recorded_secret; /* sealed */
};

/* --- Hashes ----------------------------------------------------------------------------------- */

/* Of several texts, each with its length: no two lists of texts hash alike. */
static bool hash_parts(const struct q_str *parts, size_t count, char out[Q_SHA256_HEX_SIZE])
{
	struct q_sha256 *hash = q_sha256_new();
	unsigned char digest[Q_SHA256_SIZE];

	if (!hash)
		return false;
	for (size_t i = 0; i < count; i++) {
		unsigned char length[8];

		for (unsigned byte = 0; byte < sizeof length; byte++)
			length[byte] = (unsigned char)((uint64_t)parts[i].length >> (8 * byte));
		q_sha256_add(hash, (struct q_bytes){length, sizeof length});
		q_sha256_add(hash, q_str_bytes(parts[i]));
	}
	q_sha256_finish(hash, digest);
	q_sha256_free(hash);
	q_sha256_to_hex(digest, out);
	return true;
}

static bool is_printable(struct q_str key)
{
	for (size_t i = 0; i < key.length; i++)
		if (key.data[i] < 0x20 || key.data[i] > 0x7e)
			return false;
	return key.length >= 1 && key.length <= Q_IDEMPOTENCY_KEY_MAX;
}

/* --- The item --------------------------------------------------------------------------------- */

static bool make_key(struct q_idempotency *once, const struct q_identity *who, struct q_str route,
		     struct q_str key)
{
	const struct q_str scope[] = {who->kind == Q_IDENTITY_KEY ? Q_STR("key") : Q_STR("token"),
				      who->subject, route, key};
	char hash[Q_SHA256_HEX_SIZE];

	if (!hash_parts(scope, Q_COUNT_OF(scope), hash))
		return false;
	once->key = (struct q_record_key){
		q_arena_format(once->arena, "IDEMPOTENCY#%.*s", Q_STR_ARG(who->tenant_id)),
		q_arena_copy(once->arena, q_str_from(hash))};
	return !q_arena_failed(once->arena);
}

/* The mark that a request is at it. Q_CONFLICT: there is one, or a record. */
static enum q_code take(struct q_idempotency *once, const struct q_call *call, struct q_err *err)
{
	int64_t now_ms = q_clock_now_ms(once->ports.clock);
	struct q_attribute token = {Q_STR("token"), q_value_string(once->token)};
	struct q_item mark = {.key = once->key,
			      .expires_at_ms = now_ms + Q_IDEMPOTENCY_LEASE_MS,
			      .attributes = &token,
			      .attribute_count = 1};
	struct q_condition is_free = {.kind = Q_IF_ABSENT};
	struct q_write write = {.kind = Q_WRITE_PUT,
				.key = mark.key,
				.item = &mark,
				.conditions = &is_free,
				.condition_count = 1};

	once->held_until_ms = mark.expires_at_ms;
	return q_record_store_write(once->ports.records, call, &write, NULL, NULL, err);
}

/* What is there in the way of taking it. Q_NOTFOUND: nothing any more. */
static enum q_code look(struct q_idempotency *once, const struct q_call *call, struct q_err *err)
{
	struct q_item item;
	enum q_code code =
		q_record_store_get(once->ports.records, call, once->key, once->arena, &item, err);

	if (code)
		return code;
	once->recorded_body = q_item_string(&item, "body", (struct q_str){0});
	once->recorded_answer = q_item_string(&item, "answer", (struct q_str){0});
	once->recorded_secret = q_item_string(&item, "secret", (struct q_str){0});
	if (once->recorded_body.length > 0)
		return Q_OK;
	code = q_fail_reason(err, Q_CONFLICT, "idempotency_in_flight", "idempotency.begin",
			     "another request with this Idempotency-Key is at work: try again");
	err->retry_after_ms = 1000;
	return code;
}

static struct q_idempotency *once_new(const struct q_idempotency_ports *ports,
				      const struct q_identity *who, struct q_str route,
				      struct q_str key, struct q_arena *arena)
{
	struct q_idempotency *once = q_arena_alloc(arena, sizeof *once);
	char token[Q_UUID_TEXT_SIZE];

	if (!once)
		return NULL;
	*once = (struct q_idempotency){.ports = *ports, .arena = arena};
	q_random_source_uuid(ports->random, q_clock_now_ms(ports->clock), token);
	once->token = q_arena_copy(arena, q_str_from(token));
	return make_key(once, who, route, key) ? once : NULL;
}

enum q_code q_idempotency_begin(const struct q_idempotency_ports *ports, const struct q_call *call,
				const struct q_identity *who, struct q_str route, struct q_str key,
				struct q_arena *arena, struct q_idempotency **out,
				struct q_err *err)
{
	struct q_idempotency *once;
	enum q_code code = Q_NOTFOUND;

	if (!is_printable(key))
		return q_fail_reason(err, Q_INVALID, "bad_idempotency_key", "idempotency.begin",
				     "an Idempotency-Key is 1 to %d printable ASCII characters",
				     Q_IDEMPOTENCY_KEY_MAX);
	once = once_new(ports, who, route, key, arena);
	if (!once)
		return q_fail(err, Q_NOMEM, "idempotency.begin", "a key");
	for (int attempt = 0; code == Q_NOTFOUND && attempt < ATTEMPTS_MAX; attempt++) {
		code = take(once, call, err);
		if (code == Q_CONFLICT)
			code = look(once, call, err);
	}
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_BUSY, "idempotency.begin", "the key comes and goes");
	*out = once;
	return code;
}

enum q_code q_idempotency_identify(struct q_idempotency *once, const struct q_str *parts,
				   size_t count, struct q_err *err)
{
	char hash[Q_SHA256_HEX_SIZE];

	if (hash_parts(parts, count, hash))
		once->body = q_arena_copy(once->arena, q_str_from(hash));
	if (once->body.length == 0)
		return q_fail(err, Q_NOMEM, "idempotency.identify", "a hash");
	if (once->recorded_body.length > 0 && !q_str_equal(once->recorded_body, once->body))
		return q_fail_reason(err, Q_CONFLICT, "idempotency_mismatch",
				     "idempotency.identify",
				     "this Idempotency-Key was used for another request");
	return Q_OK;
}

bool q_idempotency_find_answer(const struct q_idempotency *once, struct q_str *answer)
{
	if (!once || once->recorded_body.length == 0)
		return false;
	*answer = once->recorded_answer;
	return true;
}

/* --- The record ------------------------------------------------------------------------------- */

/* What only the holder's writes ask. */
static struct q_condition is_ours(const struct q_idempotency *once)
{
	return (struct q_condition){Q_IF_EQUAL, Q_STR("token"), q_value_string(once->token)};
}

/* `sealed` may be empty. */
static bool write_record(struct q_idempotency *once, struct q_str answer, struct q_str sealed,
			 struct q_write *out)
{
	struct q_attribute *attributes = q_arena_alloc_array(once->arena, 3, sizeof *attributes);
	struct q_condition *condition = q_arena_alloc(once->arena, sizeof *condition);
	struct q_item *record = q_arena_alloc(once->arena, sizeof *record);

	q_assert(once->body.length > 0);
	if (!attributes || !condition || !record)
		return false;
	attributes[0] = (struct q_attribute){Q_STR("body"), q_value_string(once->body)};
	attributes[1] = (struct q_attribute){Q_STR("answer"), q_value_string(answer)};
	attributes[2] = (struct q_attribute){Q_STR("secret"), q_value_string(sealed)};
	*condition = is_ours(once);
	*record = (struct q_item){.key = once->key,
				  .expires_at_ms =
					  q_clock_now_ms(once->ports.clock) + Q_IDEMPOTENCY_LIFE_MS,
				  .attributes = attributes,
				  .attribute_count = 3};
	*out = (struct q_write){.kind = Q_WRITE_PUT,
				.key = record->key,
				.item = record,
				.conditions = condition,
				.condition_count = 1};
	return true;
}

bool q_idempotency_write(struct q_idempotency *once, struct q_str answer, struct q_write *out)
{
	return write_record(once, answer, (struct q_str){0}, out);
}

bool q_idempotency_write_secret(struct q_idempotency *once, struct q_str answer,
				struct q_str secret, struct q_write *out)
{
	struct q_str sealed;
	struct q_err err;

	q_assert(once->ports.keyring);
	return !q_seal(once->ports.keyring, q_str_from(seal_use), once->key.sk, q_str_bytes(secret),
		       once->arena, &sealed, &err) &&
	       write_record(once, answer, sealed, out);
}

enum q_code q_idempotency_open_secret(const struct q_idempotency *once, struct q_str *secret,
				      struct q_err *err)
{
	struct q_bytes plain = {0};
	enum q_code code;

	q_assert(once->ports.keyring);
	code = q_unseal(once->ports.keyring, q_str_from(seal_use), once->key.sk,
			once->recorded_secret, once->arena, &plain, err);
	*secret = q_bytes_str(plain);
	return code;
}

enum q_code q_idempotency_commit(struct q_idempotency *once, const struct q_call *call,
				 struct q_str answer, struct q_err *err)
{
	struct q_write write;
	enum q_code code;

	if (once->recorded_body.length > 0)
		return Q_OK;
	if (!q_idempotency_write(once, answer, &write))
		return q_fail(err, Q_NOMEM, "idempotency.commit", "a record");
	code = q_record_store_write(once->ports.records, call, &write, NULL, NULL, err);
	if (!code)
		once->recorded_body = once->body;
	return code;
}

enum q_code q_idempotency_keep(struct q_idempotency *once, const struct q_call *call,
			       struct q_err *err)
{
	int64_t until_ms = q_clock_now_ms(once->ports.clock) + Q_IDEMPOTENCY_LEASE_MS;
	struct q_condition condition = is_ours(once);
	struct q_change same = {Q_SET, Q_STR("token"), q_value_string(once->token)};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = once->key,
				.changes = &same,
				.change_count = 1,
				.expires_at_ms = &until_ms,
				.conditions = &condition,
				.condition_count = 1};
	enum q_code code;

	if (once->recorded_body.length > 0 ||
	    until_ms - once->held_until_ms < Q_IDEMPOTENCY_LEASE_MS / 3)
		return Q_OK;
	code = q_record_store_write(once->ports.records, call, &write, NULL, NULL, err);
	if (!code)
		once->held_until_ms = until_ms;
	return code;
}

void q_idempotency_release(struct q_idempotency *once)
{
	const struct q_call call = {0}; /* also when the request's own time is over */
	struct q_condition condition;
	struct q_write write;
	struct q_err ignored; /* the lease lapses by itself */

	if (!once || once->recorded_body.length > 0)
		return;
	condition = is_ours(once);
	write = (struct q_write){.kind = Q_WRITE_DELETE,
				 .key = once->key,
				 .conditions = &condition,
				 .condition_count = 1};
	(void)!q_record_store_write(once->ports.records, &call, &write, NULL, NULL, &ignored);
}
