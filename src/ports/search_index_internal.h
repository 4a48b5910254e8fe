/* ports/search_index_internal.h: what the checks of the port share. For ports/search_*.c alone. */
#ifndef Q_PORTS_SEARCH_INDEX_INTERNAL_H
#define Q_PORTS_SEARCH_INDEX_INTERNAL_H

#include "ports/search_index.h"

Q_MUST_USE enum q_code q__search_text_check(struct q_str text, const char *where,
					    struct q_err *err);

Q_MUST_USE enum q_code q__search_pin_check(struct q_str pin, const char *where, struct q_err *err);

/* A view may be NULL: everything is seen. */

Q_MUST_USE enum q_code q__search_query_check(const struct q_search_query *query,
					     const struct q_search_view *view, const char *where,
					     struct q_err *err);
/* What its words stand for hangs on no document. */
Q_MUST_USE enum q_code q__search_exact_check(const struct q_search_query *query,
					     const struct q_search_view *view, const char *where,
					     struct q_err *err);
Q_MUST_USE enum q_code q__search_view_check(const struct q_search_index *store,
					    const struct q_search_view *view, const char *where,
					    struct q_err *err);
/* May the field be named? */
Q_MUST_USE enum q_code q__search_field_check(const struct q_search_view *view, struct q_str field,
					     const char *where, struct q_err *err);

#endif
