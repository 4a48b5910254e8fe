#include "base/json.h"
#include "base/json_internal.h"
#include "base/time.h"
#include "base/utf8.h"

#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* A byte that stands for itself in a JSON string. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static size_t escape_ascii(unsigned char c, char out[Q__JSON_PIECE_MAX])
{
	static const char short_forms[][2] = {{'"', '"'},  {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'},
					      {'\t', 't'}, {'\b', 'b'},	 {'\f', 'f'}};
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < Q_COUNT_OF(short_forms); i++) {
		if (c == (unsigned char)short_forms[i][0]) {
			out[0] = '\\';
			out[1] = short_forms[i][1];
			return 2;
		}
	}
	memcpy(out, "\\u00", 4);
	out[4] = digits[c >> 4];
	out[5] = digits[c & 15];
	return 6;
}

size_t q__json_escape_next(struct q_str s, size_t *offset, char out[Q__JSON_PIECE_MAX])
{
	size_t start = *offset;
	unsigned char first = (unsigned char)s.data[start];
	uint32_t character;
	size_t length;

	if (is_plain(first)) {
		++*offset;
		out[0] = (char)first;
		return 1;
	}
	character = q_utf8_next(s, offset);
	if (character < 0xA0)
		return escape_ascii((unsigned char)character, out);
	length = *offset - start;
	if (length == 1) { /* a bad byte: every other character that comes here is longer */
		memcpy(out, replacement, 3);
		return 3;
	}
	memcpy(out, s.data + start, length);
	return length;
}

static void append_string(struct q_buf *out, struct q_str s)
{
	size_t offset = 0;

	q_buf_append_char(out, '"');
	while (offset < s.length) {
		size_t start = offset;
		char piece[Q__JSON_PIECE_MAX];

		while (offset < s.length && is_plain((unsigned char)s.data[offset]))
			offset++;
		q_buf_append_bytes(out, s.data + start, offset - start);
		if (offset < s.length)
			q_buf_append_bytes(out, piece, q__json_escape_next(s, &offset, piece));
	}
	q_buf_append_char(out, '"');
}

void q_json_writer_init(struct q_json_writer *w, struct q_buf *out)
{
	*w = (struct q_json_writer){.out = out};
}

static void before_value(struct q_json_writer *w)
{
	if (w->needs_comma && !w->after_name)
		q_buf_append_char(w->out, ',');
	w->needs_comma = true;
	w->after_name = false;
}

static void begin(struct q_json_writer *w, char bracket)
{
	before_value(w);
	q_buf_append_char(w->out, bracket);
	w->needs_comma = false;
	w->depth++;
}

static void end(struct q_json_writer *w, char bracket)
{
	q_assert(w->depth > 0 && !w->after_name);
	q_buf_append_char(w->out, bracket);
	w->needs_comma = true;
	w->depth--;
}

void q_json_begin_object(struct q_json_writer *w)
{
	begin(w, '{');
}

void q_json_end_object(struct q_json_writer *w)
{
	end(w, '}');
}

void q_json_begin_array(struct q_json_writer *w)
{
	begin(w, '[');
}

void q_json_end_array(struct q_json_writer *w)
{
	end(w, ']');
}

void q_json_name(struct q_json_writer *w, const char *name)
{
	q_json_name_str(w, q_str_from(name));
}

void q_json_name_str(struct q_json_writer *w, struct q_str name)
{
	q_assert(w->depth > 0 && !w->after_name);
	before_value(w);
	append_string(w->out, name);
	q_buf_append_char(w->out, ':');
	w->after_name = true;
}

void q_json_put_string(struct q_json_writer *w, struct q_str s)
{
	before_value(w);
	append_string(w->out, s);
}

void q_json_put_int64(struct q_json_writer *w, int64_t n)
{
	before_value(w);
	q_buf_append_int64(w->out, n);
}

void q_json_put_double(struct q_json_writer *w, double n)
{
	char text[Q__JSON_DOUBLE_MAX];

	before_value(w);
	q_buf_append(w->out, q__json_double_text(n, text));
}

void q_json_put_bool(struct q_json_writer *w, bool b)
{
	before_value(w);
	q_buf_append(w->out, b ? Q_STR("true") : Q_STR("false"));
}

void q_json_put_null(struct q_json_writer *w)
{
	before_value(w);
	q_buf_append(w->out, Q_STR("null"));
}

void q_json_put_time(struct q_json_writer *w, int64_t wall_ms)
{
	char text[Q_TIME_RFC3339_SIZE];

	q_time_format_rfc3339(wall_ms, text);
	q_json_put_string(w, q_str_from(text));
}

void q_json_put_value(struct q_json_writer *w, const struct q_json *value)
{
	before_value(w);
	q_json_write_value(w->out, value);
}

void q_json_put_raw(struct q_json_writer *w, struct q_str json)
{
	q_assert(json.length > 0);
	before_value(w);
	q_buf_append(w->out, json);
}

void q_json_field_string(struct q_json_writer *w, const char *name, struct q_str s)
{
	q_json_name(w, name);
	q_json_put_string(w, s);
}

void q_json_field_int64(struct q_json_writer *w, const char *name, int64_t n)
{
	q_json_name(w, name);
	q_json_put_int64(w, n);
}

void q_json_field_bool(struct q_json_writer *w, const char *name, bool b)
{
	q_json_name(w, name);
	q_json_put_bool(w, b);
}

void q_json_field_time(struct q_json_writer *w, const char *name, int64_t wall_ms)
{
	q_json_name(w, name);
	q_json_put_time(w, wall_ms);
}

void q_json_field_raw(struct q_json_writer *w, const char *name, struct q_str json)
{
	q_json_name(w, name);
	q_json_put_raw(w, json);
}
