/* quire jobs: what became of the documents. */
#include "cmd/job_pages.h"
#include "cmd/job_watch.h"
#include "cmd/listing.h"
#include "cmd/options.h"
#include "cmd/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct request {
	const struct q_command_context *context;
	struct q_client client;
	bool as_json;
	bool has_pages;
	const char *status, *tenant, *kind, *output, *limit;
	const char *file_id; /* NULL for ls */
};

/* One page of the list; *next is its cursor, empty at the end. */
static enum q_exit list_page(struct request *r, struct q_str cursor, struct q_watched *jobs,
			     size_t *count, struct q_str *next)
{
	const struct q_json *answer;
	struct q_json_walk walk;
	struct q_buf path;
	enum q_exit exit_code;

	q_buf_init(&path, 16 * 1024);
	q_buf_append(&path, Q_STR("/api/jobs"));
	q_listing_add_parameter(&path, "tenantId", q_str_from(r->tenant));
	q_listing_add_parameter(&path, "status", q_str_from(r->status));
	q_listing_add_parameter(&path, "kind", q_str_from(r->kind));
	q_listing_add_parameter(&path, "limit", q_str_from(r->limit ? r->limit : "100"));
	q_listing_add_parameter(&path, "cursor", cursor);
	exit_code =
		q_client_send(&r->client, "GET", q_arena_copy(r->client.arena, q_buf_str(&path)),
			      (struct q_str){0}, &answer);
	q_buf_free(&path);
	*next = (struct q_str){0};
	if (exit_code)
		return exit_code;
	*count = 0;
	for (walk = q_json_walk(q_json_member(answer, Q_STR("items")));
	     q_json_next(&walk) && *count < 100; (*count)++)
		q_watched_read(walk.value, &jobs[*count]);
	(void)q_json_string(q_json_member(answer, Q_STR("nextCursor")), next);
	return Q_EXIT_DONE;
}

static enum q_exit list(struct request *r)
{
	struct q_watched jobs[100];
	struct q_str cursor = {0};
	size_t count;
	enum q_exit exit_code;

	do {
		exit_code = list_page(r, cursor, jobs, &count, &cursor);
		if (exit_code)
			return exit_code;
		q_watched_print(jobs, count, r->client.arena, r->as_json);
	} while (cursor.length > 0 && !r->limit);
	return Q_EXIT_DONE;
}

/* Sends one request about the job, and shows the job that is its answer. */
static enum q_exit show_answer(struct request *r, const char *method, const char *suffix)
{
	const struct q_json *job;
	struct q_watched watched;
	enum q_exit exit_code =
		q_client_send(&r->client, method,
			      q_arena_format(r->client.arena, "/api/jobs/%s%s", r->file_id, suffix),
			      (struct q_str){0}, &job);

	if (exit_code)
		return exit_code;
	q_watched_read(job, &watched);
	q_watched_print(&watched, 1, r->client.arena, r->as_json);
	if (!r->as_json && watched.error_detail.length > 0)
		printf("%.*s\n", Q_STR_ARG(watched.error_detail));
	return Q_EXIT_DONE;
}

static enum q_exit show(struct request *r)
{
	enum q_exit exit_code = show_answer(r, "GET", "");

	if (exit_code || !r->has_pages)
		return exit_code;
	return q_job_pages_print(&r->client, r->file_id, r->as_json);
}

static enum q_exit watch(struct request *r)
{
	return q_job_watch(&r->client, r->file_id, r->as_json);
}

static enum q_exit cancel(struct request *r)
{
	return show_answer(r, "POST", "/cancel");
}

static enum q_exit retry(struct request *r)
{
	return show_answer(r, "POST", "/retry");
}

static enum q_exit remove_document(struct request *r)
{
	const struct q_json *answer;

	return q_client_send(&r->client, "DELETE",
			     q_arena_format(r->client.arena, "/api/jobs/%s", r->file_id),
			     (struct q_str){0}, &answer);
}

