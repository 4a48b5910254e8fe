#include "access/authenticator.h"

#include "access/api_key.h"
#include "base/hash.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { MEMORY_SLOTS = 1024, TENANT_MAX = 64, SUBJECT_MAX = 255 };

/* A credential that has been checked. Which slot it takes is given by its digest: a later one with
 * the same slot replaces it. */
struct remembered {
	unsigned char digest[Q_SHA256_SIZE];
	int64_t checked_at_ms;	    /* before it, the clock has been set back: nothing is known */
	int64_t until_ms;	    /* 0: the slot is free */
	struct q_identity identity; /* its strings are the two below */
	char tenant_id[TENANT_MAX + 1];
	char subject[SUBJECT_MAX + 1];
};

struct q_authenticator {
	struct q_record_store *records;
	struct q_clock *clock;
	struct q_token_rules rules;
	pthread_mutex_t lock; /* guards memory; a leaf */
	struct remembered memory[MEMORY_SLOTS];
};

enum q_code q_authenticator_new(struct q_record_store *records, struct q_clock *clock,
				const struct q_token_rules *rules, struct q_authenticator **out,
				struct q_err *err)
{
	struct q_authenticator *a = q_mem_new(sizeof *a);

	if (!a)
		return q_fail(err, Q_NOMEM, "authenticator.new", "%zu bytes", sizeof *a);
	a->records = records;
	a->clock = clock;
	a->rules = *rules;
	pthread_mutex_init(&a->lock, NULL);
	*out = a;
	return Q_OK;
}

void q_authenticator_free(struct q_authenticator *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	q_mem_free(a);
}

static struct remembered *slot_of(struct q_authenticator *a,
				  const unsigned char digest[Q_SHA256_SIZE])
{
	return &a->memory[(digest[0] | (unsigned)digest[1] << 8) % MEMORY_SLOTS];
}

/* False where it is not remembered, or where the arena is full: then it is checked anew. */
static bool recall(struct q_authenticator *a, const unsigned char digest[Q_SHA256_SIZE],
		   enum q_identity_kind kind, int64_t now_ms, struct q_arena *arena,
		   struct q_identity *out)
{
	struct remembered *slot = slot_of(a, digest);
	bool found;

	pthread_mutex_lock(&a->lock);
	found = slot->checked_at_ms <= now_ms && now_ms < slot->until_ms &&
		slot->identity.kind == kind && memcmp(slot->digest, digest, Q_SHA256_SIZE) == 0;
	if (found) {
		*out = slot->identity;
		out->tenant_id = q_arena_copy(arena, q_str_from(slot->tenant_id));
		out->subject = q_arena_copy(arena, q_str_from(slot->subject));
	}
	pthread_mutex_unlock(&a->lock);
	return found && !q_arena_failed(arena);
}

static void copy_text(char *out, struct q_str s)
{
	memcpy(out, s.data, s.length);
	out[s.length] = '\0';
}

static void remember(struct q_authenticator *a, const unsigned char digest[Q_SHA256_SIZE],
		     int64_t now_ms, const struct q_identity *who)
{
	struct remembered *slot = slot_of(a, digest);
	int64_t until_ms = now_ms + (who->kind == Q_IDENTITY_KEY ? Q_AUTHENTICATOR_KEY_MS
								 : Q_AUTHENTICATOR_TOKEN_MS);

	if (who->expires_at_ms != 0 && who->expires_at_ms < until_ms)
		until_ms = who->expires_at_ms;
	if (who->tenant_id.length > TENANT_MAX || who->subject.length > SUBJECT_MAX)
		return;
	pthread_mutex_lock(&a->lock);
	memcpy(slot->digest, digest, Q_SHA256_SIZE);
	slot->checked_at_ms = now_ms;
	slot->until_ms = until_ms;
	slot->identity = *who;
	copy_text(slot->tenant_id, who->tenant_id);
	copy_text(slot->subject, who->subject);
	pthread_mutex_unlock(&a->lock);
}

static bool bearer_token(struct q_str authorization, struct q_str *token)
{
	struct q_str scheme;

	return q_str_cut(authorization, ' ', &scheme, token) &&
	       q_str_equal_ignore_case(scheme, Q_STR("Bearer"));
}

enum q_code q_authenticate(struct q_authenticator *a, const struct q_call *call,
			   struct q_str api_key, struct q_str authorization, struct q_arena *arena,
			   struct q_identity *out, struct q_err *err)
{
	bool is_key = api_key.length > 0;
	struct q_str credential = is_key ? api_key : authorization, token;
	unsigned char digest[Q_SHA256_SIZE];
	int64_t now_ms = q_clock_now_ms(a->clock);
	enum q_code code;

	if (credential.length == 0)
		return q_fail_reason(err, Q_DENIED, "missing_credentials", "authenticate",
				     "send X-API-Key, or Authorization: Bearer");
	if (is_key && authorization.length > 0)
		return q_fail_reason(err, Q_DENIED, "invalid_credentials", "authenticate",
				     "send X-API-Key or Authorization, not both");
	q_sha256_of(q_str_bytes(credential), digest);
	if (recall(a, digest, is_key ? Q_IDENTITY_KEY : Q_IDENTITY_TOKEN, now_ms, arena, out))
		return Q_OK;
	if (is_key)
		code = q_api_key_verify(a->records, call, api_key, now_ms, arena, out, err);
	else if (bearer_token(authorization, &token))
		code = q_token_verify(&a->rules, token, now_ms, arena, out, err);
	else
		code = q_fail_reason(err, Q_DENIED, "invalid_credentials", "authenticate",
				     "the Authorization scheme is not Bearer");
	if (!code)
		remember(a, digest, now_ms, out);
	return code;
}
