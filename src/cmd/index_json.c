#include "cmd/index_json.h"

#include "base/calendar.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* As few digits as give the same 32-bit float back. */
static void put_float(struct q_json_writer *json, float number)
{
	char text[32];

	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)number);
		if (strtof(text, NULL) == number)
			break;
	}
	q_json_put_raw(json, q_str_from(text));
}

static void put_highlight(struct q_json_writer *json, const struct q_hit_highlight *highlight)
{
	q_json_name_str(json, highlight->field);
	q_json_begin_array(json);
	for (size_t i = 0; i < highlight->fragment_count; i++)
		q_json_put_string(json, highlight->fragments[i]);
	q_json_end_array(json);
}

static void put_highlights(struct q_json_writer *json, const struct q_search_hit *hit)
{
	q_json_name(json, "highlight");
	q_json_begin_object(json);
	for (size_t i = 0; i < hit->highlight_count; i++)
		put_highlight(json, &hit->highlights[i]);
	q_json_end_object(json);
}

static void put_score(struct q_json_writer *json, float score)
{
	if (isnan(score))
		q_json_put_null(json);
	else
		put_float(json, score);
}

static void put_value(struct q_json_writer *json, const struct q_search_value *value)
{
	switch (value->kind) {
	case Q_VALUE_NULL:
		q_json_put_null(json);
		return;
	case Q_VALUE_TEXT:
		q_json_put_string(json, value->text);
		return;
	case Q_VALUE_INTEGER:
		q_json_put_int64(json, value->integer);
		return;
	case Q_VALUE_NUMBER:
		if (isinf(value->number))
			q_json_put_string(json, value->number > 0 ? Q_STR("Infinity")
								  : Q_STR("-Infinity"));
		else
			q_json_put_double(json, value->number);
	}
}

static void put_sort_values(struct q_json_writer *json, const struct q_search_request *request,
			    const struct q_search_hit *hit)
{
	q_json_name(json, "sort");
	q_json_begin_array(json);
	for (size_t i = 0; i < request->sort_count; i++) {
		if (request->sorts[i].kind == Q_SORT_SCORE)
			put_score(json, hit->score);
		else
			put_value(json, &hit->sort_values[i]);
	}
	q_json_end_array(json);
}

static bool names_source(const struct q_search_request *request)
{
	return request->source_filter.include_count + request->source_filter.exclude_count > 0;
}

/* What a request asks for beyond ids and scores, in an object behind them. */
static void put_details(struct q_json_writer *json, const struct q_search_request *request,
			const struct q_search_hit *hit)
{
	if (request->highlight.field_count == 0 && request->sort_count == 0 &&
	    !names_source(request))
		return;
	q_json_begin_object(json);
	if (names_source(request))
		q_json_field_raw(json, "_source", hit->source);
	if (request->highlight.field_count > 0)
		put_highlights(json, hit);
	if (request->sort_count > 0)
		put_sort_values(json, request, hit);
	q_json_end_object(json);
}

static void put_key(struct q_json_writer *json, const struct q_search_value *key,
		    enum q_field_kind kind)
{
	char date[Q_CALENDAR_TIME_SIZE];

	q_json_name(json, "key");
	put_value(json, key);
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

static void put_facets(struct q_json_writer *json, const struct q_search_request *request,
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

static void begin(struct q_json_writer *json, struct q_buf *out, struct q_str id)
{
	q_buf_clear(out);
	q_json_writer_init(json, out);
	q_json_begin_object(json);
	q_json_field_raw(json, "id", id);
}

static void put_hit(struct q_json_writer *json, const struct q_search_request *request,
		    const struct q_search_hit *hit)
{
	q_json_begin_array(json);
	q_json_put_string(json, hit->id);
	put_score(json, hit->score);
	put_details(json, request, hit);
	q_json_end_array(json);
}

void q_index_write_hits(struct q_buf *out, const struct q_index_question *question,
			const union q_index_result *result)
{
	const struct q_search_result *hits = &result->hits;
	struct q_json_writer json;

	begin(&json, out, question->id);
	q_json_field_int64(&json, "total", (int64_t)hits->total);
	if (hits->total_is_exceeded)
		q_json_field_string(&json, "relation", Q_STR("gte"));
	q_json_name(&json, "hits");
	q_json_begin_array(&json);
	for (size_t i = 0; i < hits->hit_count; i++)
		put_hit(&json, &question->request, &hits->hits[i]);
	q_json_end_array(&json);
	if (question->request.facet_count > 0)
		put_facets(&json, &question->request, hits);
	q_json_end_object(&json);
}

void q_index_write_count(struct q_buf *out, const struct q_index_question *question,
			 const union q_index_result *result)
{
	struct q_json_writer json;

	begin(&json, out, question->id);
	q_json_field_int64(&json, "count", (int64_t)result->count);
	q_json_end_object(&json);
}

static void put_explained_value(struct q_json_writer *json, const struct q_explanation *explanation)
{
	q_json_name(json, "value");
	if (explanation->is_whole)
		q_json_put_int64(json, (int64_t)explanation->value);
	else
		put_float(json, (float)explanation->value);
}

static void put_explanation(struct q_json_writer *json, const struct q_explanation *explanation)
{
	q_json_begin_object(json);
	put_explained_value(json, explanation);
	q_json_field_string(json, "description", explanation->description);
	q_json_name(json, "details");
	q_json_begin_array(json);
	for (size_t i = 0; i < explanation->detail_count; i++)
		put_explanation(json, &explanation->details[i]);
	q_json_end_array(json);
	q_json_end_object(json);
}

void q_index_write_explanation(struct q_buf *out, const struct q_index_question *question,
			       const union q_index_result *result)
{
	struct q_json_writer json;

	begin(&json, out, question->id);
	q_json_name(&json, "explanation");
	put_explanation(&json, &result->explanation);
	q_json_end_object(&json);
}

static void put_suggested_word(struct q_json_writer *json, const struct q_suggested_word *word)
{
	q_json_begin_object(json);
	q_json_field_string(json, "text", word->word);
	q_json_field_int64(json, "freq", (int64_t)word->document_count);
	q_json_name(json, "options");
	q_json_begin_array(json);
	for (size_t i = 0; i < word->suggestion_count; i++) {
		q_json_begin_object(json);
		q_json_field_string(json, "text", word->suggestions[i].term);
		q_json_name(json, "score");
		put_float(json, word->suggestions[i].likeness);
		q_json_field_int64(json, "freq", (int64_t)word->suggestions[i].document_count);
		q_json_end_object(json);
	}
	q_json_end_array(json);
	q_json_end_object(json);
}

void q_index_write_suggestions(struct q_buf *out, const struct q_index_question *question,
			       const union q_index_result *result)
{
	struct q_json_writer json;

	begin(&json, out, question->id);
	q_json_name(&json, "suggest");
	q_json_begin_array(&json);
	for (size_t i = 0; i < result->suggestions.word_count; i++)
		put_suggested_word(&json, &result->suggestions.words[i]);
	q_json_end_array(&json);
	q_json_end_object(&json);
}

void q_index_write_error(struct q_buf *out, struct q_str id, struct q_str error)
{
	struct q_json_writer json;

	begin(&json, out, id);
	q_json_field_string(&json, "error", error);
	q_json_end_object(&json);
}
