/* The engine gives boxes and pens in the page's own space: y upwards, before /Rotate, from wherever
 * the crop box starts. Here they become points from the top left of the page as it is shown. */
#include "extract/pdf_page.h"

#include "extract/character.h"
#include "extract/visibility.h"

#include <math.h>
#include <string.h>

/* A page of this many characters fills the text of a page several times over. */
enum { GLYPHS_MAX = Q_EXTRACT_PAGE_TEXT_MAX + 1 };

static const float picture_share_min = 0.6F;

/* What is the same for all characters that the page draws at once. */
struct style {
	FPDF_PAGEOBJECT object;
	float em;
	float x, y; /* where the pen started */
	int16_t degrees;
	struct q__visibility visibility;
};

struct reader {
	FPDF_TEXTPAGE text;
	struct pdfium_matrix to_shown;
	struct q__scene scene;
	struct style style;
	struct q__pdf_page *page;
};

static struct pdfium_matrix matrix_to_shown(FPDF_PAGE page)
{
	struct pdfium_rect box = {0};

	FPDF_GetPageBoundingBox(page, &box);
	switch (FPDFPage_GetRotation(page)) {
	case 1:
		return (struct pdfium_matrix){0, 1, 1, 0, -box.bottom, -box.left};
	case 2:
		return (struct pdfium_matrix){-1, 0, 0, 1, box.right, -box.bottom};
	case 3:
		return (struct pdfium_matrix){0, -1, -1, 0, box.top, box.right};
	default:
		return (struct pdfium_matrix){1, 0, 0, -1, -box.left, box.top};
	}
}

static void set_box(struct q__glyph *glyph, const struct pdfium_matrix *to_shown,
		    const struct q__box *box)
{
	const struct q__box shown = q__box_moved(box, to_shown);

	glyph->left = shown.left;
	glyph->right = shown.right;
	glyph->top = shown.bottom; /* y goes downwards now */
	glyph->bottom = shown.top;
}

static int16_t direction_degrees(const struct pdfium_matrix *m, float along_x, float along_y)
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
	struct q__point pen;
	float size;
	double x, y;

	if (!object || object == style->object || !FPDFText_GetMatrix(reader->text, index, &m) ||
	    !FPDFText_GetCharOrigin(reader->text, index, &x, &y))
		return;
	size = (float)FPDFText_GetFontSize(reader->text, index);
	pen = q__point_moved((struct q__point){(float)x, (float)y}, &reader->to_shown);
	style->object = object;
	style->em = size * hypotf(m.c, m.d);
	style->x = pen.x;
	style->y = pen.y;
	style->degrees = direction_degrees(&reader->to_shown, m.a, m.b);
	q__visibility_of(&style->visibility, &reader->scene, object,
			 q__smaller(style->em, size * hypotf(m.a, m.b)));
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

/* A blank shows as little as what it follows. */
static enum q_extract_hidden_reason visibility_of(const struct reader *reader, uint32_t code,
						  const struct q__box *box)
{
	const struct q__glyphs *glyphs = &reader->page->glyphs;

	if (code != Q__GLYPH_LINE_BREAK && !q__is_space(code))
		return q__visibility_at(&reader->style.visibility, box);
	return glyphs->count > 0 ? glyphs->items[glyphs->count - 1].hidden : Q_EXTRACT_VISIBLE;
}

static void read_glyph(struct reader *reader, int index)
{
	struct q__glyphs *glyphs = &reader->page->glyphs;
	double left = 0, right = 0, bottom = 0, top = 0;
	uint32_t code = code_of(reader, index);
	struct q__glyph *glyph;
	struct q__box box;

	if (code == 0 || join_surrogates(glyphs, code))
		return;
	update_style(reader, index);
	FPDFText_GetCharBox(reader->text, index, &left, &right, &bottom, &top);
	box = (struct q__box){(float)left, (float)bottom, (float)right, (float)top};
	glyph = &glyphs->items[glyphs->count];
	glyph->code = code;
	set_box(glyph, &reader->to_shown, &box);
	glyph->x = reader->style.x;
	glyph->y = reader->style.y;
	glyph->em = reader->style.em;
	glyph->degrees = reader->style.degrees;
	glyph->hidden = (uint8_t)visibility_of(reader, code, &box);
	glyphs->count++;
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

static int read_text(struct reader *reader, FPDF_PAGE page, struct q_arena *arena)
{
	int failure = Q_EXTRACT_MALFORMED;

	reader->to_shown = matrix_to_shown(page);
	reader->text = FPDFText_LoadPage(page);
	if (reader->text) {
		failure = read_glyphs(reader, arena);
		FPDFText_ClosePage(reader->text);
	}
	return failure;
}

int q__pdf_page_read(const struct q__document *document, uint32_t page_number,
		     struct q_arena *arena, struct q__pdf_page *out)
{
	FPDF_PAGE page = FPDF_LoadPage(document->pdf, (int)page_number - 1);
	struct reader reader = {.page = out};
	int failure;

	memset(out, 0, sizeof *out);
	if (!page)
		return Q_EXTRACT_MALFORMED;
	out->width = FPDF_GetPageWidthF(page);
	out->height = FPDF_GetPageHeightF(page);
	failure = q__scene_read(&reader.scene, page, arena);
	if (failure == 0)
		failure = read_text(&reader, page, arena);
	out->is_picture = reader.scene.picture_share >= picture_share_min;
	q__scene_free(&reader.scene);
	FPDF_ClosePage(page);
	return failure;
}
