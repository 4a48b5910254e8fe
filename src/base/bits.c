#include "base/bits.h"

size_t q_bits_next(const uint64_t *words, size_t from, size_t end)
{
	uint64_t word;

	if (from >= end)
		return end;
	word = words[from / 64] & ~(uint64_t)0 << from % 64;
	for (from = from / 64 * 64; word == 0; word = words[from / 64]) {
		from += 64;
		if (from >= end)
			return end;
	}
	return from + (size_t)__builtin_ctzll(word);
}

size_t q_bits_count(const uint64_t *words, size_t end)
{
	uint64_t rest = words[end / 64] & (((uint64_t)1 << end % 64) - 1);
	size_t count = q_bits_in(rest);

	for (size_t i = 0; i < end / 64; i++)
		count += q_bits_in(words[i]);
	return count;
}
