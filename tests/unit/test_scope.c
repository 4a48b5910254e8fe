/* Several tenants in one index, with deletions and many segments, and each of them alone in an
 * index of its own: random requests have the same answer, to the byte. */
#include "search/json/query_json.h"
#include "search/search_index_embedded.h"

#include "base/buf.h"
#include "support/random_requests.h"
#include "support/scratch.h"
#include "support/search_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ROUNDS = 3,
	ROUNDS_LONG = 60,
	REQUESTS = 120,
	OPERATIONS = 900,
	TENANTS = 3,
	IDS = 120,	       /* of a tenant */
	LONG_TEXT_WORDS = 150, /* more than a length byte keeps exactly */
	ARENA_BYTES = 64 << 20,
	ANSWER_BYTES = 4 << 20
};

static const struct q_call no_limits;
static const struct q_str shared_index = Q_STR_INIT("shared");
static const char *const tenants[TENANTS] = {"ann", "bob", "cat"};

static const struct q_field_definition fields[] = {
	{Q_STR_INIT("tenant"), Q_FIELD_KEYWORD}, {Q_STR_INIT("tags"), Q_FIELD_KEYWORD},
	{Q_STR_INIT("title"), Q_FIELD_TEXT},	 {Q_STR_INIT("body"), Q_FIELD_TEXT},
	{Q_STR_INIT("price"), Q_FIELD_NUMBER},
};
static const struct q_index_definition definition = {.fields = fields,
						     .field_count = Q_COUNT_OF(fields)};

struct world {
	struct random_words random;
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

static unsigned draw(struct world *world, unsigned below)
{
	return random_draw(&world->random, below);
}

/* A tenant has words of its own, and some that all have, more of some than of others. */
static const char *word_of(struct world *world, unsigned tenant)
{
	unsigned own = RANDOM_WORDS / TENANTS * tenant;

	if (draw(world, 3) == 0)
		return world->random.words[draw(world, RANDOM_WORDS)];
	return world->random.words[own + draw(world, draw(world, RANDOM_WORDS / TENANTS) + 1)];
}

static void append_words(struct world *world, unsigned tenant, unsigned count, struct q_buf *out)
{
	for (unsigned i = 0; i < count; i++)
		q_buf_format(out, "%s%s", i ? " " : "", word_of(world, tenant));
}

static struct q_str make_source(struct world *world, unsigned tenant)
{
	struct q_str copy;
	struct q_buf out;

	q_buf_init(&out, 1 << 16);
	q_buf_format(&out, "{\"tenant\":\"%s\",\"tags\":[", tenants[tenant]);
	for (unsigned i = 0, count = draw(world, 4); i < count; i++)
		q_buf_format(&out, "%s\"%s\"", i ? "," : "", word_of(world, tenant));
	q_buf_append(&out, Q_STR("],\"title\":\""));
	append_words(world, tenant, draw(world, 6), &out);
	q_buf_append(&out, Q_STR("\",\"body\":[\""));
	append_words(world, tenant, draw(world, 4) ? draw(world, 20) : draw(world, LONG_TEXT_WORDS),
		     &out);
	q_buf_format(&out, "\",\"aa\"],\"price\":%u}", draw(world, 50));
	copy = q_arena_copy(world->arena, q_buf_str(&out));
	q_buf_free(&out);
	return copy;
}

static void apply(struct world *world, struct q_str index, const struct q_bulk_operation *operation)
{
	struct q_bulk_result result;

	if (q_search_index_bulk(world->store, &no_limits, index, operation, 1, world->arena,
				&result, &world->err) ||
	    result.code)
		fail_msg("a document was not taken");
}

static void refresh(struct world *world, struct q_str index)
{
	assert_int_equal(q_search_index_refresh(world->store, &no_limits, index, &world->err),
			 Q_OK);
}

static void merge(struct world *world, struct q_str index)
{
	assert_int_equal(q_search_index_merge(world->store, &no_limits, index, &world->err), Q_OK);
}

/* Puts or deletes a document of the tenant, in the shared index and, if it has one, in its own. */
static void change(struct world *world, unsigned tenant, bool has_own)
{
	struct q_bulk_operation operation = {
		.id = q_arena_format(world->arena, "%s-%u", tenants[tenant], draw(world, IDS))};

	operation.kind = draw(world, 5) ? Q_BULK_PUT : Q_BULK_DELETE;
	if (operation.kind == Q_BULK_PUT)
		operation.source = make_source(world, tenant);
	apply(world, shared_index, &operation);
	if (has_own)
		apply(world, q_str_from(tenants[tenant]), &operation);
}

static void ensure(struct world *world, struct q_str index)
{
	assert_int_equal(
		q_search_index_ensure(world->store, &no_limits, index, &definition, &world->err),
		Q_OK);
}

static void open_world(struct world *world, uint64_t seed)
{
	*world = (struct world){.arena = q_arena_new(ARENA_BYTES)};
	scratch_make(world->path);
	random_words_make(&world->random, seed);
	assert_int_equal(q_search_index_embedded_open(world->path, &world->store, &world->err),
			 Q_OK);
	ensure(world, shared_index);
	for (unsigned i = 0; i < TENANTS; i++)
		ensure(world, q_str_from(tenants[i]));
	for (unsigned i = 0; i < OPERATIONS; i++) {
		change(world, draw(world, TENANTS), true);
		if (draw(world, 60) == 0)
			refresh(world, shared_index);
		if (draw(world, OPERATIONS) == 0)
			merge(world, shared_index);
	}
	refresh(world, shared_index);
	for (unsigned i = 0; i < TENANTS; i++)
		merge(world, q_str_from(tenants[i]));
}

static void close_world(struct world *world)
{
	q_search_index_close(world->store);
	scratch_remove(world->path);
	q_arena_free(world->arena);
}

static struct q_str take_text(struct world *world, struct q_buf *text)
{
	struct q_str copy = q_arena_copy(world->arena, q_buf_str(text));

