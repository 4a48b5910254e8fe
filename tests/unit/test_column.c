#include "search/segment/column.h"

#include "support/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DOCUMENTS = 3 * Q__ZONE_DOCUMENTS / 2, EACH_MAX = 5, ROUNDS = 40 };

/* Values as they are put, and the section that is written of them. */
struct fixture {
	uint64_t seed;
	int64_t values[DOCUMENTS][EACH_MAX];
	unsigned counts[DOCUMENTS];
	struct q_buf section;
	struct q__column column;
};

static uint64_t draw(struct fixture *fixture)
{
	uint64_t number = draw_next(&fixture->seed);

	return number >> 20 | number << 44;
}

static int compare_values(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What values are like in one round: how many a document has, how large, how far apart. */
static void make_values(struct fixture *fixture)
{
	unsigned each = (unsigned)(draw(fixture) % (EACH_MAX + 1)), bits = draw(fixture) % 65;
	uint64_t step = draw(fixture) % 3 ? 1 : draw(fixture) % 1000 + 1;
	uint64_t base = draw(fixture);
	bool is_exact = draw(fixture) % 2;

	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		fixture->counts[i] = is_exact ? each : (unsigned)(draw(fixture) % (each + 1));
		for (unsigned j = 0; j < fixture->counts[i]; j++) {
			uint64_t number = bits ? draw(fixture) >> (64 - bits) : 0;

			fixture->values[i][j] = (int64_t)(base + number * step);
		}
	}
}

/* Value by value, from the last document to the first in every other round. */
static void write_section(struct fixture *fixture)
{
	bool is_backwards = draw(fixture) % 2;
	struct q__column_writer writer;

	q__column_writer_init(&writer);
	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		uint32_t document = is_backwards ? DOCUMENTS - 1 - i : i;

		for (unsigned j = 0; j < fixture->counts[document]; j++)
			q__column_add(&writer, document, fixture->values[document][j]);
	}
	q_buf_clear(&fixture->section);
	assert_true(q__column_end(&writer, DOCUMENTS, &fixture->section));
	q_buf_append_bytes(&fixture->section, (char[8]){0}, 8);
	q__column_writer_free(&writer);
}

static struct q_bytes section_of(const struct fixture *fixture)
{
	return (struct q_bytes){(const unsigned char *)fixture->section.data,
				fixture->section.length - 8};
}

static void check_document(struct fixture *fixture, uint32_t document)
{
	struct q__value_range range = q__column_find(&fixture->column, document);
	struct q__zone zone = q__column_zone(&fixture->column, document / Q__ZONE_DOCUMENTS);
	int64_t *expected = fixture->values[document];

	qsort(expected, fixture->counts[document], sizeof *expected, compare_values);
	assert_int_equal(range.end - range.at, fixture->counts[document]);
	for (unsigned i = 0; i < fixture->counts[document]; i++) {
		assert_true(q__column_value(&fixture->column, range.at + i) == expected[i]);
		assert_true(zone.least <= expected[i] && expected[i] <= zone.greatest);
	}
}

static void what_is_put_is_read_in_ascending_order(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned round = 0; round < ROUNDS; round++) {
		make_values(fixture);
		write_section(fixture);
		assert_true(q__column_open(&fixture->column, section_of(fixture), DOCUMENTS));
		for (uint32_t i = 0; i < DOCUMENTS; i++)
			check_document(fixture, i);
	}
}

static void one_value_each_needs_no_ends_and_equal_values_no_bits(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		fixture->counts[i] = 1;
		fixture->values[i][0] = 1700000000000;
	}
	write_section(fixture);
	assert_int_equal(section_of(fixture).length, 32 + 2 * 16);
}

static void documents_without_values_take_no_bytes(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t i = 0; i < DOCUMENTS; i++)
		fixture->counts[i] = 0;
	write_section(fixture);
	assert_int_equal(section_of(fixture).length, 0);
	assert_true(q__column_open(&fixture->column, section_of(fixture), DOCUMENTS));
	check_document(fixture, DOCUMENTS - 1);
}

static void values_that_are_whole_days_take_the_bits_of_days(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		fixture->counts[i] = 1;
		fixture->values[i][0] = (int64_t)(draw(fixture) % 16384) * 86400000;
	}
	write_section(fixture);
	assert_true(q__column_open(&fixture->column, section_of(fixture), DOCUMENTS));
	assert_int_equal(fixture->column.value_bits, 14);
}

static void a_section_of_another_length_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct q_bytes section;

	make_values(fixture);
	fixture->counts[0] = 1;
	write_section(fixture);
	section = section_of(fixture);
	assert_false(q__column_open(&fixture->column, section, DOCUMENTS + 2 * Q__ZONE_DOCUMENTS));
	section.length--;
	assert_false(q__column_open(&fixture->column, section, DOCUMENTS));
	section.length = 31;
	assert_false(q__column_open(&fixture->column, section, DOCUMENTS));
}

/* Reads stay inside, whatever the bytes say (the sanitizer sees the others). */
static void damage_is_survived(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned round = 0; round < ROUNDS; round++) {
		make_values(fixture);
		fixture->counts[0] = 1;
		write_section(fixture);
		for (unsigned i = 0; i < 8; i++)
			fixture->section.data[draw(fixture) % section_of(fixture).length] =
				(char)draw(fixture);
		if (!q__column_open(&fixture->column, section_of(fixture), DOCUMENTS))
			continue;
		for (uint32_t i = 0; i < DOCUMENTS; i++) {
			struct q__value_range range = q__column_find(&fixture->column, i);

			assert_true(range.end <= fixture->column.value_count);
			for (; range.at < range.end; range.at++)
				(void)q__column_value(&fixture->column, range.at);
		}
	}
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	fixture->seed = 5;
	q_buf_init(&fixture->section, 8 << 20);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	q_buf_free(&fixture->section);
	free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_put_is_read_in_ascending_order, start, end),
		cmocka_unit_test_setup_teardown(
			one_value_each_needs_no_ends_and_equal_values_no_bits, start, end),
		cmocka_unit_test_setup_teardown(documents_without_values_take_no_bytes, start, end),
		cmocka_unit_test_setup_teardown(values_that_are_whole_days_take_the_bits_of_days,
						start, end),
		cmocka_unit_test_setup_teardown(a_section_of_another_length_is_refused, start, end),
		cmocka_unit_test_setup_teardown(damage_is_survived, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
