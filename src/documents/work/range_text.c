/* The text of a range: one blob with, for each page in order, its text, its character boxes and its
 * hidden text; and an index of it in the range's item. A page is read from it by position, so that
 * a range is extracted once, ahead of the analysis, which never gets to the hidden text.
 *
 * Boxes are kept as four little-endian 16-bit numbers a character (left, top, right, bottom in
 * tenths of a point), compressed with zstd. Hidden text is kept as people are shown it: a JSON
 * array of {reason, text}, or nothing. The index is JSON: an array a page, [offset, text bytes, box
 * bytes, hidden bytes, flags] and, where the page could not be read, its error's code and
 * detail. */
#include "documents/jobs/delete.h"
#include "documents/jobs/job.h"
#include "documents/work/work.h"

#include "base/json.h"
#include "base/mem.h"

#include <inttypes.h>
#include <unistd.h>
#include <zstd.h>

enum {
	BOX_BYTES = 8,
	INDEX_MAX = 64 * 1024,
	ERROR_DETAIL_MAX = 300,
	HIDDEN_MAX = 1 << 20,
	CHECK_EVERY_MS = 1000 /* whether the pages are still wanted */
};

static const struct q_json_limits index_limits = {INDEX_MAX, 4, false};

struct range_sink {
	struct q_page_sink base; /* first: the extractor's view */
	struct q_documents *d;
	const struct q_call *call;
	const struct q__work *range;
	struct q_arena *arena;
	int64_t checked_at_ms;	      /* monotonic */
	struct q_blob_writer *writer; /* owned until commit or abort */
	uint64_t offset;
	unsigned next_page;
	struct q_json_writer index;
};

static unsigned tenths(float points)
{
	float n = points * 10.0f + 0.5f;

	return n >= 65535.0f ? 65535u : n > 0.0f ? (unsigned)n : 0u;
}

static void put_uint16(unsigned char *out, unsigned n)
{
	out[0] = (unsigned char)(n & 0xff);
	out[1] = (unsigned char)(n >> 8);
}

/* The boxes as they are stored, in memory of the caller's (q_mem_free); *length 0 and NULL where
 * there are none. */
static enum q_code encode_boxes(const struct q_page_text *page, unsigned char **out, size_t *length,
				struct q_err *err)
{
	size_t raw_bytes = page->box_count * BOX_BYTES;
	size_t bound = ZSTD_compressBound(raw_bytes);
	unsigned char *raw = NULL, *packed = NULL;
	enum q_code code = Q_OK;

	*out = NULL;
	*length = 0;
	if (raw_bytes == 0)
		return Q_OK;
	raw = q_mem_new(raw_bytes);
	packed = q_mem_new(bound);
	if (!raw || !packed) {
		code = q_fail(err, Q_NOMEM, "documents.boxes", "%zu bytes", raw_bytes + bound);
		goto done;
	}
	for (size_t i = 0; i < page->box_count; i++) {
		const struct q_text_box *box = &page->boxes[i];
		unsigned char *at = raw + i * BOX_BYTES;

		put_uint16(at, tenths(box->left));
		put_uint16(at + 2, tenths(box->top));
		put_uint16(at + 4, tenths(box->right));
		put_uint16(at + 6, tenths(box->bottom));
	}
	*length = ZSTD_compress(packed, bound, raw, raw_bytes, 1);
	if (ZSTD_isError(*length)) {
		code = q_fail(err, Q_NOMEM, "documents.boxes", "%s", ZSTD_getErrorName(*length));
		goto done;
	}
	*out = packed;
	packed = NULL;
done:
	q_mem_free(raw);
	q_mem_free(packed);
	return code;
}

/* The page's hidden texts as they are stored; nothing where it has none. */
static enum q_code encode_hidden(const struct q_page_text *page, struct q_buf *out,
				 struct q_err *err)
{
	struct q_json_writer w;

	if (page->hidden_count == 0)
		return Q_OK;
	q_json_writer_init(&w, out);
	q_json_begin_array(&w);
	for (size_t i = 0; i < page->hidden_count; i++) {
		const struct q_hidden_text *hidden = &page->hidden[i];

		q_json_begin_object(&w);
		q_json_field_string(&w, "reason", q_str_from(q_hidden_reason_name(hidden->reason)));
		q_json_field_string(&w, "text", hidden->text);
		q_json_end_object(&w);
	}
	q_json_end_array(&w);
	if (q_buf_failed(out))
		return q_fail(err, Q_NOMEM, "documents.hidden", "the hidden text of a page");
	return Q_OK;
}

