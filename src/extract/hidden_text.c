#include "extract/hidden_text.h"

#include "base/utf8.h"
#include "extract/character.h"

/* Lines end for all: what is hidden may stand between them. */
static bool belongs_to(const struct q__glyph *glyph, enum q_extract_hidden_reason reason)
{
	return glyph->hidden == reason || glyph->code == Q__GLYPH_LINE_BREAK;
}

static enum q_code copy_glyphs(struct q_arena *arena, const struct q__glyphs *glyphs,
			       enum q_extract_hidden_reason reason, struct q__glyphs *out,
			       struct q_err *err)
{
	out->count = 0;
	for (size_t i = 0; i < glyphs->count; i++)
		out->count += belongs_to(&glyphs->items[i], reason);
	out->items = q_arena_alloc_array(arena, out->count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "hidden_text.take", "%zu characters", out->count);
	out->count = 0;
	for (size_t i = 0; i < glyphs->count; i++)
		if (belongs_to(&glyphs->items[i], reason))
			out->items[out->count++] = glyphs->items[i];
	return Q_OK;
}

static enum q_code add_text(struct q_arena *arena, const struct q__glyphs *glyphs,
			    enum q_extract_hidden_reason reason, struct q__page_text *out,
			    struct q_err *err)
{
	struct q__page_text part = {0};
	struct q__glyphs of_reason;
	struct q_str text;

	if (copy_glyphs(arena, glyphs, reason, &of_reason, err) != Q_OK ||
	    q__page_text_build(arena, &of_reason, &part, err) != Q_OK)
		return err->code;
	text = q_utf8_cut((struct q_str){part.text, part.text_length}, Q_EXTRACT_HIDDEN_TEXT_MAX);
	if (text.length == 0)
		return Q_OK;
	if (text.length < part.text_length)
		part.flags |= Q__PAGE_TRUNCATED;
	out->flags |= (part.flags & Q__PAGE_TRUNCATED) | Q__PAGE_HIDDEN_TEXT;
	out->hidden[out->hidden_count++] = (struct q__hidden_text){reason, part.text, text.length};
	return Q_OK;
}

static size_t count_ink(const struct q__glyphs *glyphs, enum q_extract_hidden_reason reason)
{
	size_t count = 0;

	for (size_t i = 0; i < glyphs->count; i++)
		count += glyphs->items[i].hidden == reason &&
			 glyphs->items[i].code != Q__GLYPH_LINE_BREAK &&
			 !q__is_space(glyphs->items[i].code);
	return count;
}

bool q__hidden_text_keep_layer(struct q__glyphs *glyphs)
{
	if (count_ink(glyphs, Q_EXTRACT_VISIBLE) >= Q__PICTURE_TEXT_MAX ||
	    count_ink(glyphs, Q_EXTRACT_INVISIBLE) == 0)
		return false;
	for (size_t i = 0; i < glyphs->count; i++)
		if (glyphs->items[i].hidden == Q_EXTRACT_INVISIBLE)
			glyphs->items[i].hidden = Q_EXTRACT_VISIBLE;
	return true;
}

static void keep_visible(struct q__glyphs *glyphs)
{
	size_t kept = 0;

	for (size_t i = 0; i < glyphs->count; i++)
		if (belongs_to(&glyphs->items[i], Q_EXTRACT_VISIBLE))
			glyphs->items[kept++] = glyphs->items[i];
	glyphs->count = kept;
}

enum q_code q__hidden_text_take(struct q_arena *arena, struct q__glyphs *glyphs,
				struct q__page_text *out, struct q_err *err)
{
	bool occurs[Q_EXTRACT_HIDDEN_REASON_COUNT] = {false};

	for (size_t i = 0; i < glyphs->count; i++)
		occurs[glyphs->items[i].hidden] = true;
	for (unsigned reason = Q_EXTRACT_VISIBLE + 1; reason < Q_EXTRACT_HIDDEN_REASON_COUNT;
	     reason++)
		if (occurs[reason] && add_text(arena, glyphs, reason, out, err) != Q_OK)
			return err->code;
	if (out->hidden_count > 0)
		keep_visible(glyphs);
	return Q_OK;
}
