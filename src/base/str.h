/* base/str.h: string views and byte views. A view borrows its bytes: whoever made them keeps them
 * alive.
 *
 * Contract:  views need no final NUL and may hold any byte. The empty view may have data == NULL.
 * Units:     bytes (not characters; see base/utf8.h).
 * Ownership: nothing here allocates.
 * Threads:   all functions are pure.
 * Errors:    parsers return false and leave *out alone. */
#ifndef Q_BASE_STR_H
#define Q_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct q_str {
	const char *data;
	size_t length;
};

struct q_bytes {
	const unsigned char *data;
	size_t length;
};

/* A view of a string literal, at compile time. */
#define Q_STR(LITERAL) ((struct q_str){"" LITERAL, sizeof(LITERAL) - 1})

/* The same as an initializer: for static tables, where C wants a constant. */
/* clang-format off */
#define Q_STR_INIT(LITERAL) {"" LITERAL, sizeof(LITERAL) - 1}
/* clang-format on */

/* The two arguments of "%.*s". */
#define Q_STR_ARG(S) (int)(S).length, (S).data

/* A view of a NUL-terminated string; NULL gives the empty view. */
struct q_str q_str_from(const char *text);

struct q_bytes q_str_bytes(struct q_str s);
struct q_str q_bytes_str(struct q_bytes b);

bool q_str_equal(struct q_str a, struct q_str b);

/* ASCII letters compare alike; other bytes as they are. */
bool q_str_equal_ignore_case(struct q_str a, struct q_str b);

/* Order by bytes as memcmp, a prefix first: negative, 0 or positive. */
int q_str_compare(struct q_str a, struct q_str b);

bool q_str_starts_with(struct q_str s, struct q_str prefix);
bool q_str_ends_with(struct q_str s, struct q_str suffix);

/* Finds the first `needle`; *at is its offset. An empty needle is found at 0. */
bool q_str_find(struct q_str haystack, struct q_str needle, size_t *at);

/* Bytes [from, to) of s; both are cut to its length. */
struct q_str q_str_slice(struct q_str s, size_t from, size_t to);

/* Without the leading and trailing spaces, tabs, CRs and LFs. */
struct q_str q_str_trim(struct q_str s);

/* Splits s at the first `separator`. False, with *before = s and *after empty, where there is none.
 */
bool q_str_cut(struct q_str s, char separator, struct q_str *before, struct q_str *after);

/* The whole of s is a decimal integer with an optional '-', no spaces, in range. */
bool q_str_to_int64(struct q_str s, int64_t *out);

#endif
