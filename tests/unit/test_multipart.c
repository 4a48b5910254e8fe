#include "net/multipart.h"

#include "base/buf.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Writes what it is told as text: "[name|filename|type]" data "[/]", with "-" where there is no
 * filename. Two splits of one body must give the same text. */
struct transcript {
	struct q_multipart_sink sink;
	struct q_buf text;
	size_t calls_until_failure; /* 0: none fails */
};

static enum q_code count_call(struct transcript *transcript, struct q_err *err)
{
	if (transcript->calls_until_failure > 0 && --transcript->calls_until_failure == 0)
		return q_fail(err, Q_NOSPACE, "transcript", "no more paper");
	return Q_OK;
}

static enum q_code part_begin(struct q_multipart_sink *sink, const struct q_multipart_part *part,
			      struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	q_buf_append_char(&transcript->text, '[');
	q_buf_append(&transcript->text, part->name);
	q_buf_append_char(&transcript->text, '|');
	q_buf_append(&transcript->text, part->is_file ? part->filename : Q_STR("-"));
	q_buf_append_char(&transcript->text, '|');
	q_buf_append(&transcript->text, part->content_type);
	q_buf_append_char(&transcript->text, ']');
	return count_call(transcript, err);
}

static enum q_code part_data(struct q_multipart_sink *sink, struct q_bytes data, struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	assert_true(data.length > 0);
	q_buf_append(&transcript->text, q_bytes_str(data));
	return count_call(transcript, err);
}

static enum q_code part_end(struct q_multipart_sink *sink, struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	q_buf_append(&transcript->text, Q_STR("[/]"));
	return count_call(transcript, err);
}

static void transcript_init(struct transcript *transcript)
{
	*transcript = (struct transcript){.sink = {part_begin, part_data, part_end}};
	q_buf_init(&transcript->text, 1 << 20);
}

enum { FIELD_MAX = 1000 };

/* Feeds `body` in up to three pieces, cut at `first` and `second`; or, where piece_bytes is not 0,
 * in pieces of that size. */
struct splits {
	size_t first, second, piece_bytes;
};

static enum q_code parse_split(struct transcript *transcript, struct q_str body,
			       struct splits splits, struct q_err *err)
{
	struct q_multipart *parser;
	enum q_code code;
	size_t at = 0;

	transcript_init(transcript);
	code = q_multipart_new(Q_STR("XyZ"), FIELD_MAX, &transcript->sink, &parser, err);
	if (code != Q_OK)
		return code;
	while (code == Q_OK && at < body.length) {
		size_t to = at < splits.first	 ? splits.first
			    : at < splits.second ? splits.second
						 : body.length;

		if (splits.piece_bytes > 0)
			to = at + splits.piece_bytes;
		code = q_multipart_feed(parser, q_str_bytes(q_str_slice(body, at, to)), err);
		at = to;
	}
	if (code == Q_OK)
		code = q_multipart_finish(parser, err);
	q_multipart_free(parser);
	return code;
}

static enum q_code parse(struct transcript *transcript, struct q_str body, struct q_err *err)
{
	return parse_split(transcript, body, (struct splits){.first = body.length}, err);
}

static void assert_parses(struct q_str body, struct q_str expected)
{
	struct transcript transcript;
	struct q_err err = {0};

	if (parse(&transcript, body, &err) != Q_OK)
		fail_msg("refused: %s", err.message);
	if (!q_str_equal(q_buf_str(&transcript.text), expected))
		fail_msg("got %.*s", Q_STR_ARG(q_buf_str(&transcript.text)));
	q_buf_free(&transcript.text);
}

static void assert_refused(struct q_str body, const char *because)
{
	struct transcript transcript;
	struct q_err err = {0};

	assert_int_equal(parse(&transcript, body, &err), Q_INVALID);
	assert_string_equal(err.reason, "bad_multipart");
	if (!strstr(err.message, because))
		fail_msg("\"%s\" does not say \"%s\"", err.message, because);
	q_buf_free(&transcript.text);
}

#define DISPOSITION "Content-Disposition: form-data; "
/* A body of one part, whose headers and data are given. */
#define ONE_PART(HEADERS, DATA) Q_STR("--XyZ\r\n" HEADERS "\r\n" DATA "\r\n--XyZ--\r\n")

