/* Aliases, pins, and the end of an index. */
#include "contract/search_index_suite_internal.h"

#include "base/time.h"

#define EVERYTHING "{'query':{'match_all':{}}}"

/* Another index of the definition with one document, called name-2; its name. */
static struct q_str make_other(struct suite *suite, const char *id)
{
	struct q_str before = suite->index;
	struct q_str name = q_arena_format(suite->arena, "%s-2", suite->index_name);

	assert_int_equal(q_search_index_ensure(suite->subject->store, &no_limits, name, &definition,
					       &suite->err),
			 Q_OK);
	suite->index = name;
	put(suite, id, "{\"name\":\"other\"}");
	refresh(suite);
	suite->index = before;
	return name;
}

/* The alias of the case, pointed to the index. */
static struct q_str point_alias(struct suite *suite, struct q_str index)
{
	struct q_str alias = q_arena_format(suite->arena, "%s-alias", suite->index_name);

	if (q_search_index_alias(suite->subject->store, &no_limits, alias, index, &suite->err))
		fail_msg("%s", suite->err.message);
	return alias;
}

static void an_alias_stands_for_its_index(void **state)
{
	struct suite *suite = *state;

	suite->index = point_alias(suite, suite->index);
	put_people(suite);
	assert_hits(suite, EVERYTHING, "1 2 3 4");
	suite->index = q_str_from(suite->index_name);
	assert_hits(suite, EVERYTHING, "1 2 3 4");
}

static void an_alias_moves_to_another_index_in_one_step(void **state)
{
	struct suite *suite = *state;
	struct q_str index = suite->index, other = make_other(suite, "5");

	put_people(suite);
	suite->index = point_alias(suite, index);
	assert_hits(suite, EVERYTHING, "1 2 3 4");
	point_alias(suite, other);
	assert_hits(suite, EVERYTHING, "5");
	point_alias(suite, index);
	assert_hits(suite, EVERYTHING, "1 2 3 4");
}

static void an_alias_is_there_when_the_store_is_opened_again(void **state)
{
	struct suite *suite = *state;

	if (!suite->subject->reopen)
		skip();
	put_people(suite);
	suite->index = point_alias(suite, suite->index);
	suite->subject->reopen(suite->subject);
	assert_hits(suite, EVERYTHING, "1 2 3 4");
}

static void assert_alias_fails(struct suite *suite, struct q_str alias, struct q_str index,
			       enum q_code expected)
{
	assert_int_equal(
		q_search_index_alias(suite->subject->store, &no_limits, alias, index, &suite->err),
		expected);
}

static void an_alias_is_not_made_of_what_is_no_index(void **state)
{
	struct suite *suite = *state;
	struct q_str other = make_other(suite, "5"), alias = point_alias(suite, suite->index);

	assert_alias_fails(suite, Q_STR("new"), Q_STR("missing"), Q_NOTFOUND);
	assert_alias_fails(suite, Q_STR("new"), alias, Q_NOTFOUND);
	assert_alias_fails(suite, other, suite->index, Q_CONFLICT);
	assert_alias_fails(suite, Q_STR(".."), suite->index, Q_INVALID);
	suite->index = other;
	assert_hits(suite, EVERYTHING, "5");
}

/* Pins the case's index. */
static struct q_str make_pin(struct suite *suite, int64_t keep_ms)
{
	struct q_str pin;

	if (q_search_index_pin(suite->subject->store, &no_limits, suite->index, keep_ms,
			       suite->arena, &pin, &suite->err))
		fail_msg("%s", suite->err.message);
	return pin;
}

/* What a search for everything answers through the pin; how many it finds. */
static enum q_code search_pin(struct suite *suite, struct q_str pin, uint64_t *total)
{
	struct q_search_request request;
	struct q_search_result result;
	enum q_code code;

	read_request(suite, EVERYTHING, &request);
	request.view.pin = pin;
	code = q_search_index_search(suite->subject->store, &no_limits, suite->index, &request,
				     suite->arena, &result, &suite->err);
	if (!code)
		*total = result.total;
	return code;
}

static void assert_total(struct suite *suite, struct q_str pin, uint64_t expected)
{
	uint64_t total;

	if (search_pin(suite, pin, &total))
		fail_msg("%s", suite->err.message);
	assert_int_equal(total, expected);
}

