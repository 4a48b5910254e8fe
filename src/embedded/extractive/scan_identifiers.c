/* Numbers and codes that name records: MEM-00123, INV/2024/118, CTR20240118, ISO 9001, a UUID, and
 * what follows "Invoice no." or "Policy #". */
#include "embedded/extractive/scan.h"

enum { PARTS_MAX = 8, PREFIX_BYTES_MAX = 10, CODE_BYTES_MAX = 40, UUID_BYTES = 36 };

static bool accept(struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_IDENTIFIER};
	return true;
}

static bool is_code_sign(const struct q__scan *scan, unsigned index)
{
	uint32_t code = q__at(scan, index)->code;

	return q__is_joined_sign(scan, index, code) &&
	       (code == '-' || code == '/' || code == '_' || code == '.' || code == 0x2011);
}

/* A run of words and numbers that touch each other or are tied by single signs. */
struct code {
	unsigned end;
	unsigned digits;
	unsigned figures; /* parts that hold digits */
	unsigned small;	  /* parts in small letters */
};

static struct code read_code(const struct q__scan *scan, unsigned at)
{
	struct code code = {.end = at};

	for (unsigned parts = 0; parts < PARTS_MAX && q__is_alphanumeric(scan, code.end); parts++) {
		const struct q__token *token = q__at(scan, code.end);

		code.digits += token->digits;
		code.figures += token->digits > 0;
		code.small += token->kind == Q__WORD && !(token->shape & Q__CAPITAL);
		code.end++;
		if (is_code_sign(scan, code.end) && q__is_alphanumeric(scan, code.end + 1) &&
		    q__at(scan, code.end + 1)->gap == Q__JOINED)
			code.end++;
		else if (q__at(scan, code.end)->gap != Q__JOINED)
			break;
	}
	return code;
}

/* MEM-00123: capitals, then tied parts with at least three digits or two numbers. Small letters
 * only where the prefix is known. */
static bool match_prefixed(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	bool is_known = q__is_word(scan, at, 0, Q__ID_PREFIX);
	struct code code;

	if (!q__is_word(scan, at, is_known ? 0 : Q__ALL_CAPITALS, 0) ||
	    q__is_word(scan, at, 0, Q__MONTH) || q__at(scan, at)->length > PREFIX_BYTES_MAX ||
	    !is_code_sign(scan, at + 1) || q__is_sign(scan, at + 1, '.') ||
	    !q__starts_apart(scan, at))
		return false;
	code = read_code(scan, at);
	if (code.digits < 3 && code.figures < 2)
		return false;
	if (code.small > (is_known ? 1 : 0) || !q__ends_apart(scan, code.end))
		return false;
	return accept(match, at, code.end);
}

/* CTR20240118: one word of capitals and at least five digits; FY2026 has four. */
static bool match_mixed(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	const struct q__token *token = q__at(scan, at);

	if (!q__is_word(scan, at, Q__HAS_DIGIT | Q__CAPITAL, 0) || token->digits < 5 ||
	    token->length > CODE_BYTES_MAX)
		return false;
	if (!(token->shape & Q__ALL_CAPITALS) && token->length != 1u + token->digits)
		return false; /* a small letter in it */
	return q__starts_apart(scan, at) && q__ends_apart(scan, at + 1) &&
	       accept(match, at, at + 1);
}

/* ISO 9001, DIN EN 1090-2. */
static bool match_standard(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned number = at;
	struct code code;

	while (number < at + 3 && q__is_word(scan, number, Q__ALL_CAPITALS, Q__STANDARD))
		number += 1 + q__is_joined_sign(scan, number + 1, '/');
	if (number == at || !q__is_number(scan, number, 2, 6, 1, UINT32_MAX))
		return false;
	code = read_code(scan, number);
	return q__ends_apart(scan, code.end) && accept(match, at, code.end);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct q_str text)
{
	for (size_t i = 0; i < UUID_BYTES; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text.data[i] != '-' : !is_hex(text.data[i]))
			return false;
	}
	return true;
}

static bool match_uuid(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	uint32_t start = q__at(scan, at)->offset;
	struct q_str text = q_str_slice(scan->sentence->page, start, start + UUID_BYTES);
	unsigned end = at;

	if (text.length < UUID_BYTES || text.data[8] != '-' || !is_uuid(text) ||
	    !q__starts_apart(scan, at))
		return false;
	while (q__at(scan, end)->kind != Q__END && q__at(scan, end)->offset < start + UUID_BYTES)
		end++;
	return q__ends_apart(scan, end) && accept(match, at, end);
}

/* What stands between a label and its code: "number", "no.", "#", ": ", "ID is". */
struct marks {
	unsigned end;
	bool is_marked; /* by a word or sign that means "number" */
	bool has_colon;
};

static struct marks read_marks(const struct q__scan *scan, unsigned at)
{
	struct marks marks = {.end = at};

	for (; marks.end < at + 5; marks.end++) {
		bool is_colon = q__is_sign(scan, marks.end, ':');
		bool is_marker = q__is_word(scan, marks.end, 0, Q__ID_MARKER) ||
				 q__is_sign(scan, marks.end, '#') ||
				 q__is_sign(scan, marks.end, 0x2116);
		bool is_filler = q__is_joined_sign(scan, marks.end, '.') ||
				 q__is_sign(scan, marks.end, 0xB0) ||
				 q__reads(scan, marks.end, Q_STR("is"));

		if (!is_colon && !is_marker && !(is_filler && marks.end > at))
			break;
		marks.is_marked |= is_marker;
		marks.has_colon |= is_colon;
	}
	return marks;
}

/* What follows "Contract number", "Policy #", "Invoice no.:". Without a word for "number" it must
 * be long, and announced by a colon or a capital. */
static bool match_labelled(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	struct marks marks;
	struct q__match other;
	struct code code;

	if (!q__is_word(scan, at, 0, Q__ID_LABEL))
		return false;
	marks = read_marks(scan, at + 1);
	marks.is_marked |= q__is_word(scan, at, 0, Q__ID_MARKER);
	code = read_code(scan, marks.end);
	if (code.digits < 3 || code.small > 1 || !q__ends_apart(scan, code.end) ||
	    q__at(scan, marks.end)->gap > Q__LINE)
		return false;
	if (!marks.is_marked &&
	    (code.digits < 5 || !(marks.has_colon || q__is_word(scan, at, Q__CAPITAL, 0))))
		return false;
	if (q__match_date(scan, marks.end, &other) || q__match_money(scan, marks.end, &other) ||
	    (!marks.is_marked && q__match_phone(scan, marks.end, &other)))
		return false;
	return accept(match, marks.end, code.end);
}

bool q__match_identifier(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind == Q__NUMBER)
		return match_uuid(scan, at, match);
	if (q__at(scan, at)->kind != Q__WORD)
		return false;
	return match_prefixed(scan, at, match) || match_mixed(scan, at, match) ||
	       match_standard(scan, at, match) || match_labelled(scan, at, match) ||
	       match_uuid(scan, at, match);
}
