#include "search/segment/joined_terms.h"

struct q__joined_walk *q__joined_walks_new(size_t count, struct q_arena *arena)
{
	struct q__joined_walk *walks = q_arena_alloc_array(arena, count, sizeof *walks);

	for (size_t i = 0; walks && i < count; i++) {
		walks[i].cursor = q_arena_alloc(arena, sizeof *walks[i].cursor);
		if (!walks[i].cursor)
			return NULL;
	}
	return walks;
}

bool q__joined_terms_find(struct q__joined_walk *walks, size_t count, struct q_str *term)
{
	size_t first = count;

	for (size_t i = 0; i < count; i++) {
		struct q_str own = q__term_cursor_term(walks[i].cursor);
		int order = -1;

		walks[i].is_here = false;
		if (!walks[i].is_live)
			continue;
		if (first < count)
			order = q_str_compare(own, *term);
		if (order < 0) {
			*term = own;
			first = i;
		}
		walks[i].is_here = order <= 0;
	}
	/* Those before the first stood at later terms. */
	for (size_t i = 0; i < first && first < count; i++)
		walks[i].is_here = false;
	return first < count;
}
