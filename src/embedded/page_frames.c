#include "embedded/page_frames.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum {
	HIDDEN_BYTES_MAX = (Q_HIDDEN_REASON_COUNT - 1) *
			   (sizeof(struct q_extract_hidden) + Q_EXTRACT_HIDDEN_TEXT_MAX),
	PAGE_BYTES_MAX = sizeof(struct q_extract_page) + Q_EXTRACT_PAGE_TEXT_MAX +
			 Q_EXTRACT_PAGE_TEXT_MAX * sizeof(struct q_extract_box) + HIDDEN_BYTES_MAX,
	READ_BYTES = 256 * 1024,
	BUFFER_BYTES_MAX = sizeof(struct q_extract_frame) + PAGE_BYTES_MAX + READ_BYTES,
};

_Static_assert(sizeof(struct q_text_box) == sizeof(struct q_extract_box) &&
		       offsetof(struct q_text_box, bottom) ==
			       offsetof(struct q_extract_box, bottom),
	       "boxes are handed on as they come");
_Static_assert(sizeof(struct q_extract_page) % sizeof(float) == 0 &&
		       sizeof(struct q_extract_frame) % sizeof(float) == 0,
	       "boxes are aligned in the buffer");

_Static_assert((int)Q_HIDDEN_INVISIBLE == (int)Q_EXTRACT_INVISIBLE &&
		       (int)Q_HIDDEN_OFF_PAGE == (int)Q_EXTRACT_OFF_PAGE &&
		       (int)Q_HIDDEN_CLIPPED == (int)Q_EXTRACT_CLIPPED &&
		       (int)Q_HIDDEN_TINY == (int)Q_EXTRACT_TINY &&
		       (int)Q_HIDDEN_BACKGROUND_COLOUR == (int)Q_EXTRACT_BACKGROUND_COLOUR &&
		       (int)Q_HIDDEN_REASON_COUNT == (int)Q_EXTRACT_HIDDEN_REASON_COUNT,
	       "reasons are handed on as they come");

static enum q_code corrupt(struct q_err *err, const char *what)
{
	return q_fail(err, Q_CORRUPT, "page_frames",
		      "the reader of the document broke its protocol: %s", what);
}

void q__page_frames_init(struct q__page_frames *frames, const struct q_extract_request *request)
{
	*frames = (struct q__page_frames){
		.next_page = request->first_page,
		.last_page = request->last_page,
		.pages_max = request->pages_max,
		.text_bytes_max = request->text_bytes_max,
	};
	q_buf_init(&frames->bytes, BUFFER_BYTES_MAX);
}

void q__page_frames_free(struct q__page_frames *frames)
{
	q_buf_free(&frames->bytes);
}

char *q__page_frames_room(struct q__page_frames *frames, size_t *length)
{
	*length = READ_BYTES;
	return q_buf_reserve(&frames->bytes, READ_BYTES);
}

void q__page_frames_filled(struct q__page_frames *frames, size_t length)
{
	frames->bytes.length += length;
}

/* Copies a struct of fixed size: true when the frame is just as long. */
static bool take_struct(const struct q_extract_frame *head, const char *body, void *out,
			size_t size)
{
	if (head->length != size)
		return false;
	memcpy(out, body, size);
	return true;
}

static enum q_code take_document(struct q__page_frames *frames, const struct q_extract_frame *head,
				 const char *body, struct q_err *err)
{
	struct q_extract_document document;

	if (frames->page_count != 0 || !take_struct(head, body, &document, sizeof document))
		return corrupt(err, "document");
	if (document.version != Q_EXTRACT_VERSION || document.page_count == 0 ||
	    document.page_count > frames->pages_max)
		return corrupt(err, "page count");
	frames->page_count = document.page_count;
	return Q_OK;
}

/* Pages come in order, each once, none that was not asked for. */
static bool is_next_page(const struct q__page_frames *frames, uint32_t page_number)
{
	return page_number != 0 && page_number == frames->next_page &&
	       page_number <= frames->last_page && page_number <= frames->page_count;
}

