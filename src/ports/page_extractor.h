/* ports/page_extractor.h: a document's pages as text, from bytes that are not trusted.
 *
 * Contract:  whatever the bytes are, a call ends within (pages + 1) x page_timeout_ms and harms
 *            nobody. Text is UTF-8 (no NUL) in reading order: lines end in '\n', paragraphs are
 *            parted by an empty line, ligatures are letters, a word hyphenated at a line's end is
 *            whole. What a reader of the page does not see is no part of its text: it is given
 *            apart, by reason. A page that fails does not fail the others.
 * Units:     pages from 1; points (1/72 inch), origin at the top left of the page as it is shown
 *            (after /Rotate).
 * Ownership: the source's descriptor is borrowed for the call. What the sink is given lasts for
 *            its call.
 * Threads:   any.
 * Errors:    with a reason where the document is to blame: "malformed_pdf" and "password_required"
 *            (Q_INVALID), "unsupported_type" (Q_UNSUPPORTED), "too_many_pages" and "too_large"
 *            (Q_TOOBIG), "page_timeout" (Q_TIMEOUT), "page_crashed" (Q_CORRUPT). A range beyond
 *            the document's last page: Q_INVALID. Without one: Q_BUSY, Q_IO, Q_NOMEM, Q_CANCELLED:
 *            asking again may help.
 * Idempotency: the same bytes give the same text. */
#ifndef Q_PORTS_PAGE_EXTRACTOR_H
#define Q_PORTS_PAGE_EXTRACTOR_H

#include "base/arena.h"
#include "base/call.h"

struct q_document_source {
	int fd; /* of a regular file, read-only, read by position */
	uint64_t size_bytes;
};

enum q_page_flag {
	Q_PAGE_NEEDS_OCR = 1 << 0,   /* no text, or a picture with next to none */
	Q_PAGE_TRUNCATED = 1 << 1,   /* text was cut at the page's limit */
	Q_PAGE_HIDDEN_TEXT = 1 << 2, /* some text is not visible to a reader of the page */
	Q_PAGE_OCR_LAYER = 1 << 3    /* the text is what a scanner took a picture for */
};

/* Why a reader of the page does not see a text. A text has the first reason that fits. */
enum q_hidden_reason {
	Q_HIDDEN_INVISIBLE = 1,	    /* painted with nothing: render mode 3, or all transparent */
	Q_HIDDEN_OFF_PAGE,	    /* beyond the crop box */
	Q_HIDDEN_CLIPPED,	    /* outside what its clipping path lets show */
	Q_HIDDEN_TINY,		    /* under a point high or wide */
	Q_HIDDEN_BACKGROUND_COLOUR, /* in the colour of what it is painted on */
	Q_HIDDEN_REASON_COUNT
};

struct q_hidden_text {
	enum q_hidden_reason reason;
	struct q_str text; /* in reading order, at most 64 KiB */
};

/* Where one character of the text stands on the page; all 0 for white space. */
struct q_text_box {
	float left, top, right, bottom;
};

struct q_page_text {
	unsigned page_number;
	float width, height;
	unsigned flags;
	struct q_str text;
	const struct q_text_box *boxes; /* one a character (code point) of text */
	size_t box_count;
	const struct q_hidden_text *hidden; /* one for each reason that occurs */
	size_t hidden_count;
	const struct q_err *
		error; /* NULL: the page has been read; else reason says why not, and text is empty */
};

/* Is given each page of the range once, in order. An error ends the extraction with that error. */
struct q_page_sink {
	enum q_code (*page)(struct q_page_sink *, const struct q_page_text *, struct q_err *);
};

/* "invisible", "off_page", "clipped", "tiny", "background_colour". */
const char *q_hidden_reason_name(enum q_hidden_reason reason);

struct q_page_extractor {
	const struct q_page_extractor_ops *ops;
};

struct q_page_extractor_ops {
	const char *name; /* "helper" */
	enum q_code (*count_pages)(struct q_page_extractor *, const struct q_call *,
				   const struct q_document_source *, unsigned *, struct q_err *);
	enum q_code (*extract)(struct q_page_extractor *, const struct q_call *,
			       const struct q_document_source *, unsigned first, unsigned last,
			       struct q_page_sink *, struct q_err *);
	void (*close)(struct q_page_extractor *);
};

/* At least 1 page; a document without any is "malformed_pdf". */
Q_MUST_USE enum q_code q_page_extractor_count_pages(struct q_page_extractor *extractor,
						    const struct q_call *call,
						    const struct q_document_source *source,
						    unsigned *page_count, struct q_err *err);

/* Pages first..last, both included. Q_OK also where pages failed: each tells its own error. */
Q_MUST_USE enum q_code q_page_extractor_extract(struct q_page_extractor *extractor,
						const struct q_call *call,
						const struct q_document_source *source,
						unsigned first, unsigned last,
						struct q_page_sink *sink, struct q_err *err);

void q_page_extractor_close(struct q_page_extractor *extractor);

#endif
