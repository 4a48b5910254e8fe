#include "extract/child.h"

#include "extract/document.h"
#include "extract/frame_writer.h"
#include "extract/hidden_text.h"
#include "extract/page_text.h"
#include "extract/pdf_page.h"
#include "extract/sandbox.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	DOCUMENT_FD = 3,
	RESULT_FD = 4,
	PAGE_ARENA_BYTES = 400 << 20,
};

struct child {
	const struct q_extract_request *request;
	struct q__frame_writer writer;
	struct q__document document;
	struct q_arena *arena; /* of the page at hand */
	uint64_t text_bytes;   /* said so far */
	bool has_failed;
};

/* The two descriptors become 3 and 4, all others are closed. A sanitizer's report still goes to
 * standard error. */
static bool keep_two_descriptors(int document_fd, int result_fd)
{
	int spare_document = fcntl(document_fd, F_DUPFD, RESULT_FD + 1);
	int spare_result = fcntl(result_fd, F_DUPFD, RESULT_FD + 1);
	bool is_moved = spare_document >= 0 && spare_result >= 0 &&
			dup2(spare_document, DOCUMENT_FD) >= 0 &&
			dup2(spare_result, RESULT_FD) >= 0;

	if (!Q_SANITIZED)
		close_range(0, 2, 0);
	return is_moved && close_range(RESULT_FD + 1, ~0U, 0) == 0;
}

/* The helper blocks some for itself; the clock must not be ignored, whoever started the helper. */
static void reset_signals(void)
{
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	signal(SIGXCPU, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool die_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent;
}

/* 0 stops the clock. When it rings, SIGALRM ends the process. */
static void set_page_clock(uint32_t timeout_ms)
{
	struct itimerval clock = {0};

	clock.it_value.tv_sec = timeout_ms / 1000;
	clock.it_value.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000;
	setitimer(ITIMER_REAL, &clock, NULL);
}

/* A bound behind the page clock: all pages and the opening, each with its whole time. */
static uint64_t cpu_seconds(const struct q_extract_request *request)
{
	uint64_t pages = (uint64_t)request->last_page - request->first_page + 2;

	return pages * request->page_timeout_ms / 1000 + 1;
}

static bool fail(struct child *child, enum q_extract_failure failure)
{
	child->has_failed = true;
	return q__say_failed(&child->writer, failure);
}

static bool fail_page(struct child *child, uint32_t page_number, enum q_extract_failure failure)
{
	child->has_failed = true;
	return q__say_page_failed(&child->writer, page_number, failure);
}

static uint32_t flags_of(const struct q__pdf_page *page, const struct q__page_text *text)
{
	uint32_t flags = text->flags;

	if (page->is_truncated)
		flags |= Q__PAGE_TRUNCATED;
	if (text->text_length == 0 || (page->is_picture && text->text_length < Q__PICTURE_TEXT_MAX))
		flags |= Q__PAGE_NEEDS_OCR;
	return flags;
}

/* 0, or an enum q_extract_failure. */
static int lay_out(struct child *child, struct q__pdf_page *page, struct q__page_text *out)
{
	struct q_err err;

	if (child->request->takes_ocr_layers && page->is_picture &&
	    q__hidden_text_keep_layer(&page->glyphs))
		out->flags |= Q__PAGE_OCR_LAYER;
	if (q__hidden_text_take(child->arena, &page->glyphs, out, &err) != Q_OK ||
	    q__page_text_build(child->arena, &page->glyphs, out, &err) != Q_OK)
		return Q_EXTRACT_OUT_OF_MEMORY;
	out->width = isfinite(page->width) ? page->width : 0;
	out->height = isfinite(page->height) ? page->height : 0;
	out->flags = flags_of(page, out);
	return 0;
}

/* False: nobody listens any more. */
static bool read_page(struct child *child, uint32_t page_number)
{
	struct q__page_text text = {.page_number = page_number};
	struct q__pdf_page page;
	int failure;

	q_arena_reset(child->arena);
	set_page_clock(child->request->page_timeout_ms);
	failure = q__pdf_page_read(&child->document, page_number, child->arena, &page);
	if (failure == 0)
		failure = lay_out(child, &page, &text);
	set_page_clock(0);
	if (failure != 0)
		return fail_page(child, page_number, failure);
	child->text_bytes += text.text_length;
	for (size_t i = 0; i < text.hidden_count; i++)
		child->text_bytes += text.hidden[i].text_length;
	return q__say_page(&child->writer, &text);
}

static bool read_pages(struct child *child)
{
	const struct q_extract_request *request = child->request;
	uint32_t last_page = request->last_page;

	if (last_page == Q_EXTRACT_LAST_PAGE)
		last_page = child->document.page_count;
	if (last_page > child->document.page_count)
		return fail(child, Q_EXTRACT_NO_SUCH_PAGE);
	if (request->first_page == 0)
		return q__say_end(&child->writer);
	for (uint32_t n = request->first_page; n <= last_page; n++) {
		if (!read_page(child, n))
			return false;
		if (child->text_bytes > request->text_bytes_max)
			return fail(child, Q_EXTRACT_TOO_LARGE);
	}
	return q__say_end(&child->writer);
}

static bool read_document(struct child *child)
{
	int failure;

	set_page_clock(child->request->page_timeout_ms);
	failure = q__document_open(&child->document, DOCUMENT_FD, child->request->size_bytes,
				   child->request->pages_max);
	set_page_clock(0);
	if (failure != 0)
		return fail(child, failure);
	return q__say_document(&child->writer, child->document.page_count) && read_pages(child);
}

int q__child_run(const struct q__child_task *task)
{
	struct child child = {
		.request = &task->request,
		.writer = {.fd = RESULT_FD, .is_json = task->is_json},
	};
	struct q_err err;

	reset_signals();
	if (!die_with(task->parent) || !keep_two_descriptors(task->document_fd, task->result_fd))
		return EXIT_FAILURE;
	child.arena = q_arena_new(PAGE_ARENA_BYTES);
	if (!child.arena || q__sandbox_enter(cpu_seconds(&task->request), &err) != Q_OK) {
		q__say_failed(&child.writer, Q_EXTRACT_SANDBOX_FAILED);
		return EXIT_FAILURE;
	}
	return read_document(&child) && !child.has_failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int q__child_probe(void)
{
	struct q_err err;
	struct q_arena *arena;

	if (q__sandbox_enter(1, &err) != Q_OK)
		return EXIT_FAILURE;
	set_page_clock(1000);
	arena = q_arena_new(PAGE_ARENA_BYTES);
	if (!arena || !q_arena_alloc(arena, 1 << 20))
		return EXIT_FAILURE;
	q_arena_free(arena);
	return EXIT_SUCCESS;
}
