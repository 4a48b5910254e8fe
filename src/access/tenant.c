#include "access/tenant.h"

#include "access/policy.h"
#include "base/json.h"

#include <string.h>

enum { LOCATIONS_BYTES_MAX = 128 * 1024 };

static const struct q_json_limits locations_limits = {LOCATIONS_BYTES_MAX, 2, false};

static struct q_record_key tenant_key(struct q_arena *arena, struct q_str id)
{
	return (struct q_record_key){q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(id)),
				     Q_STR("METADATA")};
}

/* A tenant's locations, as they are stored: a JSON array of strings. */
static enum q_code read_locations(struct q_str text, struct q_arena *arena, struct q_tenant *out,
				  struct q_err *err)
{
	const struct q_json *array;
	struct q_json_walk walk;
	enum q_code code = q_json_parse(arena, q_str_bytes(text), &locations_limits, &array, err);

	if (code == Q_NOMEM)
		return code;
	if (code || q_json_type_of(array) != Q_JSON_ARRAY)
		return q_fail(err, Q_CORRUPT, "tenant.find", "locationIds are no list");
	out->location_ids =
		q_arena_alloc_array(arena, q_json_count(array), sizeof *out->location_ids);
	if (!out->location_ids)
		return q_fail(err, Q_NOMEM, "tenant.find", "locations");
	for (walk = q_json_walk(array); q_json_next(&walk);)
		if (!q_json_string(walk.value, &out->location_ids[out->location_count++]))
			return q_fail(err, Q_CORRUPT, "tenant.find",
				      "locationIds are no list of strings");
	return Q_OK;
}

static enum q_code parse(const struct q_item *item, struct q_arena *arena, struct q_tenant *out,
			 struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q_tenant){
		.id = q_item_string(item, "tenantId", none),
		.name = q_item_string(item, "tenantName", none),
		.retention_days = q_item_number(item, "retentionDays", 0),
		.quotas = {.documents = q_item_number(item, "quotaDocuments", 0),
			   .pages = q_item_number(item, "quotaPages", 0),
			   .bytes = q_item_number(item, "quotaBytes", 0),
			   .concurrent_uploads = q_item_number(item, "quotaConcurrentUploads", 0)},
		.updated_at_ms = q_item_number(item, "updatedAt", 0),
	};
	return read_locations(q_item_string(item, "locationIds", Q_STR("[]")), arena, out, err);
}

/* What holds where nothing is known: the tenant is its own only location. */
static enum q_code make_ordinary(struct q_str id, struct q_arena *arena, struct q_tenant *out,
				 struct q_err *err)
{
	*out = (struct q_tenant){.id = q_arena_copy(arena, id), .location_count = 1};
	out->location_ids = q_arena_alloc(arena, sizeof *out->location_ids);
	if (!out->location_ids || q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "tenant.find", "a tenant");
	out->location_ids[0] = out->id;
	return Q_OK;
}

enum q_code q_tenant_find(struct q_record_store *records, const struct q_call *call,
			  struct q_str id, struct q_arena *arena, struct q_tenant *out,
			  struct q_err *err)
{
	struct q_item item;
	enum q_code code =
		q_record_store_get(records, call, tenant_key(arena, id), arena, &item, err);

	if (code == Q_NOTFOUND)
		return make_ordinary(id, arena, out, err);
	return code ? code : parse(&item, arena, out, err);
}

static enum q_code check(const struct q_tenant *tenant, struct q_err *err)
{
	if (!q_tenant_id_is_valid(tenant->id))
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "tenant.put",
				     "a tenant's id is 1 to 64 letters, digits, '_' or '-'");
	if (tenant->location_count > Q_TENANT_LOCATIONS_MAX)
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "tenant.put",
				     "a tenant has at most %d locations", Q_TENANT_LOCATIONS_MAX);
	if (tenant->retention_days < 0 || tenant->retention_days > Q_TENANT_RETENTION_DAYS_MAX)
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "tenant.put",
				     "retentionDays is 1 to %d", Q_TENANT_RETENTION_DAYS_MAX);
	if (tenant->quotas.documents < 0 || tenant->quotas.pages < 0 || tenant->quotas.bytes < 0 ||
	    tenant->quotas.concurrent_uploads < 0)
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "tenant.put",
				     "a quota is 1 or more");
	for (size_t i = 0; i < tenant->location_count; i++)
		if (!q_tenant_id_is_valid(tenant->location_ids[i]))
			return q_fail_reason(
				err, Q_INVALID, "bad_tenant", "tenant.put",
				"a location's id is 1 to 64 letters, digits, '_' or '-'");
	return Q_OK;
}