static void fields_and_files_come_in_order(void **state)
{
	assert_parses(Q_STR("--XyZ\r\n" DISPOSITION "name=\"tenantId\"\r\n\r\nacme\r\n"
			    "--XyZ\r\n" DISPOSITION "name=\"file\"; filename=\"a b.pdf\"\r\n"
			    "Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n\r\n"
			    "--XyZ--\r\n"),
		      Q_STR("[tenantId|-|]acme[/][file|a b.pdf|application/pdf]%PDF-1.7\r\n[/]"));
}

static void body_without_parts_is_whole(void **state)
{
	assert_parses(Q_STR("--XyZ--\r\n"), Q_STR(""));
	assert_parses(Q_STR("--XyZ--"), Q_STR(""));
}

static void empty_parts_begin_and_end(void **state)
{
	assert_parses(ONE_PART(DISPOSITION "name=a\r\n", ""), Q_STR("[a|-|][/]"));
	/* The empty line is the delimiter's own CRLF: a part with headers alone (RFC 2046 5.1.1).
	 */
	assert_parses(Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\n--XyZ--"), Q_STR("[a|-|][/]"));
}

static void near_delimiters_are_data(void **state)
{
#define NEAR "\r\r\n\r\n-\r\n--\r\n--X\r\n--Xy\r\n--xyz\n--XyZ -\r\r\n--Xy\r"
	assert_parses(ONE_PART(DISPOSITION "name=a\r\n", NEAR), Q_STR("[a|-|]" NEAR "[/]"));
	assert_parses(ONE_PART(DISPOSITION "name=a\r\n", "\r\n"), Q_STR("[a|-|]\r\n[/]"));
	assert_parses(ONE_PART(DISPOSITION "name=a\r\n", "-\r\n-"), Q_STR("[a|-|]-\r\n-[/]"));
#undef NEAR
}

static void data_may_hold_any_byte(void **state)
{
	assert_parses(ONE_PART(DISPOSITION "name=a\r\n", "\0\x01\xff\n\0"),
		      Q_STR("[a|-|]\0\x01\xff\n\0[/]"));
}

static void header_names_and_keywords_ignore_case(void **state)
{
	assert_parses(ONE_PART("CONTENT-disposition:FORM-Data ;NAME=a; FileName=b\r\n"
			       "content-TYPE:\ttext/plain \r\n"
			       "Content-Transfer-Encoding: Binary\r\nX-Unknown: yes\r\n",
			       "data"),
		      Q_STR("[a|b|text/plain]data[/]"));
}

static void names_lose_quotes_and_the_escapes_of_clients(void **state)
{
	/* Browsers: %22, and a backslash means itself. */
	assert_parses(
		ONE_PART(DISPOSITION "name=\"a\"; filename=\"%22x%22 C:\\dir\\f.pdf\"\r\n", ""),
		Q_STR("[a|\"x\" C:\\dir\\f.pdf|][/]"));
	/* curl before 7.81: backslashes. */
	assert_parses(ONE_PART(DISPOSITION "name=\"a\\\"b\"; filename=\"x\\\\y\\\".pdf\"\r\n", ""),
		      Q_STR("[a\"b|x\\y\".pdf|][/]"));
	/* Nothing else is an escape. */
	assert_parses(ONE_PART(DISPOSITION "name=\"a%41\"; filename=\"%0d%2\"\r\n", ""),
		      Q_STR("[a%41|%0d%2|][/]"));
}

static void names_are_foreign_bytes(void **state)
{
	assert_parses(
		ONE_PART(DISPOSITION "name=\"a\"; filename=\"../\xff\xfe;=\xc3\xa4.pdf\"\r\n", ""),
		Q_STR("[a|../\xff\xfe;=\xc3\xa4.pdf|][/]"));
}

static void empty_filename_is_a_file(void **state)
{
	assert_parses(ONE_PART(DISPOSITION "name=\"file\"; filename=\"\"\r\n", ""),
		      Q_STR("[file||][/]"));
}

static void filename_star_is_decoded_and_preferred(void **state)
{
	/* As .NET writes it. */
	assert_parses(ONE_PART(DISPOSITION "name=file; filename=\"=?utf-8?B?w6QucGRm?=\"; "
					   "filename*=utf-8''%C3%A4.pdf\r\n",
			       ""),
		      Q_STR("[file|\xc3\xa4.pdf|][/]"));
	assert_parses(ONE_PART(DISPOSITION "name=file; filename*=UTF-8'de'a%20b\r\n", ""),
		      Q_STR("[file|a b|][/]"));
}

static void filename_star_is_refused_unless_utf8(void **state)
{
	static const char because[] = "filename*";

	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=iso-8859-1''%E4\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=utf-8''%E4\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=utf-8''%00\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=utf-8''%4\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=utf-8'x\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=f; filename*=x\r\n", ""), because);
}

static void part_without_a_name_is_refused(void **state)
{
	assert_refused(ONE_PART("", "x"), "no Content-Disposition");
	assert_refused(ONE_PART("Content-Type: text/plain\r\n", "x"), "no Content-Disposition");
	assert_refused(ONE_PART("Content-Disposition: form-data\r\n", "x"), "no name");
	assert_refused(ONE_PART(DISPOSITION "filename=x\r\n", "x"), "no name");
	assert_refused(ONE_PART(DISPOSITION "name=\"\"\r\n", "x"), "no name");
	assert_refused(ONE_PART("Content-Disposition: attachment; name=a\r\n", "x"),
		       "not form-data");
	assert_refused(ONE_PART("Content-Disposition: form-datax; name=a\r\n", "x"),
		       "not form-data");
}

static void malformed_or_double_parameters_are_refused(void **state)
{
	static const char because[] = "parameters";

	assert_refused(ONE_PART(DISPOSITION "name=a; name=b\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=a; filename=b; FileName=c\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=\"a\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=\"a\\\"\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=a b\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=\"a\"b\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name\r\n", ""), because);
	assert_refused(ONE_PART(DISPOSITION "name=\r\n", ""), because);
}

static void malformed_headers_are_refused(void **state)
{
	assert_refused(ONE_PART(DISPOSITION "name=a\r\n" DISPOSITION "name=b\r\n", ""),
		       "two Content-Disposition");
	assert_refused(
		ONE_PART(DISPOSITION "name=a\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n", ""),
		"two Content-Type");
	assert_refused(ONE_PART(DISPOSITION "name=a;\r\n filename=b\r\n", ""), "several lines");
	assert_refused(ONE_PART(DISPOSITION "name=\"a\0b\"\r\n", ""), "NUL");
	assert_refused(ONE_PART(DISPOSITION "name=\"a\nb\"\r\n", ""), "bare CR or LF");
	assert_refused(ONE_PART(DISPOSITION "name=\"a\rb\"\r\n", ""), "bare CR or LF");
	assert_refused(ONE_PART(DISPOSITION "name=a\r\nno colon\r\n", ""), "name: value");
	assert_refused(ONE_PART(DISPOSITION "name=a\r\nX Y: z\r\n", ""), "name: value");
	assert_refused(ONE_PART(DISPOSITION "name=a\r\n: z\r\n", ""), "name: value");
	assert_refused(ONE_PART(DISPOSITION "name=a\r\nContent-Transfer-Encoding: base64\r\n", ""),
		       "transfer encoding");
}

static void body_must_begin_with_its_boundary(void **state)
{
	assert_refused(Q_STR(""), "empty");
	assert_refused(Q_STR("--Xy"), "first boundary");
	assert_refused(Q_STR("\r\n--XyZ--"), "does not begin");
	assert_refused(Q_STR("preamble\r\n--XyZ--"), "does not begin");
	assert_refused(Q_STR("--xyz--"), "does not begin");
	assert_refused(Q_STR("XyZ--"), "does not begin");
}

static void nothing_may_stand_behind_a_boundary(void **state)
{
	assert_refused(Q_STR("--XyZ \r\n" DISPOSITION "name=a\r\n\r\n\r\n--XyZ--"), "neither CRLF");
	assert_refused(Q_STR("--XyZ\n" DISPOSITION "name=a\r\n\r\n\r\n--XyZ--"), "neither CRLF");
	assert_refused(ONE_PART(DISPOSITION "name=a\r\n", "x\r\n--XyZW"), "neither CRLF");
	assert_refused(Q_STR("--XyZ-x"), "neither CRLF");
}

static void cut_off_bodies_are_refused_wherever_they_are_cut(void **state)
{
	const struct q_str body = ONE_PART(DISPOSITION "name=a\r\n", "data\r\n-");
	struct q_str whole = q_str_slice(body, 0, body.length - 2); /* the last CRLF is optional */
	struct transcript transcript;
	struct q_err err;

	assert_parses(whole, Q_STR("[a|-|]data\r\n-[/]"));
	for (size_t length = 0; length < whole.length; length++) {
		assert_int_equal(parse(&transcript, q_str_slice(body, 0, length), &err), Q_INVALID);
		assert_string_equal(err.reason, "bad_multipart");
		q_buf_free(&transcript.text);
	}
}

static void bytes_after_the_end_are_refused(void **state)
{
	assert_refused(Q_STR("--XyZ--\r"), "follow the final");
	assert_refused(Q_STR("--XyZ--\n"), "follow the final");
	assert_refused(Q_STR("--XyZ--x"), "follow the final");
	assert_refused(Q_STR("--XyZ--\r\n\r\n"), "follow the final");
	assert_refused(Q_STR("--XyZ--\r\n--XyZ--"), "follow the final");
}

/* Every cut into three, and every piece size: the same events, or the same refusal. */
static void assert_same_however_split(struct q_str body)
{
	struct transcript whole, split;
	struct q_err whole_err = {0}, split_err = {0};
	enum q_code code = parse(&whole, body, &whole_err);

	for (size_t first = 0; first <= body.length; first++) {
		size_t second = first;

		for (; second <= body.length; second += second < first + 8 ? 1 : 13) {
			struct splits splits = {first, second, 0};

			assert_int_equal(parse_split(&split, body, splits, &split_err), code);
			assert_string_equal(split_err.message, whole_err.message);
			assert_true(code != Q_OK ||
				    q_str_equal(q_buf_str(&split.text), q_buf_str(&whole.text)));
			q_buf_free(&split.text);
		}
	}
	for (size_t piece = 1; piece < 40; piece++) {
		assert_int_equal(
			parse_split(&split, body, (struct splits){0, 0, piece}, &split_err), code);
		assert_string_equal(split_err.message, whole_err.message);
		assert_true(code != Q_OK ||
			    q_str_equal(q_buf_str(&split.text), q_buf_str(&whole.text)));
		q_buf_free(&split.text);
	}
	q_buf_free(&whole.text);
}

static void events_do_not_depend_on_how_the_body_is_split(void **state)
{
	const struct q_str bodies[] = {
		Q_STR("--XyZ\r\n" DISPOSITION "name=\"tenantId\"\r\n\r\nacme\r\n"
		      "--XyZ\r\n" DISPOSITION "name=\"file\"; filename=\"a%22.pdf\"\r\n"
		      "Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n\r\n--Xy\r\r\n--XyZ--\r\n"),
		Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\n--XyZ\r\n" DISPOSITION
		      "name=b; filename*=utf-8''%C3%A4\r\n\r\n\r\n--X\r\n\r\n--XyZ--"),
		ONE_PART(DISPOSITION "name=a\r\n", "\r\n\r\n--\r\n--X\r\n--XyY\r\n--Xy\r\n"),
		Q_STR("--XyZ\r\n" DISPOSITION "name=a; name=b\r\n\r\nx\r\n--XyZ--"),
		Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\nx\r\n--XyZW"),
		Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\nx\r\n--XyZ--\r\n."),
		Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\nx\r\n--Xy"),
	};

	for (size_t i = 0; i < Q_COUNT_OF(bodies); i++)
		assert_same_however_split(bodies[i]);
}

