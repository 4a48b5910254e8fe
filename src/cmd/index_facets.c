/* Facets as OpenSearch writes aggregations. */
#include "base/calendar.h"
#include "cmd/index_command.h"

static void put_key(struct q_json_writer *json, const struct q_search_value *key,
		    enum q_field_kind kind)
{
	char date[Q_CALENDAR_TIME_SIZE];

	q_json_name(json, "key");
	q_index_put_value(json, key);
	if (kind == Q_FIELD_DATE) {
		q_calendar_format(key->integer, date);
		q_json_field_string(json, "key_as_string", q_str_from(date));
	} else if (kind == Q_FIELD_BOOLEAN) {
		q_json_field_string(json, "key_as_string",
				    key->integer ? Q_STR("true") : Q_STR("false"));
	}
}

static void put_buckets(struct q_json_writer *json, const struct q_facet_result *result)
{
	q_json_name(json, "buckets");
	q_json_begin_array(json);
	for (size_t i = 0; i < result->bucket_count; i++) {
		q_json_begin_object(json);
		put_key(json, &result->buckets[i].key, result->field_kind);
		q_json_field_int64(json, "doc_count", (int64_t)result->buckets[i].count);
		q_json_end_object(json);
	}
	q_json_end_array(json);
}

void q_index_put_facets(struct q_json_writer *json, const struct q_search_request *request,
			const struct q_search_result *result)
{
	q_json_name(json, "aggregations");
	q_json_begin_object(json);
	for (size_t i = 0; i < request->facet_count; i++) {
		q_json_name_str(json, request->facets[i].name);
		q_json_begin_object(json);
		if (request->facets[i].kind == Q_FACET_TERMS) {
			q_json_field_int64(json, "doc_count_error_upper_bound", 0);
			q_json_field_int64(json, "sum_other_doc_count",
					   (int64_t)result->facets[i].other_count);
		}
		put_buckets(json, &result->facets[i]);
		q_json_end_object(json);
	}
	q_json_end_object(json);
}
