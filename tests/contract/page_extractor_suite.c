#include "contract/page_extractor_suite.h"

#include "base/time.h"
#include "base/utf8.h"
#include "support/checks.h"
#include "support/page_notes.h"
#include "support/pdf_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct q_call no_limits;

static struct q_page_extractor *extractor_of(void **state)
{
	return ((struct page_extractor_subject *)*state)->extractor;
}

static struct q_document_source document_of_pages(int page_count)
{
	struct pdf_writer *writer = pdf_writer_new();
	char text[64];

	for (int i = 1; i <= page_count; i++) {
		snprintf(text, sizeof text, "This is page %d.", i);
		pdf_writer_add_text(writer, text);
	}
	return pdf_writer_finish(writer);
}

static struct q_document_source document_of_bytes(const char *bytes)
{
	FILE *file = tmpfile();
	struct q_document_source source = {.size_bytes = strlen(bytes)};

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, strlen(bytes), file), strlen(bytes));
	assert_int_equal(fflush(file), 0);
	source.fd = dup(fileno(file));
	fclose(file);
	return source;
}

/* ---- counting */

static void count_pages_counts(void **state)
{
	struct q_document_source source = document_of_pages(7);
	unsigned count = 0;
	struct q_err err;

	assert_int_equal(q_page_extractor_count_pages(extractor_of(state), &no_limits, &source,
						      &count, &err),
			 Q_OK);
	assert_int_equal(count, 7);
	close(source.fd);
}

static void expect_no_count(struct q_page_extractor *extractor,
			    const struct q_document_source *source, enum q_code code,
			    const char *reason)
{
	unsigned count = 0;
	struct q_err err;

	assert_int_equal(q_page_extractor_count_pages(extractor, &no_limits, source, &count, &err),
			 code);
	assert_string_equal(err.reason, reason);
	assert_int_equal(count, 0);
}

static void count_pages_names_what_is_no_pdf(void **state)
{
	static const struct {
		const char *bytes;
		enum q_code code;
		const char *reason;
	} cases[] = {
		{"", Q_UNSUPPORTED, "unsupported_type"},
		{"<html>a page</html>", Q_UNSUPPORTED, "unsupported_type"},
		{"%PDF-", Q_INVALID, "malformed_pdf"},
		{"%PDF-1.7\nnothing of the kind", Q_INVALID, "malformed_pdf"},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_document_source source = document_of_bytes(cases[i].bytes);

		expect_no_count(extractor_of(state), &source, cases[i].code, cases[i].reason);
		close(source.fd);
	}
}

static void count_pages_refuses_document_without_pages(void **state)
{
	struct q_document_source source = document_of_pages(0);

	expect_no_count(extractor_of(state), &source, Q_INVALID, "malformed_pdf");
	close(source.fd);
}

static void count_pages_refuses_more_pages_than_allowed(void **state)
{
	struct q_document_source source = document_of_pages(PAGE_EXTRACTOR_SUITE_PAGES_MAX);
	unsigned count;
	struct q_err err;

	assert_int_equal(q_page_extractor_count_pages(extractor_of(state), &no_limits, &source,
						      &count, &err),
			 Q_OK);
	close(source.fd);
	source = document_of_pages(PAGE_EXTRACTOR_SUITE_PAGES_MAX + 1);
	expect_no_count(extractor_of(state), &source, Q_TOOBIG, "too_many_pages");
	close(source.fd);
}

/* ---- extracting */

static void extract_gives_pages_in_order(void **state)
{
	struct q_document_source source = document_of_pages(5);
	struct page_notes notes;
	char expected[64];

	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 2, 4), Q_OK);
	assert_int_equal(notes.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(expected, sizeof expected, "This is page %u.\n", i + 2);
		assert_int_equal(notes.items[i].page_number, i + 2);
		assert_null(notes.items[i].reason);
		assert_string_equal(notes.items[i].text, expected);
	}
	page_notes_free(&notes);
	close(source.fd);
}

