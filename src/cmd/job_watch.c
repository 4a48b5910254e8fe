#include "cmd/job_watch.h"

#include "base/time.h"
#include "cmd/output.h"
#include "cmd/page_grid.h"
#include "documents/documents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 64 * 1024,
	EVENT_ARENA = 1 << 20,
	SCREEN_MAX = 256 * 1024,
	DRAW_EVERY_MS = 100,
	WAIT_MIN_MS = 250,
	WAIT_MAX_MS = 4000,
	GIVE_UP_MS = 60000, /* without any answer */
	WIDTH_MAX = 100,
	LINES_MAX = 20
};

static const struct q_json_limits event_limits = {MESSAGE_MAX, 8, false};

struct watch {
	struct q_client *client;
	struct q_arena *arena; /* of one event */
	bool as_json, has_colour;
	struct q_buf received; /* what is not a whole message yet */
	int64_t last_id, run;
	struct q_str status; /* of the job; a literal */
	bool is_over;
	int64_t total, processed, failed;
	int64_t answered_ms;	      /* monotonic: the latest bytes */
	int64_t first_done, first_ms; /* how far it was when watching began, for the speed */
	int64_t drawn_ms;
	size_t drawn_lines;
	struct q_page_grid grid;
};

/* --- The screen ------------------------------------------------------------------------------- */

static size_t screen_width(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static void write_counts(const struct watch *w, struct q_buf *out)
{
	int64_t done = w->processed + w->failed, elapsed_ms = q_time_monotonic_ms() - w->first_ms;
	double rate =
		elapsed_ms > 0 ? (double)(done - w->first_done) * 1000.0 / (double)elapsed_ms : 0;

	q_buf_format(out, "%.*s  %" PRId64 "/%" PRId64 " pages", Q_STR_ARG(w->status), done,
		     w->total);
	if (w->failed > 0)
		q_buf_format(out, "  %" PRId64 " failed", w->failed);
	if (w->run > 1)
		q_buf_format(out, "  run %" PRId64, w->run);
	if (rate > 0 && !w->is_over)
		q_buf_format(out, "  %.1f pages/s  ETA %.0f s", rate,
			     (double)(w->total - done) / rate);
	q_buf_append(out, Q_STR("\n"));
}

static void draw(struct watch *w)
{
	int64_t now_ms = q_time_monotonic_ms();
	struct q_buf out;

	if (w->as_json || (!w->is_over && now_ms - w->drawn_ms < DRAW_EVERY_MS))
		return;
	w->drawn_ms = now_ms;
	q_buf_init(&out, SCREEN_MAX);
	if (w->drawn_lines > 0)
		q_buf_format(&out, "\033[%zuA\r\033[J", w->drawn_lines);
	w->drawn_lines =
		1 + q_page_grid_write(&w->grid, screen_width(), LINES_MAX, w->has_colour, &out);
	write_counts(w, &out);
	fwrite(out.data, 1, out.length, stdout);
	fflush(stdout);
	q_buf_free(&out);
}

/* --- Events ----------------------------------------------------------------------------------- */

static int64_t number(const struct q_json *object, struct q_str name)
{
	int64_t n = 0;

	(void)q_json_int64(q_json_member(object, name), &n);
	return n;
}

static struct q_str text(const struct q_json *object, struct q_str name)
{
	struct q_str s = {0};

	(void)q_json_string(q_json_member(object, name), &s);
	return s;
}

static struct q_str status_literal(struct q_str word)
{
	enum q_job_status status;

	return q_job_status_parse(word, &status) ? q_str_from(q_job_status_name(status))
						 : Q_STR("");
}

static void begin_run(struct watch *w, int64_t run)
{
	w->run = run;
	w->is_over = false;
	q_page_grid_reopen(&w->grid);
}

static void take_counts(struct watch *w, const struct q_json *event)
{
	const struct q_json *progress = q_json_member(event, Q_STR("progress"));

	w->total = number(progress, Q_STR("total"));
	w->processed = number(progress, Q_STR("processed"));
	w->failed = number(progress, Q_STR("failed"));
	if (w->total > 0 && !q_page_grid_resize(&w->grid, (size_t)w->total))
		w->grid.count = 0; /* without a grid, then */
}

static void take_event(struct watch *w, const struct q_json *event)
{
	struct q_str type = text(event, Q_STR("type")), status = text(event, Q_STR("status"));

	if (number(event, Q_STR("id")) != w->last_id + 1)
		return; /* seen before: never, if the server keeps its word */
	w->last_id++;
	if (number(event, Q_STR("run")) > w->run)
		begin_run(w, number(event, Q_STR("run")));
	take_counts(w, event);
	if (q_str_equal(type, Q_STR("page")))
		q_page_grid_set(&w->grid, number(event, Q_STR("page")),
				q_str_equal(status, Q_STR("failed")) ? Q_CELL_FAILED : Q_CELL_DONE);
	else
		w->status = status_literal(status);
	w->is_over = !q_str_equal(type, Q_STR("page")) && !q_str_equal(type, Q_STR("progress"));
	if (w->as_json)
		q_output_json(event);
	if (w->as_json)
		fflush(stdout);
}

/* One message of the stream: lines, of which data counts (WHATWG HTML, 9.2.6, as far as our server
 * uses it). */
static void take_message(struct watch *w, struct q_str message)
{
	struct q_str line;
	bool is_event = false;

	while (message.length > 0) {
		const struct q_json *event;
		struct q_err err;

		q_str_cut(message, '\n', &line, &message);
		is_event |= q_str_starts_with(line, Q_STR("id: "));
		if (!is_event || !q_str_starts_with(line, Q_STR("data: ")))
			continue;
		line = q_str_slice(line, 6, line.length);
		q_arena_reset(w->arena);
		if (q_json_parse(w->arena, q_str_bytes(line), &event_limits, &event, &err) == Q_OK)
			take_event(w, event);
	}
}

static enum q_code take_bytes(void *context, struct q_bytes bytes, struct q_err *err)
{
	struct watch *w = context;
	size_t end;

	w->answered_ms = q_time_monotonic_ms();
	if (!q_buf_append(&w->received, q_bytes_str(bytes)))
		return q_fail(err, Q_TOOBIG, "jobs.watch", "a message of the server is too long");
	while (!w->is_over && q_str_find(q_buf_str(&w->received), Q_STR("\n\n"), &end)) {
		take_message(w, q_str_slice(q_buf_str(&w->received), 0, end));
		q_buf_consume(&w->received, end + 2);
	}
	if (w->first_ms == 0) { /* what was there already says nothing of the speed */
		w->first_ms = q_time_monotonic_ms();
		w->first_done = w->processed + w->failed;
	}
	draw(w);
	return w->is_over ? q_fail(err, Q_CANCELLED, "jobs.watch", "it is over") : Q_OK;
}

/* --- The connection --------------------------------------------------------------------------- */

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ms / 1000),
				     .tv_nsec = (long)(ms % 1000) * 1000000},
		  NULL);
}

