/* The helper process as its parent sees it; what it reads is tests/contract's. */
#include "embedded/page_extractor_helper.h"

#include "base/time.h"
#include "support/failing_memory.h"
#include "support/page_notes.h"
#include "support/pdf_writer.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { AWAIT_MS = 5000, PAGE_TIMEOUT_MS = 2500, PAGES_MAX = 3000 };

static struct q_page_extractor *open_helper_for(uint32_t text_bytes_max)
{
	const struct q_page_extractor_helper_options options = {
		.helper_path = getenv("QUIRE_EXTRACT"),
		.pages_max = PAGES_MAX,
		.page_timeout_ms = PAGE_TIMEOUT_MS,
		.text_bytes_max = text_bytes_max,
	};
	struct q_page_extractor *extractor;
	struct q_err err;

	q_assert(options.helper_path);
	q_assert(!q_page_extractor_helper_open(&options, &extractor, &err));
	return extractor;
}

static struct q_page_extractor *open_helper(void)
{
	return open_helper_for(0);
}

static struct q_document_source short_document(void)
{
	struct pdf_writer *writer = pdf_writer_new();

	pdf_writer_add_text(writer, "one");
	pdf_writer_add_text(writer, "two");
	pdf_writer_add_slow(writer);
	pdf_writer_add_text(writer, "four");
	return pdf_writer_finish(writer);
}

/* ---- the life of the helper */

static enum q_code read_two_pages(struct q_page_extractor *extractor, struct q_err *err)
{
	struct q_document_source source = short_document();
	struct page_notes notes;
	enum q_code code;

	page_notes_init(&notes);
	code = page_notes_take(&notes, extractor, &source, 1, 2);
	if (code == Q_OK)
		assert_string_equal(notes.items[1].text, "two\n");
	*err = notes.err;
	page_notes_free(&notes);
	close(source.fd);
	return code;
}

static void open_names_what_is_no_helper(void **state)
{
	static const struct {
		const char *path;
		enum q_code code;
	} cases[] = {{"/does/not/exist", Q_NOTFOUND}, {"/bin/true", Q_IO}};

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		const struct q_page_extractor_helper_options options = {
			.helper_path = cases[i].path, .pages_max = 1, .page_timeout_ms = 1000};
		struct q_page_extractor *extractor;
		struct q_err err;

		assert_int_equal(q_page_extractor_helper_open(&options, &extractor, &err),
				 cases[i].code);
	}
}

static void helper_starts_again_after_it_was_killed(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	pid_t first = q_page_extractor_helper_pid(extractor);
	struct q_err err;

	(void)state;
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(read_two_pages(extractor, &err), Q_OK);
	assert_true(q_page_extractor_helper_pid(extractor) != first);
	q_page_extractor_close(extractor);
}

struct killing_sink {
	struct q_page_sink base;
	struct q_page_extractor *extractor;
	unsigned pages, failed;
};

static enum q_code kill_at_second(struct q_page_sink *base, const struct q_page_text *page,
				  struct q_err *err)
{
	struct killing_sink *sink = q_container_of(base, struct killing_sink, base);

	(void)err;
	assert_int_equal(page->page_number, ++sink->pages);
	sink->failed += page->error != NULL;
	if (page->page_number == 2)
		kill(q_page_extractor_helper_pid(sink->extractor), SIGKILL);
	return Q_OK;
}

static void call_goes_on_when_the_helper_dies_in_the_middle(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	struct q_document_source source = short_document();
	struct killing_sink sink = {{kill_at_second}, extractor, 0, 0};
	struct q_err err;

	(void)state;
	assert_int_equal(q_page_extractor_extract(extractor, &(struct q_call){0}, &source, 1, 4,
						  &sink.base, &err),
			 Q_OK);
	assert_int_equal(sink.pages, 4);
	assert_int_equal(sink.failed, 1);
	close(source.fd);
	q_page_extractor_close(extractor);
}

static void helper_that_keeps_dying_is_not_started_for_ever(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	enum q_code code = Q_OK;
	int starts = 0;
	struct q_err err;

	(void)state;
	for (; code == Q_OK && starts < 20; starts++) {
		kill(q_page_extractor_helper_pid(extractor), SIGKILL);
		code = read_two_pages(extractor, &err);
	}
	assert_int_equal(code, Q_BUSY);
	assert_true(err.retry_after_ms > 0);
	assert_in_range(starts, 2, 10);
	q_page_extractor_close(extractor);
}