static bool is_text(struct q_str text, size_t *character_count)
{
	size_t counted = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
		counted += (c & 0xc0) != 0x80;
	}
	*character_count = counted;
	return q_utf8_is_valid(text);
}

static bool are_finite(const struct q_extract_box *boxes, size_t count)
{
	float sum = 0;

	for (size_t i = 0; i < count;
	     i++) /* 0 x is NaN for infinities and NaN, and stays in the sum */
		sum += 0 * boxes[i].left + 0 * boxes[i].top + 0 * boxes[i].right +
		       0 * boxes[i].bottom;
	return sum == 0;
}

static bool page_fits(const struct q_extract_page *page, size_t length)
{
	return page->text_length <= Q_EXTRACT_PAGE_TEXT_MAX &&
	       page->box_count <= page->text_length && page->hidden_length <= HIDDEN_BYTES_MAX &&
	       length == sizeof *page + page->text_length + page->hidden_length +
				 page->box_count * sizeof(struct q_extract_box);
}

/* The next hidden text of *rest: of another reason than those before. */
static bool take_hidden(struct q_str *rest, enum q_hidden_reason after, struct q_hidden_text *out)
{
	struct q_extract_hidden head;
	size_t characters;

	if (rest->length < sizeof head)
		return false;
	memcpy(&head, rest->data, sizeof head);
	*rest = q_str_slice(*rest, sizeof head, rest->length);
	if (head.reason <= after || head.reason >= Q_HIDDEN_REASON_COUNT || head.text_length == 0 ||
	    head.text_length > Q_EXTRACT_HIDDEN_TEXT_MAX || head.text_length > rest->length)
		return false;
	out->reason = head.reason;
	out->text = q_str_slice(*rest, 0, head.text_length);
	*rest = q_str_slice(*rest, head.text_length, rest->length);
	return is_text(out->text, &characters);
}

static bool take_all_hidden(struct q__page_frames *frames, struct q_str bytes, size_t count)
{
	unsigned last = 0;

	if (count >= Q_HIDDEN_REASON_COUNT)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!take_hidden(&bytes, last, &frames->hidden[i]))
			return false;
		last = frames->hidden[i].reason;
	}
	return bytes.length == 0;
}

/* The body after its head is boxes, text, hidden texts. */
static void lay_out_page(const struct q__page_frames *frames, const struct q_extract_page *page,
			 const char *body, struct q_page_text *out)
{
	const unsigned known_flags =
		Q_PAGE_NEEDS_OCR | Q_PAGE_TRUNCATED | Q_PAGE_HIDDEN_TEXT | Q_PAGE_OCR_LAYER;
	const struct q_extract_box *boxes = (const void *)(body + sizeof *page);

	*out = (struct q_page_text){
		.page_number = page->page_number,
		.width = page->width,
		.height = page->height,
		.flags = page->flags & known_flags,
		.text = {(const char *)(boxes + page->box_count), page->text_length},
		.boxes = (const void *)boxes,
		.box_count = page->box_count,
		.hidden = frames->hidden,
		.hidden_count = page->hidden_count,
	};
}

/* The page that goes beyond the limit is still said: it is the last. */
static bool has_too_much_text(struct q__page_frames *frames, const struct q_extract_page *page)
{
	bool was_last = frames->text_bytes > frames->text_bytes_max;

	frames->text_bytes += page->text_length + page->hidden_length -
			      page->hidden_count * sizeof(struct q_extract_hidden);
	return was_last;
}

static enum q_code check_page(struct q__page_frames *frames, const struct q_extract_page *page,
			      const struct q_page_text *out, struct q_err *err)
{
	struct q_str hidden = {out->text.data + page->text_length, page->hidden_length};
	size_t characters;

	if (!is_text(out->text, &characters) || characters != page->box_count)
		return corrupt(err, "text");
	if (!take_all_hidden(frames, hidden, page->hidden_count))
		return corrupt(err, "hidden text");
	if (!are_finite((const void *)out->boxes, page->box_count) || !isfinite(page->width) ||
	    !isfinite(page->height))
		return corrupt(err, "box");
	return has_too_much_text(frames, page) ? corrupt(err, "too much text") : Q_OK;
}

