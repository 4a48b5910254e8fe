/* What a tenant's documents take up: the item TENANT#id / USAGE, changed in the transactions that
 * make, count and delete them, so that it is exact. Where the tenant has a quota, the change that
 * takes up more stands under the condition that it still fits. */
#include "documents/jobs/usage.h"
#include "documents/items.h"
#include "documents/jobs/job.h"

enum { COUNTED = 4, CHANGES_MAX = COUNTED + 1, ATTEMPTS_MAX = 10, RETRY_AFTER_MS = 5000 };

static struct q_record_key usage_key(struct q_arena *arena, struct q_str tenant_id)
{
	return (struct q_record_key){q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(tenant_id)),
				     Q_STR("USAGE")};
}

static enum q_code read_item(struct q_documents *d, const struct q_call *call,
			     struct q_str tenant_id, struct q_arena *arena, struct q_item *out,
			     struct q_err *err)
{
	enum q_code code = q_record_store_get(d->o.records, call, usage_key(arena, tenant_id),
					      arena, out, err);

	if (code != Q_NOTFOUND)
		return code;
	*out = (struct q_item){0}; /* it has no documents yet */
	return Q_OK;
}

struct q_write q__usage_write(struct q_arena *arena, struct q_str tenant_id,
			      const struct q_usage *added)
{
	struct q_change *changes = q_arena_alloc_array(arena, CHANGES_MAX, sizeof *changes);
	struct q_record_key *index1 = q_arena_alloc(arena, sizeof *index1);

	if (!changes || !index1) /* the arena has failed: its owner sees it */
		return (struct q_write){.kind = Q_WRITE_CHECK};
	changes[0] = q__change_string("tenantId", tenant_id);
	changes[1] = q__change_add("documents", added->documents);
	changes[2] = q__change_add("pages", added->pages);
	changes[3] = q__change_add("bytes", added->bytes);
	changes[4] = q__change_add("directUploads", added->direct_uploads);
	*index1 = (struct q_record_key){q__usage_index(), tenant_id};
	return (struct q_write){.kind = Q_WRITE_UPDATE,
				.key = usage_key(arena, tenant_id),
				.changes = changes,
				.change_count = CHANGES_MAX,
				.index1 = index1};
}

/* One of those that are counted: what there is, what comes, what there may be (0: no limit). */
struct counted {
	const char *name;   /* of the attribute */
	const char *reason; /* NULL: of the uploads that are open */
	int64_t used, added, quota;
};

static void count_all(const struct q_item *item, const struct q_usage *added,
		      const struct q_quotas *quotas, struct counted out[COUNTED])
{
	out[0] = (struct counted){"documents", "quota_documents",
				  q_item_number(item, "documents", 0), added->documents,
				  quotas->documents};
	out[1] = (struct counted){"pages", "quota_pages", q_item_number(item, "pages", 0),
				  added->pages, quotas->pages};
	out[2] = (struct counted){"bytes", "quota_bytes", q_item_number(item, "bytes", 0),
				  added->bytes, quotas->bytes};
	out[3] = (struct counted){"directUploads", NULL, q_item_number(item, "directUploads", 0),
				  added->direct_uploads, quotas->concurrent_uploads};
}

static bool is_limited(const struct counted *c)
{
	return c->quota > 0 && c->added > 0;
}

static enum q_code refuse(const struct counted *c, struct q_err *err)
{
	if (c->reason)
		return q_fail_reason(err, Q_DENIED, c->reason, "documents.quota",
				     "the tenant's quota of %lld %s is used up: delete "
				     "documents, or have it raised",
				     (long long)c->quota, c->name);
	q_fail_reason(err, Q_BUSY, "too_many_uploads", "documents.quota",
		      "the tenant has %lld uploads open, as many as it may: complete one, or wait "
		      "for one to lapse",
		      (long long)c->quota);
	err->retry_after_ms = RETRY_AFTER_MS;
	return Q_BUSY;
}

