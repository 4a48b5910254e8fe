/* Bearer tokens. Each token is made here, by hand, so that it can be wrong in one way only: RFC
 * 8725 and the claims' rules. */
#include "access/token.h"
#include "base/encode.h"
#include "base/hash.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now_ms = 1800000000000;
static const char secret[] = "a secret of at least thirty-two bytes";
static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

/* Claims that are right; a case replaces one text in them. */
static const char claims[] = "{\"iss\":\"https://issuer.example/"
			     "\",\"aud\":\"quire\",\"sub\":\"user-1\",\"iat\":1799999995,"
			     "\"nbf\":1799999995,\"exp\":1800086400,\"tenant_id\":\"tenant-a\","
			     "\"tenant_type\":\"external\","
			     "\"roles\":[\"viewer\"]}";

static struct q_token_rules rules_of(const char *key, size_t length)
{
	return (struct q_token_rules){.secret = {(const unsigned char *)key, length},
				      .issuer = Q_STR("https://issuer.example/"),
				      .audience = Q_STR("quire")};
}

static int start_case(void **state)
{
	*state = q_arena_new(1 << 20);
	return *state ? 0 : -1;
}

static int end_case(void **state)
{
	q_arena_free(*state);
	return 0;
}

static struct q_str encode(struct q_arena *arena, struct q_str text)
{
	struct q_buf buf;
	struct q_str out;

	q_buf_init(&buf, 1 << 20);
	assert_true(q_encode_base64url(&buf, q_str_bytes(text)));
	out = q_arena_copy(arena, q_buf_str(&buf));
	q_buf_free(&buf);
	return out;
}

static struct q_str sign(struct q_arena *arena, struct q_str signed_text, const char *key)
{
	unsigned char digest[Q_SHA256_SIZE];

	q_hmac_sha256((struct q_bytes){(const unsigned char *)key, strlen(key)},
		      q_str_bytes(signed_text), digest);
	return q_arena_format(
		arena, "%.*s.%.*s", Q_STR_ARG(signed_text),
		Q_STR_ARG(encode(arena, (struct q_str){(const char *)digest, sizeof digest})));
}

static struct q_str token_of(struct q_arena *arena, const char *head, struct q_str body)
{
	return sign(arena,
		    q_arena_format(arena, "%.*s.%.*s", Q_STR_ARG(encode(arena, q_str_from(head))),
				   Q_STR_ARG(encode(arena, body))),
		    secret);
}

/* The right claims with `from` replaced by `to`. */
static struct q_str claims_with(struct q_arena *arena, const char *from, const char *to)
{
	struct q_str all = q_str_from(claims);
	size_t at;

	assert_true(q_str_find(all, q_str_from(from), &at));
	return q_arena_format(arena, "%.*s%s%s", (int)at, claims, to, claims + at + strlen(from));
}

static enum q_code verify(struct q_arena *arena, struct q_str token, struct q_identity *who)
{
	struct q_token_rules rules = rules_of(secret, strlen(secret));
	struct q_err err = {0};
	enum q_code code = q_token_verify(&rules, token, now_ms, arena, who, &err);

	if (code)
		assert_string_equal(err.reason, "invalid_token");
	return code;
}

static void assert_refused(struct q_arena *arena, struct q_str token)
{
	struct q_identity who;

	assert_int_equal(verify(arena, token, &who), Q_DENIED);
}

struct edit {
	const char *from, *to;
};

static void assert_claims(struct q_arena *arena, const struct edit *edits, size_t count,
			  enum q_code expected)
{
	for (size_t i = 0; i < count; i++) {
		struct q_identity who;
		struct q_str token =
			token_of(arena, header, claims_with(arena, edits[i].from, edits[i].to));
		enum q_code code = verify(arena, token, &who);

		if (code != expected)
			print_error("%s in place of %s\n", edits[i].to, edits[i].from);
		assert_int_equal(code, expected);
	}
}

