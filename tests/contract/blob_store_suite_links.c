#include "contract/blob_store_suite_internal.h"

#include "support/clock_simulated.h"

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
	assert_ok(check(suite, "links/get \xc3\xa9", presign(suite, "links/get \xc3\xa9", &link),
			&got));
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
		q_arena_format(suite->arena, "%.*s&%.*s", Q_STR_ARG(signature),
			       Q_STR_ARG(signed_part)),
		q_arena_format(suite->arena, "%.*s&expires=99999999999999&%.*s",
			       Q_STR_ARG(signed_part), Q_STR_ARG(signature)),
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

struct case_list blob_store_link_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(links_that_make_no_sense_are_refused),
		CASE(links_elsewhere_cannot_be_checked_here),
		CASE(a_link_tells_what_it_was_made_for),
		CASE(a_link_to_get_carries_a_name_and_a_type),
		CASE(a_late_link_has_expired),
		CASE(an_altered_byte_anywhere_is_denied),
		CASE(parameters_added_moved_or_repeated_are_denied),
		CASE(a_link_is_of_its_key_alone),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
