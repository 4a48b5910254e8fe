#include "api/api_internal.h"

void q__write_event(struct q_json_writer *w, struct q_str file_id, const struct q_job_event *event)
{
	q_json_begin_object(w);
	q_json_field_string(w, "fileId", file_id);
	q_json_field_int64(w, "id", event->id);
	q_json_field_string(w, "type", event->type);
	q_json_field_time(w, "at", event->at_ms);
	q_json_field_int64(w, "run", event->run);
	q_json_field_string(w, "status", event->status);
	if (event->page > 0)
		q_json_field_int64(w, "page", event->page);
	q__write_progress(w, event->processed_pages, event->total_pages, event->failed_pages);
	q_json_end_object(w);
}
