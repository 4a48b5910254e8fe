#include "support/search_model.h"

#include "base/buf.h"
#include "support/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REFRESHES_MAX = 6 /* so few that no merge forgets what is deleted: it counts until then */ };

static const struct q_call no_limits;

const struct q_field_definition search_model_fields[4] = {
	{Q_STR_INIT("key"), Q_FIELD_KEYWORD},
	{Q_STR_INIT("title"), Q_FIELD_TEXT},
	{Q_STR_INIT("body"), Q_FIELD_TEXT},
	{Q_STR_INIT("flag"), Q_FIELD_BOOLEAN},
};
static const struct q_index_definition definition = {
	.fields = search_model_fields, .field_count = Q_COUNT_OF(search_model_fields)};
const struct q_str search_model_index = Q_STR_INIT("random");

size_t search_model_field(struct q_str name)
{
	size_t number = 0;

	while (!q_str_equal(search_model_fields[number].name, name))
		number++;
	return number;
}

unsigned search_model_draw(struct search_model *model, unsigned below)
{
	return draw_below(&model->seed, below);
}

/* Words that are near to each other: short, of few letters. */
static void make_vocabulary(struct search_model *model)
{
	for (size_t i = 0; i < SEARCH_MODEL_VOCABULARY; i++) {
		size_t length = 2 + search_model_draw(model, 6);

		for (size_t j = 0; j < length; j++)
			model->vocabulary[i][j] = (char)('a' + search_model_draw(model, 3));
		model->vocabulary[i][length] = '\0';
	}
}

static void make_document(struct search_model *model, struct search_model_document *document)
{
	for (size_t field = 0; field < 3; field++) {
		document->counts[field] =
			field == 0 ? 1 : search_model_draw(model, SEARCH_MODEL_WORDS_MAX + 1);
		for (size_t i = 0; i < document->counts[field]; i++)
			document->words[field][i] = search_model_draw(
				model, search_model_draw(model, SEARCH_MODEL_VOCABULARY) + 1);
	}
	document->flag = (enum search_model_flag)search_model_draw(model, 3);
}

static void write_source(const struct search_model *model,
			 const struct search_model_document *document, struct q_buf *out)
{
	q_buf_clear(out);
	for (size_t field = 0; field < 3; field++) {
		q_buf_format(out, "%s\"%.*s\":\"", field ? "," : "{",
			     Q_STR_ARG(search_model_fields[field].name));
		for (size_t i = 0; i < document->counts[field]; i++)
			q_buf_format(out, "%s%s", i ? " " : "",
				     model->vocabulary[document->words[field][i]]);
		q_buf_append_char(out, '"');
	}
	if (document->flag != FLAG_NONE)
		q_buf_format(out, ",\"flag\":%s", document->flag == FLAG_TRUE ? "true" : "false");
	q_buf_append_char(out, '}');
}

static void apply(struct search_model *model, enum q_bulk_kind kind, unsigned id,
		  struct q_str source)
{
	struct q_bulk_operation operation = {kind, q_arena_format(model->arena, "%u", id), source};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(model->store, &no_limits, search_model_index,
					     &operation, 1, model->arena, &result, &model->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void forget(struct search_model *model, unsigned id)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->documents[i].id == id)
			model->documents[i].is_deleted = true;
}

static void put_one(struct search_model *model, struct q_buf *source)
{
	struct search_model_document *document = &model->documents[model->count];
	unsigned id = search_model_draw(model, SEARCH_MODEL_DOCUMENTS);

	forget(model, id);
	model->count++;
	document->id = id;
	make_document(model, document);
	write_source(model, document, source);
	apply(model, Q_BULK_PUT, id, q_buf_str(source));
}

static void refresh(struct search_model *model)
{
	assert_int_equal(
		q_search_index_refresh(model->store, &no_limits, search_model_index, &model->err),
		Q_OK);
}

/* Puts, puts again, deletes, with refreshes at random. */
static void fill(struct search_model *model)
{
	unsigned refreshes = 0;
	struct q_buf source;

	q_buf_init(&source, 1 << 16);
	while (model->count < SEARCH_MODEL_DOCUMENTS) {
		unsigned id = search_model_draw(model, SEARCH_MODEL_DOCUMENTS);

		put_one(model, &source);
		if (search_model_draw(model, 8) == 0) {
			forget(model, id);
			apply(model, Q_BULK_DELETE, id, (struct q_str){0});
		}
		if (search_model_draw(model, 60) == 0 && refreshes++ < REFRESHES_MAX)
			refresh(model);
	}
	refresh(model);
	q_buf_free(&source);
}

void search_model_merge(struct search_model *model)
{
	size_t kept = 0;

	assert_int_equal(
		q_search_index_merge(model->store, &no_limits, search_model_index, &model->err),
		Q_OK);
	for (size_t i = 0; i < model->count; i++)
		if (!model->documents[i].is_deleted)
			model->documents[kept++] = model->documents[i];
	model->count = kept;
}

void search_model_open(struct search_model *model, unsigned seed)
{
	*model = (struct search_model){.seed = seed, .arena = q_arena_new(64 << 20)};
	scratch_make(model->path);
	make_vocabulary(model);
	if (q_search_index_embedded_open(model->path, &model->store, &model->err) ||
	    q_search_index_ensure(model->store, &no_limits, search_model_index, &definition,
				  &model->err))
		fail_msg("%s", model->err.message);
	fill(model);
}

void search_model_close(struct search_model *model)
{
	q_search_index_close(model->store);
	q_arena_free(model->arena);
	scratch_remove(model->path);
}
