/* Ranges, terms, sorts and pages on random indexes, held against going through all documents. */
#include "search/json/query_json.h"
#include "support/column_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void search(struct column_model *model, struct q_str body, struct q_search_result *out)
{
	struct q_search_request request;
	const struct q_json *json;

	if (q_json_parse(model->arena, q_str_bytes(body), &q_json_request_limits, &json,
			 &model->err) ||
	    q_query_json_parse(model->arena, json, &request, &model->err))
		fail_msg("%s: %.*s", model->err.message, Q_STR_ARG(body));
	column_search(model, &request, out);
}

/* A query and what it asks for: values of a field in [least, greatest], or one of `any`. */
struct question {
	unsigned field;
	int least, greatest;
	int any[3];
	unsigned any_count; /* 0: the range */
};

static bool has_value(const struct question *question, int value)
{
	for (unsigned i = 0; i < question->any_count; i++) {
		if (question->any[i] == value)
			return true;
	}
	return question->any_count == 0 && value >= question->least && value <= question->greatest;
}

static bool has_document(const struct question *question, const struct column_document *document)
{
	for (unsigned i = 0; i < document->counts[question->field]; i++) {
		if (has_value(question, document->values[question->field][i]))
			return !document->is_deleted;
	}
	return false;
}

static void write_bound(struct column_model *model, struct q_buf *out, bool is_last,
			struct question *question)
{
	bool is_exclusive = column_draw(model, 2);
	int value = column_draw_value(model, question->field);

	q_buf_format(out, "%s\"%s%s\":", is_last ? "," : "", is_last ? "l" : "g",
		     is_exclusive ? "t" : "te");
	column_write_value(out, question->field, value);
	if (is_last)
		question->greatest = value - is_exclusive;
	else
		question->least = value + is_exclusive;
}

static void write_range(struct column_model *model, struct q_buf *out, struct question *question)
{
	question->least = -1000;
	question->greatest = 1000;
	q_buf_format(out, "{\"range\":{\"%.*s\":{", Q_STR_ARG(column_fields[question->field].name));
	if (column_draw(model, 4))
		write_bound(model, out, false, question);
	else
		q_buf_append(out, Q_STR("\"boost\":1"));
	if (column_draw(model, 4))
		write_bound(model, out, true, question);
	q_buf_append(out, Q_STR("}}}"));
}

static void write_terms(struct column_model *model, struct q_buf *out, struct question *question)
{
	bool is_one = column_draw(model, 2);

	question->any_count = is_one ? 1 : 3;
	q_buf_format(out, is_one ? "{\"term\":{\"%.*s\":" : "{\"terms\":{\"%.*s\":[",
		     Q_STR_ARG(column_fields[question->field].name));
	for (unsigned i = 0; i < question->any_count; i++) {
		question->any[i] = column_draw_value(model, question->field);
		q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
		column_write_value(out, question->field, question->any[i]);
	}
	q_buf_append(out, is_one ? Q_STR("}}") : Q_STR("]}}"));
}

static void write_query(struct column_model *model, struct q_buf *out, struct question *question)
{
	*question = (struct question){.field = column_draw(model, FIELDS)};
	if (column_draw(model, 3))
		write_range(model, out, question);
	else
		write_terms(model, out, question);
}

static bool is_document(const struct q_search_hit *hit, const struct column_document *document)
{
	char id[16];

	snprintf(id, sizeof id, "%u", document->id);
	return q_str_equal(hit->id, q_str_from(id));
}

static void check_query(struct column_model *model)
{
	struct question question;
	struct q_search_result result;
	struct q_buf body;
	size_t at = 0;

	q_buf_init(&body, 1 << 16);
	q_buf_append(&body, Q_STR("{\"size\":10000,\"query\":"));
	write_query(model, &body, &question);
	q_buf_append_char(&body, '}');
	search(model, q_buf_str(&body), &result);
	for (unsigned i = 0; i < model->count; i++) {
		if (!has_document(&question, &model->documents[i]))
			continue;
		if (at == result.hit_count || !is_document(&result.hits[at], &model->documents[i]))
			fail_msg("%.*s: hit %zu", Q_STR_ARG(q_buf_str(&body)), at);
		at++;
	}
	assert_int_equal(result.hit_count, at);
	assert_int_equal(result.total, at);
	q_buf_free(&body);
}

/* Sorts by fields, by id, by place. Field FIELDS is the id, the one after it the place. */
enum { ID = FIELDS, PLACE, SORT_FIELDS, SORTS_MAX = 4 };

struct order {
	struct column_model *model;
	struct q_search_sort sorts[SORTS_MAX];
	unsigned column_fields[SORTS_MAX];
	size_t count;
};

static void make_order(struct column_model *model, struct order *order)
{
	static const enum q_sort_kind kinds[SORT_FIELDS] = {
		[ID] = Q_SORT_ID, [PLACE] = Q_SORT_DOCUMENT, [KEY] = Q_SORT_FIELD};

	*order = (struct order){.model = model, .count = 1 + column_draw(model, SORTS_MAX - 1)};
	for (size_t i = 0; i < order->count; i++) {
		unsigned field = column_draw(model, SORT_FIELDS);

		order->column_fields[i] = field;
		order->sorts[i] =
			(struct q_search_sort){.kind = kinds[field],
					       .is_descending = column_draw(model, 2),
					       .missing_first = column_draw(model, 2),
					       .mode = (enum q_sort_mode)column_draw(model, 3)};
		if (field < FIELDS)
			order->sorts[i].field = column_fields[field].name;
	}
}

