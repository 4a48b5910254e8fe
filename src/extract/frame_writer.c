#include "extract/frame_writer.h"

#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	PARTS_MAX = 4 + 2 * (Q_EXTRACT_HIDDEN_REASON_COUNT - 1),
	LINE_MAX_BYTES = 8 * Q_EXTRACT_PAGE_TEXT_MAX
};

const char *q__failure_name(enum q_extract_failure failure)
{
	switch (failure) {
	case Q_EXTRACT_MALFORMED:
		return "malformed_pdf";
	case Q_EXTRACT_PASSWORD_REQUIRED:
		return "password_required";
	case Q_EXTRACT_UNSUPPORTED_TYPE:
	case Q_EXTRACT_UNSUPPORTED_ENCRYPTION:
		return "unsupported_type";
	case Q_EXTRACT_TOO_MANY_PAGES:
		return "too_many_pages";
	case Q_EXTRACT_TOO_LARGE:
		return "too_large";
	case Q_EXTRACT_NO_SUCH_PAGE:
		return "no_such_page";
	case Q_EXTRACT_OUT_OF_MEMORY:
		return "out_of_memory";
	case Q_EXTRACT_READ_FAILED:
		return "read_failed";
	case Q_EXTRACT_SANDBOX_FAILED:
		return "sandbox_failed";
	}
	return "unknown";
}

/* Drops the first `count` bytes of the parts. */
static void skip_bytes(struct iovec **parts, int *part_count, size_t count)
{
	while (*part_count > 0 && count >= (*parts)->iov_len) {
		count -= (*parts)->iov_len;
		++*parts;
		--*part_count;
	}
	if (*part_count > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + count;
		(*parts)->iov_len -= count;
	}
}

