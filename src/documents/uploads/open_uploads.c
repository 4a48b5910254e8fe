#include "documents/uploads/uploads_internal.h"

enum { RETRY_AFTER_MS = 5000 };

static int64_t count_of(const struct q__open_uploads *uploads, struct q_str tenant_id)
{
	int64_t count = 0;

	for (const struct q__open_upload *u = uploads->first; u; u = u->next)
		count += q_str_equal(u->tenant_id, tenant_id);
	return count;
}

enum q_code q__open_upload_enter(struct q__open_uploads *uploads, struct q__open_upload *upload,
				 struct q_str tenant_id, int64_t most, struct q_err *err)
{
	bool has_room;

	pthread_mutex_lock(&uploads->mutex);
	has_room = most == 0 || count_of(uploads, tenant_id) < most;
	if (has_room) {
		*upload = (struct q__open_upload){uploads->first, tenant_id, true};
		uploads->first = upload;
	}
	pthread_mutex_unlock(&uploads->mutex);
	if (has_room)
		return Q_OK;
	q_fail_reason(
		err, Q_BUSY, "too_many_uploads", "upload.open",
		"the tenant has %lld uploads under way, as many as it may: wait for one to end",
		(long long)most);
	err->retry_after_ms = RETRY_AFTER_MS;
	return Q_BUSY;
}

void q__open_upload_leave(struct q__open_uploads *uploads, struct q__open_upload *upload)
{
	if (!upload->is_entered)
		return;
	pthread_mutex_lock(&uploads->mutex);
	for (struct q__open_upload **at = &uploads->first; *at; at = &(*at)->next) {
		if (*at == upload) {
			*at = upload->next;
			break;
		}
	}
	pthread_mutex_unlock(&uploads->mutex);
	upload->is_entered = false;
}
