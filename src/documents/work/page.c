/* A page: its text is read from its range's blob, analysed, and stored as a PAGE item that is
 * counted in the same transaction (page_commit.c). The condition on the page's run makes the count
 * exact, however often the work is done. */
#include "documents/work/page.h"
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/work/analysis_json.h"
#include "documents/work/work.h"

#include "base/buf.h"
#include "base/time.h"

enum { ANALYSIS_MAX = 200 * 1024, PAGE_TEXT_MAX = 2 << 20 };

static const char *const page_status_names[] = {
	[Q_PAGE_PENDING] = "pending",
	[Q_PAGE_COMPLETED] = "completed",
	[Q_PAGE_FAILED] = "failed",
};

const char *q_page_status_name(enum q_page_status status)
{
	return page_status_names[status];
}

void q_page_flags_write(struct q_json_writer *w, unsigned flags)
{
	q_json_begin_array(w);
	if (flags & Q_PAGE_NEEDS_OCR)
		q_json_put_string(w, Q_STR("needs_ocr"));
	if (flags & Q_PAGE_TRUNCATED)
		q_json_put_string(w, Q_STR("truncated"));
	if (flags & Q_PAGE_HIDDEN_TEXT)
		q_json_put_string(w, Q_STR("hidden_text"));
	if (flags & Q_PAGE_OCR_LAYER)
		q_json_put_string(w, Q_STR("ocr_layer"));
	q_json_end_array(w);
}

enum q_code q__page_parse(const struct q_item *item, struct q_page *out, struct q_err *err)
{
	const struct q_str none = {0};
	struct q_str status = q_item_string(item, "status", none);

	*out = (struct q_page){
		.number = (unsigned)q_item_number(item, "page", 0),
		.status =
			q_str_equal(status, Q_STR("completed")) ? Q_PAGE_COMPLETED : Q_PAGE_FAILED,
		.run = q_item_number(item, "run", 0),
		.attempts = q_item_number(item, "attempts", 0),
		.input_tokens = q_item_number(item, "inputTokens", 0),
		.output_tokens = q_item_number(item, "outputTokens", 0),
		.flags = (unsigned)q_item_number(item, "flags", 0),
		.analysis = q_item_string(item, "analysis", none),
		.provider = q_item_string(item, "provider", none),
		.error_code = q_item_string(item, "errorCode", none),
		.error_detail = q_item_string(item, "errorDetail", none),
		.finished_at_ms = q_item_number(item, "finishedAt", 0),
	};
	if (out->number == 0 || (out->status == Q_PAGE_FAILED && out->error_code.length == 0))
		return q_fail(err, Q_CORRUPT, "documents.page", "item %.*s %.*s is no page",
			      Q_STR_ARG(item->key.pk), Q_STR_ARG(item->key.sk));
	return Q_OK;
}

enum q_code q__pages_done(struct q_documents *d, const struct q_call *call,
			  const struct q__work *range, struct q_arena *arena, bool *done,
			  struct q_err *err)
{
	struct q_query query = {
		.pk = q__page_key(arena, range->file_id, range->first).pk,
		.sk_from = q__page_key(arena, range->file_id, range->first).sk,
		.sk_to = q__page_key(arena, range->file_id, range->last).sk,
		.limit = Q_DOCUMENTS_RANGE_PAGES,
	};
	struct q_query_page found;

	do {
		enum q_code code =
			q_record_store_query(d->o.records, call, &query, arena, &found, err);

		if (code)
			return code;
		for (size_t i = 0; i < found.count; i++) {
			struct q_page page;

			code = q__page_parse(&found.items[i], &page, err);
			if (code)
				return code;
			done[page.number - range->first] =
				page.status == Q_PAGE_COMPLETED || page.run == range->run;
		}
		query.after = found.next;
	} while (found.next.length > 0);
	return Q_OK;
}

static enum q_code store(struct q_documents *d, const struct q_call *call,
			 const struct q__work *range, unsigned number,
			 const struct q__attributes *attributes, bool is_completed,
			 struct q_arena *arena, struct q_err *err)
{
	struct q_item item = {.key = q__page_key(arena, range->file_id, number),
			      .attributes = attributes->items,
			      .attribute_count = attributes->count};
	struct q__finished_page page = {
		.range = range, .item = &item, .number = number, .is_completed = is_completed};
	enum q_code code;

	if (attributes->failed || q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.page", "a page's item");
	code = q__page_commit(d, call, &page, arena, err);
	if (!code)
		q_series_add(is_completed ? d->pages_completed : d->pages_failed, 1);
	return code;
}

static void begin_item(struct q__attributes *a, struct q_documents *d, const struct q__work *range,
		       unsigned number, const char *status, int64_t attempts, struct q_arena *arena)
{
	q__attributes_init(a, arena, 16);
	q__set_number(a, "page", number);
	q__set_number(a, "run", range->run);
	q__set_string(a, "status", q_str_from(status));
	q__set_number(a, "attempts", attempts);
	q__set_number(a, "finishedAt", q__now(d));
}

enum q_code q__page_store_failed(struct q_documents *d, const struct q_call *call,
				 const struct q__work *range, unsigned number, int64_t attempts,
				 struct q_str error_code, struct q_str error_detail,
				 struct q_arena *arena, struct q_err *err)
{
	struct q__attributes a;

