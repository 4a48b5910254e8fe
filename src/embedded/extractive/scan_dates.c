/* Dates: 2026-12-31, 12/31/2026, 31.12.2026, December 31, 2026, 31 décembre 2026, 31. Dezember,
 * December 2026, Q3 2026, 2026年12月31日. */
#include "embedded/extractive/scan.h"

enum { YEAR_MIN = 1000, YEAR_MAX = 2999 };

static bool is_year(const struct q__scan *scan, unsigned index)
{
	return q__is_number(scan, index, 4, 4, YEAR_MIN, YEAR_MAX);
}

static bool is_day(const struct q__scan *scan, unsigned index)
{
	return q__is_number(scan, index, 1, 2, 1, 31);
}

static bool is_day_and_month(const struct q__scan *scan, unsigned a, unsigned b)
{
	return is_day(scan, a) && is_day(scan, b) &&
	       (q__at(scan, a)->code <= 12 || q__at(scan, b)->code <= 12);
}

static bool is_joined(const struct q__scan *scan, unsigned index)
{
	return q__at(scan, index)->gap == Q__JOINED;
}

static bool accept(struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_DATE};
	return true;
}

/* Three numbers around two equal signs. A time may follow: 2026-12-31T23:59. */
static bool match_numeric(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	uint32_t sign = q__at(scan, at + 1)->code;
	bool is_date;

	if (!q__is_joined_sign(scan, at + 1, sign) || !q__is_joined_sign(scan, at + 3, sign) ||
	    !is_joined(scan, at + 2) || !is_joined(scan, at + 4))
		return false;
	if (sign != '-' && sign != '/' && sign != '.')
		return false;
	is_date = (is_year(scan, at) && q__is_number(scan, at + 2, 1, 2, 1, 12) &&
		   is_day(scan, at + 4)) ||
		  (is_day_and_month(scan, at, at + 2) && is_year(scan, at + 4)) ||
		  (is_day_and_month(scan, at, at + 2) && sign != '-' &&
		   q__at(scan, at + 2)->digits == 2 && q__is_number(scan, at + 4, 2, 2, 0, 99));
	if (!is_date || !(q__starts_apart(scan, at) || q__is_joined_sign(scan, at - 1, ',')))
		return false;
	if (!q__ends_apart(scan, at + 5) &&
	    !(q__at(scan, at + 5)->code == 'T' && q__is_word(scan, at + 5, Q__HAS_DIGIT, 0)))
		return false;
	return accept(match, at, at + 5);
}

/* The token is `sign` itself, as Japanese, Chinese and Korean write units behind numbers. */
static bool is_unit(const struct q__scan *scan, unsigned index, uint32_t sign)
{
	return q__at(scan, index)->code == sign && q__at(scan, index)->length == 3;
}

static bool match_east_asian(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned month = at, day;

	if (is_year(scan, at) && (is_unit(scan, at + 1, 0x5E74) || is_unit(scan, at + 1, 0xB144)))
		month = at + 2;
	if (!q__is_number(scan, month, 1, 2, 1, 12) ||
	    !(is_unit(scan, month + 1, 0x6708) || is_unit(scan, month + 1, 0xC6D4)))
		return false;
	day = month + 2;
	if (is_day(scan, day) && (is_unit(scan, day + 1, 0x65E5) || is_unit(scan, day + 1, 0xC77C)))
		return accept(match, at, day + 2);
	return month != at && accept(match, at, day);
}

/* Tokens of a month's name with its full stop, 0: none. In small letters only where a year follows
 * (other languages): "may" is a verb. */
static unsigned month_name(const struct q__scan *scan, unsigned at, bool *is_small)
{
	if (!q__is_word(scan, at, 0, Q__MONTH))
		return 0;
	*is_small = !q__is_word(scan, at, Q__CAPITAL, 0);
	return q__is_word(scan, at, 0, Q__ABBREVIATION) && q__is_joined_sign(scan, at + 1, '.') ? 2
												: 1;
}

/* Tokens of st, nd, rd, th or a full stop behind a day. */
static unsigned ordinal_ending(const struct q__scan *scan, unsigned at)
{
	static const char *const endings[] = {"st", "nd", "rd", "th", "er", "º"};

	if (!is_joined(scan, at))
		return 0;
	if (q__is_sign(scan, at, '.'))
		return 1;
	for (size_t i = 0; i < Q_COUNT_OF(endings); i++)
		if (q__reads(scan, at, q_str_from(endings[i])))
			return 1;
	return 0;
}

/* December 31st, 2026; December 31; December 2026. */
static bool match_month_first(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	bool is_small;
	unsigned end = at + month_name(scan, at, &is_small), after_day;

	if (end == at || is_small)
		return false;
	if (is_year(scan, end) && q__ends_apart(scan, end + 1))
		return accept(match, at, end + 1);
	if (q__is_sign(scan, end, ',') && is_year(scan, end + 1))
		return accept(match, at, end + 2);
	if (!is_day(scan, end))
		return false;
	after_day = end + 1;
	if (q__at(scan, after_day)->kind == Q__WORD)
		after_day += ordinal_ending(scan, after_day);
	end = after_day;
	if (q__is_joined_sign(scan, end, ','))
		end++;
	if (is_year(scan, end) && !is_joined(scan, end) && q__ends_apart(scan, end + 1))
		return accept(match, at, end + 1);
	return q__ends_apart(scan, after_day) && accept(match, at, after_day);
}

static bool is_of(const struct q__scan *scan, unsigned index)
{
	return q__reads(scan, index, Q_STR("of")) || q__reads(scan, index, Q_STR("de")) ||
	       q__reads(scan, index, Q_STR("del"));
}

/* 31 December 2026; 31st of December; 31. Dezember 2026; 31 de diciembre de 2026. */
static bool match_day_first(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned month = at + 1, month_end, year;
	bool is_small;

	if (!is_day(scan, at) || !q__starts_apart(scan, at))
		return false;
	month += ordinal_ending(scan, month);
	month += is_of(scan, month);
	if (is_joined(scan, month) && !q__is_joined_sign(scan, month - 1, '.'))
		return false;
	month_end = month + month_name(scan, month, &is_small);
	if (month_end == month)
		return false;
	year = month_end + (is_of(scan, month_end) || q__is_joined_sign(scan, month_end, ','));
	if (is_year(scan, year) && q__ends_apart(scan, year + 1))
		return accept(match, at, year + 1);
	return !is_small && accept(match, at, month_end);
}

/* 31-Dec-2026 */
static bool match_hyphened(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	return is_day(scan, at) && q__is_joined_sign(scan, at + 1, '-') &&
	       q__is_word(scan, at + 2, Q__CAPITAL, Q__MONTH) && is_joined(scan, at + 2) &&
	       q__is_joined_sign(scan, at + 3, '-') && is_year(scan, at + 4) &&
	       q__starts_apart(scan, at) && q__ends_apart(scan, at + 5) &&
	       accept(match, at, at + 5);
}

/* Q3 2026 */
static bool match_quarter(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	const struct q__token *token = q__at(scan, at);

	if (token->code != 'Q' || token->length != 2 || token->digits != 1)
		return false;
	return is_year(scan, at + 1) && !is_joined(scan, at + 1) && accept(match, at, at + 2);
}

bool q__match_date(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind == Q__NUMBER)
		return match_numeric(scan, at, match) || match_east_asian(scan, at, match) ||
		       match_hyphened(scan, at, match) || match_day_first(scan, at, match);
	return match_month_first(scan, at, match) || match_quarter(scan, at, match);
}
