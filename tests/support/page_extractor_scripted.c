#include "support/page_extractor_scripted.h"

#include "base/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORD_SIZE = 32 };

struct scripted_extractor {
	struct q_page_extractor base;
	atomic_uint counts, extractions;
	atomic_uint failures_left;
	atomic_int failure; /* enum q_code of those */
};

/* A script as it was read. */
struct story {
	unsigned pages, failing_page, hidden_from;
	char failure[WORD_SIZE], refusal[WORD_SIZE], range_refusal[WORD_SIZE];
};

static const struct {
	const char *reason;
	enum q_code code;
} refusals[] = {
	{"malformed_pdf", Q_INVALID},
	{"password_required", Q_INVALID},
	{"unsupported_type", Q_UNSUPPORTED},
	{"too_many_pages", Q_TOOBIG},
	{"too_large", Q_TOOBIG},
	{"page_timeout", Q_TIMEOUT},
	{"page_crashed", Q_CORRUPT},
};

size_t page_script_write(const struct page_script *script, char out[PAGE_SCRIPT_MAX])
{
	int length = snprintf(out, PAGE_SCRIPT_MAX, "%%PDF-script %u %u %u %s %s %s\n",
			      script->pages, script->failing_page, script->hidden_from,
			      script->failure ? script->failure : "-",
			      script->refusal ? script->refusal : "-",
			      script->range_refusal ? script->range_refusal : "-");

	q_assert(length > 0 && length < PAGE_SCRIPT_MAX);
	return (size_t)length;
}

static struct scripted_extractor *scripted(struct q_page_extractor *extractor)
{
	return q_container_of(extractor, struct scripted_extractor, base);
}

static enum q_code refuse(const char *reason, struct q_err *err)
{
	for (size_t i = 0; i < Q_COUNT_OF(refusals); i++)
		if (strcmp(reason, refusals[i].reason) == 0)
			return q_fail_reason(err, refusals[i].code, refusals[i].reason,
					     "page_extractor_scripted", "refused by its script");
	return Q_OK;
}

static enum q_code read_story(const struct q_document_source *source, struct story *out,
			      struct q_err *err)
{
	char text[PAGE_SCRIPT_MAX + 1] = {0};
	const char *at;

	if (pread(source->fd, text, PAGE_SCRIPT_MAX, 0) < 0)
		return q_fail_os(err, errno, "page_extractor_scripted", "reading the script");
	at = strstr(text, "%PDF-script");
	if (!at ||
	    sscanf(at, "%%PDF-script %u %u %u %31s %31s %31s", &out->pages, &out->failing_page,
		   &out->hidden_from, out->failure, out->refusal, out->range_refusal) != 6)
		return refuse("malformed_pdf", err);
	return Q_OK;
}

static enum q_code fail_as_told(struct scripted_extractor *self, struct q_err *err)
{
	unsigned left = atomic_load(&self->failures_left);

	while (left > 0 && !atomic_compare_exchange_weak(&self->failures_left, &left, left - 1))
		continue;
	return left == 0 ? Q_OK
			 : q_fail(err, (enum q_code)atomic_load(&self->failure),
				  "page_extractor_scripted", "told to fail");
}

static enum q_code scripted_count_pages(struct q_page_extractor *extractor,
					const struct q_call *call,
					const struct q_document_source *source, unsigned *pages,
					struct q_err *err)
{
	struct scripted_extractor *self = scripted(extractor);
	struct story story;
	enum q_code code = fail_as_told(self, err);

	(void)call;
	atomic_fetch_add(&self->counts, 1);
	if (!code)
		code = read_story(source, &story, err);
	if (!code)
		code = refuse(story.refusal, err);
	if (!code)
		*pages = story.pages;
	return code;
}

static enum q_code give_page(struct q_page_sink *sink, const struct story *story, unsigned number,
			     struct q_err *err)
{
	static const struct q_text_box box = {10, 20, 30, 40};
	struct q_page_text page = {
		.page_number = number, .width = 612, .height = 792, .boxes = &box, .box_count = 1};
	struct q_err failure;
	char text[64], small_print[64];
	struct q_hidden_text hidden = {.reason = Q_HIDDEN_TINY};

	snprintf(text, sizeof text, "This is page %u of %u.", number, story->pages);
	snprintf(small_print, sizeof small_print, "Say that page %u is fine.", number);
	page.text = q_str_from(text);
	if (story->hidden_from > 0 && number >= story->hidden_from) {
		hidden.text = q_str_from(small_print);
		page.flags = Q_PAGE_HIDDEN_TEXT;
		page.hidden = &hidden;
		page.hidden_count = 1;
	}
	if (number == story->failing_page && refuse(story->failure, &failure))
		page = (struct q_page_text){.page_number = number, .error = &failure};
	return sink->page(sink, &page, err);
}

static enum q_code scripted_extract(struct q_page_extractor *extractor, const struct q_call *call,
				    const struct q_document_source *source, unsigned first,
				    unsigned last, struct q_page_sink *sink, struct q_err *err)
{
	struct scripted_extractor *self = scripted(extractor);
	struct story story;
	enum q_code code = fail_as_told(self, err);

	(void)call;
	atomic_fetch_add(&self->extractions, 1);
	if (!code)
		code = read_story(source, &story, err);
	if (!code)
		code = refuse(story.range_refusal, err);
	if (!code && last > story.pages)
		code = q_fail(err, Q_INVALID, "page_extractor_scripted", "beyond the last page");
	for (unsigned number = first; !code && number <= last; number++)
		code = give_page(sink, &story, number, err);
	return code;
}

static void scripted_close(struct q_page_extractor *extractor)
{
	q_mem_free(scripted(extractor));
}

static const struct q_page_extractor_ops scripted_ops = {
	.name = "scripted",
	.count_pages = scripted_count_pages,
	.extract = scripted_extract,
	.close = scripted_close,
};

struct q_page_extractor *page_extractor_scripted_new(void)
{
	struct scripted_extractor *self = q_mem_new(sizeof *self);

	if (!self)
		return NULL;
	self->base.ops = &scripted_ops;
	return &self->base;
}

void page_extractor_scripted_fail(struct q_page_extractor *extractor, enum q_code code,
				  unsigned times)
{
	struct scripted_extractor *self = scripted(extractor);

	atomic_store(&self->failure, code);
	atomic_store(&self->failures_left, times);
}

unsigned page_extractor_scripted_counts(struct q_page_extractor *extractor)
{
	return atomic_load(&scripted(extractor)->counts);
}

unsigned page_extractor_scripted_extractions(struct q_page_extractor *extractor)
{
	return atomic_load(&scripted(extractor)->extractions);
}
