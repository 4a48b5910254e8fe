#include "cmd/direct_upload.h"

#include "cmd/part_sender.h"
#include "cmd/upload_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS_IN_VAIN_MAX = 4,
	ROUND_WAIT_S = 1,
	IN_FLIGHT_SHARE = 25,
	BODY_MAX = 64 * 1024,
	COMPLETE_MS = 600 * 1000
};

struct sending {
	struct q_client *client;
	const struct q_client_upload *upload;
	int fd;
	uint64_t size_bytes;
	const char *state_path; /* NULL: none is kept */
	struct q_str file_id;
	bool is_open;		 /* and not at its end */
	struct q_part *parts;	 /* that are missing */
	size_t part_count;	 /* of these */
	size_t whole_count;	 /* of all parts */
	uint64_t received_bytes; /* of the others */
};

bool q_direct_upload_is_for(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_size > Q_DIRECT_UPLOAD_FROM_BYTES;
}

static struct q_str given(const char *text)
{
	return q_str_from(text ? text : "");
}

/* --- The file and its state ------------------------------------------------------------------- */

static const char *state_path(const struct sending *s, const struct stat *status)
{
	struct q_arena *arena = s->client->arena;
	char resolved[PATH_MAX];
	const char *path = realpath(s->upload->path, resolved);
	const struct q_str names[] = {
		s->client->url,
		q_str_from(path ? path : s->upload->path),
		q_arena_format(arena, "%lld %lld.%09ld", (long long)status->st_size,
			       (long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec),
		given(s->upload->tenant_id),
		given(s->upload->kind),
		given(s->upload->location_id)};

	return q_upload_state_path(arena, names, Q_COUNT_OF(names));
}

static enum q_exit open_file(struct sending *s)
{
	struct stat status;
	struct q_err err;

	s->fd = open(s->upload->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &status) != 0) {
		(void)q_fail_os(&err, errno, "upload", "%s", s->upload->path);
		return q_command_error(s->client->command, &err);
	}
	s->size_bytes = (uint64_t)status.st_size;
	s->state_path = state_path(s, &status);
	return Q_EXIT_DONE;
}

/* --- The upload as the server has it ---------------------------------------------------------- */

static int64_t number_of(const struct q_json *object, const char *name)
{
	int64_t number = 0;

	(void)q_json_int64(q_json_member(object, q_str_from(name)), &number);
	return number;
}

static struct q_str string_of(const struct q_json *object, const char *name)
{
	struct q_str text = {0};

	(void)q_json_string(q_json_member(object, q_str_from(name)), &text);
	return text;
}

static void read_part(struct sending *s, const struct q_json *json, uint64_t part_size)
{
	const struct q_json *headers = q_json_member(json, Q_STR("headers"));
	uint64_t size_bytes = (uint64_t)number_of(json, "size");
	bool is_received = false;

	(void)q_json_bool(q_json_member(json, Q_STR("received")), &is_received);
	if (is_received)
		s->received_bytes += size_bytes;
	else
		s->parts[s->part_count++] = (struct q_part){
			.offset = (uint64_t)(number_of(json, "number") - 1) * part_size,
			.size_bytes = size_bytes,
			.url = string_of(json, "url"),
			.content_type = string_of(headers, "Content-Type")};
}

static enum q_exit read_upload(struct sending *s, const struct q_json *json)
{
	const struct q_json *parts = q_json_member(json, Q_STR("parts"));
	struct q_json_walk walk;

	s->file_id = string_of(json, "fileId");
	s->is_open = q_str_equal(string_of(json, "status"), Q_STR("open"));
	s->whole_count = q_json_count(parts);
	s->part_count = 0;
	s->received_bytes = 0;
	s->parts = q_arena_alloc_array(s->client->arena, s->whole_count, sizeof *s->parts);
	if (!s->parts || s->whole_count == 0)
		return q_command_fail(s->client->command, Q_EXIT_FAILED,
				      "the server's answer is not to be understood");
	for (walk = q_json_walk(parts); q_json_next(&walk);)
		read_part(s, walk.value, (uint64_t)number_of(json, "partSize"));
	return Q_EXIT_DONE;
}

static struct q_str upload_path(const struct sending *s, const char *action)
{
	return q_arena_format(s->client->arena, "/api/uploads/%.*s%s", Q_STR_ARG(s->file_id),
			      action);
}

static enum q_exit ask(struct sending *s)
{
	const struct q_json *answer;
	enum q_exit exit_code =
		q_client_send(s->client, "GET", upload_path(s, ""), (struct q_str){0}, &answer);

	return exit_code ? exit_code : read_upload(s, answer);
}

static void write_field(struct q_json_writer *w, const char *name, const char *value)
{
	if (value)
		q_json_field_string(w, name, q_str_from(value));
}

static enum q_exit announce(struct sending *s)
{
	const char *slash = strrchr(s->upload->path, '/');
	const struct q_json *answer;
	struct q_json_writer w;
	struct q_buf body;
	enum q_exit exit_code;
	struct q_err err;

