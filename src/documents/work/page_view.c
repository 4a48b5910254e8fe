/* Pages, as those see them who may read the job: one with its text, or a list of their states. */
#include "documents/items.h"
#include "documents/work/page.h"

/* A page that failed in an earlier run is open in this one. */
static bool is_open(const struct q_page *page, const struct q_job *job)
{
	return page->status == Q_PAGE_FAILED && page->run < job->run;
}

static struct q_page open_page(const struct q_job *job, unsigned number)
{
	return (struct q_page){
		.number = number, .status = Q_PAGE_PENDING, .run = job->run, .hidden = Q_STR("[]")};
}

/* The page's text and what is hidden, from its range's blob. */
static enum q_code load_texts(struct q_documents *d, const struct q_call *call,
			      const struct q_item *item, struct q_arena *arena, struct q_page *out,
			      struct q_err *err)
{
	struct q_str key = q_item_string(item, "textKey", (struct q_str){0});
	uint64_t offset = (uint64_t)q_item_number(item, "textOffset", 0);
	uint64_t text_bytes = (uint64_t)q_item_number(item, "textBytes", 0);
	uint64_t boxes_bytes = (uint64_t)q_item_number(item, "boxesBytes", 0);
	uint64_t hidden_bytes = (uint64_t)q_item_number(item, "hiddenBytes", 0);
	enum q_code code =
		q__page_read_text(d, call, key, offset, text_bytes, arena, &out->text, err);

	if (!code)
		code = q__page_read_text(d, call, key, offset + text_bytes + boxes_bytes,
					 hidden_bytes, arena, &out->hidden, err);
	if (out->hidden.length == 0)
		out->hidden = Q_STR("[]");
	return code;
}

static enum q_code load_page(struct q_documents *d, const struct q_call *call,
			     const struct q_job *job, unsigned number, struct q_arena *arena,
			     struct q_page *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code = q_record_store_get(
		d->o.records, call, q__page_key(arena, job->file_id, number), arena, &item, err);

	if (!code)
		code = q__page_parse(&item, out, err);
	if (code == Q_NOTFOUND || (!code && is_open(out, job))) {
		*out = open_page(job, number);
		return Q_OK;
	}
	if (!code)
		code = load_texts(d, call, &item, arena, out, err);
	return code;
}

enum q_code q_documents_find_page(struct q_documents *d, const struct q_call *call,
				  const struct q_identity *who, struct q_str file_id,
				  unsigned number, struct q_arena *arena, struct q_page *out,
				  struct q_err *err)
{
	struct q_job job;
	enum q_code code = q_documents_find_job(d, call, who, file_id, arena, &job, err);

	if (code)
		return code;
	if (job.total_pages == 0 && !q_job_status_is_final(job.status))
		return q_fail_reason(err, Q_CONFLICT, "not_ready", "documents.page",
				     "the pages have not been counted yet: try again shortly");
	if (number < 1 || number > job.total_pages)
		return q_fail(err, Q_NOTFOUND, "documents.page", "there is no such page");
	return load_page(d, call, &job, number, arena, out, err);
}

/* --- The list --------------------------------------------------------------------------------- */

/* Puts what is stored of pages first..first + list->count - 1 in the place of open ones. */
static enum q_code fill(const struct q_job *job, const struct q_query_page *found, unsigned first,
			struct q_page_list *list, struct q_err *err)
{
	for (size_t i = 0; i < found->count; i++) {
		struct q_page page;
		enum q_code code = q__page_parse(&found->items[i], &page, err);

		if (code)
			return code;
		if (!is_open(&page, job) && page.number - first < list->count)
			list->items[page.number - first] = page;
	}
	return Q_OK;
}

static enum q_code read_pages(struct q_documents *d, const struct q_call *call,
			      const struct q_job *job, unsigned first, struct q_arena *arena,
			      struct q_page_list *list, struct q_err *err)
{
	unsigned last = first + (unsigned)list->count - 1;
	struct q_query query = {.pk = q__job_key(arena, job->file_id).pk,
				.sk_from = q__page_key(arena, job->file_id, first).sk,
				.sk_to = q__page_key(arena, job->file_id, last).sk,
				.limit = list->count};

	do {
		struct q_query_page found;
		enum q_code code =
			q_record_store_query(d->o.records, call, &query, arena, &found, err);

		if (!code)
			code = fill(job, &found, first, list, err);
		if (code)
			return code;
		query.after = found.next;
	} while (query.after.length > 0);
	return Q_OK;
}

enum q_code q_documents_list_pages(struct q_documents *d, const struct q_call *call,
				   const struct q_identity *who, struct q_str file_id,
				   unsigned after, size_t limit, struct q_arena *arena,
				   struct q_page_list *out, struct q_err *err)
{
	struct q_job job;
	enum q_code code = q_documents_find_job(d, call, who, file_id, arena, &job, err);

	q_assert(limit >= 1 && limit <= Q_DOCUMENTS_LIST_MAX);
	*out = (struct q_page_list){0};
	if (code || after >= job.total_pages)
		return code;
	out->count =
		(size_t)job.total_pages - after < limit ? (size_t)job.total_pages - after : limit;
	out->items = q_arena_alloc_array(arena, out->count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "documents.pages", "%zu pages", out->count);
	for (size_t i = 0; i < out->count; i++)
		out->items[i] = open_page(&job, after + 1 + (unsigned)i);
	if (after + out->count < (size_t)job.total_pages)
		out->next = after + (unsigned)out->count;
	return read_pages(d, call, &job, after + 1, arena, out, err);
}
