#include "search/segment/field_lengths.h"

#include "base/bits.h"
#include "search/segment/length_byte.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DOCUMENTS = 200, WORDS = (DOCUMENTS + 63) / 64 };

struct written {
	uint32_t tokens[DOCUMENTS];
	uint8_t bytes[DOCUMENTS];
	struct q_buf longer;
};

static void write_lengths(struct written *written)
{
	for (uint32_t i = 0; i < DOCUMENTS; i++)
		written->bytes[i] = q__length_to_byte(written->tokens[i]);
	q_buf_init(&written->longer, 1 << 16);
	assert_true(q__longer_write(written->bytes, written->tokens, DOCUMENTS, &written->longer));
}

static struct q__field_counts count(const struct written *written, const uint64_t *words)
{
	struct q__field_lengths lengths = {written->bytes,
					   q_str_bytes(q_buf_str(&written->longer))};
	struct q__field_counts counts = {0};

	q__field_lengths_count(&lengths, words, DOCUMENTS, &counts);
	return counts;
}

static void any_documents_are_counted_exactly_where_length_bytes_are_not(void **state)
{
	struct written written;

	(void)state;
	for (uint32_t i = 0; i < DOCUMENTS; i++)
		written.tokens[i] = i % 5 ? i * i : 0;
	write_lengths(&written);
	for (uint32_t first = 0; first < 3; first++) {
		struct q__field_counts expected = {0}, counts;
		uint64_t words[WORDS] = {0};

		for (uint32_t i = first; i < DOCUMENTS; i += 3) {
			q_bits_add(words, i);
			expected.documents += written.tokens[i] > 0;
			expected.tokens += written.tokens[i];
		}
		counts = count(&written, words);
		assert_int_equal(counts.documents, expected.documents);
		assert_int_equal(counts.tokens, expected.tokens);
	}
	q_buf_free(&written.longer);
}

static void lengths_that_a_byte_keeps_take_no_more_room(void **state)
{
	struct written written;

	(void)state;
	for (uint32_t i = 0; i < DOCUMENTS; i++)
		written.tokens[i] = i % 40;
	write_lengths(&written);
	assert_int_equal(written.longer.length, 0);
	q_buf_free(&written.longer);
}

static void a_pair_that_is_cut_or_names_no_document_is_not_counted(void **state)
{
	static const uint32_t pairs[] = {0, 5, DOCUMENTS, 7, 1};
	struct q__field_lengths lengths = {.longer = {(const unsigned char *)pairs, sizeof pairs}};
	struct q__field_counts counts = {0};
	uint8_t bytes[DOCUMENTS] = {0};
	uint64_t words[WORDS] = {0};

	(void)state;
	lengths.bytes = bytes;
	words[0] = 3;
	q__field_lengths_count(&lengths, words, DOCUMENTS, &counts);
	assert_int_equal(counts.tokens, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_documents_are_counted_exactly_where_length_bytes_are_not),
		cmocka_unit_test(lengths_that_a_byte_keeps_take_no_more_room),
		cmocka_unit_test(a_pair_that_is_cut_or_names_no_document_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
