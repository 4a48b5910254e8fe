/* Reads the input as the helper's child does, without the fork. Where it begins like a PDF it is
 * one; else it is the content of a page of a PDF that is sound, so that what pages paint is reached
 * at once. */
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "extract/document.h"
#include "extract/hidden_text.h"
#include "extract/pdf_page.h"
#include "support/pdf_writer.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES_MAX = 3, ARENA_BYTES = 64 << 20, CONTENT_MAX = 4096 };

static struct q_document_source document_of(struct q_bytes bytes)
{
	struct q_document_source source = {.fd = memfd_create("fuzz.pdf", MFD_CLOEXEC),
					   .size_bytes = bytes.length};
	struct q_err err;

	q_assert(source.fd >= 0 && !q_file_write_all(source.fd, bytes, &err));
	return source;
}

static struct q_document_source document_of_content(struct q_bytes content)
{
	struct pdf_writer *writer = pdf_writer_new();
	char text[CONTENT_MAX + 1] = {0};

	memcpy(text, content.data, content.length < CONTENT_MAX ? content.length : CONTENT_MAX);
	pdf_writer_add_with(writer, "/Rotate 90/CropBox[50 50 500 800]", text);
	pdf_writer_add_with(writer, "", text);
	return pdf_writer_finish(writer);
}

static void check_text(const char *text, size_t length, size_t length_max)
{
	struct q_str s = {text, length};

	q_assert(length <= length_max && q_utf8_is_valid(s));
	for (size_t at = 0; at < length;) {
		uint32_t code = q_utf8_next(s, &at);

		q_assert(code >= 0x20 || code == '\n' || code == '\t');
	}
}

static void check_page(const struct q__page_text *page)
{
	check_text(page->text, page->text_length, Q_EXTRACT_PAGE_TEXT_MAX);
	for (size_t i = 0; i < page->box_count; i++)
		q_assert(isfinite(page->boxes[i].left) && isfinite(page->boxes[i].bottom));
	for (size_t i = 0; i < page->hidden_count; i++) {
		const struct q__hidden_text *hidden = &page->hidden[i];

		q_assert(hidden->reason != Q_EXTRACT_VISIBLE && hidden->text_length > 0);
		check_text(hidden->text, hidden->text_length, Q_EXTRACT_HIDDEN_TEXT_MAX);
	}
}

static void read_page(const struct q__document *document, uint32_t number)
{
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q__page_text text = {.page_number = number};
	struct q__pdf_page page;
	struct q_err err;

	q_assert(arena);
	if (q__pdf_page_read(document, number, arena, &page) == 0 &&
	    q__hidden_text_take(arena, &page.glyphs, &text, &err) == Q_OK &&
	    q__page_text_build(arena, &page.glyphs, &text, &err) == Q_OK)
		check_page(&text);
	q_arena_free(arena);
}

static void start_engine_once(void)
{
	static bool is_started;

	if (!is_started)
		q__engine_start();
	is_started = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_bytes input = {data, size};
	struct q_document_source source;
	static struct q__document document;

	start_engine_once();
	source = q_str_starts_with(q_bytes_str(input), Q_STR("%PDF-")) ? document_of(input)
								       : document_of_content(input);
	if (q__document_open(&document, source.fd, source.size_bytes, 5000) == 0) {
		for (uint32_t n = 1; n <= document.page_count && n <= PAGES_MAX; n++)
			read_page(&document, n);
		q__document_close(&document);
	}
	close(source.fd);
	return 0;
}
