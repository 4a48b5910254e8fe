/* support/search_answer.h: answers of a search index as text, with every bit of their numbers: what
 * two answers are compared by. */
#ifndef Q_TESTS_SEARCH_ANSWER_H
#define Q_TESTS_SEARCH_ANSWER_H

#include "base/buf.h"
#include "ports/search_index.h"

void search_answer_write(const struct q_search_result *result,
			 const struct q_search_request *request, struct q_buf *out);
void search_explanation_write(const struct q_explanation *explanation, struct q_buf *out);
void search_suggestions_write(const struct q_suggested_word *word, struct q_buf *out);

#endif
