#include "base/str.h"

#include <string.h>

struct q_str q_str_from(const char *text)
{
	return (struct q_str){text, text ? strlen(text) : 0};
}

struct q_bytes q_str_bytes(struct q_str s)
{
	return (struct q_bytes){(const unsigned char *)s.data, s.length};
}

struct q_str q_bytes_str(struct q_bytes b)
{
	return (struct q_str){(const char *)b.data, b.length};
}

/* memcmp may not be given NULL, and the empty view may hold it. */
static int compare_bytes(const char *a, const char *b, size_t length)
{
	return length == 0 ? 0 : memcmp(a, b, length);
}

bool q_str_equal(struct q_str a, struct q_str b)
{
	return a.length == b.length && compare_bytes(a.data, b.data, a.length) == 0;
}

/* Not tolower: the locale must not decide what a header name is. */
static unsigned char to_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool q_str_equal_ignore_case(struct q_str a, struct q_str b)
{
	if (a.length != b.length)
		return false;
	for (size_t i = 0; i < a.length; i++) {
		if (to_lower(a.data[i]) != to_lower(b.data[i]))
			return false;
	}
	return true;
}

int q_str_compare(struct q_str a, struct q_str b)
{
	int order = compare_bytes(a.data, b.data, a.length < b.length ? a.length : b.length);

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

bool q_str_starts_with(struct q_str s, struct q_str prefix)
{
	return s.length >= prefix.length && compare_bytes(s.data, prefix.data, prefix.length) == 0;
}

bool q_str_ends_with(struct q_str s, struct q_str suffix)
{
	return s.length >= suffix.length &&
	       q_str_equal(q_str_slice(s, s.length - suffix.length, s.length), suffix);
}

bool q_str_find(struct q_str haystack, struct q_str needle, size_t *at)
{
	const char *found;

	if (needle.length == 0) {
		*at = 0;
		return true;
	}
	if (haystack.length < needle.length)
		return false;
	found = memmem(haystack.data, haystack.length, needle.data, needle.length);
	if (!found)
		return false;
	*at = (size_t)(found - haystack.data);
	return true;
}

struct q_str q_str_slice(struct q_str s, size_t from, size_t to)
{
	if (to > s.length)
		to = s.length;
	if (from > to)
		from = to;
	return from == 0 ? (struct q_str){s.data, to} : (struct q_str){s.data + from, to - from};
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct q_str q_str_trim(struct q_str s)
{
	size_t from = 0;
	size_t to = s.length;

	while (from < to && is_space(s.data[from]))
		from++;
	while (to > from && is_space(s.data[to - 1]))
		to--;
	return q_str_slice(s, from, to);
}

bool q_str_cut(struct q_str s, char separator, struct q_str *before, struct q_str *after)
{
	const char *found = s.length > 0 ? memchr(s.data, separator, s.length) : NULL;
	size_t at = found ? (size_t)(found - s.data) : s.length;

	*before = q_str_slice(s, 0, at);
	*after = q_str_slice(s, found ? at + 1 : at, s.length);
	return found != NULL;
}

bool q_str_to_int64(struct q_str s, int64_t *out)
{
	bool is_negative = s.length > 0 && s.data[0] == '-';
	size_t first = is_negative ? 1 : 0;
	int64_t value = 0;

	if (s.length == first)
		return false;
	/* Counted below zero: INT64_MIN has no positive twin. */
	for (size_t i = first; i < s.length; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, s.data[i] - '0', &value))
			return false;
	}
	if (!is_negative && value == INT64_MIN)
		return false;
	*out = is_negative ? value : -value;
	return true;
}