/* Connects until the run is over, nobody has answered for a minute, or the server refuses. */
static enum q_exit follow(struct watch *w, struct q_str path)
{
	int64_t wait_ms = WAIT_MIN_MS;

	while (!w->is_over) {
		int64_t before = w->last_id;
		bool is_reachable, has_more = true;
		enum q_exit exit_code;

		q_buf_clear(&w->received);
		exit_code = q_client_listen(w->client, path, w->last_id, take_bytes, w,
					    &is_reachable, &has_more);
		if (exit_code || !has_more)
			return exit_code;
		if (!is_reachable && q_time_monotonic_ms() - w->answered_ms > GIVE_UP_MS)
			return q_command_fail("jobs", Q_EXIT_UNREACHABLE,
					      "the server has not answered for a minute");
		wait_ms = w->last_id > before ? WAIT_MIN_MS : 2 * wait_ms;
		if (!w->is_over)
			pause_ms(wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
	}
	return Q_EXIT_DONE;
}

static enum q_exit outcome(const struct watch *w)
{
	if (!q_str_equal(w->status, Q_STR("completed")))
		return Q_EXIT_FAILED;
	return w->failed > 0 ? Q_EXIT_PARTLY : Q_EXIT_DONE;
}

enum q_exit q_job_watch(struct q_client *client, const char *file_id, bool as_json)
{
	struct watch w = {.client = client,
			  .arena = q_arena_new(EVENT_ARENA),
			  .as_json = as_json,
			  .has_colour = !getenv("NO_COLOR"),
			  .status = Q_STR("pending"),
			  .answered_ms = q_time_monotonic_ms()};
	struct q_str path = q_arena_format(client->arena, "/api/jobs/%s/events", file_id);
	enum q_exit exit_code;

	if (!w.arena)
		return q_command_fail("jobs", Q_EXIT_FAILED, "no memory");
	q_buf_init(&w.received, MESSAGE_MAX + SCREEN_MAX);
	exit_code = follow(&w, path);
	q_buf_free(&w.received);
	q_page_grid_free(&w.grid);
	q_arena_free(w.arena);
	return exit_code ? exit_code : outcome(&w);
}
