/* How it works: a delimiter is CRLF "--" boundary. The first one has no CRLF in front, so the
 * parser starts as if it had seen that. What may be the start of a delimiter at the end of a piece
 * is held back as a mere count, for its bytes are the delimiter's own. Since CR stands nowhere in
 * a delimiter but at its start, no other start can hide within the held bytes. */
#include "net/multipart.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/http_field.h"

#include <string.h>

enum { DELIMITER_MAX = 4 + Q_MULTIPART_BOUNDARY_MAX };

enum state {
	STATE_START,	 /* before and in the first delimiter */
	STATE_DELIMITED, /* behind a delimiter: CRLF or "--" */
	STATE_HEADERS,
	STATE_DATA,
	STATE_END, /* behind the last delimiter: nothing or CRLF */
	STATE_FAILED
};

struct q_multipart {
	struct q_multipart_sink *sink; /* borrowed */
	size_t field_max;
	enum state state;
	unsigned part_count;
	struct q_multipart_part part; /* its strings stand in `header` */
	uint64_t part_bytes;
	struct q_err failure; /* of STATE_FAILED */

	size_t delimiter_length;
	size_t matched;	 /* bytes of the delimiter that the input so far ends with */
	size_t borrowed; /* of these, bytes that are not of the part's data but precede it */
	char delimiter[DELIMITER_MAX];

	size_t line_end_length; /* bytes seen behind a delimiter */
	char line_end[2];

	size_t header_length;
	char header[2 + Q_MULTIPART_HEADER_MAX]; /* the CRLF in front of the headers, and they */
};

static const char where[] = "multipart.feed";

static enum q_code fail(struct q_err *err, const char *what)
{
	return q_fail_reason(err, Q_INVALID, "bad_multipart", where, "multipart body: %s", what);
}

/* bchars, RFC 2046 5.1.1; a space may not come last. */
static bool boundary_is_valid(struct q_str boundary)
{
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"'()+_,-./:=? ";

	if (boundary.length == 0 || boundary.length > Q_MULTIPART_BOUNDARY_MAX)
		return false;
	for (size_t i = 0; i < boundary.length; i++) {
		if (!memchr(allowed, boundary.data[i], sizeof allowed - 1))
			return false;
	}
	return boundary.data[boundary.length - 1] != ' ';
}

enum q_code q_multipart_new(struct q_str boundary, size_t field_max, struct q_multipart_sink *sink,
			    struct q_multipart **out, struct q_err *err)
{
	struct q_multipart *parser;

	if (!boundary_is_valid(boundary))
		return fail(err,
			    "the Content-Type needs a boundary of 1 to 70 characters (RFC 2046)");
	parser = q_mem_new(sizeof *parser);
	if (!parser)
		return q_fail(err, Q_NOMEM, "multipart.new", "%zu bytes", sizeof *parser);
	parser->sink = sink;
	parser->field_max = field_max;
	memcpy(parser->delimiter, "\r\n--", 4);
	memcpy(parser->delimiter + 4, boundary.data, boundary.length);
	parser->delimiter_length = 4 + boundary.length;
	parser->matched = 2;
	*out = parser;
	return Q_OK;
}

