#include "contract/blob_store_suite.h"

#include "base/encode.h"
#include "base/mem.h"
#include "support/checks.h"
#include "support/clock_simulated.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The subject, and what each case gets anew. */
struct suite {
	struct blob_store_subject *subject;
	struct q_blob_store *store;
	struct q_arena *arena;
	struct q_err err;
};

static const struct q_call no_limits;

static int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(64 << 20);
	return suite->arena ? 0 : -1;
}

static int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

#define assert_code(CALL, CODE) assert_int_equal((CALL), (CODE))
#define assert_ok(CALL)		assert_int_equal((CALL), Q_OK)

/* ---- short forms */

static struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

static struct q_blob_info put(struct suite *suite, const char *key, struct q_bytes body)
{
	struct q_blob_info info;

	assert_ok(
	    q_blob_store_put(suite->store, &no_limits, q_str_from(key), body, &info, &suite->err));
	return info;
}

static enum q_code stat_key(struct suite *suite, const char *key, struct q_blob_info *info)
{
	return q_blob_store_stat(suite->store, &no_limits, q_str_from(key), info, &suite->err);
}

static void assert_missing(struct suite *suite, const char *key)
{
	struct q_blob_info info;

	assert_code(stat_key(suite, key, &info), Q_NOTFOUND);
}

static struct q_bytes read_range(struct suite *suite, const char *key, struct q_blob_range range)
{
	struct q_bytes body;

	assert_ok(q_blob_store_read(suite->store, &no_limits, q_str_from(key), range, 32 << 20,
				    suite->arena, &body, &suite->err));
	return body;
}

static void assert_body(struct suite *suite, const char *key, struct q_bytes expected)
{
	struct q_bytes body = read_range(suite, key, Q_BLOB_WHOLE);

	assert_int_equal(body.length, expected.length);
	if (expected.length > 0)
		assert_memory_equal(body.data, expected.data, expected.length);
}

static void assert_sha256(const char *hex, struct q_bytes body)
{
	unsigned char digest[Q_SHA256_SIZE];
	char expected[Q_SHA256_HEX_SIZE];

	q_sha256_of(body, digest);
	q_sha256_to_hex(digest, expected);
	assert_string_equal(hex, expected);
}

static enum q_code remove_key(struct suite *suite, const char *key)
{
	return q_blob_store_remove(suite->store, &no_limits, q_str_from(key), &suite->err);
}

/* Bytes that differ from place to place. */
static struct q_bytes pattern(struct suite *suite, size_t length, unsigned seed)
{
	unsigned char *bytes = q_arena_alloc_array(suite->arena, length, 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251 + seed);
	return (struct q_bytes){bytes, length};
}

/* ---- objects */

static void put_then_read_gives_the_same_bytes(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = pattern(suite, 1 << 20, 1);

	put(suite, "same/bytes", body);
	assert_body(suite, "same/bytes", body);
}

static void an_object_may_be_empty(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "empty/object", text(""));

	assert_int_equal(info.size_bytes, 0);
	assert_body(suite, "empty/object", text(""));
}

static void commit_tells_size_hash_etag_and_time(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = text("told at the commit");
	struct q_blob_info info = put(suite, "told/commit", body);

	assert_int_equal(info.size_bytes, body.length);
	assert_sha256(info.sha256, body);
	assert_true(info.etag[0] != '\0');
	assert_true(info.modified_at_ms > 1600000000000);
}

static void stat_tells_what_commit_told(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info put_info = put(suite, "told/stat", text("told twice")), info;

	assert_ok(stat_key(suite, "told/stat", &info));
	assert_int_equal(info.size_bytes, put_info.size_bytes);
	assert_string_equal(info.sha256, put_info.sha256);
	assert_string_equal(info.etag, put_info.etag);
	assert_int_equal(info.modified_at_ms, put_info.modified_at_ms);
}

static void writer_takes_an_object_in_pieces(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = pattern(suite, 300000, 2);
	struct q_blob_writer *writer;
	struct q_blob_info info;

	assert_ok(
	    q_blob_writer_open(suite->store, &no_limits, Q_STR("pieces"), &writer, &suite->err));
	for (size_t at = 0; at < body.length; at += 777) {
		size_t rest = body.length - at;
		struct q_bytes piece = {body.data + at, rest < 777 ? rest : 777};

		assert_ok(q_blob_writer_add(writer, &no_limits, piece, &suite->err));
	}
	assert_ok(q_blob_writer_commit(writer, &no_limits, &info, &suite->err));
	assert_sha256(info.sha256, body);
	assert_body(suite, "pieces", body);
}

static void commit_without_info_is_allowed(void **state)
{
	struct suite *suite = *state;

	assert_ok(q_blob_store_put(suite->store, &no_limits, Q_STR("no/info"), text("x"), NULL,
				   &suite->err));
	assert_body(suite, "no/info", text("x"));
}

static void nothing_is_visible_before_the_commit(void **state)
{
	struct suite *suite = *state;
	struct q_blob_writer *writer;
	struct q_blob_page page;

	assert_ok(q_blob_writer_open(suite->store, &no_limits, Q_STR("unseen/object"), &writer,
				     &suite->err));
	assert_ok(q_blob_writer_add(writer, &no_limits, text("half"), &suite->err));
	assert_missing(suite, "unseen/object");
	assert_ok(q_blob_store_list(suite->store, &no_limits, Q_STR("unseen/"), Q_STR(""), 10,
				    suite->arena, &page, &suite->err));
	assert_int_equal(page.count, 0);
	assert_ok(q_blob_writer_commit(writer, &no_limits, NULL, &suite->err));
	assert_body(suite, "unseen/object", text("half"));
}

static void an_aborted_writer_stores_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_blob_writer *writer;

	assert_ok(
	    q_blob_writer_open(suite->store, &no_limits, Q_STR("aborted"), &writer, &suite->err));
	assert_ok(q_blob_writer_add(writer, &no_limits, text("never"), &suite->err));
	q_blob_writer_abort(writer);
	assert_missing(suite, "aborted");
	q_blob_writer_abort(NULL);
}