	assert_false(q_buf_failed(text) || q_arena_failed(world->arena));
	q_buf_free(text);
	return copy;
}

static struct q_str make_body(struct world *world)
{
	struct q_buf out;

	q_buf_init(&out, 1 << 16);
	random_body_append(&world->random, &out);
	return take_text(world, &out);
}

static void write_error(const struct world *world, struct q_buf *out)
{
	q_buf_format(out, "%d %s\n", world->err.code, world->err.message);
}

/* How many there are, and why one of each tenant is found. */
static void ask_more(struct world *world, struct q_str index,
		     const struct q_search_request *request, struct q_buf *out)
{
	struct q_explanation explanation;
	uint64_t total;

	if (q_search_index_count(world->store, &no_limits, index, request->query, &request->view,
				 &total, &world->err))
		write_error(world, out);
	else
		q_buf_format(out, "%llu\n", (unsigned long long)total);
	for (unsigned i = 0; i < TENANTS; i++) {
		struct q_str id = q_arena_format(world->arena, "%s-1", tenants[i]);

		if (q_search_index_explain(world->store, &no_limits, index, request->query,
					   &request->view, id, world->arena, &explanation,
					   &world->err))
			write_error(world, out);
		else
			search_explanation_write(&explanation, out);
	}
}

/* How words go on, and what they may have been meant for. */
static void ask_suggestions(struct world *world, struct q_str index,
			    const struct q_search_request *request, struct q_buf *out)
{
	for (unsigned i = 0; i < 4; i++) {
		struct q_suggest_request suggest = {
			.kind = i % 2 ? Q_SUGGEST_COMPLETION : Q_SUGGEST_CORRECTION,
			.field = i / 2 ? Q_STR("tags") : Q_STR("body"),
			.text = request->from ? Q_STR("ab") : Q_STR("bca"),
			.view = request->view,
			.size = 5,
			.fuzziness = Q_FUZZINESS_2};
		struct q_suggest_result result;

		if (q_search_index_suggest(world->store, &no_limits, index, &suggest, world->arena,
					   &result, &world->err))
			write_error(world, out);
		else
			search_suggestions_write(&result.words[0], out);
	}
}

static void read_body(struct world *world, struct q_str body, const struct q_search_query *scope,
		      struct q_search_request *out)
{
	const struct q_json *json;

