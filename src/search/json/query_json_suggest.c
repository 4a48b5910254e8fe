/* A request for suggestions, which OpenSearch has no one body for (ports/search_index.h says what
 * it is there): {"complete" or "correct": {"field", "text", "size", ...}, "filter": QUERY}. */
#include "search/json/query_json_internal.h"

enum { SIZE = 5, PREFIX_LENGTH = 1 };

static enum q_code take_field(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;

	return q__take_name(parser, value, &request->field);
}

static enum q_code take_text(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;

	return q__take_text(parser, value, &request->text);
}

static enum q_code take_size(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;

	return q__take_size(parser, value, 1, Q_SUGGEST_MAX, &request->size);
}

static enum q_code take_edits(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;
	int64_t number = 0;
	enum q_code code = q__take_number(parser, value, 1, 2, &number);

	request->fuzziness = number == 1 ? Q_FUZZINESS_1 : Q_FUZZINESS_2;
	return code;
}

static enum q_code take_prefix(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;

	return q__take_uint32(parser, value, 0, Q_SEARCH_TEXT_MAX, &request->prefix_length);
}

static const struct q__member members[] = {
	{"field", take_field},		{"text", take_text}, {"size", take_size},
	{"max_edits", take_edits}, /* from here on: correct alone */
	{"prefix_length", take_prefix},
};
enum { COMPLETE_MEMBERS = 3 };

static enum q_code take_complete(struct q__parser *parser, const struct q_json *value, void *out)
{
	((struct q_suggest_request *)out)->kind = Q_SUGGEST_COMPLETION;
	return q__take_members(parser, value, members, COMPLETE_MEMBERS, out);
}

static enum q_code take_correct(struct q__parser *parser, const struct q_json *value, void *out)
{
	((struct q_suggest_request *)out)->kind = Q_SUGGEST_CORRECTION;
	return q__take_members(parser, value, members, Q_COUNT_OF(members), out);
}

static enum q_code take_filter(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_suggest_request *request = out;

	return q__take_new_query(parser, value, &request->filter);
}

enum q_code q_suggest_json_parse(struct q_arena *arena, const struct q_json *body,
				 struct q_suggest_request *out, struct q_err *err)
{
	static const struct q__member kinds[] = {
		{"complete", take_complete},
		{"correct", take_correct},
		{"filter", take_filter},
	};
	struct q__parser parser = {.arena = arena, .err = err};
	bool has_one =
		!q_json_member(body, Q_STR("complete")) != !q_json_member(body, Q_STR("correct"));

	*out = (struct q_suggest_request){
		.size = SIZE, .fuzziness = Q_FUZZINESS_AUTO, .prefix_length = PREFIX_LENGTH};
	return has_one ? q__take_members(&parser, body, kinds, Q_COUNT_OF(kinds), out)
		       : q__expected(&parser, "either complete or correct");
}
