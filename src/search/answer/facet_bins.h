/* search/answer/facet_bins.h: the buckets of a facet, numbered: which one a value of a column falls
 * into, and where that begins. Numbers ascend with values; between those of two neighbours there is
 * none. A facet of terms has a bucket a value, whose number is the value. Pure. */
#ifndef Q_SEARCH_ANSWER_FACET_BINS_H
#define Q_SEARCH_ANSWER_FACET_BINS_H

#include "ports/search_index.h"

int64_t q__bin_of(const struct q_facet *facet, int64_t value);

struct q_search_value q__bin_key(const struct q_facet *facet, enum q_field_kind kind, int64_t bin);

#endif