static bool write_parts(int fd, struct iovec *parts, int part_count)
{
	while (part_count > 0) {
		ssize_t written = writev(fd, parts, part_count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		skip_bytes(&parts, &part_count, (size_t)written);
	}
	return true;
}

static bool say(int fd, uint32_t type, struct iovec parts[PARTS_MAX], int part_count)
{
	struct q_extract_frame frame = {.type = type};
	bool is_written;

	for (int i = 1; i < part_count; i++)
		frame.length += (uint32_t)parts[i].iov_len;
	parts[0] = (struct iovec){&frame, sizeof frame};
	is_written = write_parts(fd, parts, part_count);
	parts[0] = (struct iovec){0};
	return is_written;
}

static bool say_struct(int fd, uint32_t type, void *body, size_t size)
{
	struct iovec parts[PARTS_MAX] = {[1] = {body, size}};

	return say(fd, type, parts, 2);
}

/* Each line for people is one object; `number` is left out when it is 0. */
struct line {
	struct q_buf buf;
	struct q_json_writer json;
};

static void line_start(struct line *line)
{
	q_buf_init(&line->buf, LINE_MAX_BYTES);
	q_json_writer_init(&line->json, &line->buf);
	q_json_begin_object(&line->json);
}

static bool line_finish(struct line *line, int fd)
{
	struct iovec parts[1];
	bool written;

	q_json_end_object(&line->json);
	q_buf_append_char(&line->buf, '\n');
	parts[0] = (struct iovec){line->buf.data, line->buf.length};
	written = !q_buf_failed(&line->buf) && write_parts(fd, parts, 1);
	q_buf_free(&line->buf);
	return written;
}

static bool line_failure(int fd, uint32_t page_number, enum q_extract_failure failure)
{
	struct line line;

	line_start(&line);
	if (page_number > 0)
		q_json_field_int64(&line.json, "page", page_number);
	q_json_field_string(&line.json, "error", q_str_from(q__failure_name(failure)));
	return line_finish(&line, fd);
}

bool q__say_document(const struct q__frame_writer *writer, uint32_t page_count)
{
	struct q_extract_document body = {.version = Q_EXTRACT_VERSION, .page_count = page_count};
	struct line line;

	if (!writer->is_json)
		return say_struct(writer->fd, Q_EXTRACT_FRAME_DOCUMENT, &body, sizeof body);
	line_start(&line);
	q_json_field_int64(&line.json, "pages", page_count);
	return line_finish(&line, writer->fd);
}

static void line_hidden(struct q_json_writer *json, const struct q__page_text *page)
{
	static const char *const names[] = {
		[Q_EXTRACT_INVISIBLE] = "invisible",
		[Q_EXTRACT_OFF_PAGE] = "off_page",
		[Q_EXTRACT_CLIPPED] = "clipped",
		[Q_EXTRACT_TINY] = "tiny",
		[Q_EXTRACT_BACKGROUND_COLOUR] = "background_colour",
	};

	q_json_name(json, "hidden");
	q_json_begin_array(json);
	for (size_t i = 0; i < page->hidden_count; i++) {
		const struct q__hidden_text *hidden = &page->hidden[i];

		q_json_begin_object(json);
		q_json_field_string(json, "reason", q_str_from(names[hidden->reason]));
		q_json_field_string(json, "text",
				    (struct q_str){hidden->text, hidden->text_length});
		q_json_end_object(json);
	}
	q_json_end_array(json);
}

static bool line_page(int fd, const struct q__page_text *page)
{
	struct q_str text = {page->text, page->text_length};
	struct line line;

	line_start(&line);
	q_json_field_int64(&line.json, "page", page->page_number);
	q_json_field_int64(&line.json, "width", lroundf(page->width));
	q_json_field_int64(&line.json, "height", lroundf(page->height));
	if (page->flags & Q__PAGE_NEEDS_OCR)
		q_json_field_bool(&line.json, "needs_ocr", true);
	if (page->flags & Q__PAGE_TRUNCATED)
		q_json_field_bool(&line.json, "truncated", true);
	if (page->flags & Q__PAGE_OCR_LAYER)
		q_json_field_bool(&line.json, "ocr_layer", true);
	q_json_field_string(&line.json, "text", text);
	if (page->hidden_count > 0)
		line_hidden(&line.json, page);
	return line_finish(&line, fd);
}

/* Appends head and text of each hidden text to the parts; returns how many parts there are. */
static int add_hidden(const struct q__page_text *page, struct q_extract_hidden *heads,
		      struct iovec *parts, int part_count)
{
	for (size_t i = 0; i < page->hidden_count; i++) {
		const struct q__hidden_text *hidden = &page->hidden[i];

		heads[i].reason = hidden->reason;
		heads[i].text_length = (uint32_t)hidden->text_length;
		parts[part_count++] = (struct iovec){&heads[i], sizeof heads[i]};
		parts[part_count++] = (struct iovec){hidden->text, hidden->text_length};
	}
	return part_count;
}

static uint32_t hidden_length(const struct q__page_text *page)
{
	size_t length = 0;

	for (size_t i = 0; i < page->hidden_count; i++)
		length += sizeof(struct q_extract_hidden) + page->hidden[i].text_length;
	return (uint32_t)length;
}

bool q__say_page(const struct q__frame_writer *writer, const struct q__page_text *page)
{
	struct q_extract_hidden heads[Q_EXTRACT_HIDDEN_REASON_COUNT - 1];
	struct q_extract_page body = {
		.page_number = page->page_number,
		.flags = page->flags,
		.width = page->width,
		.height = page->height,
		.text_length = (uint32_t)page->text_length,
		.box_count = (uint32_t)page->box_count,
		.hidden_count = (uint32_t)page->hidden_count,
		.hidden_length = hidden_length(page),
	};
	struct iovec parts[PARTS_MAX] = {
		[1] = {&body, sizeof body},
		[2] = {page->boxes, page->box_count * sizeof *page->boxes},
		[3] = {page->text, page->text_length},
	};

	if (writer->is_json)
		return line_page(writer->fd, page);
	return say(writer->fd, Q_EXTRACT_FRAME_PAGE, parts, add_hidden(page, heads, parts, 4));
}

bool q__say_page_failed(const struct q__frame_writer *writer, uint32_t page_number,
			enum q_extract_failure failure)
{
	struct q_extract_page_failed body = {.page_number = page_number, .failure = failure};

	if (writer->is_json)
		return line_failure(writer->fd, page_number, failure);
	return say_struct(writer->fd, Q_EXTRACT_FRAME_PAGE_FAILED, &body, sizeof body);
}

bool q__say_failed(const struct q__frame_writer *writer, enum q_extract_failure failure)
{
	struct q_extract_failed body = {.failure = failure};

	if (writer->is_json)
		return line_failure(writer->fd, 0, failure);
	return say_struct(writer->fd, Q_EXTRACT_FRAME_FAILED, &body, sizeof body);
}

bool q__say_end(const struct q__frame_writer *writer)
{
	return writer->is_json || say_struct(writer->fd, Q_EXTRACT_FRAME_END, NULL, 0);
}
