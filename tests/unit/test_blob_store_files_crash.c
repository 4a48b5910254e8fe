#include "embedded/blob_store_files.h"

#include "support/files_store.h"
#include "support/random_source_seeded.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A child puts version after version of a few objects and tells each one that was acknowledged; it
 * is killed at a random moment. What it told must be there, whole or replaced by a later version,
 * and nothing else may be: ten times, in one directory. QUIRE_SEED repeats a run's sizes and
 * moments, as far as the machine lets it. */

enum { OBJECTS = 12, ROUNDS = 10, BODY_MAX = 400000, ACKS_MAX = 40 };

static const struct q_call no_limits;

struct crash {
	struct files_store files;
	struct q_random_source *random;
	uint32_t acknowledged[OBJECTS]; /* the latest version of each object, 0: none */
	uint32_t next_version;
};

/* ---- versions */

static void key_of(uint32_t version, char out[32])
{
	uint32_t object = version % OBJECTS;

	snprintf(out, 32, "tenant/file-%u/object-%u", object % 3, object);
}

/* The bytes of a version follow from its number. */
static struct q_bytes body_of(uint32_t version, unsigned char out[BODY_MAX])
{
	size_t length = sizeof version + (size_t)version * 7919 % (BODY_MAX - sizeof version);

	memcpy(out, &version, sizeof version);
	for (size_t i = sizeof version; i < length; i++)
		out[i] = (unsigned char)(version + i * 13);
	return (struct q_bytes){out, length};
}

/* ---- the child */

static enum q_code put_in_parts(struct q_blob_store *store, struct q_str key, struct q_bytes body)
{
	struct q_arena *arena = q_arena_new(4096);
	struct q_blob_part part;
	struct q_str id;
	struct q_err err;
	enum q_code code = q_blob_parts_start(store, &no_limits, key, arena, &id, &err);

	if (code == Q_OK)
		code = q_blob_parts_put(store, &no_limits, key, id, 1, body, &part, &err);
	if (code == Q_OK)
		code = q_blob_parts_complete(store, &no_limits, key, id, &part, 1, NULL, &err);
	q_arena_free(arena);
	return code;
}

static enum q_code put_by_copy(struct q_blob_store *store, struct q_str key, struct q_bytes body)
{
	struct q_str from = Q_STR(".incoming/tenant/file");
	struct q_blob_info info;
	struct q_err err;
	enum q_code code = q_blob_store_put(store, &no_limits, from, body, &info, &err);

	if (code == Q_OK)
		code = q_blob_store_copy_if_match(store, &no_limits, from, q_str_from(info.etag),
						  key, NULL, &err);
	if (code == Q_OK)
		code = q_blob_store_remove(store, &no_limits, from, &err);
	return code;
}

/* Each version by one of three roads. */
static enum q_code store_version(struct q_blob_store *store, uint32_t version,
				 unsigned char buffer[BODY_MAX])
{
	struct q_bytes body = body_of(version, buffer);
	struct q_err err;
	char key[32];

	key_of(version, key);
	if (version % 5 == 1)
		return put_in_parts(store, q_str_from(key), body);
	if (version % 5 == 2)
		return put_by_copy(store, q_str_from(key), body);
	return q_blob_store_put(store, &no_limits, q_str_from(key), body, NULL, &err);
}

_Noreturn static void run_child(struct crash *crash, int acks)
{
	static unsigned char buffer[BODY_MAX];

	for (uint32_t version = crash->next_version;; version++) {
		if (store_version(crash->files.store, version, buffer) != Q_OK)
			_exit(1);
		if (write(acks, &version, sizeof version) != sizeof version)
			_exit(2);
	}
}

/* ---- the parent */

/* False at the end of the pipe. */
static bool read_ack(struct crash *crash, int acks)
{
	uint32_t version;
	ssize_t got = read(acks, &version, sizeof version);

	if (got != sizeof version)
		return false;
	crash->acknowledged[version % OBJECTS] = version;
	crash->next_version = version + 1;
	return true;
}

/* After some acknowledgements and a moment more, so that every step of a put is hit. */
static void kill_at_random(struct crash *crash, pid_t child, int acks)
{
	uint64_t count = q_random_source_below(crash->random, ACKS_MAX);
	struct timespec moment = {0, (long)q_random_source_below(crash->random, 3000000)};
	int outcome;

	for (uint64_t i = 0; i < count; i++)
		assert_true(read_ack(crash, acks));
	(void)ppoll(NULL, 0, &moment, NULL);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &outcome, 0), child);
	assert_true(WIFSIGNALED(outcome)); /* else a put had failed */
	while (read_ack(crash, acks))
		;
}

static void crash_once(struct crash *crash)
{
	int acks[2];
	pid_t child;

	assert_int_equal(pipe(acks), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(acks[0]);
		run_child(crash, acks[1]);
	}
	close(acks[1]);
	kill_at_random(crash, child, acks[0]);
	close(acks[0]);
}

/* The version of the object that is stored; 0: none. What is stored must be a whole version. */
static uint32_t stored_version(struct crash *crash, struct q_str key)
{
	static unsigned char buffer[BODY_MAX];
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_bytes body, expected;
	struct q_err err;
	uint32_t version = 0;
	enum q_code code = q_blob_store_read(crash->files.store, &no_limits, key, Q_BLOB_WHOLE,
					     BODY_MAX, arena, &body, &err);

	if (code != Q_NOTFOUND) {
		assert_int_equal(code, Q_OK);
		assert_true(body.length >= sizeof version);
		memcpy(&version, body.data, sizeof version);
		expected = body_of(version, buffer);
		assert_int_equal(body.length, expected.length);
		assert_memory_equal(body.data, expected.data, expected.length);
	}
	q_arena_free(arena);
	return version;
}

static void check_objects(struct crash *crash)
{
	for (uint32_t object = 0; object < OBJECTS; object++) {
		uint32_t version;
		char key[32];

		key_of(object, key);
		version = stored_version(crash, q_str_from(key));
		assert_true(version >= crash->acknowledged[object]);
		assert_true(version == 0 || version % OBJECTS == object);
		if (version >= crash->next_version) /* done, but not told any more */
			crash->next_version = version + 1;
	}
}

/* Only objects of ours, each of them whole. */
static void check_list(struct crash *crash)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_page page;
	struct q_err err;

	assert_int_equal(q_blob_store_list(crash->files.store, &no_limits, Q_STR(""), Q_STR(""),
					   1000, arena, &page, &err),
			 Q_OK);
	assert_true(page.count <= OBJECTS + 1); /* and .incoming, where a copy was interrupted */
	for (size_t i = 0; i < page.count; i++)
		assert_int_not_equal(stored_version(crash, page.items[i].key), 0);
	q_arena_free(arena);
}

static void acknowledged_objects_survive_kill_and_no_half_ones_show(void **state)
{
	const char *given = getenv("QUIRE_SEED");
	int64_t seed = (int64_t)getpid();
	struct crash crash = {.next_version = OBJECTS};

	if (given)
		assert_true(q_str_to_int64(q_str_from(given), &seed));
	print_message("# QUIRE_SEED=%lld\n", (long long)seed);
	crash.random = random_source_seeded_new((uint64_t)seed);
	files_store_make(&crash.files);
	for (int round = 0; round < ROUNDS; round++) {
		crash_once(&crash);
		files_store_reopen(&crash.files);
		check_objects(&crash);
		check_list(&crash);
	}
	assert_true(crash.next_version > OBJECTS);
	files_store_remove(&crash.files);
	q_random_source_close(crash.random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledged_objects_survive_kill_and_no_half_ones_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
