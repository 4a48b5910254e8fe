#include "search/answer/sort.h"

#include "search/analysis/field.h"
#include "search/analysis/value.h"

#include <math.h>

/* Keys of texts of one segment are odd; this one stands for all texts. */
enum { TEXT_KEY = 0 };

static int64_t directed(const struct q__sort *sort, int64_t value)
{
	return sort->is_descending ? ~value : value;
}

static bool has_doubles(const struct q__sort *sort)
{
	return sort->kind == Q_SORT_SCORE ||
	       (sort->kind == Q_SORT_FIELD && sort->field_kind == Q_FIELD_NUMBER);
}

/* What stands for a value that is not there, as Lucene has it: the least or greatest of its type.
 */
static int64_t absent_value(const struct q__sort *sort, bool is_greatest)
{
	if (sort->kind == Q_SORT_FIELD && sort->field_kind == Q_FIELD_NUMBER)
		return q__value_of_double(is_greatest ? INFINITY : -INFINITY);
	if (sort->kind == Q_SORT_FIELD && sort->field_kind == Q_FIELD_BOOLEAN)
		return is_greatest ? INT32_MAX : INT32_MIN;
	return is_greatest ? INT64_MAX : INT64_MIN;
}

static enum q_code find_field(const struct q_search_sort *asked,
			      const struct q_index_definition *definition, struct q__sort *sort,
			      struct q_err *err)
{
	sort->field = q__field_find(definition, asked->field);
	if (sort->field == 0)
		return q_fail(err, Q_INVALID, "search_index.search",
			      "there is no field %.*s to sort by", Q_STR_ARG(asked->field));
	sort->field_kind = definition->fields[sort->field - 1].kind;
	if (sort->field_kind == Q_FIELD_TEXT)
		return q_fail(err, Q_INVALID, "search_index.search",
			      "%.*s is a text field: sort by another kind",
			      Q_STR_ARG(asked->field));
	return Q_OK;
}

static enum q_code make_sort(const struct q_search_sort *asked,
			     const struct q_index_definition *definition, struct q__sort *sort,
			     struct q_err *err)
{
	enum q_code code = Q_OK;

	sort->kind = asked->kind;
	sort->is_descending = asked->is_descending;
	sort->takes_greatest = asked->mode == Q_SORT_MODE_MAX ||
			       (asked->mode == Q_SORT_MODE_DEFAULT && asked->is_descending);
	if (sort->kind == Q_SORT_FIELD)
		code = find_field(asked, definition, sort, err);
	sort->has_texts = sort->kind == Q_SORT_ID ||
			  (sort->kind == Q_SORT_FIELD && sort->field_kind == Q_FIELD_KEYWORD);
	sort->absent =
		directed(sort, absent_value(sort, asked->missing_first == asked->is_descending));
	return code;
}

static bool take_text(const struct q_search_value *value, struct q_arena *arena, struct q_str *out)
{
	if (value->kind == Q_VALUE_INTEGER)
		*out = q_arena_format(arena, "%lld", (long long)value->integer);
	else if (value->kind == Q_VALUE_TEXT)
		*out = value->text;
	return value->kind == Q_VALUE_INTEGER || value->kind == Q_VALUE_TEXT;
}

static bool take_double(const struct q__sort *sort, const struct q_search_value *value,
			int64_t *out)
{
	double number = value->number;

	if (value->kind == Q_VALUE_INTEGER)
		number = (double)value->integer;
	else if (value->kind == Q_VALUE_TEXT && q_str_equal(value->text, Q_STR("Infinity")))
		number = INFINITY;
	else if (value->kind == Q_VALUE_TEXT && q_str_equal(value->text, Q_STR("-Infinity")))
		number = -INFINITY;
	else if (value->kind == Q_VALUE_TEXT && !q__number_parse(value->text, &number))
		return false;
	/* A score is a float, of which a body has only so many digits. */
	*out = q__value_of_double(sort->kind == Q_SORT_SCORE ? (double)(float)number : number);
	return value->kind != Q_VALUE_NULL && !isnan(number);
}

static bool take_integer(const struct q__sort *sort, const struct q_search_value *value,
			 int64_t *out)
{
	if (value->kind == Q_VALUE_TEXT && sort->kind == Q_SORT_FIELD &&
	    sort->field_kind == Q_FIELD_DATE)
		return q__date_parse(value->text, false, out);
	*out = value->integer;
	return value->kind == Q_VALUE_INTEGER;
}

/* False where the value is none that the sort could give. */
static bool take_after(struct q__sort *sort, const struct q_search_value *value,
		       struct q_arena *arena)
{
	int64_t number;

