#include "search/query/scope.h"

#include "base/bits.h"

struct q__scope q__scope_all(const struct q__snapshot *snapshot, const struct q_call *call)
{
	return (struct q__scope){.snapshot = snapshot, .call = call};
}

void q__scope_free(struct q__scope *scope)
{
	q_arena_free(scope->postings);
	scope->postings = NULL;
}

enum q_code q__scope_check(const struct q__scope *scope, struct q_err *err)
{
	if (scope->is_out_of_memory)
		return q_fail(err, Q_NOMEM, "search_index.search", "the postings of a term");
	return q_call_check(scope->call, "search_index.search", err);
}

uint32_t q__scope_next(const struct q__scope *scope, size_t part, uint32_t from)
{
	uint32_t count = scope->snapshot->parts[part].segment->document_count;

	if (scope->seen)
		from = (uint32_t)q_bits_next(scope->seen[part], from, count);
	return from < count ? from : Q__NO_DOCUMENT;
}

bool q__scope_sees(const struct q__scope *scope, size_t part, uint32_t document)
{
	if (scope->seen)
		return q_bits_have(scope->seen[part], document);
	return !q__deletions_have(scope->snapshot->parts[part].deletions, document);
}

uint32_t q__scope_place(const struct q__scope *scope, size_t part, uint32_t document)
{
	size_t place = 0;

	if (!scope->seen)
		return document;
	for (size_t i = 0; i < part; i++)
		place += q_bits_count(scope->seen[i],
				      scope->snapshot->parts[i].segment->document_count);
	return (uint32_t)(place + q_bits_count(scope->seen[part], document));
}

void q__scope_narrow(const struct q__scope *scope, size_t part, struct q__window *window)
{
	if (!scope->seen && !scope->snapshot->parts[part].deletions)
		return;
	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->found[i]; word != 0;) {
			unsigned bit = q_bits_take(&word);

			if (!q__scope_sees(scope, part, window->start + 64 * i + bit))
				window->found[i] &= ~((uint64_t)1 << bit);
		}
	}
}

static void count_values(const struct q__column *column, const uint64_t *words,
			 struct q__field_counts *counts)
{
	uint32_t end = column->document_count;

	for (size_t at = q_bits_next(words, 0, end); at < end;
	     at = q_bits_next(words, at + 1, end)) {
		struct q__value_range values = q__column_find(column, (uint32_t)at);

		counts->documents += values.end > values.at;
		counts->tokens += values.end - values.at;
	}
}

static void count_part(const struct q__scope *scope, size_t part, size_t field,
		       struct q__field_counts *counts)
{
	const struct q__segment *segment = scope->snapshot->parts[part].segment;
	const struct q__field *in = &segment->fields[field];

	if (in->lengths.bytes)
		q__field_lengths_count(&in->lengths, scope->seen[part], segment->document_count,
				       counts);
	else
		count_values(&in->column, scope->seen[part], counts);
}

static struct q__field_counts count_files(const struct q__scope *scope, size_t field)
{
	struct q__field_counts counts = {0};

	for (size_t i = 0; i < scope->snapshot->part_count; i++) {
		const struct q__field *in = &scope->snapshot->parts[i].segment->fields[field];

		counts.documents += in->document_count;
		counts.tokens += in->token_count;
	}
	return counts;
}

struct q__field_counts q__scope_count_field(struct q__scope *scope, size_t field)
{
	if (!scope->seen)
		return count_files(scope, field);
	if (scope->counts[field].documents == Q__NOT_COUNTED) {
		scope->counts[field] = (struct q__field_counts){0};
		for (size_t i = 0; i < scope->snapshot->part_count; i++)
			count_part(scope, i, field, &scope->counts[field]);
	}
	return scope->counts[field];
}

/* Both lists are gone through in turns, each to where the other stands, so that the cost is that
 * of the shorter one. */
static uint32_t count_common(struct q__scope *scope, size_t part, struct q__postings *postings,
			     uint32_t max)
{
	uint32_t count = 0, at = 0;

	while (count < max) {
		uint32_t seen = q__scope_next(scope, part, at);

		if (seen == Q__NO_DOCUMENT)
			break;
		at = q__postings_seek(postings, seen);
		if (at == Q__NO_DOCUMENT)
			break;
		if (at == seen) {
			count++;
			at++;
		}
	}
	return count;
}

static uint32_t count_up_to(struct q__scope *scope, size_t part, size_t field,
			    const struct q__term_ref *ref, uint32_t max)
{
	const struct q__field *in = &scope->snapshot->parts[part].segment->fields[field];
	struct q__postings postings;
	struct q_err over;

	if (!scope->seen || ref->document_count == 0)
		return ref->document_count;
	if (q__scope_check(scope, &over))
		return 0;
	q_arena_reset(scope->postings);
	scope->is_out_of_memory = !q__postings_open(&postings, ref, &in->postings, scope->postings);
	return scope->is_out_of_memory ? 0 : count_common(scope, part, &postings, max);
}

bool q__scope_has_term(struct q__scope *scope, size_t part, size_t field,
		       const struct q__term_ref *ref)
{
	return count_up_to(scope, part, field, ref, 1) > 0;
}

uint32_t q__scope_count_term(struct q__scope *scope, size_t part, size_t field,
			     const struct q__term_ref *ref)
{
	return count_up_to(scope, part, field, ref, UINT32_MAX);
}
