#include "base/uuid.h"

#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The example of RFC 9562 A.6. */
static void v7_gives_the_example_of_the_rfc(void **state)
{
	static const unsigned char entropy[10] = {0x0C, 0xC3, 0x18, 0xC4, 0xDC,
						  0x0C, 0x0C, 0x07, 0x39, 0x8F};
	char text[Q_UUID_TEXT_SIZE];

	q_uuid_v7(INT64_C(0x017F22E279B0), entropy, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void version_and_variant_hold_for_any_entropy(void **state)
{
	unsigned char entropy[10];
	char text[Q_UUID_TEXT_SIZE];

	for (int byte = 0; byte < 256; byte++) {
		memset(entropy, byte, sizeof entropy);
		q_uuid_v7(1234567890123, entropy, text);
		assert_int_equal(text[14], '7');
		assert_non_null(strchr("89ab", text[19]));
		assert_true(q_uuid_is_valid(q_str_from(text)));
	}
}

static void later_ids_sort_behind_earlier_ones(void **state)
{
	unsigned char high[10], low[10] = {0};
	char earlier[Q_UUID_TEXT_SIZE], later[Q_UUID_TEXT_SIZE];

	memset(high, 0xFF, sizeof high);
	for (int bit = 0; bit < 47; bit++) {
		int64_t wall_ms = (INT64_C(1) << bit) - 1;

		q_uuid_v7(wall_ms, high, earlier);
		q_uuid_v7(wall_ms + 1, low, later);
		assert_true(strcmp(earlier, later) < 0);
	}
}

static void only_the_lower_case_form_is_valid(void **state)
{
	static const char *const texts[] = {
		"",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017F22e2-79b0-7cc3-98c4-dc0c0c07398f",
		"017f22e279b0-7cc3-98c4-dc0c0c07398f-",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
		"017f22e2-79b0-7cc3-98c4-dc0c0c0-398f",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(q_uuid_is_valid(q_str_from(texts[i])));
	assert_true(q_uuid_is_valid(Q_STR("00000000-0000-0000-0000-000000000000")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v7_gives_the_example_of_the_rfc),
		cmocka_unit_test(version_and_variant_hold_for_any_entropy),
		cmocka_unit_test(later_ids_sort_behind_earlier_ones),
		cmocka_unit_test(only_the_lower_case_form_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
