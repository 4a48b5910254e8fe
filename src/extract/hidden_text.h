/* extract/hidden_text.h: takes what a reader of the page does not see out of its characters, and
 * lays it out by itself.
 *
 * Contract:  for each reason one text, in reading order; what is beyond Q_EXTRACT_HIDDEN_TEXT_MAX
 *            is cut, and flagged. The glyphs that are left are those a reader sees.
 * Ownership: the texts live in the arena.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_HIDDEN_TEXT_H
#define Q_EXTRACT_HIDDEN_TEXT_H

#include "extract/page_text.h"

/* Where a reader sees next to nothing else: what is merely invisible is taken for seen. True: there
 * is some. */
bool q__hidden_text_keep_layer(struct q__glyphs *glyphs);

/* Less text than this on a picture is a stamp or a page number, not its text. */
enum { Q__PICTURE_TEXT_MAX = 64 };

/* Fills hidden, hidden_count, and adds to flags. */
Q_MUST_USE enum q_code q__hidden_text_take(struct q_arena *arena, struct q__glyphs *glyphs,
					   struct q__page_text *out, struct q_err *err);

#endif
