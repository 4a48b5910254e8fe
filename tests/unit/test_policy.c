#include "access/policy.h"
#include "base/arena.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum reach { NONE, OWN, ALL };

enum { ROLES_END = Q_ROLE_ADMIN | Q_ROLE_COMPLIANCE_LEAD | Q_ROLE_AUDITOR };

static struct q_identity caller(enum q_tenant_type type, unsigned roles)
{
	return (struct q_identity){
		.kind = Q_IDENTITY_TOKEN,
		.subject = Q_STR("somebody"),
		.tenant_id = Q_STR("tenant-1"),
		.tenant_type = type,
		.roles = roles,
	};
}

static void assert_reach(const struct q_identity *who, enum q_action action, enum reach reach)
{
	assert_int_equal(q_policy_allows(who, action, NULL), reach != NONE);
	assert_int_equal(q_policy_allows_tenant(who, action, who->tenant_id), reach != NONE);
	assert_int_equal(q_policy_allows_tenant(who, action, Q_STR("tenant-2")), reach == ALL);
}

/* "Who sees what", column by column as it is written for people. */
static void each_cell_of_the_access_table_holds(void **state)
{
	static const struct {
		enum q_tenant_type type;
		unsigned role;
		enum reach read, write, admin;
	} table[] = {
		{Q_TENANT_INTERNAL, Q_ROLE_AUDITOR, ALL, NONE, NONE},
		{Q_TENANT_INTERNAL, Q_ROLE_COMPLIANCE_LEAD, ALL, NONE, NONE},
		{Q_TENANT_INTERNAL, Q_ROLE_ADMIN, ALL, ALL, ALL},
		{Q_TENANT_EXTERNAL, Q_ROLE_ADMIN, OWN, OWN, NONE},
		{Q_TENANT_EXTERNAL, Q_ROLE_AUDITOR, OWN, NONE, NONE},
		{Q_TENANT_EXTERNAL, Q_ROLE_COMPLIANCE_LEAD, OWN, NONE, NONE},
		{Q_TENANT_EXTERNAL, 0, OWN, NONE, NONE},
		{Q_TENANT_INTERNAL, 0, NONE, NONE, NONE},
	};

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(table); i++) {
		struct q_identity who = caller(table[i].type, table[i].role);

		assert_reach(&who, Q_ACTION_DOCUMENTS_READ, table[i].read);
		assert_reach(&who, Q_ACTION_DOCUMENTS_WRITE, table[i].write);
		assert_reach(&who, Q_ACTION_ADMIN, table[i].admin);
	}
}

/* The same rules as sentences, for every set of roles. */
static enum reach expected(enum q_tenant_type type, unsigned roles, enum q_action action)
{
	bool is_admin = roles & Q_ROLE_ADMIN;

	switch (action) {
	case Q_ACTION_DOCUMENTS_READ:
		if (type == Q_TENANT_EXTERNAL)
			return OWN;
		return type == Q_TENANT_INTERNAL && roles != 0 ? ALL : NONE;
	case Q_ACTION_DOCUMENTS_WRITE:
		if (!is_admin || type == Q_TENANT_NONE)
			return NONE;
		return type == Q_TENANT_INTERNAL ? ALL : OWN;
	case Q_ACTION_ADMIN:
		return is_admin && type == Q_TENANT_INTERNAL ? ALL : NONE;
	case Q_ACTION_COUNT:
		break;
	}
	fail();
	return NONE;
}

static void every_combination_of_type_roles_and_action_is_as_stated(void **state)
{
	static const enum q_tenant_type types[] = {Q_TENANT_NONE, Q_TENANT_INTERNAL,
						   Q_TENANT_EXTERNAL};

	(void)state;
	for (size_t t = 0; t < Q_COUNT_OF(types); t++)
		for (unsigned roles = 0; roles <= ROLES_END; roles++)
			for (unsigned a = 0; a < Q_ACTION_COUNT; a++) {
				struct q_identity who = caller(types[t], roles);

				assert_reach(&who, (enum q_action)a,
					     expected(types[t], roles, (enum q_action)a));
			}
}