	begin_item(&a, d, range, number, "failed", attempts, arena);
	q__set_string(&a, "errorCode", error_code);
	q__set_string(&a, "errorDetail", error_detail);
	return store(d, call, range, number, &a, false, arena, err);
}

static enum q_code store_analysis(struct q_documents *d, const struct q_call *call,
				  const struct q__work *range, const struct q__page_place *place,
				  unsigned number, int64_t attempts,
				  const struct q_page_analysis *analysis, struct q_arena *arena,
				  struct q_err *err)
{
	struct q__attributes a;
	struct q_buf json;
	struct q_json_writer w;
	enum q_code code;

	q_buf_init(&json, ANALYSIS_MAX);
	q_json_writer_init(&w, &json);
	q_page_analysis_write_json(&w, analysis);
	begin_item(&a, d, range, number, "completed", attempts, arena);
	q__set_string(&a, "analysis", q_buf_str(&json));
	q__set_string(&a, "provider", q_str_from(q_analyst_provider(d->o.analyst)));
	q__set_number(&a, "inputTokens", analysis->input_tokens);
	q__set_number(&a, "outputTokens", analysis->output_tokens);
	q__set_number(&a, "flags", place->flags);
	q__set_string(&a, "textKey", range->text_key);
	q__set_number(&a, "textOffset", (int64_t)place->offset);
	q__set_number(&a, "textBytes", place->text_bytes);
	q__set_number(&a, "boxesBytes", place->boxes_bytes);
	q__set_number(&a, "hiddenBytes", place->hidden_bytes);
	if (q_buf_failed(&json)) /* what an analysis may hold fits: the heap is full */
		code = q_fail(err, Q_NOMEM, "documents.page", "the analysis of a page");
	else
		code = store(d, call, range, number, &a, true, arena, err);
	q_buf_free(&json);
	return code;
}

enum q_code q__page_read_text(struct q_documents *d, const struct q_call *call, struct q_str key,
			      uint64_t offset, uint64_t length, struct q_arena *arena,
			      struct q_str *out, struct q_err *err)
{
	struct q_bytes bytes = {0};
	enum q_code code = Q_OK;

	if (length > 0)
		code = q_blob_store_read(d->o.results, call, key,
					 (struct q_blob_range){offset, length}, PAGE_TEXT_MAX,
					 arena, &bytes, err);
	if (!code && bytes.length != length)
		code = q_fail(err, Q_CORRUPT, "documents.page", "a page's text is cut short");
	*out = q_bytes_str(bytes);
	return code;
}

enum q_code q__page_analyse(struct q_documents *d, const struct q_call *call,
			    const struct q__work *range, const struct q__page_place *place,
			    unsigned number, struct q_arena *arena, struct q_page_analysis *out,
			    struct q_err *err)
{
	struct q_page_request request = {
		.page_number = number, .page_count = range->page_count, .kind = range->kind};
	int64_t started = q_clock_monotonic_ms(d->o.clock);
	enum q_code code;

	if (place->error_code.length > 0)
		return Q_OK;
	code = q__page_read_text(d, call, range->text_key, place->offset, place->text_bytes, arena,
				 &request.text, err);
	if (code)
		return code;
	code = q_analyst_analyse_page(d->o.analyst, call, &request, arena, out, err);
	q_series_observe(d->analyse_seconds,
			 (double)(q_clock_monotonic_ms(d->o.clock) - started) / 1000.0);
	return code;
}

enum q_code q__page_store(struct q_documents *d, const struct q_call *call,
			  const struct q__work *range, const struct q__page_place *place,
			  unsigned number, int64_t attempt, bool is_last_attempt,
			  enum q_code analysed, const struct q_page_analysis *analysis,
			  struct q_arena *arena, struct q_err *err)
{
	enum q_code code = analysed;

	if (place->error_code.length > 0)
		return q__page_store_failed(d, call, range, number, attempt, place->error_code,
					    place->error_detail, arena, err);
	if (!code) {
		code = store_analysis(d, call, range, place, number, attempt, analysis, arena, err);
		is_last_attempt = false; /* a store that fails is not the page's fault */
	}
	if (code == Q_OK || code == Q_CONFLICT || code == Q_CANCELLED ||
	    (q_code_is_retryable(code) && !is_last_attempt))
		return code;
	return q__page_store_failed(d, call, range, number, attempt, q__error_code(err),
				    q_arena_copy(arena, q_str_from(err->message)), arena, err);
}
