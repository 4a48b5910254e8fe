/* `minimum_should_match`: 2, "2", "-1", "75%", "-25%", or such for more clauses than so many:
 * "2<75%", "3<90% 5<-1". */
#include "search/json/query_json_internal.h"

static bool read_minimum(struct q_str text, struct q_minimum *out)
{
	int64_t number;

	out->is_percentage = q_str_ends_with(text, Q_STR("%"));
	if (out->is_percentage)
		text.length--;
	if (!q_str_to_int64(text, &number) || number < -Q_SEARCH_CLAUSES_MAX ||
	    number > Q_SEARCH_CLAUSES_MAX)
		return false;
	out->number = (int32_t)number;
	return true;
}

/* "2<75%", and what follows behind a blank. */
static bool read_condition(struct q_str *rest, struct q_minimum *out)
{
	struct q_str above, asked, behind;
	int64_t number;

	if (!q_str_cut(*rest, '<', &above, &asked) || !q_str_to_int64(q_str_trim(above), &number) ||
	    number < 0 || number >= INT32_MAX)
		return false;
	asked = q_str_trim(asked);
	q_str_cut(asked, ' ', &asked, &behind);
	*rest = behind;
	out->from = (uint32_t)number + 1;
	return read_minimum(asked, out);
}

static enum q_code take_conditions(struct q__parser *parser, struct q_str text,
				   struct q_minimum *out)
{
	bool is_read = read_condition(&text, out);

	for (size_t count = 1; is_read && text.length > 0; count++) {
		struct q_minimum *next = q_arena_alloc(parser->arena, sizeof *next);

		if (!next)
			return q__take_out_of_memory(parser);
		is_read = count < Q_SEARCH_MINIMUMS_MAX && read_condition(&text, next);
		out->next = next;
		out = next;
	}
	return is_read ? Q_OK : q__expected(parser, "\"2<75%\" and the like");
}

enum q_code q__take_minimum(struct q__parser *parser, const struct q_json *value,
			    struct q_minimum *out)
{
	struct q_str text;
	size_t at;
	enum q_code code = q__take_text(parser, value, &text);

	if (code)
		return code;
	text = q_str_trim(text);
	if (q_str_find(text, Q_STR("<"), &at))
		return take_conditions(parser, text, out);
	return read_minimum(text, out) ? Q_OK : q__expected(parser, "a number or a percentage");
}
