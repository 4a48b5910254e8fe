#include "extract/visibility.h"

#include "extract/path.h"

static const float tiny_points = 1;
static const float opaque = 0.95F;

static const struct q__ink paper = {255, 255, 255, 1};

static void add_ink(struct q__visibility *v, enum q__ink_use use)
{
	struct q__ink *ink = &v->inks[v->ink_count];

	if (q__ink_read(v->ground->object, use, v->ground->layer->opacity, ink))
		v->ink_count++;
	else
		v->is_patterned = true;
}

static void add_inks(struct q__visibility *v)
{
	switch (FPDFTextObj_GetTextRenderMode(v->ground->object)) {
	case FPDF_TEXTRENDERMODE_INVISIBLE:
		break;
	case FPDF_TEXTRENDERMODE_CLIP:
		v->is_stencil = true;
		break;
	case FPDF_TEXTRENDERMODE_STROKE:
	case FPDF_TEXTRENDERMODE_STROKE_CLIP:
		add_ink(v, Q__INK_STROKES);
		break;
	case FPDF_TEXTRENDERMODE_FILL_STROKE:
	case FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP:
		add_ink(v, Q__INK_STROKES);
		add_ink(v, Q__INK_FILLS);
		break;
	default:
		add_ink(v, Q__INK_FILLS);
	}
}

static bool is_transparent(const struct q__visibility *v)
{
	if (v->is_patterned || v->is_stencil)
		return false;
	for (size_t i = 0; i < v->ink_count; i++)
		if (!q__ink_is_transparent(&v->inks[i]))
			return false;
	return true;
}

/* Most text is black on paper: it need not be compared with what is under each character. */
static bool may_match_ground(const struct q__visibility *v)
{
	if (v->is_patterned || v->is_stencil)
		return false;
	for (size_t i = 0; i < v->ink_count; i++)
		if (!q__ink_is_alike(&v->inks[i], &paper) &&
		    !q__scene_has_colour(v->scene, &v->inks[i]))
			return false;
	return true;
}

void q__visibility_of(struct q__visibility *v, struct q__scene *scene, FPDF_PAGEOBJECT text,
		      float em)
{
	*v = (struct q__visibility){
		.scene = scene,
		.ground = q__scene_find(scene, text),
		.is_tiny = em < tiny_points,
	};
	if (!v->ground)
		return;
	add_inks(v);
	v->is_transparent = is_transparent(v);
	v->may_match_ground = may_match_ground(v);
}

enum finding { SEEN, HIDDEN, UNDECIDED };

/* The point is in the shape's box. */
static enum finding find_on_shape(const struct q__ink *ink, const struct q__shape *shape,
				  struct q__point at)
{
	enum q__path_paint paint;
	struct q__ink ground;

	if (!shape->is_path)
		return SEEN;
	paint = q__path_paint_at(shape->object, &shape->layer->to_page, at);
	if (paint == Q__PATH_NONE)
		return UNDECIDED;
	if (!q__ink_read(shape->object, paint == Q__PATH_FILL ? Q__INK_FILLS : Q__INK_STROKES,
			 shape->layer->opacity, &ground) ||
	    !q__ink_is_alike(ink, &ground))
		return SEEN;
	return ground.opacity >= opaque ? HIDDEN : UNDECIDED;
}

/* From the topmost shape downwards: under one that lets light through the next one decides. */
static bool matches_ground(const struct q__visibility *v, const struct q__ink *ink,
			   struct q__point at)
{
	const struct q__shape *shapes = v->scene->shapes.items;
	enum finding finding = UNDECIDED;

	for (size_t i = v->ground->shape_count; i > 0 && finding == UNDECIDED; i--)
		if (q__box_holds(&shapes[i - 1].box, at))
			finding = find_on_shape(ink, &shapes[i - 1], at);
	return finding == UNDECIDED ? q__ink_is_alike(ink, &paper) : finding == HIDDEN;
}

static bool inks_match_ground(const struct q__visibility *v, struct q__point at)
{
	for (size_t i = 0; i < v->ink_count; i++)
		if (!matches_ground(v, &v->inks[i], at))
			return false;
	return true;
}

/* In its middle and halfway to each corner: a line that runs through a letter does not hide it. */
static bool is_in_ground_colour(const struct q__visibility *v, const struct q__box *character,
				struct q__point middle)
{
	float dx = (character->right - character->left) / 4;
	float dy = (character->top - character->bottom) / 4;

	return v->may_match_ground && inks_match_ground(v, middle) &&
	       inks_match_ground(v, (struct q__point){middle.x - dx, middle.y - dy}) &&
	       inks_match_ground(v, (struct q__point){middle.x + dx, middle.y - dy}) &&
	       inks_match_ground(v, (struct q__point){middle.x - dx, middle.y + dy}) &&
	       inks_match_ground(v, (struct q__point){middle.x + dx, middle.y + dy});
}

static bool is_invisible(const struct q__visibility *v, struct q__point at)
{
	return v->is_transparent ||
	       (v->is_stencil && !q__scene_covers_later(v->scene, v->ground, at));
}

/* A font may say any size of itself: its letters tell, too. */
static bool is_tiny(const struct q__visibility *v, const struct q__box *character)
{
	return v->is_tiny && (character->right - character->left < tiny_points ||
			      character->top - character->bottom < tiny_points);
}

enum q_extract_hidden_reason q__visibility_at(const struct q__visibility *v,
					      const struct q__box *character)
{
	const struct q__point middle = {(character->left + character->right) / 2,
					(character->bottom + character->top) / 2};

	if (!v->ground)
		return Q_EXTRACT_VISIBLE;
	if (is_invisible(v, middle))
		return Q_EXTRACT_INVISIBLE;
	if (!q__box_holds(&v->scene->page, middle))
		return Q_EXTRACT_OFF_PAGE;
	if (!q__box_holds(&v->ground->clip, middle))
		return Q_EXTRACT_CLIPPED;
	if (is_tiny(v, character))
		return Q_EXTRACT_TINY;
	return is_in_ground_colour(v, character, middle) ? Q_EXTRACT_BACKGROUND_COLOUR
							 : Q_EXTRACT_VISIBLE;
}
