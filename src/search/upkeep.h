/* search/upkeep.h: what is done for indexes behind the backs of those who use them: what was put
 * becomes a segment every so often, full buffers are written, segments are merged. One thread
 * writes, another merges, so that a long merge delays no refresh.
 *
 * Contract:  what fails is logged and tried again; refresh tells its caller of the same failure.
 * Units:     milliseconds; bytes that merges write in a second.
 * Ownership: indexes are borrowed until the upkeep is stopped.
 * Threads:   any.
 * Errors:    Q_NOMEM, Q_BUSY (no more threads). */
#ifndef Q_SEARCH_UPKEEP_H
#define Q_SEARCH_UPKEEP_H

#include "search/index/index.h"
#include "search/search_index_embedded.h"

struct q__upkeep;

Q_MUST_USE enum q_code q__upkeep_start(const struct q_search_upkeep_options *options,
				       struct q__upkeep **out, struct q_err *err);
/* Called before other threads know the index. */
Q_MUST_USE enum q_code q__upkeep_add(struct q__upkeep *upkeep, struct q__index *index,
				     struct q_err *err);
/* Begins nothing for this index any more; what has begun may go on. */
void q__upkeep_remove(struct q__upkeep *upkeep, const struct q__index *index);
/* Ends a merge where it stands, and waits for both threads. NULL is allowed. */
void q__upkeep_stop(struct q__upkeep *upkeep);

#endif
