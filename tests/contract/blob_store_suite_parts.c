#include "contract/blob_store_suite_internal.h"

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
	parts[0] = put_part(suite, "parts/object", id, 1,
			    (struct q_bytes){body.data, Q_BLOB_PART_MIN});
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
	assert_code(q_blob_parts_put(suite->store, &no_limits, key, id, 0, text("x"), &out,
				     &suite->err),
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
	assert_ok(q_blob_parts_abort(suite->store, &no_limits, Q_STR("parts/theirs"), id,
				     &suite->err));
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

/* ---- parts as streams, for stores that serve their links */

static enum q_code stream_part(struct suite *suite, const char *key, struct q_str id,
			       unsigned number, struct q_bytes body, struct q_blob_info *info)
{
	struct q_blob_writer *writer;
	enum q_code code = q_blob_parts_open(suite->store, &no_limits, q_str_from(key), id, number,
					     &writer, &suite->err);

	if (code)
		return code;
	assert_ok(q_blob_writer_add(writer, &no_limits, body, &suite->err));
	return q_blob_writer_commit(writer, &no_limits, info, &suite->err);
}

static void a_part_may_be_streamed_once(void **state)
{
	struct suite *suite = *state;
	struct q_str id = start(suite, "parts/streamed");
	struct q_blob_part part = {.number = 1};
	struct q_blob_info info;

	if (!q_blob_store_serves_links(suite->store)) {
		assert_code(stream_part(suite, "parts/streamed", id, 1, text("x"), &info),
			    Q_UNSUPPORTED);
		return;
	}
	assert_ok(stream_part(suite, "parts/streamed", id, 1, text("first"), &info));
	assert_int_equal(info.size_bytes, 5);
	assert_sha256(info.sha256, text("first"));
	assert_code(stream_part(suite, "parts/streamed", id, 1, text("other"), &info), Q_CONFLICT);
	memcpy(part.etag, info.etag, sizeof part.etag);
	assert_ok(complete(suite, "parts/streamed", id, &part, 1, &info));
	assert_body(suite, "parts/streamed", text("first"));
	assert_code(stream_part(suite, "parts/streamed", id, 2, text("late"), &info), Q_NOTFOUND);
}

static void of_two_streams_of_a_part_the_first_that_ends_stays(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("parts/raced"), id = start(suite, "parts/raced");
	struct q_blob_writer *slow, *fast;
	struct q_blob_parts parts;

	if (!q_blob_store_serves_links(suite->store))
		return;
	assert_ok(q_blob_parts_open(suite->store, &no_limits, key, id, 1, &slow, &suite->err));
	assert_ok(q_blob_parts_open(suite->store, &no_limits, key, id, 1, &fast, &suite->err));
	assert_ok(q_blob_writer_add(slow, &no_limits, text("slow bytes"), &suite->err));
	assert_ok(q_blob_writer_add(fast, &no_limits, text("fast"), &suite->err));
	assert_ok(q_blob_writer_commit(fast, &no_limits, NULL, &suite->err));
	assert_code(q_blob_writer_commit(slow, &no_limits, NULL, &suite->err), Q_CONFLICT);
	assert_ok(q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts,
				    &suite->err));
	assert_int_equal(parts.count, 1);
	assert_int_equal(parts.items[0].size_bytes, 4);
}

static void a_stream_of_a_part_may_be_given_up_or_outlived(void **state)
{
	struct suite *suite = *state;
	struct q_str key = Q_STR("parts/given-up"), id = start(suite, "parts/given-up");
	struct q_blob_writer *writer;
	struct q_blob_parts parts;

	if (!q_blob_store_serves_links(suite->store))
		return;
	assert_ok(q_blob_parts_open(suite->store, &no_limits, key, id, 1, &writer, &suite->err));
	assert_ok(q_blob_writer_add(writer, &no_limits, text("x"), &suite->err));
	q_blob_writer_abort(writer);
	assert_ok(q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts,
				    &suite->err));
	assert_int_equal(parts.count, 0);
	assert_ok(q_blob_parts_open(suite->store, &no_limits, key, id, 1, &writer, &suite->err));
	assert_ok(q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err));
	assert_code(q_blob_writer_commit(writer, &no_limits, NULL, &suite->err), Q_NOTFOUND);
}

struct case_list blob_store_part_cases(void)
{
	static const struct CMUnitTest cases[] = {
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
		CASE(a_part_may_be_streamed_once),
		CASE(of_two_streams_of_a_part_the_first_that_ends_stays),
		CASE(a_stream_of_a_part_may_be_given_up_or_outlived),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