static void extract_places_each_character(void **state)
{
	struct q_document_source source = document_of_pages(1);
	struct page_notes notes;
	const struct page_note *page;

	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 1, 1), Q_OK);
	page = &notes.items[0];
	assert_int_equal(page->box_count, strlen("This is page 1.\n"));
	assert_int_equal((int)page->width, 595);
	assert_int_equal((int)page->height, 842);
	/* The pen starts at 72, 720 from the bottom: letters stand on the line 122 from the top. */
	assert_true(page->boxes[0].left > 71 && page->boxes[0].left < 74);
	assert_true(page->boxes[0].bottom > 121 && page->boxes[0].bottom < 123);
	assert_true(page->boxes[0].top > 110 && page->boxes[0].top < 116);
	assert_true(page->boxes[1].left > page->boxes[0].left);
	assert_true(page->boxes[4].right == 0 && page->boxes[4].bottom == 0); /* a space */
	page_notes_free(&notes);
	close(source.fd);
}

static void extract_refuses_pages_beyond_the_last(void **state)
{
	struct q_document_source source = document_of_pages(3);
	struct page_notes notes;

	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 3, 4), Q_INVALID);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 0, 1), Q_INVALID);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 3, 2), Q_INVALID);
	assert_int_equal(notes.count, 0);
	page_notes_free(&notes);
	close(source.fd);
}

static void extract_flags_page_without_text(void **state)
{
	struct pdf_writer *writer = pdf_writer_new();
	struct q_document_source source;
	struct page_notes notes;

	pdf_writer_add(writer, "0 0 100 100 re f");
	source = pdf_writer_finish(writer);
	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 1, 1), Q_OK);
	assert_int_equal(notes.items[0].flags, Q_PAGE_NEEDS_OCR);
	assert_string_equal(notes.items[0].text, "");
	assert_int_equal(notes.items[0].hidden_count, 0);
	page_notes_free(&notes);
	close(source.fd);
}

/* A picture of the whole page, and so many characters on it. */
static unsigned flags_of_picture_with_text(struct q_page_extractor *extractor, int length)
{
	struct pdf_writer *writer = pdf_writer_new();
	struct q_document_source source;
	struct page_notes notes;
	char content[256];
	unsigned flags;

	snprintf(content, sizeof content,
		 "q 595 0 0 842 0 0 cm /P Do Q BT /F1 7 Tf 20 20 Td (%0*d) Tj ET", length, 0);
	pdf_writer_add(writer, content);
	source = pdf_writer_finish(writer);
	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor, &source, 1, 1), Q_OK);
	assert_int_equal(notes.items[0].box_count, length + 1);
	flags = notes.items[0].flags;
	page_notes_free(&notes);
	close(source.fd);
	return flags;
}

static void extract_flags_picture_with_next_to_no_text(void **state)
{
	struct q_page_extractor *extractor = extractor_of(state);

	assert_int_equal(flags_of_picture_with_text(extractor, 62), Q_PAGE_NEEDS_OCR);
	assert_int_equal(flags_of_picture_with_text(extractor, 63), 0);
}

static void extract_gives_hidden_text_apart(void **state)
{
	struct pdf_writer *writer = pdf_writer_new();
	struct q_document_source source;
	struct page_notes notes;
	const struct page_note *page;

	pdf_writer_add(writer, "BT /F1 12 Tf 72 720 Td (seen) Tj 3 Tr 0 -20 Td (unseen) Tj 0 Tr "
			       "0 -20 Td (seen too) Tj 2000 0 Td (far away) Tj ET");
	source = pdf_writer_finish(writer);
	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 1, 1), Q_OK);
	page = &notes.items[0];
	assert_int_equal(page->flags, Q_PAGE_HIDDEN_TEXT);
	assert_string_equal(page->text, "seen\nseen too\n");
	assert_int_equal(page->box_count, strlen(page->text));
	assert_int_equal(page->hidden_count, 2);
	assert_int_equal(page->hidden[0].reason, Q_HIDDEN_INVISIBLE);
	assert_view_equal(page->hidden[0].text, "unseen\n");
	assert_int_equal(page->hidden[1].reason, Q_HIDDEN_OFF_PAGE);
	assert_view_equal(page->hidden[1].text, "far away\n");
	page_notes_free(&notes);
	close(source.fd);
}

