/* support/page_notes.h: a sink that notes each page which an extractor gives.
 *
 * Ownership: the notes are freed by page_notes_free.
 * Threads:   one at a time. */
#ifndef Q_TESTS_PAGE_NOTES_H
#define Q_TESTS_PAGE_NOTES_H

#include "ports/page_extractor.h"

struct page_note {
	unsigned page_number;
	unsigned flags;
	float width, height;
	const char *text; /* with a NUL */
	const struct q_text_box *boxes;
	size_t box_count;
	const struct q_hidden_text *hidden;
	size_t hidden_count;
	const char *reason; /* NULL: the page has been read */
};

struct page_notes {
	struct q_page_sink sink;
	struct q_arena *arena;
	const struct q_call *call; /* no limits at first */
	struct page_note *items;
	size_t count;
	struct q_err err;
};

void page_notes_init(struct page_notes *notes);
void page_notes_free(struct page_notes *notes);

/* Extracts pages first..last into the notes; its errors are in notes->err. */
enum q_code page_notes_take(struct page_notes *notes, struct q_page_extractor *extractor,
			    const struct q_document_source *source, unsigned first, unsigned last);

#endif
