#include "base/encode.h"

#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
	struct q_arena *arena;
	struct q_buf buf;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.arena = q_arena_new(100000);
	q_buf_init(&fixture.buf, 10000);
	*state = &fixture;
	return fixture.arena ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	q_arena_free(fixture->arena);
	q_buf_free(&fixture->buf);
	return 0;
}

/* All 256 bytes, twice, less `cut` of them. */
static struct q_bytes many_bytes(size_t cut)
{
	static unsigned char bytes[512];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7);
	return (struct q_bytes){bytes, sizeof bytes - cut};
}

static void hex_is_lower_case(void **state)
{
	struct fixture *f = *state;

	assert_true(q_encode_hex(&f->buf, q_str_bytes(Q_STR("\x00\x1f\xAB\xFF"))));
	assert_view_equal(q_buf_str(&f->buf), "001fabff");
}

static void hex_round_trips(void **state)
{
	struct fixture *f = *state;
	struct q_bytes bytes = many_bytes(0);
	unsigned char decoded[512];

	assert_true(q_encode_hex(&f->buf, bytes));
	assert_true(q_decode_hex(q_buf_str(&f->buf), decoded, sizeof decoded));
	assert_memory_equal(decoded, bytes.data, sizeof decoded);
}

static void hex_of_another_length_or_case_is_refused(void **state)
{
	unsigned char out[2];

	assert_true(q_decode_hex(Q_STR("00ff"), out, 2));
	assert_false(q_decode_hex(Q_STR("00f"), out, 2));
	assert_false(q_decode_hex(Q_STR("00ff0"), out, 2));
	assert_false(q_decode_hex(Q_STR("00ff00"), out, 2));
	assert_false(q_decode_hex(Q_STR("00FF"), out, 2));
	assert_false(q_decode_hex(Q_STR("00fg"), out, 2));
	assert_false(q_decode_hex(Q_STR("0x0f"), out, 2));
	assert_true(q_decode_hex((struct q_str){0}, out, 0));
}

static void base64url_gives_the_texts_of_rfc_4648(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "Zg"},
		{"fo", "Zm8"},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg"},
		{"fooba", "Zm9vYmE"},
		{"foobar", "Zm9vYmFy"},
		{"\xFB\xFF", "-_8"},
	};
	struct fixture *f = *state;
	struct q_bytes decoded;

	for (size_t i = 0; i < Q_COUNT_OF(rows); i++) {
		q_buf_clear(&f->buf);
		assert_true(q_encode_base64url(&f->buf, q_str_bytes(q_str_from(rows[i][0]))));
		assert_string_equal(f->buf.data, rows[i][1]);
		assert_true(q_decode_base64url(f->arena, q_str_from(rows[i][1]), &decoded));
		assert_true(q_str_equal(q_bytes_str(decoded), q_str_from(rows[i][0])));
	}
}

static void base64_is_padded_to_whole_groups(void **state)
{
	static const char *const rows[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xFB\xFF", "+/8="},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < Q_COUNT_OF(rows); i++) {
		q_buf_clear(&f->buf);
		assert_true(q_encode_base64(&f->buf, q_str_bytes(q_str_from(rows[i][0]))));
		assert_string_equal(f->buf.data, rows[i][1]);
	}
}

static void base64url_round_trips_at_every_length(void **state)
{
	struct fixture *f = *state;

	for (size_t cut = 0; cut <= 512; cut++) {
		struct q_bytes bytes = many_bytes(cut);
		struct q_bytes decoded;

		q_buf_clear(&f->buf);
		q_arena_reset(f->arena);
		assert_true(q_encode_base64url(&f->buf, bytes));
		assert_true(q_decode_base64url(f->arena, q_buf_str(&f->buf), &decoded));
		assert_true(q_str_equal(q_bytes_str(decoded), q_bytes_str(bytes)));
	}
}

static void base64url_has_one_text_for_each_value(void **state)
{
	static const char *const texts[] = {
		"Zg==", "Zm8=",	 /* padding */
		"Zh",	"Zm9",	 /* bits behind the last byte */
		"Z",	"Zm9vY", /* a digit that makes no byte */
		"Z+8",	"Z/8",	 /* the other alphabet */
		"Zm 8", "Zm8\n",
	};
	struct fixture *f = *state;
	struct q_bytes decoded = {NULL, 99};

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++)
		assert_false(q_decode_base64url(f->arena, q_str_from(texts[i]), &decoded));
	assert_int_equal(decoded.length, 99);
}

static void percent_keeps_the_unreserved_bytes_alone(void **state)
{
	struct fixture *f = *state;

	assert_true(q_encode_percent(&f->buf, Q_STR("AZaz09-._~")));
	assert_view_equal(q_buf_str(&f->buf), "AZaz09-._~");
	q_buf_clear(&f->buf);
	assert_true(q_encode_percent(&f->buf, Q_STR("a b/c%+\x00\xC3\xBC")));
	assert_view_equal(q_buf_str(&f->buf), "a%20b%2Fc%25%2B%00%C3%BC");
}

