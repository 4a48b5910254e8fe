#include "extract/scene.h"

#include "extract/protocol.h"

#include <math.h>
#include <string.h>

enum {
	OBJECTS_MAX = 4 << 20, /* of a page */
	DEPTH_MAX = 64,	       /* forms within forms; the engine follows fewer */
};

static const float thin_points = 1; /* lines of tables, and the like */

struct reader {
	struct q__scene *scene;
	struct q_arena *arena;
};

static struct q__box clip_box(FPDF_CLIPPATH clip, int path)
{
	struct q__box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	int count = FPDFClipPath_CountPathSegments(clip, path);

	for (int i = 0; i < count; i++) {
		struct q__point p = {0, 0};

		FPDFPathSegment_GetPoint(FPDFClipPath_GetPathSegment(clip, path, i), &p.x, &p.y);
		box.left = q__smaller(box.left, p.x);
		box.right = q__larger(box.right, p.x);
		box.bottom = q__smaller(box.bottom, p.y);
		box.top = q__larger(box.top, p.y);
	}
	return box;
}

/* The boxes of an object's clipping paths. A path that is no rectangle lets less show than its box:
 * what it hides counts as seen. */
static struct q__box clip_of(FPDF_PAGEOBJECT object, const struct q__layer *layer)
{
	FPDF_CLIPPATH clip = FPDFPageObj_GetClipPath(object);
	int count = clip ? FPDFClipPath_CountPaths(clip) : 0;
	struct q__box shown = layer->clip;

	for (int i = 0; i < count; i++) {
		struct q__box box = clip_box(clip, i);

		box = q__box_moved(&box, &layer->to_page);
		shown = q__box_shared(&shown, &box);
	}
	return shown;
}

static bool add_ground(struct q__scene *scene, FPDF_PAGEOBJECT object, const struct q__layer *layer)
{
	const struct q__ground ground = {
		.object = object,
		.layer = layer,
		.clip = clip_of(object, layer),
		.shape_count = scene->shapes.count,
	};

	return q_vec_push(&scene->grounds, &ground) != NULL;
}

static void count_picture(struct q__scene *scene, const struct q__box *picture)
{
	const struct q__box *page = &scene->page;
	const struct q__box shown = q__box_shared(picture, page);

	if (shown.left < shown.right && shown.bottom < shown.top)
		scene->picture_share += (shown.right - shown.left) / (page->right - page->left) *
					(shown.top - shown.bottom) / (page->top - page->bottom);
}

static bool has_equal_colour(const struct q__scene *scene, const struct q__ink *ink)
{
	for (size_t i = 0; i < scene->palette_count; i++)
		if (scene->palette[i].red == ink->red && scene->palette[i].green == ink->green &&
		    scene->palette[i].blue == ink->blue)
			return true;
	return false;
}

static void note_colour(struct q__scene *scene, FPDF_PAGEOBJECT path, enum q__ink_use use)
{
	struct q__ink ink;

	if (scene->palette_count < Q__PALETTE_MAX && q__ink_read(path, use, 1, &ink) &&
	    !has_equal_colour(scene, &ink))
		scene->palette[scene->palette_count++] = ink;
}

/* Those it paints with: every path has a colour for strokes, black unless it is said. */
static void note_colours(struct q__scene *scene, FPDF_PAGEOBJECT path)
{
	int fill_mode = FPDF_FILLMODE_NONE, is_stroked = 0;

	FPDFPath_GetDrawMode(path, &fill_mode, &is_stroked);
	if (fill_mode != FPDF_FILLMODE_NONE)
		note_colour(scene, path, Q__INK_FILLS);
	if (is_stroked)
		note_colour(scene, path, Q__INK_STROKES);
}

/* Where the object shows. False: it is too thin for text to stand on. */
static bool find_box(FPDF_PAGEOBJECT object, const struct q__layer *layer, struct q__box *out)
{
	struct q__box box, clip;

	if (!FPDFPageObj_GetBounds(object, &box.left, &box.bottom, &box.right, &box.top))
		return false;
	box = q__box_moved(&box, &layer->to_page);
	if (box.right - box.left < thin_points || box.top - box.bottom < thin_points)
		return false;
	clip = clip_of(object, layer);
	*out = q__box_shared(&box, &clip);
	return true;
}

static bool add_path(struct q__scene *scene, FPDF_PAGEOBJECT path, const struct q__layer *layer)
{
	struct q__shape shape = {.object = path, .layer = layer, .is_path = true};

	if (!find_box(path, layer, &shape.box))
		return true;
	note_colours(scene, path);
	return q_vec_push(&scene->shapes, &shape) != NULL;
}