static void a_pin_sees_the_index_as_it_was(void **state)
{
	struct suite *suite = *state;
	struct q_str pin;

	put_people(suite);
	pin = make_pin(suite, 60 * 1000);
	put(suite, "5", "{\"name\":\"later\"}");
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	refresh(suite);
	assert_int_equal(
		q_search_index_merge(suite->subject->store, &no_limits, suite->index, &suite->err),
		Q_OK);
	assert_total(suite, pin, 4);
	assert_hits(suite, EVERYTHING, "2 3 4 5");
	assert_int_equal(q_search_index_unpin(suite->subject->store, &no_limits, pin, &suite->err),
			 Q_OK);
}

static void a_pin_counts_explains_and_suggests_what_it_sees(void **state)
{
	struct suite *suite = *state;
	struct q_search_query swims = {
		.kind = Q_SEARCH_TERM, .boost = 1, .term = {Q_STR("notes"), Q_STR("swimming")}};
	struct q_suggest_request request = {
		.field = Q_STR("tenant"), .size = 5, .view = {.pin = {0}}};
	struct q_search_index *store = suite->subject->store;
	struct q_suggest_result suggested;
	struct q_explanation explanation;
	struct q_search_view view = {0};
	uint64_t total;

	put_people(suite);
	view.pin = request.view.pin = make_pin(suite, 60 * 1000);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "2", ""), Q_OK);
	refresh(suite);
	assert_int_equal(q_search_index_count(store, &no_limits, suite->index, &swims, &view,
					      &total, &suite->err),
			 Q_OK);
	assert_int_equal(total, 2);
	assert_int_equal(q_search_index_explain(store, &no_limits, suite->index, &swims, &view,
						Q_STR("1"), suite->arena, &explanation,
						&suite->err),
			 Q_OK);
	assert_int_equal(q_search_index_explain(store, &no_limits, suite->index, &swims, NULL,
						Q_STR("1"), suite->arena, &explanation,
						&suite->err),
			 Q_NOTFOUND);
	assert_int_equal(q_search_index_suggest(store, &no_limits, suite->index, &request,
						suite->arena, &suggested, &suite->err),
			 Q_OK);
	assert_int_equal(suggested.words[0].suggestion_count, 2);
}

static void a_pin_that_has_ended_counts_and_explains_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_view view = {.pin = Q_STR("no pin")};
	struct q_explanation explanation;
	uint64_t total;

	put_people(suite);
	assert_int_equal(q_search_index_count(suite->subject->store, &no_limits, suite->index, &all,
					      &view, &total, &suite->err),
			 Q_NOTFOUND);
	assert_int_equal(q_search_index_explain(suite->subject->store, &no_limits, suite->index,
						&all, &view, Q_STR("1"), suite->arena, &explanation,
						&suite->err),
			 Q_NOTFOUND);
}

static void a_pin_of_an_alias_stays_with_its_index(void **state)
{
	struct suite *suite = *state;
	struct q_str other = make_other(suite, "5"), pin;

	put_people(suite);
	suite->index = point_alias(suite, suite->index);
	pin = make_pin(suite, 60 * 1000);
	point_alias(suite, other);
	assert_total(suite, pin, 4);
	assert_hits(suite, EVERYTHING, "5");
}

static void a_pin_that_was_ended_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_str pin = make_pin(suite, 60 * 1000);
	uint64_t total;

	assert_total(suite, pin, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			q_search_index_unpin(suite->subject->store, &no_limits, pin, &suite->err),
			Q_OK);
	assert_int_equal(search_pin(suite, pin, &total), Q_NOTFOUND);
	assert_int_equal(search_pin(suite, Q_STR("no pin"), &total), Q_NOTFOUND);
}

static void a_pin_ends_when_nobody_uses_it(void **state)
{
	struct suite *suite = *state;
	struct q_str pin = make_pin(suite, 1);
	int64_t made_ms = q_time_monotonic_ms();
	uint64_t total;

	while (q_time_monotonic_ms() - made_ms < 2)
		continue;
	assert_int_equal(search_pin(suite, pin, &total), Q_NOTFOUND);
}

static void a_pin_is_of_the_index_that_it_was_made_for(void **state)
{
	struct suite *suite = *state;
	struct q_str pin = make_pin(suite, 60 * 1000);
	uint64_t total;

	suite->index = make_other(suite, "5");
	assert_int_equal(search_pin(suite, pin, &total), Q_NOTFOUND);
}

static void a_pin_is_kept_for_a_day_at_most(void **state)
{
	static const int64_t bad[] = {0, -1, Q_SEARCH_PIN_KEEP_MAX_MS + (int64_t)1};
	struct suite *suite = *state;
	struct q_str pin;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		assert_int_equal(q_search_index_pin(suite->subject->store, &no_limits, suite->index,
						    bad[i], suite->arena, &pin, &suite->err),
				 Q_INVALID);
}

