/* The first byte says how to split the rest, a body with the boundary "b". However it is split, the
 * events and the outcome are those of the body in one piece. */
#include "net/multipart.h"

#include "base/buf.h"

struct transcript {
	struct q_multipart_sink sink;
	struct q_buf text;
};

static enum q_code part_begin(struct q_multipart_sink *sink, const struct q_multipart_part *part,
			      struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	(void)err;
	q_buf_format(&transcript->text, "[%.*s|%.*s|%.*s|%d]", Q_STR_ARG(part->name),
		     Q_STR_ARG(part->filename), Q_STR_ARG(part->content_type), part->is_file);
	return Q_OK;
}

static enum q_code part_data(struct q_multipart_sink *sink, struct q_bytes data, struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	(void)err;
	q_buf_append(&transcript->text, q_bytes_str(data));
	return Q_OK;
}

static enum q_code part_end(struct q_multipart_sink *sink, struct q_err *err)
{
	struct transcript *transcript = q_container_of(sink, struct transcript, sink);

	(void)err;
	q_buf_append(&transcript->text, Q_STR("[/]"));
	return Q_OK;
}

static enum q_code parse(struct transcript *transcript, struct q_str body, size_t piece)
{
	struct q_multipart *parser;
	struct q_err err;
	enum q_code code;

	*transcript = (struct transcript){.sink = {part_begin, part_data, part_end}};
	q_buf_init(&transcript->text, 1 << 24);
	code = q_multipart_new(Q_STR("b"), 100, &transcript->sink, &parser, &err);
	q_assert(code == Q_OK);
	for (size_t at = 0; code == Q_OK && at < body.length; at += piece)
		code = q_multipart_feed(parser, q_str_bytes(q_str_slice(body, at, at + piece)),
					&err);
	if (code == Q_OK)
		code = q_multipart_finish(parser, &err);
	q_multipart_free(parser);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str body = {(const char *)data + 1, size - 1};
	struct transcript whole, split;
	enum q_code code;

	if (size < 2)
		return 0;
	code = parse(&whole, body, body.length);
	q_assert(code == parse(&split, body, 1 + data[0] % 40));
	q_assert(code != Q_OK || q_str_equal(q_buf_str(&whole.text), q_buf_str(&split.text)));
	q_buf_free(&whole.text);
	q_buf_free(&split.text);
	return 0;
}
