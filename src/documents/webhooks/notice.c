/* A notice is written with the edge that ends a run, and removed when every receiver has its
 * delivery. */
#include "documents/webhooks/notice.h"
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include <inttypes.h>

struct q_str q__notices_bucket(struct q_arena *arena, unsigned bucket)
{
	return q_arena_format(arena, "NOTICES#%u", bucket);
}

static struct q_record_key notice_key(struct q_arena *arena, struct q_str file_id, int64_t run)
{
	return (struct q_record_key){q_arena_format(arena, "NOTICE#%.*s", Q_STR_ARG(file_id)),
				     q_arena_format(arena, "RUN#%06" PRId64, run)};
}

bool q__notice_item(struct q_arena *arena, const struct q__notice *notice, struct q_item *out)
{
	struct q__attributes a;

	q__attributes_init(&a, arena, 5);
	q__set_string(&a, "fileId", notice->file_id);
	q__set_string(&a, "tenantId", notice->tenant_id);
	q__set_number(&a, "run", notice->run);
	q__set_string(&a, "status", q_str_from(q_job_status_name(notice->status)));
	q__set_number(&a, "at", notice->at_ms);
	*out = (struct q_item){
		.key = notice_key(arena, notice->file_id, notice->run),
		.index2 = {q__notices_bucket(arena, q__bucket_of(notice->file_id)),
			   q_arena_format(arena, "%013" PRId64 "#%.*s", notice->at_ms,
					  Q_STR_ARG(notice->file_id))},
		.attributes = a.items,
		.attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

enum q_code q__notice_parse(const struct q_item *item, struct q__notice *out, struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q__notice){.file_id = q_item_string(item, "fileId", none),
				  .tenant_id = q_item_string(item, "tenantId", none),
				  .run = q_item_number(item, "run", 0),
				  .at_ms = q_item_number(item, "at", 0)};
	if (out->file_id.length == 0 || out->tenant_id.length == 0 ||
	    !q_job_status_parse(q_item_string(item, "status", none), &out->status))
		return q_fail(err, Q_CORRUPT, "webhooks.notice", "item %.*s is no notice",
			      Q_STR_ARG(item->key.pk));
	return Q_OK;
}

static void write_body(struct q_json_writer *w, const struct q__notice *notice,
		       struct q_str event_type)
{
	q_json_begin_object(w);
	q_json_field_string(w, "type", event_type);
	q_json_field_time(w, "timestamp", notice->at_ms);
	q_json_name(w, "data");
	q_json_begin_object(w);
	q_json_field_string(w, "fileId", notice->file_id);
	q_json_field_string(w, "tenantId", notice->tenant_id);
	q_json_field_string(w, "status", q_str_from(q_job_status_name(notice->status)));
	q_json_field_int64(w, "run", notice->run);
	q_json_end_object(w);
	q_json_end_object(w);
}

/* The id is made of what it is about: however often the end is announced, it is the same. It holds
 * no '.', which parts the fields of what is signed. */
enum q_code q__message_of_end(const struct q__notice *notice, struct q_arena *arena,
			      struct q__message *out, struct q_err *err)
{
	struct q_json_writer w;
	struct q_buf buf;
	bool is_whole;

	out->id =
		q_arena_format(arena, "msg_%.*s_%" PRId64, Q_STR_ARG(notice->file_id), notice->run);
	out->event_type = q_arena_format(arena, "document.%s", q_job_status_name(notice->status));
	out->file_id = notice->file_id;
	q_buf_init(&buf, Q_WEBHOOK_URL_MAX);
	q_json_writer_init(&w, &buf);
	write_body(&w, notice, out->event_type);
	out->body = q_arena_copy(arena, q_buf_str(&buf));
	is_whole = !q_buf_failed(&buf) && !q_arena_failed(arena);
	q_buf_free(&buf);
	return is_whole ? Q_OK : q_fail(err, Q_NOMEM, "webhooks.notice", "a message");
}
