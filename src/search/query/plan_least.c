#include "search/query/plan_internal.h"

static uint64_t deleted_count(const struct q__snapshot *snapshot)
{
	uint64_t count = 0;

	for (size_t i = 0; i < snapshot->part_count; i++) {
		if (snapshot->parts[i].deletions)
			count += snapshot->parts[i].deletions->deleted_count;
	}
	return count;
}

static uint64_t all_count(const struct q__snapshot *snapshot)
{
	uint64_t count = 0;

	for (size_t i = 0; i < snapshot->part_count; i++)
		count += snapshot->parts[i].segment->document_count;
	return count;
}

/* The documents of its most frequent term. */
static uint64_t term_count(const struct q__plan *plan, const struct q__snapshot *snapshot)
{
	uint64_t most = 0;

	for (size_t i = 0; i < plan->term_count; i++) {
		uint64_t count = 0;

		for (size_t part = 0; part < snapshot->part_count; part++)
			count += plan->terms[i].refs[part].document_count;
		most = count > most ? count : most;
	}
	return most;
}

/* Deleted ones count. */
static uint64_t count_least(const struct q__plan *plan, const struct q__snapshot *snapshot)
{
	uint64_t most = 0;

	switch (plan->kind) {
	case Q__PLAN_ALL:
		return all_count(snapshot);
	case Q__PLAN_TERMS:
	case Q__PLAN_WEIGHTED:
		return term_count(plan, snapshot);
	case Q__PLAN_BEST:
	case Q__PLAN_CONSTANT:
		for (size_t i = 0; i < plan->inner_count; i++) {
			uint64_t count = count_least(plan->inner[i], snapshot);

			most = count > most ? count : most;
		}
		return most;
	default:
		return 0; /* it takes a search to tell */
	}
}

uint64_t q__plan_least(const struct q__plan *plan, const struct q__scope *scope)
{
	uint64_t least, deleted = deleted_count(scope->snapshot);

	if (scope->seen)
		return 0;
	least = count_least(plan, scope->snapshot);
	return least > deleted ? least - deleted : 0;
}
