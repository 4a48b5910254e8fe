/* Facets on random indexes, held against counting all documents. The calendar is libc's. */
#include "support/column_index.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { MS_PER_DAY = 86400000, BINS = 4096, FIRST_BIN = -2048 };

/* A bin has a number: a value, a step of the interval, or the day on which it begins. */
struct bin {
	int number;
	uint64_t count;
	bool is_there; /* counted, or between others that are */
};

struct expectation {
	const struct q_facet *facet;
	unsigned field;
	struct bin bins[BINS];
};

/* The day on which the calendar's unit begins. */
static int start_of(enum q_calendar_unit unit, int day)
{
	time_t seconds = (time_t)day * 86400;
	struct tm date;

	gmtime_r(&seconds, &date);
	if (unit == Q_CALENDAR_WEEK)
		return day - (date.tm_wday + 6) % 7;
	date.tm_mday = 1;
	if (unit == Q_CALENDAR_QUARTER)
		date.tm_mon -= date.tm_mon % 3;
	if (unit == Q_CALENDAR_YEAR)
		date.tm_mon = 0;
	return (int)(timegm(&date) / 86400);
}

static int bin_of(const struct q_facet *facet, int value)
{
	int offset_days = (int)(facet->offset_ms / MS_PER_DAY), step;

	if (facet->kind == Q_FACET_TERMS)
		return value;
	if (facet->kind == Q_FACET_HISTOGRAM)
		return (int)floor((value / 4.0 - facet->offset) / facet->interval);
	if (facet->unit != Q_CALENDAR_NONE)
		return start_of(facet->unit, value - offset_days) + offset_days;
	step = (int)(facet->interval_ms / MS_PER_DAY);
	return (int)floor((double)(value - offset_days) / step) * step + offset_days;
}

static struct bin *bin_at(struct expectation *expected, int number)
{
	assert_true(number >= FIRST_BIN && number < FIRST_BIN + BINS);
	return &expected->bins[number - FIRST_BIN];
}

static void count_document(struct expectation *expected, const struct column_document *document)
{
	int seen[COLUMN_VALUES_MAX];

	for (unsigned i = 0; i < document->counts[expected->field]; i++) {
		bool is_new = true;

		seen[i] = bin_of(expected->facet, document->values[expected->field][i]);
		for (unsigned j = 0; j < i; j++)
			is_new = is_new && seen[j] != seen[i];
		if (is_new)
			bin_at(expected, seen[i])->count++;
		bin_at(expected, seen[i])->is_there = true;
	}
}

/* Histograms that show empty bins have all between the first value and the last. */
static void fill_gaps(struct expectation *expected, const struct column_model *model,
		      bool (*counts)(const struct column_document *))
{
	int least = INT32_MAX, greatest = INT32_MIN;

	for (unsigned i = 0; i < model->count; i++) {
		const struct column_document *document = &model->documents[i];

		for (unsigned j = 0; counts(document) && j < document->counts[expected->field];
		     j++) {
			int value = document->values[expected->field][j];

			least = value < least ? value : least;
			greatest = value > greatest ? value : greatest;
		}
	}
	for (int value = least; value <= greatest; value++)
		bin_at(expected, bin_of(expected->facet, value))->is_there = true;
}

static int compare_bins(const void *a, const void *b, void *context)
{
	const struct bin *x = a, *y = b;
	const struct q_facet *facet = context;
	bool is_ascending = facet->order == Q_FACET_COUNT_ASCENDING;

	if (x->is_there != y->is_there)
		return x->is_there ? -1 : 1;
	if (facet->order == Q_FACET_KEY_DESCENDING)
		return y->number - x->number;
	if (facet->order != Q_FACET_KEY_ASCENDING && x->count != y->count)
		return (x->count < y->count) == is_ascending ? -1 : 1;
	return x->number - y->number;
}

static void check_key(const struct expectation *expected, const struct q_search_value *key,
		      int number)
{
	const struct q_facet *facet = expected->facet;
	char text[16];

	if (expected->field == KEY) {
		snprintf(text, sizeof text, "k%03d", number * 7);
		assert_true(q_str_equal(key->text, q_str_from(text)));
	} else if (facet->kind == Q_FACET_HISTOGRAM) {
		assert_true(key->number == number * facet->interval + facet->offset);
	} else if (expected->field == SIZE) {
		assert_true(key->number == number / 4.0);
	} else {
		assert_true(key->integer ==
			    number * (int64_t)(expected->field == BORN ? MS_PER_DAY : 1));
	}
}

