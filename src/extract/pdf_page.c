/* The engine gives boxes and pens in the page's own space: y upwards, before /Rotate, from wherever
 * the crop box starts. Here they become points from the top left of the page as it is shown. */
#include "extract/pdf_page.h"

#include <math.h>
#include <string.h>

/* A page of this many characters fills the text of a page several times over. */
enum { GLYPHS_MAX = Q_EXTRACT_PAGE_TEXT_MAX + 1 };

/* shown = (a x + c y + e, b x + d y + f) */
struct matrix {
	float a, b, c, d, e, f;
};

/* What is the same for all characters that the page draws at once. */
struct style {
	FPDF_PAGEOBJECT object;
	float em;
	float x, y; /* where the pen started */
	int16_t degrees;
	bool is_hidden;
};

struct reader {
	FPDF_TEXTPAGE text;
	struct matrix to_shown;
	struct style style;
	struct q__pdf_page *page;
};

static struct matrix matrix_to_shown(FPDF_PAGE page)
{
	struct pdfium_rect box = {0};

	FPDF_GetPageBoundingBox(page, &box);
	switch (FPDFPage_GetRotation(page)) {
	case 1:
		return (struct matrix){0, 1, 1, 0, -box.bottom, -box.left};
	case 2:
		return (struct matrix){-1, 0, 0, 1, box.right, -box.bottom};
	case 3:
		return (struct matrix){0, -1, -1, 0, box.top, box.right};
	default:
		return (struct matrix){1, 0, 0, -1, -box.left, box.top};
	}
}

static float shown_x(const struct matrix *m, double x, double y)
{
	return (float)(m->a * x + m->c * y + m->e);
}

static float shown_y(const struct matrix *m, double x, double y)
{
	return (float)(m->b * x + m->d * y + m->f);
}

static void set_box(struct q__glyph *glyph, const struct matrix *m, double left, double right,
		    double bottom, double top)
{
	float x1 = shown_x(m, left, bottom), y1 = shown_y(m, left, bottom);
	float x2 = shown_x(m, right, top), y2 = shown_y(m, right, top);

	glyph->left = fminf(x1, x2);
	glyph->right = fmaxf(x1, x2);
	glyph->top = fminf(y1, y2);
	glyph->bottom = fmaxf(y1, y2);
}

static int16_t direction_degrees(const struct matrix *m, float along_x, float along_y)
{
	float x = m->a * along_x + m->c * along_y;
	float y = m->b * along_x + m->d * along_y;
	float degrees = atan2f(y, x) * 57.29578f;

	return isfinite(degrees) ? (int16_t)((lroundf(degrees) + 360) % 360) : 0;
}

/* Characters drawn together share baseline, size, direction and visibility: asked for once. */
static void update_style(struct reader *reader, int index)
{
	FPDF_PAGEOBJECT object = FPDFText_GetTextObject(reader->text, index);
	struct style *style = &reader->style;
	struct pdfium_matrix m;
	double x, y;

	if (!object || object == style->object || !FPDFText_GetMatrix(reader->text, index, &m) ||
	    !FPDFText_GetCharOrigin(reader->text, index, &x, &y))
		return;
	style->object = object;
	style->em = (float)FPDFText_GetFontSize(reader->text, index) * hypotf(m.c, m.d);
	style->x = shown_x(&reader->to_shown, x, y);
	style->y = shown_y(&reader->to_shown, x, y);
	style->degrees = direction_degrees(&reader->to_shown, m.a, m.b);
	style->is_hidden = FPDFTextObj_GetTextRenderMode(object) == FPDF_TEXTRENDERMODE_INVISIBLE;
}

/* The engine ends a line by a CR and an LF of its own; one mark is enough. */
static uint32_t code_of(struct reader *reader, int index)
{
	uint32_t code = FPDFText_GetUnicode(reader->text, index);

	if (code == '\r' || (code == '\n' && !FPDFText_IsGenerated(reader->text, index)))
		return 0;
	if (code == Q__GLYPH_LINE_HYPHEN && FPDFText_IsHyphen(reader->text, index) != 1)
		return 0;
	return code;
}

/* A high surrogate waits in the last glyph for its other half. */
static bool join_surrogates(struct q__glyphs *glyphs, uint32_t code)
{
	struct q__glyph *last = glyphs->count ? &glyphs->items[glyphs->count - 1] : NULL;

	if (!last || code < 0xdc00 || code > 0xdfff || last->code < 0xd800 || last->code > 0xdbff)
		return false;
	last->code = 0x10000 + ((last->code - 0xd800) << 10) + (code - 0xdc00);
	return true;
}

static void read_glyph(struct reader *reader, int index)
{
	struct q__glyphs *glyphs = &reader->page->glyphs;
	double left = 0, right = 0, bottom = 0, top = 0;
	uint32_t code = code_of(reader, index);
	struct q__glyph *glyph;

	if (code == 0 || join_surrogates(glyphs, code))
		return;
	update_style(reader, index);
	FPDFText_GetCharBox(reader->text, index, &left, &right, &bottom, &top);
	glyph = &glyphs->items[glyphs->count++];
	glyph->code = code;
	set_box(glyph, &reader->to_shown, left, right, bottom, top);
	glyph->x = reader->style.x;
	glyph->y = reader->style.y;
	glyph->em = reader->style.em;
	glyph->degrees = reader->style.degrees;
	reader->page->has_hidden_text |= reader->style.is_hidden;
}

static int read_glyphs(struct reader *reader, struct q_arena *arena)
{
	int count = FPDFText_CountChars(reader->text);
	struct q__glyphs *glyphs = &reader->page->glyphs;

	if (count < 0)
		return Q_EXTRACT_MALFORMED;
	if (count > GLYPHS_MAX) {
		count = GLYPHS_MAX;
		reader->page->is_truncated = true;
	}
	glyphs->items = q_arena_alloc_array(arena, (size_t)count, sizeof *glyphs->items);
	if (!glyphs->items)
		return Q_EXTRACT_OUT_OF_MEMORY;
	for (int i = 0; i < count; i++)
		read_glyph(reader, i);
	return 0;
}

int q__pdf_page_read(const struct q__document *document, uint32_t page_number,
		     struct q_arena *arena, struct q__pdf_page *out)
{
	FPDF_PAGE page = FPDF_LoadPage(document->pdf, (int)page_number - 1);
	struct reader reader = {.page = out};
	int failure = Q_EXTRACT_MALFORMED;

	memset(out, 0, sizeof *out);
	if (!page)
		return Q_EXTRACT_MALFORMED;
	out->width = FPDF_GetPageWidthF(page);
	out->height = FPDF_GetPageHeightF(page);
	reader.to_shown = matrix_to_shown(page);
	reader.text = FPDFText_LoadPage(page);
	if (reader.text) {
		failure = read_glyphs(&reader, arena);
		FPDFText_ClosePage(reader.text);
	}
	FPDF_ClosePage(page);
	return failure;
}