static void an_aborted_writer_leaves_the_object_before(void **state)
{
	struct suite *suite = *state;
	struct q_blob_writer *writer;

	put(suite, "kept", text("before"));
	assert_ok(
	    q_blob_writer_open(suite->store, &no_limits, Q_STR("kept"), &writer, &suite->err));
	assert_ok(q_blob_writer_add(writer, &no_limits, text("never"), &suite->err));
	q_blob_writer_abort(writer);
	assert_body(suite, "kept", text("before"));
}

static void the_last_writer_wins(void **state)
{
	struct suite *suite = *state;
	struct q_blob_writer *first, *second;

	assert_ok(q_blob_writer_open(suite->store, &no_limits, Q_STR("won"), &first, &suite->err));
	assert_ok(q_blob_writer_open(suite->store, &no_limits, Q_STR("won"), &second, &suite->err));
	assert_ok(q_blob_writer_add(first, &no_limits, text("first opened"), &suite->err));
	assert_ok(q_blob_writer_add(second, &no_limits, text("second"), &suite->err));
	assert_ok(q_blob_writer_commit(second, &no_limits, NULL, &suite->err));
	assert_ok(q_blob_writer_commit(first, &no_limits, NULL, &suite->err));
	assert_body(suite, "won", text("first opened"));
}

static void an_etag_names_the_bytes_of_one_version(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info one = put(suite, "versions", text("one"));
	struct q_blob_info two = put(suite, "versions", text("two"));

	assert_string_not_equal(one.etag, two.etag);
}

static void what_is_missing_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("not/there");
	struct q_blob_reader *reader;
	struct q_bytes body;
	uint64_t size_bytes;
	int fd;

	assert_missing(suite, "not/there");
	assert_code(q_blob_reader_open(suite->store, &no_limits, key, Q_BLOB_WHOLE, &reader, NULL,
				       &suite->err),
		    Q_NOTFOUND);
	assert_code(q_blob_store_read(suite->store, &no_limits, key, Q_BLOB_WHOLE, 10, suite->arena,
				      &body, &suite->err),
		    Q_NOTFOUND);
	assert_code(
	    q_blob_store_open_file(suite->store, &no_limits, key, &fd, &size_bytes, &suite->err),
	    Q_NOTFOUND);
	assert_code(q_blob_store_copy_if_match(suite->store, &no_limits, key, Q_STR("x"),
					       Q_STR("to"), NULL, &suite->err),
		    Q_NOTFOUND);
}

static void a_removed_object_is_gone(void **state)
{
	struct suite *suite = *state;

	put(suite, "gone/object", text("x"));
	put(suite, "gone/neighbour", text("y"));
	assert_ok(remove_key(suite, "gone/object"));
	assert_missing(suite, "gone/object");
	assert_body(suite, "gone/neighbour", text("y"));
}

static void removing_a_missing_key_succeeds(void **state)
{
	struct suite *suite = *state;

	assert_ok(remove_key(suite, "never/was/there"));
	put(suite, "removed/twice", text("x"));
	assert_ok(remove_key(suite, "removed/twice"));
	assert_ok(remove_key(suite, "removed/twice"));
}

static void a_put_may_be_repeated(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info first = put(suite, "repeated", text("again"));
	struct q_blob_info second = put(suite, "repeated", text("again"));

	assert_string_equal(first.etag, second.etag);
	assert_body(suite, "repeated", text("again"));
}

/* ---- keys */

static void odd_keys_work(void **state)
{
	struct suite *suite = *state;
	static const char *const keys[] = {
	    "x",
	    ".incoming/tenant/file",
	    ".tmp/not-ours",
	    ".parts/not-ours",
	    "1/2/3",
	    "odd/with space",
	    "odd/ leading and trailing ",
	    "odd/\"quotes\" and 'more'",
	    "odd/back\\slash",
	    "odd/%2e%2e%2f",
	    "odd/*?[a]{b}$(c)`d`;|&<>",
	    "odd/...",
	    "odd/.hidden",
	    "odd/-rf",
	    "odd/~",
	    "odd/\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x84.pdf",
	    "odd/results.json",
	};

	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		put(suite, keys[i], text(keys[i]));
	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		assert_body(suite, keys[i], text(keys[i]));
	for (size_t i = 0; i < Q_COUNT_OF(keys); i++) {
		assert_ok(remove_key(suite, keys[i]));
		assert_missing(suite, keys[i]);
	}
}

/* parts of `part_length` letters until the key has `length` bytes */
static void fill_key(char *key, size_t length, size_t part_length)
{
	for (size_t i = 0; i < length; i++)
		key[i] = (i + 1) % (part_length + 1) == 0 && i + 1 < length ? '/' : 'k';
	key[length] = '\0';
}

static void the_longest_keys_work(void **state)
{
	struct suite *suite = *state;
	static const struct {
		size_t length, part_length;
	} shapes[] = {{Q_BLOB_KEY_MAX, 1}, {Q_BLOB_KEY_MAX, 7}, {Q_BLOB_KEY_MAX - 1, 255}};

	for (size_t i = 0; i < Q_COUNT_OF(shapes); i++) {
		char key[Q_BLOB_KEY_MAX + 1];

		fill_key(key, shapes[i].length, shapes[i].part_length);
		put(suite, key, text("long"));
		assert_body(suite, key, text("long"));
		assert_ok(remove_key(suite, key));
		assert_missing(suite, key);
	}
}

static void a_key_may_start_with_another(void **state)
{
	struct suite *suite = *state;

	put(suite, "outer", text("1"));
	put(suite, "outer/inner", text("2"));
	put(suite, "outer/inner/most", text("3"));
	assert_body(suite, "outer", text("1"));
	assert_body(suite, "outer/inner", text("2"));
	assert_ok(remove_key(suite, "outer"));
	assert_ok(remove_key(suite, "outer/inner"));
	assert_body(suite, "outer/inner/most", text("3"));
}

