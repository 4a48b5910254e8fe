/* The fields of a merge: terms with their postings, lengths, values. */
#include "search/index/merge_internal.h"

#include "base/mem.h"
#include "search/analysis/value.h"
#include "search/segment/positions.h"

/* The length bytes of the merged segment; NULL (with is_failed false) where the field has none. */
static uint8_t *merge_lengths(struct q__merge *merge, size_t field, bool *is_failed)
{
	uint8_t *lengths;

	*is_failed = false;
	if (!merge->sources[0].segment->fields[field].lengths.bytes)
		return NULL;
	lengths = q_mem_new(merge->document_count);
	*is_failed = lengths == NULL;
	for (size_t i = 0; lengths && i < merge->count; i++) {
		const struct q__merge_source *source = &merge->sources[i];

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
static bool merge_single(struct q__merge *merge, const struct q__merge_source *source,
			 const struct q__term_ref *ref)
{
	if (!ref->is_single || ref->document >= source->segment->document_count)
		return false;
	if (source->numbers[ref->document] != Q__NO_DOCUMENT)
		q__segment_add_posting(merge->writer, source->numbers[ref->document], 1);
	return true;
}

static enum q_code merge_postings(struct q__merge *merge, const struct q__merge_source *source,
				  struct q__term_cursor *cursor, size_t field, struct q_err *err)
{
	struct q__term_ref ref = q__term_cursor_ref(cursor);
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
	    cursor->is_broken)
		return q__merge_fail_corrupt(source, "the postings of a term", err);
	return Q_OK;
}

/* A term, from all sources that have it; they then go on. */
static enum q_code merge_term(struct q__merge *merge, struct q_str found, size_t field,
			      struct q_buf *term, struct q_err *err)
{
	enum q_code code = Q_OK;

	q_buf_clear(term);
	if (!q_buf_append(term, found))
		return q_fail(err, Q_NOMEM, "index.merge", "a term");
	for (size_t i = 0; i < merge->count && !code; i++) {
		struct q__joined_walk *walk = &merge->walks[i];

		if (!walk->is_here)
			continue;
		code = merge_postings(merge, &merge->sources[i], walk->cursor, field, err);
		walk->is_live = q__term_cursor_next(walk->cursor);
	}
	return code ? code : q__segment_end_term(merge->writer, q_buf_str(term), err);
}

static enum q_code merge_terms(struct q__merge *merge, size_t field, struct q_err *err)
{
	struct q_str found;
	struct q_buf term;
	enum q_code code = Q_OK;

	q_buf_init(&term, Q__TERM_MAX);
	for (size_t i = 0; i < merge->count; i++) {
		struct q__joined_walk *walk = &merge->walks[i];

		q__term_cursor_start(walk->cursor, &merge->sources[i].segment->fields[field].terms);
		walk->is_live = q__term_cursor_seek(walk->cursor, (struct q_str){0});
	}
	while (!code && q__joined_terms_find(merge->walks, merge->count, &found))
		code = merge_term(merge, found, field, &term, err);
	q_buf_free(&term);
	return code;
}

/* Is the field's column of values? Those of terms are made with them. */
static bool has_values(const struct q__merge *merge, size_t field)
{
	return field != Q__FIELD_ID &&
	       q__kind_has_values(merge->definition->fields[field - 1].kind);
}

static void merge_values(struct q__merge *merge, const struct q__merge_source *source, size_t field)
{
	const struct q__column *column = &source->segment->fields[field].column;

	for (uint32_t i = 0; i < source->segment->document_count; i++) {
		struct q__value_range values = q__column_find(column, i);

		for (; values.at < values.end && source->numbers[i] != Q__NO_DOCUMENT; values.at++)
			q__segment_add_value(merge->writer, source->numbers[i],
					     q__column_value(column, values.at));
	}
}

enum q_code q__merge_field(struct q__merge *merge, size_t field, struct q_err *err)
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
