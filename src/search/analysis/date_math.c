/* Dates with arithmetic, as OpenSearch reads them in queries:
 *
 *     now | date ||           then any number of
 *     +N unit | -N unit       N may be left out: 1
 *     /unit                   rounded down to the unit, or up to its last millisecond
 *
 * Units: y M w d h H m s. Weeks begin on Monday; all is UTC. */
#include "search/analysis/value.h"

#include "base/calendar.h"

enum { AMOUNT_DIGITS_MAX = 8, MONTHS_A_YEAR = 12, DAYS_A_WEEK = 7 };

/* Times that no step leads out of an int64. */
#define MS_MAX ((int64_t)1 << 61)

/* Months, or milliseconds, of a unit; both 0 where there is no such unit. */
struct unit {
	int months;
	int64_t ms;
};

static struct unit unit_of(char c)
{
	switch (c) {
	case 'y':
		return (struct unit){.months = MONTHS_A_YEAR};
	case 'M':
		return (struct unit){.months = 1};
	case 'w':
		return (struct unit){.ms = (int64_t)DAYS_A_WEEK * Q_MS_PER_DAY};
	case 'd':
		return (struct unit){.ms = Q_MS_PER_DAY};
	case 'h':
	case 'H':
		return (struct unit){.ms = 3600000};
	case 'm':
		return (struct unit){.ms = 60000};
	case 's':
		return (struct unit){.ms = 1000};
	default:
		return (struct unit){0};
	}
}

/* Months on, or back; a day that the month does not have becomes its last. */
static int64_t add_months(int64_t ms, int64_t months)
{
	int64_t days = q_floor_divide(ms, Q_MS_PER_DAY);
	struct q_date date = q_date_from_days(days);
	int64_t month = date.year * MONTHS_A_YEAR + date.month - 1 + months;
	int length;

	date.year = q_floor_divide(month, MONTHS_A_YEAR);
	date.month = (int)(month - date.year * MONTHS_A_YEAR) + 1;
	length = q_date_month_length(date.year, date.month);
	date.day = date.day < length ? date.day : length;
	return q_date_to_days(date) * Q_MS_PER_DAY + ms - days * Q_MS_PER_DAY;
}

static int64_t add(int64_t ms, struct unit unit, int64_t amount)
{
	return unit.months ? add_months(ms, amount * unit.months) : ms + amount * unit.ms;
}

static int64_t round_down(int64_t ms, struct unit unit)
{
	struct q_date date = q_date_from_days(q_floor_divide(ms, Q_MS_PER_DAY));
	/* The first Monday was 1970-01-05. */
	int64_t origin = unit.ms > Q_MS_PER_DAY ? 4 * (int64_t)Q_MS_PER_DAY : 0;

	if (!unit.months)
		return q_floor_divide(ms - origin, unit.ms) * unit.ms + origin;
	date.month = unit.months == 1 ? date.month : 1;
	date.day = 1;
	return q_date_to_days(date) * Q_MS_PER_DAY;
}

/* "+12d" or "/d" at the front of the text, which is taken off. */
static bool take_step(struct q_str *text, bool round_up, int64_t *ms)
{
	char operation = text->data[0];
	int64_t amount = 0;
	size_t at = 1;
	struct unit unit;

	for (; at < text->length && text->data[at] >= '0' && text->data[at] <= '9'; at++)
		amount = amount * 10 + (text->data[at] - '0');
	if (at == text->length || at > 1 + AMOUNT_DIGITS_MAX)
		return false;
	amount = at == 1 ? 1 : amount;
	unit = unit_of(text->data[at]);
	*text = q_str_slice(*text, at + 1, text->length);
	if (unit.months == 0 && unit.ms == 0)
		return false;
	if (operation == '+' || operation == '-') {
		*ms = add(*ms, unit, operation == '+' ? amount : -amount);
		return true;
	}
	*ms = round_down(*ms, unit);
	if (round_up)
		*ms = add(*ms, unit, 1) - 1;
	return operation == '/' && at == 1;
}

bool q__date_resolve(struct q_str text, bool round_up, int64_t now_ms, int64_t *out_ms)
{
	struct q_str date, steps;
	size_t at;
	int64_t ms = now_ms;

	if (q_str_starts_with(text, Q_STR("now"))) {
		steps = q_str_slice(text, 3, text.length);
	} else if (!q_str_find(text, Q_STR("||"), &at)) {
		return q__date_parse(text, round_up, out_ms);
	} else {
		date = q_str_slice(text, 0, at);
		steps = q_str_slice(text, at + 2, text.length);
		if (!q__date_parse(date, false, &ms))
			return false;
	}
	while (steps.length > 0) {
		if (ms < -MS_MAX || ms > MS_MAX || !take_step(&steps, round_up, &ms))
			return false;
	}
	*out_ms = ms;
	return true;
}
