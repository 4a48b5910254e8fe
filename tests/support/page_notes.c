#include "support/page_notes.h"

#include <string.h>

enum { NOTES_MAX = 5000, ARENA_BYTES = 512 << 20 };

static const struct q_call no_limits;

static const struct q_hidden_text *copy_hidden(struct q_arena *arena,
					       const struct q_page_text *page)
{
	struct q_hidden_text *copy = q_arena_alloc_array(arena, page->hidden_count, sizeof *copy);

	q_assert(copy);
	for (size_t i = 0; i < page->hidden_count; i++)
		copy[i] = (struct q_hidden_text){page->hidden[i].reason,
						 q_arena_copy(arena, page->hidden[i].text)};
	return copy;
}

static enum q_code note_page(struct q_page_sink *sink, const struct q_page_text *page,
			     struct q_err *err)
{
	struct page_notes *notes = q_container_of(sink, struct page_notes, sink);
	struct q_bytes boxes = {(const void *)page->boxes, page->box_count * sizeof *page->boxes};
	struct page_note *note = &notes->items[notes->count++];

	(void)err;
	q_assert(notes->count <= NOTES_MAX);
	*note = (struct page_note){
		.page_number = page->page_number,
		.flags = page->flags,
		.width = page->width,
		.height = page->height,
		.text = q_arena_copy(notes->arena, page->text).data,
		.boxes = (const void *)q_arena_copy_bytes(notes->arena, boxes).data,
		.box_count = page->box_count,
		.hidden = copy_hidden(notes->arena, page),
		.hidden_count = page->hidden_count,
		.reason = page->error ? page->error->reason : NULL,
	};
	q_assert(!q_arena_failed(notes->arena) && (!page->error || page->error->reason));
	return Q_OK;
}

void page_notes_init(struct page_notes *notes)
{
	memset(notes, 0, sizeof *notes);
	notes->sink.page = note_page;
	notes->call = &no_limits;
	notes->arena = q_arena_new(ARENA_BYTES);
	q_assert(notes->arena);
	notes->items = q_arena_alloc_array(notes->arena, NOTES_MAX, sizeof *notes->items);
	q_assert(notes->items);
}

void page_notes_free(struct page_notes *notes)
{
	q_arena_free(notes->arena);
}

enum q_code page_notes_take(struct page_notes *notes, struct q_page_extractor *extractor,
			    const struct q_document_source *source, unsigned first, unsigned last)
{
	return q_page_extractor_extract(extractor, notes->call, source, first, last, &notes->sink,
					&notes->err);
}
