#include "access/token.h"

#include "base/encode.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"

enum { SUBJECT_MAX = 255, ROLES_MAX = 100, NAMES_MAX = 3 };

static const struct q_json_limits part_limits = {Q_TOKEN_MAX, 8, true};

/* A claim goes by several names; where two are there they must agree. */
static const char *const role_names[NAMES_MAX] = {"roles", "cognito:groups",
						  "https://membersearch/roles"};
static const char *const tenant_id_names[NAMES_MAX] = {"tenant_id", "custom:tenant_id",
						       "https://membersearch/tenant_id"};
static const char *const tenant_type_names[NAMES_MAX] = {"tenant_type", "custom:tenant_type",
							 "https://membersearch/tenant_type"};

static enum q_code refuse(struct q_err *err, const char *why)
{
	return q_fail_reason(err, Q_DENIED, "invalid_token", "token.verify", "%s", why);
}

struct parts {
	struct q_str signed_text; /* header '.' claims */
	struct q_str header, claims, signature;
};

static bool split(struct q_str token, struct parts *out)
{
	struct q_str rest;

	if (token.length == 0 || token.length > Q_TOKEN_MAX ||
	    !q_str_cut(token, '.', &out->header, &rest) ||
	    !q_str_cut(rest, '.', &out->claims, &out->signature))
		return false;
	out->signed_text = q_str_slice(token, 0, out->header.length + 1 + out->claims.length);
	return true;
}

static bool is_signed(const struct q_token_rules *rules, const struct parts *parts,
		      struct q_arena *arena)
{
	unsigned char digest[Q_SHA256_SIZE];
	struct q_bytes given;

	q_hmac_sha256(rules->secret, q_str_bytes(parts->signed_text), digest);
	return q_decode_base64url(arena, parts->signature, &given) &&
	       q_equal_constant_time(given, (struct q_bytes){digest, sizeof digest});
}

static const struct q_json *decode_object(struct q_arena *arena, struct q_str part)
{
	const struct q_json *object;
	struct q_bytes text;
	struct q_err err;

	if (!q_decode_base64url(arena, part, &text) ||
	    q_json_parse(arena, text, &part_limits, &object, &err) ||
	    q_json_type_of(object) != Q_JSON_OBJECT)
		return NULL;
	return object;
}

static enum q_code check_header(const struct q_json *header, struct q_err *err)
{
	const struct q_json *type = q_json_member(header, Q_STR("typ"));
	struct q_str alg, typ;

	if (!q_json_string(q_json_member(header, Q_STR("alg")), &alg) ||
	    !q_str_equal(alg, Q_STR("HS256")))
		return refuse(err, "alg is not HS256");
	if (type &&
	    (!q_json_string(type, &typ) || (!q_str_equal_ignore_case(typ, Q_STR("JWT")) &&
					    !q_str_equal_ignore_case(typ, Q_STR("at+jwt")))))
		return refuse(err, "typ is not JWT");
	if (q_json_member(header, Q_STR("crit")) || q_json_member(header, Q_STR("b64")) ||
	    q_json_member(header, Q_STR("zip")))
		return refuse(err, "the header asks for an extension");
	return Q_OK;
}

/* A time in ms; false where it is no number. A fraction of a second is cut. */
static bool read_time(const struct q_json *value, int64_t *out_ms)
{
	double seconds;

	if (!q_json_double(value, &seconds) || !(seconds >= 0 && seconds < 1e12))
		return false;
	*out_ms = (int64_t)(seconds * 1000.0);
	return true;
}

static enum q_code check_times(const struct q_json *claims, int64_t now_ms, int64_t *expires_at_ms,
			       struct q_err *err)
{
	static const char *const not_before[] = {"nbf", "iat"};

	if (!read_time(q_json_member(claims, Q_STR("exp")), expires_at_ms))
		return refuse(err, "exp is missing or no time");
	if (*expires_at_ms + Q_TOKEN_SKEW_MS <= now_ms)
		return refuse(err, "the token has expired");
	for (size_t i = 0; i < Q_COUNT_OF(not_before); i++) {
		const struct q_json *value = q_json_member(claims, q_str_from(not_before[i]));
		int64_t at_ms;

		if (!value)
			continue;
		if (!read_time(value, &at_ms))
			return refuse(err, "nbf or iat is no time");
		if (at_ms - Q_TOKEN_SKEW_MS > now_ms)
			return refuse(err, "the token is not valid yet");
	}
	return Q_OK;
}

