/* A call runs one child over the whole range and hands on its pages as they come. When the child
 * dies, the page it was at is to blame, or the memory that those before it had taken: so the rest
 * of the range, that page first, runs one page a child. Only a page that took too long is not
 * tried again. */
#include "embedded/page_extractor_helper.h"

#include "base/mem.h"
#include "base/time.h"
#include "embedded/helper_process.h"
#include "embedded/page_failure.h"
#include "embedded/page_frames.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CANCEL_CHECK_MS = 50,	  /* a cancel flag rings no bell */
	ENDING_TIMEOUT_MS = 2000, /* from the end of the frames to the child's own end */
	LOST_MAX = 3,		  /* helpers that may die under one call */
};

static const char where[] = "page_extractor.helper";

struct extractor {
	struct q_page_extractor base;
	struct q__helper *helper; /* owned */
	unsigned pages_max;
	int64_t page_timeout_ms;
	bool takes_ocr_layers;
	uint32_t text_bytes_max;
};

/* One call of the port. */
struct task {
	struct extractor *extractor;
	const struct q_call *call;
	const struct q_document_source *source;
	struct q_page_sink *sink;      /* NULL: only count */
	unsigned next_page, last_page; /* what is left; 0, 0: only count */
	bool is_one_by_one;
	unsigned lost; /* helpers */
	unsigned page_count;
	int64_t deadline_ms; /* of the work alone: what the sink takes is added */
	uint64_t text_bytes;
};

/* How a child's conversation came to its end. */
enum outcome {
	OUTCOME_DONE,	 /* all was said */
	OUTCOME_STOPPED, /* *err goes to the caller */
	OUTCOME_DIED,	 /* *err says how: page_timeout or page_crashed */
	OUTCOME_LOST	 /* the helper is gone, and the child with it */
};

static bool await(int fd, int64_t timeout_ms)
{
	struct pollfd event = {.fd = fd, .events = POLLIN};

	return poll(&event, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) > 0;
}

/* The frames have ended too early: how did the child end? */
static enum outcome explain_end(const struct task *task, const struct q__helper_child *child,
				struct q_err *err)
{
	struct q_extract_ending ending;

	if (!await(child->status_fd, ENDING_TIMEOUT_MS) ||
	    recv(child->status_fd, &ending, sizeof ending, 0) != sizeof ending) {
		q_fail(err, Q_IO, where, "the helper has died");
		return OUTCOME_LOST;
	}
	q__page_failure_ended(err, &ending, task->extractor->page_timeout_ms);
	return OUTCOME_DIED;
}

/* The sink's own time is not the document's. */
static enum q_code give(struct task *task, const struct q_page_text *page, struct q_err *err)
{
	int64_t before_ms = q_time_monotonic_ms();
	enum q_code code = task->sink->page(task->sink, page, err);

	task->deadline_ms += q_time_monotonic_ms() - before_ms;
	task->next_page = page->page_number + 1;
	return code;
}

static enum q_code give_failed(struct task *task, unsigned page_number, const struct q_err *why,
			       struct q_err *err)
{
	const struct q_page_text page = {.page_number = page_number, .error = why};

	return give(task, &page, err);
}

static enum outcome take_page(struct task *task, const struct q_page_text *page, struct q_err *err)
{
	task->text_bytes += page->text.length;
	for (size_t i = 0; i < page->hidden_count; i++)
		task->text_bytes += page->hidden[i].text.length;
	if (task->text_bytes > task->extractor->text_bytes_max) {
		q__page_failure(err, Q_EXTRACT_TOO_LARGE);
		return OUTCOME_STOPPED;
	}
	return give(task, page, err) == Q_OK ? OUTCOME_DONE : OUTCOME_STOPPED;
}

static enum outcome take_failed_page(struct task *task, const struct q__page_frame *frame,
				     struct q_err *err)
{
	struct q_err why;

	q__page_failure(&why, frame->failure);
	return give_failed(task, frame->page.page_number, &why, err) == Q_OK ? OUTCOME_DONE
									     : OUTCOME_STOPPED;
}

/* All frames that have arrived whole. *is_over: the last one was among them, or the outcome is not
 * DONE. */
