/* Names of persons and organisations: runs of capitalised words that something vouches for: a legal form, a title, a known given name, a
 * label such as "Contact:", or an alias in brackets. A run that nothing vouches for is no name: headings look the same. */
#include "embedded/extractive/scan.h"

enum { RUN_WORDS_MAX = 8, NAME_WORDS_MAX = 4 };

static bool is_space(const struct q__scan *scan, unsigned index)
{
	enum q__gap gap = (enum q__gap)q__at(scan, index)->gap;

	return gap == Q__SPACE || gap == Q__LINE;
}

static bool is_capital(const struct q__scan *scan, unsigned index)
{
	return q__is_word(scan, index, Q__CAPITAL, 0);
}

/* Says something by itself: neither a little word nor one of forms and headings. */
static bool is_distinct(const struct q__scan *scan, unsigned index)
{
	return is_capital(scan, index) &&
	       !(q__at(scan, index)->classes & (Q__STOP | Q__GENERIC | Q__MONTH));
}

/* A capitalised word with what is hyphened to it; 0: none. */
static unsigned capital_word(const struct q__scan *scan, unsigned at)
{
	unsigned end = at + 1;

	if (!is_capital(scan, at))
		return 0;
	while (q__is_joined_sign(scan, end, '-') && is_capital(scan, end + 1) &&
	       q__at(scan, end + 1)->gap == Q__JOINED)
		end += 2;
	return end - at;
}

/* Tokens between two words of one name: the full stop of an initial or abbreviation, or "&". */
static unsigned link(const struct q__scan *scan, unsigned at)
{
	if (q__is_joined_sign(scan, at, '.') && is_space(scan, at + 1) &&
	    (q__at(scan, at - 1)->length == 1 || q__is_word(scan, at - 1, 0, Q__ABBREVIATION)))
		return 1;
	return q__is_sign(scan, at, '&') ? 1 : 0;
}

