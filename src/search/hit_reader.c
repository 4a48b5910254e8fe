#include "search/hit_reader.h"

#include "search/source_filter.h"

/* A source, parsed, and what is made of it. */
enum { SCRATCH_BYTES = 256 << 20 };

enum q_code q__hit_reader_open(struct q__hit_reader *reader, const struct q_search_request *request,
			       struct q_arena *arena, struct q_err *err)
{
	*reader = (struct q__hit_reader){.request = request, .arena = arena};
	reader->scratch = q_arena_new(SCRATCH_BYTES);
	return reader->scratch ? Q_OK
			       : q_fail(err, Q_NOMEM, "search_index.search", "a document's source");
}

void q__hit_reader_close(struct q__hit_reader *reader)
{
	q_arena_free(reader->scratch);
}

static enum q_code read_filtered(struct q__hit_reader *reader, const struct q__segment *segment,
				 uint32_t document, struct q_search_hit *out, struct q_err *err)
{
	const struct q_json *parsed;
	struct q_str source;
	enum q_code code =
		q__stored_read(&segment->stored, document, reader->scratch, &source, err);

	if (!code)
		code = q__source_parse(source, reader->scratch, &parsed, err);
	if (!code)
		code = q__source_filter(&reader->request->source_filter, parsed, reader->arena,
					reader->scratch, &out->source, err);
	return code;
}

static enum q_code read_source(struct q__hit_reader *reader, const struct q__segment *segment,
			       uint32_t document, struct q_search_hit *out, struct q_err *err)
{
	if (!reader->request->with_source)
		return Q_OK;
	if (!q__source_filter_is_empty(&reader->request->source_filter))
		return read_filtered(reader, segment, document, out, err);
	return q__stored_read(&segment->stored, document, reader->arena, &out->source, err);
}

enum q_code q__hit_read(struct q__hit_reader *reader, const struct q__segment *segment,
			uint32_t document, struct q_search_hit *out, struct q_err *err)
{
	q_arena_reset(reader->scratch);
	out->id = q_arena_copy(reader->arena, q__segment_id(segment, document));
	if (q_arena_failed(reader->arena))
		return q_fail(err, Q_NOMEM, "search_index.search", "the hits take too much memory");
	return read_source(reader, segment, document, out, err);
}
