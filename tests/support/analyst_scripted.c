#include "support/analyst_scripted.h"

#include "base/mem.h"
#include "base/time.h"

#include <limits.h>
#include <stdatomic.h>
#include <time.h>

enum { SLICE_MS = 5 }; /* how late a cancelled call is noticed */

struct scripted_analyst {
	struct q_analyst base;
	struct analyst_script script;
	atomic_uint calls;
	atomic_uint running;
	atomic_uint running_max;
	atomic_uint failed; /* calls for the failing page that failed */
};

static struct scripted_analyst *scripted(struct q_analyst *analyst)
{
	return q_container_of(analyst, struct scripted_analyst, base);
}

static enum q_code wait(const struct q_call *call, int64_t wait_ms, struct q_err *err)
{
	int64_t until_ms = q_time_monotonic_ms() + wait_ms, left_ms;

	while ((left_ms = until_ms - q_time_monotonic_ms()) > 0) {
		struct timespec slice = {.tv_nsec = (left_ms < SLICE_MS ? left_ms : SLICE_MS) *
						    1000000};
		enum q_code code = q_call_check(call, "analyst_scripted.analyse_page", err);

		if (code != Q_OK)
			return code;
		nanosleep(&slice, NULL);
	}
	return Q_OK;
}

static enum q_code fail_as_told(struct scripted_analyst *self, unsigned page_number,
				struct q_err *err)
{
	enum q_code code;

	if (page_number != self->script.failing_page ||
	    (self->script.failures != UINT_MAX &&
	     atomic_fetch_add(&self->failed, 1) >= self->script.failures))
		return Q_OK;
	code = q_fail(err, self->script.failure, "analyst_scripted.analyse_page",
		      "page %u fails by its script", page_number);
	if (code == Q_BUSY)
		err->retry_after_ms = 1;
	return code;
}

static enum q_code answer(const struct q_page_request *request, struct q_arena *arena,
			  struct q_page_analysis *out, struct q_err *err)
{
	out->summary =
		q_arena_format(arena, "Page %u of %u.", request->page_number, request->page_count);
	out->entities = q_arena_alloc_array(arena, 1, sizeof out->entities[0]);
	if (out->entities)
		out->entities[out->entity_count++] =
			(struct q_entity){Q_ENTITY_IDENTIFIER,
					  q_arena_format(arena, "PAGE-%04u", request->page_number)};
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "analyst_scripted.analyse_page", "the answer");
	return Q_OK;
}

static void note_start(struct scripted_analyst *self)
{
	unsigned running = atomic_fetch_add(&self->running, 1) + 1;
	unsigned max = atomic_load(&self->running_max);

	atomic_fetch_add(&self->calls, 1);
	while (running > max && !atomic_compare_exchange_weak(&self->running_max, &max, running))
		continue;
}

static enum q_code scripted_analyse_page(struct q_analyst *analyst, const struct q_call *call,
					 const struct q_page_request *request,
					 struct q_arena *arena, struct q_page_analysis *out,
					 struct q_err *err)
{
	struct scripted_analyst *self = scripted(analyst);
	enum q_code code;

	note_start(self);
	code = wait(call, self->script.wait_ms, err);
	if (code == Q_OK)
		code = fail_as_told(self, request->page_number, err);
	if (code == Q_OK)
		code = answer(request, arena, out, err);
	atomic_fetch_sub(&self->running, 1);
	return code;
}

static void scripted_close(struct q_analyst *analyst)
{
	q_mem_free(scripted(analyst));
}

static const struct q_analyst_ops scripted_ops = {
	.name = "scripted",
	.capabilities = Q_CAP_IN_PROCESS,
	.analyse_page = scripted_analyse_page,
	.close = scripted_close,
};

struct q_analyst *analyst_scripted_new(struct analyst_script script)
{
	struct scripted_analyst *self = q_mem_new(sizeof *self);

	if (!self)
		return NULL;
	self->base.ops = &scripted_ops;
	self->script = script;
	return &self->base;
}

unsigned analyst_scripted_calls(struct q_analyst *analyst)
{
	return atomic_load(&scripted(analyst)->calls);
}

unsigned analyst_scripted_at_once_max(struct q_analyst *analyst)
{
	return atomic_load(&scripted(analyst)->running_max);
}