static enum q_code check_all(const struct counted counted[COUNTED], struct q_err *err)
{
	for (size_t i = 0; i < COUNTED; i++) {
		const struct counted *c = &counted[i];

		if (is_limited(c) && c->used > c->quota - c->added)
			return refuse(c, err);
	}
	return Q_OK;
}

/* That it fits, whatever else comes in meanwhile. */
static bool add_conditions(struct q_arena *arena, const struct q_item *item,
			   const struct counted counted[COUNTED], struct q_write *write)
{
	struct q_condition *conditions = q_arena_alloc_array(arena, COUNTED, sizeof *conditions);

	if (!conditions)
		return false;
	for (size_t i = 0; i < COUNTED; i++) {
		struct q_str name = q_str_from(counted[i].name);
		int64_t room = counted[i].quota - counted[i].added;

		if (!is_limited(&counted[i]))
			continue;
		conditions[write->condition_count++] =
			q_item_find(item, name)
				? (struct q_condition){Q_IF_AT_MOST, name, q_value_number(room)}
				: (struct q_condition){.kind = Q_IF_UNSET, .name = name};
	}
	write->conditions = conditions;
	return true;
}

static enum q_code look(struct q_documents *d, const struct q_call *call, struct q_str tenant_id,
			const struct q_usage *added, struct q_arena *arena, struct q_item *item,
			struct counted counted[COUNTED], struct q_err *err)
{
	struct q_tenant tenant;
	enum q_code code = q_tenant_find(d->o.records, call, tenant_id, arena, &tenant, err);

	if (!code)
		code = read_item(d, call, tenant_id, arena, item, err);
	if (code)
		return q__not_written(code, err);
	count_all(item, added, &tenant.quotas, counted);
	return check_all(counted, err);
}

enum q_code q__quota_check(struct q_documents *d, const struct q_call *call, struct q_str tenant_id,
			   const struct q_usage *added, struct q_arena *arena, struct q_err *err)
{
	struct counted counted[COUNTED];
	struct q_item item;

	return look(d, call, tenant_id, added, arena, &item, counted, err);
}

enum q_code q__usage_grow(struct q_documents *d, const struct q_call *call, struct q_str tenant_id,
			  const struct q_usage *added, struct q_arena *arena, struct q_write *write,
			  struct q_err *err)
{
	struct counted counted[COUNTED];
	struct q_item item;
	enum q_code code = look(d, call, tenant_id, added, arena, &item, counted, err);

	if (code)
		return code;
	*write = q__usage_write(arena, tenant_id, added);
	if (!add_conditions(arena, &item, counted, write) || q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.usage", "a tenant's usage");
	return Q_OK;
}

enum q_code q__usage_transact(struct q_documents *d, const struct q_call *call,
			      struct q_str tenant_id, const struct q_usage *added,
			      struct q_write *writes, size_t count, struct q_arena *arena,
			      struct q_err *err)
{
	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		size_t failed = 0;
		enum q_code code =
			q__usage_grow(d, call, tenant_id, added, arena, &writes[count], err);

		if (code)
			return code;
		code = q_record_store_transact(d->o.records, call, writes, count + 1, &failed, err);
		if (code != Q_CONFLICT || failed != count)
			return code;
	}
	return q_fail(err, Q_BUSY, "documents.usage", "the tenant's uploads come too fast");
}

enum q_code q_documents_find_usage(struct q_documents *d, const struct q_call *call,
				   struct q_str tenant_id, struct q_arena *arena,
				   struct q_usage *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code = read_item(d, call, tenant_id, arena, &item, err);

	*out = (struct q_usage){0};
	if (code)
		return code;
	out->documents = q_item_number(&item, "documents", 0);
	out->pages = q_item_number(&item, "pages", 0);
	out->bytes = q_item_number(&item, "bytes", 0);
	out->direct_uploads = q_item_number(&item, "directUploads", 0);
	return Q_OK;
}
