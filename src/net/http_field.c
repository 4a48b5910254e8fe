#include "net/http_field.h"

#include "base/encode.h"
#include "base/utf8.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_value_char(char c)
{
	unsigned char byte = (unsigned char)c;

	return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool q_http_is_token(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if (!is_token_char(s.data[i]))
			return false;
	}
	return s.length > 0;
}

bool q_http_is_field_value(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if (!is_value_char(s.data[i]))
			return false;
	}
	return true;
}

static void skip(struct q_str *rest, size_t count)
{
	*rest = q_str_slice(*rest, count, rest->length);
}

static void skip_blanks(struct q_str *rest)
{
	size_t count = 0;

	while (count < rest->length && is_blank(rest->data[count]))
		count++;
	skip(rest, count);
}

/* The next byte is `c`, and is now skipped. */
static bool take_char(struct q_str *rest, char c)
{
	if (rest->length == 0 || rest->data[0] != c)
		return false;
	skip(rest, 1);
	return true;
}

static bool take_token(struct q_str *rest, struct q_str *token)
{
	size_t count = 0;

	while (count < rest->length && is_token_char(rest->data[count]))
		count++;
	*token = q_str_slice(*rest, 0, count);
	skip(rest, count);
	return count > 0;
}

/* quoted-string, RFC 9110 5.6.4: *text is what stands between the quotes. */
static bool take_quoted(struct q_str *rest, struct q_str *text)
{
	bool is_escaped = false;

	if (!take_char(rest, '"'))
		return false;
	for (size_t i = 0; i < rest->length && is_value_char(rest->data[i]); i++) {
		if (is_escaped) {
			is_escaped = false;
		} else if (rest->data[i] == '\\') {
			is_escaped = true;
		} else if (rest->data[i] == '"') {
			*text = q_str_slice(*rest, 0, i);
			skip(rest, i + 1);
			return true;
		}
	}
	return false;
}

/* Saturates: a number beyond 64 bits is only "very large" to those who ask. */
static bool to_number(struct q_str digits, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.length; i++) {
		if (!is_digit(digits.data[i]))
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(digits.data[i] - '0'), &value))
			value = UINT64_MAX;
	}
	*out = value;
	return digits.length > 0;
}

/* token / quoted-string */
static bool take_value(struct q_str *rest, struct q_str *value)
{
	if (rest->length > 0 && rest->data[0] == '"')
		return take_quoted(rest, value);
	return take_token(rest, value);
}

enum step { STEP_ITEM, STEP_END, STEP_MALFORMED };

/* Reads one ";name=value" off the front of *rest; empty ones (";;") are allowed and skipped. */
static enum step parameter_next(struct q_str *rest, struct q_str *name, struct q_str *value)
{
	do {
		skip_blanks(rest);
		if (rest->length == 0)
			return STEP_END;
		if (!take_char(rest, ';'))
			return STEP_MALFORMED;
		skip_blanks(rest);
	} while (rest->length == 0 || rest->data[0] == ';');

	if (take_token(rest, name) && take_char(rest, '=') && take_value(rest, value))
		return STEP_ITEM;
	return STEP_MALFORMED;
}

bool q_http_parameters_are_valid(struct q_str parameters)
{
	struct q_str seen[Q_HTTP_PARAMETERS_MAX], name, value;
	size_t count = 0;
	enum step step;

	while ((step = parameter_next(&parameters, &name, &value)) == STEP_ITEM) {
		if (count == Q_HTTP_PARAMETERS_MAX)
			return false;
		for (size_t i = 0; i < count; i++) {
			if (q_str_equal_ignore_case(seen[i], name))
				return false;
		}
		seen[count++] = name;
	}
	return step == STEP_END;
}

bool q_http_parameter_find(struct q_str parameters, struct q_str name, struct q_str *value)
{
	struct q_str found_name, found_value;

	while (parameter_next(&parameters, &found_name, &found_value) == STEP_ITEM) {
		if (q_str_equal_ignore_case(found_name, name)) {
			*value = found_value;
			return true;
		}
	}
	return false;
}

/* The next element of a comma-separated list, cut at a comma outside of quotes; never empty. */
static bool list_next(struct q_str *rest, struct q_str *item)
{
	bool is_quoted = false, is_escaped = false;
	size_t i;

	do {
		for (i = 0; i < rest->length; i++) {
			char c = rest->data[i];

			if (c == ',' && !is_quoted)
				break;
			if (c == '"' && !is_escaped)
				is_quoted = !is_quoted;
			is_escaped = is_quoted && c == '\\' && !is_escaped;
		}
		*item = q_str_trim(q_str_slice(*rest, 0, i));
		skip(rest, i + 1);
	} while (item->length == 0 && rest->length > 0);
	return item->length > 0;
}