/* An image or a shading. The engine does not say how transparent it is. */
static bool add_picture(struct q__scene *scene, FPDF_PAGEOBJECT picture, int type,
			const struct q__layer *layer)
{
	struct q__shape shape = {.object = picture, .layer = layer};

	if (!find_box(picture, layer, &shape.box))
		return true;
	if (type == FPDF_PAGEOBJ_IMAGE)
		count_picture(scene, &shape.box);
	return q_vec_push(&scene->shapes, &shape) != NULL;
}

static bool read_object(struct reader *reader, FPDF_PAGEOBJECT object, const struct q__layer *layer,
			int depth);

static float opacity_of(FPDF_PAGEOBJECT form)
{
	unsigned red, green, blue, alpha;

	return FPDFPageObj_GetFillColor(form, &red, &green, &blue, &alpha) ? (float)alpha / 255 : 1;
}

static bool read_form(struct reader *reader, FPDF_PAGEOBJECT form, const struct q__layer *outer,
		      int depth)
{
	struct q__layer *layer = q_arena_alloc(reader->arena, sizeof *layer);
	int count = FPDFFormObj_CountObjects(form);
	struct pdfium_matrix placed;

	if (!layer)
		return false;
	if (depth == DEPTH_MAX || !FPDFPageObj_GetMatrix(form, &placed))
		return true;
	layer->to_page = q__matrix_joined(&placed, &outer->to_page);
	layer->clip = clip_of(form, outer);
	layer->opacity = outer->opacity * opacity_of(form);
	for (int i = 0; i < count; i++)
		if (!read_object(reader, FPDFFormObj_GetObject(form, (unsigned long)i), layer,
				 depth + 1))
			return false;
	return true;
}

/* False: no memory. */
static bool read_object(struct reader *reader, FPDF_PAGEOBJECT object, const struct q__layer *layer,
			int depth)
{
	int type = FPDFPageObj_GetType(object);

	if (type == FPDF_PAGEOBJ_TEXT)
		return add_ground(reader->scene, object, layer);
	if (type == FPDF_PAGEOBJ_FORM)
		return read_form(reader, object, layer, depth);
	if (type == FPDF_PAGEOBJ_PATH)
		return add_path(reader->scene, object, layer);
	return add_picture(reader->scene, object, type, layer);
}

int q__scene_read(struct q__scene *scene, FPDF_PAGE page, struct q_arena *arena)
{
	struct q__layer *layer = q_arena_alloc(arena, sizeof *layer);
	struct reader reader = {scene, arena};
	int count = FPDFPage_CountObjects(page);
	struct pdfium_rect box = {0};

	memset(scene, 0, sizeof *scene);
	q_vec_init(&scene->shapes, sizeof(struct q__shape), OBJECTS_MAX);
	q_vec_init(&scene->grounds, sizeof(struct q__ground), OBJECTS_MAX);
	if (!layer)
		return Q_EXTRACT_OUT_OF_MEMORY;
	FPDF_GetPageBoundingBox(page, &box);
	scene->page = (struct q__box){box.left, box.bottom, box.right, box.top};
	*layer = (struct q__layer){
		{1, 0, 0, 1, 0, 0}, {-INFINITY, -INFINITY, INFINITY, INFINITY}, 1};
	for (int i = 0; i < count; i++)
		if (!read_object(&reader, FPDFPage_GetObject(page, i), layer, 0))
			return Q_EXTRACT_OUT_OF_MEMORY;
	return 0;
}

void q__scene_free(struct q__scene *scene)
{
	q_vec_free(&scene->shapes);
	q_vec_free(&scene->grounds);
}

static bool is_at(struct q__scene *scene, size_t index, FPDF_PAGEOBJECT text)
{
	const struct q__ground *grounds = scene->grounds.items;

	if (index >= scene->grounds.count || grounds[index].object != text)
		return false;
	scene->cursor = index;
	return true;
}

/* The engine gives text nearly in the order of painting: what is looked for is not far. */
const struct q__ground *q__scene_find(struct q__scene *scene, FPDF_PAGEOBJECT text)
{
	size_t start = scene->cursor;

	for (size_t step = 0; step < scene->grounds.count; step++)
		if (is_at(scene, start + step, text) ||
		    (step <= start && is_at(scene, start - step, text)))
			return q_vec_at(&scene->grounds, scene->cursor);
	return NULL;
}

bool q__scene_covers_later(const struct q__scene *scene, const struct q__ground *ground,
			   struct q__point at)
{
	const struct q__shape *shapes = scene->shapes.items;

	for (size_t i = ground->shape_count; i < scene->shapes.count; i++)
		if (q__box_holds(&shapes[i].box, at))
			return true;
	return false;
}

bool q__scene_has_colour(const struct q__scene *scene, const struct q__ink *ink)
{
	for (size_t i = 0; i < scene->palette_count; i++)
		if (q__ink_is_alike(ink, &scene->palette[i]))
			return true;
	return scene->palette_count == Q__PALETTE_MAX;
}
