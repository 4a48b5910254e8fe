/* Pages a second of the sandboxed extractor, beside the bare library's on the same files.
 *
 *     extract bare FILE...               PDFium alone, in this process: load each page, take its
 *     text extract helper N PATH FILE...      the page_extractor port on the helper at PATH, N
 *     calls at once
 *
 * Each file is read REPEATS times; a thread takes the next when it is done with one. Prints pages,
 * seconds, pages/s, and the processor time of this process and of the helper with its children: on
 * a busy machine only that compares. */
#include "base/time.h"
#include "embedded/page_extractor_helper.h"

#include <fcntl.h>
#include <pdfium.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPEATS = 5, THREADS_MAX = 16, PAGES_MAX = 5000, PAGE_TIMEOUT_MS = 10000 };

static struct q_document_source open_file(const char *path)
{
	struct q_document_source source = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
	struct stat status;

	if (source.fd < 0 || fstat(source.fd, &status) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	source.size_bytes = (uint64_t)status.st_size;
	return source;
}

static int64_t start_ms;

/* The sum of all units, so that the work cannot be left out. */
static unsigned checksum;

static void read_bare_page(FPDF_DOCUMENT pdf, int index)
{
	FPDF_PAGE page = FPDF_LoadPage(pdf, index);
	FPDF_TEXTPAGE text = page ? FPDFText_LoadPage(page) : NULL;

	if (text) {
		int count = FPDFText_CountChars(text);
		unsigned short *units = calloc((size_t)count + 1, sizeof *units);

		FPDFText_GetText(text, 0, count, units);
		for (int i = 0; i < count; i++)
			checksum += units[i];
		free(units);
		FPDFText_ClosePage(text);
	}
	if (page)
		FPDF_ClosePage(page);
}

static unsigned read_bare(const char *path)
{
	struct q_document_source source = open_file(path);
	void *bytes = mmap(NULL, source.size_bytes, PROT_READ, MAP_PRIVATE, source.fd, 0);
	FPDF_DOCUMENT pdf = FPDF_LoadMemDocument64(bytes, source.size_bytes, NULL);
	int count = pdf ? FPDF_GetPageCount(pdf) : 0;

	for (int i = 0; i < count; i++)
		read_bare_page(pdf, i);
	if (pdf)
		FPDF_CloseDocument(pdf);
	munmap(bytes, source.size_bytes);
	close(source.fd);
	return (unsigned)count;
}

struct reader {
	struct q_page_sink sink;
	struct q_page_extractor *extractor;
	char **files;
	const unsigned *page_counts;
	int file_count;
	atomic_int *next; /* shared by all */
	unsigned pages;
	pthread_t thread;
};

static enum q_code count_page(struct q_page_sink *sink, const struct q_page_text *page,
			      struct q_err *err)
{
	(void)page;
	(void)err;
	q_container_of(sink, struct reader, sink)->pages++;
	return Q_OK;
}

static void read_sandboxed(struct reader *reader, const char *path, unsigned page_count)
{
	struct q_document_source source = open_file(path);
	const struct q_call call = {0};
	struct q_err err;

	if (q_page_extractor_extract(reader->extractor, &call, &source, 1, page_count,
				     &reader->sink, &err) != Q_OK)
		fprintf(stderr, "%s: %s\n", path, err.message);
	close(source.fd);
}

/* Once, before the clock starts: a job knows how many pages it has. */
static void count_all(struct q_page_extractor *extractor, char **files, unsigned *counts,
		      int file_count)
{
	const struct q_call call = {0};
	struct q_err err;

	for (int i = 0; i < file_count; i++) {
		struct q_document_source source = open_file(files[i]);

		if (q_page_extractor_count_pages(extractor, &call, &source, &counts[i], &err) !=
		    Q_OK) {
			fprintf(stderr, "%s: %s\n", files[i], err.message);
			exit(EXIT_FAILURE);
		}
		close(source.fd);
	}
}

static void *run_reader(void *argument)
{
	struct reader *reader = argument;

	for (int i; (i = atomic_fetch_add(reader->next, 1)) < REPEATS * reader->file_count;)
		read_sandboxed(reader, reader->files[i % reader->file_count],
			       reader->page_counts[i % reader->file_count]);
	return NULL;
}

static unsigned run_helper(int threads, const char *helper_path, char **files, int file_count)
{
	const struct q_page_extractor_helper_options options = {.helper_path = helper_path,
								.pages_max = PAGES_MAX,
								.page_timeout_ms = PAGE_TIMEOUT_MS};
	struct reader readers[THREADS_MAX];
	unsigned *page_counts = calloc((size_t)file_count, sizeof *page_counts);
	struct q_page_extractor *extractor;
	atomic_int next = 0;
	unsigned pages = 0;
	struct q_err err;

	if (q_page_extractor_helper_open(&options, &extractor, &err) != Q_OK) {
		fprintf(stderr, "%s\n", err.message);
		exit(EXIT_FAILURE);
	}
	count_all(extractor, files, page_counts, file_count);
	start_ms = q_time_monotonic_ms();
	for (int i = 0; i < threads; i++) {
		readers[i] = (struct reader){{count_page}, extractor, files, page_counts,
					     file_count,   &next,     0,     0};
		pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(readers[i].thread, NULL);
		pages += readers[i].pages;
	}
	q_page_extractor_close(extractor);
	free(page_counts);
	return pages;
}

static unsigned run_bare(char **files, int file_count)
{
	const FPDF_LIBRARY_CONFIG config = {.version = 2};
	unsigned pages = 0;

	FPDF_InitLibraryWithConfig(&config);
	start_ms = q_time_monotonic_ms();
	for (int i = 0; i < REPEATS * file_count; i++)
		pages += read_bare(files[i % file_count]);
	FPDF_DestroyLibrary();
	return pages;
}

static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments)
{
	int threads = count > 2 ? atoi(arguments[2]) : 0;
	double seconds;
	unsigned pages;

	if (count > 2 && strcmp(arguments[1], "bare") == 0) {
		pages = run_bare(arguments + 2, count - 2);
	} else if (count > 4 && strcmp(arguments[1], "helper") == 0 && threads > 0 &&
		   threads <= THREADS_MAX) {
		pages = run_helper(threads, arguments[3], arguments + 4, count - 4);
	} else {
		fprintf(stderr, "usage: extract bare FILE... | helper N PATH FILE...\n");
		return 2;
	}
	seconds = (double)(q_time_monotonic_ms() - start_ms) / 1000;
	printf("%u pages, %.3f s, %.0f pages/s; processor: own %.3f s, helper %.3f s\n", pages,
	       seconds, pages / seconds, cpu_seconds(RUSAGE_SELF), cpu_seconds(RUSAGE_CHILDREN));
	return EXIT_SUCCESS;
}