static void boundary_has_1_to_70_valid_characters(void **state)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789";
	const struct q_str bad[] = {
		Q_STR(""),
		Q_STR("a "),
		Q_STR("a\""),
		Q_STR("a\r"),
		Q_STR("a\0b"),
		Q_STR("\xc3\xa4"),
		Q_STR("a;b"),
		Q_STR("01234567890123456789012345678901234567890123456789012345678901234"
		      "567890")};
	struct transcript transcript;
	struct q_multipart *parser;
	struct q_err err;

	transcript_init(&transcript);
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		assert_int_equal(q_multipart_new(bad[i], 1, &transcript.sink, &parser, &err),
				 Q_INVALID);
		assert_string_equal(err.reason, "bad_multipart");
	}
	assert_int_equal(strlen(longest), Q_MULTIPART_BOUNDARY_MAX);
	assert_int_equal(q_multipart_new(q_str_from(longest), 1, &transcript.sink, &parser, &err),
			 Q_OK);
	q_multipart_free(parser);
	assert_int_equal(
		q_multipart_new(Q_STR("a 'B'()+_,-./:=?"), 1, &transcript.sink, &parser, &err),
		Q_OK);
	q_multipart_free(parser);
}

static enum q_code parse_parts(unsigned count, struct q_err *err)
{
	struct transcript transcript;
	struct q_buf body;
	enum q_code code;

