/* documents/items.h: what items are made of: keys (docs/data.md), attributes, conditions and
 * changes. Only documents/ includes it.
 *
 * A key is empty where the arena is full. */
#ifndef Q_DOCUMENTS_ITEMS_H
#define Q_DOCUMENTS_ITEMS_H

#include "documents/documents_internal.h"

struct q_record_key q__file_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__job_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__plan_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__range_key(struct q_arena *arena, struct q_str file_id, unsigned number);
struct q_record_key q__page_key(struct q_arena *arena, struct q_str file_id, unsigned number);
struct q_record_key q__event_key(struct q_arena *arena, struct q_str file_id, int64_t number);

/* Index 1 of a file: the tenant's documents by time of upload. */
struct q_record_key q__tenant_files_key(struct q_arena *arena, struct q_str tenant_id,
					int64_t uploaded_at_ms, struct q_str file_id);
/* Index 1 of a job: the tenant's jobs of one status by time of the edge. */
struct q_record_key q__tenant_status_key(struct q_arena *arena, struct q_str tenant_id,
					 enum q_job_status status, int64_t updated_at_ms,
					 struct q_str file_id);
/* Index 2 of a job that is not at its end: its due mark. */
struct q_record_key q__due_key(struct q_arena *arena, struct q_str file_id, int64_t due_at_ms);
struct q_str q__due_bucket(struct q_arena *arena, unsigned bucket);
struct q_record_key q__upload_key(struct q_arena *arena, struct q_str file_id);
/* In the blob store: where the bytes of a direct upload stand until they are confirmed. */
struct q_str q__incoming_key(struct q_arena *arena, struct q_str tenant_id, struct q_str file_id);
/* Index 2 of a direct upload: when it vanishes. */
struct q_record_key q__upload_expiry_key(struct q_arena *arena, struct q_str file_id,
					 int64_t expires_at_ms);
struct q_str q__upload_expiry_bucket(struct q_arena *arena, unsigned bucket);
/* When documents were last removed, and the store purged of them (purge.c). */
struct q_record_key q__purge_key(void);
/* Which of Q__DUE_BUCKETS an id belongs to, by its last character. */
unsigned q__bucket_of(struct q_str id);
/* Index 1 of work: claimable from `available_at_ms` on, urgent work first. */
struct q_record_key q__ready_key(struct q_arena *arena, struct q_str tenant_id, bool is_urgent,
				 int64_t available_at_ms, struct q_str file_id);
/* The mark that a tenant has ready work. */
struct q_record_key q__ready_tenant_key(struct q_arena *arena, struct q_str tenant_id);
/* The write that sets this mark, for a transaction that adds work. */
struct q_write q__ready_tenant_write(struct q_arena *arena, struct q_str tenant_id);

/* A time in a key: 13 digits, so that bytes sort as times do. */
struct q_str q__time_key(struct q_arena *arena, int64_t time_ms);

/* Builds an item's attributes one by one; sticky failure when the arena or the array is full. */
struct q__attributes {
	struct q_attribute *items;
	size_t count, capacity;
	bool failed;
};
void q__attributes_init(struct q__attributes *a, struct q_arena *arena, size_t capacity);
void q__set_string(struct q__attributes *a, const char *name, struct q_str value);
void q__set_number(struct q__attributes *a, const char *name, int64_t value);

struct q_change q__change_string(const char *name, struct q_str value);
struct q_change q__change_number(const char *name, int64_t value);
struct q_change q__change_add(const char *name, int64_t value);
struct q_change q__change_remove(const char *name);
struct q_condition q__if_number(const char *name, int64_t value);
struct q_condition q__if_string(const char *name, struct q_str value);

/* The code of a read that failed before anything was written: no doubt is left, so Q_IO and
 * Q_TIMEOUT become Q_BUSY. */
static inline enum q_code q__not_written(enum q_code code, struct q_err *err)
{
	if (code != Q_TIMEOUT && code != Q_IO)
		return code;
	err->code = Q_BUSY;
	return Q_BUSY;
}

#endif
