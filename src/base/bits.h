/* base/bits.h: a set of small numbers, a bit each: bit n % 64 of word n / 64. The words are the
 * caller's; none of this allocates or fails. */
#ifndef Q_BASE_BITS_H
#define Q_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the numbers up to and including `last`. */
static inline size_t q_bits_words(size_t last)
{
	return last / 64 + 1;
}

static inline bool q_bits_have(const uint64_t *words, size_t number)
{
	return words[number / 64] >> number % 64 & 1;
}

static inline void q_bits_add(uint64_t *words, size_t number)
{
	words[number / 64] |= (uint64_t)1 << number % 64;
}

/* The lowest number of a word, which no longer has it then: `while (word) n = q_bits_take(&word)`. */
static inline unsigned q_bits_take(uint64_t *word)
{
	unsigned number = (unsigned)__builtin_ctzll(*word);

	*word &= *word - 1;
	return number;
}

/* How many numbers a word has. By halves: not every processor that this runs on counts bits. */
static inline unsigned q_bits_in(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The first number >= from; `end`, below which all of them are, where there is none. */
size_t q_bits_next(const uint64_t *words, size_t from, size_t end);

/* How many are below `end`, for which there is room too. */
size_t q_bits_count(const uint64_t *words, size_t end);

#endif
