/* Credentials to identities, on real records and a simulated clock; keys and tenants with it. */
#include "access/api_key.h"
#include "access/authenticator.h"
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};
static const struct q_token_rules rules = {
	.secret = {(const unsigned char *)"a secret of at least thirty-two bytes", 37},
	.issuer = Q_STR_INIT("quire"),
};

struct fixture {
	struct product product;
	struct q_record_store *records;
	struct q_authenticator *authenticator;
	struct q_arena *arena;
};

static int start_case(void **state)
{
	static struct fixture f;
	struct q_err err;

	product_make(&f.product, 1, (struct analyst_script){0});
	f.records = f.product.options.records;
	f.arena = f.product.arena;
	assert_int_equal(
		q_authenticator_new(f.records, f.product.clock, &rules, &f.authenticator, &err),
		Q_OK);
	*state = &f;
	return 0;
}

static int end_case(void **state)
{
	struct fixture *f = *state;

	q_authenticator_free(f->authenticator);
	product_remove(&f->product);
	return 0;
}

static int64_t now(struct fixture *f)
{
	return q_clock_now_ms(f->product.clock);
}

static struct q_str make_key(struct fixture *f, int64_t expires_at_ms, struct q_str *id)
{
	struct q_api_key key = {.name = Q_STR("one"),
				.tenant_id = Q_STR("tenant-a"),
				.tenant_type = Q_TENANT_EXTERNAL,
				.roles = Q_ROLE_ADMIN,
				.expires_at_ms = expires_at_ms};
	struct q_str text;
	struct q_err err;

	assert_int_equal(q_api_key_create(f->records, &no_call, f->product.random, now(f), NULL,
					  f->arena, &key, &text, &err),
			 Q_OK);
	*id = key.id;
	return text;
}

static struct q_str make_bearer(struct fixture *f, int64_t expires_at_ms)
{
	struct q_identity who = {.subject = Q_STR("user-1"),
				 .tenant_id = Q_STR("tenant-a"),
				 .tenant_type = Q_TENANT_EXTERNAL,
				 .expires_at_ms = expires_at_ms};
	struct q_str token;
	struct q_err err;

	assert_int_equal(q_token_make(&rules, &who, now(f), f->arena, &token, &err), Q_OK);
	return q_arena_format(f->arena, "Bearer %.*s", Q_STR_ARG(token));
}

/* NULL: let in; else the reason why not. */
static const char *ask(struct fixture *f, struct q_str key, struct q_str authorization)
{
	struct q_identity who;
	struct q_err err = {0};

	if (!q_authenticate(f->authenticator, &no_call, key, authorization, f->arena, &who, &err)) {
		assert_view_equal(who.tenant_id, "tenant-a");
		assert_int_equal(who.tenant_type, Q_TENANT_EXTERNAL);
		return NULL;
	}
	assert_int_equal(err.code, Q_DENIED);
	return err.reason;
}

static const struct q_str none = {0};

static void a_request_carries_exactly_one_credential(void **state)
{
	struct fixture *f = *state;
	struct q_str id, key = make_key(f, 0, &id), bearer = make_bearer(f, now(f) + 600000);

	assert_null(ask(f, key, none));
	assert_null(ask(f, none, bearer));
	assert_string_equal(ask(f, none, none), "missing_credentials");
	assert_string_equal(ask(f, key, bearer), "invalid_credentials");
	assert_string_equal(ask(f, none, Q_STR("Basic dTpw")), "invalid_credentials");
	assert_string_equal(ask(f, none, Q_STR("Bearer")), "invalid_credentials");
	assert_string_equal(ask(f, none, Q_STR("Bearer x")), "invalid_token");
	assert_null(ask(f, none, q_arena_format(f->arena, "bearer%s", bearer.data + 6)));
}

/* What is remembered of one header says nothing of the other. */
static void a_token_is_no_key_also_while_it_is_remembered(void **state)
{
	struct fixture *f = *state;
	struct q_str bearer = make_bearer(f, now(f) + 600000);

	assert_null(ask(f, none, bearer));
	assert_string_equal(ask(f, bearer, none), "invalid_key");
}

static void a_revoked_key_stops_within_a_second(void **state)
{
	struct fixture *f = *state;
	struct q_str id, key = make_key(f, 0, &id);
	struct q_err err;

	assert_null(ask(f, key, none));
	assert_int_equal(q_api_key_revoke(f->records, &no_call, id, now(f), &err), Q_OK);
	assert_null(ask(f, key, none)); /* remembered */
	product_advance(&f->product, Q_AUTHENTICATOR_KEY_MS);
	assert_string_equal(ask(f, key, none), "invalid_key");
	assert_int_equal(q_api_key_revoke(f->records, &no_call, id, now(f), &err), Q_OK);
}

static void a_clock_that_is_set_back_prolongs_no_memory(void **state)
{
	struct fixture *f = *state;
	struct q_str id, key = make_key(f, 0, &id);
	struct q_err err;

	assert_null(ask(f, key, none));
	assert_int_equal(q_api_key_revoke(f->records, &no_call, id, now(f), &err), Q_OK);
	clock_simulated_set_wall(f->product.clock, now(f) - 3600000);
	assert_string_equal(ask(f, key, none), "invalid_key");
}

static void an_expired_credential_stops_to_the_millisecond(void **state)
{
	struct fixture *f = *state;
	struct q_str id, key = make_key(f, now(f) + 500, &id);
	struct q_str bearer = make_bearer(f, now(f) + 10000);

	assert_null(ask(f, key, none));
	assert_null(ask(f, none, bearer));
	product_advance(&f->product, 499);
	assert_null(ask(f, key, none));
	product_advance(&f->product, 1);
	assert_string_equal(ask(f, key, none), "invalid_key");
	product_advance(&f->product, 9500 + Q_TOKEN_SKEW_MS - 1);
	assert_null(ask(f, none, bearer));
	product_advance(&f->product, 1);
	assert_string_equal(ask(f, none, bearer), "invalid_token");
}

static void a_refusal_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct q_str id, key,
		unknown = Q_STR("qk_0123456789_0123456789012345678901234567890123456789012");

	assert_string_equal(ask(f, unknown, none), "invalid_key");
	key = make_key(f, 0, &id);
	assert_null(ask(f, key, none));
}

static void more_credentials_than_are_remembered_are_all_let_in(void **state)
{
	struct fixture *f = *state;
	struct q_str id, keys[8];

	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		keys[i] = make_key(f, 0, &id);
	for (int round = 0; round < 3; round++) {
		for (int64_t i = 0; i < 700; i++)
			assert_null(ask(f, none, make_bearer(f, now(f) + 600000 + 1000 * i)));
		for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
			assert_null(ask(f, keys[i], none));
	}
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_request_carries_exactly_one_credential),
		CASE(a_token_is_no_key_also_while_it_is_remembered),
		CASE(a_revoked_key_stops_within_a_second),
		CASE(a_clock_that_is_set_back_prolongs_no_memory),
		CASE(an_expired_credential_stops_to_the_millisecond),
		CASE(a_refusal_is_not_remembered),
		CASE(more_credentials_than_are_remembered_are_all_let_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
