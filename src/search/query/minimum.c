#include "search/query/minimum.h"

/* A percentage is cut towards zero as a 32-bit float, which is what OpenSearch does. */
static size_t one_minimum(const struct q_minimum *minimum, size_t clause_count)
{
	int64_t count = (int64_t)clause_count, number = minimum->number;

	if (minimum->is_percentage)
		number = (int64_t)((float)(count * number) * (1 / 100.0f));
	if (minimum->number < 0)
		number += count;
	return number < 0 ? 0 : (size_t)number;
}

size_t q__minimum_of(const struct q_minimum *minimum, size_t clause_count)
{
	size_t asked = clause_count;

	for (; minimum && minimum->from <= clause_count; minimum = minimum->next)
		asked = one_minimum(minimum, clause_count);
	return asked;
}
