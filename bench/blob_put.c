/* bench/blob_put.c: a big object put into the blob store on files, beside a plain loop that writes,
 * hashes and flushes the same bytes.
 *
 *   blob_put DIRECTORY [MEGABYTES [ROUNDS]]      the median of each, and their ratio; turns
 *   alternate
 *
 * Prints the growth of the process as well: memory must not depend on the object. */
#include "base/file.h"
#include "base/hash.h"
#include "base/time.h"
#include "embedded/blob_store_files.h"
#include "embedded/clock_system.h"
#include "embedded/random_source_system.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024, ROUNDS_MAX = 99 };

struct bench {
	const char *directory;
	struct q_blob_store *store;
	struct q_bytes chunk;
	size_t chunk_count;
};

static void must(enum q_code code, const struct q_err *err)
{
	if (code == Q_OK)
		return;
	fprintf(stderr, "%s: %s\n", err->where, err->message);
	exit(1);
}

static void put(const struct bench *bench)
{
	const struct q_call call = {0};
	struct q_blob_writer *writer;
	struct q_err err;

	must(q_blob_writer_open(bench->store, &call, Q_STR("tenant/file/big.pdf"), &writer, &err),
	     &err);
	for (size_t i = 0; i < bench->chunk_count; i++)
		must(q_blob_writer_add(writer, &call, bench->chunk, &err), &err);
	must(q_blob_writer_commit(writer, &call, NULL, &err), &err);
	must(q_blob_store_remove(bench->store, &call, Q_STR("tenant/file/big.pdf"), &err), &err);
}

static void write_plainly(const struct bench *bench)
{
	struct q_sha256 *hash = q_sha256_new();
	unsigned char digest[Q_SHA256_SIZE];
	struct q_err err;
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/plain", bench->directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !hash)
		must(q_fail(&err, Q_IO, "blob_put", "%s", path), &err);
	for (size_t i = 0; i < bench->chunk_count; i++) {
		q_sha256_add(hash, bench->chunk);
		must(q_file_write_all(fd, bench->chunk, &err), &err);
	}
	q_sha256_finish(hash, digest);
	if (fsync(fd) != 0)
		must(q_fail(&err, Q_IO, "blob_put", "fsync"), &err);
	close(fd);
	unlink(path);
	q_sha256_free(hash);
}

static int64_t time_ms(void (*work)(const struct bench *), const struct bench *bench)
{
	int64_t start_ms = q_time_monotonic_ms();

	work(bench);
	return q_time_monotonic_ms() - start_ms;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double median_speed(int64_t *times_ms, int count, size_t megabytes)
{
	qsort(times_ms, (size_t)count, sizeof *times_ms, compare);
	return (double)megabytes * 1000 / (double)(times_ms[count / 2] ? times_ms[count / 2] : 1);
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void open_store(struct bench *bench)
{
	static const unsigned char key[32];
	struct q_blob_store_files_options options = {.root = bench->directory,
						     .name = Q_STR("bench")};
	struct q_keyring *keyring;
	struct q_err err;

	must(q_keyring_new((struct q_bytes){key, sizeof key}, &keyring, &err), &err);
	options.keyring = keyring;
	must(q_clock_system_open(&options.clock, &err), &err);
	must(q_random_source_system_open(&options.random, &err), &err);
	must(q_blob_store_files_open(&options, &bench->store, &err), &err);
}

int main(int argc, char **argv)
{
	size_t megabytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
	int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
	int64_t put_ms[ROUNDS_MAX], plain_ms[ROUNDS_MAX];
	static unsigned char chunk[CHUNK_BYTES];
	struct bench bench = {.chunk = {chunk, sizeof chunk}};
	double put_speed, plain_speed;
	long start_kib;

	if (argc < 2 || megabytes == 0 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: blob_put DIRECTORY [MEGABYTES [ROUNDS, 1 to %d]]\n",
			ROUNDS_MAX);
		return 2;
	}
	bench.directory = argv[1];
	bench.chunk_count = megabytes * (1000000 / 64) / (CHUNK_BYTES / 64);
	q_random_bytes(chunk, sizeof chunk);
	open_store(&bench);
	start_kib = peak_kib();
	for (int i = 0; i < rounds; i++) {
		plain_ms[i] = time_ms(write_plainly, &bench);
		put_ms[i] = time_ms(put, &bench);
		printf("round %d: plain %lld ms, put %lld ms\n", i + 1, (long long)plain_ms[i],
		       (long long)put_ms[i]);
	}
	plain_speed = median_speed(plain_ms, rounds, megabytes);
	put_speed = median_speed(put_ms, rounds, megabytes);
	printf("%zu MB: plain %.0f MB/s, put %.0f MB/s, ratio %.2f; memory grew by %ld KiB\n",
	       megabytes, plain_speed, put_speed, put_speed / plain_speed, peak_kib() - start_kib);
	q_blob_store_close(bench.store);
	return 0;
}
