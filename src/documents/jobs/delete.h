/* documents/jobs/delete.h: documents that are deleted (delete.c). Only documents/ includes it. */
#ifndef Q_DOCUMENTS_JOBS_DELETE_H
#define Q_DOCUMENTS_JOBS_DELETE_H

#include "documents/documents_internal.h"

/* What stands in the place of a deleted job until nobody can still be writing. */
struct q__tombstone {
	struct q_str file_id;
	struct q_str tenant_id;
	int64_t deleted_at_ms;
	bool is_removed; /* what was left of it, and that was announced */
};

enum q__deletion { Q__DELETED_BY_REQUEST, Q__DELETED_BY_RETENTION };

/* Deletes the document as far as can be done now; the sweeper does the rest. `who` NULL: the
 * product itself. Q_NOTFOUND. */
Q_MUST_USE enum q_code q__job_delete(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     enum q__deletion cause, struct q_arena *arena,
				     struct q_err *err);

/* Does what is next for the tombstone of this document, if there is one. */
Q_MUST_USE enum q_code q__tombstone_sweep(struct q_documents *d, const struct q_call *call,
					  struct q_str file_id, struct q_arena *arena,
					  struct q_err *err);

/* For who has stored a result and then could not note it: if the document was deleted meanwhile,
 * the result goes too. What fails is left to the sweeper. */
void q__remove_if_deleted(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			  struct q_str key, struct q_arena *arena);

/* Tells the index and others that the document is gone: its ids and nothing else. */
Q_MUST_USE enum q_code q__publish_deleted(struct q_documents *d, const struct q_call *call,
					  const struct q__tombstone *tombstone, struct q_err *err);

#endif
