#include "extract/document.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Readers look for the header in the first kilobyte: mail gateways and printers put their own lines
 * before it. */
enum { HEADER_WITHIN_BYTES = 1024, HEAP_STEP_BYTES = 1 << 20, HEAP_KEPT_BYTES = 16 << 20 };

static const char header[] = "%PDF-";

void q__engine_start(void)
{
	static const char *no_fonts[] = {NULL};
	const FPDF_LIBRARY_CONFIG config = {.version = 2, .user_font_paths = no_fonts};

	/* The engine's colour library asks for the time of day, for which the C library reads the
	 * zone's file once: now, while files may be read. */
	setenv("TZ", "UTC0", 1);
	tzset();

	/* Pages take and give back much the same memory: to fetch it anew from the kernel for each
	 * costs a tenth of the time. */
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
	mallopt(M_MMAP_THRESHOLD, HEAP_KEPT_BYTES);
	FPDF_InitLibraryWithConfig(&config);
}

static bool read_exactly(int fd, uint64_t position, unsigned char *out, uint64_t length)
{
	while (length > 0) {
		ssize_t got = pread(fd, out, length, (off_t)position);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		position += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return true;
}

/* The window is moved so that it starts at `position`. */
static bool window_move(struct q__document *document, uint64_t position)
{
	uint64_t left = document->file.length - position;

	document->window_start = position;
	document->window_length = left < sizeof document->window ? left : sizeof document->window;
	if (read_exactly(document->fd, position, document->window, document->window_length))
		return true;
	document->window_length = 0;
	return false;
}

static bool window_holds(const struct q__document *document, uint64_t position, uint64_t size)
{
	return position >= document->window_start &&
	       position - document->window_start <= document->window_length &&
	       size <= document->window_length - (position - document->window_start);
}

static bool read_piece(struct q__document *document, uint64_t position, unsigned char *out,
		       uint64_t size)
{
	if (size > sizeof document->window)
		return read_exactly(document->fd, position, out, size);
	if (!window_holds(document, position, size) && !window_move(document, position))
		return false;
	memcpy(out, document->window + (position - document->window_start), size);
	return true;
}

/* The engine's way to the file; it asks for nothing beyond the length that it was told, but this
 * trusts no one. */
static int read_block(void *context, unsigned long position, unsigned char *out, unsigned long size)
{
	struct q__document *document = context;

	if (position > document->file.length || size > document->file.length - position)
		return 0;
	if (read_piece(document, position, out, size))
		return 1;
	document->has_read_error = true;
	return 0;
}

static bool has_header(struct q__document *document)
{
	uint64_t length = document->file.length;

	if (length > HEADER_WITHIN_BYTES)
		length = HEADER_WITHIN_BYTES;
	return window_move(document, 0) &&
	       memmem(document->window, length, header, sizeof header - 1) != NULL;
}

static int why_not_open(const struct q__document *document)
{
	unsigned long error = FPDF_GetLastError();

	if (document->has_read_error)
		return Q_EXTRACT_READ_FAILED;
	if (error == FPDF_ERR_PASSWORD)
		return Q_EXTRACT_PASSWORD_REQUIRED;
	return error == FPDF_ERR_SECURITY ? Q_EXTRACT_UNSUPPORTED_ENCRYPTION : Q_EXTRACT_MALFORMED;
}

static int count_pages(struct q__document *document, uint32_t pages_max)
{
	int count = FPDF_GetPageCount(document->pdf);

	if (count <= 0)
		return Q_EXTRACT_MALFORMED;
	document->page_count = (uint32_t)count;
	return document->page_count > pages_max ? Q_EXTRACT_TOO_MANY_PAGES : 0;
}

int q__document_open(struct q__document *document, int fd, uint64_t size_bytes, uint32_t pages_max)
{
	int failure;

	memset(document, 0, sizeof *document);
	document->fd = fd;
	document->file =
		(FPDF_FILEACCESS){.length = size_bytes, .get = read_block, .param = document};
	if (!has_header(document))
		return Q_EXTRACT_UNSUPPORTED_TYPE;
	document->pdf = FPDF_LoadCustomDocument(&document->file, NULL);
	if (!document->pdf)
		return why_not_open(document);
	failure = count_pages(document, pages_max);
	if (failure != 0)
		q__document_close(document);
	return failure;
}

void q__document_close(struct q__document *document)
{
	if (document->pdf)
		FPDF_CloseDocument(document->pdf);
	document->pdf = NULL;
}
