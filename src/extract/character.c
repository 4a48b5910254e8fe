#include "extract/character.h"

#include "base/compiler.h"

enum { REPLACEMENT = 0xfffd, SOFT_HYPHEN = 0xad };

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

bool q__is_space_beyond(uint32_t code)
{
	return code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x202f || code == 0x205f || code == 0x3000;
}

bool q__is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

bool q__is_letter(uint32_t code)
{
	static const struct range letters[] = {
		{'A', 'Z'},	{'a', 'z'},	{0xaa, 0xaa},	{0xb5, 0xb5},	  {0xba, 0xba},
		{0xc0, 0xd6},	{0xd8, 0xf6},	{0xf8, 0x24f},	{0x370, 0x373},	  {0x376, 0x377},
		{0x386, 0x386}, {0x388, 0x481}, {0x48a, 0x52f}, {0x1e00, 0x1fff}, {0xfb00, 0xfb06},
	};

	return is_in(code, letters, Q_COUNT_OF(letters));
}

/* In the Latin extensions and most of Cyrillic's, capitals and small letters take turns. */
static bool is_lower_of_pair(uint32_t code)
{
	if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e))
		return code % 2 == 0;
	return code % 2 == 1;
}

bool q__is_lower(uint32_t code)
{
	static const struct range lower[] = {
		{'a', 'z'},   {0xaa, 0xaa},   {0xb5, 0xb5},   {0xba, 0xba},   {0xdf, 0xf6},
		{0xf8, 0xff}, {0x180, 0x180}, {0x3ac, 0x3ce}, {0x430, 0x45f}, {0xfb00, 0xfb06},
	};

	if (is_in(code, lower, Q_COUNT_OF(lower)))
		return true;
	if ((code >= 0x100 && code <= 0x24f) || (code >= 0x460 && code <= 0x481) ||
	    (code >= 0x48a && code <= 0x52f) || (code >= 0x1e00 && code <= 0x1eff))
		return is_lower_of_pair(code);
	return false;
}

bool q__is_hyphen(uint32_t code)
{
	return code == '-' || code == 0x2010 || code == SOFT_HYPHEN || code == 0x2;
}

bool q__is_wide_beyond(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x11ff) || (code >= 0x2e80 && code <= 0xd7ff) ||
	       (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe4f) ||
	       (code >= 0xff00 && code <= 0xffef) || (code >= 0x1f300 && code <= 0x3ffff);
}

bool q__is_right_to_left_beyond(uint32_t code)
{
	return (code >= 0x590 && code <= 0x8ff) || (code >= 0xfb1d && code <= 0xfdff) ||
	       (code >= 0xfe70 && code <= 0xfefc) || (code >= 0x10800 && code <= 0x10fff) ||
	       (code >= 0x1e800 && code <= 0x1efff);
}

/* Fonts without a proper encoding leave the bytes of Windows-1252 in the place of control
 * characters. */
static uint32_t from_windows_1252(uint32_t code)
{
	static const uint16_t table[32] = {
		0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
		0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
	};

	return table[code - 0x80];
}

static size_t ligature_letters(uint32_t code, uint32_t out[Q__LETTERS_MAX])
{
	static const char letters[][4] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
	const char *text = letters[code - 0xfb00];
	size_t count = 0;

	for (; count < Q__LETTERS_MAX && text[count]; count++)
		out[count] = (unsigned char)text[count];
	return count;
}

static bool is_no_character(uint32_t code)
{
	return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) == 0xfffe ||
	       (code >= 0xfdd0 && code <= 0xfdef);
}

size_t q__character_text(uint32_t code, uint32_t out[Q__LETTERS_MAX])
{
	if (code >= 0xfb00 && code <= 0xfb06)
		return ligature_letters(code, out);
	if (code >= 0x80 && code < 0xa0)
		code = from_windows_1252(code);
	if (q__is_space(code))
		code = ' ';
	else if (code < 0x20 || code == 0x7f || code == SOFT_HYPHEN || code == 0xfeff)
		return 0;
	else if (is_no_character(code))
		code = REPLACEMENT;
	out[0] = code;
	return 1;
}
