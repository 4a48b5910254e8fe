/* multipart [MEGABYTES]: how fast net/multipart takes the data of one file part, by kind of data
 * and size of the pieces it is fed in. One JSON line each. */
#include "net/multipart.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char boundary[] = "----WebKitFormBoundaryABCDEFGHIJKLMNOP";

struct counter {
	struct q_multipart_sink sink;
	uint64_t bytes;
};

static enum q_code part_begin(struct q_multipart_sink *sink, const struct q_multipart_part *part,
			      struct q_err *err)
{
	(void)sink, (void)part, (void)err;
	return Q_OK;
}

static enum q_code part_data(struct q_multipart_sink *sink, struct q_bytes data, struct q_err *err)
{
	(void)err;
	q_container_of(sink, struct counter, sink)->bytes += data.length;
	return Q_OK;
}

static enum q_code part_end(struct q_multipart_sink *sink, struct q_err *err)
{
	(void)sink, (void)err;
	return Q_OK;
}

/* Data as a PDF's (compressed streams look random), as text, and as those who mean harm may choose.
 */
static void fill_random(char *out, size_t length)
{
	uint64_t state = 1;

	for (size_t i = 0; i < length; i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		out[i] = (char)(state >> 56);
	}
}

static void fill_text(char *out, size_t length)
{
	for (size_t i = 0; i < length; i++)
		out[i] = "Some lines of text, of a common length.\r\n"[i % 41];
}

static void fill_dashes(char *out, size_t length)
{
	memset(out, '-', length);
}

static void fill_returns(char *out, size_t length)
{
	memset(out, '\r', length);
}

static void fill_near(char *out, size_t length)
{
	char near[sizeof boundary + 4];

	snprintf(near, sizeof near, "\r\n--%s", boundary);
	for (size_t i = 0; i < length; i++)
		out[i] = near[i % (sizeof near - 2)]; /* all of it but the last byte */
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum q_code feed_text(struct q_multipart *parser, const char *text, struct q_err *err)
{
	return q_multipart_feed(parser, q_str_bytes(q_str_from(text)), err);
}

/* Feeds total bytes out of a block, piece by piece; returns seconds, or a negative number. */
static double run(const char *block, size_t block_bytes, uint64_t total, size_t piece)
{
	struct counter counter = {.sink = {part_begin, part_data, part_end}};
	struct q_multipart *parser;
	struct q_err err;
	double start;
	enum q_code code;

	if (q_multipart_new(q_str_from(boundary), 0, &counter.sink, &parser, &err) != Q_OK)
		return -1;
	start = now_seconds();
	code = feed_text(parser,
			 "------WebKitFormBoundaryABCDEFGHIJKLMNOP\r\nContent-Disposition: "
			 "form-data; name=f; filename=f\r\n\r\n",
			 &err);
	for (uint64_t fed = 0; code == Q_OK && fed < total; fed += piece) {
		size_t at = (size_t)(fed % block_bytes);

		code = q_multipart_feed(
			parser, (struct q_bytes){(const unsigned char *)block + at, piece}, &err);
	}
	if (code == Q_OK)
		code = feed_text(parser, "\r\n------WebKitFormBoundaryABCDEFGHIJKLMNOP--\r\n",
				 &err);
	if (code == Q_OK)
		code = q_multipart_finish(parser, &err);
	q_multipart_free(parser);
	return code == Q_OK && counter.bytes == total ? now_seconds() - start : -1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fill)(char *out, size_t length);
	} kinds[] = {{"random", fill_random},
		     {"text", fill_text},
		     {"dashes", fill_dashes},
		     {"returns", fill_returns},
		     {"near", fill_near}};
	static const size_t pieces[] = {4096, 65536, 262144};
	enum { BLOCK = 8 << 20 };
	uint64_t total = (argc > 1 ? strtoull(argv[1], NULL, 10) : 512) << 20;
	char *block = malloc(BLOCK);

	if (!block)
		return 1;
	for (size_t k = 0; k < Q_COUNT_OF(kinds); k++) {
		kinds[k].fill(block, BLOCK);
		for (size_t p = 0; p < Q_COUNT_OF(pieces); p++) {
			double seconds = run(block, BLOCK, total, pieces[p]);

			if (seconds < 0)
				return 1;
			printf("{\"bench\":\"multipart\",\"data\":\"%s\",\"piece_bytes\":%zu,"
			       "\"gigabytes_per_second\":%.2f}\n",
			       kinds[k].name, pieces[p], (double)total / seconds / 1e9);
		}
	}
	free(block);
	return 0;
}
