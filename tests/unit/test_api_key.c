#include "access/api_key.h"
#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct q_call no_call = {0};
enum { NOW_S = 1800000000 };
static const int64_t now_ms = NOW_S * INT64_C(1000);

static struct q_api_key a_key(void)
{
	return (struct q_api_key){.name = Q_STR("nightly upload"),
				  .tenant_id = Q_STR("tenant-a"),
				  .tenant_type = Q_TENANT_EXTERNAL,
				  .roles = Q_ROLE_ADMIN | Q_ROLE_AUDITOR};
}

static enum q_code create(struct product *p, struct q_api_key *key, struct q_str *text)
{
	struct q_err err;

	return q_api_key_create(p->options.records, &no_call, p->random, now_ms, NULL, p->arena,
				key, text, &err);
}

static enum q_code verify(struct product *p, struct q_str text, struct q_identity *who)
{
	struct q_err err;

	return q_api_key_verify(p->options.records, &no_call, text, now_ms, p->arena, who, &err);
}

static void a_key_is_what_it_was_made_for(void **state)
{
	struct product *p = *state;
	struct q_api_key key = a_key();
	struct q_identity who;
	struct q_str text;

	assert_int_equal(create(p, &key, &text), Q_OK);
	assert_true(q_str_starts_with(text, Q_STR("qk_")));
	assert_int_equal(verify(p, text, &who), Q_OK);
	assert_int_equal(who.kind, Q_IDENTITY_KEY);
	assert_true(q_str_equal(who.subject, key.id));
	assert_view_equal(who.tenant_id, "tenant-a");
	assert_int_equal(who.tenant_type, Q_TENANT_EXTERNAL);
	assert_int_equal(who.roles, Q_ROLE_ADMIN | Q_ROLE_AUDITOR);
}

static void every_other_text_is_refused(void **state)
{
	struct product *p = *state;
	struct q_api_key key = a_key();
	struct q_identity who;
	struct q_str text;
	char wrong[Q_API_KEY_TEXT_MAX + 8];

	assert_int_equal(create(p, &key, &text), Q_OK);
	for (size_t i = 0; i < text.length; i++) {
		memcpy(wrong, text.data, text.length);
		wrong[i] = wrong[i] == 'b' ? 'c' : 'b';
		assert_int_equal(verify(p, (struct q_str){wrong, text.length}, &who), Q_DENIED);
		assert_int_equal(verify(p, q_str_slice(text, 0, i), &who), Q_DENIED);
	}
	memset(wrong, 'a', sizeof wrong);
	memcpy(wrong, text.data, text.length);
	assert_int_equal(verify(p, (struct q_str){wrong, text.length + 1}, &who), Q_DENIED);
	assert_int_equal(verify(p, (struct q_str){wrong, sizeof wrong}, &who), Q_DENIED);
	assert_int_equal(verify(p, (struct q_str){0}, &who), Q_DENIED);
}

static void the_secret_is_stored_nowhere(void **state)
{
	struct product *p = *state;
	struct q_api_key key = a_key();
	struct q_query all = {.index = 2, .pk = Q_STR("KEYS"), .limit = 10};
	struct q_query_page found;
	struct q_str text;
	struct q_err err;
	size_t at;

	assert_int_equal(create(p, &key, &text), Q_OK);
	assert_int_equal(
		q_record_store_query(p->options.records, &no_call, &all, p->arena, &found, &err),
		Q_OK);
	assert_int_equal(found.count, 1);
	for (size_t i = 0; i < found.items[0].attribute_count; i++) {
		const struct q_value *value = &found.items[0].attributes[i].value;

		if (value->kind == Q_VALUE_STRING)
			assert_false(q_str_find(value->string,
						q_str_slice(text, text.length - 43, text.length),
						&at));
	}
}

static void a_field_that_breaks_its_rule_is_refused(void **state)
{
	struct product *p = *state;
	char name[Q_API_KEY_NAME_MAX + 1];
	struct q_api_key key = a_key();
	struct q_str text;

	memset(name, 'n', sizeof name);
	key.tenant_id = Q_STR("no tenant");
	assert_int_equal(create(p, &key, &text), Q_INVALID);
	key = a_key();
	key.tenant_type = Q_TENANT_NONE;
	assert_int_equal(create(p, &key, &text), Q_INVALID);
	key = a_key();
	key.expires_at_ms = now_ms;
	assert_int_equal(create(p, &key, &text), Q_INVALID);
	key = a_key();
	key.name = (struct q_str){name, sizeof name};
	assert_int_equal(create(p, &key, &text), Q_INVALID);
	key.name.length--;
	assert_int_equal(create(p, &key, &text), Q_OK);
	key = a_key();
	key.name = Q_STR("\xff");
	assert_int_equal(create(p, &key, &text), Q_INVALID);
}

static void revoking_what_is_no_key_finds_nothing(void **state)
{
	struct product *p = *state;
	static const char *const ids[] = {"", "nope", "a\nb",
					  "0123456789012345678901234567890123456789"};
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(ids); i++)
		assert_int_equal(q_api_key_revoke(p->options.records, &no_call, q_str_from(ids[i]),
						  now_ms, &err),
				 Q_NOTFOUND);
}

static void a_list_shows_each_key_once_by_age(void **state)
{
	struct product *p = *state;
	struct q_api_key_page page = {0};
	struct q_str text, last = Q_STR("");
	struct q_err err;
	size_t seen = 0;

	for (int i = 0; i < 7; i++) {
		struct q_api_key key = a_key();

		assert_int_equal(q_api_key_create(p->options.records, &no_call, p->random,
						  now_ms + i, NULL, p->arena, &key, &text, &err),
				 Q_OK);
	}
	do {
		assert_int_equal(q_api_key_list(p->options.records, &no_call, page.next, 3,
						p->arena, &page, &err),
				 Q_OK);
		for (size_t i = 0; i < page.count; i++, seen++) {
			assert_true(q_str_compare(last, page.items[i].id) < 0);
			last = page.items[i].id;
		}
	} while (page.next.length > 0);
	assert_int_equal(seen, 7);
}

static enum q_code create_verify_and_list(void *context)
{
	struct product *p = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_api_key key = a_key();
	struct q_api_key_page page;
	struct q_identity who;
	struct q_str text;
	struct q_err err;
	enum q_code code = arena ? Q_OK : Q_NOMEM;

	if (!code)
		code = q_api_key_create(p->options.records, &no_call, p->random, now_ms, NULL,
					arena, &key, &text, &err);
	if (!code)
		code = q_api_key_verify(p->options.records, &no_call, text, now_ms, arena, &who,
					&err);
	if (!code)
		code = q_api_key_list(p->options.records, &no_call, (struct q_str){0}, 10, arena,
				      &page, &err);
	if (!code)
		code = q_api_key_revoke(p->options.records, &no_call, key.id, now_ms, &err);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	struct product *p = *state;

	assert_int_equal(create_verify_and_list(p), Q_OK);
	assert_true(run_with_failing_memory(create_verify_and_list, p) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_key_is_what_it_was_made_for),
		CASE(every_other_text_is_refused),
		CASE(the_secret_is_stored_nowhere),
		CASE(a_field_that_breaks_its_rule_is_refused),
		CASE(revoking_what_is_no_key_finds_nothing),
		CASE(a_list_shows_each_key_once_by_age),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
