#include "ports/page_extractor.h"

static const char *const hidden_reason_names[Q_HIDDEN_REASON_COUNT] = {
	[Q_HIDDEN_INVISIBLE] = "invisible",
	[Q_HIDDEN_OFF_PAGE] = "off_page",
	[Q_HIDDEN_CLIPPED] = "clipped",
	[Q_HIDDEN_TINY] = "tiny",
	[Q_HIDDEN_BACKGROUND_COLOUR] = "background_colour",
};

const char *q_hidden_reason_name(enum q_hidden_reason reason)
{
	q_assert(reason >= Q_HIDDEN_INVISIBLE && reason < Q_HIDDEN_REASON_COUNT);
	return hidden_reason_names[reason];
}

static enum q_code check_source(const struct q_document_source *source, const char *where,
				struct q_err *err)
{
	if (source->fd < 0)
		return q_fail(err, Q_INVALID, where, "no descriptor");
	if (source->size_bytes > INT64_MAX)
		return q_fail(err, Q_INVALID, where, "%llu bytes are more than a file can have",
			      (unsigned long long)source->size_bytes);
	return Q_OK;
}

enum q_code q_page_extractor_count_pages(struct q_page_extractor *extractor,
					 const struct q_call *call,
					 const struct q_document_source *source,
					 unsigned *page_count, struct q_err *err)
{
	static const char where[] = "page_extractor.count_pages";
	enum q_code code;

	q_assert(extractor && extractor->ops && call && source && page_count && err);
	code = check_source(source, where, err);
	if (code == Q_OK)
		code = q_call_check(call, where, err);
	if (code != Q_OK)
		return code;
	return extractor->ops->count_pages(extractor, call, source, page_count, err);
}

enum q_code q_page_extractor_extract(struct q_page_extractor *extractor, const struct q_call *call,
				     const struct q_document_source *source, unsigned first,
				     unsigned last, struct q_page_sink *sink, struct q_err *err)
{
	static const char where[] = "page_extractor.extract";
	enum q_code code;

	q_assert(extractor && extractor->ops && call && source && sink && sink->page && err);
	code = check_source(source, where, err);
	if (code == Q_OK && (first < 1 || last < first || last == UINT32_MAX))
		code = q_fail(err, Q_INVALID, where, "pages %u to %u", first, last);
	if (code == Q_OK)
		code = q_call_check(call, where, err);
	if (code != Q_OK)
		return code;
	return extractor->ops->extract(extractor, call, source, first, last, sink, err);
}

void q_page_extractor_close(struct q_page_extractor *extractor)
{
	if (extractor)
		extractor->ops->close(extractor);
}