static void a_key_is_judged_like_a_token(void **state)
{
	struct q_identity who = caller(Q_TENANT_EXTERNAL, Q_ROLE_ADMIN);

	(void)state;
	who.kind = Q_IDENTITY_KEY;
	assert_reach(&who, Q_ACTION_DOCUMENTS_WRITE, OWN);
}

static void nobody_may_do_anything_even_with_roles(void **state)
{
	struct q_identity who = caller(Q_TENANT_INTERNAL, ROLES_END);

	(void)state;
	who.kind = Q_IDENTITY_NONE;
	for (unsigned a = 0; a < Q_ACTION_COUNT; a++)
		assert_reach(&who, (enum q_action)a, NONE);
}

static void an_identity_without_a_valid_tenant_may_do_nothing(void **state)
{
	struct q_identity who = caller(Q_TENANT_EXTERNAL, ROLES_END);

	(void)state;
	who.tenant_id = Q_STR("");
	for (unsigned a = 0; a < Q_ACTION_COUNT; a++)
		assert_reach(&who, (enum q_action)a, NONE);
}

static void bits_that_are_no_role_grant_nothing(void **state)
{
	struct q_identity who = caller(Q_TENANT_INTERNAL, ~(unsigned)ROLES_END);

	(void)state;
	for (unsigned a = 0; a < Q_ACTION_COUNT; a++)
		assert_reach(&who, (enum q_action)a, NONE);
}

static void own_tenant_is_compared_byte_by_byte(void **state)
{
	struct q_identity who = caller(Q_TENANT_EXTERNAL, 0);

	(void)state;
	assert_false(q_policy_allows_tenant(&who, Q_ACTION_DOCUMENTS_READ, Q_STR("tenant-10")));
	assert_false(q_policy_allows_tenant(&who, Q_ACTION_DOCUMENTS_READ, Q_STR("Tenant-1")));
	assert_false(q_policy_allows_tenant(&who, Q_ACTION_DOCUMENTS_READ, Q_STR("tenant-")));
	assert_false(q_policy_allows_tenant(&who, Q_ACTION_DOCUMENTS_READ, Q_STR("")));
}

static void a_refusal_says_what_is_missing(void **state)
{
	struct q_identity visitor = caller(Q_TENANT_INTERNAL, 0);
	struct q_identity manager = caller(Q_TENANT_EXTERNAL, Q_ROLE_ADMIN);
	struct q_identity nobody = {0};
	const char *missing = NULL;

	(void)state;
	assert_false(q_policy_allows(&visitor, Q_ACTION_DOCUMENTS_READ, &missing));
	assert_string_equal(missing, "one of the roles admin, compliance_lead, auditor");
	assert_false(q_policy_allows(&visitor, Q_ACTION_DOCUMENTS_WRITE, &missing));
	assert_string_equal(missing, "the role admin");
	assert_false(q_policy_allows(&manager, Q_ACTION_ADMIN, &missing));
	assert_string_equal(missing, "the role admin of an internal tenant");
	assert_false(q_policy_allows(&nobody, Q_ACTION_DOCUMENTS_READ, &missing));
	assert_string_equal(missing, "an API key or a token with tenant claims");
}

static void roles_and_tenant_types_are_parsed_exactly(void **state)
{
	enum q_role role = Q_ROLE_AUDITOR;
	enum q_tenant_type type = Q_TENANT_EXTERNAL;

	(void)state;
	assert_true(q_role_parse(Q_STR("admin"), &role));
	assert_int_equal(role, Q_ROLE_ADMIN);
	assert_string_equal(q_role_name(role), "admin");
	assert_false(q_role_parse(Q_STR("Admin"), &role));
	assert_false(q_role_parse(Q_STR("owner"), &role));
	assert_int_equal(role, Q_ROLE_ADMIN);

	assert_true(q_tenant_type_parse(Q_STR("internal"), &type));
	assert_int_equal(type, Q_TENANT_INTERNAL);
	assert_string_equal(q_tenant_type_name(type), "internal");
	assert_false(q_tenant_type_parse(Q_STR("none"), &type));
	assert_false(q_tenant_type_parse(Q_STR(""), &type));
	assert_int_equal(type, Q_TENANT_INTERNAL);
}

