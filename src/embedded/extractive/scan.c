#include "embedded/extractive/scan.h"

const struct q__token *q__at(const struct q__scan *scan, unsigned index)
{
	return q__token_at(scan->sentence, index);
}

bool q__is_sign(const struct q__scan *scan, unsigned index, uint32_t code)
{
	const struct q__token *token = q__at(scan, index);

	return token->kind == Q__SIGN && token->code == code;
}

bool q__is_joined_sign(const struct q__scan *scan, unsigned index, uint32_t code)
{
	return q__is_sign(scan, index, code) && q__at(scan, index)->gap == Q__JOINED;
}

bool q__is_word(const struct q__scan *scan, unsigned index, unsigned shape, unsigned classes)
{
	const struct q__token *token = q__at(scan, index);

	return token->kind == Q__WORD && (token->shape & shape) == shape &&
	       (token->classes & classes) == classes;
}

bool q__is_number(const struct q__scan *scan, unsigned index, unsigned digits_min,
		  unsigned digits_max, uint32_t low, uint32_t high)
{
	const struct q__token *token = q__at(scan, index);

	return token->kind == Q__NUMBER && token->digits >= digits_min &&
	       token->digits <= digits_max && token->code >= low && token->code <= high;
}

bool q__is_spaced(const struct q__scan *scan, unsigned index)
{
	enum q__gap gap = (enum q__gap)q__at(scan, index)->gap;

	return gap == Q__SPACE || gap == Q__LINE;
}

bool q__is_capital(const struct q__scan *scan, unsigned index)
{
	return q__is_word(scan, index, Q__CAPITAL, 0);
}

bool q__is_distinct(const struct q__scan *scan, unsigned index)
{
	return q__is_capital(scan, index) &&
	       !(q__at(scan, index)->classes & (Q__STOP | Q__GENERIC | Q__MONTH));
}

unsigned q__capital_word(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 1;

	if (!q__is_capital(scan, at))
		return 0;
	while (q__is_joined_sign(scan, end, '-') && q__is_capital(scan, end + 1) &&
	       q__at(scan, end + 1)->gap == Q__JOINED)
		end += 2;
	return end - at;
}

bool q__is_alphanumeric(const struct q__scan *scan, unsigned index)
{
	return q__at(scan, index)->kind == Q__WORD || q__at(scan, index)->kind == Q__NUMBER;
}

/* Signs that tie what stands around them into one. */
static bool is_tie(uint32_t code)
{
	switch (code) {
	case '-':
	case '/':
	case '.':
	case '_':
	case '@':
	case '#':
	case '+':
	case '\\':
		return true;
	default:
		return false;
	}
}

/* Does the sign at `index` tie what touches it on both sides into one? A comma does so inside
 * numbers only. */
static bool ties(const struct q__scan *scan, unsigned index)
{
	const struct q__token *sign = q__at(scan, index), *after = q__at(scan, index + 1);

	if (sign->kind != Q__SIGN || after->gap != Q__JOINED ||
	    !q__is_alphanumeric(scan, index + 1))
		return false;
	if (sign->code == ',')
		return index > 0 && sign->gap == Q__JOINED && after->kind == Q__NUMBER &&
		       q__at(scan, index - 1)->kind == Q__NUMBER;
	return is_tie(sign->code);
}

bool q__starts_apart(const struct q__scan *scan, unsigned at)
{
	if (at == 0 || q__at(scan, at)->gap != Q__JOINED)
		return true;
	return !q__is_alphanumeric(scan, at - 1) && !ties(scan, at - 1);
}

bool q__ends_apart(const struct q__scan *scan, unsigned end)
{
	if (q__at(scan, end)->gap != Q__JOINED)
		return true;
	return !q__is_alphanumeric(scan, end) && !ties(scan, end);
}

static struct q_str text_of(const struct q__scan *scan, unsigned index)
{
	const struct q__token *token = q__at(scan, index);

	return q_str_slice(scan->sentence->page, token->offset, token->offset + token->length);
}

bool q__reads(const struct q__scan *scan, unsigned index, struct q_str lower)
{
	return q_str_equal_ignore_case(text_of(scan, index), lower);
}

/* Appends the word, and '_' before it where it is not the first; false where it is too long for any
 * phrase. */