	q_buf_init(&body, BODY_MAX);
	q_json_writer_init(&w, &body);
	q_json_begin_object(&w);
	q_json_field_string(&w, "fileName", q_str_from(slash ? slash + 1 : s->upload->path));
	q_json_field_int64(&w, "fileSize", (int64_t)s->size_bytes);
	write_field(&w, "tenantId", s->upload->tenant_id);
	write_field(&w, "kind", s->upload->kind);
	write_field(&w, "locationId", s->upload->location_id);
	q_json_end_object(&w);
	exit_code =
		q_client_send(s->client, "POST", Q_STR("/api/uploads"), q_buf_str(&body), &answer);
	q_buf_free(&body);
	if (!exit_code)
		exit_code = read_upload(s, answer);
	if (!exit_code && q_upload_state_write(s->state_path, s->file_id, &err))
		fprintf(stderr, "quire %s: broken off, this could not be resumed: %s\n",
			s->client->command, err.message);
	return exit_code;
}

/* Goes on with the upload that the state names, where the server still has it. */
static enum q_exit resume(struct sending *s)
{
	const struct q_json *answer;
	enum q_exit exit_code;
	int status;

	s->file_id = q_upload_state_read(s->client->arena, s->state_path);
	if (s->file_id.length == 0)
		return announce(s);
	exit_code = q_client_try(s->client, "GET", upload_path(s, ""), &status, &answer);
	if (exit_code)
		return exit_code;
	if (status != 200 || q_str_equal(string_of(answer, "status"), Q_STR("refused")))
		return announce(s);
	exit_code = read_upload(s, answer);
	if (!exit_code && s->is_open)
		fprintf(stderr,
			"quire %s: %s: %" PRIu64 " of %" PRIu64 " bytes are there; going on\n",
			s->client->command, s->upload->path, s->received_bytes, s->size_bytes);
	return exit_code;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static void show_progress(void *context, uint64_t sent_bytes)
{
	const struct sending *s = context;

	if (s->upload->progress)
		s->upload->progress(s->upload->context, s->received_bytes + sent_bytes,
				    s->size_bytes);
}

/* As many as lose little by an interruption: the parts in flight are sent again. */
static unsigned thread_count(const struct sending *s)
{
	size_t threads = s->whole_count / IN_FLIGHT_SHARE;

	if (threads < 1)
		return 1;
	return threads < Q_PART_THREADS_MAX ? (unsigned)threads : Q_PART_THREADS_MAX;
}

static enum q_exit fail_round(struct sending *s, const struct q_part_outcome *outcome)
{
	if (outcome->err.code == Q_IO || outcome->err.code == Q_TIMEOUT)
		return q_command_fail(s->client->command, Q_EXIT_UNREACHABLE,
				      "%s: the connection fails (%s); the same command goes on",
				      s->upload->path, outcome->err.message);
	if (outcome->err.code)
		return q_command_error(s->client->command, &outcome->err);
	return q_command_fail(s->client->command, Q_EXIT_FAILED,
			      "%s: a part was answered with %d; the same command goes on",
			      s->upload->path, outcome->status);
}

/* A link that has expired, and a part that had arrived although its answer was lost, show when the
 * server is asked again. */
static enum q_exit send_missing(struct sending *s)
{
	const struct timespec pause = {.tv_sec = ROUND_WAIT_S};
	enum q_exit exit_code = Q_EXIT_DONE;
	unsigned in_vain = 0;

	while (!exit_code && s->part_count > 0) {
		const struct q_part_task task = {.fd = s->fd,
						 .parts = s->parts,
						 .count = s->part_count,
						 .threads = thread_count(s),
						 .progress = show_progress,
						 .context = s};
		struct q_part_outcome outcome;

		q_parts_send(&task, &outcome);
		in_vain = outcome.arrived > 0 ? 0 : in_vain + 1;
		if (in_vain == ROUNDS_IN_VAIN_MAX)
			return fail_round(s, &outcome);
		if (in_vain > 0)
			nanosleep(&pause, NULL);
		exit_code = ask(s);
	}
	return exit_code;
}

/* Gigabytes are joined and checked meanwhile. */
static enum q_exit complete(struct sending *s, const struct q_json **out)
{
	struct q_client patient = *s->client;
	enum q_exit exit_code;

	patient.timeout_ms = COMPLETE_MS;
	exit_code = q_client_send(
		&patient, "POST",
		upload_path(s, s->upload->is_again ? "/complete?again=1" : "/complete"),
		(struct q_str){0}, out);

	if (!exit_code)
		q_upload_state_remove(s->state_path);
	return exit_code;
}

enum q_exit q_direct_upload_send(struct q_client *client, const struct q_client_upload *upload,
				 const struct q_json **out)
{
	struct sending s = {.client = client, .upload = upload, .fd = -1};
	enum q_exit exit_code = open_file(&s);

	if (!exit_code)
		exit_code = resume(&s);
	if (!exit_code && s.is_open)
		exit_code = send_missing(&s);
	if (!exit_code)
		exit_code = complete(&s, out);
	if (s.fd >= 0)
		close(s.fd);
	return exit_code;
}