void q_multipart_free(struct q_multipart *parser)
{
	q_mem_free(parser);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct q_bytes take(struct q_bytes *input, size_t count)
{
	struct q_bytes taken = {input->data, count};

	input->data += count;
	input->length -= count;
	return taken;
}

static void set_state(struct q_multipart *parser, enum state state)
{
	parser->state = state;
	parser->line_end_length = 0;
}

enum match { MATCH_WHOLE, MATCH_SO_FAR, MATCH_NOT };

/* Goes on comparing the input with the delimiter, from `matched`; takes what is alike. */
static enum match match_on(struct q_multipart *parser, struct q_bytes *input)
{
	size_t count = smaller(input->length, parser->delimiter_length - parser->matched);

	if (memcmp(input->data, parser->delimiter + parser->matched, count) != 0)
		return MATCH_NOT;
	take(input, count);
	parser->matched += count;
	if (parser->matched < parser->delimiter_length)
		return MATCH_SO_FAR;
	parser->matched = 0;
	set_state(parser, STATE_DELIMITED);
	return MATCH_WHOLE;
}

static enum q_code feed_start(struct q_multipart *parser, struct q_bytes *input, struct q_err *err)
{
	if (match_on(parser, input) == MATCH_NOT)
		return fail(err, "it does not begin with the boundary that Content-Type names");
	return Q_OK;
}

/* Collects the two bytes behind a delimiter; true when both are there. */
static bool take_line_end(struct q_multipart *parser, struct q_bytes *input)
{
	while (parser->line_end_length < sizeof parser->line_end && input->length > 0)
		parser->line_end[parser->line_end_length++] = (char)*take(input, 1).data;
	return parser->line_end_length == sizeof parser->line_end;
}

static enum q_code feed_delimited(struct q_multipart *parser, struct q_bytes *input,
				  struct q_err *err)
{
	if (!take_line_end(parser, input))
		return Q_OK;
	if (memcmp(parser->line_end, "--", 2) == 0) {
		set_state(parser, STATE_END);
		return Q_OK;
	}
	if (memcmp(parser->line_end, "\r\n", 2) != 0)
		return fail(err, "a boundary is followed by neither CRLF nor \"--\"");
	if (parser->part_count++ == Q_MULTIPART_PARTS_MAX)
		return q_fail(err, Q_TOOBIG, where, "multipart body: more than %d parts",
			      Q_MULTIPART_PARTS_MAX);
	/* With its CRLF in front the header block ends at the first empty line, even at once. */
	memcpy(parser->header, "\r\n", 2);
	parser->header_length = 2;
	set_state(parser, STATE_HEADERS);
	return Q_OK;
}

/* Undoes, in place, the escapes of a quoted name. Browsers write %22 for a quote and leave
 * backslashes alone, others write \" and \\: so no other backslash is an escape. */
static struct q_str unescape(struct q_multipart *parser, struct q_str name)
{
	char *text = parser->header + (name.data - parser->header);
	size_t length = 0;

	for (size_t i = 0; i < name.length; i++) {
		struct q_str rest = q_str_slice(name, i, name.length);
		char c = text[i];

		if (q_str_starts_with(rest, Q_STR("\\\"")) ||
		    q_str_starts_with(rest, Q_STR("\\\\"))) {
			c = text[++i];
		} else if (q_str_starts_with(rest, Q_STR("%22"))) {
			c = '"';
			i += 2;
		}
		text[length++] = c;
	}
	return (struct q_str){text, length};
}

/* ext-value, RFC 8187 3.2.1: charset'language'percent-encoded; decoded in place. */
static bool decode_extended(struct q_multipart *parser, struct q_str value, struct q_str *out)
{
	struct q_str charset, language, encoded;
	char *text;
	size_t length;

	if (!q_str_cut(value, '\'', &charset, &value) ||
	    !q_str_cut(value, '\'', &language, &encoded) ||
	    !q_str_equal_ignore_case(charset, Q_STR("UTF-8")))
		return false;
	text = parser->header + (encoded.data - parser->header);
	if (!q_decode_percent_into(text, encoded, false, &length))
		return false;
	*out = (struct q_str){text, length};
	return q_http_is_field_value(*out) && q_utf8_is_valid(*out);
}

/* Content-Disposition: form-data; name="..."; filename="..." */
static enum q_code read_disposition(struct q_multipart *parser, struct q_str value,
				    struct q_err *err)
{
	struct q_multipart_part *part = &parser->part;
	struct q_str parameters, extended;
	size_t at = value.length;

	(void)q_str_find(value, Q_STR(";"), &at);
	parameters = q_str_slice(value, at, value.length);
	if (!q_str_equal_ignore_case(q_str_trim(q_str_slice(value, 0, at)), Q_STR("form-data")))
		return fail(err, "a part's Content-Disposition is not form-data");
	if (!q_http_parameters_are_valid(parameters))
		return fail(err,
			    "the parameters of a part's Content-Disposition are malformed, or one "
			    "is there twice");
	if (!q_http_parameter_find(parameters, Q_STR("name"), &part->name) ||
	    part->name.length == 0)
		return fail(err, "a part has no name");
	part->is_file = q_http_parameter_find(parameters, Q_STR("filename"), &part->filename);

	if (q_http_parameter_find(parameters, Q_STR("filename*"), &extended)) {
		part->is_file = true;
		if (!decode_extended(parser, extended, &part->filename))
			return fail(err, "a part's filename* is not UTF-8''percent-encoded text");
	} else if (part->is_file) {
		part->filename = unescape(parser, part->filename);
	}
	part->name = unescape(parser, part->name);
	return Q_OK;
}

/* RFC 7578 4.7 has done away with transfer encodings; those that change nothing may be named. */
static bool is_identity_encoding(struct q_str value)
{
	return q_str_equal_ignore_case(value, Q_STR("binary")) ||
	       q_str_equal_ignore_case(value, Q_STR("8bit")) ||
	       q_str_equal_ignore_case(value, Q_STR("7bit"));
}

/* Takes one header of a part; those that RFC 7578 does not know are skipped, as it demands. */
static enum q_code read_header(struct q_multipart *parser, struct q_str name, struct q_str value,
			       struct q_err *err)
{
	struct q_multipart_part *part = &parser->part;

	if (q_str_equal_ignore_case(name, Q_STR("Content-Disposition"))) {
		if (part->name.length > 0)
			return fail(err, "a part has two Content-Disposition headers");
		return read_disposition(parser, value, err);
	}
	if (q_str_equal_ignore_case(name, Q_STR("Content-Type"))) {
		if (part->content_type.length > 0)
			return fail(err, "a part has two Content-Type headers");
		part->content_type = value;
		return Q_OK;
	}
	if (q_str_equal_ignore_case(name, Q_STR("Content-Transfer-Encoding")) &&
	    !is_identity_encoding(value))
		return fail(err, "a part has a transfer encoding: send it as binary");
	return Q_OK;
}

static enum q_code read_header_line(struct q_multipart *parser, struct q_str line,
				    struct q_err *err)
{
	struct q_str name, value;

	if (line.data[0] == ' ' || line.data[0] == '\t')
		return fail(err, "a part's header goes on over several lines");
	if (!q_http_is_field_value(line))
		return fail(err,
			    "a part's header holds a control character (NUL, bare CR or LF...)");
	if (!q_str_cut(line, ':', &name, &value) || !q_http_is_token(name))
		return fail(err, "a part's header is not \"name: value\"");
	return read_header(parser, name, q_str_trim(value), err);
}

/* `block`: whole lines, without the empty one at the end. */
static enum q_code read_headers(struct q_multipart *parser, struct q_str block, struct q_err *err)
{
	enum q_code code = Q_OK;

	parser->part = (struct q_multipart_part){0};
	while (code == Q_OK && block.length > 0) {
		size_t end = block.length;

		(void)q_str_find(block, Q_STR("\r\n"), &end);
		code = read_header_line(parser, q_str_slice(block, 0, end), err);
		block = q_str_slice(block, end + 2, block.length);
	}
	if (code == Q_OK && parser->part.name.length == 0)
		return fail(err, "a part has no Content-Disposition header");
	return code;
}

/* Collects the header block up to its empty line, then reads it at once: errors cannot depend on
 * how the input was split. */
static enum q_code feed_headers(struct q_multipart *parser, struct q_bytes *input,
				struct q_err *err)
{
	size_t before = parser->header_length;
	size_t count = smaller(input->length, sizeof parser->header - before);
	size_t from = before > 3 ? before - 3 : 0; /* the end may have begun in the last piece */
	struct q_str fresh, block;
	size_t at;
	enum q_code code;

	memcpy(parser->header + before, input->data, count);
	fresh = (struct q_str){parser->header + from, before + count - from};
	if (!q_str_find(fresh, Q_STR("\r\n\r\n"), &at)) {
		if (before + count == sizeof parser->header)
			return q_fail(err, Q_TOOBIG, where,
				      "multipart body: the headers of a part exceed %d bytes",
				      Q_MULTIPART_HEADER_MAX);
		take(input, count);
		parser->header_length += count;
		return Q_OK;
	}
	take(input, from + at + 4 - before);
	block = (struct q_str){parser->header, from + at};
	code = read_headers(parser, q_str_slice(block, 2, block.length), err);
	if (code != Q_OK)
		return code;
	parser->part_bytes = 0;
	parser->matched = parser->borrowed =
		2; /* the empty line is a delimiter's CRLF, if one follows */
	set_state(parser, STATE_DATA);
	return parser->sink->part_begin(parser->sink, &parser->part, err);
}

static enum q_code emit(struct q_multipart *parser, struct q_bytes data, struct q_err *err)
{
	if (data.length == 0)
		return Q_OK;
	parser->part_bytes += data.length;
	if (!parser->part.is_file && parser->part_bytes > parser->field_max)
		return q_fail(err, Q_TOOBIG, where, "multipart body: a field exceeds %zu bytes",
			      parser->field_max);
	return parser->sink->part_data(parser->sink, data, err);
}

/* How many bytes at the front of the input are data for sure: all before a delimiter, or before
 * what may turn out to be one. Several GB/s on PDFs and text, and above 100 MB/s whatever boundary
 * and data a client chooses (bench/multipart.c); memmem is faster on some data, and below that on
 * other. */
static size_t sure_data_length(const struct q_multipart *parser, struct q_bytes input)
{
	const unsigned char *at = input.data, *end = input.data + input.length;

	while ((at = memchr(at, '\r', (size_t)(end - at)))) {
		size_t count = smaller((size_t)(end - at), parser->delimiter_length);

		if (memcmp(at, parser->delimiter, count) == 0)
			return (size_t)(at - input.data);
		at++;
	}
	return input.length;
}

static enum q_code feed_data(struct q_multipart *parser, struct q_bytes *input, struct q_err *err)
{
	struct q_str held = {parser->delimiter + parser->borrowed,
			     parser->matched - parser->borrowed};
	enum q_code code = Q_OK;

	if (parser->matched == 0)
		code = emit(parser, take(input, sure_data_length(parser, *input)), err);
	if (code != Q_OK || input->length == 0)
		return code;
	switch (match_on(parser, input)) {
	case MATCH_WHOLE:
		return parser->sink->part_end(parser->sink, err);
	case MATCH_SO_FAR:
		return Q_OK;
	case MATCH_NOT: /* what was held back is data after all */
		break;
	}
	parser->matched = parser->borrowed = 0;
	return emit(parser, q_str_bytes(held), err);
}

static enum q_code feed_end(struct q_multipart *parser, struct q_bytes *input, struct q_err *err)
{
	take_line_end(parser, input);
	if (input->length > 0 || memcmp(parser->line_end, "\r\n", parser->line_end_length) != 0)
		return fail(err, "bytes follow the final boundary");
	return Q_OK;
}

static enum q_code feed_some(struct q_multipart *parser, struct q_bytes *input, struct q_err *err)
{
	switch (parser->state) {
	case STATE_START:
		return feed_start(parser, input, err);
	case STATE_DELIMITED:
		return feed_delimited(parser, input, err);
	case STATE_HEADERS:
		return feed_headers(parser, input, err);
	case STATE_DATA:
		return feed_data(parser, input, err);
	case STATE_END:
		return feed_end(parser, input, err);
	case STATE_FAILED:
		break;
	}
	*err = parser->failure;
	return err->code;
}

/* Makes a failure last. */
static enum q_code settle(struct q_multipart *parser, enum q_code code, const struct q_err *err)
{
	if (code != Q_OK && parser->state != STATE_FAILED) {
		parser->failure = *err;
		parser->state = STATE_FAILED;
	}
	return code;
}

enum q_code q_multipart_feed(struct q_multipart *parser, struct q_bytes input, struct q_err *err)
{
	enum q_code code = Q_OK;

	while (code == Q_OK && input.length > 0)
		code = feed_some(parser, &input, err);
	return settle(parser, code, err);
}

static enum q_code finish(const struct q_multipart *parser, struct q_err *err)
{
	if (parser->state == STATE_FAILED) {
		*err = parser->failure;
		return err->code;
	}
	if (parser->state == STATE_START)
		return fail(err, "it is empty, or ends within its first boundary");
	if (parser->state != STATE_END)
		return fail(err, "it ends before its final boundary: it was cut off");
	if (parser->line_end_length == 1)
		return fail(err, "bytes follow the final boundary");
	return Q_OK;
}

enum q_code q_multipart_finish(struct q_multipart *parser, struct q_err *err)
{
	return settle(parser, finish(parser, err), err);
}
