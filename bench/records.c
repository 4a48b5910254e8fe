/* bench/records.c: the record store on SQLite, in process: point reads, and writes of many threads
 * at once.
 *
 *   records DIRECTORY [ITEMS]        (default 10000; DIRECTORY should lie on the disk that is
 *   meant)
 *
 * Items are like a job's: a dozen attributes, two index keys. "small" ones have 0.4 KB, "mixed"
 * ones 0.4, 2 and 8 KB in turn. Prints the processor time of a read as well: on a machine that
 * others use it is what can be compared. */
#include "base/time.h"
#include "embedded/clock_system.h"
#include "embedded/record_store_sqlite.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, READS = 400000, WRITES = 4000, ATTRIBUTES = 12 };

struct bench {
	struct q_record_store *store;
	size_t item_count;
	unsigned thread_count;
};

static const struct q_call no_limits;

static void must(enum q_code code, const struct q_err *err)
{
	if (code == Q_OK)
		return;
	fprintf(stderr, "%s: %s\n", err->where, err->message);
	exit(1);
}

static double cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Filling. */

static const char text[8192] = {'t'};

static void fill_item(struct q_arena *arena, size_t i, size_t text_length, struct q_item *item)
{
	struct q_attribute *attributes = q_arena_alloc_array(arena, ATTRIBUTES, sizeof *attributes);

	for (size_t j = 0; j < ATTRIBUTES - 1; j++)
		attributes[j] = (struct q_attribute){q_arena_format(arena, "attribute%zu", j),
						     j % 2 ? q_value_number((int64_t)i)
							   : q_value_string(Q_STR("processing"))};
	attributes[ATTRIBUTES - 1] = (struct q_attribute){
		Q_STR("text"), q_value_string((struct q_str){text, text_length})};
	*item = (struct q_item){
		.key = {q_arena_format(arena, "DOC#%08zu", i), Q_STR("STATUS")},
		.index1 = {q_arena_format(arena, "TENANT#%zu#processing", i % 50),
			   q_arena_format(arena, "%013zu#%zu", i, i)},
		.index2 = {Q_STR("DUE#1"), q_arena_format(arena, "%013zu", i)},
		.attributes = attributes,
		.attribute_count = ATTRIBUTES,
	};
}

static void fill(const struct bench *bench, bool is_mixed)
{
	static const size_t lengths[] = {100, 2000, 8000};
	struct q_arena *arena = q_arena_new(16 << 20);
	struct q_item items[Q_RECORD_TRANSACTION_MAX];
	struct q_write writes[Q_RECORD_TRANSACTION_MAX];
	struct q_err err;
	size_t count = 0;

	for (size_t i = 0; i < bench->item_count; i++) {
		fill_item(arena, i, lengths[is_mixed ? i % 3 : 0], &items[count]);
		writes[count] = (struct q_write){
			.kind = Q_WRITE_PUT, .key = items[count].key, .item = &items[count]};
		if (++count < Q_RECORD_TRANSACTION_MAX && i + 1 < bench->item_count)
			continue;
		must(q_record_store_transact(bench->store, &no_limits, writes, count, NULL, &err),
		     &err);
		q_arena_reset(arena);
		count = 0;
	}
	q_arena_free(arena);
}

/* Work of one thread. */

static void *read_items(void *argument)
{
	const struct bench *bench = argument;
	struct q_arena *arena = q_arena_new(1 << 20);
	size_t i = (size_t)pthread_self() / 4096;

	for (size_t n = 0; n < READS / bench->thread_count; n++) {
		char pk[24];
		struct q_record_key key = {.sk = Q_STR("STATUS")};
		struct q_item item;
		struct q_err err;

		i = (i * 6364136223846793005U + 1442695040888963407U) >> 1;
		key.pk = (struct q_str){
			pk, (size_t)snprintf(pk, sizeof pk, "DOC#%08zu", i % bench->item_count)};
		must(q_record_store_get(bench->store, &no_limits, key, arena, &item, &err), &err);
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return NULL;
}

static void *write_items(void *argument)
{
	const struct bench *bench = argument;
	struct q_change change = {Q_ADD, Q_STR("attribute1"), q_value_number(1)};
	size_t i = (size_t)pthread_self() / 4096;

	for (size_t n = 0; n < WRITES / bench->thread_count; n++) {
		char pk[24];
		struct q_write write = {.kind = Q_WRITE_UPDATE,
					.key.sk = Q_STR("STATUS"),
					.changes = &change,
					.change_count = 1};
		struct q_err err;

		i = (i * 6364136223846793005U + 1442695040888963407U) >> 1;
		write.key.pk = (struct q_str){
			pk, (size_t)snprintf(pk, sizeof pk, "DOC#%08zu", i % bench->item_count)};
		must(q_record_store_write(bench->store, &no_limits, &write, NULL, NULL, &err),
		     &err);
	}
	return NULL;
}

static void run(struct bench *bench, const char *name, unsigned thread_count, void *(*work)(void *),
		size_t operations)
{
	pthread_t threads[THREADS_MAX];
	double cpu = cpu_us(), wall = wall_us();

	bench->thread_count = thread_count;
	for (unsigned i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, work, bench) != 0)
			exit(1);
	for (unsigned i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	cpu = cpu_us() - cpu;
	wall = wall_us() - wall;
	printf("%-6s %2u threads  %9.0f /s  %6.2f us of processor time each\n", name, thread_count,
	       (double)operations / wall * 1e6, cpu / (double)operations);
}

static void run_all(const char *directory, size_t item_count, const char *name, bool is_mixed)
{
	struct q_sqlite_database *database;
	struct bench bench = {.item_count = item_count};
	struct q_clock *clock = NULL;
	struct q_err err;

	must(q_clock_system_open(&clock, &err), &err);
	must(q_sqlite_database_open(directory, &database, &err), &err);
	must(q_record_store_sqlite_open(database, name, clock, &bench.store, &err), &err);
	fill(&bench, is_mixed);
	printf("%zu %s items\n", item_count, name);
	run(&bench, "reads", 1, read_items, READS);
	run(&bench, "reads", 2, read_items, READS);
	run(&bench, "writes", 1, write_items, WRITES);
	run(&bench, "writes", 16, write_items, WRITES);
	run(&bench, "writes", 64, write_items, WRITES);
	q_record_store_close(bench.store);
	q_sqlite_database_close(database);
	q_clock_close(clock);
}

int main(int argument_count, char **arguments)
{
	size_t item_count = argument_count > 2 ? strtoul(arguments[2], NULL, 10) : 10000;

	if (argument_count < 2 || item_count == 0) {
		fprintf(stderr, "records DIRECTORY [ITEMS]\n");
		return 2;
	}
	run_all(arguments[1], item_count, "small", false);
	run_all(arguments[1], item_count, "mixed", true);
	return 0;
}