	q_buf_init(&body, 1 << 20);
	for (unsigned i = 0; i < count; i++)
		q_buf_append(&body, Q_STR("--XyZ\r\n" DISPOSITION "name=a\r\n\r\nx\r\n"));
	q_buf_append(&body, Q_STR("--XyZ--"));
	code = parse(&transcript, q_buf_str(&body), err);
	q_buf_free(&transcript.text);
	q_buf_free(&body);
	return code;
}

static void sixty_four_parts_are_the_limit(void **state)
{
	struct q_err err;

	assert_int_equal(parse_parts(64, &err), Q_OK);
	assert_int_equal(parse_parts(65, &err), Q_TOOBIG);
}

/* A part whose header block, with its empty line, has header_bytes bytes. */
static enum q_code parse_header_of(size_t header_bytes, struct q_err *err)
{
	const struct q_str start = Q_STR(DISPOSITION "name=a; filename=\"");
	const struct q_str end = Q_STR("\"\r\n\r\n");
	struct transcript transcript;
	struct q_buf body;
	enum q_code code;

	q_buf_init(&body, 1 << 20);
	q_buf_append(&body, Q_STR("--XyZ\r\n"));
	q_buf_append(&body, start);
	for (size_t i = start.length + end.length; i < header_bytes; i++)
		q_buf_append_char(&body, 'n');
	q_buf_append(&body, end);
	q_buf_append(&body, Q_STR("\r\n--XyZ--"));
	code = parse(&transcript, q_buf_str(&body), err);
	if (code == Q_OK)
		assert_int_equal(
			transcript.text.length, /* "[a|" name "|][/]": the name survives whole */
			header_bytes - start.length - end.length + 3 + 5);
	q_buf_free(&transcript.text);
	q_buf_free(&body);
	return code;
}