static void index_page(struct range_sink *sink, const struct q_page_text *page, size_t boxes_bytes,
		       size_t hidden_bytes)
{
	struct q_json_writer *w = &sink->index;

	q_json_begin_array(w);
	q_json_put_int64(w, (int64_t)sink->offset);
	q_json_put_int64(w, (int64_t)page->text.length);
	q_json_put_int64(w, (int64_t)boxes_bytes);
	q_json_put_int64(w, (int64_t)hidden_bytes);
	q_json_put_int64(w, page->flags);
	if (page->error) {
		struct q_str detail = q_str_from(page->error->message);

		q_json_put_string(w, q__error_code(page->error));
		q_json_put_string(w, q_str_slice(detail, 0, ERROR_DETAIL_MAX));
	}
	q_json_end_array(w);
}

/* A job that was cancelled or deleted frees the extractor with the page at hand. */
static enum q_code check_wanted(struct range_sink *sink, struct q_err *err)
{
	int64_t now = q_clock_monotonic_ms(sink->d->o.clock);
	bool is_over;
	enum q_code code;

	if (now - sink->checked_at_ms < CHECK_EVERY_MS)
		return Q_OK;
	sink->checked_at_ms = now;
	code = q__range_is_over(sink->d, sink->call, sink->range, sink->arena, &is_over, err);
	if (!code && is_over)
		code = q_fail(err, Q_CONFLICT, "documents.extract", "the run is over");
	return code;
}

static enum q_code add_bytes(struct range_sink *sink, struct q_bytes bytes, struct q_err *err)
{
	enum q_code code = Q_OK;

	if (bytes.length > 0)
		code = q_blob_writer_add(sink->writer, sink->call, bytes, err);
	sink->offset += bytes.length;
	return code;
}

static enum q_code add_page(struct range_sink *sink, const struct q_page_text *page,
			    struct q_bytes boxes, struct q_bytes hidden, struct q_err *err)
{
	enum q_code code;

	index_page(sink, page, boxes.length, hidden.length);
	code = add_bytes(sink, q_str_bytes(page->text), err);
	if (!code)
		code = add_bytes(sink, boxes, err);
	if (!code)
		code = add_bytes(sink, hidden, err);
	return code;
}

static enum q_code take_page(struct q_page_sink *base, const struct q_page_text *page,
			     struct q_err *err)
{
	struct range_sink *sink = q_container_of(base, struct range_sink, base);
	unsigned char *boxes = NULL;
	size_t boxes_bytes = 0;
	struct q_buf hidden;
	enum q_code code;

	q_assert(page->page_number == sink->next_page);
	code = check_wanted(sink, err);
	if (code)
		return code;
	q_buf_init(&hidden, HIDDEN_MAX);
	code = encode_hidden(page, &hidden, err);
	if (!code)
		code = encode_boxes(page, &boxes, &boxes_bytes, err);
	if (!code)
		code = add_page(sink, page, (struct q_bytes){boxes, boxes_bytes},
				q_str_bytes(q_buf_str(&hidden)), err);
	q_mem_free(boxes);
	q_buf_free(&hidden);
	sink->next_page++;
	return code;
}

/* Where the document as a whole is to blame, each page that did not come bears the error. */
static enum q_code blame_rest(struct range_sink *sink, const struct q__work *range,
			      const struct q_err *cause, struct q_err *err)
{
	while (sink->next_page <= range->last) {
		struct q_page_text page = {.page_number = sink->next_page, .error = cause};
		enum q_code code = take_page(&sink->base, &page, err);

		if (code)
			return code;
	}
	return Q_OK;
}

static enum q_code extract_into(struct q_documents *d, const struct q_call *call,
				const struct q__work *range, struct q_str source_key,
				struct range_sink *sink, struct q_err *err)
{
	struct q_document_source source = {.fd = -1};
	enum q_code code = q_blob_store_open_file(d->o.documents, call, source_key, &source.fd,
						  &source.size_bytes, err);

	if (code)
		return code;
	code = q_page_extractor_extract(d->o.extractor, call, &source, range->first, range->last,
					&sink->base, err);
	close(source.fd);
	if (code && err->reason) {
		struct q_err cause = *err;

		code = blame_rest(sink, range, &cause, err);
	}
	return code;
}