/* Is the key refused by every operation that takes one? */
static void assert_refused(struct suite *suite, struct q_str key)
{
	struct q_blob_link link = {.expires_at_ms = 1, .content_length = -1};
	struct q_blob_part part = {.number = 1};
	struct q_str id = Q_STR("0123456789abcdef0123456789abcdef");
	struct q_str ok = Q_STR("ok"), out;
	struct q_blob_reader *reader;
	struct q_blob_writer *writer;
	struct q_blob_parts parts;
	struct q_blob_info info;
	uint64_t size_bytes;
	int fd;
	const enum q_code codes[] = {
	    q_blob_writer_open(suite->store, &no_limits, key, &writer, &suite->err),
	    q_blob_reader_open(suite->store, &no_limits, key, Q_BLOB_WHOLE, &reader, NULL,
			       &suite->err),
	    q_blob_store_open_file(suite->store, &no_limits, key, &fd, &size_bytes, &suite->err),
	    q_blob_store_stat(suite->store, &no_limits, key, &info, &suite->err),
	    q_blob_store_copy_if_match(suite->store, &no_limits, key, ok, ok, NULL, &suite->err),
	    q_blob_store_copy_if_match(suite->store, &no_limits, ok, ok, key, NULL, &suite->err),
	    q_blob_store_remove(suite->store, &no_limits, key, &suite->err),
	    q_blob_parts_start(suite->store, &no_limits, key, suite->arena, &out, &suite->err),
	    q_blob_parts_put(suite->store, &no_limits, key, id, 1, text("x"), &part, &suite->err),
	    q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts, &suite->err),
	    q_blob_parts_complete(suite->store, &no_limits, key, id, &part, 1, NULL, &suite->err),
	    q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err),
	    q_blob_store_presign(suite->store, &no_limits, key, &link, suite->arena, &out,
				 &suite->err),
	};

	for (size_t i = 0; i < Q_COUNT_OF(codes); i++)
		if (codes[i] != Q_INVALID)
			fail_msg("operation %zu took the key %.*s", i, Q_STR_ARG(key));
}

static void bad_keys_are_refused_by_every_operation(void **state)
{
	struct suite *suite = *state;
	static const char *const keys[] = {
	    "",
	    "/",
	    "/a",
	    "a/",
	    "a//b",
	    ".",
	    "..",
	    "../a",
	    "a/..",
	    "a/./b",
	    "a/../b",
	    "a\nb",
	    "a\tb",
	    "a\x7f",
	    "\x01",
	    "a\xff",
	    "\xc0\xaf/a",
	    "\xed\xa0\x80",
	    "\xf5\x80\x80\x80",
	};
	char too_long[Q_BLOB_KEY_MAX + 2], long_part[258];

	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		assert_refused(suite, q_str_from(keys[i]));
	assert_refused(suite, (struct q_str){"a\0b", 3});
	fill_key(too_long, Q_BLOB_KEY_MAX + 1, 7);
	assert_refused(suite, q_str_from(too_long));
	fill_key(long_part, 256, 256);
	assert_refused(suite, q_str_from(long_part));
}

/* ---- readers */

static void an_open_reader_keeps_its_object_when_it_is_replaced(void **state)
{
	struct suite *suite = *state;
	struct q_blob_reader *reader;
	struct q_blob_info info;
	char body[16];
	size_t got;

	put(suite, "replaced", text("old bytes"));
	assert_ok(q_blob_reader_open(suite->store, &no_limits, Q_STR("replaced"), Q_BLOB_WHOLE,
				     &reader, &info, &suite->err));
	put(suite, "replaced", text("new"));
	assert_ok(q_blob_reader_read(reader, &no_limits, body, sizeof body, &got, &suite->err));
	assert_int_equal(got, 9);
	assert_memory_equal(body, "old bytes", 9);
	q_blob_reader_close(reader);
}

static void an_open_reader_keeps_its_object_when_it_is_removed(void **state)
{
	struct suite *suite = *state;
	struct q_blob_reader *reader;
	char body[16];
	size_t got;

	put(suite, "removed/reader", text("still here"));
	assert_ok(q_blob_reader_open(suite->store, &no_limits, Q_STR("removed/reader"),
				     Q_BLOB_WHOLE, &reader, NULL, &suite->err));
	assert_ok(remove_key(suite, "removed/reader"));
	assert_ok(q_blob_reader_read(reader, &no_limits, body, sizeof body, &got, &suite->err));
	assert_int_equal(got, 10);
	q_blob_reader_close(reader);
	q_blob_reader_close(NULL);
}

static void reader_gives_pieces_and_then_the_end(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = pattern(suite, 100000, 3);
	struct q_blob_reader *reader;
	struct q_blob_info info;
	unsigned char piece[4096];
	size_t got, total = 0;

	put(suite, "in/pieces", body);
	assert_ok(q_blob_reader_open(suite->store, &no_limits, Q_STR("in/pieces"), Q_BLOB_WHOLE,
				     &reader, &info, &suite->err));
	assert_int_equal(info.size_bytes, body.length);
	assert_sha256(info.sha256, body);
	do {
		assert_ok(
		    q_blob_reader_read(reader, &no_limits, piece, sizeof piece, &got, &suite->err));
		assert_true(total + got <= body.length);
		assert_memory_equal(piece, body.data + total, got);
		total += got;
	} while (got > 0);
	assert_int_equal(total, body.length);
	assert_ok(q_blob_reader_read(reader, &no_limits, piece, sizeof piece, &got, &suite->err));
	assert_int_equal(got, 0);
	q_blob_reader_close(reader);
}

static void assert_range(struct suite *suite, uint64_t offset, uint64_t length,
			 const char *expected)
{
	struct q_bytes body = read_range(suite, "ranges", (struct q_blob_range){offset, length});

	assert_int_equal(body.length, strlen(expected));
	assert_memory_equal(body.data, expected, body.length);
}

static void ranges_are_cut_at_the_end(void **state)
{
	struct suite *suite = *state;

	put(suite, "ranges", text("0123456789"));
	assert_range(suite, 0, 4, "0123");
	assert_range(suite, 4, 3, "456");
	assert_range(suite, 8, 2, "89");
	assert_range(suite, 8, 100, "89");
	assert_range(suite, 9, UINT64_MAX, "9");
	assert_range(suite, 3, 0, "");
	assert_range(suite, 10, UINT64_MAX, "");
}

