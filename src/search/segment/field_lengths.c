#include "search/segment/field_lengths.h"

#include "base/bits.h"
#include "search/segment/codec.h"
#include "search/segment/length_byte.h"

enum { PAIR_BYTES = 2 * sizeof(uint32_t) };

static void count_bytes(const uint8_t *bytes, uint64_t word, struct q__field_counts *counts)
{
	for (; word != 0; word &= word - 1) {
		uint8_t byte = bytes[__builtin_ctzll(word)];

		counts->documents += byte > 0;
		counts->tokens += q__length_from_byte(byte);
	}
}

void q__field_lengths_count(const struct q__field_lengths *lengths, const uint64_t *words,
			    uint32_t document_count, struct q__field_counts *counts)
{
	struct q_bytes longer = lengths->longer;

	for (size_t i = 0; i < ((size_t)document_count + 63) / 64; i++)
		count_bytes(lengths->bytes + 64 * i, words[i], counts);
	for (size_t at = 0; at + PAIR_BYTES <= longer.length; at += PAIR_BYTES) {
		uint32_t document = q__read_u32(longer.data + at);

		if (document < document_count && q_bits_have(words, document))
			counts->tokens += q__read_u32(longer.data + at + sizeof document);
	}
}

bool q__longer_write(const uint8_t *bytes, const uint32_t *tokens, uint32_t document_count,
		     struct q_buf *out)
{
	for (uint32_t i = 0; i < document_count; i++) {
		uint32_t told = q__length_from_byte(bytes[i]);

		if (tokens[i] <= told)
			continue;
		q__append_u32(out, i);
		q__append_u32(out, tokens[i] - told);
	}
	return !q_buf_failed(out);
}