/* A key of each run's own: the pages that stand point into the text of the run that made them. */
static struct q_str text_key(struct q_arena *arena, const struct q__work *range)
{
	struct q_str key = q_arena_format(arena, "%.*s/%.*s/text/%06u", Q_STR_ARG(range->tenant_id),
					  Q_STR_ARG(range->file_id), range->range);

	return range->run == 1 ? key
			       : q_arena_format(arena, "%.*s.%" PRId64, Q_STR_ARG(key), range->run);
}

enum q_code q__range_extract(struct q_documents *d, const struct q_call *call,
			     struct q__work *range, struct q_arena *arena, struct q_err *err)
{
	struct q__job job;
	struct q_str key;
	struct q_buf index;
	struct range_sink sink = {.base = {take_page},
				  .d = d,
				  .call = call,
				  .range = range,
				  .arena = arena,
				  .checked_at_ms = q_clock_monotonic_ms(d->o.clock),
				  .next_page = range->first};
	enum q_code code = q__job_read(d, call, range->file_id, arena, &job, err);

	if (code)
		return code;
	key = text_key(arena, range);
	q_buf_init(&index, INDEX_MAX);
	q_json_writer_init(&sink.index, &index);
	q_json_begin_array(&sink.index);
	code = q_blob_writer_open(d->o.results, call, key, &sink.writer, err);
	if (code)
		goto done;
	code = extract_into(d, call, range, job.view.source_key, &sink, err);
	q_json_end_array(&sink.index);
	if (!code && q_buf_failed(&index))
		code = q_fail(err, Q_NOMEM, "documents.extract", "the index of a range");
	if (code) {
		q_blob_writer_abort(sink.writer);
		goto done;
	}
	code = q_blob_writer_commit(sink.writer, call, NULL, err);
	if (code)
		goto done;
	range->text_key = key;
	range->text_index = q_arena_copy(arena, q_buf_str(&index));
	code = q__work_extracted(d, call, range, arena, err);
	if (code)
		q__remove_if_deleted(d, call, range->file_id, key, arena);
done:
	q_buf_free(&index);
	return code;
}

static bool read_number(struct q_json_walk *walk, int64_t *out)
{
	return q_json_next(walk) && q_json_int64(walk->value, out) && *out >= 0;
}

static bool read_place(const struct q_json *entry, struct q__page_place *out)
{
	struct q_json_walk walk = q_json_walk(entry);
	int64_t offset, text_bytes, boxes_bytes, hidden_bytes, flags;

	if (!read_number(&walk, &offset) || !read_number(&walk, &text_bytes) ||
	    !read_number(&walk, &boxes_bytes) || !read_number(&walk, &hidden_bytes) ||
	    !read_number(&walk, &flags) || text_bytes > UINT32_MAX || boxes_bytes > UINT32_MAX ||
	    hidden_bytes > UINT32_MAX)
		return false;
	*out = (struct q__page_place){.offset = (uint64_t)offset,
				      .text_bytes = (uint32_t)text_bytes,
				      .boxes_bytes = (uint32_t)boxes_bytes,
				      .hidden_bytes = (uint32_t)hidden_bytes,
				      .flags = (unsigned)flags};
	if (!q_json_next(&walk))
		return true;
	return q_json_string(walk.value, &out->error_code) && q_json_next(&walk) &&
	       q_json_string(walk.value, &out->error_detail);
}

enum q_code q__range_places(const struct q__work *range, struct q_arena *arena,
			    struct q__page_place **out, struct q_err *err)
{
	const struct q_json *index;
	struct q_json_walk walk;
	size_t count = range->last - range->first + 1, i = 0;
	enum q_code code =
		q_json_parse(arena, q_str_bytes(range->text_index), &index_limits, &index, err);

	if (code == Q_NOMEM)
		return code;
	if (code)
		return q_fail(err, Q_CORRUPT, "documents.places",
			      "the text index of range %u is no JSON", range->range);
	*out = q_arena_alloc_array(arena, count, sizeof **out);
	if (!*out)
		return q_fail(err, Q_NOMEM, "documents.places", "%zu pages", count);
	for (walk = q_json_walk(index); q_json_next(&walk); i++) {
		if (i >= count || !read_place(walk.value, &(*out)[i]))
			break;
	}
	if (i != count || q_json_count(index) != count)
		return q_fail(err, Q_CORRUPT, "documents.places",
			      "the text index of range %u does not fit its pages", range->range);
	return Q_OK;
}
