#include "ports/blob_store.h"

#include "support/blob_store_faulty.h"
#include "support/files_store.h"
#include "support/random_source_seeded.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What the front of the port does itself: put, read and open_file out of an adapter's smaller
 * operations, also where those fail. */

static const struct q_call no_limits;

struct front {
	struct files_store files;
	struct q_blob_store *store; /* faulty, without open_file, around files.store */
	struct q_arena *arena;
	struct q_err err;
};

static const struct blob_store_faults no_faults;

static int start_case(void **state)
{
	struct front *front = test_calloc(1, sizeof *front);

	files_store_make(&front->files);
	front->store = blob_store_faulty_new(front->files.store, &no_faults);
	front->arena = q_arena_new(64 << 20);
	*state = front;
	return 0;
}

static int end_case(void **state)
{
	struct front *front = *state;

	q_arena_free(front->arena);
	q_blob_store_close(front->store);
	files_store_remove(&front->files);
	test_free(front);
	return 0;
}

static const struct q_str key = {"a/b", 3};

static struct q_bytes body_of(struct front *front, size_t length)
{
	unsigned char *bytes = q_arena_alloc_array(front->arena, length, 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 255);
	return (struct q_bytes){bytes, length};
}

static enum q_code put(struct front *front, struct q_bytes body)
{
	return q_blob_store_put(front->store, &no_limits, key, body, NULL, &front->err);
}

static enum q_code stat_inner(struct front *front)
{
	struct q_blob_info info;

	return q_blob_store_stat(front->files.store, &no_limits, key, &info, &front->err);
}

/* ---- open_file without an open_file */

static void a_spooled_file_holds_the_object_and_nothing_else(void **state)
{
	struct front *front = *state;
	struct q_bytes body = body_of(front, 1000000);
	unsigned char *got = q_arena_alloc(front->arena, body.length);
	struct stat status;
	uint64_t size_bytes;
	int fd;

	assert_int_equal(put(front, body), Q_OK);
	assert_int_equal(q_blob_store_open_file(front->store, &no_limits, key, &fd, &size_bytes,
						&front->err),
			 Q_OK);
	assert_int_equal(size_bytes, body.length);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_size, body.length);
	assert_int_equal(status.st_nlink, 0); /* no name */
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(pread(fd, got, body.length, 0), body.length);
	assert_memory_equal(got, body.data, body.length);
	close(fd);
}

static void an_empty_object_is_spooled(void **state)
{
	struct front *front = *state;
	uint64_t size_bytes;
	int fd;

	assert_int_equal(put(front, (struct q_bytes){NULL, 0}), Q_OK);
	assert_int_equal(q_blob_store_open_file(front->store, &no_limits, key, &fd, &size_bytes,
						&front->err),
			 Q_OK);
	assert_int_equal(size_bytes, 0);
	close(fd);
}

static int lowest_free_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void a_spool_that_fails_leaves_no_descriptor(void **state)
{
	struct front *front = *state;
	int free_fd, fd;
	uint64_t size_bytes;
	uint64_t call = 0;
	enum q_code code;

	assert_int_equal(put(front, body_of(front, 600000)), Q_OK);
	free_fd = lowest_free_descriptor();
	do {
		blob_store_faulty_set(front->store,
				      &(struct blob_store_faults){.fail_call = ++call});
		code = q_blob_store_open_file(front->store, &no_limits, key, &fd, &size_bytes,
					      &front->err);
		if (code == Q_OK)
			close(fd);
		assert_int_equal(lowest_free_descriptor(), free_fd);
	} while (code == Q_IO);
	assert_int_equal(code, Q_OK);
	assert_true(call >= 4); /* to open, and more than one piece */
}

/* ---- put and read out of failing pieces */

static void a_put_that_fails_anywhere_stores_nothing(void **state)
{
	struct front *front = *state;
	struct q_bytes body = body_of(front, 1000);

	for (uint64_t call = 1; call <= 3; call++) {
		blob_store_faulty_set(front->store, &(struct blob_store_faults){.code = Q_NOSPACE,
										.fail_call = call});
		assert_int_equal(put(front, body), Q_NOSPACE);
		assert_int_equal(stat_inner(front), Q_NOTFOUND);
	}
	assert_int_equal(put(front, body), Q_OK);
	assert_int_equal(stat_inner(front), Q_OK);
}

static void a_put_whose_answer_is_lost_has_been_made(void **state)
{
	struct front *front = *state;

	blob_store_faulty_set(front->store, &(struct blob_store_faults){.lose_call = 3});
	assert_int_equal(put(front, body_of(front, 1000)), Q_IO);
	assert_int_equal(stat_inner(front), Q_OK);
}

static void a_read_that_fails_says_so(void **state)
{
	struct front *front = *state;
	struct q_bytes body;

	assert_int_equal(put(front, body_of(front, 1000)), Q_OK);
	for (uint64_t call = 1; call <= 2; call++) {
		blob_store_faulty_set(front->store, &(struct blob_store_faults){.code = Q_BUSY,
										.fail_call = call});
		assert_int_equal(q_blob_store_read(front->store, &no_limits, key, Q_BLOB_WHOLE,
						   1000, front->arena, &body, &front->err),
				 Q_BUSY);
	}
}

static void a_read_that_does_not_fit_the_arena_says_so(void **state)
{
	struct front *front = *state;
	struct q_arena *small = q_arena_new(1000);
	struct q_bytes body;

	assert_int_equal(put(front, body_of(front, 5000)), Q_OK);
	assert_int_equal(q_blob_store_read(front->store, &no_limits, key, Q_BLOB_WHOLE, 10000,
					   small, &body, &front->err),
			 Q_NOMEM);
	q_arena_free(small);
}

static void faults_by_chance_come_as_often_as_asked(void **state)
{
	struct front *front = *state;
	struct q_random_source *random = random_source_seeded_new(5);
	struct q_blob_info info;
	int failed = 0;

	assert_int_equal(put(front, body_of(front, 10)), Q_OK);
	blob_store_faulty_set(front->store, &(struct blob_store_faults){.fail_per_mille = 50,
									.lose_per_mille = 50,
									.random = random});
	for (int i = 0; i < 2000; i++)
		failed += q_blob_store_stat(front->store, &no_limits, key, &info, &front->err) ==
			  Q_IO;
	assert_in_range(failed, 140, 260); /* 195 expected, standard deviation 13 */
	assert_int_equal(blob_store_faulty_calls(front->store), 2000);
	q_random_source_close(random);
}

static void links_pass_through_the_faulty_store(void **state)
{
	struct front *front = *state;
	struct q_blob_link link = {.expires_at_ms = INT64_MAX}, out;
	struct q_str url, path, query;

	assert_true(q_blob_store_serves_links(front->store));
	assert_int_equal(q_blob_store_presign(front->store, &no_limits, key, &link, front->arena,
					      &url, &front->err),
			 Q_OK);
	q_str_cut(url, '?', &path, &query);
	assert_int_equal(
		q_blob_store_check_link(front->store, key, query, front->arena, &out, &front->err),
		Q_OK);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_spooled_file_holds_the_object_and_nothing_else),
		CASE(an_empty_object_is_spooled),
		CASE(a_spool_that_fails_leaves_no_descriptor),
		CASE(a_put_that_fails_anywhere_stores_nothing),
		CASE(a_put_whose_answer_is_lost_has_been_made),
		CASE(a_read_that_fails_says_so),
		CASE(a_read_that_does_not_fit_the_arena_says_so),
		CASE(faults_by_chance_come_as_often_as_asked),
		CASE(links_pass_through_the_faulty_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