static void write_locations(struct q_buf *out, const struct q_tenant *tenant)
{
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	q_json_begin_array(&w);
	for (size_t i = 0; i < tenant->location_count; i++)
		q_json_put_string(&w, tenant->location_ids[i]);
	q_json_end_array(&w);
}

enum q_code q_tenant_put(struct q_record_store *records, const struct q_call *call,
			 const struct q_tenant *tenant, struct q_err *err)
{
	struct q_arena *arena;
	struct q_buf locations;
	enum q_code code = check(tenant, err);

	if (code)
		return code;
	arena = q_arena_new(LOCATIONS_BYTES_MAX);
	if (!arena)
		return q_fail(err, Q_NOMEM, "tenant.put", "an arena");
	q_buf_init(&locations, LOCATIONS_BYTES_MAX);
	write_locations(&locations, tenant);
	struct q_attribute attributes[] = {
		{Q_STR("tenantId"), q_value_string(tenant->id)},
		{Q_STR("tenantName"), q_value_string(tenant->name)},
		{Q_STR("locationIds"), q_value_string(q_buf_str(&locations))},
		{Q_STR("retentionDays"), q_value_number(tenant->retention_days)},
		{Q_STR("quotaDocuments"), q_value_number(tenant->quotas.documents)},
		{Q_STR("quotaPages"), q_value_number(tenant->quotas.pages)},
		{Q_STR("quotaBytes"), q_value_number(tenant->quotas.bytes)},
		{Q_STR("quotaConcurrentUploads"),
		 q_value_number(tenant->quotas.concurrent_uploads)},
		{Q_STR("updatedAt"), q_value_number(tenant->updated_at_ms)},
	};
	struct q_item item = {
		.key = tenant_key(arena, tenant->id),
		.index1 = {Q_STR("TENANTS"), tenant->id},
		.attributes = attributes,
		.attribute_count = Q_COUNT_OF(attributes),
	};
	struct q_write write = {.kind = Q_WRITE_PUT, .key = item.key, .item = &item};

	if (q_buf_failed(&locations) || q_arena_failed(arena))
		code = q_fail(err, Q_NOMEM, "tenant.put", "a tenant's record");
	else
		code = q_record_store_write(records, call, &write, NULL, NULL, err);
	q_buf_free(&locations);
	q_arena_free(arena);
	return code;
}

enum q_code q_tenant_list(struct q_record_store *records, const struct q_call *call,
			  struct q_str after, size_t limit, struct q_arena *arena,
			  struct q_tenant_page *out, struct q_err *err)
{
	struct q_query query = {.index = 1, .pk = Q_STR("TENANTS"), .limit = limit, .after = after};
	struct q_query_page found;
	enum q_code code;

	q_assert(limit >= 1 && limit <= Q_TENANT_LIST_MAX);
	*out = (struct q_tenant_page){0};
	code = q_record_store_query(records, call, &query, arena, &found, err);
	if (code)
		return code;
	out->items = q_arena_alloc_array(arena, found.count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "tenant.list", "tenants");
	for (; out->count < found.count && !code; out->count++)
		code = parse(&found.items[out->count], arena, &out->items[out->count], err);
	out->next = found.next;
	return code;
}

bool q_tenant_has_location(const struct q_tenant *tenant, struct q_str location_id)
{
	for (size_t i = 0; i < tenant->location_count; i++)
		if (q_str_equal(tenant->location_ids[i], location_id))
			return true;
	return false;
}
