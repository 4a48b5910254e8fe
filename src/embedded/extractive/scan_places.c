/* Places: countries, states and large cities that stand by themselves; "City, ST 12345"; "12 Main
 * Street". */
#include "embedded/extractive/scan.h"

enum { CITY_WORDS_MAX = 3, STREET_WORDS_MAX = 4 };

static bool accept(struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_PLACE};
	return true;
}

/* Tokens of a city's name before a comma; 0: none. */
static unsigned city(const struct q__scan *scan, unsigned at)
{
	unsigned end = at, words = 0, last = at;

	while (words < CITY_WORDS_MAX && q__is_capital(scan, end) &&
	       (words == 0 || q__at(scan, end)->gap == Q__SPACE) &&
	       !(q__at(scan, end)->classes & Q__MONTH)) {
		last = end++;
		words++;
		if (q__is_joined_sign(scan, end, '.') && q__is_word(scan, last, 0, Q__ABBREVIATION))
			end++; /* St. Louis */
	}
	return words > 0 && q__is_distinct(scan, last) && q__is_joined_sign(scan, end, ',')
		       ? end - at
		       : 0;
}

/* IL or IL 62704-1234. Codes that are words too (IN, OR) must have a number, or end something. */
static unsigned state_and_zip(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 1;
	bool has_zip =
		q__is_number(scan, end, 5, 5, 0, UINT32_MAX) && q__at(scan, end)->gap <= Q__LINE;

	if (!q__is_word(scan, at, Q__ALL_CAPITALS, Q__STATE_CODE) ||
	    q__at(scan, at)->gap == Q__JOINED || !q__ends_apart(scan, end))
		return 0;
	if ((q__at(scan, at)->classes & Q__STOP) && !has_zip && q__at(scan, end)->kind == Q__WORD)
		return 0;
	end += has_zip;
	if (has_zip && q__is_joined_sign(scan, end, '-') &&
	    q__is_number(scan, end + 1, 4, 4, 0, 9999))
		end += 2;
	return end - at;
}

/* Springfield, IL 62704-1234. */
static bool match_city_state(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned city_tokens = city(scan, at);
	unsigned state = city_tokens > 0 ? state_and_zip(scan, at + city_tokens + 1) : 0;

	return state > 0 && accept(match, at, at + city_tokens + 1 + state);
}

/* 12 Main Street; 1200 N. Lake Shore Dr. */
static bool match_street(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned end = at + 1;

	if (!q__is_number(scan, at, 1, 5, 1, 99999) || !q__starts_apart(scan, at))
		return false;
	for (unsigned words = 0; words < STREET_WORDS_MAX; words++) {
		if (!q__is_capital(scan, end) || q__at(scan, end)->gap != Q__SPACE ||
		    (q__at(scan, end)->classes & (Q__STOP | Q__MONTH)))
			return false;
		end++;
		if (words > 0 && (q__at(scan, end - 1)->classes & Q__STREET)) {
			end += q__is_joined_sign(scan, end, '.');
			return accept(match, at, end);
		}
		if (q__is_joined_sign(scan, end, '.') && q__at(scan, end - 1)->length <= 2)
			end++;
	}
	return false;
}

/* Does a capitalised word that is no little word touch the name with a space only? Then the name is
 * part of a longer one. */
static bool is_part_of_longer(const struct q__scan *scan, unsigned at, unsigned end)
{
	const struct q__token *before = at > 0 ? q__at(scan, at - 1) : NULL;
	bool follows = before && at > 1 && q__at(scan, at)->gap == Q__SPACE &&
		       q__is_capital(scan, at - 1) &&
		       !(before->classes & (Q__STOP | Q__GENERIC | Q__PLACE));
	bool is_followed = q__is_capital(scan, end) && q__at(scan, end)->gap == Q__SPACE &&
			   !(q__at(scan, end)->classes & (Q__STOP | Q__PLACE));

	return follows || is_followed || !q__starts_apart(scan, at) ||
	       q__is_joined_sign(scan, end, '-') || q__is_sign(scan, end, '&');
}

static bool match_known(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned length = q__is_capital(scan, at) ? q__phrase(scan, at, Q__PLACE) : 0;

	return length > 0 && !is_part_of_longer(scan, at, at + length) &&
	       accept(match, at, at + length);
}

bool q__match_place(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind == Q__NUMBER)
		return match_street(scan, at, match);
	return match_city_state(scan, at, match) || match_known(scan, at, match);
}
