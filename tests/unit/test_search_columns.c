/* Random indexes of dates, numbers, booleans and keywords, with none, one or several values a
 * document, deletions and several segments; what columns answer is held against going through all
 * documents. */
#include "search/query_json.h"
#include "search/search_index_embedded.h"

#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	QUERIES = 60,
	DOCUMENTS_MAX = 4500, /* more than a zone */
	VALUES_MAX = 3,
	KEYS = 40,
	REFRESHES_MAX = 6 /* so few that no merge joins segments unasked */
};

enum { KEY, BORN, SIZE, OPEN, FIELDS };

static const struct q_call no_limits;

static const struct q_field_definition fields[FIELDS] = {
	[KEY] = {Q_STR_INIT("key"), Q_FIELD_KEYWORD},
	[BORN] = {Q_STR_INIT("born"), Q_FIELD_DATE},
	[SIZE] = {Q_STR_INIT("size"), Q_FIELD_NUMBER},
	[OPEN] = {Q_STR_INIT("open"), Q_FIELD_BOOLEAN},
};
static const struct q_index_definition definition = {fields, FIELDS};
static const struct q_str index_name = Q_STR_INIT("random");

/* Values are small integers in every field: days, quarters, 0 or 1, numbers of keys. */
struct document {
	unsigned id;
	int values[FIELDS][VALUES_MAX];
	unsigned counts[FIELDS];
	bool is_deleted;
};

