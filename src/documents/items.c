#include "documents/items.h"

#include <inttypes.h>

struct q_str q__time_key(struct q_arena *arena, int64_t time_ms)
{
	return q_arena_format(arena, "%013" PRId64, time_ms);
}

static struct q_record_key document_key(struct q_arena *arena, struct q_str file_id,
					struct q_str sk)
{
	return (struct q_record_key){q_arena_format(arena, "DOC#%.*s", Q_STR_ARG(file_id)), sk};
}

struct q_record_key q__file_key(struct q_arena *arena, struct q_str file_id)
{
	return (struct q_record_key){q_arena_format(arena, "FILE#%.*s", Q_STR_ARG(file_id)),
				     Q_STR("METADATA")};
}

struct q_record_key q__job_key(struct q_arena *arena, struct q_str file_id)
{
	return document_key(arena, file_id, Q_STR("STATUS"));
}

struct q_record_key q__plan_key(struct q_arena *arena, struct q_str file_id)
{
	return document_key(arena, file_id, Q_STR("PLAN"));
}

struct q_record_key q__range_key(struct q_arena *arena, struct q_str file_id, unsigned number)
{
	return document_key(arena, file_id, q_arena_format(arena, "RANGE#%06u", number));
}

struct q_record_key q__page_key(struct q_arena *arena, struct q_str file_id, unsigned number)
{
	return document_key(arena, file_id, q_arena_format(arena, "PAGE#%06u", number));
}

struct q_record_key q__event_key(struct q_arena *arena, struct q_str file_id, int64_t number)
{
	return document_key(arena, file_id, q_arena_format(arena, "EVENT#%06" PRId64, number));
}

struct q_record_key q__upload_key(struct q_arena *arena, struct q_str file_id)
{
	return (struct q_record_key){q_arena_format(arena, "UPLOAD#%.*s", Q_STR_ARG(file_id)),
				     Q_STR("METADATA")};
}

struct q_record_key q__tenant_files_key(struct q_arena *arena, struct q_str tenant_id,
					int64_t uploaded_at_ms, struct q_str file_id)
{
	return (struct q_record_key){q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(tenant_id)),
				     q_arena_format(arena, "FILE#%013" PRId64 "#%.*s",
						    uploaded_at_ms, Q_STR_ARG(file_id))};
}

struct q_record_key q__tenant_status_key(struct q_arena *arena, struct q_str tenant_id,
					 enum q_job_status status, int64_t updated_at_ms,
					 struct q_str file_id)
{
	return (struct q_record_key){
		q_arena_format(arena, "TENANT#%.*s#%s", Q_STR_ARG(tenant_id),
			       q_job_status_name(status)),
		q_arena_format(arena, "%013" PRId64 "#%.*s", updated_at_ms, Q_STR_ARG(file_id))};
}

struct q_str q__due_bucket(struct q_arena *arena, unsigned bucket)
{
	return q_arena_format(arena, "DUE#%u", bucket);
}

/* The last characters of a UUIDv7 are random: jobs spread evenly. */
unsigned q__bucket_of(struct q_str id)
{
	return (unsigned char)id.data[id.length - 1] % Q__DUE_BUCKETS;
}

struct q_record_key q__due_key(struct q_arena *arena, struct q_str file_id, int64_t due_at_ms)
{
	return (struct q_record_key){
		q__due_bucket(arena, q__bucket_of(file_id)),
		q_arena_format(arena, "%013" PRId64 "#%.*s", due_at_ms, Q_STR_ARG(file_id))};
}

struct q_str q__upload_expiry_bucket(struct q_arena *arena, unsigned bucket)
{
	return q_arena_format(arena, "UPLOADS#%u", bucket);
}

struct q_str q__incoming_key(struct q_arena *arena, struct q_str tenant_id, struct q_str file_id)
{
	return q_arena_format(arena, ".incoming/%.*s/%.*s", Q_STR_ARG(tenant_id),
			      Q_STR_ARG(file_id));
}

struct q_record_key q__upload_expiry_key(struct q_arena *arena, struct q_str file_id,
					 int64_t expires_at_ms)
{
	return (struct q_record_key){
		q__upload_expiry_bucket(arena, q__bucket_of(file_id)),
		q_arena_format(arena, "%013" PRId64 "#%.*s", expires_at_ms, Q_STR_ARG(file_id))};
}

struct q_record_key q__purge_key(void)
{
	return (struct q_record_key){Q_STR("PURGE"), Q_STR("METADATA")};
}

struct q_record_key q__ready_key(struct q_arena *arena, struct q_str tenant_id, bool is_urgent,
				 int64_t available_at_ms, struct q_str file_id)
{
	return (struct q_record_key){q_arena_format(arena, "READY#%.*s", Q_STR_ARG(tenant_id)),
				     q_arena_format(arena, "%c#%013" PRId64 "#%.*s",
						    is_urgent ? '0' : '1', available_at_ms,
						    Q_STR_ARG(file_id))};
}

struct q_record_key q__ready_tenant_key(struct q_arena *arena, struct q_str tenant_id)
{
	return (struct q_record_key){Q_STR("READY"),
				     q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(tenant_id))};
}

struct q_write q__ready_tenant_write(struct q_arena *arena, struct q_str tenant_id)
{
	struct q_change *changes = q_arena_alloc_array(arena, 2, sizeof *changes);

	if (changes) {
		changes[0] = q__change_string("tenantId", tenant_id);
		changes[1] = q__change_add("version", 1);
	}
	return (struct q_write){.kind = Q_WRITE_UPDATE,
				.key = q__ready_tenant_key(arena, tenant_id),
				.changes = changes,
				.change_count = changes ? 2 : 0};
}

void q__attributes_init(struct q__attributes *a, struct q_arena *arena, size_t capacity)
{
	*a = (struct q__attributes){.items = q_arena_alloc_array(arena, capacity, sizeof *a->items),
				    .capacity = capacity};
	a->failed = !a->items;
}

static void set(struct q__attributes *a, const char *name, struct q_value value)
{
	if (a->failed)
		return;
	q_assert(a->count < a->capacity);
	a->items[a->count++] = (struct q_attribute){q_str_from(name), value};
}

void q__set_string(struct q__attributes *a, const char *name, struct q_str value)
{
	set(a, name, q_value_string(value));
}

void q__set_number(struct q__attributes *a, const char *name, int64_t value)
{
	set(a, name, q_value_number(value));
}

struct q_change q__change_string(const char *name, struct q_str value)
{
	return (struct q_change){Q_SET, q_str_from(name), q_value_string(value)};
}

struct q_change q__change_number(const char *name, int64_t value)
{
	return (struct q_change){Q_SET, q_str_from(name), q_value_number(value)};
}

struct q_change q__change_add(const char *name, int64_t value)
{
	return (struct q_change){Q_ADD, q_str_from(name), q_value_number(value)};
}

struct q_change q__change_remove(const char *name)
{
	return (struct q_change){.kind = Q_REMOVE, .name = q_str_from(name)};
}

struct q_condition q__if_number(const char *name, int64_t value)
{
	return (struct q_condition){Q_IF_EQUAL, q_str_from(name), q_value_number(value)};
}

struct q_condition q__if_string(const char *name, struct q_str value)
{
	return (struct q_condition){Q_IF_EQUAL, q_str_from(name), q_value_string(value)};
}
