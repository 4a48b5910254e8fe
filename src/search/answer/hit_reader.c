#include "search/answer/hit_reader.h"

#include "search/analysis/source_filter.h"

/* A source, parsed, and what is made of it. */
enum { SCRATCH_BYTES = 256 << 20 };

enum q_code q__hit_reader_open(struct q__hit_reader *reader,
			       const struct q_index_definition *definition,
			       const struct q_call *call, const struct q_search_request *request,
			       struct q_arena *arena, struct q_err *err)
{
	*reader = (struct q__hit_reader){.request = request, .arena = arena};
	reader->scratch = q_arena_new(SCRATCH_BYTES);
	if (!reader->scratch)
		return q_fail(err, Q_NOMEM, "search_index.search", "a document's source");
	return q__hit_highlighter_make(&reader->highlighter, definition, call, request, arena, err);
}

void q__hit_reader_close(struct q__hit_reader *reader)
{
	q_arena_free(reader->scratch);
}

/* What is made of the source: part of it, highlights. */
static enum q_code use_source(struct q__hit_reader *reader, const struct q_json *source,
			      struct q_search_hit *out, struct q_err *err)
{
	const struct q_search_request *request = reader->request;
	enum q_code code = Q_OK;

	if (request->with_source && !q__source_filter_is_empty(&request->source_filter))
		code = q__source_filter(&request->source_filter, source, reader->arena,
					reader->scratch, &out->source, err);
	if (!code && request->highlight.field_count > 0)
		code = q__hit_highlight(&reader->highlighter, source, reader->arena,
					reader->scratch, out, err);
	return code;
}

static enum q_code read_source(struct q__hit_reader *reader, const struct q__segment *segment,
			       uint32_t document, struct q_search_hit *out, struct q_err *err)
{
	const struct q_search_request *request = reader->request;
	bool is_whole = q__source_filter_is_empty(&request->source_filter);
	bool is_used = request->highlight.field_count > 0 || (request->with_source && !is_whole);
	const struct q_json *parsed;
	struct q_str source;
	enum q_code code = Q_OK;

	if (!is_used && !request->with_source)
		return Q_OK;
	code = q__stored_read(&segment->stored, document, reader->scratch, &source, err);
	if (!code && request->with_source && is_whole)
		out->source = q_arena_copy(reader->arena, source);
	if (!code && is_used)
		code = q__source_parse(source, reader->scratch, &parsed, err);
	if (!code && is_used)
		code = use_source(reader, parsed, out, err);
	return code;
}

enum q_code q__hit_read(struct q__hit_reader *reader, const struct q__segment *segment,
			uint32_t document, struct q_search_hit *out, struct q_err *err)
{
	enum q_code code;

	q_arena_reset(reader->scratch);
	out->id = q_arena_copy(reader->arena, q__segment_id(segment, document));
	code = read_source(reader, segment, document, out, err);
	if (!code && q_arena_failed(reader->arena))
		code = q_fail(err, Q_NOMEM, "search_index.search", "the hits take too much memory");
	return code;
}
