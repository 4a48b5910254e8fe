#include "base/time.h"

#include "base/calendar.h"
#include "base/compiler.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	MS_PER_SECOND = 1000,
	MS_PER_MINUTE = 60 * MS_PER_SECOND,
	MS_PER_HOUR = 60 * MS_PER_MINUTE,
};

/* 9999-12-31T23:59:59.999Z */
static const int64_t last_wall_ms = INT64_C(253402300799999);

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec now;
	int failed = clock_gettime(id, &now);

	q_assert(!failed);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

int64_t q_time_now_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

int64_t q_time_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

struct civil {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second, millisecond;
	int weekday; /* 0: Monday */
};

static struct civil civil_of(int64_t wall_ms)
{
	struct civil civil;
	struct q_date date;
	int64_t days;
	int ms_of_day;

	wall_ms = wall_ms < 0 ? 0 : wall_ms > last_wall_ms ? last_wall_ms : wall_ms;
	days = wall_ms / Q_MS_PER_DAY;
	ms_of_day = (int)(wall_ms % Q_MS_PER_DAY);
	date = q_date_from_days(days);
	civil.year = (int)date.year;
	civil.month = date.month;
	civil.day = date.day;
	civil.weekday = q_date_weekday(days);
	civil.hour = ms_of_day / MS_PER_HOUR;
	civil.minute = ms_of_day / MS_PER_MINUTE % 60;
	civil.second = ms_of_day / MS_PER_SECOND % 60;
	civil.millisecond = ms_of_day % MS_PER_SECOND;
	return civil;
}

/* snprintf costs ten times as much, and a log line and a Date header are written for every request.
 */
static char *write_digits(char *out, int value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + width;
}

static char *write_char(char *out, char c)
{
	*out = c;
	return out + 1;
}

static char *write_clock(char *out, const struct civil *civil)
{
	out = write_char(write_digits(out, civil->hour, 2), ':');
	out = write_char(write_digits(out, civil->minute, 2), ':');
	return write_digits(out, civil->second, 2);
}

void q_time_format_rfc3339(int64_t wall_ms, char out[Q_TIME_RFC3339_SIZE])
{
	struct civil civil = civil_of(wall_ms);

	out = write_char(write_digits(out, civil.year, 4), '-');
	out = write_char(write_digits(out, civil.month, 2), '-');
	out = write_char(write_digits(out, civil.day, 2), 'T');
	out = write_char(write_clock(out, &civil), '.');
	out = write_digits(out, civil.millisecond, 3);
	memcpy(out, "Z", sizeof "Z");
}

static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";

void q_time_format_http(int64_t wall_ms, char out[Q_TIME_HTTP_SIZE])
{
	static const char weekdays[] = "Mon, Tue, Wed, Thu, Fri, Sat, Sun, ";
	struct civil civil = civil_of(wall_ms);

	memcpy(out, weekdays + 5 * civil.weekday, 5);
	write_digits(out + 5, civil.day, 2);
	memcpy(out + 7, months + 5 * (civil.month - 1), 5);
	out = write_char(write_digits(out + 12, civil.year, 4), ' ');
	out = write_clock(out, &civil);
	memcpy(out, " GMT", sizeof " GMT");
}

/* What is left to read; after the first mismatch `ok` is false and stays so. */
struct reader {
	struct q_str rest;
	bool ok;
};

static char peek(const struct reader *reader)
{
	return reader->rest.length > 0 ? reader->rest.data[0] : '\0';
}

static void skip(struct reader *reader)
{
	reader->rest = q_str_slice(reader->rest, 1, reader->rest.length);
}

/* One of the characters of `set`. */
static char read_one_of(struct reader *reader, const char *set)
{
	char c = peek(reader);

	if (c == '\0' || !strchr(set, c)) {
		reader->ok = false;
		return '\0';
	}
	skip(reader);
	return c;
}

