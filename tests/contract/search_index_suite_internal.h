/* contract/search_index_suite_internal.h: what the files of the suite share. Each case has an index
 * of its own, empty when it starts. */
#ifndef Q_TESTS_SEARCH_INDEX_SUITE_INTERNAL_H
#define Q_TESTS_SEARCH_INDEX_SUITE_INTERNAL_H

#include "contract/search_index_suite.h"
#include "support/case_list.h"
#include "support/checks.h"

#include <stdio.h>
#include <string.h>

/* A case's state. */
struct suite {
	struct search_index_subject *subject;
	struct q_arena *arena; /* empty when a case starts */
	struct q_str index;    /* of the case, of the definition below */
	char index_name[Q_INDEX_NAME_MAX];
	unsigned case_number;
	struct q_err err;
};

/* Each file's. */
struct case_list search_index_documents_cases(void);
struct case_list search_index_names_cases(void);
struct case_list search_index_queries_cases(void);
struct case_list search_index_reading_cases(void);
struct case_list search_index_suggest_cases(void);
struct case_list search_index_view_cases(void);

extern const struct q_call no_limits;

/* tenant is a keyword, name and notes are texts, born is a date, active a boolean. */
extern const struct q_field_definition fields[];
extern const struct q_index_definition definition;

/* One operation; what came of it. */
enum q_code apply(struct suite *suite, enum q_bulk_kind kind, const char *id, const char *source);
void put(struct suite *suite, const char *id, const char *source);
void refresh(struct suite *suite);

/* Four documents, refreshed: 1 and 2 of the tenant a, 3 and 4 of b. */
void put_people(struct suite *suite);

/* A request in OpenSearch's JSON, with ' for ". */
void read_request(struct suite *suite, const char *body, struct q_search_request *out);
enum q_code search(struct suite *suite, const char *body, struct q_search_result *out);

/* The ids of the hits, best first, are these: "a b c". */
void assert_hits(struct suite *suite, const char *body, const char *expected);

#endif