struct model {
	uint64_t seed;
	struct document documents[DOCUMENTS_MAX]; /* in the order of their places */
	unsigned count, target, values_max;
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

static unsigned draw(struct model *model, unsigned below)
{
	model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(model->seed >> 33) % below;
}

static int draw_value(struct model *model, unsigned field)
{
	static const unsigned below[FIELDS] = {[KEY] = KEYS, [BORN] = 900, [SIZE] = 30, [OPEN] = 2};
	int value = (int)draw(model, below[field]);

	return field == SIZE ? value - 10 : value;
}

/* As JSON, in documents and queries. */
static void write_value(struct q_buf *out, unsigned field, int value)
{
	static const char *const booleans[] = {"false", "true"};

	switch (field) {
	case KEY:
		q_buf_format(out, "\"k%03d\"", value * 7);
		break;
	case BORN:
		q_buf_format(out, "%lld", value * 86400000LL);
		break;
	case SIZE:
		q_buf_format(out, "%.2f", value / 4.0);
		break;
	default:
		q_buf_append(out, q_str_from(booleans[value]));
	}
}

static void write_source(const struct document *document, struct q_buf *out)
{
	q_buf_clear(out);
	q_buf_append_char(out, '{');
	for (unsigned field = 0; field < FIELDS; field++) {
		q_buf_format(out, "%s\"%.*s\":[", field ? "," : "", Q_STR_ARG(fields[field].name));
		for (unsigned i = 0; i < document->counts[field]; i++) {
			q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
			write_value(out, field, document->values[field][i]);
		}
		q_buf_append_char(out, ']');
	}
	q_buf_append_char(out, '}');
}

static void apply(struct model *model, enum q_bulk_kind kind, unsigned id, struct q_str source)
{
	struct q_bulk_operation operation = {kind, q_arena_format(model->arena, "%u", id), source};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(model->store, &no_limits, index_name, &operation, 1,
					     model->arena, &result, &model->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void forget(struct model *model, unsigned id)
{
	for (unsigned i = 0; i < model->count; i++) {
		if (model->documents[i].id == id)
			model->documents[i].is_deleted = true;
	}
}

static void put_one(struct model *model, struct q_buf *source)
{
	struct document *document = &model->documents[model->count];

	document->id = draw(model, model->target);
	forget(model, document->id);
	model->count++;
	for (unsigned field = 0; field < FIELDS; field++) {
		document->counts[field] = draw(model, 4) ? 1 : draw(model, model->values_max + 1);
		for (unsigned i = 0; i < document->counts[field]; i++)
			document->values[field][i] = draw_value(model, field);
	}
	write_source(document, source);
	apply(model, Q_BULK_PUT, document->id, q_buf_str(source));
}

static void refresh(struct model *model)
{
	assert_int_equal(q_search_index_refresh(model->store, &no_limits, index_name, &model->err),
			 Q_OK);
}

static void fill(struct model *model)
{
	unsigned refreshes = 0;
	struct q_buf source;

	q_buf_init(&source, 1 << 16);
	while (model->count < model->target) {
		unsigned id = draw(model, model->target);

		put_one(model, &source);
		if (draw(model, 8) == 0) {
			forget(model, id);
			apply(model, Q_BULK_DELETE, id, (struct q_str){0});
		}
		if (draw(model, model->target / 5) == 0 && refreshes++ < REFRESHES_MAX)
			refresh(model);
	}
	refresh(model);
	q_buf_free(&source);
}

static void search(struct model *model, struct q_str body, struct q_search_result *out)
{
	struct q_search_request request;
	const struct q_json *json;

	if (q_json_parse(model->arena, q_str_bytes(body), &q_json_request_limits, &json,
			 &model->err) ||
	    q_query_json_parse(model->arena, json, &request, &model->err) ||
	    q_search_index_search(model->store, &no_limits, index_name, &request, model->arena, out,
				  &model->err))
		fail_msg("%s: %.*s", model->err.message, Q_STR_ARG(body));
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

static bool has_document(const struct question *question, const struct document *document)
{
	for (unsigned i = 0; i < document->counts[question->field]; i++) {
		if (has_value(question, document->values[question->field][i]))
			return !document->is_deleted;
	}
	return false;
}

static void write_bound(struct model *model, struct q_buf *out, bool is_last,
			struct question *question)
{
	bool is_exclusive = draw(model, 2);
	int value = draw_value(model, question->field);

	q_buf_format(out, "%s\"%s%s\":", is_last ? "," : "", is_last ? "l" : "g",
		     is_exclusive ? "t" : "te");
	write_value(out, question->field, value);
	if (is_last)
		question->greatest = value - is_exclusive;
	else
		question->least = value + is_exclusive;
}

static void write_range(struct model *model, struct q_buf *out, struct question *question)
{
	question->least = -1000;
	question->greatest = 1000;
	q_buf_format(out, "{\"range\":{\"%.*s\":{", Q_STR_ARG(fields[question->field].name));
	if (draw(model, 4))
		write_bound(model, out, false, question);
	else
		q_buf_append(out, Q_STR("\"boost\":1"));
	if (draw(model, 4))
		write_bound(model, out, true, question);
	q_buf_append(out, Q_STR("}}}"));
}

static void write_terms(struct model *model, struct q_buf *out, struct question *question)
{
	bool is_one = draw(model, 2);

	question->any_count = is_one ? 1 : 3;
	q_buf_format(out, is_one ? "{\"term\":{\"%.*s\":" : "{\"terms\":{\"%.*s\":[",
		     Q_STR_ARG(fields[question->field].name));
	for (unsigned i = 0; i < question->any_count; i++) {
		question->any[i] = draw_value(model, question->field);
		q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
		write_value(out, question->field, question->any[i]);
	}
	q_buf_append(out, is_one ? Q_STR("}}") : Q_STR("]}}"));
}

static void write_query(struct model *model, struct q_buf *out, struct question *question)
{
	*question = (struct question){.field = draw(model, FIELDS)};
	if (draw(model, 3))
		write_range(model, out, question);
	else
		write_terms(model, out, question);
}

static bool is_document(const struct q_search_hit *hit, const struct document *document)
{
	char id[16];

	snprintf(id, sizeof id, "%u", document->id);
	return q_str_equal(hit->id, q_str_from(id));
}

static void check_query(struct model *model)
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
	struct model *model;
	struct q_search_sort sorts[SORTS_MAX];
	unsigned fields[SORTS_MAX];
	size_t count;
};

static void make_order(struct model *model, struct order *order)
{
	static const enum q_sort_kind kinds[SORT_FIELDS] = {
		[ID] = Q_SORT_ID, [PLACE] = Q_SORT_DOCUMENT, [KEY] = Q_SORT_FIELD};

	*order = (struct order){.model = model, .count = 1 + draw(model, SORTS_MAX - 1)};
	for (size_t i = 0; i < order->count; i++) {
		unsigned field = draw(model, SORT_FIELDS);

		order->fields[i] = field;
		order->sorts[i] = (struct q_search_sort){.kind = kinds[field],
							 .is_descending = draw(model, 2),
							 .missing_first = draw(model, 2),
							 .mode = (enum q_sort_mode)draw(model, 3)};
		if (field < FIELDS)
			order->sorts[i].field = fields[field].name;
	}
}

/* The value that counts; false where there is none. */
static bool sort_value(const struct order *order, size_t index, const struct document *document,
		       int *out)
{
	const struct q_search_sort *sort = &order->sorts[index];
	unsigned field = order->fields[index];
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

static int compare_ids(const struct document *a, const struct document *b)
{
	char x[16], y[16];

	snprintf(x, sizeof x, "%u", a->id);
	snprintf(y, sizeof y, "%u", b->id);
	return strcmp(x, y);
}

static int compare_by(const struct order *order, size_t index, const struct document *a,
		      const struct document *b)
{
	const struct q_search_sort *sort = &order->sorts[index];
	int x, y, result;
	bool has_x = sort_value(order, index, a, &x), has_y = sort_value(order, index, b, &y);

	if (has_x != has_y)
		return has_x == sort->missing_first ? 1 : -1;
	result = !has_x ? 0 : order->fields[index] == ID ? compare_ids(a, b) : (x > y) - (x < y);
	return sort->is_descending ? -result : result;
}

static int compare_documents(const void *a, const void *b, void *context)
{
	const struct document *const *x = a, *const *y = b;
	const struct order *order = context;

	for (size_t i = 0; i < order->count; i++) {
		int result = compare_by(order, i, *x, *y);

		if (result != 0)
			return result;
	}
	return *x < *y ? -1 : 1;
}

/* All documents that are there, in order. */
static size_t sort_model(struct order *order, const struct document **out)
{
	size_t count = 0;

	for (unsigned i = 0; i < order->model->count; i++) {
		if (!order->model->documents[i].is_deleted)
			out[count++] = &order->model->documents[i];
	}
	qsort_r(out, count, sizeof *out, compare_documents, order);
	return count;
}

static void search_sorted(struct model *model, const struct order *order, size_t size,
			  const struct q_search_value *after, struct q_search_result *out)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all,
					   .size = size,
					   .sorts = order->sorts,
					   .sort_count = order->count,
					   .after = after};

	if (q_search_index_search(model->store, &no_limits, index_name, &request, model->arena, out,
				  &model->err))
		fail_msg("%s", model->err.message);
}

static void check_hits(const struct q_search_result *result, const struct document *const *expected,
		       size_t count)
{
	assert_int_equal(result->hit_count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(is_document(&result->hits[i], expected[i]));
}

static void check_order(struct model *model)
{
	static const struct document *expected[DOCUMENTS_MAX];
	struct q_search_result result;
	struct order order;
	size_t count, size = 1 + draw(model, 60);

	make_order(model, &order);
	count = sort_model(&order, expected);
	search_sorted(model, &order, size, NULL, &result);
	assert_int_equal(result.total, count);
	check_hits(&result, expected, size < count ? size : count);
}

/* Page after page, each behind the last hit of the one before. Ids make hits differ. */
static void check_pages(struct model *model)
{
	static const struct document *expected[DOCUMENTS_MAX];
	size_t count, at = 0, size = 1 + draw(model, model->target / 3);
	const struct q_search_value *after = NULL;
	struct q_search_result result;
	struct order order;

	make_order(model, &order);
	order.fields[order.count] = ID;
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

static void on_random_indexes(void (*check)(struct model *))
{
	static const unsigned targets[] = {30, 400, DOCUMENTS_MAX};
	struct model *model = calloc(1, sizeof *model);

	for (unsigned round = 0; round < Q_COUNT_OF(targets); round++) {
		char path[SCRATCH_PATH_MAX];

		scratch_make(path);
		model->seed = round;
		model->count = 0;
		model->target = targets[round];
		model->values_max = round == 0 ? 1 : VALUES_MAX;
		model->arena = q_arena_new(256 << 20);
		memset(model->documents, 0, sizeof model->documents);
		assert_int_equal(q_search_index_embedded_open(path, &model->store, &model->err),
				 Q_OK);
		assert_int_equal(q_search_index_ensure(model->store, &no_limits, index_name,
						       &definition, &model->err),
				 Q_OK);
		fill(model);
		for (unsigned i = 0; i < QUERIES; i++) {
			q_arena_reset(model->arena);
			if (i == QUERIES / 2)
				assert_int_equal(q_search_index_merge(model->store, &no_limits,
								      index_name, &model->err),
						 Q_OK);
			check(model);
		}
		q_search_index_close(model->store);
		q_arena_free(model->arena);
		scratch_remove(path);
	}
	free(model);
}

static void ranges_and_terms_find_the_documents_that_have_a_value(void **state)
{
	(void)state;
	on_random_indexes(check_query);
}

static void hits_come_in_the_order_of_their_sorts(void **state)
{
	(void)state;
	on_random_indexes(check_order);
}

static void pages_go_on_behind_the_last_hit(void **state)
{
	(void)state;
	on_random_indexes(check_pages);
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
