/* Real and hostile documents, each with the outcome that its manifest names: those of
 * tests/fixtures/pdfs, and all of ../shared/data/pdfs (or $QUIRE_SHARED/data/pdfs) where it is
 * there. */
#include "embedded/page_extractor_helper.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/time.h"
#include "support/page_notes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PAGE_TIMEOUT_MS = 2500,
	PAGES_MAX = 5000,
	PATH_BYTES = 1024,
	MANIFEST_BYTES = 1 << 20,
	COLUMNS_MAX = 8
};

static const struct q_call no_limits;

/* What came of a document. */
struct outcome {
	const char *reason; /* why it cannot be read; NULL: it can, with these pages */
	unsigned pages, failed_pages;
	enum q_code code;
	bool is_in_time;
};

static struct q_document_source open_document(const char *directory, struct q_str name)
{
	char path[PATH_BYTES];
	struct stat status;
	struct q_document_source source;

	snprintf(path, sizeof path, "%s/%.*s", directory, Q_STR_ARG(name));
	source.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (source.fd < 0 || fstat(source.fd, &status) != 0)
		fail_msg("%s cannot be opened", path);
	source.size_bytes = (uint64_t)status.st_size;
	return source;
}

static struct outcome outcome_of(struct q_page_extractor *extractor, struct page_notes *notes,
				 const struct q_document_source *source)
{
	struct outcome outcome = {0};
	int64_t start_ms = q_time_monotonic_ms();
	int64_t allowed_ms = PAGE_TIMEOUT_MS; /* to count */

	outcome.code = q_page_extractor_count_pages(extractor, &no_limits, source, &outcome.pages,
						    &notes->err);
	if (outcome.code == Q_OK) {
		outcome.code = page_notes_take(notes, extractor, source, 1, outcome.pages);
		allowed_ms += (outcome.pages + 1) * PAGE_TIMEOUT_MS;
	}
	if (outcome.code != Q_OK)
		outcome.reason = notes->err.reason ? notes->err.reason : notes->err.message;
	for (size_t i = 0; i < notes->count; i++)
		outcome.failed_pages += notes->items[i].reason != NULL;
	/* A second for a machine that is busy. */
	outcome.is_in_time = q_time_monotonic_ms() - start_ms < allowed_ms + 1000;
	return outcome;
}

static bool is_exhausted(struct q_str reason)
{
	return q_str_equal(reason, Q_STR("page_timeout")) ||
	       q_str_equal(reason, Q_STR("page_crashed"));
}

static bool has_pages(const struct outcome *outcome, struct q_str pages)
{
	int64_t expected;

	return outcome->code == Q_OK && q_str_to_int64(pages, &expected) &&
	       outcome->pages == expected;
}

static bool is_as_expected(const struct outcome *outcome, struct q_str expected, struct q_str pages)
{
	struct q_str reason = q_str_from(outcome->reason);

	if (q_str_equal(expected, Q_STR("read")))
		return has_pages(outcome, pages) && outcome->failed_pages == 0;
	if (q_str_equal(expected, Q_STR("failed_pages")))
		return has_pages(outcome, pages) && outcome->failed_pages > 0;
	if (q_str_equal(expected, Q_STR("exhausted")))
		return has_pages(outcome, pages) || is_exhausted(reason);
	return q_str_equal(reason, expected);
}

/* A document may have any outcome of the contract: text, or an error with a reason. */
static bool has_typed_outcome(const struct outcome *outcome, const struct page_notes *notes)
{
	return outcome->code == Q_OK ? notes->count == outcome->pages : notes->err.reason != NULL;
}

struct row {
	struct q_str columns[COLUMNS_MAX];
};

/* The next row of a table of tabs; false at its end. */
static bool next_row(struct q_str *table, struct row *row)
{
	struct q_str line;

	if (table->length == 0)
		return false;
	q_str_cut(*table, '\n', &line, table);
	memset(row, 0, sizeof *row);
	for (size_t i = 0; i < COLUMNS_MAX && line.length > 0; i++)
		q_str_cut(line, '\t', &row->columns[i], &line);
	return true;
}

static struct q_str read_manifest(struct q_arena *arena, const char *directory)
{
	char path[PATH_BYTES];
	struct q_bytes bytes;
	struct q_err err;

	snprintf(path, sizeof path, "%s/manifest.tsv", directory);
	if (q_file_read_at(AT_FDCWD, path, MANIFEST_BYTES, arena, &bytes, &err) != Q_OK)
		return (struct q_str){0};
	return q_bytes_str(bytes);
}

