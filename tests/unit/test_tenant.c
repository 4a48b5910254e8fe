#include "access/tenant.h"
#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static struct q_tenant find(struct product *p, const char *id)
{
	struct q_tenant tenant;
	struct q_err err;

	assert_int_equal(q_tenant_find(p->options.records, &no_call, q_str_from(id), p->arena,
				       &tenant, &err),
			 Q_OK);
	return tenant;
}

static enum q_code put(struct product *p, struct q_tenant tenant)
{
	struct q_err err;

	return q_tenant_put(p->options.records, &no_call, &tenant, &err);
}

static void a_tenant_without_a_record_is_its_own_only_location(void **state)
{
	struct q_tenant tenant = find(*state, "tenant-a");

	assert_int_equal(tenant.updated_at_ms, 0);
	assert_int_equal(tenant.location_count, 1);
	assert_true(q_tenant_has_location(&tenant, Q_STR("tenant-a")));
	assert_false(q_tenant_has_location(&tenant, Q_STR("tenant-b")));
	assert_false(q_tenant_has_location(&tenant, Q_STR("")));
}

static void a_record_says_which_locations_there_are(void **state)
{
	struct q_str locations[] = {Q_STR("gym-1"), Q_STR("gym-2")};
	struct q_tenant tenant = {.id = Q_STR("tenant-a"),
				  .name = Q_STR("A \"name\""),
				  .location_ids = locations,
				  .location_count = 2,
				  .updated_at_ms = 7};

	assert_int_equal(put(*state, tenant), Q_OK);
	tenant = find(*state, "tenant-a");
	assert_view_equal(tenant.name, "A \"name\"");
	assert_int_equal(tenant.location_count, 2);
	assert_true(q_tenant_has_location(&tenant, Q_STR("gym-2")));
	assert_false(q_tenant_has_location(&tenant, Q_STR("tenant-a")));
	tenant.location_count = 0;
	assert_int_equal(put(*state, tenant), Q_OK);
	assert_int_equal(find(*state, "tenant-a").location_count, 0);
}

static void most_locations_fit_and_one_more_does_not(void **state)
{
	static struct q_str locations[Q_TENANT_LOCATIONS_MAX + 1];
	struct product *p = *state;
	struct q_tenant tenant = {.id = Q_STR("tenant-a"),
				  .location_ids = locations,
				  .location_count = Q_TENANT_LOCATIONS_MAX};

	for (int i = 0; i <= Q_TENANT_LOCATIONS_MAX; i++)
		locations[i] = q_arena_format(p->arena, "%064d", i);
	assert_int_equal(put(p, tenant), Q_OK);
	assert_int_equal(find(p, "tenant-a").location_count, Q_TENANT_LOCATIONS_MAX);
	tenant.location_count++;
	assert_int_equal(put(p, tenant), Q_INVALID);
}

static void a_bad_id_is_refused(void **state)
{
	struct q_str location = Q_STR("gym#1");
	struct q_tenant tenant = {.id = Q_STR("tenant/a")};

	assert_int_equal(put(*state, tenant), Q_INVALID);
	tenant = (struct q_tenant){
		.id = Q_STR("tenant-a"), .location_ids = &location, .location_count = 1};
	assert_int_equal(put(*state, tenant), Q_INVALID);
}

/* Stored data that is not what was written is not the caller's fault. */
static void a_damaged_record_is_corrupt(void **state)
{
	static const char *const texts[] = {"", "{", "{\"a\":1}", "7", "[1]"};
	struct product *p = *state;

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		struct q_change change = {Q_SET, Q_STR("locationIds"),
					  q_value_string(q_str_from(texts[i]))};
		struct q_write write = {.kind = Q_WRITE_UPDATE,
					.key = {Q_STR("TENANT#tenant-a"), Q_STR("METADATA")},
					.changes = &change,
					.change_count = 1};
		struct q_tenant tenant;
		struct q_err err;

		assert_int_equal(q_record_store_write(p->options.records, &no_call, &write, NULL,
						      NULL, &err),
				 Q_OK);
		assert_int_equal(q_tenant_find(p->options.records, &no_call, Q_STR("tenant-a"),
					       p->arena, &tenant, &err),
				 Q_CORRUPT);
	}
}

static void a_list_shows_each_record_once(void **state)
{
	struct product *p = *state;
	struct q_tenant_page page = {0};
	struct q_err err;
	size_t seen = 0;

	for (int i = 0; i < 5; i++)
		assert_int_equal(
			put(p, (struct q_tenant){.id = q_arena_format(p->arena, "tenant-%d", i)}),
			Q_OK);
	do {
		assert_int_equal(q_tenant_list(p->options.records, &no_call, page.next, 2, p->arena,
					       &page, &err),
				 Q_OK);
		seen += page.count;
	} while (page.next.length > 0);
	assert_int_equal(seen, 5);
}

static enum q_code put_and_find(void *context)
{
	struct product *p = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str location = Q_STR("gym-1");
	struct q_tenant tenant = {
		.id = Q_STR("tenant-a"), .location_ids = &location, .location_count = 1};
	struct q_tenant_page page;
	struct q_err err;
	enum q_code code = arena ? Q_OK : Q_NOMEM;

	if (!code)
		code = q_tenant_put(p->options.records, &no_call, &tenant, &err);
	if (!code)
		code = q_tenant_find(p->options.records, &no_call, tenant.id, arena, &tenant, &err);
	if (!code)
		code = q_tenant_find(p->options.records, &no_call, Q_STR("unknown"), arena, &tenant,
				     &err);
	if (!code)
		code = q_tenant_list(p->options.records, &no_call, (struct q_str){0}, 2, arena,
				     &page, &err);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	assert_int_equal(put_and_find(*state), Q_OK);
	assert_true(run_with_failing_memory(put_and_find, *state) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_tenant_without_a_record_is_its_own_only_location),
		CASE(a_record_says_which_locations_there_are),
		CASE(most_locations_fit_and_one_more_does_not),
		CASE(a_bad_id_is_refused),
		CASE(a_damaged_record_is_corrupt),
		CASE(a_list_shows_each_record_once),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
