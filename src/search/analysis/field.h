/* search/analysis/field.h: a field of an index's definition by its name, and what its kind means
 * for the words of its values. Pure. */
#ifndef Q_SEARCH_ANALYSIS_FIELD_H
#define Q_SEARCH_ANALYSIS_FIELD_H

#include "ports/search_index.h"
#include "search/analysis/analyser.h"

/* The field's number: the definition's fields count from 1 (0 are the documents' ids). 0: there is
 * none of this name. */
size_t q__field_find(const struct q_index_definition *definition, struct q_str name);

enum q_analyser q__analyser_of(enum q_field_kind kind);

#endif