static enum q_code pin_again(struct suite *suite, struct q_str *pin)
{
	return q_search_index_pin(suite->subject->store, &no_limits, suite->index, 60 * 1000,
				  suite->arena, pin, &suite->err);
}

static void there_may_be_so_many_pins_at_a_time(void **state)
{
	struct suite *suite = *state;
	struct q_str pins[Q_SEARCH_PINS_MAX + 1];
	size_t count = 0;

	while (count < Q_COUNT_OF(pins) && !pin_again(suite, &pins[count]))
		count++;
	assert_int_equal(suite->err.code, Q_BUSY);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(q_search_index_unpin(suite->subject->store, &no_limits, pins[i],
						      &suite->err),
				 Q_OK);
	assert_int_equal(pin_again(suite, &pins[0]), Q_OK);
}

static enum q_code drop(struct suite *suite, struct q_str index)
{
	return q_search_index_drop(suite->subject->store, &no_limits, index, &suite->err);
}

static void an_index_that_is_dropped_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_str other = make_other(suite, "5");
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(drop(suite, suite->index), Q_OK);
	assert_int_equal(search(suite, EVERYTHING, &result), Q_NOTFOUND);
	assert_int_equal(q_search_index_refresh(suite->subject->store, &no_limits, suite->index,
						&suite->err),
			 Q_NOTFOUND);
	suite->index = other;
	assert_hits(suite, EVERYTHING, "5");
}

static void an_index_that_is_dropped_can_be_made_anew(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_int_equal(drop(suite, suite->index), Q_OK);
	assert_int_equal(q_search_index_ensure(suite->subject->store, &no_limits, suite->index,
					       &definition, &suite->err),
			 Q_OK);
	assert_hits(suite, EVERYTHING, "");
	put(suite, "6", "{}");
	refresh(suite);
	assert_hits(suite, EVERYTHING, "6");
}

static void what_is_not_there_is_not_dropped(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(drop(suite, Q_STR("suite-missing")), Q_NOTFOUND);
	assert_int_equal(drop(suite, suite->index), Q_OK);
	assert_int_equal(drop(suite, suite->index), Q_NOTFOUND);
	assert_int_equal(drop(suite, Q_STR("../suite")), Q_INVALID);
}

static void an_alias_goes_with_its_index_and_is_not_dropped_itself(void **state)
{
	struct suite *suite = *state;
	struct q_str index = suite->index, alias = point_alias(suite, index);
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(drop(suite, alias), Q_INVALID);
	suite->index = alias;
	assert_hits(suite, EVERYTHING, "1 2 3 4");
	assert_int_equal(drop(suite, index), Q_OK);
	assert_int_equal(search(suite, EVERYTHING, &result), Q_NOTFOUND);
	suite->index = make_other(suite, "5");
	point_alias(suite, suite->index);
	suite->index = alias;
	assert_hits(suite, EVERYTHING, "5");
}

static void a_pin_ends_with_its_index(void **state)
{
	struct suite *suite = *state;
	struct q_str pin;
	uint64_t total;

	put_people(suite);
	pin = make_pin(suite, 60 * 1000);
	assert_int_equal(drop(suite, suite->index), Q_OK);
	assert_int_equal(search_pin(suite, pin, &total), Q_NOTFOUND);
}

struct case_list search_index_names_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(an_alias_stands_for_its_index),
		CASE(an_alias_moves_to_another_index_in_one_step),
		CASE(an_alias_is_there_when_the_store_is_opened_again),
		CASE(an_alias_is_not_made_of_what_is_no_index),
		CASE(a_pin_sees_the_index_as_it_was),
		CASE(a_pin_counts_explains_and_suggests_what_it_sees),
		CASE(a_pin_that_has_ended_counts_and_explains_nothing),
		CASE(a_pin_of_an_alias_stays_with_its_index),
		CASE(a_pin_that_was_ended_is_not_found),
		CASE(a_pin_ends_when_nobody_uses_it),
		CASE(a_pin_is_of_the_index_that_it_was_made_for),
		CASE(a_pin_is_kept_for_a_day_at_most),
		CASE(there_may_be_so_many_pins_at_a_time),
		CASE(an_index_that_is_dropped_is_not_found),
		CASE(an_index_that_is_dropped_can_be_made_anew),
		CASE(what_is_not_there_is_not_dropped),
		CASE(an_alias_goes_with_its_index_and_is_not_dropped_itself),
		CASE(a_pin_ends_with_its_index),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
