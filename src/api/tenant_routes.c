/* Tenants, for internal admins: what they are called, what they may have, what they use. */
#include "api/api_internal.h"

#include "access/tenant.h"

#include <stddef.h>

enum { BODY_MAX = 1 << 20 };

/* A member of `quotas`, and where it is kept. */
struct quota_name {
	const char *name;
	size_t offset; /* in struct q_quotas */
};
static const struct quota_name quota_names[] = {
	{"documents", offsetof(struct q_quotas, documents)},
	{"pages", offsetof(struct q_quotas, pages)},
	{"bytes", offsetof(struct q_quotas, bytes)},
	{"concurrentUploads", offsetof(struct q_quotas, concurrent_uploads)},
};

static int64_t *quota_at(struct q_quotas *quotas, const struct quota_name *name)
{
	return (int64_t *)(void *)((char *)quotas + name->offset);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void write_quotas(struct q_json_writer *w, struct q_quotas quotas)
{
	q_json_name(w, "quotas");
	q_json_begin_object(w);
	for (size_t i = 0; i < Q_COUNT_OF(quota_names); i++) {
		int64_t most = *quota_at(&quotas, &quota_names[i]);

		if (most > 0)
			q_json_field_int64(w, quota_names[i].name, most);
	}
	q_json_end_object(w);
}

static void write_usage(struct q_json_writer *w, const struct q_usage *usage)
{
	q_json_name(w, "usage");
	q_json_begin_object(w);
	q_json_field_int64(w, "documents", usage->documents);
	q_json_field_int64(w, "pages", usage->pages);
	q_json_field_int64(w, "bytes", usage->bytes);
	q_json_field_int64(w, "directUploads", usage->direct_uploads);
	q_json_end_object(w);
}

/* `usage` NULL: it is not asked for in lists. */
static void write_tenant(struct q_json_writer *w, const struct q_tenant *tenant,
			 const struct q_usage *usage)
{
	q_json_begin_object(w);
	q_json_field_string(w, "tenantId", tenant->id);
	q_json_field_string(w, "tenantName", tenant->name);
	q_json_name(w, "locationIds");
	q_json_begin_array(w);
	for (size_t i = 0; i < tenant->location_count; i++)
		q_json_put_string(w, tenant->location_ids[i]);
	q_json_end_array(w);
	if (tenant->retention_days > 0)
		q_json_field_int64(w, "retentionDays", tenant->retention_days);
	write_quotas(w, tenant->quotas);
	if (usage)
		write_usage(w, usage);
	if (tenant->updated_at_ms > 0)
		q_json_field_time(w, "updatedAt", tenant->updated_at_ms);
	q_json_end_object(w);
}

static void list_tenants(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_tenant_page page;
	struct q__reply answer;
	struct q_str after;
	struct q_err err;
	size_t limit;

	if (!q__list_query(api, request, Q_STR("tenants"), &limit, &after))
		return;
	if (q_tenant_list(api->o.records, q_http_request_call(request), after, limit,
			  q_http_request_arena(request), &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__items_begin(&answer);
	for (size_t i = 0; i < page.count; i++)
		write_tenant(&answer.w, &page.items[i], NULL);
	q__items_end(api, request, &answer, Q_STR("tenants"), page.next);
}

static void answer_tenant(struct q_api *api, struct q_http_request *request,
			  const struct q_tenant *tenant)
{
	struct q__reply answer;
	struct q_usage usage;
	struct q_err err;

	if (q_documents_find_usage(api->o.documents, q_http_request_call(request), tenant->id,
				   q_http_request_arena(request), &usage, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__reply_begin(&answer);
	write_tenant(&answer.w, tenant, &usage);
	q__reply_end(&answer, request, 200);
}

static void get_tenant(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_str id = q_http_request_param(request, "id");
	struct q_tenant tenant;
	struct q_err err;

	if (!q_tenant_id_is_valid(id))
		q__refuse_field(request, "id", "is no tenant's id");
	else if (q_tenant_find(api->o.records, q_http_request_call(request), id,
			       q_http_request_arena(request), &tenant, &err))
		q_http_respond_error(request, &err);
	else
		answer_tenant(api, request, &tenant);
}

static bool read_locations(struct q_http_request *request, const struct q_json *array,
			   struct q_tenant *tenant)
{
	size_t count = q_json_count(array);
	bool is_list = q_json_type_of(array) == Q_JSON_ARRAY && count <= Q_TENANT_LOCATIONS_MAX;
	struct q_str *ids = NULL;
	struct q_json_walk walk;
	size_t i = 0;

	if (is_list)
		ids = q_arena_alloc_array(q_http_request_arena(request), count + 1, sizeof *ids);
	for (walk = q_json_walk(array); ids && q_json_next(&walk);)
		if (!q_json_string(walk.value, &ids[i++]))
			ids = NULL;
	tenant->location_ids = ids;
	tenant->location_count = i;
	if (!ids)
		q__refuse_field(request, "locationIds", "is a list of at most 1,000 ids");
	return ids != NULL;
}

static bool read_quota(struct q_http_request *request, const struct q_json_walk *member,
		       struct q_quotas *quotas)
{
	int64_t most;

	for (size_t i = 0; i < Q_COUNT_OF(quota_names); i++) {
		if (!q_str_equal(member->name, q_str_from(quota_names[i].name)))
			continue;
		if (!q_json_int64(member->value, &most) || most < 1)
			break;
		*quota_at(quotas, &quota_names[i]) = most;
		return true;
	}
	q__refuse_field(request, "quotas",
			"takes documents, pages, bytes and concurrentUploads: numbers from 1; what "
			"is left out has no limit");
	return false;
}

static bool read_quotas(struct q_http_request *request, const struct q_json *object,
			struct q_quotas *quotas)
{
	struct q_json_walk walk;

	if (q_json_type_of(object) != Q_JSON_OBJECT) {
		q__refuse_field(request, "quotas", "is an object");
		return false;
	}
	for (walk = q_json_walk(object); q_json_next(&walk);)
		if (!read_quota(request, &walk, quotas))
			return false;
	return true;
}

static bool read_retention(struct q_http_request *request, const struct q_json *value,
			   int64_t *days)
{
	if (q_json_int64(value, days) && *days >= 1 && *days <= Q_TENANT_RETENTION_DAYS_MAX)
		return true;
	q__refuse_field(request, "retentionDays", "is a number of days from 1 to 36500");
	return false;
}

/* The body of PUT replaces the record: what it leaves out is as for a tenant without one. */
static bool read_tenant(struct q_http_request *request, const struct q_json *body,
			struct q_tenant *tenant)
{
	struct q_json_walk walk;

	tenant->location_ids = &tenant->id;
	tenant->location_count = 1;
	for (walk = q_json_walk(body); q_json_next(&walk);) {
		if (q_str_equal(walk.name, Q_STR("locationIds"))) {
			if (!read_locations(request, walk.value, tenant))
				return false;
		} else if (q_str_equal(walk.name, Q_STR("retentionDays"))) {
			if (!read_retention(request, walk.value, &tenant->retention_days))
				return false;
		} else if (q_str_equal(walk.name, Q_STR("quotas"))) {
			if (!read_quotas(request, walk.value, &tenant->quotas))
				return false;
		} else if (!q_str_equal(walk.name, Q_STR("tenantName")) ||
			   !q_json_string(walk.value, &tenant->name)) {
			q_http_respond_refusal(request, 400, "invalid_request",
					       "the body takes tenantName, locationIds, "
					       "retentionDays and quotas");
			return false;
		}
	}
	return true;
}

static void put_tenant(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_tenant tenant = {.id = q_http_request_param(request, "id"),
				  .updated_at_ms = q_clock_now_ms(api->o.clock)};
	const struct q_json *body;
	struct q_err err;

	if (!q__body(request, &body) || !read_tenant(request, body, &tenant))
		return;
	if (q_tenant_put(api->o.records, q_http_request_call(request), &tenant, &err))
		q_http_respond_error(request, &err);
	else
		answer_tenant(api, request, &tenant);
}

const struct q_route q__tenant_routes[] = {
	{"GET", "/admin/tenants", 0, 0, &q__admin, list_tenants},
	{"GET", "/admin/tenants/{id}", 0, 0, &q__admin, get_tenant},
	{"PUT", "/admin/tenants/{id}", 0, BODY_MAX, &q__admin, put_tenant},
	{0},
};
