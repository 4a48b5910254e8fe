/* E-mail addresses and telephone numbers. */
#include "embedded/extractive/scan.h"

enum {
	EMAIL_TOKENS_MAX = 24, /* of the local part, or of a label of the host */
	DOMAIN_LABELS_MAX = 10,
	PHONE_DIGITS_MIN = 7,
	PHONE_DIGITS_MAX = 15, /* E.164 */
	PHONE_GROUPS_MAX = 8,
	PHONE_CUE_TOKENS = 4 /* how far before a number "tel" may stand */
};

/* Signs inside the part before '@' in practice; RFC 5322 allows more that nobody uses. */
static bool is_local_sign(uint32_t code)
{
	return code == '.' || code == '_' || code == '-' || code == '+' || code == '%';
}

/* The index of '@' behind a local part that begins at `at`; 0: none. */
static unsigned local_part_end(const struct q__scan *scan, unsigned at)
{
	for (unsigned i = at + 1; i <= at + EMAIL_TOKENS_MAX; i++) {
		const struct q__token *token = q__at(scan, i);

		if (token->gap != Q__JOINED)
			return 0;
		if (token->kind == Q__SIGN && token->code == '@')
			return q__is_sign(scan, i - 1, '.') ? 0 : i;
		if (!q__is_alphanumeric(scan, i) &&
		    !(token->kind == Q__SIGN && is_local_sign(token->code)))
			return 0;
	}
	return 0;
}

/* Tokens of one label of a host name: letters, digits and inner hyphens. */
static unsigned host_label(const struct q__scan *scan, unsigned at)
{
	unsigned end = at;

	while (end < at + EMAIL_TOKENS_MAX && q__at(scan, end)->gap == Q__JOINED &&
	       (q__is_alphanumeric(scan, end) ||
		(end > at && q__is_sign(scan, end, '-') && q__is_alphanumeric(scan, end + 1))))
		end++;
	return end - at;
}

/* The end of a host name with at least two labels, the last of letters; 0: none. */
static unsigned host_name_end(const struct q__scan *scan, unsigned at)
{
	unsigned end = at, labels = 0, last = at, length;

	while (labels < DOMAIN_LABELS_MAX && (length = host_label(scan, end)) > 0) {
		last = end;
		end += length;
		labels++;
		if (!q__is_joined_sign(scan, end, '.') || host_label(scan, end + 1) == 0)
			break;
		end++;
	}
	if (labels < 2 || q__at(scan, last)->kind != Q__WORD || q__at(scan, last)->length < 2)
		return 0;
	return end;
}

bool q__match_email(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned sign, end;

	if (!q__is_alphanumeric(scan, at) || !q__starts_apart(scan, at))
		return false;
	sign = local_part_end(scan, at);
	end = sign > 0 ? host_name_end(scan, sign + 1) : 0;
	if (end == 0)
		return false;
	*match = (struct q__match){at, end, Q_ENTITY_EMAIL};
	return true;
}

/* The numbers in a row from `at` on, with at most two signs or one space between them. */
struct groups {
	unsigned count;
	unsigned digits; /* of all */
	unsigned group_digits[PHONE_GROUPS_MAX];
	unsigned end[PHONE_GROUPS_MAX];		  /* token behind each group */
	bool is_parted_by_sign[PHONE_GROUPS_MAX]; /* from the group before */
};

static bool is_phone_sign(uint32_t code)
{
	return code == '-' || code == '.' || code == '/' || code == '(' || code == ')' ||
	       code == 0x2010 || code == 0x2011 || code == 0x2013;
}

static void read_groups(const struct q__scan *scan, unsigned at, enum q__gap widest,
			struct groups *groups)
{
	unsigned signs = 0;