static void a_good_token_is_its_claims_and_nothing_more(void **state)
{
	struct q_identity who;

	assert_int_equal(verify(*state, token_of(*state, header, q_str_from(claims)), &who), Q_OK);
	assert_int_equal(who.kind, Q_IDENTITY_TOKEN);
	assert_view_equal(who.subject, "user-1");
	assert_view_equal(who.tenant_id, "tenant-a");
	assert_int_equal(who.tenant_type, Q_TENANT_EXTERNAL);
	assert_int_equal(who.roles, 0); /* `viewer` grants nothing */
	assert_int_equal(who.expires_at_ms, 1800086400000);
}

static void what_the_rules_leave_free_is_accepted(void **state)
{
	static const struct edit edits[] = {
		{"\"aud\":\"quire\"", "\"aud\":[\"other\",\"quire\"]"},
		{"\"nbf\":1799999995", "\"nbf\":1800000030"}, /* inside the skew */
		{"\"iat\":1799999995", "\"iat\":1800000060"},
		{"\"exp\":1800086400", "\"exp\":1799999941"},
		{"\"exp\":1800086400", "\"exp\":1800086400.5"},
		{"\"nbf\":1799999995,", ""},
		{"\"iat\":1799999995,", ""},
		{"\"roles\":[\"viewer\"]", "\"cognito:groups\":[\"admin\"]"},
		{",\"roles\":[\"viewer\"]", ""},
		{"\"roles\":[\"viewer\"]", "\"roles\":[\"admin\"],\"cognito:groups\":[\"admin\"]"},
		{"\"tenant_id\"", "\"custom:tenant_id\""},
		{"\"tenant_type\"", "\"https://membersearch/tenant_type\""},
		{"\"external\"", "\"internal\""},
		{"user-1", "\xc3\xa9t\xc3\xa9"},
	};
	static const char *const headers[] = {
		"{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"typ\":\"jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "{\"alg\":\"HS256\",\"kid\":\"any\"}"};

	assert_claims(*state, edits, Q_COUNT_OF(edits), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(headers); i++) {
		struct q_identity who;

		assert_int_equal(
			verify(*state, token_of(*state, headers[i], q_str_from(claims)), &who),
			Q_OK);
	}
}

static void a_claim_that_is_missing_wrong_or_mistyped_refuses_the_token(void **state)
{
	static const struct edit edits[] = {
		{"\"iss\":\"https://issuer.example/\",", ""},
		{"https://issuer.example/", "https://issuer.example"},
		{"https://issuer.example/", "https://evil.example/"},
		{"\"aud\":\"quire\",", ""},
		{"\"quire\"", "\"someone-else\""},
		{"\"quire\"", "[\"quire\",7]"},
		{"\"quire\"", "{\"quire\":true}"},
		{"\"exp\":1800086400,", ""},
		{"1800086400", "1799999880"},
		{"1800086400", "1799999940"}, /* the skew has passed to the second */
		{"1800086400", "\"1800086400\""},
		{"1800086400", "-1"},
		{"1800086400", "1e400"},
		{"1800086400", "null"},
		{"\"nbf\":1799999995", "\"nbf\":1800000061"},
		{"\"nbf\":1799999995", "\"nbf\":\"1799999995\""},
		{"\"iat\":1799999995", "\"iat\":1800000600"},
		{"\"iat\":1799999995", "\"iat\":true"},
		{"\"sub\":\"user-1\",", ""},
		{"\"user-1\"", "\"\""},
		{"\"user-1\"", "7"},
		{"user-1", "a\\u0000b"},
		{"user-1", "a\\u0085b"},
		{"user-1", "a\\u007fb"},
	};

	assert_claims(*state, edits, Q_COUNT_OF(edits), Q_DENIED);
}

static void nothing_about_the_tenant_has_a_default(void **state)
{
	static const struct edit edits[] = {
		{"\"tenant_id\":\"tenant-a\",\"tenant_type\":\"external\",", ""},
		{"\"tenant_type\":\"external\",", ""},
		{"\"tenant_id\":\"tenant-a\",", ""},
		{"\"tenant-a\"", "\"\""},
		{"\"tenant-a\"", "[\"tenant-a\",\"tenant-b\"]"},
		{"\"tenant-a\"", "{\"$ne\":\"\"}"},
		{"\"tenant-a\"", "null"},
		{"tenant-a", "-tenant"},
		{"tenant-a", "tenant/a"},
		{"tenant-a", "tenant#a"},
		{"\"external\"", "\"superuser\""},
		{"\"external\"", "\"External\""},
		{"\"external\"", "\"none\""},
		{"\"external\"", "[\"internal\"]"},
		{"\"roles\":[\"viewer\"]", "\"roles\":\"admin\""},
		{"\"roles\":[\"viewer\"]", "\"roles\":{\"admin\":true}"},
		{"\"roles\":[\"viewer\"]", "\"roles\":[\"admin\",7]"},
		{"\"tenant-a\"", "\"tenant-a\",\"custom:tenant_id\":\"tenant-b\""},
		{"\"external\"", "\"external\",\"custom:tenant_type\":\"internal\""},
		{"[\"viewer\"]", "[\"viewer\"],\"cognito:groups\":[\"admin\"]"},
		{"[\"viewer\"]", "[\"admin\"],\"cognito:groups\":[\"admin\",\"auditor\"]"},
	};

	assert_claims(*state, edits, Q_COUNT_OF(edits), Q_DENIED);
}

static void members_given_twice_refuse_the_token(void **state)
{
	static const struct edit edits[] = {
		{"\"external\"", "\"external\",\"tenant_type\":\"internal\""},
		{"\"tenant-a\"", "\"tenant-a\",\"tenant_id\":\"tenant-a\""},
		{"[\"viewer\"]", "[\"viewer\"],\"x\":{\"a\":1,\"a\":2}"},
	};

	assert_claims(*state, edits, Q_COUNT_OF(edits), Q_DENIED);
	assert_refused(*state, token_of(*state, "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
					q_str_from(claims)));
}

static void a_header_that_asks_for_anything_else_refuses_the_token(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"typ\":\"JWT\"}",
		"{\"alg\":\"None\"}",
		"{\"alg\":\"hs256\"}",
		"{\"alg\":\"HS512\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r1\"}",
		"{\"alg\":[\"HS256\"]}",
		"{\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"secevent+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":7}",
		"{\"alg\":\"HS256\",\"crit\":[\"zz\"],\"zz\":1}",
		"{\"alg\":\"HS256\",\"b64\":false}",
		"{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
		"[\"HS256\"]",
		"not json",
	};

	for (size_t i = 0; i < Q_COUNT_OF(headers); i++)
		assert_refused(*state, token_of(*state, headers[i], q_str_from(claims)));
}