/* ---- pages that fail */

static struct q_document_source document_with_bad_page(void (*add_bad)(struct pdf_writer *))
{
	struct pdf_writer *writer = pdf_writer_new();

	pdf_writer_add_text(writer, "one");
	pdf_writer_add_text(writer, "two");
	add_bad(writer);
	pdf_writer_add_text(writer, "four");
	pdf_writer_add_text(writer, "five");
	return pdf_writer_finish(writer);
}

static void expect_bad_third_page(struct q_page_extractor *extractor,
				  const struct q_document_source *source)
{
	static const char *const texts[] = {"one\n", "two\n", "", "four\n", "five\n"};
	int64_t start_ms = q_time_monotonic_ms();
	struct page_notes notes;

	page_notes_init(&notes);
	assert_int_equal(page_notes_take(&notes, extractor, source, 1, 5), Q_OK);
	assert_int_equal(notes.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(notes.items[i].text, texts[i]);
		assert_int_equal(notes.items[i].page_number, i + 1);
		assert_true((notes.items[i].reason == NULL) == (i != 2));
	}
	assert_true(strcmp(notes.items[2].reason, "page_timeout") == 0 ||
		    strcmp(notes.items[2].reason, "page_crashed") == 0);
	assert_true(q_time_monotonic_ms() - start_ms < (5 + 1) * PAGE_EXTRACTOR_SUITE_TIMEOUT_MS);
	page_notes_free(&notes);
}

static void extract_gives_the_others_when_a_page_never_ends(void **state)
{
	struct q_document_source source = document_with_bad_page(pdf_writer_add_slow);

	expect_bad_third_page(extractor_of(state), &source);
	close(source.fd);
}

static void extract_gives_the_others_when_a_page_takes_all_memory(void **state)
{
	struct q_document_source source = document_with_bad_page(pdf_writer_add_huge);

	expect_bad_third_page(extractor_of(state), &source);
	close(source.fd);
}

/* ---- deadlines and cancelling */

/* Sooner than the page that never ends would be given up; how many pages come before it is the
 * machine's affair. */
static void extract_stops_at_the_deadline(void **state)
{
	struct q_document_source source = document_with_bad_page(pdf_writer_add_slow);
	int64_t start_ms = q_time_monotonic_ms();
	struct q_call call = {.deadline_ms = start_ms + 200};
	struct page_notes notes;

	page_notes_init(&notes);
	notes.call = &call;
	assert_int_equal(page_notes_take(&notes, extractor_of(state), &source, 1, 5), Q_TIMEOUT);
	assert_null(notes.err.reason);
	assert_true(notes.count <= 2);
	assert_true(q_time_monotonic_ms() - start_ms < PAGE_EXTRACTOR_SUITE_TIMEOUT_MS);
	page_notes_free(&notes);
	close(source.fd);
}

struct cancelling_sink {
	struct q_page_sink base;
	atomic_bool *is_cancelled;
	int64_t cancelled_at_ms;
	unsigned pages;
};

static enum q_code cancel_at_second(struct q_page_sink *base, const struct q_page_text *page,
				    struct q_err *err)
{
	struct cancelling_sink *sink = q_container_of(base, struct cancelling_sink, base);

	sink->pages++;
	if (page->page_number == 2) {
		sink->cancelled_at_ms = q_time_monotonic_ms();
		atomic_store(sink->is_cancelled, true);
	}
	return Q_OK;
}

static void extract_stops_when_cancelled(void **state)
{
	struct q_document_source source = document_with_bad_page(pdf_writer_add_slow);
	atomic_bool is_cancelled = false;
	struct cancelling_sink sink = {{cancel_at_second}, &is_cancelled, 0, 0};
	const struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_err err;

	assert_int_equal(q_page_extractor_extract(extractor_of(state), &call, &source, 1, 5,
						  &sink.base, &err),
			 Q_CANCELLED);
	assert_int_equal(sink.pages, 2);
	assert_true(q_time_monotonic_ms() - sink.cancelled_at_ms < PAGE_EXTRACTOR_SUITE_TIMEOUT_MS);
	close(source.fd);
}

