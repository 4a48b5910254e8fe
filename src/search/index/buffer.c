#include "search/index/buffer.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "search/analysis/field.h"
#include "search/analysis/source_filter.h"
#include "search/analysis/value.h"
#include "search/index/manifest.h"
#include "search/index/term_table.h"
#include "search/segment/length_byte.h"
#include "search/segment/segment.h"

enum {
	BUFFER_BYTES = 512 << 20, /* of the arena, at most */
	FULL_BYTES = 192 << 20,	  /* from here on the buffer takes no more */
	SCRATCH_BYTES = 256 << 20,
	VALUES_MAX = 64 << 20, /* of a field */
	DOCUMENTS_MAX = 16 << 20,
	VALUE_GAP =
		100 /* positions between two values of a field, as in OpenSearch: no phrase has both */
};

/* An id's latest document in the buffer. */
struct place {
	uint32_t document; /* Q__NO_DOCUMENT: it was deleted */
	bool is_touched;   /* it was put or deleted, and is among the touched */
};

struct document {
	uint32_t id; /* its number among the ids */
	struct q_str source;
	bool is_deleted; /* also one of which memory did not last for all */
};

struct field {
	struct q__term_table *terms;
	struct q_vec lengths; /* length bytes; text fields */
	struct q_vec values;  /* struct value; dates, numbers, booleans */
};

struct value {
	int64_t value;
	uint32_t document;
};

/* Where in a document's field the next value begins. */
struct place_in_field {
	uint32_t document, position;
	uint32_t length; /* terms before it */
};

struct q__buffer {
	const struct q_index_definition *definition; /* borrowed */
	struct q_arena *arena, *scratch;	     /* scratch: for one document */
	struct q__term_table *ids;		     /* deleted ones too: these have no tokens */
	struct q_vec places;			     /* struct place, by the number of the id */
	struct q_vec touched; /* numbers of ids, in the order in which they came */
	struct field *fields; /* one a field of the definition */
	size_t value_count;   /* of all fields */
	struct q_vec documents;
};

/* Fields that can be freed, whatever fails next. */
static bool make_fields(struct q__buffer *buffer)
{
	size_t count = buffer->definition->field_count;

	buffer->fields = q_mem_new_array(count + 1, sizeof *buffer->fields);
	for (size_t i = 0; buffer->fields && i < count; i++) {
		q_vec_init(&buffer->fields[i].lengths, 1, DOCUMENTS_MAX);
		q_vec_init(&buffer->fields[i].values, sizeof(struct value), VALUES_MAX);
	}
	return buffer->fields != NULL;
}

static bool make_term_tables(struct q__buffer *buffer)
{
	buffer->ids = q__term_table_new(buffer->arena);
	for (size_t i = 0; i < buffer->definition->field_count; i++) {
		buffer->fields[i].terms = q__term_table_new(buffer->arena);
		if (!buffer->fields[i].terms)
			return false;
	}
	return buffer->ids != NULL;
}

static bool make_parts(struct q__buffer *buffer)
{
	if (!make_fields(buffer))
		return false;
	buffer->arena = q_arena_new(BUFFER_BYTES);
	buffer->scratch = q_arena_new(SCRATCH_BYTES);
	if (!buffer->arena || !buffer->scratch)
		return false;
	return make_term_tables(buffer);
}

enum q_code q__buffer_new(const struct q_index_definition *definition, struct q__buffer **out,
			  struct q_err *err)
{
	struct q__buffer *buffer = q_mem_new(sizeof *buffer);

	if (!buffer)
		return q_fail(err, Q_NOMEM, "index.buffer", "a buffer");
	buffer->definition = definition;
	q_vec_init(&buffer->documents, sizeof(struct document), DOCUMENTS_MAX);
	q_vec_init(&buffer->places, sizeof(struct place), 2 * (size_t)DOCUMENTS_MAX);
	q_vec_init(&buffer->touched, sizeof(uint32_t), 2 * (size_t)DOCUMENTS_MAX);
	if (!make_parts(buffer)) {
		q__buffer_free(buffer);
		return q_fail(err, Q_NOMEM, "index.buffer", "a buffer");
	}
	*out = buffer;
	return Q_OK;
}

void q__buffer_free(struct q__buffer *buffer)
{
	if (!buffer)
		return;
	for (size_t i = 0; buffer->fields && i < buffer->definition->field_count; i++) {
		q__term_table_free(buffer->fields[i].terms);
		q_vec_free(&buffer->fields[i].lengths);
		q_vec_free(&buffer->fields[i].values);
	}
	q__term_table_free(buffer->ids);
	q_mem_free(buffer->fields);
	q_vec_free(&buffer->places);
	q_vec_free(&buffer->documents);
	q_vec_free(&buffer->touched);
	q_arena_free(buffer->arena);
	q_arena_free(buffer->scratch);
	q_mem_free(buffer);
}

