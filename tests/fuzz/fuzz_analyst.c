/* Whatever a page says, its analysis can be written as JSON and read back, is the same a second
 * time, and quotes the page: what it calls an entity or a key point stands there, white space
 * aside. */
#include "documents/work/analysis_json.h"
#include "embedded/analyst_extractive.h"
#include "embedded/extractive/fold.h"

enum { ARENA_BYTES = 1 << 22 };

/* Without the port's front, which would refuse bytes that are not UTF-8. */
static struct q_page_analysis analyse(struct q_analyst *analyst, struct q_str page,
				      struct q_arena *arena)
{
	struct q_page_request request = {.text = page, .page_number = 1, .page_count = 1};
	struct q_page_analysis analysis;
	struct q_call call = {0};
	struct q_err err;

	q_assert(analyst->ops->analyse_page(analyst, &call, &request, arena, &analysis, &err) ==
		 Q_OK);
	return analysis;
}

static struct q_str as_json(struct q_arena *arena, const struct q_page_analysis *analysis)
{
	struct q_json_writer w;
	struct q_str copy;
	struct q_buf json;

	q_buf_init(&json, ARENA_BYTES);
	q_json_writer_init(&w, &json);
	q_page_analysis_write_json(&w, analysis);
	q_assert(!q_buf_failed(&json));
	copy = q_arena_copy(arena, q_buf_str(&json));
	q_buf_free(&json);
	return copy;
}

static bool round_trips(struct q_arena *arena, struct q_str json)
{
	struct q_page_analysis read;
	const struct q_json *value;
	struct q_err err;

	return q_json_parse(arena, q_str_bytes(json), &q_json_request_limits, &value, &err) ==
		       Q_OK &&
	       q_page_analysis_read_json(value, arena, &read, &err) == Q_OK &&
	       q_str_equal(as_json(arena, &read), json);
}

static bool quotes(const struct q_page_analysis *analysis, struct q_str page, struct q_arena *arena)
{
	char *folded = q_arena_alloc(arena, 3 * page.length + 1); /* a bad byte grows to three */
	struct q_str all;
	size_t at;

	q_assert(folded);
	all = q__fold(page, folded, 3 * page.length);
	for (size_t i = 0; i < analysis->entity_count; i++)
		if (!q_str_find(all, analysis->entities[i].text, &at))
			return false;
	for (size_t i = 0; i < analysis->key_point_count; i++)
		if (!q_str_find(all, analysis->key_points[i], &at))
			return false;
	return true;
}

/* One for all inputs: making the lexicon takes longer than most of them. */
static struct q_analyst *shared_analyst(void)
{
	static struct q_analyst *analyst;
	struct q_err err;

	q_assert(analyst || q_analyst_extractive_open(&analyst, &err) == Q_OK);
	return analyst;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str page = q_bytes_str((struct q_bytes){data, size});
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_page_analysis analysis;
	struct q_str json;

	q_assert(arena);
	analysis = analyse(shared_analyst(), page, arena);
	json = as_json(arena, &analysis);
	q_assert(round_trips(arena, json));
	q_assert(quotes(&analysis, page, arena));
	analysis = analyse(shared_analyst(), page, arena);
	q_assert(q_str_equal(as_json(arena, &analysis), json));
	q_arena_free(arena);
	return 0;
}
