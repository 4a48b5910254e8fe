/* embedded/extractive/scan.h: finding dates, sums, names and the like in the tokens of a sentence.
 *
 * Contract:  a matcher looks whether an entity of its kind begins at the token `at`, or just
 *            behind it where the token announces one ("Invoice no. 12345"), and reads a bounded
 *            number of tokens to decide. So a scan is linear in the sentence.
 * Threads:   pure functions.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_SCAN_H
#define Q_EMBEDDED_EXTRACTIVE_SCAN_H

#include "embedded/extractive/sentences.h"
#include "ports/analyst.h"

struct q__scan {
	const struct q__sentence *sentence;
	const struct q__lexicon *lexicon; /* for phrases */
};

struct q__match {
	unsigned first; /* tokens [first, end) */
	unsigned end;
	enum q_entity_type type;
};

/* Entities in the order of the text, none over another, at most `limit`. Returns how many. */
unsigned q__scan_sentence(const struct q__scan *scan, struct q__match *matches, unsigned limit);

/* The matchers; each file says what it takes. */
bool q__match_email(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_phone(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_identifier(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_date(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_money(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_percent(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_person(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_organisation(const struct q__scan *scan, unsigned at, struct q__match *match);
bool q__match_place(const struct q__scan *scan, unsigned at, struct q__match *match);

/* What matchers ask of tokens. */
const struct q__token *q__at(const struct q__scan *scan, unsigned index);
bool q__is_sign(const struct q__scan *scan, unsigned index, uint32_t code);
bool q__is_joined_sign(const struct q__scan *scan, unsigned index, uint32_t code);
bool q__is_word(const struct q__scan *scan, unsigned index, unsigned shape, unsigned classes);

/* A number of digits_min to digits_max digits and a value in [low, high]. */
bool q__is_number(const struct q__scan *scan, unsigned index, unsigned digits_min,
		  unsigned digits_max, uint32_t low, uint32_t high);

bool q__is_alphanumeric(const struct q__scan *scan, unsigned index);
bool q__is_capital(const struct q__scan *scan, unsigned index);

/* A gap parts it from the token before, but no empty line does. */
bool q__is_spaced(const struct q__scan *scan, unsigned index);

/* A capitalised word that says something by itself: neither a little one nor one of forms, titles
 * and the calendar. */
bool q__is_distinct(const struct q__scan *scan, unsigned index);

/* Tokens of a capitalised word with what is hyphened to it; 0: none. */
unsigned q__capital_word(const struct q__scan *scan, unsigned at);

/* No letter, digit or sign that ties touches the token on its left; the one before `end` on its
 * right. */
bool q__starts_apart(const struct q__scan *scan, unsigned at);
bool q__ends_apart(const struct q__scan *scan, unsigned end);

/* The word equals `lower` when its ASCII capitals are ignored. */
bool q__reads(const struct q__scan *scan, unsigned index, struct q_str lower);

/* Tokens of the longest word or phrase at `at` that belongs to all `classes`; 0: none. */
unsigned q__phrase(const struct q__scan *scan, unsigned at, unsigned classes);

/* Tokens of a decimal number with or without groups and fraction; 0: none.
 * 7  1,234.56  1.234,56  1'000 */
unsigned q__amount(const struct q__scan *scan, unsigned at);

#endif