static bool add_text(struct field *field, enum q_field_kind kind, struct q_str text,
		     struct place_in_field *at)
{
	uint32_t length = at->length;
	struct q_words words;
	struct q_word word;

	q_words_start(&words, q__analyser_of(kind), text);
	while (q_words_next(&words, &word)) {
		if (!q__term_table_add(field->terms, word.term, at->document,
				       at->position + word.position))
			return false;
		at->length++;
	}
	at->position += at->length - length + VALUE_GAP;
	return true;
}

/* Numbers and booleans are words as they are written, which is what OpenSearch does. */
static bool add_words(struct q__buffer *buffer, size_t index, const struct q_json *value,
		      struct place_in_field *at)
{
	enum q_field_kind kind = buffer->definition->fields[index].kind;
	struct field *field = &buffer->fields[index];
	struct q_buf written;
	struct q_str text;
	bool is_added;

	if (q_json_type_of(value) == Q_JSON_NULL)
		return true;
	if (q_json_string(value, &text))
		return add_text(field, kind, text, at);
	q_buf_init(&written, Q__TERM_MAX);
	is_added = q_json_write_value(&written, value) &&
		   add_text(field, kind, q_buf_str(&written), at);
	q_buf_free(&written);
	return is_added;
}

/* As in Lucene, a boolean is a term, too: how rare it is says what a hit is worth. */
static bool add_boolean(struct field *field, const struct value *value)
{
	return q__term_table_add(field->terms, q__boolean_term(value->value), value->document, 0);
}

static bool add_value(struct q__buffer *buffer, size_t index, const struct q_json *json,
		      struct place_in_field *at)
{
	struct field *field = &buffer->fields[index];
	enum q_field_kind kind = buffer->definition->fields[index].kind;
	struct value value = {.document = at->document};

	if (!q__kind_has_values(kind))
		return add_words(buffer, index, json, at);
	if (q__value_from_json(kind, json, &value.value) != Q_OK)
		return true;
	buffer->value_count++;
	if (kind == Q_FIELD_BOOLEAN && !add_boolean(field, &value))
		return false;
	return q_vec_push(&field->values, &value) != NULL;
}

static bool add_field(struct q__buffer *buffer, size_t index, const struct q_json *value,
		      uint32_t document)
{
	struct q_json_walk walk = q_json_walk(value);
	struct place_in_field at = {.document = document};
	bool is_added = true;

	if (q_json_type_of(value) == Q_JSON_ARRAY)
		while (is_added && q_json_next(&walk))
			is_added = add_value(buffer, index, walk.value, &at);
	else if (value)
		is_added = add_value(buffer, index, value, &at);
	if (buffer->definition->fields[index].kind == Q_FIELD_TEXT)
		*(uint8_t *)q_vec_at(&buffer->fields[index].lengths, document) =
			q__length_to_byte(at.length);
	return is_added;
}

/* Can every field take its value? Asked before anything is added: a document is taken whole or not
 * at all. */
static enum q_code check_value(const struct q_field_definition *field, const struct q_json *value,
			       struct q_err *err)
{
	struct q_json_walk walk = q_json_walk(value);
	struct q_str text;
	int64_t ignored;

	if (q_json_type_of(value) == Q_JSON_OBJECT)
		return q_fail(err, Q_INVALID, "index.put", "field %.*s cannot take an object",
			      Q_STR_ARG(field->name));
	if (field->kind == Q_FIELD_KEYWORD && q_json_string(value, &text) &&
	    text.length > Q__TERM_MAX)
		return q_fail(err, Q_INVALID, "index.put",
			      "field %.*s has a value of %zu bytes, at most %d",
			      Q_STR_ARG(field->name), text.length, Q__TERM_MAX);
	if (q__kind_has_values(field->kind) && q_json_type_of(value) != Q_JSON_ARRAY && value &&
	    q__value_from_json(field->kind, value, &ignored) == Q_INVALID)
		return q_fail(err, Q_INVALID, "index.put", "field %.*s cannot take this as a %s",
			      Q_STR_ARG(field->name), q__field_kind_name(field->kind));
	if (q_json_type_of(value) != Q_JSON_ARRAY)
		return Q_OK;
	while (q_json_next(&walk)) {
		if (q_json_type_of(walk.value) == Q_JSON_ARRAY)
			return q_fail(err, Q_INVALID, "index.put",
				      "field %.*s cannot take an array of arrays",
				      Q_STR_ARG(field->name));
		if (check_value(field, walk.value, err))
			return err->code;
	}
	return Q_OK;
}