/* The value that counts; false where there is none. */
static bool sort_value(const struct order *order, size_t index,
		       const struct column_document *document, int *out)
{
	const struct q_search_sort *sort = &order->sorts[index];
	unsigned field = order->column_fields[index];
	bool takes_greatest = sort->mode == Q_SORT_MODE_MAX ||
			      (sort->mode == Q_SORT_MODE_DEFAULT && sort->is_descending);

	*out = (int)(document - order->model->documents);
	for (unsigned i = 0; field < FIELDS && i < document->counts[field]; i++) {
		int value = document->values[field][i];

		if (i == 0 || (takes_greatest ? value > *out : value < *out))
			*out = value;
	}
	return field >= FIELDS || document->counts[field] > 0;
}

static int compare_ids(const struct column_document *a, const struct column_document *b)
{
	char x[16], y[16];

	snprintf(x, sizeof x, "%u", a->id);
	snprintf(y, sizeof y, "%u", b->id);
	return strcmp(x, y);
}

static int compare_by(const struct order *order, size_t index, const struct column_document *a,
		      const struct column_document *b)
{
	const struct q_search_sort *sort = &order->sorts[index];
	int x, y, result;
	bool has_x = sort_value(order, index, a, &x), has_y = sort_value(order, index, b, &y);

	if (has_x != has_y)
		return has_x == sort->missing_first ? 1 : -1;
	result = !has_x				     ? 0
		 : order->column_fields[index] == ID ? compare_ids(a, b)
						     : (x > y) - (x < y);
	return sort->is_descending ? -result : result;
}

static int compare_documents(const void *a, const void *b, void *context)
{
	const struct column_document *const *x = a, *const *y = b;
	const struct order *order = context;

	for (size_t i = 0; i < order->count; i++) {
		int result = compare_by(order, i, *x, *y);

		if (result != 0)
			return result;
	}
	return *x < *y ? -1 : 1;
}

/* All documents that are there, in order. */
static size_t sort_model(struct order *order, const struct column_document **out)
{
	size_t count = 0;

	for (unsigned i = 0; i < order->model->count; i++) {
		if (!order->model->documents[i].is_deleted)
			out[count++] = &order->model->documents[i];
	}
	qsort_r(out, count, sizeof *out, compare_documents, order);
	return count;
}

static void search_sorted(struct column_model *model, const struct order *order, size_t size,
			  const struct q_search_value *after, struct q_search_result *out)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all,
					   .size = size,
					   .sorts = order->sorts,
					   .sort_count = order->count,
					   .after = after};

	column_search(model, &request, out);
}

static void check_hits(const struct q_search_result *result,
		       const struct column_document *const *expected, size_t count)
{
	assert_int_equal(result->hit_count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(is_document(&result->hits[i], expected[i]));
}

static void check_order(struct column_model *model)
{
	static const struct column_document *expected[COLUMN_DOCUMENTS_MAX];
	struct q_search_result result;
	struct order order;
	size_t count, size = 1 + column_draw(model, 60);

	make_order(model, &order);
	count = sort_model(&order, expected);
	search_sorted(model, &order, size, NULL, &result);
	assert_int_equal(result.total, count);
	check_hits(&result, expected, size < count ? size : count);
}

/* Page after page, each behind the last hit of the one before. Ids make hits differ. */
static void check_pages(struct column_model *model)
{
	static const struct column_document *expected[COLUMN_DOCUMENTS_MAX];
	size_t count, at = 0, size = 1 + column_draw(model, model->target / 3);
	const struct q_search_value *after = NULL;
	struct q_search_result result;
	struct order order;

	make_order(model, &order);
	order.column_fields[order.count] = ID;
	order.sorts[order.count++] = (struct q_search_sort){.kind = Q_SORT_ID};
	count = sort_model(&order, expected);
	do {
		search_sorted(model, &order, size, after, &result);
		check_hits(&result, expected + at, count - at < size ? count - at : size);
		at += result.hit_count;
		if (result.hit_count > 0)
			after = result.hits[result.hit_count - 1].sort_values;
	} while (result.hit_count > 0);
	assert_int_equal(at, count);
}

static void ranges_and_terms_find_the_documents_that_have_a_value(void **state)
{
	(void)state;
	on_column_indexes(check_query);
}

static void hits_come_in_the_order_of_their_sorts(void **state)
{
	(void)state;
	on_column_indexes(check_order);
}

static void pages_go_on_behind_the_last_hit(void **state)
{
	(void)state;
	on_column_indexes(check_pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_and_terms_find_the_documents_that_have_a_value),
		cmocka_unit_test(hits_come_in_the_order_of_their_sorts),
		cmocka_unit_test(pages_go_on_behind_the_last_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
