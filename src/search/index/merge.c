#include "search/index/merge.h"

#include "base/mem.h"
#include "search/analysis/value.h"
#include "search/segment/positions.h"
#include "search/segment/segment_writer.h"

enum { ARENA_BYTES = 256 << 20 };

/* One of the parts that are merged. */
struct source {
	const struct q__segment *segment;
	uint32_t
		*numbers; /* the document's number in the merged segment; Q__NO_DOCUMENT: deleted */
	struct q__term_cursor *cursor;
	bool is_at_end; /* of the current field's terms */
};

struct merge {
	const struct q_index_definition *definition;
	struct source *sources;
	size_t count;
	uint32_t document_count; /* of the merged segment */
	struct q__segment_writer *writer;
	struct q_arena *arena;	 /* for the merge */
	struct q_arena *scratch; /* for a term or a document */
};

static enum q_code fail_corrupt(const struct source *source, const char *what, struct q_err *err)
{
	return q_fail(err, Q_CORRUPT, "index.merge",
		      "%s: %s cannot be read; build the index again from its source",
		      source->segment->name, what);
}

static bool number_documents(struct source *source, const struct q__part *part, uint32_t *next,
			     struct q_arena *arena)
{
	uint32_t count = part->segment->document_count;

	source->segment = part->segment;
	source->numbers = q_arena_alloc_array(arena, count, sizeof *source->numbers);
	source->cursor = q_arena_alloc(arena, sizeof *source->cursor);
	if (!source->numbers || !source->cursor)
		return false;
	for (uint32_t i = 0; i < count; i++)
		source->numbers[i] =
			q__deletions_have(part->deletions, i) ? Q__NO_DOCUMENT : (*next)++;
	return true;
}

/* Can the block be taken as it is? It is full, and none of its documents is deleted. */
static bool is_whole(const struct source *source, const struct q__stored_block *block)
{
	if (!q__stored_block_is_full(block) || block->end > source->segment->document_count)
		return false;
	for (uint32_t i = block->first; i < block->end; i++) {
		if (source->numbers[i] == Q__NO_DOCUMENT)
			return false;
	}
	return true;
}

static enum q_code take_block(struct merge *merge, const struct source *source,
			      const struct q__stored_block *block, struct q_err *err)
{
	struct q_str *ids;

	q_arena_reset(merge->scratch);
	ids = q_arena_alloc_array(merge->scratch, block->end - block->first, sizeof *ids);
	if (!ids)
		return q_fail(err, Q_NOMEM, "index.merge", "the documents of a block");
	for (uint32_t i = block->first; i < block->end; i++)
		ids[i - block->first] = q__segment_id(source->segment, i);
	return q__segment_add_documents(merge->writer, block, ids, err);
}

/* One by one, those that are not deleted. */
static enum q_code take_documents(struct merge *merge, const struct source *source,
				  struct q__stored_reader *reader, uint32_t first, uint32_t end,
				  struct q_err *err)
{
	enum q_code code = Q_OK;
	struct q_str text;

	for (uint32_t i = first; i < end && !code; i++) {
		if (source->numbers[i] == Q__NO_DOCUMENT)
			continue;
		code = q__stored_reader_read(reader, i, &text, err);
		if (!code)
			code = q__segment_add_document(
				merge->writer, q__segment_id(source->segment, i), text, err);
	}
	return code;
}

static enum q_code merge_documents(struct merge *merge, const struct source *source,
				   struct q_err *err)
{
	uint32_t count = source->segment->document_count;
	struct q__stored_reader reader;
	struct q__stored_block block;
	enum q_code code = Q_OK;

	q__stored_reader_start(&reader, &source->segment->stored, merge->scratch);
	for (uint32_t next = 0; next < count && !code; next = block.end) {
		if (!q__stored_find_block(&source->segment->stored, next, &block) ||
		    block.first != next)
			return fail_corrupt(source, "a block of sources", err);
		if (is_whole(source, &block))
			code = take_block(merge, source, &block, err);
		else
			code = take_documents(merge, source, &reader, next,
					      block.end < count ? block.end : count, err);
	}
	return code;
}