static enum q_code parse_source(struct q__buffer *buffer, struct q_str source,
				const struct q_json **out, struct q_err *err)
{
	static const struct q_json_limits limits = {.bytes_max = Q_DOCUMENT_SOURCE_MAX,
						    .depth_max = Q_DOCUMENT_DEPTH_MAX,
						    .refuse_duplicates = true};
	const struct q_index_definition *definition = buffer->definition;
	enum q_code code;

	q_arena_reset(buffer->scratch);
	code = q_json_parse(buffer->scratch, q_str_bytes(source), &limits, out, err);
	if (!code && q_json_type_of(*out) != Q_JSON_OBJECT)
		code = q_fail(err, Q_INVALID, "index.put", "a document is a JSON object");
	for (size_t i = 0; i < definition->field_count && !code; i++)
		code = check_value(&definition->fields[i],
				   q_json_member(*out, definition->fields[i].name), err);
	return code;
}

/* The number of the id, which has a place then; 0: out of memory. */
static uint32_t find_place(struct q__buffer *buffer, struct q_str id)
{
	static const struct place nowhere = {.document = Q__NO_DOCUMENT};
	uint32_t number = q__term_table_number(buffer->ids, id);

	while (buffer->places.count < number) {
		if (!q_vec_push(&buffer->places, &nowhere))
			return 0;
	}
	return number;
}

static void set_deleted(struct q__buffer *buffer, uint32_t number, bool is_deleted)
{
	struct document *document;

	if (number == Q__NO_DOCUMENT)
		return;
	document = q_vec_at(&buffer->documents, number);
	document->is_deleted = is_deleted;
}

/* The id is this document's (Q__NO_DOCUMENT: nobody's) from now on. False: all is as it was. */
static bool give_place(struct q__buffer *buffer, uint32_t id, uint32_t document)
{
	struct place *place = q_vec_at(&buffer->places, id - 1);

	if (!place->is_touched && !q_vec_push(&buffer->touched, &id))
		return false;
	place->is_touched = true;
	set_deleted(buffer, place->document, true);
	set_deleted(buffer, document, false);
	place->document = document;
	return true;
}

static bool is_full(const struct q__buffer *buffer, size_t more)
{
	return q_arena_used(buffer->arena) + buffer->value_count * sizeof(struct value) + more >
		       FULL_BYTES ||
	       buffer->touched.count >= DOCUMENTS_MAX || buffer->documents.count >= DOCUMENTS_MAX;
}

/* A length for the next document in every text field. */
static bool add_lengths(struct q__buffer *buffer)
{
	for (size_t i = 0; i < buffer->definition->field_count; i++) {
		struct q_vec *lengths = &buffer->fields[i].lengths;

		if (buffer->definition->fields[i].kind == Q_FIELD_TEXT &&
		    lengths->count == buffer->documents.count && !q_vec_push(lengths, NULL))
			return false;
	}
	return true;
}

static bool add_fields(struct q__buffer *buffer, const struct q_json *document, uint32_t number)
{
	const struct q_index_definition *definition = buffer->definition;

	for (size_t i = 0; i < definition->field_count; i++) {
		if (!add_field(buffer, i, q_json_member(document, definition->fields[i].name),
			       number))
			return false;
	}
	return true;
}

/* The document is deleted until all of it is there: where memory ends half-way, nothing of it is
 * seen, and its id stands for what it did before. */
static bool add_document(struct q__buffer *buffer, struct q_str id, struct q_str source,
			 const struct q_json *json)
{
	uint32_t number = (uint32_t)buffer->documents.count;
	struct document document = {.id = find_place(buffer, id),
				    .source = q_arena_copy(buffer->arena, source),
				    .is_deleted = true};

	return document.id && document.source.data && add_lengths(buffer) &&
	       q_vec_push(&buffer->documents, &document) &&
	       q__term_table_add_number(buffer->ids, document.id, number, 0) &&
	       add_fields(buffer, json, number) && give_place(buffer, document.id, number);
}

/* What is kept of a source; in the scratch arena, or itself. */
static enum q_code keep_source(struct q__buffer *buffer, const struct q_json *document,
			       struct q_str *source, struct q_err *err)
{
	const struct q_source_filter *kept = &buffer->definition->kept;

	if (q__source_filter_is_empty(kept))
		return Q_OK;
	return q__source_filter(kept, document, buffer->scratch, buffer->scratch, source, err);
}

enum q_code q__buffer_put(struct q__buffer *buffer, struct q_str id, struct q_str source,
			  struct q_err *err)
{
	const struct q_json *document;
	enum q_code code = parse_source(buffer, source, &document, err);

