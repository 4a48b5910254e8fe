/* extract/character.h: what kind of character a code point is, as far as laying out text needs to
 * know. Pure functions.
 *
 * Tables are coarse on purpose: the helper carries no Unicode database, and a wrong answer costs a
 * space or a hyphen. */
#ifndef Q_EXTRACT_CHARACTER_H
#define Q_EXTRACT_CHARACTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool q__is_space_beyond(uint32_t code);

/* Blank of any width; line ends are none. */
static inline bool q__is_space(uint32_t code)
{
	return code == ' ' || code == '\t' || (code >= 0xa0 && q__is_space_beyond(code));
}
bool q__is_letter(uint32_t code); /* of a script that hyphenates: Latin, Greek, Cyrillic */
bool q__is_lower(uint32_t code);
bool q__is_digit(uint32_t code);
bool q__is_hyphen(uint32_t code); /* - U+2010 U+00AD and the engine's mark for one */
bool q__is_wide_beyond(uint32_t code);
bool q__is_right_to_left_beyond(uint32_t code);

/* East Asian: words are not parted by spaces. */
static inline bool q__is_wide(uint32_t code)
{
	return code >= 0x1100 && q__is_wide_beyond(code);
}

static inline bool q__is_right_to_left(uint32_t code)
{
	return code >= 0x590 && q__is_right_to_left_beyond(code);
}

enum { Q__LETTERS_MAX = 3 };

/* What stands in the text for a code point: nothing for controls, a space for any blank, the
 * letters of a ligature, U+FFFD for what is no character. Returns how many were written. */
size_t q__character_text(uint32_t code, uint32_t out[Q__LETTERS_MAX]);

#endif
