/* support/column_index.h: random indexes of dates, numbers, booleans and keywords, with none, one
 * or several values a document, deletions and several segments; and a model of each, to hold what
 * columns answer against going through all documents. */
#ifndef Q_TESTS_COLUMN_INDEX_H
#define Q_TESTS_COLUMN_INDEX_H

#include "base/buf.h"
#include "ports/search_index.h"

enum { COLUMN_DOCUMENTS_MAX = 4500 /* more than a zone */, COLUMN_VALUES_MAX = 3 };

enum { KEY, BORN, SIZE, OPEN, FIELDS };
extern const struct q_field_definition column_fields[FIELDS];

/* Values are small integers in every field: numbers of keys, days, quarters, 0 or 1. */
struct column_document {
	unsigned id;
	int values[FIELDS][COLUMN_VALUES_MAX];
	unsigned counts[FIELDS];
	bool is_deleted;
};

struct column_model {
	uint64_t seed;
	struct column_document documents[COLUMN_DOCUMENTS_MAX]; /* in the order of their places */
	unsigned count, target, values_max;
	struct q_search_index *store;
	struct q_arena *arena; /* empty when a check begins */
	struct q_err err;
};

unsigned column_draw(struct column_model *model, unsigned below);
int column_draw_value(struct column_model *model, unsigned field);

/* A value as JSON, in documents and queries. */
void column_write_value(struct q_buf *out, unsigned field, int value);

/* Fails the test where the request does. */
void column_search(struct column_model *model, const struct q_search_request *request,
		   struct q_search_result *out);

/* On each index some checks with several segments, then some with one. */
void on_column_indexes(void (*check)(struct column_model *));

#endif
