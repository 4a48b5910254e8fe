/* bench/analyst.c: how fast the extractive analyst reads, on one thread.
 *
 *   analyst [FILE ...]      texts in UTF-8; without one, the pages that the fuzz target keeps
 *
 * Prints megabytes of text a CPU second for each file repeated to 1 MB, which must be 1 or better,
 * microseconds for the file as one page, and the arena that took. */
#include "base/file.h"
#include "embedded/analyst_extractive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEGABYTE = 1000000, ROUNDS = 5, PAGE_ROUNDS = 200 };

static const char *const kept[] = {
	"tests/fuzz/corpus/analyst/contract", "tests/fuzz/corpus/analyst/report",
	"tests/fuzz/corpus/analyst/german",   "tests/fuzz/corpus/analyst/japanese",
	"tests/fuzz/corpus/analyst/entities", "tests/fuzz/corpus/analyst/signs",
};

static void must(enum q_code code, const struct q_err *err)
{
	if (code == Q_OK)
		return;
	fprintf(stderr, "%s: %s\n", err->where, err->message);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU seconds for one analysis: the best of some rounds. */
static double seconds_for(struct q_analyst *analyst, struct q_arena *arena, struct q_str text,
			  int rounds)
{
	struct q_page_request request = {.text = text, .page_number = 1, .page_count = 1};
	struct q_page_analysis analysis;
	struct q_call call = {0};
	double best = 1e9;
	struct q_err err;

	for (int i = 0; i < rounds; i++) {
		double start = cpu_seconds(), seconds;

		q_arena_reset(arena);
		must(q_analyst_analyse_page(analyst, &call, &request, arena, &analysis, &err),
		     &err);
		seconds = cpu_seconds() - start;
		best = seconds < best ? seconds : best;
	}
	return best;
}

/* As many whole copies of the page, each with an empty line behind it, as make a megabyte. */
static struct q_str repeated(struct q_arena *arena, struct q_str page)
{
	char *text = q_arena_alloc(arena, MEGABYTE);
	size_t length = 0;

	while (text && length + page.length + 2 <= MEGABYTE) {
		memcpy(text + length, page.data, page.length);
		memcpy(text + length + page.length, "\n\n", 2);
		length += page.length + 2;
	}
	return (struct q_str){text, length};
}

static void measure(struct q_analyst *analyst, const char *path)
{
	struct q_arena *files = q_arena_new(8 * MEGABYTE), *arena = q_arena_new(MEGABYTE);
	struct q_bytes bytes;
	struct q_err err;
	struct q_str page, text;
	double megabyte, one;

	if (!files || !arena)
		exit(1);
	must(q_file_read_at(AT_FDCWD, path, MEGABYTE / 2, files, &bytes, &err), &err);
	page = q_bytes_str(bytes);
	text = repeated(files, page);
	megabyte = seconds_for(analyst, arena, text, ROUNDS);
	one = seconds_for(analyst, arena, page, PAGE_ROUNDS);
	printf("%-40s %6.1f MB/s, a page of %zu bytes in %.0f us and %zu bytes of arena\n", path,
	       (double)text.length / MEGABYTE / megabyte, page.length, one * 1e6,
	       q_arena_used(arena));
	q_arena_free(arena);
	q_arena_free(files);
}

int main(int argument_count, char **arguments)
{
	const char *const *paths = argument_count > 1 ? (const char *const *)arguments + 1 : kept;
	size_t count = argument_count > 1 ? (size_t)argument_count - 1 : Q_COUNT_OF(kept);
	struct q_analyst *analyst;
	struct q_err err;

	must(q_analyst_extractive_open(&analyst, &err), &err);
	for (size_t i = 0; i < count; i++)
		measure(analyst, paths[i]);
	q_analyst_close(analyst);
	return 0;
}
