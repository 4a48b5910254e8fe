#include "cmd/watch.h"

#include "base/time.h"
#include "cmd/output.h"
#include "documents/documents.h"

#include <inttypes.h>
#include <time.h>

enum { FIRST_WAIT_MS = 50, LAST_WAIT_MS = 500, COLUMNS = 5 };

static int64_t number(const struct q_json *object, struct q_str name)
{
	int64_t n = 0;

	(void)q_json_int64(q_json_member(object, name), &n);
	return n;
}

void q_watched_read(const struct q_json *job, struct q_watched *out)
{
	const struct q_json *progress = q_json_member(job, Q_STR("progress"));
	const struct q_json *error = q_json_member(job, Q_STR("error"));
	enum q_job_status status;

	*out = (struct q_watched){.job = job};
	(void)q_json_string(q_json_member(job, Q_STR("fileId")), &out->file_id);
	(void)q_json_string(q_json_member(job, Q_STR("fileName")), &out->file_name);
	(void)q_json_string(q_json_member(job, Q_STR("status")), &out->status);
	(void)q_json_string(q_json_member(error, Q_STR("code")), &out->error_code);
	(void)q_json_string(q_json_member(error, Q_STR("detail")), &out->error_detail);
	out->total = number(progress, Q_STR("total"));
	out->processed = number(progress, Q_STR("processed"));
	out->failed = number(progress, Q_STR("failed"));
	out->is_final = q_job_status_parse(out->status, &status) && q_job_status_is_final(status);
}

static void sleep_ms(int64_t ms)
{
	struct timespec time = {.tv_sec = (time_t)(ms / 1000),
				.tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

/* Asks for the jobs that are not at their end; *open counts those that still are not. */
static enum q_exit look(struct q_client *client, struct q_watched *jobs, size_t count, size_t *open)
{
	*open = 0;
	for (size_t i = 0; i < count; i++) {
		struct q_str id = jobs[i].file_id;
		const struct q_json *job;
		enum q_exit exit_code;

		if (jobs[i].is_final)
			continue;
		exit_code = q_client_send(
			client, "GET",
			q_arena_format(client->arena, "/api/jobs/%.*s", Q_STR_ARG(id)),
			(struct q_str){0}, &job);
		if (exit_code)
			return exit_code;
		q_watched_read(job, &jobs[i]);
		*open += !jobs[i].is_final;
	}
	return Q_EXIT_DONE;
}

static void draw(struct q_progress *progress, const struct q_watched *jobs, size_t count,
		 struct q_str label)
{
	int64_t done = 0, total = 0;

	for (size_t i = 0; i < count; i++) {
		done += jobs[i].processed + jobs[i].failed;
		total += jobs[i].total;
	}
	if (total > 0)
		q_progress_draw(progress, label, "pages", done, total);
}

enum q_exit q_watch(struct q_client *client, struct q_watched *jobs, size_t count,
		    struct q_str label)
{
	struct q_progress progress;
	int64_t wait_ms = FIRST_WAIT_MS;
	size_t open = count;
	enum q_exit exit_code;

	q_progress_begin(&progress);
	while ((exit_code = look(client, jobs, count, &open)) == Q_EXIT_DONE) {
		draw(&progress, jobs, count, label);
		if (open == 0)
			break;
		sleep_ms(wait_ms);
		wait_ms = wait_ms < LAST_WAIT_MS ? wait_ms + wait_ms / 8 : LAST_WAIT_MS;
	}
	q_progress_end(&progress);
	return exit_code;
}

enum q_exit q_watch_outcome(const struct q_watched *jobs, size_t count)
{
	size_t whole = 0, some = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_completed = q_str_equal(jobs[i].status, Q_STR("completed"));

		whole += is_completed && jobs[i].failed == 0;
		some += is_completed;
	}
	if (whole == count)
		return Q_EXIT_DONE;
	return some > 0 ? Q_EXIT_PARTLY : Q_EXIT_FAILED;
}

void q_watched_print(const struct q_watched *jobs, size_t count, struct q_arena *arena,
		     bool as_json)
{
	const struct q_str head[COLUMNS] = {Q_STR("FILE ID"), Q_STR("STATUS"), Q_STR("PAGES"),
					    Q_STR("NAME"), Q_STR("ERROR")};
	struct q_table *table = NULL;

	if (!as_json && (table = q_table_new(COLUMNS)))
		q_table_add(table, head);
	for (size_t i = 0; i < count; i++) {
		const struct q_watched *job = &jobs[i];
		struct q_str row[COLUMNS] = {
			job->file_id, job->status,
			q_arena_format(arena, "%" PRId64 "/%" PRId64, job->processed, job->total),
			job->file_name, job->error_code};

		if (as_json)
			q_output_json(job->job);
		q_table_add(table, row);
	}
	q_table_print(table, stdout);
}
