/* support/search_model.h: a small index at random, and a model of it that knows all of its
 * documents: what a query finds is told from them by going through all, with the rules of
 * docs/search.md written down as plainly as possible. */
#ifndef Q_TESTS_SEARCH_MODEL_H
#define Q_TESTS_SEARCH_MODEL_H

#include "search/search_index_embedded.h"

#include "support/scratch.h"

enum {
	SEARCH_MODEL_DOCUMENTS = 400,
	SEARCH_MODEL_WORDS_MAX = 9, /* in a field of a document */
	SEARCH_MODEL_VOCABULARY = 120
};

/* key, title, body; and flag, a boolean, which queries of its own ask for. */
extern const struct q_field_definition search_model_fields[4];
extern const struct q_str search_model_index;

/* A document as the model sees it: word numbers by field. Field 0 is the keyword. */
struct search_model_document {
	unsigned words[3][SEARCH_MODEL_WORDS_MAX];
	size_t counts[3];
	unsigned id;
	bool is_deleted;
	enum search_model_flag { FLAG_FALSE, FLAG_TRUE, FLAG_NONE } flag;
};

struct search_model {
	uint64_t seed;
	char vocabulary[SEARCH_MODEL_VOCABULARY][16];
	struct search_model_document
		documents[2 * SEARCH_MODEL_DOCUMENTS]; /* in the order of their places */
	size_t count;
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

/* Fails the test where the index cannot be made. The same seed, the same documents. */
void search_model_open(struct search_model *model, unsigned seed);
void search_model_close(struct search_model *model);
/* After a merge, deleted documents count no longer. */
void search_model_merge(struct search_model *model);

/* 0 to below - 1. */
unsigned search_model_draw(struct search_model *model, unsigned below);
/* The number of a field. */
size_t search_model_field(struct q_str name);

/* A query of any kind, that many levels deep at most; in the model's arena. */
void search_model_make_query(struct search_model *model, struct q_search_query *query,
			     unsigned depth);

/* -1: the document is not found. `outer`: the boosts of all queries around this one. */
double search_model_score(const struct search_model *model, const struct q_search_query *query,
			  const struct search_model_document *document, float outer);

#endif
