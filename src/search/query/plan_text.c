/* A query as Lucene's toString writes it, near enough for people: what it is made of, not how. */
#include "search/query/plan_explain_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 64 << 10 };

const char *q__float_text(float number, char text[Q__FLOAT_TEXT_MAX])
{
	size_t length;

	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, Q__FLOAT_TEXT_MAX, "%.*g", digits, (double)number);
		if (strtof(text, NULL) == number)
			break;
	}
	length = strlen(text);
	if (!strpbrk(text, ".ein"))
		snprintf(text + length, Q__FLOAT_TEXT_MAX - length, ".0");
	return text;
}

struct writing {
	const struct q_index_definition *definition;
	struct q_buf out;
};

static void write_plan(struct writing *writing, const struct q__plan *plan);

static void write_boost(struct writing *writing, float boost)
{
	char text[Q__FLOAT_TEXT_MAX];

	if (boost != 1.0f)
		q_buf_format(&writing->out, "^%s", q__float_text(boost, text));
}

static struct q_str field_name(const struct writing *writing, size_t field)
{
	return field == Q__FIELD_ID ? Q_STR("_id") : writing->definition->fields[field - 1].name;
}

/* a AND b as "+a +b", and so on. */
static void write_clauses(struct writing *writing, const struct q__plan *plan)
{
	const size_t counts[] = {plan->must_count, plan->filter_count, plan->should_count,
				 plan->must_not_count};
	static const char *const marks[] = {"+", "#", "", "-"};
	const struct q__plan *const *inner = plan->inner;

	for (size_t i = 0; i < Q_COUNT_OF(counts); i++) {
		for (size_t j = 0; j < counts[i]; j++) {
			q_buf_append(&writing->out, inner == plan->inner ? Q_STR("") : Q_STR(" "));
			q_buf_append(&writing->out, q_str_from(marks[i]));
			write_plan(writing, *inner++);
		}
	}
}

static void write_best(struct writing *writing, const struct q__plan *plan)
{
	bool is_first = true, is_one = plan->inner_count == 1;

	q_buf_append(&writing->out, is_one ? Q_STR("") : Q_STR("("));
	for (size_t i = 0; i < plan->inner_count; i++) {
		if (q__plan_is_nothing(plan->inner[i]))
			continue;
		q_buf_append(&writing->out, is_first ? Q_STR("") : Q_STR(" | "));
		write_plan(writing, plan->inner[i]);
		is_first = false;
	}
	q_buf_append(&writing->out, is_one ? Q_STR("") : Q_STR(")"));
}

static void write_weighted(struct writing *writing, const struct q__plan *plan)
{
	struct q_str name = field_name(writing, plan->field);

	for (size_t i = 0; i < plan->term_count; i++) {
		q_buf_format(&writing->out, "%s%.*s:%.*s", i ? " " : "", Q_STR_ARG(name),
			     Q_STR_ARG(plan->terms[i].term));
		write_boost(writing, plan->terms[i].boost);
	}
}

/* One term is "field:term", several are "field:(a b)". */
static void write_terms(struct writing *writing, const struct q__plan *plan)
{
	bool is_one = plan->query == NULL || plan->query->kind == Q_SEARCH_TERM;

	q_buf_format(&writing->out, "%.*s:%s", Q_STR_ARG(field_name(writing, plan->field)),
		     is_one ? "" : "(");
	for (size_t i = 0; i < plan->term_count; i++)
		q_buf_format(&writing->out, "%s%.*s", i ? " " : "", Q_STR_ARG(plan->terms[i].term));
	q_buf_append(&writing->out, is_one ? Q_STR("") : Q_STR(")"));
}

static void write_phrase(struct writing *writing, const struct q__plan *plan)
{
	q_buf_format(&writing->out, "%.*s:\"", Q_STR_ARG(field_name(writing, plan->field)));
	for (size_t i = 0; i < plan->term_count; i++)
		q_buf_format(&writing->out, "%s%.*s", i ? " " : "", Q_STR_ARG(plan->terms[i].term));
	q_buf_append_char(&writing->out, '"');
	if (plan->slop > 0)
		q_buf_format(&writing->out, "~%u", plan->slop);
}

static void write_range(struct writing *writing, const struct q_search_query *query)
{
	const struct q_search_bound *from = &query->range.from, *to = &query->range.to;

	q_buf_format(&writing->out, "%.*s:%c%.*s TO %.*s%c", Q_STR_ARG(query->range.field),
		     from->is_exclusive ? '{' : '[',
		     Q_STR_ARG(from->is_set ? from->value : Q_STR("*")),
		     Q_STR_ARG(to->is_set ? to->value : Q_STR("*")), to->is_exclusive ? '}' : ']');
}

static void write_query(struct writing *writing, const struct q_search_query *query)
{
	if (!query)
		q_buf_append(&writing->out, Q_STR("a value"));
	else if (query->kind == Q_SEARCH_RANGE)
		write_range(writing, query);
	else if (query->kind == Q_SEARCH_PREFIX || query->kind == Q_SEARCH_TERM)
		q_buf_format(&writing->out, "%.*s:%.*s%s", Q_STR_ARG(query->term.field),
			     Q_STR_ARG(query->term.value),
			     query->kind == Q_SEARCH_PREFIX ? "*" : "");
	else
		q_buf_append(&writing->out, Q_STR("a query"));
}

static void write_plan(struct writing *writing, const struct q__plan *plan)
{
	switch (plan->kind) {
	case Q__PLAN_NONE:
		q_buf_append(&writing->out, Q_STR("nothing"));
		break;
	case Q__PLAN_ALL:
		q_buf_append(&writing->out, Q_STR("*:*"));
		break;
	case Q__PLAN_TERMS:
		write_terms(writing, plan);
		break;
	case Q__PLAN_WEIGHTED:
		write_weighted(writing, plan);
		break;
	case Q__PLAN_PHRASE:
		write_phrase(writing, plan);
		break;
	case Q__PLAN_BEST:
		write_best(writing, plan);
		break;
	case Q__PLAN_CONSTANT:
		q_buf_append(&writing->out, Q_STR("ConstantScore("));
		write_plan(writing, plan->inner[0]);
		q_buf_append_char(&writing->out, ')');
		break;
	case Q__PLAN_BOOL:
		write_clauses(writing, plan);
		break;
	default:
		write_query(writing, plan->query);
	}
}

struct q_str q__plan_text(const struct q__plan *plan, const struct q_index_definition *definition,
			  struct q_arena *arena)
{
	struct writing writing = {.definition = definition};
	struct q_str text;

	q_buf_init(&writing.out, TEXT_BYTES_MAX);
	write_plan(&writing, plan);
	text = q_arena_copy(arena, q_buf_str(&writing.out)); /* cut where it is too long */
	q_buf_free(&writing.out);
	return text;
}
