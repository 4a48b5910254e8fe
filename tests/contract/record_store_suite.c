#include "contract/record_store_suite_internal.h"

const struct q_call no_limits;

int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(64 << 20);
	return suite->arena ? 0 : -1;
}

int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

struct q_record_key key_of(const char *pk, const char *sk)
{
	return (struct q_record_key){q_str_from(pk), q_str_from(sk)};
}

struct q_write put_of(const struct q_item *item)
{
	return (struct q_write){.kind = Q_WRITE_PUT, .key = item->key, .item = item};
}

struct q_write update_of(struct q_record_key key, const struct q_change *changes, size_t count)
{
	return (struct q_write){
		.kind = Q_WRITE_UPDATE, .key = key, .changes = changes, .change_count = count};
}

struct q_change set_number(const char *name, int64_t n)
{
	return (struct q_change){Q_SET, q_str_from(name), q_value_number(n)};
}

struct q_change add_number(const char *name, int64_t n)
{
	return (struct q_change){Q_ADD, q_str_from(name), q_value_number(n)};
}

enum q_code write_one(struct suite *suite, struct q_write write)
{
	return q_record_store_write(suite->store, &no_limits, &write, NULL, NULL, &suite->err);
}

enum q_code write_if(struct suite *suite, struct q_write write, struct q_condition condition)
{
	write.conditions = &condition;
	write.condition_count = 1;
	return write_one(suite, write);
}

enum q_code get_item(struct suite *suite, struct q_record_key key, struct q_item *out)
{
	return q_record_store_get(suite->store, &no_limits, key, suite->arena, out, &suite->err);
}

void put_number(struct suite *suite, const char *pk, const char *sk, int64_t n)
{
	struct q_attribute attribute = {Q_STR("n"), q_value_number(n)};
	struct q_item item = {
		.key = key_of(pk, sk), .attributes = &attribute, .attribute_count = 1};

	assert_ok(write_one(suite, put_of(&item)));
}

int64_t number_at(struct suite *suite, const char *pk, const char *sk)
{
	struct q_item item;

	assert_ok(get_item(suite, key_of(pk, sk), &item));
	return q_item_number(&item, "n", -1);
}

void assert_absent(struct suite *suite, const char *pk, const char *sk)
{
	struct q_item item;

	assert_code(get_item(suite, key_of(pk, sk), &item), Q_NOTFOUND);
}

void assert_items_equal(const struct q_item *a, const struct q_item *b)
{
	assert_true(q_record_key_equal(&a->key, &b->key));
	assert_true(q_record_key_equal(&a->index1, &b->index1));
	assert_true(q_record_key_equal(&a->index2, &b->index2));
	assert_int_equal(a->expires_at_ms, b->expires_at_ms);
	assert_int_equal(a->attribute_count, b->attribute_count);
	for (size_t i = 0; i < a->attribute_count; i++) {
		const struct q_value *value = q_item_find(b, a->attributes[i].name);

		assert_non_null(value);
		assert_true(q_value_equal(&a->attributes[i].value, value));
	}
}

int run_record_store_suite(struct record_store_subject *subject)
{
	const struct case_list lists[] = {
		record_store_item_cases(),	 record_store_write_cases(),
		record_store_limit_cases(),	 record_store_query_cases(),
		record_store_concurrent_cases(),
	};
	struct suite suite = {.subject = subject, .store = subject->store};

	return run_case_lists(subject->name, lists, Q_COUNT_OF(lists), &suite);
}
