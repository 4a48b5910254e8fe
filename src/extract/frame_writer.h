/* extract/frame_writer.h: says what was read, as the frames of protocol.h or as JSON lines for
 * people.
 *
 * Contract:  one call, one frame or line, written whole before it returns: what was said survives
 *            the end of the process.
 * Ownership: the descriptor is borrowed.
 * Errors:    false: the reader has gone, nothing more needs to be done. */
#ifndef Q_EXTRACT_FRAME_WRITER_H
#define Q_EXTRACT_FRAME_WRITER_H

#include "extract/page_text.h"
#include "extract/protocol.h"

struct q__frame_writer {
	int fd;
	bool is_json; /* JSON lines instead of frames */
};

bool q__say_document(const struct q__frame_writer *writer, uint32_t page_count);
bool q__say_page(const struct q__frame_writer *writer, const struct q__page_text *page);
bool q__say_page_failed(const struct q__frame_writer *writer, uint32_t page_number,
			enum q_extract_failure failure);
bool q__say_failed(const struct q__frame_writer *writer, enum q_extract_failure failure);
bool q__say_end(const struct q__frame_writer *writer);

/* "malformed_pdf", ... */
const char *q__failure_name(enum q_extract_failure failure);

#endif
