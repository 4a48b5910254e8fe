/* Persons: capitalised words that a title, a known given name, a label such as "Contact:" or a
 * credential vouches for. */
#include "embedded/extractive/scan.h"

enum { NAME_WORDS_MAX = 4, SURE_WORDS_MAX = 3 };

static bool accept(struct q__match *match, unsigned first, unsigned end)
{
	*match = (struct q__match){first, end, Q_ENTITY_PERSON};
	return true;
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

	return q__is_distinct(scan, index) && token->digits == 0 && token->length > 1 &&
	       !(token->classes &
		 (Q__ORG_LEGAL | Q__STREET | Q__TITLE | Q__ORG_HEAD | Q__CREDENTIAL)) &&
	       !is_genitive(scan, index);
}

/* The end of up to `words_max` name words, initials and particles from `at` on; *words counts the
 * words. */
static unsigned name_end(const struct q__scan *scan, unsigned at, unsigned words_max,
			 unsigned *words)
{
	unsigned end = at, next = at;

	*words = 0;
	for (unsigned i = 0; i < words_max + 2 && *words < words_max; i++) {
		if (next > at && !q__is_spaced(scan, next))
			break;
		if (is_name_word(scan, next)) {
			next += q__capital_word(scan, next);
			end = next;
			++*words;
		} else if (next > at && q__is_capital(scan, next) &&
			   q__at(scan, next)->length == 1) {
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
	if (!q__is_spaced(scan, first))
		return false;
	end = name_end(scan, first, SURE_WORDS_MAX, &words);
	return words > 0 && accept(match, words == 1 ? at : first, end);
}

/* Is the name that ends at `end` the whole run of capitalised words? "Morgan Stanley Funds" is not
 * a person. */
static bool ends_run(const struct q__scan *scan, unsigned end)
{
	return !q__is_spaced(scan, end) || !q__is_capital(scan, end) ||
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
	return words >= 2 && ends_run(scan, end) && accept(match, at, end);
}

/* Contact: Xi Yun. */
static bool match_label(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned first = at + q__phrase(scan, at, Q__NAME_LABEL), words, end;

	if (first == at || !q__is_joined_sign(scan, first, ':'))
		return false;
	end = name_end(scan, first + 1, SURE_WORDS_MAX, &words);
	return words >= 2 && ends_run(scan, end) && accept(match, first + 1, end);
}

/* Xi Yun, PhD. */
static bool match_credential(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	unsigned words, end = name_end(scan, at, SURE_WORDS_MAX, &words);

	return words >= 2 && q__is_joined_sign(scan, end, ',') &&
	       q__is_word(scan, end + 1, Q__CAPITAL, Q__CREDENTIAL) && accept(match, at, end);
}

bool q__match_person(const struct q__scan *scan, unsigned at, struct q__match *match)
{
	if (q__at(scan, at)->kind != Q__WORD || !q__starts_apart(scan, at))
		return false;
	return match_title(scan, at, match) || match_given_name(scan, at, match) ||
	       match_label(scan, at, match) ||
	       (q__is_capital(scan, at) && match_credential(scan, at, match));
}
