#include "search/segment/term_range.h"

#include "base/bits.h"

enum { SCRATCH_BYTES = 1 << 16, CHECK_DOCUMENTS = 1 << 20 /* read between looks at the call */ };

/* The first string behind all that begin with the prefix: its last byte that can be one more is,
 * and what follows goes. */
bool q__term_range_of_prefix(struct q_str prefix, struct q_arena *arena, struct q__term_range *out)
{
	unsigned char *end = q_arena_alloc_array(arena, prefix.length, 1);
	size_t length = prefix.length;

	if (!end)
		return false;
	if (length > 0)
		memcpy(end, prefix.data, length);
	while (length > 0 && end[length - 1] == 0xff)
		length--;
	if (length > 0)
		end[length - 1]++;
	*out = (struct q__term_range){
		.from = prefix, .end = {(const char *)end, length}, .has_end = length > 0};
	return true;
}

static bool set_bits(const struct q__term_ref *ref, const struct q__postings_source *source,
		     uint64_t *words, struct q_arena *scratch)
{
	struct q__postings postings;

	q_arena_reset(scratch);
	if (!q__postings_open(&postings, ref, source, scratch))
		return false;
	while (postings.at < postings.count || q__postings_next_block(&postings)) {
		for (; postings.at < postings.count; postings.at++)
			q_bits_add(words, postings.documents[postings.at]);
	}
	return true;
}

static bool is_inside(const struct q__term_range *range, const struct q__term_cursor *cursor)
{
	return !range->has_end || q_str_compare(q__term_cursor_term(cursor), range->end) < 0;
}

static enum q_code set_terms(const struct q__term_range *range, const struct q__field *field,
			     const struct q_call *call, struct q__term_cursor *cursor,
			     uint64_t *words, struct q_arena *scratch, struct q_err *err)
{
	uint64_t left = CHECK_DOCUMENTS;
	bool is_there;

	q__term_cursor_start(cursor, &field->terms);
	for (is_there = q__term_cursor_seek(cursor, range->from);
	     is_there && is_inside(range, cursor); is_there = q__term_cursor_next(cursor)) {
		struct q__term_ref ref = q__term_cursor_ref(cursor);

		if (!set_bits(&ref, &field->postings, words, scratch))
			return q_fail(err, Q_NOMEM, "search_index.search", "a term's postings");
		left -= left > ref.document_count ? ref.document_count : left;
		if (left > 0)
			continue;
		left = CHECK_DOCUMENTS;
		if (q_call_check(call, "search_index.search", err))
			return err->code;
	}
	return Q_OK;
}

enum q_code q__term_range_documents(const struct q__term_range *range,
				    const struct q__segment *segment, size_t field,
				    const struct q_call *call, struct q__term_cursor *cursor,
				    struct q_arena *arena, const uint64_t **out, struct q_err *err)
{
	struct q_arena *scratch = q_arena_new(SCRATCH_BYTES);
	uint64_t *words =
		q_arena_alloc_array(arena, q_bits_words(segment->document_count), sizeof *words);
	enum q_code code = Q_OK;

	if (!scratch || !words)
		code = q_fail(err, Q_NOMEM, "search_index.search",
			      "the query takes too much memory: ask for less at once");
	if (!code)
		code = set_terms(range, &segment->fields[field], call, cursor, words, scratch, err);
	*out = words;
	q_arena_free(scratch);
	return code;
}