static bool is_string(const struct q_json *value, struct q_str expected)
{
	struct q_str s;

	return q_json_string(value, &s) && q_str_equal(s, expected);
}

static bool has_audience(const struct q_json *aud, struct q_str expected)
{
	struct q_json_walk walk;
	bool found = false;

	if (q_json_type_of(aud) != Q_JSON_ARRAY)
		return is_string(aud, expected);
	for (walk = q_json_walk(aud); q_json_next(&walk);) {
		if (q_json_type_of(walk.value) != Q_JSON_STRING)
			return false;
		found |= is_string(walk.value, expected);
	}
	return found;
}

/* 1 to SUBJECT_MAX characters, none of them a control character. */
static bool is_subject(struct q_str s)
{
	size_t count = 0;

	for (size_t offset = 0; offset < s.length; count++) {
		uint32_t c = q_utf8_next(s, &offset);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return count >= 1 && count <= SUBJECT_MAX;
}

/* The claim's one value under its names, as a string that agrees. */
static bool read_tenant_claim(const struct q_json *claims, const char *const *names,
			      struct q_str *out)
{
	bool found = false;

	for (size_t i = 0; i < NAMES_MAX; i++) {
		const struct q_json *value = q_json_member(claims, q_str_from(names[i]));
		struct q_str s;

		if (!value)
			continue;
		if (!q_json_string(value, &s) || (found && !q_str_equal(s, *out)))
			return false;
		*out = s;
		found = true;
	}
	return found;
}

/* The roles of one array of strings. */
static bool read_roles(const struct q_json *value, unsigned *roles, struct q_json_walk *walk)
{
	*roles = 0;
	if (q_json_type_of(value) != Q_JSON_ARRAY || q_json_count(value) > ROLES_MAX)
		return false;
	for (*walk = q_json_walk(value); q_json_next(walk);) {
		enum q_role role;
		struct q_str word;

		if (!q_json_string(walk->value, &word))
			return false;
		if (q_role_parse(word, &role))
			*roles |= role;
	}
	return true;
}

static bool is_same_array(const struct q_json *a, const struct q_json *b)
{
	struct q_json_walk x = q_json_walk(a), y = q_json_walk(b);
	struct q_str s;

	if (q_json_count(a) != q_json_count(b))
		return false;
	while (q_json_next(&x) && q_json_next(&y))
		if (!q_json_string(x.value, &s) || !is_string(y.value, s))
			return false;
	return true;
}

static bool read_role_claims(const struct q_json *claims, unsigned *roles)
{
	const struct q_json *first = NULL;
	struct q_json_walk walk;

	*roles = 0;
	for (size_t i = 0; i < NAMES_MAX; i++) {
		const struct q_json *value = q_json_member(claims, q_str_from(role_names[i]));

		if (!value)
			continue;
		if (!read_roles(value, roles, &walk) || (first && !is_same_array(first, value)))
			return false;
		first = value;
	}
	return true;
}

static enum q_code read_identity(const struct q_json *claims, struct q_identity *out,
				 struct q_err *err)
{
	struct q_str tenant_type;

	if (!q_json_string(q_json_member(claims, Q_STR("sub")), &out->subject) ||
	    !is_subject(out->subject))
		return refuse(err, "sub is missing or malformed");
	if (!read_tenant_claim(claims, tenant_id_names, &out->tenant_id) ||
	    !q_tenant_id_is_valid(out->tenant_id))
		return refuse(err, "tenant_id is missing, malformed or given twice");
	if (!read_tenant_claim(claims, tenant_type_names, &tenant_type) ||
	    !q_tenant_type_parse(tenant_type, &out->tenant_type))
		return refuse(err, "tenant_type is neither internal nor external");
	if (!read_role_claims(claims, &out->roles))
		return refuse(err, "roles are no list of strings, or given twice");
	return Q_OK;
}

static enum q_code check_claims(const struct q_token_rules *rules, const struct q_json *claims,
				int64_t now_ms, struct q_identity *out, struct q_err *err)
{
	enum q_code code;

	if (!is_string(q_json_member(claims, Q_STR("iss")), rules->issuer))
		return refuse(err, "iss is not the configured issuer");
	if (rules->audience.length > 0 &&
	    !has_audience(q_json_member(claims, Q_STR("aud")), rules->audience))
		return refuse(err, "aud does not hold the configured audience");
	code = check_times(claims, now_ms, &out->expires_at_ms, err);
	return code ? code : read_identity(claims, out, err);
}

enum q_code q_token_verify(const struct q_token_rules *rules, struct q_str token, int64_t now_ms,
			   struct q_arena *arena, struct q_identity *out, struct q_err *err)
{
	const struct q_json *header, *claims;
	struct parts parts;
	enum q_code code;

	q_assert(rules->secret.length >= Q_TOKEN_SECRET_MIN);
	*out = (struct q_identity){.kind = Q_IDENTITY_TOKEN};
	if (!split(token, &parts))
		return refuse(err, "it is no compact JWS");
	if (!is_signed(rules, &parts, arena))
		return refuse(err, "the signature does not fit");
	header = decode_object(arena, parts.header);
	claims = decode_object(arena, parts.claims);
	if (!header || !claims)
		return refuse(err, "header or claims are no JSON object");
	code = check_header(header, err);
	if (!code)
		code = check_claims(rules, claims, now_ms, out, err);
	if (!code && q_arena_failed(arena))
		code = q_fail(err, Q_NOMEM, "token.verify", "a token");
	return code;
}

static void write_claims(struct q_json_writer *w, const struct q_token_rules *rules,
			 const struct q_identity *who, int64_t now_ms)
{
	static const enum q_role all[] = {Q_ROLE_ADMIN, Q_ROLE_COMPLIANCE_LEAD, Q_ROLE_AUDITOR};

	q_json_begin_object(w);
	q_json_field_string(w, "iss", rules->issuer);
	if (rules->audience.length > 0)
		q_json_field_string(w, "aud", rules->audience);
	q_json_field_string(w, "sub", who->subject);
	q_json_field_string(w, "tenant_id", who->tenant_id);
	q_json_field_string(w, "tenant_type", q_str_from(q_tenant_type_name(who->tenant_type)));
	q_json_name(w, "roles");
	q_json_begin_array(w);
	for (size_t i = 0; i < Q_COUNT_OF(all); i++)
		if (who->roles & all[i])
			q_json_put_string(w, q_str_from(q_role_name(all[i])));
	q_json_end_array(w);
	q_json_field_int64(w, "iat", now_ms / 1000);
	q_json_field_int64(w, "exp", who->expires_at_ms / 1000);
	q_json_end_object(w);
}

enum q_code q_token_make(const struct q_token_rules *rules, const struct q_identity *who,
			 int64_t now_ms, struct q_arena *arena, struct q_str *out,
			 struct q_err *err)
{
	static const struct q_str header = {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 27};
	unsigned char digest[Q_SHA256_SIZE];
	struct q_json_writer w;
	struct q_buf claims, token;
	struct q_identity check;
	enum q_code code;

	q_buf_init(&claims, Q_TOKEN_MAX);
	q_buf_init(&token, Q_TOKEN_MAX);
	q_json_writer_init(&w, &claims);
	write_claims(&w, rules, who, now_ms);
	q_encode_base64url(&token, q_str_bytes(header));
	q_buf_append_char(&token, '.');
	q_encode_base64url(&token, q_str_bytes(q_buf_str(&claims)));
	q_hmac_sha256(rules->secret, q_str_bytes(q_buf_str(&token)), digest);
	q_buf_append_char(&token, '.');
	q_encode_base64url(&token, (struct q_bytes){digest, sizeof digest});
	*out = q_arena_copy(arena, q_buf_str(&token));
	if (q_buf_failed(&claims) || q_buf_failed(&token) || q_arena_failed(arena))
		code = q_fail(err, Q_NOMEM, "token.make", "a token");
	else
		code = q_token_verify(rules, *out, now_ms, arena, &check, err);
	if (code == Q_DENIED)
		err->code = code = Q_INVALID;
	q_buf_free(&claims);
	q_buf_free(&token);
	return code;
}