static void check_fixture(struct q_page_extractor *extractor, const char *directory,
			  const struct row *row)
{
	struct q_document_source source = open_document(directory, row->columns[0]);
	struct page_notes notes;
	struct outcome outcome;

	page_notes_init(&notes);
	outcome = outcome_of(extractor, &notes, &source);
	close(source.fd);
	if (!outcome.is_in_time || !has_typed_outcome(&outcome, &notes) ||
	    !is_as_expected(&outcome, row->columns[3], row->columns[2]))
		fail_msg("%.*s: %s, %u pages, %u failed%s; expected %.*s",
			 Q_STR_ARG(row->columns[0]), outcome.reason ? outcome.reason : "read",
			 outcome.pages, outcome.failed_pages,
			 outcome.is_in_time ? "" : ", too late", Q_STR_ARG(row->columns[3]));
	page_notes_free(&notes);
}

static void fixtures_come_out_as_their_manifest_says(void **state)
{
	struct q_page_extractor *extractor = *state;
	struct q_arena *arena = q_arena_new(4 * MANIFEST_BYTES);
	char directory[PATH_BYTES];
	struct q_str table;
	struct row row;
	size_t count = 0;

	snprintf(directory, sizeof directory, "%s/tests/fixtures/pdfs",
		 getenv("QUIRE_SOURCE_ROOT"));
	table = read_manifest(arena, directory);
	next_row(&table, &row); /* the heads of the columns */
	for (; next_row(&table, &row); count++)
		check_fixture(extractor, directory, &row);
	assert_in_range(count, 30, 1000);
	q_arena_free(arena);
}

/* The manifest of the shared documents has file, sha256, bytes, pages, password, ... */
static bool shared_is_as_expected(const struct outcome *outcome, const struct row *row)
{
	if (q_str_starts_with(row->columns[0], Q_STR("bad/")))
		return true;
	if (!q_str_equal(row->columns[4], Q_STR("-")))
		return is_as_expected(outcome, Q_STR("password_required"), row->columns[3]);
	return is_as_expected(outcome, Q_STR("read"), row->columns[3]);
}

static void check_shared(struct q_page_extractor *extractor, const char *directory,
			 const struct row *row)
{
	struct q_document_source source = open_document(directory, row->columns[0]);
	struct page_notes notes;
	struct outcome outcome;

	page_notes_init(&notes);
	outcome = outcome_of(extractor, &notes, &source);
	close(source.fd);
	if (!outcome.is_in_time || !has_typed_outcome(&outcome, &notes) ||
	    !shared_is_as_expected(&outcome, row))
		fail_msg("%.*s: %s, %u pages, %u failed%s", Q_STR_ARG(row->columns[0]),
			 outcome.reason ? outcome.reason : "read", outcome.pages,
			 outcome.failed_pages, outcome.is_in_time ? "" : ", too late");
	page_notes_free(&notes);
}

static void shared_documents_are_read_or_refused_in_time(void **state)
{
	struct q_page_extractor *extractor = *state;
	struct q_arena *arena = q_arena_new(4 * MANIFEST_BYTES);
	const char *shared = getenv("QUIRE_SHARED");
	char directory[PATH_BYTES];
	struct q_str table;
	struct row row;

	if (shared)
		snprintf(directory, sizeof directory, "%s/data/pdfs", shared);
	else
		snprintf(directory, sizeof directory, "%s/../shared/data/pdfs",
			 getenv("QUIRE_SOURCE_ROOT"));
	table = read_manifest(arena, directory);
	if (table.length == 0) {
		print_message("skipped: there are no documents in %s\n", directory);
		q_arena_free(arena);
		skip();
	}
	next_row(&table, &row);
	while (next_row(&table, &row))
		check_shared(extractor, directory, &row);
	q_arena_free(arena);
}

static int open_extractor(void **state)
{
	const struct q_page_extractor_helper_options options = {.helper_path =
									getenv("QUIRE_EXTRACT"),
								.pages_max = PAGES_MAX,
								.page_timeout_ms = PAGE_TIMEOUT_MS};
	struct q_page_extractor *extractor;
	struct q_err err;

	if (q_page_extractor_helper_open(&options, &extractor, &err) != Q_OK)
		return -1;
	*state = extractor;
	return 0;
}

static int close_extractor(void **state)
{
	q_page_extractor_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(fixtures_come_out_as_their_manifest_says),
		cmocka_unit_test(shared_documents_are_read_or_refused_in_time),
	};

	return cmocka_run_group_tests(cases, open_extractor, close_extractor);
}
