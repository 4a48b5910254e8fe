/* extract/protocol.h: what quire and its helper program say to each other. The one header of
 * extract/ that others include.
 *
 * Contract:  quire starts the helper with a SOCK_SEQPACKET socket as descriptor
 *            Q_EXTRACT_CONTROL_FD. The helper says hello once, then takes requests: one packet and
 *            three descriptors each. For each it forks a child, which reads the document and
 *            writes frames to the result pipe until it has said END or dies. When the child is
 *            gone the helper itself, which no document can harm, writes one q_extract_ending to
 *            the status socket. Closing the status socket kills the child; closing the control
 *            socket ends the helper. Both sides are built together and run on one machine:
 *            integers and floats are native. The child is not trusted: embedded/page_frames.c
 *            checks all that it says.
 * Units:     bytes, milliseconds, points; pages from 1. */
#ifndef Q_EXTRACT_PROTOCOL_H
#define Q_EXTRACT_PROTOCOL_H

#include <stdint.h>

enum {
	Q_EXTRACT_VERSION = 3,
	Q_EXTRACT_CONTROL_FD = 3,
	Q_EXTRACT_PAGE_TEXT_MAX = 1 << 20,   /* bytes of UTF-8 */
	Q_EXTRACT_HIDDEN_TEXT_MAX = 1 << 16, /* the same, of a page, for each reason */
	Q_EXTRACT_DOCUMENT_TEXT_MAX = 256
				      << 20 /* all texts of a request together, hidden ones too */
};

#define Q_EXTRACT_LAST_PAGE UINT32_MAX /* the document's, whichever it is */

enum q_extract_readiness {
	Q_EXTRACT_READY,
	Q_EXTRACT_NO_SANDBOX /* the kernel has no seccomp: nothing will be read */
};

struct q_extract_hello {
	uint32_t version;
	uint32_t readiness;
};

/* Rides with a request, in this order. */
enum q_extract_descriptor {
	Q_EXTRACT_DOCUMENT_FD,
	Q_EXTRACT_RESULT_FD,
	Q_EXTRACT_STATUS_FD,
	Q_EXTRACT_DESCRIPTOR_COUNT
};

struct q_extract_request {
	uint32_t version;
	uint32_t first_page, last_page; /* 0, 0: only count the pages */
	uint32_t pages_max;
	uint32_t page_timeout_ms;
	uint32_t text_bytes_max;   /* of all pages; a page that goes beyond is the last */
	uint32_t takes_ocr_layers; /* 0 or 1: the layer of a scanned page is its text */
	uint32_t unused;
	uint64_t size_bytes; /* of the document */
};

/* How the child ended: what wait4(2) told. */
struct q_extract_ending {
	uint32_t version;
	int32_t wait_status;
	uint64_t memory_max_bytes; /* resident, at its most */
};

enum q_extract_frame_type {
	Q_EXTRACT_FRAME_DOCUMENT = 1, /* first: the document is open */
	Q_EXTRACT_FRAME_PAGE,	      /* a page's text */
	Q_EXTRACT_FRAME_PAGE_FAILED,  /* a page that cannot be had */
	Q_EXTRACT_FRAME_FAILED,	      /* last: no (further) page can be had */
	Q_EXTRACT_FRAME_END	      /* last: all is said */
};

struct q_extract_frame {
	uint32_t type;
	uint32_t length; /* of what follows */
};

struct q_extract_document {
	uint32_t version;
	uint32_t page_count;
};

/* Why a reader of the page does not see a text. Each reason comes once at most, in this order. */
enum q_extract_hidden_reason {
	Q_EXTRACT_VISIBLE,
	Q_EXTRACT_INVISIBLE,
	Q_EXTRACT_OFF_PAGE,
	Q_EXTRACT_CLIPPED,
	Q_EXTRACT_TINY,
	Q_EXTRACT_BACKGROUND_COLOUR,
	Q_EXTRACT_HIDDEN_REASON_COUNT
};

/* Followed by box_count q_extract_box, one for each code point of the text, by text_length bytes,
 * and by hidden_count q_extract_hidden. All floats are finite. */
struct q_extract_page {
	uint32_t page_number;
	uint32_t flags; /* enum q_page_flag */
	float width, height;
	uint32_t text_length;
	uint32_t box_count;
	uint32_t hidden_count;
	uint32_t hidden_length; /* of them all, with their texts */
};

/* Followed by text_length bytes. */
struct q_extract_hidden {
	uint32_t reason; /* enum q_extract_hidden_reason */
	uint32_t text_length;
};

struct q_extract_box {
	float left, top, right, bottom;
};

enum q_extract_failure {
	Q_EXTRACT_MALFORMED = 1,
	Q_EXTRACT_PASSWORD_REQUIRED,
	Q_EXTRACT_UNSUPPORTED_TYPE,
	Q_EXTRACT_UNSUPPORTED_ENCRYPTION,
	Q_EXTRACT_TOO_MANY_PAGES,
	Q_EXTRACT_TOO_LARGE,
	Q_EXTRACT_NO_SUCH_PAGE,
	Q_EXTRACT_OUT_OF_MEMORY,
	Q_EXTRACT_READ_FAILED,
	Q_EXTRACT_SANDBOX_FAILED
};

struct q_extract_page_failed {
	uint32_t page_number;
	uint32_t failure;
};

struct q_extract_failed {
	uint32_t failure;
};

#endif
