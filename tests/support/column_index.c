#include "support/column_index.h"

#include "search/search_index_embedded.h"
#include "support/draw.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	CHECKS = 60,
	KEYS = 40,
	REFRESHES_MAX = 6 /* so few that no merge joins segments unasked */
};

static const struct q_call no_limits;

const struct q_field_definition column_fields[FIELDS] = {
	[KEY] = {Q_STR_INIT("key"), Q_FIELD_KEYWORD},
	[BORN] = {Q_STR_INIT("born"), Q_FIELD_DATE},
	[SIZE] = {Q_STR_INIT("size"), Q_FIELD_NUMBER},
	[OPEN] = {Q_STR_INIT("open"), Q_FIELD_BOOLEAN},
};
static const struct q_index_definition definition = {.fields = column_fields,
						     .field_count = FIELDS};
static const struct q_str index_name = Q_STR_INIT("random");

unsigned column_draw(struct column_model *model, unsigned below)
{
	return draw_below(&model->seed, below);
}

int column_draw_value(struct column_model *model, unsigned field)
{
	static const unsigned below[FIELDS] = {[KEY] = KEYS, [BORN] = 900, [SIZE] = 30, [OPEN] = 2};
	int value = (int)column_draw(model, below[field]);

	return field == SIZE ? value - 10 : value;
}

/* As JSON, in documents and queries. */
void column_write_value(struct q_buf *out, unsigned field, int value)
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

static void write_source(const struct column_document *document, struct q_buf *out)
{
	q_buf_clear(out);
	q_buf_append_char(out, '{');
	for (unsigned field = 0; field < FIELDS; field++) {
		q_buf_format(out, "%s\"%.*s\":[", field ? "," : "",
			     Q_STR_ARG(column_fields[field].name));
		for (unsigned i = 0; i < document->counts[field]; i++) {
			q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
			column_write_value(out, field, document->values[field][i]);
		}
		q_buf_append_char(out, ']');
	}
	q_buf_append_char(out, '}');
}

static void apply(struct column_model *model, enum q_bulk_kind kind, unsigned id,
		  struct q_str source)
{
	struct q_bulk_operation operation = {kind, q_arena_format(model->arena, "%u", id), source};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(model->store, &no_limits, index_name, &operation, 1,
					     model->arena, &result, &model->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void forget(struct column_model *model, unsigned id)
{
	for (unsigned i = 0; i < model->count; i++) {
		if (model->documents[i].id == id)
			model->documents[i].is_deleted = true;
	}
}

static void put_one(struct column_model *model, struct q_buf *source)
{
	struct column_document *document = &model->documents[model->count];

	document->id = column_draw(model, model->target);
	forget(model, document->id);
	model->count++;
	for (unsigned field = 0; field < FIELDS; field++) {
		document->counts[field] =
			column_draw(model, 4) ? 1 : column_draw(model, model->values_max + 1);
		for (unsigned i = 0; i < document->counts[field]; i++)
			document->values[field][i] = column_draw_value(model, field);
	}
	write_source(document, source);
	apply(model, Q_BULK_PUT, document->id, q_buf_str(source));
}

static void refresh(struct column_model *model)
{
	assert_int_equal(q_search_index_refresh(model->store, &no_limits, index_name, &model->err),
			 Q_OK);
}

static void fill(struct column_model *model)
{
	unsigned refreshes = 0;
	struct q_buf source;

	q_buf_init(&source, 1 << 16);
	while (model->count < model->target) {
		unsigned id = column_draw(model, model->target);

		put_one(model, &source);
		if (column_draw(model, 8) == 0) {
			forget(model, id);
			apply(model, Q_BULK_DELETE, id, (struct q_str){0});
		}
		if (column_draw(model, model->target / 5) == 0 && refreshes++ < REFRESHES_MAX)
			refresh(model);
	}
	refresh(model);
	q_buf_free(&source);
}

void column_search(struct column_model *model, const struct q_search_request *request,
		   struct q_search_result *out)
{
	if (q_search_index_search(model->store, &no_limits, index_name, request, model->arena, out,
				  &model->err))
		fail_msg("%s", model->err.message);
}

void on_column_indexes(void (*check)(struct column_model *))
{
	static const unsigned targets[] = {30, 400, COLUMN_DOCUMENTS_MAX};
	struct column_model *model = calloc(1, sizeof *model);

	for (unsigned round = 0; round < Q_COUNT_OF(targets); round++) {
		char path[SCRATCH_PATH_MAX];

		scratch_make(path);
		model->seed = round;
		model->count = 0;
		model->target = targets[round];
		model->values_max = round == 0 ? 1 : COLUMN_VALUES_MAX;
		model->arena = q_arena_new(256 << 20);
		memset(model->documents, 0, sizeof model->documents);
		assert_int_equal(q_search_index_embedded_open(path, &model->store, &model->err),
				 Q_OK);
		assert_int_equal(q_search_index_ensure(model->store, &no_limits, index_name,
						       &definition, &model->err),
				 Q_OK);
		fill(model);
		for (unsigned i = 0; i < CHECKS; i++) {
			q_arena_reset(model->arena);
			if (i == CHECKS / 2)
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