static void info_of_a_range_is_of_the_whole_object(void **state)
{
	struct suite *suite = *state;
	struct q_blob_reader *reader;
	struct q_blob_info info;

	put(suite, "range/info", text("0123456789"));
	assert_ok(q_blob_reader_open(suite->store, &no_limits, Q_STR("range/info"),
				     (struct q_blob_range){2, 3}, &reader, &info, &suite->err));
	assert_int_equal(info.size_bytes, 10);
	q_blob_reader_close(reader);
}

static void a_range_that_begins_beyond_the_end_is_refused(void **state)
{
	struct suite *suite = *state;
	static const uint64_t offsets[] = {11, 12, UINT64_MAX};
	struct q_blob_reader *reader;

	put(suite, "range/beyond", text("0123456789"));
	for (size_t i = 0; i < Q_COUNT_OF(offsets); i++)
		assert_code(q_blob_reader_open(suite->store, &no_limits, Q_STR("range/beyond"),
					       (struct q_blob_range){offsets[i], 1}, &reader, NULL,
					       &suite->err),
			    Q_INVALID);
}

static void read_refuses_what_is_beyond_its_limit(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("limit");
	struct q_bytes body;

	put(suite, "limit", text("0123456789"));
	assert_code(q_blob_store_read(suite->store, &no_limits, key, Q_BLOB_WHOLE, 9, suite->arena,
				      &body, &suite->err),
		    Q_TOOBIG);
	assert_ok(q_blob_store_read(suite->store, &no_limits, key, Q_BLOB_WHOLE, 10, suite->arena,
				    &body, &suite->err));
	assert_ok(q_blob_store_read(suite->store, &no_limits, key, (struct q_blob_range){5, 100}, 5,
				    suite->arena, &body, &suite->err));
}

static void open_file_gives_the_whole_object_to_read(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = pattern(suite, 700000, 4);
	unsigned char *got = q_arena_alloc(suite->arena, body.length);
	struct stat status;
	uint64_t size_bytes;
	int fd;

	put(suite, "as/file", body);
	assert_ok(q_blob_store_open_file(suite->store, &no_limits, Q_STR("as/file"), &fd,
					 &size_bytes, &suite->err));
	assert_int_equal(size_bytes, body.length);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_ok(remove_key(suite, "as/file"));
	assert_int_equal(pread(fd, got, body.length, 0), body.length);
	assert_memory_equal(got, body.data, body.length);
	close(fd);
}

/* ---- copies */

static enum q_code copy(struct suite *suite, const char *from, const char *etag, const char *to,
			struct q_blob_info *info)
{
	return q_blob_store_copy_if_match(suite->store, &no_limits, q_str_from(from),
					  q_str_from(etag), q_str_from(to), info, &suite->err);
}

static void a_copy_is_frozen(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "copy/source", text("to be frozen")), copied;

	assert_ok(copy(suite, "copy/source", info.etag, "copy/deep/er/target", &copied));
	assert_int_equal(copied.size_bytes, info.size_bytes);
	assert_body(suite, "copy/deep/er/target", text("to be frozen"));
	put(suite, "copy/source", text("something else"));
	assert_body(suite, "copy/deep/er/target", text("to be frozen"));
	assert_ok(remove_key(suite, "copy/source"));
	assert_body(suite, "copy/deep/er/target", text("to be frozen"));
}

static void a_copy_of_another_version_is_a_conflict(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info old = put(suite, "copy/versions", text("old"));

	put(suite, "copy/versions", text("new"));
	assert_code(copy(suite, "copy/versions", old.etag, "copy/conflict", NULL), Q_CONFLICT);
	assert_code(copy(suite, "copy/versions", "", "copy/conflict", NULL), Q_CONFLICT);
	assert_missing(suite, "copy/conflict");
}

static void a_copy_replaces_and_may_be_repeated(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "copy/from", text("copied"));

	put(suite, "copy/to", text("replaced"));
	assert_ok(copy(suite, "copy/from", info.etag, "copy/to", NULL));
	assert_ok(copy(suite, "copy/from", info.etag, "copy/to", NULL));
	assert_body(suite, "copy/to", text("copied"));
	assert_body(suite, "copy/from", text("copied"));
}

static void a_copy_onto_itself_is_refused(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "copy/self", text("x"));

	assert_code(copy(suite, "copy/self", info.etag, "copy/self", NULL), Q_INVALID);
}

/* ---- lists */

static struct q_blob_page list(struct suite *suite, const char *prefix, struct q_str after,
			       size_t limit)
{
	struct q_blob_page page;

	assert_ok(q_blob_store_list(suite->store, &no_limits, q_str_from(prefix), after, limit,
				    suite->arena, &page, &suite->err));
	assert_true(page.count <= limit);
	return page;
}

/* All pages of `limit` keys, one after the other, must be these keys. */
static void assert_list(struct suite *suite, const char *prefix, size_t limit,
			const char *const *keys, size_t count)
{
	struct q_str after = Q_STR("");
	size_t seen = 0;

	do {
		struct q_blob_page page = list(suite, prefix, after, limit);

		for (size_t i = 0; i < page.count; i++) {
			assert_true(seen < count);
			assert_true(q_str_equal(page.items[i].key, q_str_from(keys[seen++])));
		}
		after = page.next;
	} while (after.length > 0);
	assert_int_equal(seen, count);
}

static const char *const listed[] = {
    "list/a",	 "list/a b", "list/a!",	   "list/a-b",	"list/a-b/c",
    "list/a.b",	 "list/a/b", "list/a/b/c", "list/a/b0", "list/a0",
    "list/a0/z", "list/ab",  "list/b/c/d", "list/b/d",	"list/\xc3\xa9",
};

static void keys_are_listed_in_the_order_of_their_bytes(void **state)
{
	struct suite *suite = *state;
	static const size_t limits[] = {1, 2, 3, 7, 14, 15, 16, Q_BLOB_LIST_MAX};

	for (size_t i = 0; i < Q_COUNT_OF(listed); i++) /* written in another order */
		put(suite, listed[i * 7 % Q_COUNT_OF(listed)], text("x"));
	for (size_t i = 0; i < Q_COUNT_OF(limits); i++)
		assert_list(suite, "list/", limits[i], listed, Q_COUNT_OF(listed));
}

