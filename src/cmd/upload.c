/* quire upload: documents to the server, one after the other. */
#include "cmd/direct_upload.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/watch.h"

#include <string.h>

static void draw_sent(void *context, uint64_t sent, uint64_t total)
{
	q_progress_draw(context, Q_STR("sending"), "bytes", (int64_t)sent, (int64_t)total);
}

/* Sends one file. *out is the job as the server answered, or no more than its id. */
static enum q_exit send_file(struct q_client *client, struct q_client_upload *upload,
			     struct q_watched *out)
{
	const struct q_json *answer, *job;
	struct q_progress progress;
	enum q_exit exit_code;

	q_progress_begin(&progress);
	upload->progress = draw_sent;
	upload->context = &progress;
	exit_code = q_direct_upload_is_for(upload->path)
			    ? q_direct_upload_send(client, upload, &answer)
			    : q_client_upload(client, upload, &answer);
	q_progress_end(&progress);
	if (exit_code)
		return exit_code;
	job = q_json_member(answer, Q_STR("job"));
	q_watched_read(job ? job : answer, out);
	out->job = job ? job : answer;
	if (!job)
		out->file_name = q_str_from(upload->path);
	return Q_EXIT_DONE;
}

static enum q_exit upload_files(const struct q_command_context *context,
				struct q_client_upload *upload, const char *const *files,
				size_t count, bool is_waiting, bool as_json)
{
	struct q_watched *jobs = q_arena_alloc_array(context->arena, count, sizeof *jobs);
	enum q_exit exit_code, first_failure = Q_EXIT_DONE;
	struct q_client client;
	size_t sent = 0;

	if (!jobs)
		return q_command_fail("upload", Q_EXIT_FAILED, "out of memory");
	exit_code = q_client_open(context, "upload", &client);
	for (size_t i = 0; i < count && exit_code == Q_EXIT_DONE; i++) {
		enum q_exit failure;

		upload->path = files[i];
		failure = send_file(&client, upload, &jobs[sent]);
		if (failure == Q_EXIT_DONE)
			sent++;
		else if (first_failure == Q_EXIT_DONE)
			first_failure = failure;
		if (failure == Q_EXIT_UNREACHABLE || failure == Q_EXIT_REFUSED)
			exit_code = failure; /* the next file would fare no better */
	}
	if (exit_code == Q_EXIT_DONE && is_waiting && sent > 0)
		exit_code = q_watch(&client, jobs, sent, Q_STR("working"));
	q_watched_print(jobs, sent, context->arena, as_json);
	q_client_close(&client);
	if (exit_code != Q_EXIT_DONE)
		return exit_code;
	if (first_failure != Q_EXIT_DONE)
		return sent > 0 ? Q_EXIT_PARTLY : first_failure;
	return is_waiting ? q_watch_outcome(jobs, sent) : Q_EXIT_DONE;
}

static enum q_exit run(const struct q_command_context *context)
{
	bool is_waiting = false, is_json = false;
	struct q_client_upload upload = {0};
	struct q_option options[] = {{"wait", false, &is_waiting, NULL},
				     {"json", false, &is_json, NULL},
				     {"again", false, &upload.is_again, NULL},
				     {"tenant", true, NULL, &upload.tenant_id},
				     {"kind", true, NULL, &upload.kind},
				     {"location", true, NULL, &upload.location_id}};
	const char *const *files;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &files, &count, &err))
		return q_command_usage(&q_command_upload, "%s", err.message);
	if (count == 0)
		return q_command_usage(&q_command_upload, "name at least one file");
	return upload_files(context, &upload, files, count, is_waiting, q_output_is_json(is_json));
}

const struct q_command q_command_upload = {
	.name = "upload",
	.synopsis = "upload FILE... [--wait] [--again] [--tenant T] [--kind document|contract] "
		    "[--location L] [--json]",
	.summary = "send documents to the server at QUIRE_URL",
	.help = "QUIRE_TOKEN is an API key (qk_...) or a token (`quire token admin`).\n"
		"A file above 16 MiB is sent in parts: broken off, the same command goes on with "
		"those that are missing.\n"
		"--again works through a document also where the tenant has the same bytes.\n"
		"--wait stays until every document is worked through: exit code 0 where all pages "
		"were, 6 where some were, 1 where none was.\n",
	.run = run,
};