/* OpenSearch's rule: the first `chosen` in order, of them those with enough documents, of them the
 * first `size`; the rest counts as other, but for those with too few. */
static void check_result(struct expectation *expected, const struct q_facet_result *result)
{
	const struct q_facet *facet = expected->facet;
	bool is_terms = facet->kind == Q_FACET_TERMS;
	size_t shown = 0, size = is_terms ? facet->size : BINS, chosen = size;
	uint64_t other = 0;

	if (is_terms && facet->order <= Q_FACET_COUNT_ASCENDING)
		chosen = (size_t)((double)size * 1.5) + 10;
	qsort_r(expected->bins, BINS, sizeof *expected->bins, compare_bins,
		(void *)(uintptr_t)facet);
	for (size_t i = 0; i < BINS && expected->bins[i].is_there; i++) {
		const struct bin *bin = &expected->bins[i];

		if (i < chosen && bin->count < facet->count_min)
			continue;
		if (i >= chosen || shown == size) {
			other += bin->count;
			continue;
		}
		assert_true(shown < result->bucket_count);
		check_key(expected, &result->buckets[shown].key, bin->number);
		assert_true(result->buckets[shown++].count == bin->count);
	}
	assert_int_equal(result->bucket_count, shown);
	if (is_terms)
		assert_true(result->other_count == other);
}

static struct q_facet make_facet(struct column_model *model, unsigned *field)
{
	static const double intervals[] = {0.25, 0.5, 1, 2.5, 100};
	struct q_facet facet = {.name = Q_STR("facet"),
				.kind = (enum q_facet_kind)column_draw(model, 3),
				.order = (enum q_facet_order)column_draw(model, 4),
				.count_min = column_draw(model, 3) * column_draw(model, 8),
				.size = 1 + column_draw(model, 30),
				.interval = intervals[column_draw(model, 5)],
				.offset = column_draw(model, 3) / 2.0 - 0.5,
				.unit = (enum q_calendar_unit)column_draw(model, 5),
				.interval_ms = (1 + column_draw(model, 40)) * (int64_t)MS_PER_DAY,
				.offset_ms =
					((int)column_draw(model, 5) - 2) * (int64_t)MS_PER_DAY};

	*field = facet.kind == Q_FACET_TERMS	   ? column_draw(model, FIELDS)
		 : facet.kind == Q_FACET_HISTOGRAM ? SIZE
						   : BORN;
	if (facet.kind == Q_FACET_TERMS && facet.count_min == 0)
		facet.count_min = 1;
	facet.field = column_fields[*field].name;
	return facet;
}

static bool is_there(const struct column_document *document)
{
	return !document->is_deleted;
}

/* What the query below finds: documents that are open. */
static bool is_open(const struct column_document *document)
{
	for (unsigned i = 0; i < document->counts[OPEN]; i++) {
		if (document->values[OPEN][i])
			return !document->is_deleted;
	}
	return false;
}

static void check_facet(struct column_model *model)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	static const struct q_search_query open = {
		.kind = Q_SEARCH_TERM,
		.boost = 1,
		.term = {.field = Q_STR_INIT("open"), .value = Q_STR_INIT("true")}};
	bool is_all = column_draw(model, 2);
	bool (*counts)(const struct column_document *) = is_all ? is_there : is_open;
	struct expectation *expected = calloc(1, sizeof *expected);
	struct q_facet facet = make_facet(model, &expected->field);
	struct q_search_request request = {.query = is_all ? &all : &open,
					   .size = column_draw(model, 2),
					   .total_is_bounded = true,
					   .total_max = 1,
					   .facets = &facet,
					   .facet_count = 1};
	struct q_search_result result;

	expected->facet = &facet;
	for (int i = 0; i < BINS; i++)
		expected->bins[i].number = i + FIRST_BIN;
	for (unsigned i = 0; i < model->count; i++) {
		if (counts(&model->documents[i]))
			count_document(expected, &model->documents[i]);
	}
	if (facet.kind != Q_FACET_TERMS && facet.count_min == 0)
		fill_gaps(expected, model, counts);
	column_search(model, &request, &result);
	check_result(expected, result.facets);
	free(expected);
}

static void facets_count_the_documents_that_a_query_finds(void **state)
{
	(void)state;
	on_column_indexes(check_facet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facets_count_the_documents_that_a_query_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
