/* A process that puts, refreshes and merges is killed, again and again: what it was told is durable
 * is there afterwards, every document once, every byte as it was written. 25 kills, 500 with
 * QUIRE_LONG. */
#include "search/search_index_embedded.h"

#include "base/json.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DOCUMENTS = 40, KILLS = 25, KILLS_LONG = 500, ACKS_MAX = 12, SPIN_MAX = 400000 };

#define INDEX Q_STR("people")

static const struct q_call no_limits;
static const struct q_field_definition fields[] = {{Q_STR_INIT("name"), Q_FIELD_TEXT},
						   {Q_STR_INIT("round"), Q_FIELD_NUMBER}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 2};

static struct q_search_index *open_store(const char *path)
{
	struct q_search_index *store;
	struct q_err err;

	if (q_search_index_embedded_open(path, &store, &err))
		fail_msg("%s", err.message);
	return store;
}

/* All documents anew, with the round's number. */
static void put_round(struct q_search_index *store, struct q_arena *arena, int64_t round)
{
	struct q_bulk_operation operations[DOCUMENTS];
	struct q_bulk_result results[DOCUMENTS];
	struct q_err err;

	q_arena_reset(arena);
	for (unsigned i = 0; i < DOCUMENTS; i++)
		operations[i] = (struct q_bulk_operation){
			Q_BULK_PUT, q_arena_format(arena, "%u", i),
			q_arena_format(arena, "{\"name\":\"number %u of many\",\"round\":%lld}", i,
				       (long long)round)};
	q_assert(!q_search_index_bulk(store, &no_limits, INDEX, operations, DOCUMENTS, arena,
				      results, &err));
}

/* The process that is killed: it says each round that is durable. */
static void write_rounds(const char *path, int64_t round, int acks)
{
	static const struct q_search_upkeep_options upkeep = {.refresh_interval_ms = 1};
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_search_index *store;
	struct q_err err;

	q_assert(!q_search_index_embedded_open(path, &store, &err) &&
		 !q_search_index_embedded_keep_up(store, &upkeep, &err) &&
		 !q_search_index_ensure(store, &no_limits, INDEX, &definition, &err));
	for (;; round++) {
		put_round(store, arena, round);
		q_assert(!q_search_index_refresh(store, &no_limits, INDEX, &err));
		q_assert(write(acks, &round, sizeof round) == sizeof round);
		if (round % 5 == 0)
			q_assert(!q_search_index_merge(store, &no_limits, INDEX, &err));
	}
}

/* What is known of the rounds: the last that was durable, and the last of which some may be. */
struct rounds {
	int64_t durable, begun;
};

/* Goes on with the rounds, and kills after some. */
static void run_and_kill(const char *path, struct rounds *rounds)
{
	int wanted = rand() % ACKS_MAX;
	int acks[2];
	pid_t child;

	assert_int_equal(pipe(acks), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_rounds(path, rounds->begun + 1, acks[1]);
	close(acks[1]);
	for (int i = 0; i < wanted; i++)
		assert_int_equal(read(acks[0], &rounds->durable, sizeof rounds->durable),
				 sizeof rounds->durable);
	for (volatile int spin = rand() % SPIN_MAX; spin > 0; spin--)
		continue;
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (read(acks[0], &rounds->durable, sizeof rounds->durable) > 0)
		continue;
	close(acks[0]);
	rounds->begun = 1 + (rounds->durable > rounds->begun ? rounds->durable : rounds->begun);
}

static int64_t round_of(struct q_arena *arena, struct q_str source)
{
	const struct q_json *json;
	int64_t round;
	struct q_err err;

	assert_int_equal(
		q_json_parse(arena, q_str_bytes(source), &q_json_request_limits, &json, &err),
		Q_OK);
	assert_true(q_json_int64(q_json_member(json, Q_STR("round")), &round));
	return round;
}

/* Each document is there once, of the durable round or of a later one. */
static void check_documents(struct q_search_index *store, const struct rounds *rounds)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {
		.query = &all, .size = 2 * DOCUMENTS, .with_source = true};
	struct q_arena *arena = q_arena_new(4 << 20);
	bool is_seen[DOCUMENTS] = {false};
	struct q_search_result result;
	struct q_err err;

	assert_int_equal(
		q_search_index_search(store, &no_limits, INDEX, &request, arena, &result, &err),
		Q_OK);
	assert_int_equal(result.hit_count, DOCUMENTS);
	for (size_t i = 0; i < DOCUMENTS; i++) {
		unsigned long id = strtoul(result.hits[i].id.data, NULL, 10);

		assert_true(id < DOCUMENTS && !is_seen[id]);
		is_seen[id] = true;
		assert_in_range(round_of(arena, result.hits[i].source), rounds->durable,
				rounds->begun);
	}
	q_arena_free(arena);
}

static void check_index(const char *path, const struct rounds *rounds)
{
	struct q_search_index *store = open_store(path);
	struct q_err err;

	if (q_search_index_embedded_check(store, INDEX, &err))
		fail_msg("%s", err.message);
	check_documents(store, rounds);
	q_search_index_close(store);
}

static void make_index(const char *path)
{
	struct q_search_index *store = open_store(path);
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_err err;

	assert_int_equal(q_search_index_ensure(store, &no_limits, INDEX, &definition, &err), Q_OK);
	put_round(store, arena, 0);
	assert_int_equal(q_search_index_refresh(store, &no_limits, INDEX, &err), Q_OK);
	q_search_index_close(store);
	q_arena_free(arena);
}

static void a_kill_at_any_instant_leaves_what_was_durable(void **state)
{
	int kills = getenv("QUIRE_LONG") ? KILLS_LONG : KILLS;
	char path[SCRATCH_PATH_MAX];
	struct rounds rounds = {0};

	(void)state;
	scratch_make(path);
	make_index(path);
	for (int i = 0; i < kills; i++) {
		run_and_kill(path, &rounds);
		check_index(path, &rounds);
	}
	assert_true(rounds.durable > kills);
	scratch_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_at_any_instant_leaves_what_was_durable),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