static void a_prefix_is_bytes_and_not_parts(void **state)
{
	struct suite *suite = *state;

	assert_list(suite, "list/a", 2, listed, 12);
	assert_list(suite, "list/a-", 2, listed + 3, 2);
	assert_list(suite, "list/a/b", 2, listed + 6, 3);
	assert_list(suite, "list/a/b/", 2, listed + 7, 1);
	assert_list(suite, "list/b/d", 2, listed + 13, 1);
	assert_list(suite, "list/\xc3", 2, listed + 14, 1);
	assert_list(suite, "list/nothing", 2, NULL, 0);
	assert_list(suite, "list/a/b/c/", 2, NULL, 0);
}

static void prefixes_that_no_key_can_have_list_nothing(void **state)
{
	struct suite *suite = *state;
	static const char *const prefixes[] = {"/",  "//",     "..",	  "../",  "list/../",
					       "./", "list//", "list/./", "\xff", "list/a\n"};

	for (size_t i = 0; i < Q_COUNT_OF(prefixes); i++)
		assert_int_equal(list(suite, prefixes[i], Q_STR(""), 10).count, 0);
}

static void after_need_not_be_a_key(void **state)
{
	struct suite *suite = *state;

	assert_view_equal(list(suite, "list/", Q_STR("list/a/az"), 1).items[0].key, "list/a/b");
	assert_view_equal(list(suite, "list/", Q_STR("list/a/b/"), 1).items[0].key, "list/a/b/c");
	assert_view_equal(list(suite, "list/", Q_STR("a"), 1).items[0].key, "list/a");
	assert_int_equal(list(suite, "list/", Q_STR("m"), 1).count, 0);
}

static void a_list_tells_sizes_and_times(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "listed/size", text("0123456789"));
	struct q_blob_page page = list(suite, "listed/", Q_STR(""), 10);

	assert_int_equal(page.count, 1);
	assert_int_equal(page.next.length, 0);
	assert_int_equal(page.items[0].size_bytes, 10);
	assert_true(page.items[0].modified_at_ms / 1000 == info.modified_at_ms / 1000);
}

static void a_list_of_another_size_is_refused(void **state)
{
	struct suite *suite = *state;
	static const size_t limits[] = {0, Q_BLOB_LIST_MAX + 1};
	struct q_blob_page page;

	for (size_t i = 0; i < Q_COUNT_OF(limits); i++)
		assert_code(q_blob_store_list(suite->store, &no_limits, Q_STR(""), Q_STR(""),
					      limits[i], suite->arena, &page, &suite->err),
			    Q_INVALID);
}

static void many_keys_are_listed_once_each(void **state)
{
	struct suite *suite = *state;
	enum { COUNT = 300 };
	struct q_str after = Q_STR("");
	char key[32];
	int seen = 0;

	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof key, "many/%03d%s", i, i % 3 == 0 ? "/x" : "");
		put(suite, key, text("x"));
	}
	do {
		struct q_blob_page page = list(suite, "many/", after, 17);

		for (size_t i = 0; i < page.count; i++, seen++) {
			snprintf(key, sizeof key, "many/%03d%s", seen, seen % 3 == 0 ? "/x" : "");
			assert_true(q_str_equal(page.items[i].key, q_str_from(key)));
		}
		after = page.next;
	} while (after.length > 0);
	assert_int_equal(seen, COUNT);
}

/* ---- parts */

static struct q_str start(struct suite *suite, const char *key)
{
	struct q_str id;

	assert_ok(q_blob_parts_start(suite->store, &no_limits, q_str_from(key), suite->arena, &id,
				     &suite->err));
	return id;
}

static struct q_blob_part put_part(struct suite *suite, const char *key, struct q_str id,
				   unsigned number, struct q_bytes body)
{
	struct q_blob_part part;

	assert_ok(q_blob_parts_put(suite->store, &no_limits, q_str_from(key), id, number, body,
				   &part, &suite->err));
	assert_int_equal(part.number, number);
	assert_int_equal(part.size_bytes, body.length);
	return part;
}

static enum q_code complete(struct suite *suite, const char *key, struct q_str id,
			    const struct q_blob_part *parts, size_t count, struct q_blob_info *info)
{
	return q_blob_parts_complete(suite->store, &no_limits, q_str_from(key), id, parts, count,
				     info, &suite->err);
}

static void parts_become_one_object(void **state)
{
	struct suite *suite = *state;
	struct q_bytes body = pattern(suite, 2 * Q_BLOB_PART_MIN + 1000, 5);
	struct q_str id = start(suite, "parts/object");
	struct q_blob_part parts[3];
	struct q_blob_info info, later;

	parts[2] = put_part(suite, "parts/object", id, 7,
			    (struct q_bytes){body.data + 2 * Q_BLOB_PART_MIN, 1000});
	parts[0] =
	    put_part(suite, "parts/object", id, 1, (struct q_bytes){body.data, Q_BLOB_PART_MIN});
	parts[1] = put_part(suite, "parts/object", id, 2,
			    (struct q_bytes){body.data + Q_BLOB_PART_MIN, Q_BLOB_PART_MIN});
	assert_missing(suite, "parts/object");
	assert_ok(complete(suite, "parts/object", id, parts, 3, &info));
	assert_int_equal(info.size_bytes, body.length);
	if (suite->subject->keeps_sha256_of_parts)
		assert_sha256(info.sha256, body);
	assert_body(suite, "parts/object", body);
	assert_ok(stat_key(suite, "parts/object", &later));
	assert_string_equal(info.etag, later.etag);
}

static void a_complete_may_be_repeated(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/repeated");
	struct q_blob_part part = put_part(suite, "parts/repeated", id, 1, text("x"));
	struct q_blob_info first, second;

	assert_ok(complete(suite, "parts/repeated", id, &part, 1, &first));
	assert_ok(complete(suite, "parts/repeated", id, &part, 1, &second));
	assert_string_equal(first.etag, second.etag);
	assert_body(suite, "parts/repeated", text("x"));
}