static enum outcome take_frames(struct task *task, struct q__page_frames *frames, bool *is_over,
				struct q_err *err)
{
	enum outcome outcome = OUTCOME_DONE;
	struct q__page_frame frame;

	*is_over = true;
	while (outcome == OUTCOME_DONE) {
		if (q__page_frames_next(frames, &frame, err) != Q_OK) {
			if (err->code == Q_NOMEM)
				return OUTCOME_STOPPED;
			err->reason = "page_crashed";
			return OUTCOME_DIED;
		}
		switch (frame.kind) {
		case Q__FRAME_NONE:
			*is_over = false;
			return OUTCOME_DONE;
		case Q__FRAME_DOCUMENT:
			task->page_count = frames->page_count;
			break;
		case Q__FRAME_PAGE:
			outcome = take_page(task, &frame.page, err);
			break;
		case Q__FRAME_PAGE_FAILED:
			outcome = take_failed_page(task, &frame, err);
			break;
		case Q__FRAME_FAILED:
			q__page_failure(err, frame.failure);
			return OUTCOME_STOPPED;
		case Q__FRAME_END:
			return OUTCOME_DONE;
		}
	}
	return outcome;
}

enum reading { READ_SOME, READ_END, READ_FAILED };

static enum reading read_some(int fd, struct q__page_frames *frames, struct q_err *err)
{
	size_t room;
	char *space = q__page_frames_room(frames, &room);
	ssize_t got;

	if (!space) {
		q_fail(err, Q_NOMEM, where, "no memory for a page");
		return READ_FAILED;
	}
	got = read(fd, space, room);
	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		q_fail_os(err, errno, where, "cannot read from the helper");
		return READ_FAILED;
	}
	if (got > 0)
		q__page_frames_filled(frames, (size_t)got);
	return got == 0 ? READ_END : READ_SOME;
}

/* OUTCOME_DONE: there may be something to read. */
static enum outcome await_frames(const struct task *task, int fd, struct q_err *err)
{
	int64_t left_ms = task->deadline_ms - q_time_monotonic_ms();
	int64_t wait_ms = q_call_remaining_ms(task->call, left_ms);

	if (q_call_check(task->call, where, err) != Q_OK)
		return OUTCOME_STOPPED;
	if (left_ms <= 0) {
		q__page_failure_late(err, task->extractor->page_timeout_ms);
		return OUTCOME_DIED;
	}
	if (wait_ms > left_ms)
		wait_ms = left_ms;
	if (task->call->is_cancelled && wait_ms > CANCEL_CHECK_MS)
		wait_ms = CANCEL_CHECK_MS;
	(void)await(fd, wait_ms);
	return OUTCOME_DONE;
}

static enum outcome converse(struct task *task, const struct q__helper_child *child,
			     struct q__page_frames *frames, struct q_err *err)
{
	enum outcome outcome;
	bool is_over;

	for (;;) {
		outcome = await_frames(task, child->result_fd, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		switch (read_some(child->result_fd, frames, err)) {
		case READ_FAILED:
			return OUTCOME_STOPPED;
		case READ_END:
			return explain_end(task, child, err);
		case READ_SOME:
			break;
		}
		outcome = take_frames(task, frames, &is_over, err);
		if (is_over || outcome != OUTCOME_DONE)
			return outcome;
	}
}

static enum outcome run_child(struct task *task, struct q_err *err)
{
	const struct q_extract_request request = {
		.version = Q_EXTRACT_VERSION,
		.first_page = task->next_page,
		.last_page = task->is_one_by_one ? task->next_page : task->last_page,
		.pages_max = task->extractor->pages_max,
		.page_timeout_ms = (uint32_t)task->extractor->page_timeout_ms,
		.takes_ocr_layers = task->extractor->takes_ocr_layers,
		.text_bytes_max = task->extractor->text_bytes_max,
		.size_bytes = task->source->size_bytes,
	};
	struct q__helper_child child;
	struct q__page_frames frames;
	enum outcome outcome;

