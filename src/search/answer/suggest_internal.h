/* search/answer/suggest_internal.h: what the files of suggestions share. For suggest*.c alone. */
#ifndef Q_SEARCH_ANSWER_SUGGEST_INTERNAL_H
#define Q_SEARCH_ANSWER_SUGGEST_INTERNAL_H

#include "search/answer/suggest.h"
#include "search/query/scope.h"

/* One request at work. */
struct q__suggesting {
	const struct q_suggest_request *request;
	struct q__scope *scope; /* the filter's documents */
	size_t field;
	enum q_field_kind kind;
	struct q_arena *arena;	 /* for what is found */
	struct q_arena *scratch; /* for the search of it: reset with each word */
	struct q_err *err;
};

/* Fills the suggestions of the one word that the text is. */
Q_MUST_USE enum q_code q__suggest_completion(struct q__suggesting *suggesting,
					     struct q_suggested_word *out);

/* Fills those of each word of the text. */
Q_MUST_USE enum q_code q__suggest_correction(struct q__suggesting *suggesting,
					     struct q_suggest_result *out);

static inline enum q_code q__suggest_out_of_memory(struct q__suggesting *suggesting)
{
	return q_fail(suggesting->err, Q_NOMEM, "search_index.suggest",
		      "the suggestions take too much memory: ask for fewer words");
}

#endif