static void names_survive_up_to_the_header_limit(void **state)
{
	struct q_err err;

	assert_int_equal(parse_header_of(Q_MULTIPART_HEADER_MAX, &err), Q_OK);
	assert_int_equal(parse_header_of(Q_MULTIPART_HEADER_MAX + 1, &err), Q_TOOBIG);
	assert_int_equal(parse_header_of(10 * Q_MULTIPART_HEADER_MAX, &err), Q_TOOBIG);
}

static enum q_code parse_field_of(size_t field_bytes, bool is_file)
{
	struct transcript transcript;
	struct q_err err;
	struct q_buf body;
	enum q_code code;

	q_buf_init(&body, 1 << 20);
	q_buf_format(&body, "--XyZ\r\n" DISPOSITION "name=a%s\r\n\r\n",
		     is_file ? "; filename=f" : "");
	for (size_t i = 0; i < field_bytes; i++)
		q_buf_append_char(&body, 'v');
	q_buf_append(&body, Q_STR("\r\n--XyZ--"));
	code = parse_split(&transcript, q_buf_str(&body), (struct splits){.piece_bytes = 100},
			   &err);
	q_buf_free(&transcript.text);
	q_buf_free(&body);
	return code;
}

static void fields_are_bounded_and_files_are_not(void **state)
{
	assert_int_equal(parse_field_of(FIELD_MAX, false), Q_OK);
	assert_int_equal(parse_field_of(FIELD_MAX + 1, false), Q_TOOBIG);
	assert_int_equal(parse_field_of(100 * FIELD_MAX, true), Q_OK);
}

