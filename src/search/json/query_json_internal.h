/* search/json/query_json_internal.h: what the query_json files share: how the members of a JSON
 * object are taken, one function a member. For these files alone.
 *
 * query_json.c takes a request: query_json_tree.c its query, of any kind, and those that hold
 * others, query_json_term.c and query_json_match.c the others by what they look for;
 * query_json_sort.c, query_json_facets.c, query_json_source.c and query_json_highlight.c what else
 * is asked. query_json_suggest.c takes a request for suggestions, query_json_view.c what a request
 * sees, query_json_value.c and query_json_minimum.c what several of them need. A new key is a row
 * in the table of what it belongs to. */
#ifndef Q_SEARCH_JSON_QUERY_JSON_INTERNAL_H
#define Q_SEARCH_JSON_QUERY_JSON_INTERNAL_H

#include "search/json/query_json.h"

struct q__parser {
	struct q_arena *arena;
	unsigned depth; /* of queries */
	struct q_err *err;
};

/* How a member is read into what is built, which is zeroed but for defaults. */
struct q__member {
	const char *name;
	enum q_code (*take)(struct q__parser *, const struct q_json *, void *out);
};

/* Every member by its row; one that has none is an error. */
enum q_code q__take_members(struct q__parser *parser, const struct q_json *object,
			    const struct q__member *members, size_t count, void *out);

/* The one member of an object: a field's name and what is asked of it. */
enum q_code q__take_named(struct q__parser *parser, const struct q_json *object, struct q_str *name,
			  const struct q_json **value);

/* A query of its own in the arena. */
enum q_code q__take_new_query(struct q__parser *parser, const struct q_json *value,
			      const struct q_search_query **out);

/* Members, and kinds, of a query: out is a struct q_search_query. */
enum q_code q__take_query(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_boost(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_ids(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_term(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_terms(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_prefix(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_range(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_match(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_match_phrase(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_multi_match(struct q__parser *parser, const struct q_json *value, void *out);

/* Members of a request: out is a struct q_search_request. */
enum q_code q__take_source(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_highlight(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_sort(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_facets(struct q__parser *parser, const struct q_json *value, void *out);
enum q_code q__take_after(struct q__parser *parser, const struct q_json *value, void *out);

/* The items of an array, zeroed, not more than a query may have. NULL: parser->err says why not. */
void *q__take_items(struct q__parser *parser, const struct q_json *array, size_t item_bytes);

/* A string; numbers and booleans as they are written. */
enum q_code q__take_text(struct q__parser *parser, const struct q_json *value, struct q_str *out);

enum q_code q__take_name(struct q__parser *parser, const struct q_json *value, struct q_str *out);

/* One name or an array of them. */
enum q_code q__take_names(struct q__parser *parser, const struct q_json *value,
			  const struct q_str **out, size_t *count);

/* A whole number from min to max. */
enum q_code q__take_number(struct q__parser *parser, const struct q_json *value, int64_t min,
			   int64_t max, int64_t *out);
enum q_code q__take_size(struct q__parser *parser, const struct q_json *value, size_t min,
			 size_t max, size_t *out);
enum q_code q__take_uint32(struct q__parser *parser, const struct q_json *value, uint32_t min,
			   uint32_t max, uint32_t *out);

enum q_code q__take_bool(struct q__parser *parser, const struct q_json *value, bool *out);

/* One of two words; `equal` is q_str_equal or q_str_equal_ignore_case. */
enum q_code q__take_either(struct q__parser *parser, const struct q_json *value,
			   bool (*equal)(struct q_str, struct q_str), const char *first,
			   const char *second, bool *is_second);
enum q_code q__take_direction(struct q__parser *parser, const struct q_json *value,
			      bool *is_descending);

/* A member that can only be true; out is not looked at. */
enum q_code q__take_true(struct q__parser *parser, const struct q_json *value, void *out);

/* `minimum_should_match`: a number, a percentage, or such as are for more clauses than so many. */
enum q_code q__take_minimum(struct q__parser *parser, const struct q_json *value,
			    struct q_minimum *out);

/* "WHAT was expected". */
enum q_code q__expected(struct q__parser *parser, const char *what);

enum q_code q__take_out_of_memory(struct q__parser *parser);

#endif