/* Exactly `width` digits whose value lies in [low, high]. */
static int read_number(struct reader *reader, int width, int low, int high)
{
	int value = 0;

	for (int i = 0; i < width; i++) {
		char digit = read_one_of(reader, "0123456789");

		if (!reader->ok)
			return low;
		value = value * 10 + (digit - '0');
	}
	if (value < low || value > high)
		reader->ok = false;
	return value;
}

/* ".1" to ".123456789", or nothing; what is finer than a millisecond is dropped. */
static int read_fraction_ms(struct reader *reader)
{
	int milliseconds = 0;
	int digits = 0;

	if (peek(reader) != '.')
		return 0;
	skip(reader);
	do {
		int digit = read_number(reader, 1, 0, 9);

		if (digits < 3)
			milliseconds = milliseconds * 10 + digit;
		digits++;
	} while (peek(reader) >= '0' && peek(reader) <= '9');
	if (digits > 9)
		reader->ok = false;
	return digits == 1 ? milliseconds * 100 : digits == 2 ? milliseconds * 10 : milliseconds;
}

/* "Z", or the minutes that local time is ahead of UTC. */
static int read_offset_minutes(struct reader *reader)
{
	char sign = read_one_of(reader, "Zz+-");
	int hours, minutes;

	if (sign != '+' && sign != '-')
		return 0;
	hours = read_number(reader, 2, 0, 23);
	read_one_of(reader, ":");
	minutes = hours * 60 + read_number(reader, 2, 0, 59);
	return sign == '-' ? -minutes : minutes;
}

static struct civil read_civil(struct reader *reader)
{
	struct civil civil = {0};

	civil.year = read_number(reader, 4, 0, 9999);
	read_one_of(reader, "-");
	civil.month = read_number(reader, 2, 1, 12);
	read_one_of(reader, "-");
	if (!reader->ok)
		return civil;
	civil.day = read_number(reader, 2, 1, q_date_month_length(civil.year, civil.month));
	read_one_of(reader, "Tt");
	civil.hour = read_number(reader, 2, 0, 23);
	read_one_of(reader, ":");
	civil.minute = read_number(reader, 2, 0, 59);
	read_one_of(reader, ":");
	civil.second = read_number(reader, 2, 0, 60);
	civil.millisecond = read_fraction_ms(reader);
	return civil;
}

bool q_time_parse_rfc3339(struct q_str text, int64_t *wall_ms)
{
	struct reader reader = {text, true};
	struct civil civil = read_civil(&reader);
	int64_t minutes, ms_of_minute;

	minutes = -read_offset_minutes(&reader) + civil.hour * 60 + civil.minute;
	if (!reader.ok || reader.rest.length > 0)
		return false;
	minutes += q_date_to_days((struct q_date){civil.year, civil.month, civil.day}) * 24 * 60;
	ms_of_minute = civil.second * MS_PER_SECOND + civil.millisecond;
	/* A leap second ends a day of UTC, and has no count of its own (RFC 3339 5.7). */
	if (civil.second == 60) {
		if ((minutes + 1) % (24 * 60) != 0)
			return false;
		ms_of_minute = MS_PER_MINUTE - 1;
	}
	*wall_ms = minutes * MS_PER_MINUTE + ms_of_minute;
	return true;
}

/* Its numbers are read as those of RFC 3339; then only the one text of that time will do. */
bool q_time_parse_http(struct q_str text, int64_t *wall_ms)
{
	char other[64], same[Q_TIME_HTTP_SIZE];
	int64_t ms;
	size_t at;

	if (text.length != Q_TIME_HTTP_SIZE - 1 ||
	    !q_str_find(q_str_from(months), q_str_slice(text, 7, 12), &at))
		return false;
	snprintf(other, sizeof other, "%.4s-%02zu-%.2sT%.8sZ", text.data + 12, at / 5 + 1,
		 text.data + 5, text.data + 17);
	if (!q_time_parse_rfc3339(q_str_from(other), &ms))
		return false;
	q_time_format_http(ms, same);
	if (!q_str_equal(text, q_str_from(same)))
		return false;
	*wall_ms = ms;
	return true;
}
