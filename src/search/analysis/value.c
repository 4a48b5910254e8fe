#include "search/analysis/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 400 /* bytes of a number's text */ };

bool q__number_parse(struct q_str text, double *out)
{
	char copy[NUMBER_MAX + 1], *end;

	text = q_str_trim(text);
	if (text.length == 0 || text.length > NUMBER_MAX)
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	if (text.length > 1 && strchr("fFdD", copy[text.length - 1]))
		copy[text.length - 1] = '\0';
	/* strtod reads more than numbers: hexadecimal ones, "inf", "nan". */
	if (copy[strspn(copy, "0123456789+-.eE")] != '\0')
		return false;
	*out = strtod(copy, &end);
	return end != copy && *end == '\0' && isfinite(*out);
}

static enum q_code take_number(const struct q_json *json, int64_t *out)
{
	struct q_str text;
	double number;

	if (q_json_string(json, &text)) {
		if (text.length == 0)
			return Q_NOTFOUND;
		if (!q__number_parse(text, &number))
			return Q_INVALID;
	} else if (!q_json_double(json, &number)) {
		return Q_INVALID;
	}
	*out = q__value_of_double(number);
	return Q_OK;
}

static enum q_code take_boolean(const struct q_json *json, int64_t *out)
{
	struct q_str text;
	bool is_true;

	if (q_json_string(json, &text)) {
		is_true = q_str_equal(text, Q_STR("true"));
		if (!is_true && text.length > 0 && !q_str_equal(text, Q_STR("false")))
			return Q_INVALID;
	} else if (!q_json_bool(json, &is_true)) {
		return Q_INVALID;
	}
	*out = is_true;
	return Q_OK;
}

/* A number is read as it is written: 2024 is a year, as in OpenSearch. */
static enum q_code take_date(const struct q_json *json, int64_t *out)
{
	struct q_str text;
	struct q_buf written;
	bool is_date;

	if (q_json_string(json, &text))
		return q__date_parse(text, false, out) ? Q_OK : Q_INVALID;
	if (q_json_type_of(json) != Q_JSON_NUMBER)
		return Q_INVALID;
	q_buf_init(&written, NUMBER_MAX);
	is_date = q_json_write_value(&written, json) &&
		  q__date_parse(q_buf_str(&written), false, out);
	q_buf_free(&written);
	return is_date ? Q_OK : Q_INVALID;
}

enum q_code q__value_from_json(enum q_field_kind kind, const struct q_json *json, int64_t *out)
{
	if (q_json_type_of(json) == Q_JSON_NULL)
		return Q_NOTFOUND;
	switch (kind) {
	case Q_FIELD_NUMBER:
		return take_number(json, out);
	case Q_FIELD_BOOLEAN:
		return take_boolean(json, out);
	case Q_FIELD_DATE:
		return take_date(json, out);
	case Q_FIELD_KEYWORD:
	case Q_FIELD_TEXT:
		break;
	}
	return Q_INVALID;
}

bool q__value_span(enum q_field_kind kind, struct q_str text, int64_t now_ms,
		   struct q__value_span *out)
{
	double number;

	if (kind == Q_FIELD_DATE)
		return q__date_resolve(text, false, now_ms, &out->least) &&
		       q__date_resolve(text, true, now_ms, &out->greatest);
	if (kind == Q_FIELD_BOOLEAN) {
		out->least = q_str_equal(text, Q_STR("true"));
		out->greatest = out->least;
		return out->least || q_str_equal(text, Q_STR("false"));
	}
	if (!q__number_parse(text, &number))
		return false;
	out->least = out->greatest = q__value_of_double(number);
	return true;
}