	if (q_json_parse(world->arena, q_str_bytes(body), &q_json_request_limits, &json,
			 &world->err) ||
	    q_query_json_parse(world->arena, json, out, &world->err))
		fail_msg("%.*s: %s", Q_STR_ARG(body), world->err.message);
	out->view.scope = scope;
}

/* The hits, or the error, with every bit of it. */
static void ask_hits(struct world *world, struct q_str index,
		     const struct q_search_request *request, struct q_buf *out)
{
	struct q_search_result result;

	if (q_search_index_search(world->store, &no_limits, index, request, world->arena, &result,
				  &world->err))
		write_error(world, out);
	else
		search_answer_write(&result, request, out);
}

static struct q_str ask(struct world *world, struct q_str index, struct q_str body,
			const struct q_search_query *scope)
{
	struct q_search_request request;
	struct q_buf out;

	read_body(world, body, scope, &request);
	q_buf_init(&out, ANSWER_BYTES);
	ask_hits(world, index, &request, &out);
	return take_text(world, &out);
}

/* Of whatever can be asked. */
static struct q_str ask_all(struct world *world, struct q_str index, struct q_str body,
			    const struct q_search_query *scope)
{
	struct q_search_request request;
	struct q_buf out;

	read_body(world, body, scope, &request);
	q_buf_init(&out, ANSWER_BYTES);
	ask_hits(world, index, &request, &out);
	ask_more(world, index, &request, &out);
	ask_suggestions(world, index, &request, &out);
	return take_text(world, &out);
}

static struct q_search_query scope_of(unsigned tenant)
{
	return (struct q_search_query){.kind = Q_SEARCH_TERM,
				       .boost = 1,
				       .term = {Q_STR("tenant"), q_str_from(tenants[tenant])}};
}

/* Shows where they part. */
static void check_same(struct q_str body, struct q_str answer, struct q_str expected)
{
	struct q_str a, b;
	size_t at = 0;

	if (q_str_equal(answer, expected))
		return;
	while (at < answer.length && at < expected.length && answer.data[at] == expected.data[at])
		at++;
	at -= at < 60 ? at : 60;
	a = q_str_slice(answer, at, at + 150 < answer.length ? at + 150 : answer.length);
	b = q_str_slice(expected, at, at + 150 < expected.length ? at + 150 : expected.length);
	fail_msg("%.*s\n%.*s\ninstead of\n%.*s", Q_STR_ARG(body), Q_STR_ARG(a), Q_STR_ARG(b));
}

static unsigned rounds(void)
{
	return getenv("QUIRE_LONG") ? ROUNDS_LONG : ROUNDS;
}

static void a_tenant_is_answered_as_if_it_had_the_index_alone(void **state)
{
	struct world *world = malloc(sizeof *world);

	(void)state;
	for (unsigned round = 0; round < rounds(); round++) {
		open_world(world, round);
		for (unsigned i = 0; i < REQUESTS; i++) {
			unsigned tenant = i % TENANTS;
			struct q_search_query scope = scope_of(tenant);
			struct q_str body;

			q_arena_reset(world->arena);
			body = make_body(world);
			check_same(body, ask_all(world, shared_index, body, &scope),
				   ask_all(world, q_str_from(tenants[tenant]), body, NULL));
		}
		close_world(world);
	}
	free(world);
}

static void what_others_add_and_delete_changes_no_byte(void **state)
{
	struct world *world = malloc(sizeof *world);
	struct q_search_query scope = scope_of(0);
	struct q_str bodies[REQUESTS], before[REQUESTS];

	(void)state;
	open_world(world, 1000);
	q_arena_reset(world->arena);
	for (unsigned i = 0; i < REQUESTS; i++) {
		bodies[i] = make_body(world);
		before[i] = ask_all(world, shared_index, bodies[i], &scope);
	}
	for (unsigned i = 0; i < OPERATIONS; i++) {
		change(world, 1 + draw(world, TENANTS - 1), false);
		if (draw(world, 100) == 0)
			refresh(world, shared_index);
	}
	refresh(world, shared_index);
	for (unsigned i = 0; i < REQUESTS; i++)
		check_same(bodies[i], ask_all(world, shared_index, bodies[i], &scope), before[i]);
	merge(world, shared_index);
	for (unsigned i = 0; i < REQUESTS; i++)
		check_same(bodies[i], ask_all(world, shared_index, bodies[i], &scope), before[i]);
	close_world(world);
	free(world);
}

/* A scope of nobody, one of everybody, and one that is put together. */
static void any_exact_query_is_a_scope(void **state)
{
	struct world *world = malloc(sizeof *world);
	struct q_search_query members[2] = {scope_of(0), scope_of(1)};
	struct q_search_query either = {
		.kind = Q_SEARCH_BOOL,
		.boost = 1,
		.combination = {.should = members, .should_count = 2, .minimum_should = 1}};
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_query nobody = scope_of(0);
	struct q_str body = Q_STR("{\"query\":{\"match\":{\"body\":{\"query\":\"ab\","
				  "\"fuzziness\":2}}}}");

	(void)state;
	nobody.term.value = Q_STR("nobody");
	open_world(world, 2000);
	assert_true(q_str_equal(ask(world, shared_index, body, &nobody), Q_STR("0 0\n")));
	merge(world, shared_index);
	check_same(body, ask(world, shared_index, body, &all),
		   ask(world, shared_index, body, NULL));
	assert_false(q_str_equal(ask(world, shared_index, body, &either),
				 ask(world, shared_index, body, &members[0])));
	close_world(world);
	free(world);
}

static void a_fuzzy_scope_is_refused(void **state)
{
	struct world *world = malloc(sizeof *world);
	static const struct q_match_field title = {Q_STR_INIT("title"), 1};
	struct q_search_query fuzzy = {.kind = Q_SEARCH_MATCH,
				       .boost = 1,
				       .match = {.text = Q_STR("aa"),
						 .fields = &title,
						 .field_count = 1,
						 .fuzziness = Q_FUZZINESS_AUTO,
						 .max_expansions = 50}};

	(void)state;
	open_world(world, 3000);
	ask(world, shared_index, Q_STR("{}"), &fuzzy);
	assert_int_equal(world->err.code, Q_INVALID);
	fuzzy.match.fuzziness = Q_FUZZINESS_NONE;
	assert_false(q_str_equal(ask(world, shared_index, Q_STR("{}"), &fuzzy), Q_STR("0 0\n")));
	close_world(world);
	free(world);
}

static enum q_code search_titles(struct world *world, const char *body)
{
	static const struct q_str names[] = {Q_STR_INIT("title"), Q_STR_INIT("price")};
	struct q_search_request request;
	struct q_search_result result;