/* Where results go: --output, or stdout. */
static enum q_exit open_output(const struct request *r, int *fd)
{
	*fd = STDOUT_FILENO;
	if (!r->output)
		return Q_EXIT_DONE;
	*fd = open(r->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (*fd < 0)
		return q_command_fail("jobs", Q_EXIT_FAILED, "%s: %s", r->output, strerror(errno));
	return Q_EXIT_DONE;
}

static enum q_exit save(struct request *r, struct q_str url_or_path)
{
	int fd;
	enum q_exit exit_code = open_output(r, &fd);

	if (exit_code)
		return exit_code;
	exit_code = q_client_download(&r->client, url_or_path, fd);
	if (fd != STDOUT_FILENO && close(fd) < 0 && exit_code == Q_EXIT_DONE)
		return q_command_fail("jobs", Q_EXIT_FAILED, "%s: %s", r->output, strerror(errno));
	return exit_code;
}

static enum q_exit results(struct request *r)
{
	return save(r, q_arena_format(r->client.arena, "/api/jobs/%s/results", r->file_id));
}

/* As `results`, but through the signed link, as any HTTP client would. */
static enum q_exit download(struct request *r)
{
	const struct q_json *answer;
	struct q_str url = {0};
	enum q_exit exit_code =
		q_client_send(&r->client, "GET",
			      q_arena_format(r->client.arena, "/api/jobs/%s/download", r->file_id),
			      (struct q_str){0}, &answer);

	if (exit_code)
		return exit_code;
	(void)q_json_string(q_json_member(answer, Q_STR("downloadUrl")), &url);
	return save(r, url);
}

static const struct {
	const char *name;
	bool takes_id;
	enum q_exit (*run)(struct request *);
} actions[] = {
	{"ls", false, list},	      {"show", true, show},
	{"watch", true, watch},	      {"results", true, results},
	{"download", true, download}, {"cancel", true, cancel},
	{"retry", true, retry},	      {"delete", true, remove_document},
};

static enum q_exit run_action(struct request *r, const char *const *operands, size_t count)
{
	const char *name = count > 0 ? operands[0] : "ls";
	enum q_exit exit_code;

	for (size_t i = 0; i < Q_COUNT_OF(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		if (count > 0 && count - 1 != actions[i].takes_id)
			return q_command_usage(&q_command_jobs, "`jobs %s` takes %s", name,
					       actions[i].takes_id ? "a file id" : "no file id");
		if (actions[i].takes_id)
			r->file_id = operands[1];
		exit_code = q_client_open(r->context, "jobs", &r->client);
		if (exit_code)
			return exit_code;
		exit_code = actions[i].run(r);
		q_client_close(&r->client);
		return exit_code;
	}
	return q_command_usage(&q_command_jobs, "there is no `jobs %s`", name);
}

static enum q_exit run(const struct q_command_context *context)
{
	struct request r = {.context = context};
	struct q_option options[] = {
		{"json", false, &r.as_json, NULL}, {"pages", false, &r.has_pages, NULL},
		{"status", true, NULL, &r.status}, {"tenant", true, NULL, &r.tenant},
		{"kind", true, NULL, &r.kind},	   {"output", true, NULL, &r.output},
		{"limit", true, NULL, &r.limit}};
	const char *const *operands;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(&q_command_jobs, "%s", err.message);
	r.as_json = q_output_is_json(r.as_json);
	return run_action(&r, operands, count);
}

const struct q_command q_command_jobs = {
	.name = "jobs",
	.synopsis = "jobs [ls | show ID | watch ID | results ID | download ID | cancel ID | retry "
		    "ID | delete ID] "
		    "[--status S] "
		    "[--tenant T] "
		    "[--kind K] [--limit N] [--pages] [--output FILE] [--json]",
	.summary = "list jobs, show or watch one, fetch its results, stop, retry or delete it",
	.help = "show --pages lists the state of every page, too.\n"
		"watch draws a cell a page (. open, # done, x failed) until the run ends; in a "
		"pipe, "
		"a JSON line an event.\n"
		"results and download write the manifest to --output, or to stdout; download goes "
		"through the signed link.\n",
	.run = run,
};