static void percent_of_a_path_keeps_its_slashes(void **state)
{
	struct fixture *f = *state;

	assert_true(q_encode_percent_path(&f->buf, Q_STR("/a b/c?")));
	assert_view_equal(q_buf_str(&f->buf), "/a%20b/c%3F");
}

static void percent_round_trips(void **state)
{
	struct fixture *f = *state;
	struct q_str text = q_bytes_str(many_bytes(0));
	struct q_str decoded;

	assert_true(q_encode_percent(&f->buf, text));
	assert_true(q_decode_percent(f->arena, q_buf_str(&f->buf), false, &decoded));
	assert_true(q_str_equal(decoded, text));
}

static void escapes_of_either_case_are_decoded_and_a_nul_follows(void **state)
{
	struct fixture *f = *state;
	struct q_str decoded;

	assert_true(q_decode_percent(f->arena, Q_STR("%2f%2Fx"), false, &decoded));
	assert_string_equal(decoded.data, "//x");
}

static void plus_is_a_space_only_in_a_query(void **state)
{
	struct fixture *f = *state;
	struct q_str decoded;

	assert_true(q_decode_percent(f->arena, Q_STR("a+b%2B"), false, &decoded));
	assert_view_equal(decoded, "a+b+");
	assert_true(q_decode_percent(f->arena, Q_STR("a+b%2B"), true, &decoded));
	assert_view_equal(decoded, "a b+");
}

static void bad_escapes_are_refused(void **state)
{
	static const char *const texts[] = {"%", "a%", "%2", "%g0", "%0g", "%%20", "% 20", "%-1"};
	struct fixture *f = *state;
	struct q_str decoded;

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++)
		assert_false(q_decode_percent(f->arena, q_str_from(texts[i]), false, &decoded));
}

static void encoders_are_whole_or_not_at_all(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 5);
	assert_false(q_encode_hex(&buf, q_str_bytes(Q_STR("abc"))));
	q_buf_clear(&buf);
	assert_false(q_encode_base64url(&buf, q_str_bytes(Q_STR("abcd"))));
	q_buf_clear(&buf);
	assert_false(q_encode_percent(&buf, Q_STR("abc ")));
	assert_string_equal(buf.data, "");
	q_buf_clear(&buf);
	assert_true(q_encode_percent(&buf, Q_STR("ab ")));
	assert_string_equal(buf.data, "ab%20");
	q_buf_free(&buf);
}

static void lengths_that_overflow_are_beyond_the_limit(void **state)
{
	static const char byte = 'x';
	struct fixture *f = *state;

	assert_false(
		q_encode_hex(&f->buf, (struct q_bytes){(const void *)&byte, SIZE_MAX / 2 + 1}));
	assert_true(q_buf_failed(&f->buf));
	q_buf_clear(&f->buf);
	assert_false(q_encode_base64url(&f->buf, (struct q_bytes){(const void *)&byte, SIZE_MAX}));
	assert_true(q_buf_failed(&f->buf));
}

static enum q_code decode_all(void *context)
{
	struct q_arena *arena = q_arena_new(100000);
	struct q_bytes bytes;
	struct q_str text;
	bool ok = arena && q_decode_base64url(arena, Q_STR("Zm9v"), &bytes) &&
		  q_decode_percent(arena, Q_STR("%20"), false, &text);

	q_arena_free(arena);
	return ok ? Q_OK : Q_NOMEM;
}

static void decoders_tell_that_the_arena_failed(void **state)
{
	struct q_arena *arena = q_arena_new(2);
	struct q_bytes bytes;
	struct q_str text;

	assert_false(q_decode_base64url(arena, Q_STR("Zm9v"), &bytes));
	assert_true(q_arena_failed(arena));
	q_arena_reset(arena);
	assert_false(q_decode_percent(arena, Q_STR("abc"), false, &text));
	assert_true(q_arena_failed(arena));
	q_arena_free(arena);
	assert_true(run_with_failing_memory(decode_all, NULL) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hex_is_lower_case, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hex_round_trips, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hex_of_another_length_or_case_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(base64url_gives_the_texts_of_rfc_4648, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(base64_is_padded_to_whole_groups, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(base64url_round_trips_at_every_length, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(base64url_has_one_text_for_each_value, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(percent_keeps_the_unreserved_bytes_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(percent_of_a_path_keeps_its_slashes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(percent_round_trips, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			escapes_of_either_case_are_decoded_and_a_nul_follows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(plus_is_a_space_only_in_a_query, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_escapes_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(encoders_are_whole_or_not_at_all, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(lengths_that_overflow_are_beyond_the_limit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(decoders_tell_that_the_arena_failed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