	if (task->deadline_ms <= q_time_monotonic_ms()) {
		q__page_failure_late(err, task->extractor->page_timeout_ms);
		return OUTCOME_DIED;
	}
	if (q__helper_ask(task->extractor->helper, &request, task->source->fd, &child, err) != Q_OK)
		return OUTCOME_STOPPED;
	q__page_frames_init(&frames, &request);
	outcome = converse(task, &child, &frames, err);
	q__page_frames_free(&frames);
	q__helper_child_close(&child);
	return outcome;
}

/* What remains to be done after a child has died at next_page. *err holds why. */
static enum q_code carry_on(struct task *task, struct q_err *err)
{
	bool was_range = !task->is_one_by_one && task->next_page < task->last_page;
	struct q_err why = *err;

	if (task->page_count == 0) /* it died while opening: so would all others */
		return err->code;
	task->is_one_by_one = true;
	if (was_range && why.code != Q_TIMEOUT)
		return Q_OK;
	return give_failed(task, task->next_page, &why, err);
}

static enum q_code run(struct task *task, struct q_err *err)
{
	const bool counts_only = task->last_page == 0;
	enum q_code code = Q_OK;

	do {
		switch (run_child(task, err)) {
		case OUTCOME_DONE:
			break;
		case OUTCOME_STOPPED:
			return err->code;
		case OUTCOME_DIED:
			code = counts_only ? err->code : carry_on(task, err);
			break;
		case OUTCOME_LOST:
			if (++task->lost > LOST_MAX)
				return err->code;
			task->page_count = counts_only ? 0 : task->page_count;
			continue;
		}
		if (counts_only)
			return code;
	} while (code == Q_OK && task->next_page <= task->last_page);
	return code;
}

static struct task task_new(struct q_page_extractor *base, const struct q_call *call,
			    const struct q_document_source *source)
{
	return (struct task){
		.extractor = q_container_of(base, struct extractor, base),
		.call = call,
		.source = source,
	};
}

static void set_deadline(struct task *task, unsigned page_count)
{
	task->deadline_ms = q_time_monotonic_ms() +
			    ((int64_t)page_count + 1) * task->extractor->page_timeout_ms;
}

static enum q_code count_pages(struct q_page_extractor *base, const struct q_call *call,
			       const struct q_document_source *source, unsigned *page_count,
			       struct q_err *err)
{
	struct task task = task_new(base, call, source);
	enum q_code code;

	set_deadline(&task, 0);
	code = run(&task, err);
	if (code == Q_OK)
		*page_count = task.page_count;
	return code;
}

static enum q_code extract(struct q_page_extractor *base, const struct q_call *call,
			   const struct q_document_source *source, unsigned first, unsigned last,
			   struct q_page_sink *sink, struct q_err *err)
{
	struct task task = task_new(base, call, source);

	task.sink = sink;
	task.next_page = first;
	task.last_page = last;
	set_deadline(&task, last - first + 1);
	return run(&task, err);
}

static void extractor_close(struct q_page_extractor *base)
{
	struct extractor *extractor = q_container_of(base, struct extractor, base);

	if (extractor->helper)
		q__helper_close(extractor->helper);
	q_mem_free(extractor);
}

static const struct q_page_extractor_ops helper_ops = {
	.name = "helper",
	.count_pages = count_pages,
	.extract = extract,
	.close = extractor_close,
};

enum q_code q_page_extractor_helper_open(const struct q_page_extractor_helper_options *options,
					 struct q_page_extractor **out, struct q_err *err)
{
	struct extractor *extractor = q_mem_new(sizeof *extractor);
	enum q_code code;

	q_assert(options->page_timeout_ms > 0 && options->page_timeout_ms <= INT32_MAX);
	if (!extractor)
		return q_fail(err, Q_NOMEM, where, "%zu bytes", sizeof *extractor);
	extractor->base.ops = &helper_ops;
	extractor->pages_max = options->pages_max;
	extractor->page_timeout_ms = options->page_timeout_ms;
	extractor->takes_ocr_layers = options->takes_ocr_layers;
	extractor->text_bytes_max =
		options->text_bytes_max > 0 ? options->text_bytes_max : Q_EXTRACT_DOCUMENT_TEXT_MAX;
	code = q__helper_open(options->helper_path, &extractor->helper, err);
	if (code != Q_OK) {
		extractor_close(&extractor->base);
		return code;
	}
	*out = &extractor->base;
	return Q_OK;
}

pid_t q_page_extractor_helper_pid(struct q_page_extractor *base)
{
	return q__helper_pid(q_container_of(base, struct extractor, base)->helper);
}