static enum q_code take_page(struct q__page_frames *frames, const struct q_extract_frame *head,
			     const char *body, struct q_page_text *out, struct q_err *err)
{
	struct q_extract_page page;

	if (head->length < sizeof page)
		return corrupt(err, "page");
	memcpy(&page, body, sizeof page);
	if (!page_fits(&page, head->length) || !is_next_page(frames, page.page_number))
		return corrupt(err, "page");
	lay_out_page(frames, &page, body, out);
	if (check_page(frames, &page, out, err) != Q_OK)
		return err->code;
	frames->next_page++;
	return Q_OK;
}

static bool is_failure(uint32_t failure)
{
	return failure >= Q_EXTRACT_MALFORMED && failure <= Q_EXTRACT_SANDBOX_FAILED;
}

static enum q_code take_page_failed(struct q__page_frames *frames,
				    const struct q_extract_frame *head, const char *body,
				    struct q__page_frame *out, struct q_err *err)
{
	struct q_extract_page_failed failed;

	if (!take_struct(head, body, &failed, sizeof failed) || !is_failure(failed.failure) ||
	    !is_next_page(frames, failed.page_number))
		return corrupt(err, "failed page");
	out->page.page_number = failed.page_number;
	out->failure = failed.failure;
	frames->next_page++;
	return Q_OK;
}

static enum q_code take_failed(const struct q_extract_frame *head, const char *body,
			       struct q__page_frame *out, struct q_err *err)
{
	struct q_extract_failed failed;

	if (!take_struct(head, body, &failed, sizeof failed) || !is_failure(failed.failure))
		return corrupt(err, "failure");
	out->failure = failed.failure;
	return Q_OK;
}

/* All that was asked for has been said: the count, and each page. */
static enum q_code take_end(const struct q__page_frames *frames, const struct q_extract_frame *head,
			    struct q_err *err)
{
	if (head->length != 0 || frames->page_count == 0 ||
	    (frames->last_page != 0 && frames->next_page <= frames->last_page))
		return corrupt(err, "end");
	return Q_OK;
}

static enum q_code take(struct q__page_frames *frames, const struct q_extract_frame *head,
			const char *body, struct q__page_frame *out, struct q_err *err)
{
	switch (head->type) {
	case Q_EXTRACT_FRAME_DOCUMENT:
		out->kind = Q__FRAME_DOCUMENT;
		return take_document(frames, head, body, err);
	case Q_EXTRACT_FRAME_PAGE:
		out->kind = Q__FRAME_PAGE;
		return take_page(frames, head, body, &out->page, err);
	case Q_EXTRACT_FRAME_PAGE_FAILED:
		out->kind = Q__FRAME_PAGE_FAILED;
		return take_page_failed(frames, head, body, out, err);
	case Q_EXTRACT_FRAME_FAILED:
		out->kind = Q__FRAME_FAILED;
		return take_failed(head, body, out, err);
	case Q_EXTRACT_FRAME_END:
		out->kind = Q__FRAME_END;
		return take_end(frames, head, err);
	default:
		return corrupt(err, "type");
	}
}

enum q_code q__page_frames_next(struct q__page_frames *frames, struct q__page_frame *out,
				struct q_err *err)
{
	struct q_extract_frame head;

	*out = (struct q__page_frame){.kind = Q__FRAME_NONE};
	/* A frame always starts where the buffer does: its boxes are aligned. */
	q_buf_consume(&frames->bytes, frames->used);
	frames->used = 0;
	if (frames->bytes.length < sizeof head)
		return Q_OK;
	memcpy(&head, frames->bytes.data, sizeof head);
	if (head.length > PAGE_BYTES_MAX)
		return corrupt(err, "length");
	if (frames->bytes.length - sizeof head < head.length)
		return Q_OK;
	frames->used = sizeof head + head.length;
	return take(frames, &head, frames->bytes.data + sizeof head, out, err);
}
