/* quire demo: the main job on real documents, from the upload to the results, on a server of its
 * own. */
#include "base/file.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cmd/child_server.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 1000, COLUMNS = 5, RESULTS_MAX = 64 << 20, SUMMARY_BYTES = 72 };

static const struct q_json_limits results_limits = {RESULTS_MAX, 16, false};

struct demo {
	struct q_arena *arena;
	struct q_client client;
	const char *output; /* directory of the results */
	struct q_vec files; /* const char * */
	struct q_watched *jobs;
	size_t job_count;
	bool as_json;
};

/* --- Which documents -------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum q_exit add_directory(struct demo *demo, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool is_full = false;

	if (!directory)
		return q_command_fail("demo", Q_EXIT_NOTFOUND, "%s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) && !is_full) {
		const char *file;

		if (!q_str_ends_with(q_str_from(entry->d_name), Q_STR(".pdf")))
			continue;
		file = q_arena_format(demo->arena, "%s/%s", path, entry->d_name).data;
		is_full = !q_vec_push(&demo->files, &file);
	}
	closedir(directory);
	qsort(demo->files.items, demo->files.count, sizeof(char *), compare_paths);
	return Q_EXIT_DONE;
}

static enum q_exit add_path(struct demo *demo, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return add_directory(demo, path);
	if (!q_vec_push(&demo->files, &path))
		return q_command_fail("demo", Q_EXIT_FAILED, "at most %d files", FILES_MAX);
	return Q_EXIT_DONE;
}

/* --- Upload, watch, download ------------------------------------------------------------------ */

static enum q_exit send_all(struct demo *demo)
{
	struct q_progress progress;
	enum q_exit exit_code = Q_EXIT_DONE;

	demo->jobs = q_arena_alloc_array(demo->arena, demo->files.count, sizeof *demo->jobs);
	if (!demo->jobs)
		return q_command_fail("demo", Q_EXIT_FAILED, "out of memory");
	q_progress_begin(&progress);
	for (size_t i = 0; i < demo->files.count; i++) {
		struct q_client_upload upload = {.path = *(const char **)q_vec_at(&demo->files, i),
						 .is_again = true};
		const struct q_json *answer;

		q_progress_draw(&progress, Q_STR("uploading"), "files", (int64_t)i,
				(int64_t)demo->files.count);
		exit_code = q_client_upload(&demo->client, &upload, &answer);
		if (exit_code == Q_EXIT_UNREACHABLE)
			break;
		if (exit_code == Q_EXIT_DONE)
			q_watched_read(answer, &demo->jobs[demo->job_count++]);
	}
	q_progress_end(&progress);
	return demo->job_count > 0 ? Q_EXIT_DONE : exit_code;
}

static const char *result_path(struct demo *demo, const struct q_watched *job)
{
	return q_arena_format(demo->arena, "%s/%.*s.json", demo->output, Q_STR_ARG(job->file_id))
		.data;
}

/* The manifest through its signed link, into a file. */
static enum q_exit download(struct demo *demo, const struct q_watched *job)
{
	struct q_str url = {0};
	enum q_exit exit_code;
	int fd;