static void close_ends_the_helper(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	pid_t pid = q_page_extractor_helper_pid(extractor);

	(void)state;
	q_page_extractor_close(extractor);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* ---- what it has, and leaves behind */

static int count_descriptors(const char *directory)
{
	DIR *descriptors = opendir(directory);
	int count = 0;

	assert_non_null(descriptors);
	while (readdir(descriptors))
		count++;
	closedir(descriptors);
	return count;
}

static void calls_leave_no_descriptors(void **state)
{
	enum { CALLS = 20 };
	struct q_page_extractor *extractor = open_helper();
	char helper[64];
	int own, of_helper;
	struct q_err err;

	(void)state;
	snprintf(helper, sizeof helper, "/proc/%d/fd", q_page_extractor_helper_pid(extractor));
	assert_int_equal(read_two_pages(extractor, &err), Q_OK);
	own = count_descriptors("/proc/self/fd");
	of_helper = count_descriptors(helper);
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(read_two_pages(extractor, &err), Q_OK);
	assert_int_equal(count_descriptors("/proc/self/fd"), own);
	/* The helper takes leave of its last children a moment after we did: but not of all. */
	assert_true(count_descriptors(helper) < of_helper + CALLS);
	q_page_extractor_close(extractor);
}

static void helper_gets_nothing_of_this_process(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	int secret_fd = dup(STDOUT_FILENO); /* not close-on-exec */
	struct q_page_extractor *second = open_helper();
	char path[64], target[256];
	FILE *file;

	(void)state;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", q_page_extractor_helper_pid(second),
		 secret_fd);
	if (readlink(path, target, sizeof target) >
	    0) /* a number that it has for something of its own */
		assert_true(strncmp(target, "anon_inode:[signalfd]", 21) == 0 ||
			    strncmp(target, "socket:", 7) == 0);
	snprintf(path, sizeof path, "/proc/%d/environ", q_page_extractor_helper_pid(second));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fread(target, 1, sizeof target, file), 0);
	fclose(file);
	close(secret_fd);
	q_page_extractor_close(second);
	q_page_extractor_close(extractor);
}

static bool has_children(pid_t pid)
{
	char path[64];
	FILE *file;
	int child;
	bool found;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	assert_non_null(file);
	found = fscanf(file, "%d", &child) == 1;
	fclose(file);
	return found;
}

static void deadline_kills_the_child(void **state)
{
	struct q_page_extractor *extractor = open_helper();
	struct q_document_source source = short_document();
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 200};
	int64_t patience_ms = q_time_monotonic_ms() + AWAIT_MS;
	struct page_notes notes;

	(void)state;
	page_notes_init(&notes);
	notes.call = &call;
	assert_int_equal(page_notes_take(&notes, extractor, &source, 3, 3), Q_TIMEOUT);
	while (has_children(q_page_extractor_helper_pid(extractor)))
		assert_true(q_time_monotonic_ms() < patience_ms);
	assert_true(q_time_monotonic_ms() < call.deadline_ms + PAGE_TIMEOUT_MS);
	page_notes_free(&notes);
	close(source.fd);
	q_page_extractor_close(extractor);
}

/* ---- memory */

static enum q_code count_page(struct q_page_sink *sink, const struct q_page_text *page,
			      struct q_err *err)
{
	(void)sink;
	(void)err;
	return page->error ? Q_CORRUPT : Q_OK;
}

static enum q_code open_read_close(void *context)
{
	const struct q_page_extractor_helper_options options = {
		.helper_path = getenv("QUIRE_EXTRACT"), .pages_max = 10, .page_timeout_ms = 10000};
	struct q_page_sink sink = {count_page};
	struct q_page_extractor *extractor;
	struct q_err err;
	enum q_code code = q_page_extractor_helper_open(&options, &extractor, &err);

	if (code != Q_OK)
		return code;
	code = q_page_extractor_extract(extractor, &(struct q_call){0}, context, 1, 2, &sink, &err);
	q_page_extractor_close(extractor);
	return code;
}

static void calls_fail_cleanly_without_memory(void **state)
{
	struct q_document_source source = short_document();

	(void)state;
	assert_true(run_with_failing_memory(open_read_close, &source) > 1);
	close(source.fd);
}