static void a_part_put_again_replaces_itself(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/again");
	struct q_blob_part first = put_part(suite, "parts/again", id, 1, text("first"));
	struct q_blob_part second = put_part(suite, "parts/again", id, 1, text("second"));

	assert_string_not_equal(first.etag, second.etag);
	assert_code(complete(suite, "parts/again", id, &first, 1, NULL), Q_CONFLICT);
	assert_missing(suite, "parts/again");
	assert_ok(complete(suite, "parts/again", id, &second, 1, NULL));
	assert_body(suite, "parts/again", text("second"));
}

static void a_missing_part_is_a_conflict(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/missing");
	struct q_blob_part parts[2] = {put_part(suite, "parts/missing", id, 2, text("x"))};

	parts[1] = parts[0];
	parts[1].number = 3;
	parts[0].number = 1;
	assert_code(complete(suite, "parts/missing", id, parts, 1, NULL), Q_CONFLICT);
	assert_missing(suite, "parts/missing");
}

static void a_small_part_before_the_last_is_refused(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/small");
	struct q_blob_part parts[2] = {put_part(suite, "parts/small", id, 1, text("small")),
				       put_part(suite, "parts/small", id, 2, text("last"))};

	assert_code(complete(suite, "parts/small", id, parts, 2, NULL), Q_INVALID);
	assert_missing(suite, "parts/small");
}

static void parts_out_of_order_or_out_of_range_are_refused(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("parts/order"), id = start(suite, "parts/order");
	struct q_blob_part part = put_part(suite, "parts/order", id, 5, text("x"));
	struct q_blob_part twice[2] = {part, part}, backwards[2] = {part, part}, out = part;

	backwards[1].number = 4;
	assert_code(complete(suite, "parts/order", id, twice, 2, NULL), Q_INVALID);
	assert_code(complete(suite, "parts/order", id, backwards, 2, NULL), Q_INVALID);
	assert_code(complete(suite, "parts/order", id, &part, 0, NULL), Q_INVALID);
	assert_code(
	    q_blob_parts_put(suite->store, &no_limits, key, id, 0, text("x"), &out, &suite->err),
	    Q_INVALID);
	assert_code(q_blob_parts_put(suite->store, &no_limits, key, id, Q_BLOB_PARTS_MAX + 1,
				     text("x"), &out, &suite->err),
		    Q_INVALID);
	put_part(suite, "parts/order", id, Q_BLOB_PARTS_MAX, text("x"));
}

static void parts_are_listed_by_number(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("parts/list"), id = start(suite, "parts/list");
	struct q_blob_part twelfth, second;
	struct q_blob_parts parts;

	assert_ok(q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts,
				    &suite->err));
	assert_int_equal(parts.count, 0);
	twelfth = put_part(suite, "parts/list", id, 12, text("twelve"));
	second = put_part(suite, "parts/list", id, 2, text("two"));
	assert_ok(q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts,
				    &suite->err));
	assert_int_equal(parts.count, 2);
	assert_int_equal(parts.items[0].number, 2);
	assert_int_equal(parts.items[0].size_bytes, 3);
	assert_string_equal(parts.items[0].etag, second.etag);
	assert_string_equal(parts.items[1].etag, twelfth.etag);
}

static void an_unknown_upload_is_not_found(void **state)
{
	struct suite *suite = *state;
	static const char *const ids[] = {"00000000000000000000000000000000", "..", "../x", "x",
					  "00000000-0000-0000-0000-000000000000"};
	struct q_str key = Q_STR("parts/unknown");
	struct q_blob_part part = {.number = 1, .etag = "x"};
	struct q_blob_parts parts;

	for (size_t i = 0; i < Q_COUNT_OF(ids); i++) {
		struct q_str id = q_str_from(ids[i]);

		assert_code(q_blob_parts_put(suite->store, &no_limits, key, id, 1, text("x"), &part,
					     &suite->err),
			    Q_NOTFOUND);
		assert_code(q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena,
					      &parts, &suite->err),
			    Q_NOTFOUND);
		assert_code(complete(suite, "parts/unknown", id, &part, 1, NULL), Q_NOTFOUND);
		assert_ok(q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err));
	}
}

static void an_upload_is_of_its_key_alone(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/mine");
	struct q_blob_part part = put_part(suite, "parts/mine", id, 1, text("x")), other;

	assert_code(q_blob_parts_put(suite->store, &no_limits, Q_STR("parts/theirs"), id, 1,
				     text("x"), &other, &suite->err),
		    Q_NOTFOUND);
	assert_code(complete(suite, "parts/theirs", id, &part, 1, NULL), Q_NOTFOUND);
	assert_ok(
	    q_blob_parts_abort(suite->store, &no_limits, Q_STR("parts/theirs"), id, &suite->err));
	assert_ok(complete(suite, "parts/mine", id, &part, 1, NULL));
}

static void an_aborted_upload_is_gone(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("parts/aborted"), id = start(suite, "parts/aborted");
	struct q_blob_part part = put_part(suite, "parts/aborted", id, 1, text("x"));

	assert_ok(q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err));
	assert_ok(q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err));
	assert_code(complete(suite, "parts/aborted", id, &part, 1, NULL), Q_NOTFOUND);
	assert_missing(suite, "parts/aborted");
}

/* ---- links */

static struct q_blob_link get_link(int64_t expires_at_ms)
{
	return (struct q_blob_link){.method = Q_BLOB_LINK_GET, .expires_at_ms = expires_at_ms};
}