bool q_http_media_type_parse(struct q_str field, struct q_http_media_type *out)
{
	struct q_http_media_type media_type;
	struct q_str rest = q_str_trim(field);

	if (!take_token(&rest, &media_type.type) || !take_char(&rest, '/') ||
	    !take_token(&rest, &media_type.subtype) || !q_http_parameters_are_valid(rest))
		return false;
	media_type.parameters = rest;
	*out = media_type;
	return true;
}

bool q_http_media_type_is(const struct q_http_media_type *media_type, struct q_str name)
{
	struct q_str type, subtype;

	return q_str_cut(name, '/', &type, &subtype) &&
	       q_str_equal_ignore_case(media_type->type, type) &&
	       q_str_equal_ignore_case(media_type->subtype, subtype);
}

/* "-N": the last N bytes. */
static enum q_http_range_kind parse_suffix_range(struct q_str digits, uint64_t size,
						 struct q_http_range *out)
{
	uint64_t count;

	if (!to_number(digits, &count))
		return Q_HTTP_RANGE_WHOLE;
	if (count == 0)
		return Q_HTTP_RANGE_UNSATISFIABLE;
	if (size == 0)
		return Q_HTTP_RANGE_WHOLE; /* satisfiable, but no Content-Range can say so */
	out->first = count < size ? size - count : 0;
	out->last = size - 1;
	return Q_HTTP_RANGE_PART;
}

/* "N-" and "N-M" */
static enum q_http_range_kind parse_int_range(struct q_str from, struct q_str to, uint64_t size,
					      struct q_http_range *out)
{
	uint64_t first, last = UINT64_MAX;

	if (!to_number(from, &first) || (to.length > 0 && !to_number(to, &last)) || last < first)
		return Q_HTTP_RANGE_WHOLE;
	if (first >= size)
		return Q_HTTP_RANGE_UNSATISFIABLE;
	out->first = first;
	out->last = last < size ? last : size - 1;
	return Q_HTTP_RANGE_PART;
}

enum q_http_range_kind q_http_range_parse(struct q_str field, uint64_t size,
					  struct q_http_range *out)
{
	struct q_str unit, set, range, more, from, to;

	if (!q_str_cut(q_str_trim(field), '=', &unit, &set) ||
	    !q_str_equal_ignore_case(unit, Q_STR("bytes")) || !list_next(&set, &range) ||
	    list_next(&set, &more) || !q_str_cut(range, '-', &from, &to))
		return Q_HTTP_RANGE_WHOLE;
	if (from.length == 0)
		return parse_suffix_range(to, size, out);
	return parse_int_range(from, to, size, out);
}

/* entity-tag, RFC 9110 8.8.3; a backslash escapes nothing in it. */
static bool take_etag(struct q_str *rest, bool *is_weak, struct q_str *opaque)
{
	*is_weak = q_str_starts_with(*rest, Q_STR("W/"));
	if (*is_weak)
		skip(rest, 2);
	return take_char(rest, '"') && q_str_cut(*rest, '"', opaque, rest);
}

/* The field is "*", or lists `etag`; the strong comparison takes no weak one on either side. */
static bool etag_is_listed(struct q_str field, struct q_str etag, bool is_strong)
{
	struct q_str rest = q_str_trim(field), opaque, wanted;
	bool is_weak, is_wanted_weak;

	if (q_str_equal(rest, Q_STR("*")))
		return true;
	if (!take_etag(&etag, &is_wanted_weak, &wanted) || (is_strong && is_wanted_weak))
		return false;
	while (rest.length > 0) {
		if (take_char(&rest, ',')) {
			skip_blanks(&rest);
			continue;
		}
		if (!take_etag(&rest, &is_weak, &opaque))
			return false;
		if (q_str_equal(opaque, wanted) && !(is_strong && is_weak))
			return true;
		skip_blanks(&rest);
		if (rest.length > 0 && rest.data[0] != ',')
			return false;
	}
	return false;
}

bool q_http_if_none_match(struct q_str field, struct q_str etag)
{
	return etag_is_listed(field, etag, false);
}

bool q_http_if_match(struct q_str field, struct q_str etag)
{
	return etag_is_listed(field, etag, true);
}

/* preference, RFC 7240 2: token [ BWS "=" BWS word ]; an absent value is the empty one. */
static bool take_preference(struct q_str *rest, struct q_str *name, struct q_str *value)
{
	*value = Q_STR("");
	if (!take_token(rest, name))
		return false;
	skip_blanks(rest);
	if (!take_char(rest, '='))
		return true;
	skip_blanks(rest);
	return take_value(rest, value);
}