/* L.L.C., S.A.: letters with full stops that make a legal form; 0: none. */
static unsigned dotted_legal_form(const struct q__scan *scan, unsigned at)
{
	char letters[6];
	unsigned count = 0, end = at;

	while (count < sizeof letters && is_capital(scan, end) && q__at(scan, end)->length == 1 &&
	       q__is_joined_sign(scan, end + 1, '.')) {
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

/* Tokens of a legal form with the comma before and the full stop behind it; 0: none. */
static unsigned legal_form(const struct q__scan *scan, unsigned at)
{
	unsigned form = at + q__is_joined_sign(scan, at, ','), dotted;

	if (!is_space(scan, form))
		return 0;
	dotted = dotted_legal_form(scan, form);
	if (dotted > 0)
		return form + dotted - at;
	if (!is_capital(scan, form) && !q__reads(scan, form, Q_STR("mbh")))
		return q__reads(scan, form, Q_STR("kft")) ? form + 1 - at : 0;
	if (!(q__at(scan, form)->classes & Q__ORG_LEGAL))
		return 0;
	form++;
	if (q__is_joined_sign(scan, form, '.') &&
	    q__is_word(scan, form - 1, 0, Q__ABBREVIATION_LAST))
		form++;
	return form - at;
}

/* An organisation that ends in a legal form or a head such as "Club"; `name` is where distinct words were seen. */
struct run {
	unsigned end; /* behind the last word */
	unsigned
		head_end; /* behind the last legal form or head that makes the run a name; 0: none */
	unsigned words;
	bool has_distinct;
};

static void run_add_head(const struct q__scan *scan, struct run *run, unsigned head)
{
	unsigned length = q__phrase(scan, head, Q__ORG_HEAD);

	if (length > 0 && run->has_distinct && run->words > 0 &&
	    is_capital(scan, head + length - 1))
		run->head_end = head + length;
}

static struct run read_run(const struct q__scan *scan, unsigned at)
{
	struct run run = {.end = at};
	unsigned legal;

	while (run.words < RUN_WORDS_MAX) {
		unsigned word = capital_word(scan, run.end);

		if (word == 0 || (run.words > 0 && !is_space(scan, run.end)))
			break;
		run_add_head(scan, &run, run.end);
		run.has_distinct |= is_distinct(scan, run.end) &&
				    !(q__at(scan, run.end)->classes & Q__ORG_LEGAL);
		run.end += word;
		run.words++;
		legal = legal_form(scan, run.end);
		if (legal > 0 && run.has_distinct) {
			run.end += legal;
			run.head_end = run.end;
			run.end += legal_form(
				scan, run.end); /* GmbH & Co. KG is beyond us, "Ltd. Co." is not */
			break;
		}
		run.end += link(scan, run.end);
	}
	return run;
}

static bool accept(struct q__match *match, unsigned first, unsigned end, enum q_entity_type type)
{
	*match = (struct q__match){first, end, type};
	return true;
}

/* University of X, Bank of X. */
static bool match_head_of(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned end = at + 2, words = 0;

	if (!q__is_word(scan, at, Q__CAPITAL, Q__ORG_OF) || !q__reads(scan, at + 1, Q_STR("of")))
		return false;
	end += q__reads(scan, end, Q_STR("the"));
	while (words < 3 && is_capital(scan, end) && is_space(scan, end) &&
	       !(q__at(scan, end)->classes & (Q__STOP | Q__MONTH))) {
		end += capital_word(scan, end);
		words++;
	}
	return words > 0 && accept(match, at, end, Q_ENTITY_ORGANISATION);
}

/* Where a capitalised word at the sentence's start may be no part of the name: "The", "Contact". */
static bool is_leading(const struct q__scan *scan, unsigned at)
{
	return q__at(scan, at)->classes & Q__STOP;
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
	return is_capital(scan, word);
}

bool q__match_organisation(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	struct run run;

	if (!is_capital(scan, at) || !q__starts_apart(scan, at))
		return false;
	if (match_head_of(scan, at, match))
		return true;
	if (is_leading(scan, at))
		return false;
	run = read_run(scan, at);
	if (run.head_end > 0)
		return accept(match, at, run.head_end, Q_ENTITY_ORGANISATION);
	return run.words >= 2 && run.has_distinct && begins_alias(scan, run.end) &&
	       accept(match, at, run.end, Q_ENTITY_ORGANISATION);
}

/* Dana's: whose, not who. */
static bool is_genitive(const struct q__scan *scan, unsigned index)
{
	const struct q__token *token = q__at(scan, index);
	struct q_str text =
		q_str_slice(scan->sentence->page, token->offset, token->offset + token->length);

	return q_str_ends_with(text, Q_STR("'s")) || q_str_ends_with(text, Q_STR("\u2019s"));
}

/* A word that may be part of a person's name. */
static bool is_name_word(const struct q__scan *scan, unsigned index)
{
	const struct q__token *token = q__at(scan, index);

	return is_distinct(scan, index) && token->digits == 0 && token->length > 1 &&
	       !(token->classes &
		 (Q__ORG_LEGAL | Q__STREET | Q__TITLE | Q__ORG_HEAD | Q__CREDENTIAL)) &&
	       !is_genitive(scan, index);
}

/* The end of up to `words_max` name words, initials and particles from `at` on; *words counts the words. */
static unsigned name_end(const struct q__scan *scan, unsigned at, unsigned words_max,
			 unsigned *words)
{
	unsigned end = at, next = at;

	*words = 0;
	for (unsigned i = 0; i < words_max + 2 && *words < words_max; i++) {
		if (next > at && !is_space(scan, next))
			break;
		if (is_name_word(scan, next)) {
			next += capital_word(scan, next);
			end = next;
			++*words;
		} else if (next > at && is_capital(scan, next) && q__at(scan, next)->length == 1) {
			next += 1 + q__is_joined_sign(scan, next + 1, '.');
		} else if (next > at && q__is_word(scan, next, Q__SMALL, Q__NAME_PARTICLE)) {
			next++;
		} else {
			break;
		}
	}
	return end;
}

/* Dr. Helen Strand, Señora Núñez: the title is part of the text where one name alone follows it. */
static bool match_title(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned first = at + 1, words, end;

	if (!q__is_word(scan, at, Q__CAPITAL, Q__TITLE))
		return false;
	first += q__is_joined_sign(scan, first, '.');
	if (!is_space(scan, first))
		return false;
	end = name_end(scan, first, 3, &words);
	return words > 0 && accept(match, words == 1 ? at : first, end, Q_ENTITY_PERSON);
}

/* Is the name that ends at `end` the whole run of capitalised words? "Morgan Stanley Funds" is not a person. */
static bool ends_run(const struct q__scan *scan, unsigned end)
{
	return !is_space(scan, end) || !is_capital(scan, end) ||
	       (q__at(scan, end)->classes & (Q__STOP | Q__CREDENTIAL)) ||
	       q__at(scan, end)->gap == Q__LINE;
}

/* Dana Whitfield: a known given name and a name behind it. */
static bool match_given_name(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned words, end;

	if (!q__is_word(scan, at, Q__CAPITAL, Q__GIVEN_NAME))
		return false;
	end = name_end(scan, at, NAME_WORDS_MAX, &words);
	return words >= 2 && ends_run(scan, end) && accept(match, at, end, Q_ENTITY_PERSON);
}

/* Contact: Xi Yun. */
static bool match_label(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned first = at + q__phrase(scan, at, Q__NAME_LABEL), words, end;

	if (first == at || !q__is_joined_sign(scan, first, ':'))
		return false;
	end = name_end(scan, first + 1, 3, &words);
	return words >= 2 && ends_run(scan, end) && !begins_alias(scan, end) &&
	       accept(match, first + 1, end, Q_ENTITY_PERSON);
}

/* Xi Yun, PhD. */
static bool match_credential(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned words, end = name_end(scan, at, 3, &words);

	return words >= 2 && q__is_joined_sign(scan, end, ',') &&
	       q__is_word(scan, end + 1, Q__CAPITAL, Q__CREDENTIAL) &&
	       accept(match, at, end, Q_ENTITY_PERSON);
}

bool q__match_person(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind != Q__WORD || !q__starts_apart(scan, at))
		return false;
	return match_title(scan, at, match) || match_given_name(scan, at, match) ||
	       match_label(scan, at, match) ||
	       (is_capital(scan, at) && match_credential(scan, at, match));
}