static void links_that_make_no_sense_are_refused(void **state)
{
	struct suite *suite = *state;
	struct q_str hash = Q_STR("ABCDEF");
	struct q_blob_link links[] = {
	    get_link(0),
	    get_link(1000),
	    get_link(1000),
	    {.method = Q_BLOB_LINK_PUT, .expires_at_ms = 1, .download_name = Q_STR("x")},
	    {.method = Q_BLOB_LINK_PUT, .expires_at_ms = 1, .content_length = -2},
	    {.method = Q_BLOB_LINK_PUT, .expires_at_ms = 1, .sha256 = hash},
	    {.method = Q_BLOB_LINK_PUT, .expires_at_ms = 1, .upload_id = Q_STR("x")},
	    {.method = Q_BLOB_LINK_PUT, .expires_at_ms = 1, .part_number = 1},
	    {.method = Q_BLOB_LINK_PUT,
	     .expires_at_ms = 1,
	     .upload_id = Q_STR("x"),
	     .part_number = Q_BLOB_PARTS_MAX + 1},
	};
	struct q_str url;

	links[1].download_name = Q_STR("a\r\nSet-Cookie: x");
	links[2].upload_id = Q_STR("x");
	for (size_t i = 0; i < Q_COUNT_OF(links); i++)
		assert_code(q_blob_store_presign(suite->store, &no_limits, Q_STR("links/bad"),
						 &links[i], suite->arena, &url, &suite->err),
			    Q_INVALID);
}

/* The part of the URL after '?'. */
static struct q_str presign(struct suite *suite, const char *key, const struct q_blob_link *link)
{
	struct q_str url, path, query;

	assert_ok(q_blob_store_presign(suite->store, &no_limits, q_str_from(key), link,
				       suite->arena, &url, &suite->err));
	assert_true(q_str_starts_with(url, Q_STR("/blobs/")));
	assert_true(q_str_cut(url, '?', &path, &query));
	return query;
}

static enum q_code check(struct suite *suite, const char *key, struct q_str query,
			 struct q_blob_link *out)
{
	return q_blob_store_check_link(suite->store, q_str_from(key), query, suite->arena, out,
				       &suite->err);
}

static int64_t soon(struct suite *suite)
{
	return q_clock_now_ms(suite->subject->clock) + 60000;
}

static void links_elsewhere_cannot_be_checked_here(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link;

	if (q_blob_store_serves_links(suite->store))
		return;
	assert_code(check(suite, "links/x", Q_STR("signature=x"), &link), Q_UNSUPPORTED);
}

static void a_link_tells_what_it_was_made_for(void **state)
{
	struct suite *suite = *state;
	struct q_str hash =
	    Q_STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	struct q_blob_link put_link = {.method = Q_BLOB_LINK_PUT,
				       .expires_at_ms = soon(suite),
				       .content_type = Q_STR("application/pdf"),
				       .content_length = 1234,
				       .sha256 = hash,
				       .upload_id = Q_STR("an id & more"),
				       .part_number = 7};
	struct q_blob_link got;

	if (!q_blob_store_serves_links(suite->store))
		return;
	assert_ok(check(suite, "links/put", presign(suite, "links/put", &put_link), &got));
	assert_int_equal(got.method, Q_BLOB_LINK_PUT);
	assert_int_equal(got.expires_at_ms, put_link.expires_at_ms);
	assert_view_equal(got.content_type, "application/pdf");
	assert_int_equal(got.content_length, 1234);
	assert_true(q_str_equal(got.sha256, hash));
	assert_view_equal(got.upload_id, "an id & more");
	assert_int_equal(got.part_number, 7);
	assert_view_equal(got.download_name, "");
}

static void a_link_to_get_carries_a_name_and_a_type(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link = get_link(soon(suite)), got;

	if (!q_blob_store_serves_links(suite->store))
		return;
	link.download_name = Q_STR("R\xc3\xa9sum\xc3\xa9 \"1\"+2 & 3=x%.pdf");
	link.content_type = Q_STR("text/plain; charset=utf-8");
	assert_ok(
	    check(suite, "links/get \xc3\xa9", presign(suite, "links/get \xc3\xa9", &link), &got));
	assert_int_equal(got.method, Q_BLOB_LINK_GET);
	assert_true(q_str_equal(got.download_name, link.download_name));
	assert_view_equal(got.content_type, "text/plain; charset=utf-8");
	assert_int_equal(got.content_length, -1);
}

static void a_late_link_has_expired(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link = get_link(soon(suite)), got;
	struct q_str query;

	if (!q_blob_store_serves_links(suite->store))
		return;
	query = presign(suite, "links/late", &link);
	clock_simulated_advance(suite->subject->clock, 59999);
	assert_ok(check(suite, "links/late", query, &got));
	clock_simulated_advance(suite->subject->clock, 1);
	assert_code(check(suite, "links/late", query, &got), Q_TIMEOUT);
	assert_string_equal(suite->err.reason, "link_expired");
}

static void an_altered_byte_anywhere_is_denied(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link = get_link(soon(suite)), got;
	struct q_str query;

	if (!q_blob_store_serves_links(suite->store))
		return;
	link.download_name = Q_STR("name");
	query = presign(suite, "links/altered", &link);
	for (size_t i = 0; i < query.length; i++) {
		struct q_str altered = q_arena_copy(suite->arena, query);
		char *bytes = (char *)(uintptr_t)altered.data;

		bytes[i] ^= 1;
		assert_code(check(suite, "links/altered", altered, &got), Q_DENIED);
		assert_code(check(suite, "links/altered", q_str_slice(query, 0, i), &got),
			    Q_DENIED);
	}
	assert_ok(check(suite, "links/altered", query, &got));
}

static void parameters_added_moved_or_repeated_are_denied(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link = get_link(soon(suite)), got;
	struct q_str query, signed_part, signature;
	size_t at;

	if (!q_blob_store_serves_links(suite->store))
		return;
	query = presign(suite, "links/params", &link);
	assert_true(q_str_find(query, Q_STR("&signature="), &at));
	signed_part = q_str_slice(query, 0, at);
	signature = q_str_slice(query, at + 1, query.length);
	const struct q_str altered[] = {
	    q_arena_format(suite->arena, "%.*s&x=1", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "x=1&%.*s", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "%.*s&method=PUT", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "%.*s&method=GET", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "%.*s&%.*s", Q_STR_ARG(query), Q_STR_ARG(signature)),
	    q_arena_format(suite->arena, "%.*s&%.*s", Q_STR_ARG(signature), Q_STR_ARG(signed_part)),
	    q_arena_format(suite->arena, "%.*s&expires=99999999999999&%.*s", Q_STR_ARG(signed_part),
			   Q_STR_ARG(signature)),
	    q_arena_format(suite->arena, "%.*s&", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "&%.*s", Q_STR_ARG(query)),
	    q_arena_format(suite->arena, "?%.*s", Q_STR_ARG(query)),
	    signed_part,
	    signature,
	    Q_STR(""),
	    Q_STR("&signature="),
	};

	for (size_t i = 0; i < Q_COUNT_OF(altered); i++)
		assert_code(check(suite, "links/params", altered[i], &got), Q_DENIED);
}