	read_body(world, q_str_from(body), NULL, &request);
	request.view.fields = names;
	request.view.field_count = Q_COUNT_OF(names);
	return q_search_index_search(world->store, &no_limits, shared_index, &request, world->arena,
				     &result, &world->err);
}

static void a_field_that_is_not_in_the_list_cannot_be_asked_for(void **state)
{
	static const char *const hidden[] = {
		"{\"query\":{\"term\":{\"body\":\"aa\"}}}",
		"{\"query\":{\"terms\":{\"tags\":[\"aa\"]}}}",
		"{\"query\":{\"prefix\":{\"tags\":\"a\"}}}",
		"{\"query\":{\"range\":{\"tags\":{\"gte\":\"a\"}}}}",
		"{\"query\":{\"match\":{\"body\":\"aa\"}}}",
		"{\"query\":{\"match_phrase\":{\"body\":\"aa ab\"}}}",
		"{\"query\":{\"multi_match\":{\"query\":\"aa\",\"fields\":[\"title\",\"body\"]}}}",
		"{\"query\":{\"bool\":{\"must_not\":{\"term\":{\"tags\":\"aa\"}}}}}",
		"{\"query\":{\"constant_score\":{\"filter\":{\"term\":{\"tags\":\"aa\"}}}}}",
		"{\"sort\":\"tags\"}",
		"{\"highlight\":{\"type\":\"plain\",\"fields\":{\"body\":{}}}}",
		"{\"aggs\":{\"a\":{\"terms\":{\"field\":\"tags\"}}}}",
		"{\"query\":{\"term\":{\"nothing\":\"aa\"}}}", /* not there: told in the same way */
	};
	struct world *world = malloc(sizeof *world);

	(void)state;
	open_world(world, 5000);
	for (size_t i = 0; i < Q_COUNT_OF(hidden); i++) {
		assert_int_equal(search_titles(world, hidden[i]), Q_INVALID);
		assert_non_null(strstr(world->err.message, "there is no field"));
	}
	assert_int_equal(search_titles(world, "{\"query\":{\"match\":{\"title\":\"aa\"}},"
					      "\"sort\":\"price\"}"),
			 Q_OK);
	close_world(world);
	free(world);
}

static void a_scope_hides_places(void **state)
{
	struct world *world = malloc(sizeof *world);
	struct q_search_query scope = scope_of(0);

	(void)state;
	open_world(world, 6000);
	ask(world, shared_index, Q_STR("{\"sort\":\"_doc\"}"), &scope);
	assert_int_equal(world->err.code, Q_INVALID);
	close_world(world);
	free(world);
}

static void a_scope_that_takes_too_long_is_an_error_and_no_answer(void **state)
{
	struct world *world = malloc(sizeof *world);
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1}, scope = scope_of(0);
	struct q_search_request request = {.query = &all, .view = {.scope = &scope}, .size = 10};
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_search_result result;

	(void)state;
	open_world(world, 4000);
	assert_int_equal(q_search_index_search(world->store, &call, shared_index, &request,
					       world->arena, &result, &world->err),
			 Q_CANCELLED);
	close_world(world);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenant_is_answered_as_if_it_had_the_index_alone),
		cmocka_unit_test(what_others_add_and_delete_changes_no_byte),
		cmocka_unit_test(any_exact_query_is_a_scope),
		cmocka_unit_test(a_fuzzy_scope_is_refused),
		cmocka_unit_test(a_field_that_is_not_in_the_list_cannot_be_asked_for),
		cmocka_unit_test(a_scope_hides_places),
		cmocka_unit_test(a_scope_that_takes_too_long_is_an_error_and_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
