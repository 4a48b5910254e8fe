/* Organisations: runs of capitalised words that a legal form, a head such as "Club" or "University
 * of", or an alias in brackets vouches for. A run that nothing vouches for is no name: titles look
 * the same. */
#include "embedded/extractive/scan.h"

enum { RUN_WORDS_MAX = 8, HEAD_OF_WORDS_MAX = 3 };

/* Tokens between two words of one name: the full stop of an initial or abbreviation, or "&". */
static unsigned name_link(const struct q__scan *scan, unsigned at)
{
	if (q__is_joined_sign(scan, at, '.') && q__is_spaced(scan, at + 1) &&
	    (q__at(scan, at - 1)->length == 1 || q__is_word(scan, at - 1, 0, Q__ABBREVIATION)))
		return 1;
	return q__is_sign(scan, at, '&') ? 1 : 0;
}

/* L.L.C., S.A.: letters with full stops that make a legal form; 0: none. */
static unsigned dotted_legal_form(const struct q__scan *scan, unsigned at)
{
	char letters[6];
	unsigned count = 0, end = at;

	while (count < sizeof letters && q__is_capital(scan, end) &&
	       q__at(scan, end)->length == 1 && q__is_joined_sign(scan, end + 1, '.')) {
		letters[count++] = (char)(q__at(scan, end)->code + ('a' - 'A'));
		end += 2;
		if (q__at(scan, end)->gap != Q__JOINED)
			break;
	}
	if (count < 2 ||
	    !(q__lexicon_find(scan->lexicon, (struct q_str){letters, count}) & Q__ORG_LEGAL))
		return 0;
	return end - at;
}

/* Tokens of a legal form with the comma before and the full stop behind it; 0: none. Behind a comma
 * "NV" is Nevada. */
static unsigned legal_form(const struct q__scan *scan, unsigned at)
{
	unsigned form = at + q__is_joined_sign(scan, at, ','), dotted;

	if (!q__is_spaced(scan, form))
		return 0;
	dotted = dotted_legal_form(scan, form);
	if (dotted > 0)
		return form + dotted - at;
	if (!q__is_word(scan, form, Q__CAPITAL, Q__ORG_LEGAL) ||
	    (form > at && q__is_word(scan, form, 0, Q__STATE_CODE)))
		return 0;
	form++;
	if (q__is_joined_sign(scan, form, '.') &&
	    q__is_word(scan, form - 1, 0, Q__ABBREVIATION_LAST))
		form++;
	return form - at;
}

/* GmbH & Co. KG: tokens behind the first form; 0: none. */
static unsigned second_legal_form(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 2;

	if (!q__is_sign(scan, at, '&') || !q__reads(scan, at + 1, Q_STR("co")))
		return 0;
	end += q__is_joined_sign(scan, end, '.');
	return end + legal_form(scan, end) - at;
}

/* Capitalised words in a row. */
struct run {
	unsigned end;	   /* behind the last word */
	unsigned head_end; /* behind the last legal form or head that makes it a name; 0: none */
	unsigned words;
	bool has_distinct;
};

static void run_add_head(const struct q__scan *scan, struct run *run)
{
	unsigned length = q__phrase(scan, run->end, Q__ORG_HEAD);

	if (length > 0 && run->has_distinct && q__is_capital(scan, run->end + length - 1))
		run->head_end = run->end + length;
}

static void run_add_word(const struct q__scan *scan, struct run *run)
{
	run->has_distinct |=
		q__is_distinct(scan, run->end) && !q__is_word(scan, run->end, 0, Q__ORG_LEGAL);
	run->end += q__capital_word(scan, run->end);
	run->words++;
}

/* Up to a legal form, or as far as words are capitalised. */
static struct run read_run(const struct q__scan *scan, unsigned at)
{
	struct run run = {.end = at};

	while (run.words < RUN_WORDS_MAX && q__is_capital(scan, run.end) &&
	       (run.words == 0 || q__is_spaced(scan, run.end))) {
		unsigned legal;

		run_add_head(scan, &run);
		run_add_word(scan, &run);
		legal = run.has_distinct ? legal_form(scan, run.end) : 0;
		if (legal > 0) {
			run.end += legal;
			run.end += second_legal_form(scan, run.end);
			run.head_end = run.end;
			break;
		}
		run.end += name_link(scan, run.end);
	}
	return run;
}

static bool accept(struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_ORGANISATION};
	return true;
}

/* University of X, Bank of X. */
static bool match_head_of(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned end = at + 2, words = 0;

	if (!q__is_word(scan, at, Q__CAPITAL, Q__ORG_OF) || !q__reads(scan, at + 1, Q_STR("of")))
		return false;
	end += q__reads(scan, end, Q_STR("the"));
	while (words < HEAD_OF_WORDS_MAX && q__is_capital(scan, end) && q__is_spaced(scan, end) &&
	       !(q__at(scan, end)->classes & (Q__STOP | Q__MONTH))) {
		end += q__capital_word(scan, end);
		words++;
	}
	return words > 0 && accept(match, at, end);
}

/* X (the Plan), X ("Acme"): what gets an alias is a party. Does one begin at `at`? */
static bool begins_alias(const struct q__scan *scan, unsigned at)
{
	unsigned word = at + 1;

	if (!q__is_sign(scan, at, '(') || q__at(scan, at)->gap == Q__JOINED)
		return false;
	if (q__is_sign(scan, word, '"') || q__is_sign(scan, word, 0x201C))
		word++;
	else if (q__reads(scan, word, Q_STR("the")) || q__reads(scan, word, Q_STR("hereinafter")))
		word++;
	else
		return false;
	word += q__is_sign(scan, word, '"') || q__is_sign(scan, word, 0x201C) ||
		q__reads(scan, word, Q_STR("the"));
	return q__is_capital(scan, word);
}

bool q__match_organisation(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	struct run run;

	if (!q__is_capital(scan, at) || !q__starts_apart(scan, at))
		return false;
	if (match_head_of(scan, at, match))
		return true;
	if (q__is_word(scan, at, 0, Q__STOP)) /* The, Contact: no part of the name */
		return false;
	run = read_run(scan, at);
	if (run.head_end > 0)
		return accept(match, at, run.head_end);
	return run.words >= 2 && run.has_distinct && begins_alias(scan, run.end) &&
	       accept(match, at, run.end);
}