static enum q_code refuse_third(struct q_page_sink *sink, const struct q_page_text *page,
				struct q_err *err)
{
	if (page->page_number == 3)
		return q_fail(err, Q_NOSPACE, "sink", "full");
	return Q_OK;
}

static void extract_ends_with_the_error_of_the_sink(void **state)
{
	struct q_document_source source = document_of_pages(100);
	struct q_page_sink sink = {refuse_third};
	struct q_err err;

	assert_int_equal(q_page_extractor_extract(extractor_of(state), &no_limits, &source, 1, 100,
						  &sink, &err),
			 Q_NOSPACE);
	assert_string_equal(err.message, "full");
	close(source.fd);
}

/* ---- threads */

enum { THREADS = 6, DOCUMENT_PAGES = 120 };

struct reader {
	pthread_t thread;
	struct q_page_extractor *extractor;
	const struct q_document_source *source;
	struct page_notes notes;
	enum q_code code;
};

static void *read_all(void *argument)
{
	struct reader *reader = argument;

	reader->code = page_notes_take(&reader->notes, reader->extractor, reader->source, 1,
				       DOCUMENT_PAGES);
	return NULL;
}

static void extract_serves_many_threads(void **state)
{
	struct q_document_source source = document_of_pages(DOCUMENT_PAGES);
	struct reader readers[THREADS];

	for (int i = 0; i < THREADS; i++) {
		readers[i].extractor = extractor_of(state);
		readers[i].source = &source;
		page_notes_init(&readers[i].notes);
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].code, Q_OK);
		assert_int_equal(readers[i].notes.count, DOCUMENT_PAGES);
		assert_string_equal(readers[i].notes.items[41].text, "This is page 42.\n");
		page_notes_free(&readers[i].notes);
	}
	close(source.fd);
}

static void extract_gives_the_same_text_again(void **state)
{
	struct q_document_source source = document_of_pages(3);
	struct page_notes first, second;

	page_notes_init(&first);
	page_notes_init(&second);
	assert_int_equal(page_notes_take(&first, extractor_of(state), &source, 1, 3), Q_OK);
	assert_int_equal(page_notes_take(&second, extractor_of(state), &source, 1, 3), Q_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(first.items[i].text, second.items[i].text);
		assert_memory_equal(first.items[i].boxes, second.items[i].boxes,
				    first.items[i].box_count * sizeof *first.items[i].boxes);
	}
	page_notes_free(&first);
	page_notes_free(&second);
	close(source.fd);
}

int run_page_extractor_suite(struct page_extractor_subject *subject)
{
#define CASE(NAME) cmocka_unit_test_prestate(NAME, subject)
	const struct CMUnitTest cases[] = {
		CASE(count_pages_counts),
		CASE(count_pages_names_what_is_no_pdf),
		CASE(count_pages_refuses_document_without_pages),
		CASE(count_pages_refuses_more_pages_than_allowed),
		CASE(extract_gives_pages_in_order),
		CASE(extract_places_each_character),
		CASE(extract_refuses_pages_beyond_the_last),
		CASE(extract_flags_page_without_text),
		CASE(extract_flags_picture_with_next_to_no_text),
		CASE(extract_gives_hidden_text_apart),
		CASE(extract_gives_the_others_when_a_page_never_ends),
		CASE(extract_gives_the_others_when_a_page_takes_all_memory),
		CASE(extract_stops_at_the_deadline),
		CASE(extract_stops_when_cancelled),
		CASE(extract_ends_with_the_error_of_the_sink),
		CASE(extract_serves_many_threads),
		CASE(extract_gives_the_same_text_again),
	};

	return cmocka_run_group_tests_name(subject->name, cases, NULL, NULL);
}
