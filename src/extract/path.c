#include "extract/path.h"

#include <math.h>

/* Follows a path's lines past a point, all in the path's own space. */
struct tracer {
	struct q__point at;    /* what is asked about */
	struct q__point start; /* of the subpath */
	struct q__point pen;
	float reach; /* half the pen's width; 0: the path is not stroked */
	int winding; /* of the lines so far around the point; its parity is that of the crossings */
	bool is_close; /* a stroke has come within reach */
};

static float distance_squared(struct q__point p, struct q__point a, struct q__point b)
{
	float dx = b.x - a.x, dy = b.y - a.y;
	float length_squared = dx * dx + dy * dy;
	float along =
		length_squared > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length_squared : 0;

	along = q__smaller(q__larger(along, 0), 1);
	dx = a.x + along * dx - p.x;
	dy = a.y + along * dy - p.y;
	return dx * dx + dy * dy;
}

/* Counts the line where it crosses the ray that goes from the point to the right. */
static void count_crossing(struct tracer *t, struct q__point to)
{
	struct q__point from = t->pen;

	if ((from.y <= t->at.y) == (to.y <= t->at.y))
		return;
	if (from.x + (t->at.y - from.y) * (to.x - from.x) / (to.y - from.y) > t->at.x)
		t->winding += to.y > from.y ? 1 : -1;
}

static void trace_line(struct tracer *t, struct q__point to, bool is_drawn)
{
	count_crossing(t, to);
	if (is_drawn && t->reach > 0 && distance_squared(t->at, t->pen, to) <= t->reach * t->reach)
		t->is_close = true;
	t->pen = to;
}

/* For filling every subpath is closed; stroked is what is drawn. */
static void trace_segment(struct tracer *t, FPDF_PATHSEGMENT segment)
{
	struct q__point to = {0, 0};

	FPDFPathSegment_GetPoint(segment, &to.x, &to.y);
	if (FPDFPathSegment_GetType(segment) == FPDF_SEGMENT_MOVETO) {
		trace_line(t, t->start, false);
		t->start = t->pen = to;
		return;
	}
	trace_line(t, to, true);
	if (FPDFPathSegment_GetClose(segment))
		trace_line(t, t->start, true);
}

static void trace(struct tracer *t, FPDF_PAGEOBJECT path)
{
	int count = FPDFPath_CountSegments(path);

	for (int i = 0; i < count; i++)
		trace_segment(t, FPDFPath_GetPathSegment(path, i));
	trace_line(t, t->start, false);
}

static float stroke_reach(FPDF_PAGEOBJECT path)
{
	float width = 0;

	FPDFPageObj_GetStrokeWidth(path, &width);
	return width / 2;
}

enum q__path_paint q__path_paint_at(FPDF_PAGEOBJECT path, const struct pdfium_matrix *to_page,
				    struct q__point at)
{
	int fill_mode = FPDF_FILLMODE_NONE, is_stroked = 0;
	struct pdfium_matrix own, whole;
	struct tracer t = {0};

	if (!FPDFPageObj_GetMatrix(path, &own) ||
	    !FPDFPath_GetDrawMode(path, &fill_mode, &is_stroked))
		return Q__PATH_NONE;
	whole = q__matrix_joined(&own, to_page);
	if (!q__point_moved_back(at, &whole, &t.at))
		return Q__PATH_NONE;
	t.reach = is_stroked ? stroke_reach(path) : 0;
	trace(&t, path);
	if (t.is_close)
		return Q__PATH_STROKE;
	if (fill_mode == FPDF_FILLMODE_ALTERNATE)
		return t.winding % 2 != 0 ? Q__PATH_FILL : Q__PATH_NONE;
	return fill_mode == FPDF_FILLMODE_WINDING && t.winding != 0 ? Q__PATH_FILL : Q__PATH_NONE;
}
