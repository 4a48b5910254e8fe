/* OpenSearch's requests and mappings: whatever is parsed is accepted by the port's own checks or
 * refused by them, and nothing is read beyond its end. */
#include "search/json/query_json.h"

static enum q_code never_called(struct q_search_index *index, const struct q_call *call,
				struct q_str name, const struct q_search_request *request,
				struct q_arena *arena, struct q_search_result *out,
				struct q_err *err)
{
	(void)index, (void)call, (void)name, (void)request, (void)arena, (void)err;
	*out = (struct q_search_result){0};
	return Q_OK;
}

static enum q_code never_suggested(struct q_search_index *index, const struct q_call *call,
				   struct q_str name, const struct q_suggest_request *request,
				   struct q_arena *arena, struct q_suggest_result *out,
				   struct q_err *err)
{
	(void)index, (void)call, (void)name, (void)request, (void)arena, (void)err;
	*out = (struct q_suggest_result){0};
	return Q_OK;
}

static void check_suggest(const struct q_suggest_request *request, struct q_arena *arena)
{
	static const struct q_search_index_ops ops = {.name = "none", .suggest = never_suggested};
	struct q_search_index index = {&ops};
	struct q_suggest_result result;
	struct q_call call = {0};
	struct q_err err;

	(void)!q_search_index_suggest(&index, &call, Q_STR("fuzz"), request, arena, &result, &err);
}

static void check_request(const struct q_search_request *request, struct q_arena *arena)
{
	static const struct q_search_index_ops ops = {.name = "none", .search = never_called};
	struct q_search_index index = {&ops};
	struct q_search_result result;
	struct q_call call = {0};
	struct q_err err;

	(void)!q_search_index_search(&index, &call, Q_STR("fuzz"), request, arena, &result, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_arena *arena = q_arena_new(64 << 20);
	struct q_index_definition definition;
	struct q_suggest_request suggest;
	struct q_search_request request;
	const struct q_json *json;
	struct q_err err;

	q_assert(arena);
	if (!q_json_parse(arena, (struct q_bytes){data, size}, &q_query_json_limits, &json, &err)) {
		if (!q_query_json_parse(arena, json, &request, &err))
			check_request(&request, arena);
		if (!q_suggest_json_parse(arena, json, &suggest, &err))
			check_suggest(&suggest, arena);
		(void)!q_mapping_json_parse(arena, json, &definition, &err);
	}
	q_arena_free(arena);
	return 0;
}
