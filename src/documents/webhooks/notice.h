/* documents/webhooks/notice.h: the end of a run on its way to webhooks and callbacks
 * (notice.c, callback.c). Only documents/ includes it. */
#ifndef Q_DOCUMENTS_WEBHOOKS_NOTICE_H
#define Q_DOCUMENTS_WEBHOOKS_NOTICE_H

#include "documents/items.h"

/* The end of a run, which is to be announced. */
struct q__notice {
	struct q_str file_id;
	struct q_str tenant_id;
	int64_t run;
	enum q_job_status status; /* a final one */
	int64_t at_ms;
};
Q_MUST_USE bool q__notice_item(struct q_arena *arena, const struct q__notice *notice,
			       struct q_item *out);

/* The item of a callback, for the transaction that makes its job. The URL has been checked. */
Q_MUST_USE bool q__callback_item(struct q_arena *arena, struct q_str file_id, struct q_str url,
				 struct q_item *out);
/* Adds a callback to a job that is there, and may have ended: then it is told at once. The same URL
 * again changes nothing. Q_CONFLICT with reason "too_many_callbacks". */
Q_MUST_USE enum q_code q__callback_add(struct q_documents *d, const struct q_call *call,
				       struct q_str file_id, struct q_str url,
				       struct q_arena *arena, struct q_err *err);

#endif
