/* search/analysis/value.h: dates, numbers and booleans as int64 values whose order is theirs: what
 * a column holds (column.h).
 *
 * Contract:  what is taken as a date, number or boolean is what OpenSearch takes (formats
 *            strict_date_optional_time and epoch_millis, `coerce` on); numbers are doubles. Names
 *            of time zones other than UTC, GMT and Z are not known. Pure.
 * Units:     dates: milliseconds since 1970. */
#ifndef Q_SEARCH_ANALYSIS_VALUE_H
#define Q_SEARCH_ANALYSIS_VALUE_H

#include "base/json.h"
#include "ports/search_index.h"

/* Values are read for these kinds alone: dates, numbers and booleans. */
static inline bool q__kind_has_values(enum q_field_kind kind)
{
	return kind == Q_FIELD_DATE || kind == Q_FIELD_NUMBER || kind == Q_FIELD_BOOLEAN;
}

/* A document's value. Q_NOTFOUND: it is null, or an empty text for a number: no value. */
Q_MUST_USE enum q_code q__value_from_json(enum q_field_kind kind, const struct q_json *json,
					  int64_t *out);

/* The term that stands for a boolean in the postings, as Lucene's. */
static inline struct q_str q__boolean_term(int64_t value)
{
	return value ? Q_STR("T") : Q_STR("F");
}

/* A double's bits, made sortable as Lucene does: -0.0 before 0.0. */
static inline int64_t q__value_of_double(double number)
{
	int64_t bits;

	__builtin_memcpy(&bits, &number, sizeof bits);
	return bits ^ (bits >> 63 & INT64_MAX);
}

static inline double q__double_of_value(int64_t value)
{
	double number;

	value ^= value >> 63 & INT64_MAX;
	__builtin_memcpy(&number, &value, sizeof number);
	return number;
}

/* A text as Java reads a double: blanks around it and a last f or d are fine. */
bool q__number_parse(struct q_str text, double *out);

/* A date without arithmetic. `round_up`: what the text does not say of the time of day is its end,
 * not its beginning. */
bool q__date_parse(struct q_str text, bool round_up, int64_t *out_ms);

/* A date as q__date_parse reads it, or with arithmetic, "now-1d/d" or "2024-02-03||+1M/d", as
 * queries have it: `round_up` also holds for what is rounded to a unit. */
bool q__date_resolve(struct q_str text, bool round_up, int64_t now_ms, int64_t *out_ms);

/* All values from `least` to `greatest`; none where least > greatest. */
struct q__value_span {
	int64_t least, greatest;
};

/* What a text in a query stands for: a date that leaves its time of day open is all of that day.
 * False where it is none of the kind. */
Q_MUST_USE bool q__value_span(enum q_field_kind kind, struct q_str text, int64_t now_ms,
			      struct q__value_span *out);

#endif