static void a_link_is_of_its_key_alone(void **state)
{
	struct suite *suite = *state;
	struct q_blob_link link = get_link(soon(suite)), got;
	struct q_str query;

	if (!q_blob_store_serves_links(suite->store))
		return;
	query = presign(suite, "links/mine", &link);
	assert_code(check(suite, "links/theirs", query, &got), Q_DENIED);
	assert_code(check(suite, "links/mine/x", query, &got), Q_DENIED);
	assert_code(check(suite, "links/../links/mine", query, &got), Q_DENIED);
}

/* ---- calls */

static void a_cancelled_call_does_nothing(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};

	assert_code(
	    q_blob_store_put(suite->store, &call, Q_STR("cancelled"), text("x"), NULL, &suite->err),
	    Q_CANCELLED);
	assert_missing(suite, "cancelled");
}

static void a_commit_that_is_cancelled_stores_nothing(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = false;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_blob_writer *writer;

	assert_ok(
	    q_blob_writer_open(suite->store, &call, Q_STR("cancelled"), &writer, &suite->err));
	assert_ok(q_blob_writer_add(writer, &call, text("x"), &suite->err));
	is_cancelled = true;
	assert_code(q_blob_writer_commit(writer, &call, NULL, &suite->err), Q_CANCELLED);
	assert_missing(suite, "cancelled");
}

static void a_deadline_that_has_passed_is_a_timeout(void **state)
{
	struct suite *suite = *state;
	struct q_call call = {.deadline_ms = 1};
	struct q_blob_info info;

	assert_code(q_blob_store_stat(suite->store, &call, Q_STR("late"), &info, &suite->err),
		    Q_TIMEOUT);
	assert_null(suite->err.reason);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int run_blob_store_suite(struct blob_store_subject *subject)
{
	struct suite suite = {.subject = subject, .store = subject->store};
	struct CMUnitTest tests[] = {
	    CASE(put_then_read_gives_the_same_bytes),
	    CASE(an_object_may_be_empty),
	    CASE(commit_tells_size_hash_etag_and_time),
	    CASE(stat_tells_what_commit_told),
	    CASE(writer_takes_an_object_in_pieces),
	    CASE(commit_without_info_is_allowed),
	    CASE(nothing_is_visible_before_the_commit),
	    CASE(an_aborted_writer_stores_nothing),
	    CASE(an_aborted_writer_leaves_the_object_before),
	    CASE(the_last_writer_wins),
	    CASE(an_etag_names_the_bytes_of_one_version),
	    CASE(what_is_missing_is_not_found),
	    CASE(a_removed_object_is_gone),
	    CASE(removing_a_missing_key_succeeds),
	    CASE(a_put_may_be_repeated),
	    CASE(odd_keys_work),
	    CASE(the_longest_keys_work),
	    CASE(a_key_may_start_with_another),
	    CASE(bad_keys_are_refused_by_every_operation),
	    CASE(an_open_reader_keeps_its_object_when_it_is_replaced),
	    CASE(an_open_reader_keeps_its_object_when_it_is_removed),
	    CASE(reader_gives_pieces_and_then_the_end),
	    CASE(ranges_are_cut_at_the_end),
	    CASE(info_of_a_range_is_of_the_whole_object),
	    CASE(a_range_that_begins_beyond_the_end_is_refused),
	    CASE(read_refuses_what_is_beyond_its_limit),
	    CASE(open_file_gives_the_whole_object_to_read),
	    CASE(a_copy_is_frozen),
	    CASE(a_copy_of_another_version_is_a_conflict),
	    CASE(a_copy_replaces_and_may_be_repeated),
	    CASE(a_copy_onto_itself_is_refused),
	    CASE(keys_are_listed_in_the_order_of_their_bytes),
	    CASE(a_prefix_is_bytes_and_not_parts),
	    CASE(prefixes_that_no_key_can_have_list_nothing),
	    CASE(after_need_not_be_a_key),
	    CASE(a_list_tells_sizes_and_times),
	    CASE(a_list_of_another_size_is_refused),
	    CASE(many_keys_are_listed_once_each),
	    CASE(parts_become_one_object),
	    CASE(a_complete_may_be_repeated),
	    CASE(a_part_put_again_replaces_itself),
	    CASE(a_missing_part_is_a_conflict),
	    CASE(a_small_part_before_the_last_is_refused),
	    CASE(parts_out_of_order_or_out_of_range_are_refused),
	    CASE(parts_are_listed_by_number),
	    CASE(an_unknown_upload_is_not_found),
	    CASE(an_upload_is_of_its_key_alone),
	    CASE(an_aborted_upload_is_gone),
	    CASE(links_that_make_no_sense_are_refused),
	    CASE(links_elsewhere_cannot_be_checked_here),
	    CASE(a_link_tells_what_it_was_made_for),
	    CASE(a_link_to_get_carries_a_name_and_a_type),
	    CASE(a_late_link_has_expired),
	    CASE(an_altered_byte_anywhere_is_denied),
	    CASE(parameters_added_moved_or_repeated_are_denied),
	    CASE(a_link_is_of_its_key_alone),
	    CASE(a_cancelled_call_does_nothing),
	    CASE(a_commit_that_is_cancelled_stores_nothing),
	    CASE(a_deadline_that_has_passed_is_a_timeout),
	};

	for (size_t i = 0; i < Q_COUNT_OF(tests); i++)
		tests[i].initial_state = &suite;
	return cmocka_run_group_tests_name(subject->name, tests, NULL, NULL);
}
