/* Sums of money and percentages: $1,234.56  US$ 5  €3.2 million  USD 1,234.56  1.234,56 €  500
 * dollars  4.5 %  5 percent. */
#include "embedded/extractive/scan.h"

static bool is_currency_sign(const struct q__scan *scan, unsigned index)
{
	return q__at(scan, index)->shape & Q__CURRENCY_SIGN;
}

static bool is_currency_code(const struct q__scan *scan, unsigned index)
{
	return q__is_word(scan, index, Q__ALL_CAPITALS, Q__CURRENCY_CODE);
}

/* Tokens of "million", "bn", or of a letter that touches the number: 5M, 20k. */
static unsigned scale(const struct q__scan *scan, unsigned at)
{
	if (!q__is_word(scan, at, 0, Q__SCALE))
		return 0;
	return q__at(scan, at)->length > 1 || q__at(scan, at)->gap == Q__JOINED;
}

/* Does no word or number touch the token on its left? A hyphen may: $20-$30. */
static bool starts_amount(const struct q__scan *scan, unsigned at)
{
	const struct q__token *before = at > 0 ? q__at(scan, at - 1) : NULL;

	if (!before || q__at(scan, at)->gap != Q__JOINED)
		return true;
	if (before->kind != Q__SIGN)
		return before->kind == Q__IDEOGRAPH;
	if (q__at(scan, at)->kind == Q__NUMBER && (before->code == '.' || before->code == ','))
		return false;
	return before->code != '#' && before->code != '_';
}

/* An amount that is no part of a longer number, code or word. */
static unsigned whole_amount(const struct q__scan *scan, unsigned at)
{
	return starts_amount(scan, at) ? q__amount(scan, at) : 0;
}

static bool accept(struct q__match *match, unsigned first, unsigned end, enum q_entity_type type)
{
	*match = (struct q__match){first, end, type};
	return true;
}

/* Does the amount's end touch nothing but a scale? */
static unsigned with_scale(const struct q__scan *scan, unsigned end)
{
	unsigned scaled = end + scale(scan, end);

	return q__ends_apart(scan, scaled) ? scaled : 0;
}

/* $ 5, US$5, USD 5: what says the currency stands first. */
static bool match_currency_first(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned number = at, amount, end;

	if (q__is_word(scan, at, Q__CAPITAL, 0) && q__at(scan, at)->length <= 3 &&
	    is_currency_sign(scan, at + 1) && q__at(scan, at + 1)->gap == Q__JOINED)
		number = at + 2;
	else if (is_currency_sign(scan, at) || is_currency_code(scan, at))
		number = at + 1;
	if (number == at || !starts_amount(scan, at) || q__at(scan, number)->gap > Q__SPACE)
		return false;
	amount = q__amount(scan, number);
	end = amount > 0 ? with_scale(scan, number + amount) : 0;
	return end > 0 && accept(match, at, end, Q_ENTITY_MONEY);
}

/* Tokens of what says the currency behind an amount. A sign that touches the next number belongs to
 * that. */
static unsigned currency_behind(const struct q__scan *scan, unsigned at)
{
	bool is_joined = q__at(scan, at)->gap == Q__JOINED;
	bool belongs_to_next =
		q__at(scan, at + 1)->kind == Q__NUMBER && q__at(scan, at + 1)->gap == Q__JOINED;

	if (is_currency_sign(scan, at)) {
		if (belongs_to_next || (q__is_sign(scan, at, '$') && !is_joined))
			return 0;
		return 1;
	}
	if (q__at(scan, at)->kind == Q__IDEOGRAPH) /* yen, yuan */
		return q__at(scan, at)->code == 0x5186 || q__at(scan, at)->code == 0x5143;
	return is_currency_code(scan, at) || q__is_word(scan, at, 0, Q__CURRENCY_WORD);
}

static bool match_currency_last(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned end = at + whole_amount(scan, at), behind;

	if (end == at)
		return false;
	end += scale(scan, end);
	if (q__at(scan, end)->gap > Q__LINE)
		return false;
	behind = currency_behind(scan, end);
	return behind > 0 && accept(match, at, end + behind, Q_ENTITY_MONEY);
}

bool q__match_money(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind == Q__NUMBER)
		return match_currency_last(scan, at, match);
	return match_currency_first(scan, at, match);
}

/* Does a minus belong to the number behind it, rather than stand between two things? */
static bool is_minus(const struct q__scan *scan, unsigned at)
{
	return (q__is_sign(scan, at, '-') || q__is_sign(scan, at, 0x2212)) &&
	       (at == 0 || q__at(scan, at)->gap != Q__JOINED) &&
	       q__at(scan, at + 1)->gap == Q__JOINED;
}

bool q__match_percent(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned number = at + is_minus(scan, at);
	unsigned end = number + whole_amount(scan, number), words;

	if (end == number)
		return false;
	if (q__is_sign(scan, end, '%') || q__is_sign(scan, end, 0xFF05) ||
	    q__is_sign(scan, end, 0x2030))
		return accept(match, at, end + 1, Q_ENTITY_PERCENT);
	words = q__at(scan, end)->gap == Q__JOINED ? 0 : q__phrase(scan, end, Q__PERCENT_WORD);
	return words > 0 && accept(match, at, end + words, Q_ENTITY_PERCENT);
}
