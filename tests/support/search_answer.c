#include "support/search_answer.h"

static void write_value(const struct q_search_value *value, struct q_buf *out)
{
	switch (value->kind) {
	case Q_VALUE_NULL:
		q_buf_append(out, Q_STR("none "));
		break;
	case Q_VALUE_TEXT:
		q_buf_format(out, "%.*s ", Q_STR_ARG(value->text));
		break;
	case Q_VALUE_INTEGER:
		q_buf_format(out, "%lld ", (long long)value->integer);
		break;
	case Q_VALUE_NUMBER:
		q_buf_format(out, "%a ", value->number);
		break;
	}
}

static void write_hit(const struct q_search_hit *hit, size_t sort_count, struct q_buf *out)
{
	q_buf_format(out, "%.*s %a ", Q_STR_ARG(hit->id), (double)hit->score);
	for (size_t i = 0; i < sort_count; i++)
		write_value(&hit->sort_values[i], out);
	for (size_t i = 0; i < hit->highlight_count; i++) {
		const struct q_hit_highlight *highlight = &hit->highlights[i];

		for (size_t j = 0; j < highlight->fragment_count; j++)
			q_buf_format(out, "%.*s: %.*s ", Q_STR_ARG(highlight->field),
				     Q_STR_ARG(highlight->fragments[j]));
	}
	q_buf_format(out, "%.*s\n", Q_STR_ARG(hit->source));
}

static void write_facet(const struct q_facet_result *facet, struct q_buf *out)
{
	for (size_t i = 0; i < facet->bucket_count; i++) {
		write_value(&facet->buckets[i].key, out);
		q_buf_format(out, "%llu, ", (unsigned long long)facet->buckets[i].count);
	}
	q_buf_format(out, "%llu others\n", (unsigned long long)facet->other_count);
}

void search_answer_write(const struct q_search_result *result,
			 const struct q_search_request *request, struct q_buf *out)
{
	q_buf_format(out, "%llu %d\n", (unsigned long long)result->total,
		     result->total_is_exceeded);
	for (size_t i = 0; i < result->hit_count; i++)
		write_hit(&result->hits[i], request->sort_count, out);
	for (size_t i = 0; i < request->facet_count; i++)
		write_facet(&result->facets[i], out);
}

void search_explanation_write(const struct q_explanation *explanation, struct q_buf *out)
{
	q_buf_format(out, "(%a %d %.*s", explanation->value, explanation->is_whole,
		     Q_STR_ARG(explanation->description));
	for (size_t i = 0; i < explanation->detail_count; i++)
		search_explanation_write(&explanation->details[i], out);
	q_buf_append(out, Q_STR(")\n"));
}

void search_suggestions_write(const struct q_suggested_word *word, struct q_buf *out)
{
	q_buf_format(out, "%llu\n", (unsigned long long)word->document_count);
	for (size_t i = 0; i < word->suggestion_count; i++)
		q_buf_format(out, "%.*s %llu %a\n", Q_STR_ARG(word->suggestions[i].term),
			     (unsigned long long)word->suggestions[i].document_count,
			     (double)word->suggestions[i].likeness);
}