	if (!q_json_string(q_json_member(job->job, Q_STR("downloadUrl")), &url))
		return Q_EXIT_DONE;
	fd = open(result_path(demo, job), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return q_command_fail("demo", Q_EXIT_FAILED, "%s: %s", demo->output,
				      strerror(errno));
	exit_code = q_client_download(&demo->client, url, fd);
	close(fd);
	return exit_code;
}

/* --- What came out ---------------------------------------------------------------------------- */

/* The first page's summary and how many entities all pages name. */
static void read_results(struct demo *demo, const struct q_watched *job, struct q_str *summary,
			 int64_t *entities)
{
	struct q_json_walk walk;
	const struct q_json *manifest;
	struct q_bytes text;
	struct q_err err;

	*summary = job->error_code;
	*entities = 0;
	if (q_file_read_at(AT_FDCWD, result_path(demo, job), RESULTS_MAX, demo->arena, &text,
			   &err) ||
	    q_json_parse(demo->arena, text, &results_limits, &manifest, &err))
		return;
	for (walk = q_json_walk(q_json_member(manifest, Q_STR("chunks"))); q_json_next(&walk);) {
		const struct q_json *analysis = q_json_member(walk.value, Q_STR("analysis"));

		*entities += (int64_t)q_json_count(q_json_member(analysis, Q_STR("entities")));
		if (summary->length == 0)
			(void)q_json_string(q_json_member(analysis, Q_STR("summary")), summary);
	}
}

static void print_table(struct demo *demo)
{
	const struct q_str head[COLUMNS] = {Q_STR("DOCUMENT"), Q_STR("STATUS"), Q_STR("PAGES"),
					    Q_STR("ENTITIES"), Q_STR("SUMMARY")};
	struct q_table *table = q_table_new(COLUMNS);

	q_table_add(table, head);
	for (size_t i = 0; i < demo->job_count; i++) {
		const struct q_watched *job = &demo->jobs[i];
		struct q_str summary;
		int64_t entities;

		read_results(demo, job, &summary, &entities);
		q_table_add(table,
			    (struct q_str[]){job->file_name, job->status,
					     q_arena_format(demo->arena, "%" PRId64 "/%" PRId64,
							    job->processed, job->total),
					     q_arena_format(demo->arena, "%" PRId64, entities),
					     q_utf8_cut(summary, SUMMARY_BYTES)});
	}
	q_table_print(table, stdout);
}

static void report(struct demo *demo, int64_t duration_ms)
{
	int64_t pages = 0, failed = 0;

	for (size_t i = 0; i < demo->job_count; i++) {
		pages += demo->jobs[i].processed;
		failed += demo->jobs[i].failed;
		if (demo->as_json)
			q_output_json(demo->jobs[i].job);
	}
	if (!demo->as_json)
		print_table(demo);
	fprintf(stderr,
		"%zu documents, %" PRId64 " pages (%" PRId64
		" failed) in %.1f s: %.0f pages/s; results in %s/\n",
		demo->job_count, pages, failed, (double)duration_ms / 1000.0,
		duration_ms > 0 ? (double)pages * 1000.0 / (double)duration_ms : 0.0, demo->output);
}

static enum q_exit work(struct demo *demo)
{
	int64_t started_ms = q_time_monotonic_ms(), ended_ms;
	enum q_exit exit_code = send_all(demo);

	if (exit_code == Q_EXIT_DONE)
		exit_code = q_watch(&demo->client, demo->jobs, demo->job_count, Q_STR("working"));
	ended_ms = q_time_monotonic_ms();
	for (size_t i = 0; i < demo->job_count && exit_code == Q_EXIT_DONE; i++)
		exit_code = download(demo, &demo->jobs[i]);
	if (exit_code == Q_EXIT_DONE)
		report(demo, ended_ms - started_ms);
	return exit_code;
}

static enum q_exit run_on_server(struct demo *demo)
{
	struct q_child_server server;
	enum q_exit exit_code;
	struct q_err err;

	if (q_file_make_directories(AT_FDCWD, demo->output, &err) ||
	    q_child_server_start(demo->arena, &server, &err))
		return q_command_error("demo", &err);
	fprintf(stderr, "a server listens at %.*s; %zu documents go to it\n", Q_STR_ARG(server.url),
		demo->files.count);
	exit_code = q_client_open_at(demo->arena, "demo", server.url, server.token, &demo->client);
	if (exit_code == Q_EXIT_DONE) {
		exit_code = work(demo);
		q_client_close(&demo->client);
	}
	q_child_server_stop(&server);
	return exit_code;
}

static enum q_exit run(const struct q_command_context *context)
{
	struct demo demo = {.arena = context->arena, .output = "demo-results"};
	struct q_option options[] = {{"output", true, NULL, &demo.output},
				     {"json", false, &demo.as_json, NULL}};
	const char *const *paths;
	enum q_exit exit_code = Q_EXIT_DONE;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &paths, &count, &err))
		return q_command_usage(&q_command_demo, "%s", err.message);
	if (count == 0)
		return q_command_usage(&q_command_demo, "name PDF files, or a directory of them");
	q_vec_init(&demo.files, sizeof(char *), FILES_MAX);
	for (size_t i = 0; i < count && exit_code == Q_EXIT_DONE; i++)
		exit_code = add_path(&demo, paths[i]);
	if (exit_code == Q_EXIT_DONE && demo.files.count == 0)
		exit_code = q_command_fail("demo", Q_EXIT_NOTFOUND, "there is no PDF there");
	if (exit_code == Q_EXIT_DONE)
		exit_code = run_on_server(&demo);
	q_vec_free(&demo.files);
	return exit_code;
}

const struct q_command q_command_demo = {
	.name = "demo",
	.synopsis = "demo FILE_OR_DIRECTORY... [--output DIR] [--json]",
	.summary = "work PDFs through on a server of its own, and show what came out",
	.help = "The server and its data are gone at the end; the results stay in --output "
		"(demo-results).\n",
	.run = run,
};