static void tenant_ids_are_words_of_64_bytes_at_most(void **state)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123";

	(void)state;
	assert_true(q_tenant_id_is_valid(Q_STR("a")));
	assert_true(q_tenant_id_is_valid(Q_STR("Tenant_1-b")));
	assert_true(q_tenant_id_is_valid(q_str_from(longest)));
	assert_false(q_tenant_id_is_valid((struct q_str){longest, 65})); /* with its NUL */
	assert_false(q_tenant_id_is_valid(Q_STR("0123456789012345678901234567890123456789"
						"0123456789012345678901234")));
	assert_false(q_tenant_id_is_valid(Q_STR("")));
	assert_false(q_tenant_id_is_valid(Q_STR("-a")));
	assert_false(q_tenant_id_is_valid(Q_STR("_a")));
	assert_false(q_tenant_id_is_valid(Q_STR("a/b")));
	assert_false(q_tenant_id_is_valid(Q_STR("a\0b")));
	assert_false(q_tenant_id_is_valid(Q_STR("\xc3\xa9")));
}

static void the_table_is_written_as_text_and_json(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	const struct q_json *table, *cell;
	struct q_str word;
	struct q_buf out;
	struct q_err err;
	size_t at;

	(void)state;
	q_buf_init(&out, 1 << 16);
	assert_true(q_policy_write(&out, false));
	assert_true(q_str_find(q_buf_str(&out), Q_STR("documents_write"), &at));
	q_buf_clear(&out);
	assert_true(q_policy_write(&out, true));
	assert_int_equal(q_json_parse(arena, q_str_bytes(q_buf_str(&out)), &q_json_request_limits,
				      &table, &err),
			 Q_OK);
	assert_int_equal(q_json_count(table), Q_ACTION_COUNT * 6);
	cell = q_json_element(table, 5);
	assert_true(q_json_string(q_json_member(cell, Q_STR("action")), &word));
	assert_true(q_str_equal(word, Q_STR("documents_read")));
	assert_int_equal(q_json_type_of(q_json_member(cell, Q_STR("role"))), Q_JSON_NULL);
	assert_true(q_json_string(q_json_member(cell, Q_STR("reach")), &word));
	assert_true(q_str_equal(word, Q_STR("own")));
	q_buf_free(&out);
	q_arena_free(arena);
}

static void a_full_buffer_fails_the_table(void **state)
{
	struct q_buf out;

	(void)state;
	q_buf_init(&out, 100);
	assert_false(q_policy_write(&out, false));
	q_buf_clear(&out);
	assert_false(q_policy_write(&out, true));
	q_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_of_the_access_table_holds),
		cmocka_unit_test(every_combination_of_type_roles_and_action_is_as_stated),
		cmocka_unit_test(a_key_is_judged_like_a_token),
		cmocka_unit_test(nobody_may_do_anything_even_with_roles),
		cmocka_unit_test(an_identity_without_a_valid_tenant_may_do_nothing),
		cmocka_unit_test(bits_that_are_no_role_grant_nothing),
		cmocka_unit_test(own_tenant_is_compared_byte_by_byte),
		cmocka_unit_test(a_refusal_says_what_is_missing),
		cmocka_unit_test(roles_and_tenant_types_are_parsed_exactly),
		cmocka_unit_test(tenant_ids_are_words_of_64_bytes_at_most),
		cmocka_unit_test(the_table_is_written_as_text_and_json),
		cmocka_unit_test(a_full_buffer_fails_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