static bool add_phrase_word(char *phrase, size_t *length, size_t size, struct q_str word)
{
	size_t added;

	if (*length > 0)
		phrase[(*length)++] = '_';
	added = *length + 8 < size ? q__word_lower(word, phrase + *length, size - *length) : 0;
	*length += added;
	return added > 0;
}

unsigned q__phrase(const struct q__scan *scan, unsigned at, unsigned classes)
{
	char phrase[Q__LEXICON_WORD_MAX + 16];
	size_t length = 0;
	unsigned found = q__is_word(scan, at, 0, classes) ? 1 : 0;
	unsigned next = at;

	if (!(q__at(scan, at)->classes & Q__PHRASE_FIRST))
		return found;
	for (unsigned words = 1; words <= Q__LEXICON_PHRASE_WORDS; words++) {
		struct q_str so_far;

		if (!q__is_word(scan, next, 0, 0) ||
		    !add_phrase_word(phrase, &length, sizeof phrase, text_of(scan, next)))
			break;
		so_far = (struct q_str){phrase, length};
		if (words > 1 && (q__lexicon_find(scan->lexicon, so_far) & classes) == classes)
			found = next + 1 - at;
		next++;
		if (q__is_joined_sign(scan, next, '.'))
			next++; /* St. Louis */
		if (q__at(scan, next)->gap == Q__JOINED)
			break;
	}
	return found;
}

/* A sign that parts the groups of a number, or its fraction. */
static bool is_group_sign(const struct q__scan *scan, unsigned index)
{
	uint32_t code = q__at(scan, index)->code;

	return q__is_joined_sign(scan, index, code) &&
	       (code == ',' || code == '.' || code == '\'' || code == 0x2019);
}

unsigned q__amount(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 1, groups = 1;
	uint32_t sign = 0;

	if (q__at(scan, at)->kind != Q__NUMBER)
		return 0;
	while (groups < 6 && is_group_sign(scan, end) && q__at(scan, end + 1)->kind == Q__NUMBER &&
	       q__at(scan, end + 1)->gap == Q__JOINED) {
		/* A second sign of another kind begins the fraction; before it each group has two
		 * (India) or three digits. */
		bool is_fraction = sign != 0 && q__at(scan, end)->code != sign;

		if (groups > 1 &&
		    (q__at(scan, end - 1)->digits < 2 || q__at(scan, end - 1)->digits > 3))
			return 0;
		sign = q__at(scan, end)->code;
		end += 2;
		groups++;
		if (is_fraction)
			break;
	}
	return q__ends_apart(scan, end) || q__at(scan, end)->kind == Q__WORD ? end - at : 0;
}

/* Tokens of a web address, whose parts must not be taken for anything else; 0: none. */
static unsigned web_address(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 1;
	bool has_scheme = q__is_joined_sign(scan, end, ':') &&
			  q__is_joined_sign(scan, end + 1, '/') &&
			  q__is_joined_sign(scan, end + 2, '/');

	if (!has_scheme && !(q__reads(scan, at, Q_STR("www")) && q__is_joined_sign(scan, end, '.')))
		return 0;
	while (q__at(scan, end)->gap == Q__JOINED)
		end++;
	return end - at;
}

static bool (*const matchers[])(const struct q__scan *, unsigned, struct q__match *) = {
	q__match_email,	       q__match_date,	 q__match_identifier,
	q__match_money,	       q__match_percent, q__match_phone,
	q__match_organisation, q__match_person,	 q__match_place,
};

static bool match_any(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	for (size_t i = 0; i < Q_COUNT_OF(matchers); i++)
		if (matchers[i](scan, at, match))
			return true;
	return false;
}

unsigned q__scan_sentence(const struct q__scan *scan, struct q__match *matches, unsigned limit)
{
	unsigned count = 0, at = 0;

	while (at < scan->sentence->count && count < limit) {
		unsigned skipped = q__at(scan, at)->kind == Q__WORD ? web_address(scan, at) : 0;

		if (skipped > 0) {
			at += skipped;
		} else if (match_any(scan, at, &matches[count])) {
			at = matches[count++].end;
		} else {
			at++;
		}
	}
	return count;
}
