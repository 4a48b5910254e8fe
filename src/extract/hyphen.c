#include "extract/hyphen.h"

#include "extract/character.h"

enum { SOFT_HYPHEN = 0xad, PREFIX_LETTERS_MIN = 3, WORD_LETTERS_MIN = 4 };

static bool is_word(uint32_t code)
{
	return q__is_letter(code) || q__is_digit(code);
}

/* What carries a word on: one that is followed by it does not stand alone. */
static bool is_joint(uint32_t code)
{
	return is_word(code) || q__is_hyphen(code) || code == 0x2019 || code == '\'';
}

/* A part of a word: glyphs [first, last). */
struct part {
	size_t first, last;
};

static uint32_t code_at(const struct q__hyphens *h, size_t index)
{
	return h->glyphs->items[index].code;
}

static struct part part_before(const struct q__hyphens *h, size_t line_first, size_t hyphen)
{
	struct part part = {hyphen, hyphen};

	while (part.first > line_first && is_word(code_at(h, part.first - 1)))
		part.first--;
	return part;
}

static struct part part_after(const struct q__hyphens *h, size_t first)
{
	struct part part = {first, first};

	while (part.last < h->glyphs->count && is_word(code_at(h, part.last)))
		part.last++;
	return part;
}

/* Where the code stands at or after `at`; the number of glyphs: nowhere. */
static size_t find_code(const struct q__hyphens *h, uint32_t code, size_t at)
{
	const struct q__glyph *items = h->glyphs->items;
	size_t count = h->glyphs->count;

	while (at < count && items[at].code != code)
		at++;
	return at;
}

/* The part's letters stand at *at, which is moved behind them. */
static bool matches(const struct q__hyphens *h, struct part part, size_t *at)
{
	size_t length = part.last - part.first;

	if (length > h->glyphs->count - *at)
		return false;
	for (size_t i = 0; i < length; i++)
		if (code_at(h, *at + i) != code_at(h, part.first + i))
			return false;
	*at += length;
	return true;
}

/* left and right stand at `at` as one word, with `joint` between them unless it is 0. */
static bool word_is_at(const struct q__hyphens *h, size_t at, struct part left, uint32_t joint,
		       struct part right)
{
	if (at > 0 && is_word(code_at(h, at - 1)))
		return false;
	if (!matches(h, left, &at))
		return false;
	if (joint != 0 && (at == h->glyphs->count || code_at(h, at++) != joint))
		return false;
	return matches(h, right, &at);
}

static bool page_has(struct q__hyphens *h, struct part left, uint32_t joint, struct part right)
{
	uint32_t first = code_at(h, left.first);

	if (h->searches_left == 0)
		return false;
	h->searches_left--;
	for (size_t i = find_code(h, first, 0); i < h->glyphs->count;
	     i = find_code(h, first, i + 1))
		if (word_is_at(h, i, left, joint, right))
			return true;
	return false;
}

/* Does the page have the part as a whole word, followed by `after`: a hyphen and a letter, or no
 * word (0)? */
static bool page_has_word(struct q__hyphens *h, struct part part, uint32_t after)
{
	uint32_t first = code_at(h, part.first);

	if (h->searches_left == 0)
		return false;
	h->searches_left--;
	for (size_t i = find_code(h, first, 0); i < h->glyphs->count;
	     i = find_code(h, first, i + 1)) {
		size_t at = i;

		if (i == part.first || (i > 0 && is_word(code_at(h, i - 1))) ||
		    !matches(h, part, &at))
			continue;
		if (after == 0 ? at == h->glyphs->count || !is_joint(code_at(h, at))
			       : at + 1 < h->glyphs->count && code_at(h, at) == after &&
					 q__is_letter(code_at(h, at + 1)))
			return true;
	}
	return false;
}

static size_t length(struct part part)
{
	return part.last - part.first;
}

/* Two words of their own, "floating" and "point", or one that forms others with a hyphen, as
 * "type-stable". Shorter ones are syllables as well: in-deed, with-in. */
static bool is_compound(struct q__hyphens *h, struct part left, struct part right)
{
	if (length(left) >= PREFIX_LETTERS_MIN && page_has_word(h, left, '-'))
		return true;
	return length(left) >= WORD_LETTERS_MIN && length(right) >= WORD_LETTERS_MIN &&
	       page_has_word(h, left, 0) && page_has_word(h, right, 0);
}

enum q__hyphen q__hyphen_at_line_end(struct q__hyphens *h, size_t first, size_t last, size_t next)
{
	size_t hyphen = last - 1;
	struct part left = part_before(h, first, hyphen), right = part_after(h, next);

	if (!q__is_hyphen(code_at(h, hyphen)) || left.first == left.last ||
	    right.first == right.last)
		return Q__HYPHEN_NONE;
	if (code_at(h, hyphen) == SOFT_HYPHEN)
		return Q__HYPHEN_DROPPED;
	/* "state-of-" goes on "the-art": who hyphenates once in a word does so again. */
	if (left.first > first && q__is_hyphen(code_at(h, left.first - 1)))
		return Q__HYPHEN_KEPT;
	if (!q__is_letter(code_at(h, hyphen - 1)) || q__is_digit(code_at(h, next)) ||
	    page_has(h, left, '-', right))
		return Q__HYPHEN_KEPT;
	if (page_has(h, left, 0, right))
		return Q__HYPHEN_DROPPED;
	return q__is_lower(code_at(h, next)) && !is_compound(h, left, right) ? Q__HYPHEN_DROPPED
									     : Q__HYPHEN_KEPT;
}
