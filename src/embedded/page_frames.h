/* embedded/page_frames.h: understands what the helper's child says (extract/protocol.h), and
 * believes none of it.
 *
 * For page_extractor_helper.c and its tests alone.
 *
 * Contract:  bytes go in as they come; frames come out one by one. Anything but the protocol is
 *            Q_CORRUPT and ends the conversation: a length or a page out of place, text that is
 *            not UTF-8 or holds control characters, a box too many, a number that is none, hidden
 *            text without a reason or twice for the same, more text than a document may have.
 * Units:     as in the protocol.
 * Ownership: what a frame points to lasts until the next call. The buffer grows to the largest
 *            frame, 18 MiB at most.
 * Threads:   one at a time.
 * Errors:    Q_CORRUPT, Q_NOMEM. */
#ifndef Q_EMBEDDED_PAGE_FRAMES_H
#define Q_EMBEDDED_PAGE_FRAMES_H

#include "base/buf.h"
#include "base/error.h"
#include "extract/protocol.h"
#include "ports/page_extractor.h"

struct q__page_frames {
	struct q_buf bytes;
	size_t used; /* of the frame that was given out last */
	uint32_t next_page, last_page;
	uint32_t pages_max;
	uint32_t text_bytes_max;
	uint32_t page_count; /* 0 until the document is open */
	uint64_t text_bytes; /* hidden ones, too */
	struct q_hidden_text
		hidden[Q_HIDDEN_REASON_COUNT]; /* of the page that was given out last */
};

enum q__page_frame_kind {
	Q__FRAME_NONE, /* more bytes are needed */
	Q__FRAME_DOCUMENT,
	Q__FRAME_PAGE,
	Q__FRAME_PAGE_FAILED,
	Q__FRAME_FAILED,
	Q__FRAME_END
};

struct q__page_frame {
	enum q__page_frame_kind kind;
	struct q_page_text page;	/* PAGE; of a PAGE_FAILED only the number */
	enum q_extract_failure failure; /* PAGE_FAILED, FAILED */
};

/* To read the answer to this request. Allocates nothing. */
void q__page_frames_init(struct q__page_frames *frames, const struct q_extract_request *request);
void q__page_frames_free(struct q__page_frames *frames);

/* Room for at least one byte, to be filled by the caller, who then tells how many; NULL: Q_NOMEM.
 */
Q_MUST_USE char *q__page_frames_room(struct q__page_frames *frames, size_t *length);
void q__page_frames_filled(struct q__page_frames *frames, size_t length);

Q_MUST_USE enum q_code q__page_frames_next(struct q__page_frames *frames, struct q__page_frame *out,
					   struct q_err *err);

#endif