static void claims_that_are_no_object_refuse_the_token(void **state)
{
	assert_refused(*state, token_of(*state, header, Q_STR("[1]")));
	assert_refused(*state, token_of(*state, header, Q_STR("not json")));
	assert_refused(*state, token_of(*state, header, Q_STR("")));
	assert_refused(*state, token_of(*state, header, Q_STR("null")));
}

static void what_is_no_compact_jws_is_refused(void **state)
{
	struct q_str good = token_of(*state, header, q_str_from(claims)), head, rest, body, tail;
	char *huge = q_arena_alloc(*state, Q_TOKEN_MAX + 2);

	q_str_cut(good, '.', &head, &rest);
	q_str_cut(rest, '.', &body, &tail);
	assert_refused(*state, (struct q_str){0});
	assert_refused(*state, Q_STR("."));
	assert_refused(*state, Q_STR(".."));
	assert_refused(*state, head);
	assert_refused(*state,
		       q_arena_format(*state, "%.*s.%.*s", Q_STR_ARG(head), Q_STR_ARG(body)));
	assert_refused(*state, q_arena_format(*state, "%.*s.x", Q_STR_ARG(good)));
	assert_refused(*state, q_str_slice(good, 0, good.length - 8));
	assert_refused(*state, q_str_slice(good, 0, good.length - tail.length));
	assert_refused(*state, q_arena_format(*state, "%.*s=", Q_STR_ARG(good)));
	assert_refused(*state,
		       sign(*state,
			    q_arena_format(*state, "%.*s==.%.*s", Q_STR_ARG(head), Q_STR_ARG(body)),
			    secret));
	assert_refused(*state,
		       sign(*state,
			    q_arena_format(*state, "%.*s.%.*s!", Q_STR_ARG(head), Q_STR_ARG(body)),
			    secret));
	memset(huge, 'A', Q_TOKEN_MAX + 1);
	assert_refused(*state, (struct q_str){huge, Q_TOKEN_MAX + 1});
}

