/* embedded/page_failure.h: the errors of ports/page_extractor.h, from what the helper says of a
 * document and from how a child of its ended. For page_extractor_helper.c alone. Each fills *err
 * and returns its code. */
#ifndef Q_EMBEDDED_PAGE_FAILURE_H
#define Q_EMBEDDED_PAGE_FAILURE_H

#include "base/error.h"
#include "extract/protocol.h"

enum q_code q__page_failure(struct q_err *err, enum q_extract_failure failure);

enum q_code q__page_failure_late(struct q_err *err, int64_t page_timeout_ms);

/* The child ended before it had said all. */
enum q_code q__page_failure_ended(struct q_err *err, const struct q_extract_ending *ending,
				  int64_t page_timeout_ms);

#endif
