#include "contract/blob_store_suite_internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

	assert_ok(q_blob_writer_open(suite->store, &no_limits, Q_STR("pieces"), &writer,
				     &suite->err));
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

	assert_ok(q_blob_writer_open(suite->store, &no_limits, Q_STR("aborted"), &writer,
				     &suite->err));
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
	assert_code(q_blob_store_open_file(suite->store, &no_limits, key, &fd, &size_bytes,
					   &suite->err),
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
		assert_ok(q_blob_reader_read(reader, &no_limits, piece, sizeof piece, &got,
					     &suite->err));
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

/* ---- calls */

static void a_cancelled_call_does_nothing(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};

	assert_code(q_blob_store_put(suite->store, &call, Q_STR("cancelled"), text("x"), NULL,
				     &suite->err),
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

struct case_list blob_store_object_cases(void)
{
	static const struct CMUnitTest cases[] = {
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
		CASE(a_cancelled_call_does_nothing),
		CASE(a_commit_that_is_cancelled_stores_nothing),
		CASE(a_deadline_that_has_passed_is_a_timeout),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