	*groups = (struct groups){0};
	for (unsigned i = at; groups->count < PHONE_GROUPS_MAX; i++) {
		const struct q__token *token = q__at(scan, i);

		if (token->kind == Q__END || (i > at && token->gap > widest))
			return;
		if (token->kind == Q__NUMBER) {
			groups->group_digits[groups->count] = token->digits;
			groups->end[groups->count] = i + 1;
			groups->is_parted_by_sign[groups->count] = signs > 0;
			groups->digits += token->digits;
			groups->count++;
			signs = 0;
		} else if (token->kind != Q__SIGN || !is_phone_sign(token->code) || ++signs > 2) {
			return;
		}
	}
}

static bool accept(const struct q__scan *scan, struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_PHONE};
	return q__ends_apart(scan, end) || q__is_joined_sign(scan, end, ',');
}

/* Does a word that announces a number stand shortly before? */
static bool has_cue(const struct q__scan *scan, unsigned at)
{
	for (unsigned i = 1; i <= PHONE_CUE_TOKENS && i <= at; i++)
		if (q__is_word(scan, at - i, 0, Q__PHONE_CUE))
			return true;
	return false;
}

/* +49 30 1234567: a country code after '+'. Groups are taken while the number may still grow: up to
 * 11 digits for +1, 15 for others. */
static bool match_international(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned limit = PHONE_DIGITS_MAX, digits = 0, taken = 0;
	struct groups groups;

	if (!q__is_sign(scan, at, '+') || q__at(scan, at + 1)->gap != Q__JOINED)
		return false;
	read_groups(scan, at + 1, Q__SPACE, &groups);
	if (groups.count > 0 && q__is_number(scan, at + 1, 1, 1, 1, 1))
		limit = 11;
	while (taken < groups.count && digits + groups.group_digits[taken] <= limit)
		digits += groups.group_digits[taken++];
	return digits >= PHONE_DIGITS_MIN && accept(scan, match, at, groups.end[taken - 1]);
}

/* An area or exchange code of the North American Numbering Plan: 200 to 999. */
static bool is_code(const struct q__scan *scan, unsigned index)
{
	return q__is_number(scan, index, 3, 3, 200, 999);
}

/* (212) 555-0147, 212-555-0147, 1-800-555-0147. Parted by spaces alone it needs a cue: a table's
 * columns look the same. */
static bool match_north_american(const struct q__scan *scan, unsigned at, bool is_announced,
				 struct q__match *match)
{
	unsigned first = at + q__is_sign(scan, at, '(');
	struct groups groups;
	unsigned area = 0;

	if (!q__starts_apart(scan, at))
		return false;
	read_groups(scan, first, Q__LINE, &groups);
	if (groups.count >= 4 && q__is_number(scan, first, 1, 1, 1, 1) &&
	    groups.is_parted_by_sign[1])
		area = 1;
	if (groups.count < area + 3 || groups.group_digits[area + 2] != 4 ||
	    !is_code(scan, groups.end[area] - 1) || !is_code(scan, groups.end[area + 1] - 1))
		return false;
	if (!is_announced && first == at && !groups.is_parted_by_sign[area + 2])
		return false;
	return accept(scan, match, at, groups.end[area + 2]);
}

/* Any number of a telephone's length behind "Tel." or the like. */
static bool match_announced(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	struct groups groups;
	unsigned taken = 0, digits = 0;

	read_groups(scan, at + q__is_sign(scan, at, '('), Q__SPACE, &groups);
	while (taken < groups.count && digits + groups.group_digits[taken] <= PHONE_DIGITS_MAX)
		digits += groups.group_digits[taken++];
	return digits >= PHONE_DIGITS_MIN && accept(scan, match, at, groups.end[taken - 1]);
}

bool q__match_phone(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	bool is_announced;

	if (q__at(scan, at)->kind != Q__NUMBER && !q__is_sign(scan, at, '(') &&
	    !q__is_sign(scan, at, '+'))
		return false;
	is_announced = has_cue(scan, at);
	return match_international(scan, at, match) ||
	       match_north_american(scan, at, is_announced, match) ||
	       (is_announced && !q__is_sign(scan, at, '+') && match_announced(scan, at, match));
}