static void errors_stay(void **state)
{
	struct transcript transcript;
	struct q_multipart *parser;
	struct q_err err;

	transcript_init(&transcript);
	assert_int_equal(q_multipart_new(Q_STR("XyZ"), 1, &transcript.sink, &parser, &err), Q_OK);
	assert_int_equal(q_multipart_feed(parser, q_str_bytes(Q_STR("bad")), &err), Q_INVALID);
	memset(&err, 0, sizeof err);
	assert_int_equal(q_multipart_feed(parser, q_str_bytes(Q_STR("--XyZ--")), &err), Q_INVALID);
	assert_string_equal(err.reason, "bad_multipart");
	assert_int_equal(q_multipart_finish(parser, &err), Q_INVALID);
	q_multipart_free(parser);
}

/* However early or late the sink fails, its error comes back and it hears no more. */
static void an_error_of_the_sink_ends_the_parsing(void **state)
{
	const struct q_str body = ONE_PART(DISPOSITION "name=a\r\n", "one\r\n--Xtwo");

	for (size_t calls = 1; calls < 100; calls++) {
		struct transcript transcript;
		struct q_multipart *parser;
		struct q_err err = {0};
		enum q_code code = Q_OK;

		transcript_init(&transcript);
		transcript.calls_until_failure = calls;
		assert_int_equal(
			q_multipart_new(Q_STR("XyZ"), 100, &transcript.sink, &parser, &err), Q_OK);
		for (size_t i = 0; code == Q_OK && i < body.length; i++)
			code = q_multipart_feed(parser, q_str_bytes(q_str_slice(body, i, i + 1)),
						&err);
		if (code == Q_OK)
			code = q_multipart_finish(parser, &err);
		q_multipart_free(parser);
		q_buf_free(&transcript.text);
		if (code == Q_OK) {
			assert_true(calls > 5);
			return;
		}
		assert_int_equal(code, Q_NOSPACE);
		assert_string_equal(err.message, "no more paper");
	}
	fail();
}

static enum q_code parse_once(void *context)
{
	struct transcript transcript;
	struct q_err err;
	enum q_code code = parse(&transcript, ONE_PART(DISPOSITION "name=a\r\n", "x"), &err);

	if (code == Q_OK && q_buf_failed(&transcript.text))
		code = Q_NOMEM;
	q_buf_free(&transcript.text);
	return code;
}

static void every_failing_allocation_is_an_error(void **state)
{
	assert_true(run_with_failing_memory(parse_once, NULL) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_files_come_in_order),
		cmocka_unit_test(body_without_parts_is_whole),
		cmocka_unit_test(empty_parts_begin_and_end),
		cmocka_unit_test(near_delimiters_are_data),
		cmocka_unit_test(data_may_hold_any_byte),
		cmocka_unit_test(header_names_and_keywords_ignore_case),
		cmocka_unit_test(names_lose_quotes_and_the_escapes_of_clients),
		cmocka_unit_test(names_are_foreign_bytes),
		cmocka_unit_test(empty_filename_is_a_file),
		cmocka_unit_test(filename_star_is_decoded_and_preferred),
		cmocka_unit_test(filename_star_is_refused_unless_utf8),
		cmocka_unit_test(part_without_a_name_is_refused),
		cmocka_unit_test(malformed_or_double_parameters_are_refused),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(body_must_begin_with_its_boundary),
		cmocka_unit_test(nothing_may_stand_behind_a_boundary),
		cmocka_unit_test(cut_off_bodies_are_refused_wherever_they_are_cut),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(events_do_not_depend_on_how_the_body_is_split),
		cmocka_unit_test(boundary_has_1_to_70_valid_characters),
		cmocka_unit_test(sixty_four_parts_are_the_limit),
		cmocka_unit_test(names_survive_up_to_the_header_limit),
		cmocka_unit_test(fields_are_bounded_and_files_are_not),
		cmocka_unit_test(errors_stay),
		cmocka_unit_test(an_error_of_the_sink_ends_the_parsing),
		cmocka_unit_test(every_failing_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