bool q_http_prefer_wait(struct q_str field, int64_t *seconds)
{
	struct q_str item, name, value;
	uint64_t number;

	while (list_next(&field, &item)) {
		if (!take_preference(&item, &name, &value) ||
		    !q_str_equal_ignore_case(name, Q_STR("wait")))
			continue;
		if (!to_number(value, &number))
			return false;
		*seconds = number < INT64_MAX ? (int64_t)number : INT64_MAX;
		return true;
	}
	return false;
}

/* qvalue, RFC 9110 12.4.2, in thousandths: 0 or 1 with at most three decimals. */
static bool parse_weight(struct q_str text, int *weight)
{
	static const int unit[] = {1000, 0, 100, 10, 1};
	int sum = 0;

	if (text.length == 0 || text.length > Q_COUNT_OF(unit))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (i == 1 ? text.data[i] != '.' : !is_digit(text.data[i]))
			return false;
		if (i != 1)
			sum += (text.data[i] - '0') * unit[i];
	}
	*weight = sum;
	return sum <= 1000;
}

/* How closely a media range fits: by its full name, by its first half, as the range of all. */
enum fit { FIT_NONE, FIT_ANY, FIT_TYPE, FIT_NAME };

static enum fit range_fit(struct q_str range, struct q_str media_type)
{
	struct q_str type, subtype, range_type, range_subtype;

	if (q_str_equal_ignore_case(range, media_type))
		return FIT_NAME;
	if (!q_str_cut(range, '/', &range_type, &range_subtype) ||
	    !q_str_cut(media_type, '/', &type, &subtype) || !q_str_equal(range_subtype, Q_STR("*")))
		return FIT_NONE;
	if (q_str_equal(range_type, Q_STR("*")))
		return FIT_ANY;
	return q_str_equal_ignore_case(range_type, type) ? FIT_TYPE : FIT_NONE;
}

/* A media range and its weight. Parameters before q narrow the range; they are not compared. */
static bool parse_range_and_weight(struct q_str item, struct q_str *range, int *weight)
{
	struct q_str name, value;
	size_t at = item.length;
	enum step step;

	(void)q_str_find(item, Q_STR(";"), &at);
	*range = q_str_trim(q_str_slice(item, 0, at));
	*weight = 1000;
	skip(&item, at);
	while ((step = parameter_next(&item, &name, &value)) == STEP_ITEM) {
		if (q_str_equal_ignore_case(name, Q_STR("q")))
			return parse_weight(value, weight);
	}
	return step == STEP_END;
}

static enum fit best_fit(struct q_str field, struct q_str media_type, int *weight)
{
	enum fit best = FIT_NONE;
	struct q_str item, range;
	int item_weight;

	*weight = 0;
	while (list_next(&field, &item)) {
		enum fit fit;

		if (!parse_range_and_weight(item, &range, &item_weight))
			continue;
		fit = range_fit(range, media_type);
		if (fit > best) {
			best = fit;
			*weight = item_weight;
		}
	}
	return best;
}

bool q_http_accepts(struct q_str field, struct q_str media_type)
{
	int weight;

	if (q_str_trim(field).length == 0)
		return true;
	return best_fit(field, media_type, &weight) != FIT_NONE && weight > 0;
}

bool q_http_accepts_by_name(struct q_str field, struct q_str media_type)
{
	int weight;

	return best_fit(field, media_type, &weight) == FIT_NAME && weight > 0;
}

static bool is_unsafe_in_name(uint32_t c)
{
	return c < 0x20 || c == 0x7f || c == '/' || c == '\\';
}

/* What may stand between the quotes of filename="" and means the same to every browser. */
static bool is_plain_in_name(uint32_t c)
{
	return c < 0x7f && c != '"' && c != '%';
}

bool q_http_write_attachment(struct q_buf *out, struct q_str filename)
{
	bool is_plain = true;
	size_t at = 0;

	q_buf_append(out, Q_STR("attachment; filename=\""));
	while (at < filename.length) {
		uint32_t c = q_utf8_next(filename, &at);
		bool is_kept = !is_unsafe_in_name(c) && is_plain_in_name(c);

		is_plain = is_plain && (is_kept || is_unsafe_in_name(c));
		q_buf_append_char(out, is_kept ? (char)c : '_');
	}
	q_buf_append_char(out, '"');
	if (is_plain)
		return !q_buf_failed(out);

	q_buf_append(out, Q_STR("; filename*=UTF-8''"));
	for (at = 0; at < filename.length;) {
		uint32_t c = q_utf8_next(filename, &at);
		char bytes[4];

		if (is_unsafe_in_name(c))
			c = '_';
		q_encode_percent(out, (struct q_str){bytes, q_utf8_encode(c, bytes)});
	}
	return !q_buf_failed(out);
}