/* The length bytes of the merged segment; NULL (with is_failed false) where the field has none. */
static uint8_t *merge_lengths(struct merge *merge, size_t field, bool *is_failed)
{
	uint8_t *lengths;

	*is_failed = false;
	if (!merge->sources[0].segment->fields[field].lengths.bytes)
		return NULL;
	lengths = q_mem_new(merge->document_count);
	*is_failed = lengths == NULL;
	for (size_t i = 0; lengths && i < merge->count; i++) {
		const struct source *source = &merge->sources[i];

		for (uint32_t j = 0; j < source->segment->document_count; j++) {
			if (source->numbers[j] != Q__NO_DOCUMENT)
				lengths[source->numbers[j]] =
					source->segment->fields[field].lengths.bytes[j];
		}
	}
	return lengths;
}

static void add_document(struct q__segment_writer *writer, uint32_t document,
			 const struct q__postings *postings, struct q__positions *positions)
{
	uint32_t *deltas;

	if (!postings->frequencies) {
		q__segment_add_posting(writer, document, 1);
		return;
	}
	q__positions_start(positions);
	if (positions->is_broken)
		return;
	deltas = q__segment_add_posting(writer, document, positions->left);
	if (deltas)
		q__positions_take(positions, deltas);
}

/* A document that stands with its term has no postings. */
static bool merge_single(struct merge *merge, const struct source *source,
			 const struct q__term_ref *ref)
{
	if (!ref->is_single || ref->document >= source->segment->document_count)
		return false;
	if (source->numbers[ref->document] != Q__NO_DOCUMENT)
		q__segment_add_posting(merge->writer, source->numbers[ref->document], 1);
	return true;
}

static enum q_code merge_postings(struct merge *merge, const struct source *source, size_t field,
				  struct q_err *err)
{
	struct q__term_ref ref = q__term_cursor_ref(source->cursor);
	struct q__postings postings;
	struct q__positions positions;

	if (merge_single(merge, source, &ref))
		return Q_OK;
	q_arena_reset(merge->scratch);
	if (!q__postings_open(&postings, &ref, &source->segment->fields[field].postings,
			      merge->scratch))
		return q_fail(err, Q_NOMEM, "index.merge", "the postings of a term");
	q__positions_open(&positions, &postings);
	for (uint32_t at = q__postings_seek(&postings, 0); at != Q__NO_DOCUMENT;
	     at = q__postings_seek(&postings, at + 1)) {
		if (source->numbers[at] != Q__NO_DOCUMENT)
			add_document(merge->writer, source->numbers[at], &postings, &positions);
	}
	if (postings.is_broken || (postings.frequencies && positions.is_broken) ||
	    source->cursor->is_broken)
		return fail_corrupt(source, "the postings of a term", err);
	return Q_OK;
}

/* The source with the first of all terms; the leftmost of several. NULL: all are at their end. */
static struct source *first_source(struct merge *merge)
{
	struct source *first = NULL;

	for (size_t i = 0; i < merge->count; i++) {
		struct source *source = &merge->sources[i];

		if (!source->is_at_end &&
		    (!first || q_str_compare(q__term_cursor_term(source->cursor),
					     q__term_cursor_term(first->cursor)) < 0))
			first = source;
	}
	return first;
}

/* The first of the terms, from all sources that have it; they then go on. */
static enum q_code merge_term(struct merge *merge, struct source *first, size_t field,
			      struct q_buf *term, struct q_err *err)
{
	enum q_code code = Q_OK;

	q_buf_clear(term);
	if (!q_buf_append(term, q__term_cursor_term(first->cursor)))
		return q_fail(err, Q_NOMEM, "index.merge", "a term");
	for (size_t i = 0; i < merge->count && !code; i++) {
		struct source *source = &merge->sources[i];

		if (source->is_at_end ||
		    !q_str_equal(q__term_cursor_term(source->cursor), q_buf_str(term)))
			continue;
		code = merge_postings(merge, source, field, err);
		source->is_at_end = !q__term_cursor_next(source->cursor);
	}
	return code ? code : q__segment_end_term(merge->writer, q_buf_str(term), err);
}

static enum q_code merge_terms(struct merge *merge, size_t field, struct q_err *err)
{
	struct source *first;
	struct q_buf term;
	enum q_code code = Q_OK;

	q_buf_init(&term, Q__TERM_MAX);
	for (size_t i = 0; i < merge->count; i++) {
		struct source *source = &merge->sources[i];

		q__term_cursor_start(source->cursor, &source->segment->fields[field].terms);
		source->is_at_end = !q__term_cursor_seek(source->cursor, (struct q_str){0});
	}
	while (!code && (first = first_source(merge)) != NULL)
		code = merge_term(merge, first, field, &term, err);
	q_buf_free(&term);
	return code;
}