	if (sort->has_texts) {
		sort->after.key = value->kind == Q_VALUE_NULL ? sort->absent : TEXT_KEY;
		return value->kind == Q_VALUE_NULL || take_text(value, arena, &sort->after.text);
	}
	if (has_doubles(sort) ? !take_double(sort, value, &number)
			      : !take_integer(sort, value, &number))
		return false;
	sort->after.key = directed(sort, number);
	return true;
}

enum q_code q__sorts_make(const struct q_search_request *request,
			  const struct q_index_definition *definition, struct q_arena *arena,
			  struct q__sort **out, struct q_err *err)
{
	struct q__sort *sorts = q_arena_alloc_array(arena, request->sort_count, sizeof *sorts);
	enum q_code code = Q_OK;

	if (!sorts)
		return q_fail(err, Q_NOMEM, "search_index.search", "%zu sorts",
			      request->sort_count);
	*out = sorts;
	for (size_t i = 0; i < request->sort_count && !code; i++) {
		code = make_sort(&request->sorts[i], definition, &sorts[i], err);
		if (!code && request->after && !take_after(&sorts[i], &request->after[i], arena))
			code = q_fail(err, Q_INVALID, "search_index.search",
				      "search_after: value %zu is none of its sort", i);
	}
	return code;
}

/* The key that the text of `after` would have in this part. */
static int64_t text_key(const struct q__sort *sort, const struct q__terms *terms,
			struct q__term_cursor *cursor)
{
	uint64_t ordinal = terms->count;
	bool is_there = false;

	q__term_cursor_start(cursor, terms);
	if (q__term_cursor_seek(cursor, sort->after.text)) {
		ordinal = q__term_cursor_ordinal(cursor);
		is_there = q_str_equal(q__term_cursor_term(cursor), sort->after.text);
	}
	return directed(sort, (int64_t)(2 * ordinal + is_there));
}

void q__sort_begin_part(struct q__sort *sort, const struct q__snapshot *snapshot, size_t part,
			struct q__term_cursor *cursor)
{
	const struct q__field *field = &snapshot->parts[part].segment->fields[sort->field];

	sort->part = &snapshot->parts[part];
	sort->column = &field->column;
	sort->first_place = 0;
	for (size_t i = 0; i < part; i++)
		sort->first_place += snapshot->parts[i].segment->document_count;
	sort->after_key = sort->after.key;
	if (sort->has_texts && sort->after.key == TEXT_KEY)
		sort->after_key = text_key(sort, &field->terms, cursor);
}

static int64_t column_key(const struct q__sort *sort, uint32_t document)
{
	struct q__value_range range = q__column_find(sort->column, document);
	int64_t value;

	if (range.at == range.end)
		return sort->absent;
	value = q__column_value(sort->column, sort->takes_greatest ? range.end - 1 : range.at);
	return directed(sort, sort->has_texts ? (int64_t)(2 * (uint64_t)value + 1) : value);
}

int64_t q__sort_key(const struct q__sort *sort, uint32_t document, float score)
{
	switch (sort->kind) {
	case Q_SORT_SCORE:
		return directed(sort, q__value_of_double((double)score));
	case Q_SORT_DOCUMENT:
		return directed(sort, (int64_t)(sort->first_place + document));
	case Q_SORT_FIELD:
	case Q_SORT_ID:
		break;
	}
	return column_key(sort, document);
}

bool q__sort_value_of(const struct q__sort *sort, int64_t key, uint32_t document,
		      struct q__term_cursor *cursor, struct q_arena *arena,
		      struct q__sort_value *out)
{
	const struct q__segment *segment = sort->part->segment;

	*out = (struct q__sort_value){.key = key};
	if (!sort->has_texts || key == sort->absent)
		return true;
	out->key = TEXT_KEY;
	if (sort->kind == Q_SORT_ID) {
		out->text = q__segment_id(segment, document);
		return true;
	}
	q__term_cursor_start(cursor, &segment->fields[sort->field].terms);
	if (q__term_cursor_seek_ordinal(cursor, (uint64_t)directed(sort, key) / 2))
		out->text = q_arena_copy(arena, q__term_cursor_term(cursor));
	return !q_arena_failed(arena);
}

int q__sort_compare(const struct q__sort *sort, const struct q__sort_value *a,
		    const struct q__sort_value *b)
{
	int order;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	order = q_str_compare(a->text, b->text);
	return sort->is_descending ? -order : order;
}

struct q_search_value q__sort_show(const struct q__sort *sort, const struct q__sort_value *value)
{
	int64_t number = directed(sort, value->key);

	if (has_doubles(sort))
		return (struct q_search_value){.kind = Q_VALUE_NUMBER,
					       .number = q__double_of_value(number)};
	if (!sort->has_texts)
		return (struct q_search_value){.kind = Q_VALUE_INTEGER, .integer = number};
	if (value->key == sort->absent)
		return (struct q_search_value){.kind = Q_VALUE_NULL};
	return (struct q_search_value){.kind = Q_VALUE_TEXT, .text = value->text};
}
