/* search/query/minimum.h: how many of a number of clauses are to be found, as OpenSearch reckons
 * its minimum_should_match. Pure. */
#ifndef Q_SEARCH_QUERY_MINIMUM_H
#define Q_SEARCH_QUERY_MINIMUM_H

#include "ports/search_index.h"

/* May be more than there are: then nothing is found. */
size_t q__minimum_of(const struct q_minimum *minimum, size_t clause_count);

#endif