/* Is the field's column of values? Those of terms are made with them. */
static bool has_values(const struct merge *merge, size_t field)
{
	return field != Q__FIELD_ID &&
	       q__kind_has_values(merge->definition->fields[field - 1].kind);
}

static void merge_values(struct merge *merge, const struct source *source, size_t field)
{
	const struct q__column *column = &source->segment->fields[field].column;

	for (uint32_t i = 0; i < source->segment->document_count; i++) {
		struct q__value_range values = q__column_find(column, i);

		for (; values.at < values.end && source->numbers[i] != Q__NO_DOCUMENT; values.at++)
			q__segment_add_value(merge->writer, source->numbers[i],
					     q__column_value(column, values.at));
	}
}

static enum q_code merge_field(struct merge *merge, size_t field, struct q_err *err)
{
	bool is_failed;
	uint8_t *lengths = merge_lengths(merge, field, &is_failed);
	enum q_code code;

	if (is_failed)
		return q_fail(err, Q_NOMEM, "index.merge", "%u lengths", merge->document_count);
	code = q__segment_begin_field(merge->writer, (uint32_t)field, lengths,
				      has_values(merge, field), err);
	if (!code)
		code = merge_terms(merge, field, err);
	for (size_t i = 0; i < merge->count && !code && has_values(merge, field); i++)
		merge_values(merge, &merge->sources[i], field);
	if (!code)
		code = q__segment_end_field(merge->writer, err);
	q_mem_free(lengths);
	return code;
}

static enum q_code write_merged(struct merge *merge, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < merge->count && !code; i++)
		code = merge_documents(merge, &merge->sources[i], err);
	for (size_t i = 0; i < merge->sources[0].segment->field_count && !code; i++)
		code = merge_field(merge, i, err);
	return code;
}

static enum q_code open_sources(struct merge *merge, const struct q__part *parts, size_t count,
				struct q_err *err)
{
	bool is_open = true;

	merge->count = count;
	merge->sources = q_arena_alloc_array(merge->arena, count, sizeof *merge->sources);
	for (size_t i = 0; merge->sources && is_open && i < count; i++)
		is_open = number_documents(&merge->sources[i], &parts[i], &merge->document_count,
					   merge->arena);
	if (!merge->sources || !is_open)
		return q_fail(err, Q_NOMEM, "index.merge", "%zu segments", count);
	if (merge->document_count == 0)
		return q_fail(err, Q_NOTFOUND, "index.merge", "all documents are deleted");
	return Q_OK;
}

/* All sources say of the same fields that they are texts. */
static bool has_same_fields(const struct q__segment *a, const struct q__segment *b)
{
	for (size_t i = 0; i < a->field_count; i++) {
		if (!a->fields[i].lengths.bytes != !b->fields[i].lengths.bytes)
			return false;
	}
	return true;
}

/* What is damaged is not merged: it would have a right checksum from then on. */
static enum q_code check_sources(const struct merge *merge, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < merge->count && !code; i++) {
		const struct source *source = &merge->sources[i];

		code = q__segment_file_check(source->segment->file, err);
		if (!code && !has_same_fields(source->segment, merge->sources[0].segment))
			code = fail_corrupt(source, "the lengths of a field", err);
	}
	return code;
}

enum q_code q__merge(const struct q_index_definition *definition, const struct q__part *parts,
		     size_t count, struct q__directory *directory, const char *name,
		     struct q_err *err)
{
	struct merge merge = {.definition = definition,
			      .arena = q_arena_new(ARENA_BYTES),
			      .scratch = q_arena_new(ARENA_BYTES)};
	enum q_code code;

	if (merge.arena && merge.scratch)
		code = open_sources(&merge, parts, count, err);
	else
		code = q_fail(err, Q_NOMEM, "index.merge", "%zu segments", count);
	if (!code)
		code = check_sources(&merge, err);
	if (!code)
		code = q__segment_create(directory, name, &merge.writer, err);
	if (!code) {
		code = write_merged(&merge, err);
		if (code)
			q__segment_abandon(merge.writer);
		else
			code = q__segment_finish(merge.writer, err);
	}
	q_arena_free(merge.arena);
	q_arena_free(merge.scratch);
	return code;
}
