#include "support/pdf_writer.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Fixed objects come first: catalog, page tree, font, picture, a form, and two chains of forms;
 * then a page and its content in turn. */
enum {
	CATALOG = 1,
	PAGE_TREE,
	FONT,
	PICTURE,
	WHITE_FORM,
	SLOW_FORM,
	CHAIN_LENGTH = 10, /* each form draws the next one ten times */
	HUGE_FORM = SLOW_FORM + CHAIN_LENGTH,
	FIRST_PAGE = HUGE_FORM + CHAIN_LENGTH,
	PAGES_MAX = 5000,
	OBJECTS_MAX = FIRST_PAGE + 2 * PAGES_MAX,
	TEXT_LENGTH = 30000,
};

struct pdf_writer {
	struct q_buf out;
	size_t offsets[OBJECTS_MAX];
	int page_count;
};

static void begin(struct pdf_writer *w, int object)
{
	w->offsets[object] = w->out.length;
	q_buf_format(&w->out, "%d 0 obj\n", object);
}

static void add_stream(struct pdf_writer *w, int object, const char *dictionary,
		       const char *content)
{
	begin(w, object);
	q_buf_format(&w->out, "<<%s/Length %zu>>stream\n", dictionary, strlen(content));
	q_buf_append(&w->out, q_str_from(content));
	q_buf_append(&w->out, Q_STR("\nendstream\nendobj\n"));
}

static void add_chain(struct pdf_writer *w, int first, const char *last_content)
{
	char dictionary[256];

	for (int i = 0; i < CHAIN_LENGTH; i++) {
		bool is_last = i == CHAIN_LENGTH - 1;

		snprintf(dictionary, sizeof dictionary,
			 "/Type/XObject/Subtype/Form/BBox[0 0 999 999]/Resources<</Font<</F1 %d 0 "
			 "R>>"
			 "/XObject<</X %d 0 R>>>>",
			 FONT, first + i + !is_last);
		add_stream(w, first + i, dictionary,
			   is_last ? last_content
				   : "/X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do");
	}
}

static void add_huge_chain(struct pdf_writer *w)
{
	struct q_buf text;

	q_buf_init(&text, TEXT_LENGTH + 100);
	q_buf_append(&text, Q_STR("BT /F1 1 Tf 9 9 Td ("));
	for (int i = 0; i < TEXT_LENGTH; i++)
		q_buf_append_char(&text, 'a');
	q_buf_append(&text, Q_STR(") Tj ET"));
	add_chain(w, HUGE_FORM, text.data);
	q_buf_free(&text);
}

static void add_drawings(struct pdf_writer *w)
{
	char dictionary[256];

	add_stream(w, PICTURE,
		   "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8"
		   "/ColorSpace/DeviceGray/Filter/ASCIIHexDecode",
		   "00>");
	snprintf(dictionary, sizeof dictionary,
		 "/Type/XObject/Subtype/Form/BBox[0 0 100 50]/Resources<</Font<</F1 %d 0 R>>>>",
		 FONT);
	add_stream(w, WHITE_FORM, dictionary,
		   "1 g BT /F1 12 Tf 10 10 Td (in a form) Tj 200 0 Td (beyond it) Tj ET");
}

struct pdf_writer *pdf_writer_new(void)
{
	struct pdf_writer *w = q_mem_new(sizeof *w);

	q_assert(w);
	q_buf_init(&w->out, 64 << 20);
	q_buf_append(&w->out, Q_STR("%PDF-1.7\n"));
	begin(w, CATALOG);
	q_buf_format(&w->out, "<</Type/Catalog/Pages %d 0 R>>\nendobj\n", PAGE_TREE);
	begin(w, FONT);
	q_buf_append(&w->out, Q_STR("<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
				    "/Encoding/WinAnsiEncoding>>\nendobj\n"));
	add_drawings(w);
	add_chain(w, SLOW_FORM, "q Q");
	add_huge_chain(w);
	return w;
}

static int page_object(int index)
{
	return FIRST_PAGE + 2 * index;
}

static void add_page(struct pdf_writer *w, const char *entries, const char *content, int form)
{
	int object = page_object(w->page_count++);

	q_assert(w->page_count <= PAGES_MAX);
	begin(w, object);
	q_buf_format(&w->out,
		     "<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]%s/Contents %d 0 R"
		     "/Resources<</Font<</F1 %d 0 R>>/XObject<</X %d 0 R/P %d 0 R/W %d 0 R>>"
		     "/ExtGState<</C<</ca 0/CA 0>>>>>>>>\nendobj\n",
		     PAGE_TREE, entries, object + 1, FONT, form, PICTURE, WHITE_FORM);
	add_stream(w, object + 1, "", content);
}

void pdf_writer_add(struct pdf_writer *w, const char *content)
{
	add_page(w, "", content, WHITE_FORM);
}

void pdf_writer_add_with(struct pdf_writer *w, const char *entries, const char *content)
{
	add_page(w, entries, content, WHITE_FORM);
}

void pdf_writer_add_text(struct pdf_writer *w, const char *text)
{
	char content[512];

	snprintf(content, sizeof content, "BT /F1 12 Tf 72 720 Td (%s) Tj ET", text);
	pdf_writer_add(w, content);
}

void pdf_writer_add_slow(struct pdf_writer *w)
{
	add_page(w, "", "/X Do", SLOW_FORM);
}

void pdf_writer_add_huge(struct pdf_writer *w)
{
	add_page(w, "", "/X Do", HUGE_FORM);
}

static void add_page_tree(struct pdf_writer *w)
{
	begin(w, PAGE_TREE);
	q_buf_format(&w->out, "<</Type/Pages/Count %d/Kids[", w->page_count);
	for (int i = 0; i < w->page_count; i++)
		q_buf_format(&w->out, "%d 0 R ", page_object(i));
	q_buf_append(&w->out, Q_STR("]>>\nendobj\n"));
}

static void add_cross_references(struct pdf_writer *w)
{
	size_t start = w->out.length;
	int count = page_object(w->page_count);

	q_buf_format(&w->out, "xref\n0 %d\n0000000000 65535 f \n", count);
	for (int i = 1; i < count; i++)
		q_buf_format(&w->out, "%010zu 00000 n \n", w->offsets[i]);
	q_buf_format(&w->out, "trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%zu\n%%%%EOF\n", count,
		     CATALOG, start);
}

struct q_document_source pdf_writer_finish(struct pdf_writer *w)
{
	struct q_document_source source = {.fd = memfd_create("test.pdf", MFD_CLOEXEC)};
	struct q_err err;

	add_page_tree(w);
	add_cross_references(w);
	q_assert(!q_buf_failed(&w->out) && source.fd >= 0);
	q_assert(!q_file_write_all(source.fd, q_str_bytes(q_buf_str(&w->out)), &err));
	source.size_bytes = w->out.length;
	q_buf_free(&w->out);
	q_mem_free(w);
	return source;
}