static void what_was_signed_by_another_or_changed_is_refused(void **state)
{
	struct q_str good = token_of(*state, header, q_str_from(claims)), head, rest, body, tail;
	struct q_str other = encode(*state, claims_with(*state, "tenant-a", "tenant-b"));

	q_str_cut(good, '.', &head, &rest);
	q_str_cut(rest, '.', &body, &tail);
	assert_refused(*state, q_arena_format(*state, "%.*s.%.*s.%.*s", Q_STR_ARG(head),
					      Q_STR_ARG(other), Q_STR_ARG(tail)));
	rest = q_arena_format(*state, "%.*s.%.*s", Q_STR_ARG(head), Q_STR_ARG(body));
	assert_refused(*state, sign(*state, rest, ""));
	assert_refused(*state, sign(*state, rest, "secret"));
	assert_refused(*state, sign(*state, rest, "-----BEGIN PUBLIC KEY-----"));
}

static void a_subject_has_255_characters_however_many_bytes(void **state)
{
	char most[255 * 2 + 1] = {0};
	struct edit edit = {"user-1", most};

	for (size_t i = 0; i < 255; i++)
		memcpy(most + 2 * i, "\xc3\xa9", 2);
	assert_claims(*state, &edit, 1, Q_OK);
	edit.to = q_arena_format(*state, "%sx", most).data;
	assert_claims(*state, &edit, 1, Q_DENIED);
}

static void a_token_that_is_made_is_accepted(void **state)
{
	struct q_token_rules rules = rules_of(secret, strlen(secret));
	struct q_identity who = {.subject = Q_STR("user-2"),
				 .tenant_id = Q_STR("tenant-b"),
				 .tenant_type = Q_TENANT_INTERNAL,
				 .roles = Q_ROLE_ADMIN | Q_ROLE_AUDITOR,
				 .expires_at_ms = now_ms + 1000},
			  got;
	struct q_str token;
	struct q_err err;

	assert_int_equal(q_token_make(&rules, &who, now_ms, *state, &token, &err), Q_OK);
	assert_int_equal(verify(*state, token, &got), Q_OK);
	assert_view_equal(got.subject, "user-2");
	assert_int_equal(got.tenant_type, Q_TENANT_INTERNAL);
	assert_int_equal(got.roles, Q_ROLE_ADMIN | Q_ROLE_AUDITOR);
	who.tenant_id = Q_STR("no tenant");
	assert_int_equal(q_token_make(&rules, &who, now_ms, *state, &token, &err), Q_INVALID);
}

static enum q_code make_and_verify(void *context)
{
	struct q_token_rules rules = rules_of(secret, strlen(secret));
	struct q_identity who = {.subject = Q_STR("user-2"),
				 .tenant_id = Q_STR("tenant-b"),
				 .tenant_type = Q_TENANT_EXTERNAL,
				 .expires_at_ms = now_ms + 1000};
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str token;
	struct q_err err;
	enum q_code code;

	(void)context;
	if (!arena)
		return Q_NOMEM;
	code = q_token_make(&rules, &who, now_ms, arena, &token, &err);
	if (!code)
		code = q_token_verify(&rules, token, now_ms, arena, &who, &err);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	(void)state;
	assert_true(run_with_failing_memory(make_and_verify, NULL) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_good_token_is_its_claims_and_nothing_more),
		CASE(what_the_rules_leave_free_is_accepted),
		CASE(a_claim_that_is_missing_wrong_or_mistyped_refuses_the_token),
		CASE(nothing_about_the_tenant_has_a_default),
		CASE(members_given_twice_refuse_the_token),
		CASE(a_header_that_asks_for_anything_else_refuses_the_token),
		CASE(claims_that_are_no_object_refuse_the_token),
		CASE(what_is_no_compact_jws_is_refused),
		CASE(what_was_signed_by_another_or_changed_is_refused),
		CASE(a_subject_has_255_characters_however_many_bytes),
		CASE(a_token_that_is_made_is_accepted),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