	if (!code)
		code = keep_source(buffer, document, &source, err);
	if (!code && is_full(buffer, source.length))
		code = q_fail(err, Q_TOOBIG, "index.put", "the buffer is full");
	if (!code && !add_document(buffer, id, source, document))
		code = q_fail(err, Q_NOMEM, "index.put", "a document of %zu bytes", source.length);
	return code;
}

enum q_code q__buffer_delete(struct q__buffer *buffer, struct q_str id, struct q_err *err)
{
	uint32_t number;

	if (is_full(buffer, id.length))
		return q_fail(err, Q_TOOBIG, "index.delete", "the buffer is full");
	number = find_place(buffer, id);
	if (!number || !give_place(buffer, number, Q__NO_DOCUMENT))
		return q_fail(err, Q_NOMEM, "index.delete", "an id");
	return Q_OK;
}

uint32_t q__buffer_document_count(const struct q__buffer *buffer)
{
	return (uint32_t)buffer->documents.count;
}

bool q__buffer_is_deleted(const struct q__buffer *buffer, uint32_t document)
{
	const struct document *found = q_vec_at(&buffer->documents, document);

	return found->is_deleted;
}

size_t q__buffer_id_count(const struct q__buffer *buffer)
{
	return buffer->touched.count;
}

struct q_str q__buffer_id(const struct q__buffer *buffer, size_t index)
{
	const uint32_t *number = q_vec_at(&buffer->touched, index);

	return q__term_table_text(buffer->ids, *number);
}

/* Occurrences of a term, all in one document. */
static void write_posting(struct q__segment_writer *writer, const struct q__occurrence *at,
			  uint32_t count)
{
	uint32_t *deltas = q__segment_add_posting(writer, at->document, count);
	uint32_t before = 0;

	for (uint32_t i = 0; deltas && i < count; i++) {
		deltas[i] = at[i].position - before;
		before = at[i].position;
	}
}

static enum q_code write_term(struct q__segment_writer *writer, const struct q__table_term *term,
			      struct q_err *err)
{
	const struct q__occurrence *at = term->occurrences;
	uint32_t end;

	for (uint32_t i = 0; i < term->count; i = end) {
		for (end = i + 1; end < term->count && at[end].document == at[i].document; end++)
			continue;
		write_posting(writer, &at[i], end - i);
	}
	return q__segment_end_term(writer, term->term, err);
}

/* A field's terms and values; `values` is NULL where its kind has none. */
static enum q_code write_field(struct q__segment_writer *writer, uint32_t field,
			       struct q__term_table *table, const uint8_t *lengths,
			       const struct q_vec *values, struct q_err *err)
{
	size_t count;
	const struct q__sorted_term *terms = q__term_table_sort(table, &count);
	enum q_code code;

	if (!terms)
		return q_fail(err, Q_NOMEM, "index.write", "%zu terms", count);
	code = q__segment_begin_field(writer, field, lengths, values != NULL, err);
	for (size_t i = 0; i < count && !code; i++)
		code = write_term(writer, terms[i].term, err);
	for (size_t i = 0; values && i < values->count && !code; i++) {
		const struct value *value = q_vec_at(values, i);

		q__segment_add_value(writer, value->document, value->value);
	}
	return code ? code : q__segment_end_field(writer, err);
}

static enum q_code write_parts(struct q__buffer *buffer, struct q__segment_writer *writer,
			       struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < buffer->documents.count && !code; i++) {
		const struct document *document = q_vec_at(&buffer->documents, i);

		code = q__segment_add_document(writer,
					       q__term_table_text(buffer->ids, document->id),
					       document->source, err);
	}
	if (!code)
		code = write_field(writer, Q__FIELD_ID, buffer->ids, NULL, NULL, err);
	for (size_t i = 0; i < buffer->definition->field_count && !code; i++) {
		enum q_field_kind kind = buffer->definition->fields[i].kind;
		struct field *field = &buffer->fields[i];

		code = write_field(writer, (uint32_t)i + 1, field->terms,
				   kind == Q_FIELD_TEXT ? field->lengths.items : NULL,
				   q__kind_has_values(kind) ? &field->values : NULL, err);
	}
	return code;
}

enum q_code q__buffer_write(struct q__buffer *buffer, struct q__directory *directory,
			    const char *name, struct q_err *err)
{
	struct q__segment_writer *writer;
	enum q_code code = q__segment_create(directory, name, &writer, err);

	if (code)
		return code;
	code = write_parts(buffer, writer, err);
	if (!code)
		return q__segment_finish(writer, err);
	q__segment_abandon(writer);
	return code;
}
