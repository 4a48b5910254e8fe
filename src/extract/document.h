/* extract/document.h: a PDF that is read from a descriptor, by position, through the engine.
 *
 * Contract:  the engine must have been started (q__engine_start). Whatever the bytes are, open
 *            fails with a reason or gives a document of at least one page; what the engine cannot
 *            survive ends the process.
 * Ownership: the descriptor is borrowed until close. The document is the caller's.
 * Threads:   one; the engine allows no more. */
#ifndef Q_EXTRACT_DOCUMENT_H
#define Q_EXTRACT_DOCUMENT_H

#include "extract/protocol.h"

#include <pdfium.h>
#include <stdbool.h>

/* Makes the engine ready; it looks for no fonts on this machine, and so opens no file later. */
void q__engine_start(void);

enum { Q__DOCUMENT_WINDOW_BYTES = 16 * 1024 };

struct q__document {
	FPDF_FILEACCESS file;
	FPDF_DOCUMENT pdf;
	int fd;
	bool has_read_error;
	uint32_t page_count;
	uint64_t window_start; /* the part of the file that was read last: the engine asks for small
				  pieces */
	uint64_t window_length;
	unsigned char window[Q__DOCUMENT_WINDOW_BYTES];
};

/* 0, or an enum q_extract_failure. */
int q__document_open(struct q__document *document, int fd, uint64_t size_bytes, uint32_t pages_max);
void q__document_close(struct q__document *document);

#endif