/* Two pages of "one\n" and "two\n", of which the second hides "three\n". */
static enum q_code read_with_limit(uint32_t text_bytes_max, struct page_notes *notes)
{
	struct q_page_extractor *extractor = open_helper_for(text_bytes_max);
	struct pdf_writer *writer = pdf_writer_new();
	struct q_document_source source;
	enum q_code code;

	pdf_writer_add_text(writer, "one");
	pdf_writer_add(writer, "BT /F1 12 Tf 72 720 Td (two) Tj 3 Tr (three) Tj ET");
	source = pdf_writer_finish(writer);
	page_notes_init(notes);
	code = page_notes_take(notes, extractor, &source, 1, 2);
	close(source.fd);
	q_page_extractor_close(extractor);
	return code;
}

static void a_document_may_have_as_much_text_as_its_limit(void **state)
{
	const uint32_t limit = (uint32_t)strlen("one\ntwo\nthree\n");
	struct page_notes notes;

	(void)state;
	assert_int_equal(read_with_limit(limit, &notes), Q_OK);
	assert_int_equal(notes.count, 2);
	page_notes_free(&notes);
}

static void a_document_of_more_text_is_too_large(void **state)
{
	const uint32_t limit = (uint32_t)strlen("one\ntwo\nthree\n") - 1;
	struct page_notes notes;

	(void)state;
	assert_int_equal(read_with_limit(limit, &notes), Q_TOOBIG);
	assert_string_equal(notes.err.reason, "too_large");
	assert_int_equal(notes.count, 1);
	page_notes_free(&notes);
}

/* A scanned page, and one whose invisible text has no picture before it. */
static void layers_of_scanned_pages_are_text_where_they_are_trusted(void **state)
{
	static const char layer[] = "BT /F1 12 Tf 3 Tr 72 720 Td (what the scanner read) Tj ET ";
	const struct q_page_extractor_helper_options options = {
		.helper_path = getenv("QUIRE_EXTRACT"),
		.pages_max = PAGES_MAX,
		.page_timeout_ms = PAGE_TIMEOUT_MS,
		.takes_ocr_layers = true,
	};
	struct pdf_writer *writer = pdf_writer_new();
	struct q_page_extractor *extractor;
	struct q_document_source source;
	struct page_notes notes;
	char scanned[256];

	(void)state;
	snprintf(scanned, sizeof scanned, "%s q 595 0 0 842 0 0 cm /P Do Q", layer);
	pdf_writer_add(writer, scanned);
	pdf_writer_add(writer, layer);
	source = pdf_writer_finish(writer);
	page_notes_init(&notes);
	assert_int_equal(q_page_extractor_helper_open(&options, &extractor, &notes.err), Q_OK);
	assert_int_equal(page_notes_take(&notes, extractor, &source, 1, 2), Q_OK);
	assert_true(notes.items[0].flags & Q_PAGE_OCR_LAYER);
	assert_string_equal(notes.items[0].text, "what the scanner read\n");
	assert_int_equal(notes.items[0].hidden_count, 0);
	assert_int_equal(notes.items[1].flags, Q_PAGE_NEEDS_OCR | Q_PAGE_HIDDEN_TEXT);
	assert_string_equal(notes.items[1].text, "");
	page_notes_free(&notes);
	close(source.fd);
	q_page_extractor_close(extractor);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(open_names_what_is_no_helper),
		cmocka_unit_test(helper_starts_again_after_it_was_killed),
		cmocka_unit_test(call_goes_on_when_the_helper_dies_in_the_middle),
		cmocka_unit_test(helper_that_keeps_dying_is_not_started_for_ever),
		cmocka_unit_test(close_ends_the_helper),
		cmocka_unit_test(calls_leave_no_descriptors),
		cmocka_unit_test(helper_gets_nothing_of_this_process),
		cmocka_unit_test(deadline_kills_the_child),
		cmocka_unit_test(layers_of_scanned_pages_are_text_where_they_are_trusted),
		cmocka_unit_test(a_document_may_have_as_much_text_as_its_limit),
		cmocka_unit_test(a_document_of_more_text_is_too_large),
		cmocka_unit_test(calls_fail_cleanly_without_memory),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
