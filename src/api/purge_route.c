/* POST /admin/purge: what deleted documents have left in the stores goes now. It waits, without a
 * thread, until the readers of what is to go are past it. */
#include "api/api_internal.h"

enum { WAIT_MS = 45000 };

struct purging {
	struct q_api *api;
	struct q__wait wait;
	struct q_purge purge;
};

static void answer_purged(struct q_http_request *request, int64_t duration_ms)
{
	struct q__reply answer;

	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_int64(&answer.w, "durationMs", duration_ms);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 200);
}

static void step(struct q_http_request *request, void *context)
{
	struct purging *purging = context;
	struct q_api *api = purging->api;
	bool is_done;
	struct q_err err;
	enum q_code code = q_purge_step(api->o.documents, q_http_request_call(request),
					&purging->purge, &is_done, &err);

	if (!code && is_done) {
		answer_purged(request, q_clock_now_ms(api->o.clock) - purging->purge.began_at_ms);
		return;
	}
	if ((!code || code == Q_BUSY) && q__wait_again(&purging->wait, request, step, purging))
		return;
	if (!code)
		q_fail(&err, Q_BUSY, "api.purge", "a reader of the changes is behind");
	q_http_respond_error(request, &err);
}

void q__purge(struct q_http_request *request, void *context)
{
	struct purging *purging = q_arena_alloc(q_http_request_arena(request), sizeof *purging);
	struct q_err err;

	if (!q__query(request, NULL, 0))
		return;
	if (!purging) {
		q_fail(&err, Q_NOMEM, "api.purge", "a request");
		q_http_respond_error(request, &err);
		return;
	}
	*purging = (struct purging){.api = context};
	q__wait_begin(&purging->wait, WAIT_MS);
	step(request, purging);
}
