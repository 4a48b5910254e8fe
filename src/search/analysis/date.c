/* Dates as OpenSearch's format strict_date_optional_time||epoch_millis takes them:
 *
 *     year [-month [-day]] [T [hour [:minute [:second [.fraction]]] [zone]]]
 *     [-]digits[.digits]                                  milliseconds since 1970
 *
 * A year has four digits, or a sign and up to nine. A zone is Z, UTC, GMT or an offset of at most
 * 18 hours. */
#include "search/analysis/value.h"

#include "base/calendar.h"

enum {
	MS_PER_SECOND = 1000,
	MS_PER_MINUTE = 60 * MS_PER_SECOND,
	MS_PER_HOUR = 60 * MS_PER_MINUTE,
	OFFSET_HOURS_MAX = 18,
	FRACTION_DIGITS_MAX = 9,
	EPOCH_FRACTION_MAX = 6
};

/* What is left of a text; after the first mismatch `ok` is false and stays so. */
struct reader {
	struct q_str rest;
	bool ok;
};

static bool take(struct reader *reader, char c)
{
	if (reader->rest.length == 0 || reader->rest.data[0] != c)
		return false;
	reader->rest = q_str_slice(reader->rest, 1, reader->rest.length);
	return true;
}

static bool take_word(struct reader *reader, struct q_str word)
{
	if (!q_str_starts_with(reader->rest, word))
		return false;
	reader->rest = q_str_slice(reader->rest, word.length, reader->rest.length);
	return true;
}

static bool is_at_digit(const struct reader *reader)
{
	return reader->rest.length > 0 && reader->rest.data[0] >= '0' &&
	       reader->rest.data[0] <= '9';
}

/* As many digits as there are; their value counts up to `digits_max` of them. */
static unsigned read_digits(struct reader *reader, unsigned digits_max, int64_t *value)
{
	unsigned count = 0;

	*value = 0;
	for (; is_at_digit(reader); take(reader, reader->rest.data[0])) {
		if (count++ < digits_max)
			*value = *value * 10 + (reader->rest.data[0] - '0');
	}
	return count;
}

/* Exactly two digits, whose value lies in [low, high]. */
static int read_pair(struct reader *reader, int low, int high)
{
	int value = 0;

	for (int i = 0; i < 2; i++) {
		if (!is_at_digit(reader)) {
			reader->ok = false;
			return low;
		}
		value = value * 10 + (reader->rest.data[0] - '0');
		take(reader, reader->rest.data[0]);
	}
	if (value < low || value > high)
		reader->ok = false;
	return value < low || value > high ? low : value;
}

static int64_t read_year(struct reader *reader)
{
	bool is_negative = take(reader, '-'), is_signed = is_negative || take(reader, '+');
	int64_t year;
	unsigned digits = read_digits(reader, 9, &year);

	/* A plus is for years that need it (or for a longer way to write one that does not). */
	if (digits < 4 || digits > 9 || (digits > 4 && !is_signed) ||
	    (digits == 4 && is_signed && !is_negative))
		reader->ok = false;
	return is_negative ? -year : year;
}

static int64_t read_days(struct reader *reader)
{
	struct q_date date = {.year = read_year(reader), .month = 1, .day = 1};

	if (reader->ok && take(reader, '-')) {
		date.month = read_pair(reader, 1, 12);
		if (reader->ok && take(reader, '-'))
			date.day = read_pair(reader, 1, q_date_month_length(date.year, date.month));
	}
	return q_date_to_days(date);
}

/* What is finer than a millisecond is dropped. */
static int read_fraction_ms(struct reader *reader)
{
	struct q_str digits = reader->rest;
	int64_t ignored;
	unsigned count = read_digits(reader, 0, &ignored);
	int ms = 0;

	if (count == 0 || count > FRACTION_DIGITS_MAX)
		reader->ok = false;
	for (unsigned i = 0; i < 3; i++)
		ms = ms * 10 + (i < count ? digits.data[i] - '0' : 0);
	return ms;
}

/* The time of day, or its end as far as the text leaves it open. */
static int64_t read_time_ms(struct reader *reader, bool round_up)
{
	int64_t hour = round_up ? 23 : 0, minute = round_up ? 59 : 0, second = minute;
	int64_t ms = round_up ? 999 : 0;

	if (reader->rest.length > 0) {
		hour = read_pair(reader, 0, 23);
		if (take(reader, ':')) {
			minute = read_pair(reader, 0, 59);
			if (take(reader, ':')) {
				second = read_pair(reader, 0, 59);
				if (take(reader, '.') || take(reader, ','))
					ms = read_fraction_ms(reader);
			}
		}
	}
	return hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms;
}

/* How far local time is ahead of UTC. */
static int64_t read_zone_ms(struct reader *reader)
{
	bool is_negative = take(reader, '-');
	int64_t hours, ms;

	if (!is_negative && !take(reader, '+')) {
		reader->ok = reader->ok && (take(reader, 'Z') || take_word(reader, Q_STR("UTC")) ||
					    take_word(reader, Q_STR("GMT")));
		return 0;
	}
	hours = read_pair(reader, 0, OFFSET_HOURS_MAX);
	ms = hours * MS_PER_HOUR;
	if (take(reader, ':') || reader->rest.length > 0)
		ms += read_pair(reader, 0, hours == OFFSET_HOURS_MAX ? 0 : 59) *
		      (int64_t)MS_PER_MINUTE;
	return is_negative ? -ms : ms;
}

/* Too far ends at the ends of time. */
static int64_t to_ms(int64_t days, int64_t ms_of_day)
{
	int64_t ms;

	if (__builtin_mul_overflow(days, Q_MS_PER_DAY, &ms) ||
	    __builtin_add_overflow(ms, ms_of_day, &ms))
		return days < 0 ? INT64_MIN : INT64_MAX;
	return ms;
}

static bool parse_date(struct q_str text, bool round_up, int64_t *out_ms)
{
	struct reader reader = {text, true};
	int64_t days = read_days(&reader), ms = round_up ? Q_MS_PER_DAY - 1 : 0;
	bool has_time = reader.ok && take(&reader, 'T');

	if (has_time && reader.rest.length > 0) {
		ms = read_time_ms(&reader, round_up);
		if (reader.ok && reader.rest.length > 0)
			ms -= read_zone_ms(&reader);
	}
	*out_ms = to_ms(days, ms);
	return reader.ok && reader.rest.length == 0;
}

/* What is finer than a millisecond is dropped, towards the past. */
static bool parse_epoch(struct q_str text, int64_t *out_ms)
{
	bool is_negative = text.length > 0 && text.data[0] == '-';
	struct reader reader;
	int64_t fraction;

	q_str_cut(text, '.', &text, &reader.rest);
	if (!q_str_to_int64(text, out_ms) ||
	    read_digits(&reader, EPOCH_FRACTION_MAX, &fraction) > EPOCH_FRACTION_MAX)
		return false;
	*out_ms -= is_negative && fraction > 0;
	return reader.rest.length == 0;
}

bool q__date_parse(struct q_str text, bool round_up, int64_t *out_ms)
{
	return parse_date(text, round_up, out_ms) || parse_epoch(text, out_ms);
}
