#include "cmd/client.h"

#include "base/file.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	RESPONSE_MAX = 32 << 20,
	TIMEOUT_MS = 60000,
	UPLOAD_TIMEOUT_MS = 24 * 3600 * 1000,
	LISTEN_MS = 10 * 60 * 1000, /* then anew: nobody may be there any more */
	HEADERS = 3
};

static const struct q_json_limits response_limits = {RESPONSE_MAX, 64, false};
static const char boundary[] = "quire-3f2b9c71d04e4e5a8d6c";

enum q_exit q_client_open_at(struct q_arena *arena, const char *command, struct q_str url,
			     struct q_str token, struct q_client *out)
{
	struct q_err err;

	*out = (struct q_client){.command = command, .arena = arena, .url = url, .token = token};
	while (q_str_ends_with(out->url, Q_STR("/")))
		out->url.length--;
	if (q_http_client_open(NULL, &out->http, &err))
		return q_command_error(command, &err);
	return Q_EXIT_DONE;
}

enum q_exit q_client_open(const struct q_command_context *context, const char *command,
			  struct q_client *out)
{
	const struct q_settings *s = context->settings;

	return q_client_open_at(context->arena, command,
				q_settings_string(s, Q_SETTING_ID_QUIRE_URL),
				q_settings_string(s, Q_SETTING_ID_QUIRE_TOKEN), out);
}

void q_client_close(struct q_client *client)
{
	q_http_client_close(client->http);
}

/* --- Failures --------------------------------------------------------------------------------- */

static enum q_exit exit_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return Q_EXIT_REFUSED;
	case 404:
		return Q_EXIT_NOTFOUND;
	default:
		return Q_EXIT_FAILED;
	}
}

/* What a problem says, or the bare status. */
static enum q_exit fail_status(struct q_client *client, int status, struct q_bytes body)
{
	const struct q_json *problem;
	struct q_str detail = {0}, code = {0};
	struct q_err err;

	if (q_json_parse(client->arena, body, &response_limits, &problem, &err) == Q_OK) {
		(void)q_json_string(q_json_member(problem, Q_STR("detail")), &detail);
		(void)q_json_string(q_json_member(problem, Q_STR("code")), &code);
	}
	if (detail.length == 0)
		return q_command_fail(client->command, exit_of(status), "the server answered %d",
				      status);
	return q_command_fail(client->command, exit_of(status), "%.*s (%d %.*s)%s",
			      Q_STR_ARG(detail), status, Q_STR_ARG(code),
			      status == 401 ? "; `quire token admin` makes a token for QUIRE_TOKEN"
					    : "");
}

static enum q_exit fail_transport(struct q_client *client, const struct q_err *err)
{
	if (err->code != Q_IO && err->code != Q_TIMEOUT)
		return q_command_error(client->command, err);
	return q_command_fail(
		client->command, Q_EXIT_UNREACHABLE,
		"%.*s does not answer: %s; is `quire serve` running, and QUIRE_URL its address?",
		Q_STR_ARG(client->url), err->message);
}

/* --- Requests --------------------------------------------------------------------------------- */

static int64_t timeout_of(const struct q_client *client)
{
	return client->timeout_ms > 0 ? client->timeout_ms : TIMEOUT_MS;
}

static size_t add_credentials(const struct q_client *client, struct q_http_client_header *out)
{
	if (client->token.length == 0)
		return 0;
	if (q_str_starts_with(client->token, Q_STR("qk_")))
		*out = (struct q_http_client_header){Q_STR("X-API-Key"), client->token};
	else
		*out = (struct q_http_client_header){
			Q_STR("Authorization"),
			q_arena_format(client->arena, "Bearer %.*s", Q_STR_ARG(client->token))};
	return 1;
}

static struct q_str url_of(const struct q_client *client, struct q_str url_or_path)
{
	if (!q_str_starts_with(url_or_path, Q_STR("/")))
		return url_or_path;
	return q_arena_format(client->arena, "%.*s%.*s", Q_STR_ARG(client->url),
			      Q_STR_ARG(url_or_path));
}

static enum q_exit parse_answer(struct q_client *client,
				const struct q_http_client_response *response,
				const struct q_json **out)
{
	struct q_err err;

	if (response->status >= 400)
		return fail_status(client, response->status, response->body);
	if (!out)
		return Q_EXIT_DONE;
	*out = NULL;
	if (response->body.length > 0 &&
	    q_json_parse(client->arena, response->body, &response_limits, out, &err))
		return q_command_error(client->command, &err);
	return Q_EXIT_DONE;
}

static enum q_exit send_request(struct q_client *client,
				const struct q_http_client_request *request,
				const struct q_json **out)
{
	struct q_http_client_response response;
	struct q_call call = {0};
	struct q_err err;

	if (q_http_client_send(client->http, &call, request, client->arena, &response, &err))
		return fail_transport(client, &err);
	return parse_answer(client, &response, out);
}

enum q_exit q_client_send(struct q_client *client, const char *method, struct q_str path,
			  struct q_str body, const struct q_json **out)
{
	struct q_http_client_header headers[HEADERS];
	struct q_http_client_request request = {.method = q_str_from(method),
						.url = url_of(client, path),
						.headers = headers,
						.header_count = add_credentials(client, headers),
						.body = q_str_bytes(body),
						.response_max = RESPONSE_MAX,
						.timeout_ms = timeout_of(client)};

	if (body.length > 0)
		headers[request.header_count++] = (struct q_http_client_header){
			Q_STR("Content-Type"), Q_STR("application/json")};
	return send_request(client, &request, out);
}

enum q_exit q_client_try(struct q_client *client, const char *method, struct q_str path,
			 int *status, const struct q_json **out)
{
	struct q_http_client_header headers[HEADERS];
	const struct q_http_client_request request = {.method = q_str_from(method),
						      .url = url_of(client, path),
						      .headers = headers,
						      .header_count =
							      add_credentials(client, headers),
						      .response_max = RESPONSE_MAX,
						      .timeout_ms = timeout_of(client)};
	struct q_http_client_response response;
	struct q_call call = {0};
	struct q_err err;

	if (q_http_client_send(client->http, &call, &request, client->arena, &response, &err))
		return fail_transport(client, &err);
	*status = response.status;
	*out = NULL;
	if (response.body.length > 0)
		(void)!q_json_parse(client->arena, response.body, &response_limits, out, &err);
	return Q_EXIT_DONE;
}

/* --- Download --------------------------------------------------------------------------------- */

struct download {
	struct q_http_client_events events; /* first: the client's view */
	int fd;
	struct q_buf problem; /* the body of an answer that is an error */
};

static enum q_code write_download(struct q_http_client_events *events, int status,
				  struct q_bytes data, struct q_err *err)
{
	struct download *download = q_container_of(events, struct download, events);

	if (status < 400)
		return q_file_write_all(download->fd, data, err);
	q_buf_append(&download->problem, q_bytes_str(data));
	return Q_OK;
}

enum q_exit q_client_download(struct q_client *client, struct q_str url_or_path, int fd)
{
	struct download download = {.events = {.write = write_download}, .fd = fd};
	struct q_http_client_header headers[HEADERS];
	bool is_own = q_str_starts_with(url_or_path, Q_STR("/"));
	struct q_http_client_request request = {
		.method = Q_STR("GET"),
		.url = url_of(client, url_or_path),
		.headers = headers,
		/* A signed link is its own permission: the token stays here. */
		.header_count = is_own ? add_credentials(client, headers) : 0,
		.events = &download.events,
		.timeout_ms = UPLOAD_TIMEOUT_MS};
	struct q_http_client_response response;
	struct q_call call = {0};
	enum q_exit exit_code = Q_EXIT_DONE;
	struct q_err err;

	q_buf_init(&download.problem, 64 * 1024);
	if (q_http_client_send(client->http, &call, &request, client->arena, &response, &err))
		exit_code = fail_transport(client, &err);
	else if (response.status >= 400)
		exit_code = fail_status(client, response.status,
					q_str_bytes(q_buf_str(&download.problem)));
	q_buf_free(&download.problem);
	return exit_code;
}

/* --- Listening -------------------------------------------------------------------------------- */

struct listening {
	struct q_http_client_events events; /* first: the client's view */
	enum q_code (*take)(void *context, struct q_bytes bytes, struct q_err *err);
	void *context;
	struct q_buf problem; /* the body of an answer that is an error */
	int status;	      /* 0: none has come */
};

static enum q_code take_stream(struct q_http_client_events *events, int status, struct q_bytes data,
			       struct q_err *err)
{
	struct listening *listening = q_container_of(events, struct listening, events);

	listening->status = status;
	if (status == 200)
		return listening->take(listening->context, data, err);
	q_buf_append(&listening->problem, q_bytes_str(data));
	return Q_OK;
}

enum q_exit q_client_listen(struct q_client *client, struct q_str path, int64_t after,
			    enum q_code (*take)(void *context, struct q_bytes bytes,
						struct q_err *err),
			    void *context, bool *is_reachable, bool *has_more)
{
	struct listening listening = {
		.events = {.write = take_stream}, .take = take, .context = context};
	struct q_http_client_header headers[HEADERS + 1];
	struct q_http_client_request request = {.method = Q_STR("GET"),
						.url = url_of(client, path),
						.headers = headers,
						.header_count = add_credentials(client, headers),
						.events = &listening.events,
						.timeout_ms = LISTEN_MS};
	struct q_http_client_response response = {0};
	struct q_call call = {0};
	enum q_exit exit_code = Q_EXIT_DONE;
	struct q_err err;

	headers[request.header_count++] =
		(struct q_http_client_header){Q_STR("Accept"), Q_STR("text/event-stream")};
	headers[request.header_count++] = (struct q_http_client_header){
		Q_STR("Last-Event-ID"), q_arena_format(client->arena, "%" PRId64, after)};
	q_buf_init(&listening.problem, 64 * 1024);
	if (q_http_client_send(client->http, &call, &request, client->arena, &response, &err) ==
	    Q_OK)
		listening.status = response.status;
	if (listening.status >= 400 && listening.status < 500)
		exit_code = fail_status(client, listening.status,
					q_str_bytes(q_buf_str(&listening.problem)));
	q_buf_free(&listening.problem);
	*is_reachable = listening.status != 0;
	*has_more = listening.status != 204;
	return exit_code;
}

/* --- Upload ----------------------------------------------------------------------------------- */

/* The form: a head, the file's bytes, a tail. */
struct form {
	struct q_http_client_events events; /* first: the client's view */
	const struct q_client_upload *upload;
	struct q_str head, tail; /* what is left of them */
	int fd;
	uint64_t file_left, total;
};

static size_t take_text(struct q_str *from, unsigned char *out, size_t capacity)
{
	size_t count = from->length < capacity ? from->length : capacity;

	memcpy(out, from->data, count);
	*from = q_str_slice(*from, count, from->length);
	return count;
}

static enum q_code read_form(struct q_http_client_events *events, unsigned char *out,
			     size_t capacity, size_t *got, struct q_err *err)
{
	struct form *form = q_container_of(events, struct form, events);
	ssize_t count;

	if (form->head.length > 0) {
		*got = take_text(&form->head, out, capacity);
		return Q_OK;
	}
	if (form->file_left == 0) {
		*got = take_text(&form->tail, out, capacity);
		return Q_OK;
	}
	if (capacity > form->file_left)
		capacity = (size_t)form->file_left;
	do
		count = read(form->fd, out, capacity);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return q_fail_os(err, errno, "upload", "%s", form->upload->path);
	if (count == 0)
		return q_fail(err, Q_CORRUPT, "upload", "%s became shorter while it was sent",
			      form->upload->path);
	form->file_left -= (uint64_t)count;
	*got = (size_t)count;
	return Q_OK;
}

static void report_progress(struct q_http_client_events *events, uint64_t sent, uint64_t received)
{
	struct form *form = q_container_of(events, struct form, events);

	(void)received;
	if (form->upload->progress)
		form->upload->progress(form->upload->context, sent, form->total);
}

static void add_field(struct q_buf *out, const char *name, const char *value)
{
	if (value)
		q_buf_format(out,
			     "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
			     boundary, name, value);
}

/* A file's name in a header: what would break it is percent-encoded, as browsers do. */
static void add_file_name(struct q_buf *out, const char *path)
{
	const char *slash = strrchr(path, '/');

	for (const char *c = slash ? slash + 1 : path; *c; c++) {
		if (*c == '"' || *c == '\r' || *c == '\n')
			q_buf_format(out, "%%%02X", (unsigned char)*c);
		else
			q_buf_append_char(out, *c);
	}
}

static enum q_code form_open(struct q_client *client, const struct q_client_upload *upload,
			     struct form *out, struct q_err *err)
{
	struct q_buf head;
	struct stat status;

	out->fd = open(upload->path, O_RDONLY | O_CLOEXEC);
	if (out->fd < 0)
		return q_fail_os(err, errno, "upload", "%s", upload->path);
	if (fstat(out->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return q_fail(err, Q_INVALID, "upload", "%s is no file", upload->path);
	q_buf_init(&head, 64 * 1024);
	add_field(&head, "tenantId", upload->tenant_id);
	add_field(&head, "kind", upload->kind);
	add_field(&head, "locationId", upload->location_id);
	q_buf_format(&head, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
		     boundary);
	add_file_name(&head, upload->path);
	q_buf_append(&head, Q_STR("\"\r\nContent-Type: application/pdf\r\n\r\n"));
	out->head = q_arena_copy(client->arena, q_buf_str(&head));
	out->tail = q_arena_format(client->arena, "\r\n--%s--\r\n", boundary);
	out->file_left = (uint64_t)status.st_size;
	out->total = out->head.length + out->file_left + out->tail.length;
	out->upload = upload;
	out->events = (struct q_http_client_events){.read = read_form, .progress = report_progress};
	q_buf_free(&head);
	return Q_OK;
}

enum q_exit q_client_upload(struct q_client *client, const struct q_client_upload *upload,
			    const struct q_json **out)
{
	struct form form = {.fd = -1};
	struct q_http_client_header headers[HEADERS];
	struct q_http_client_request request = {
		.method = Q_STR("POST"),
		.url = url_of(client, upload->is_again ? Q_STR("/api/upload?again=1")
						       : Q_STR("/api/upload")),
		.headers = headers,
		.header_count = add_credentials(client, headers),
		.response_max = RESPONSE_MAX,
		.timeout_ms = UPLOAD_TIMEOUT_MS,
		.events = &form.events};
	enum q_exit exit_code;
	struct q_err err;

	headers[request.header_count++] = (struct q_http_client_header){
		Q_STR("Content-Type"),
		q_arena_format(client->arena, "multipart/form-data; boundary=%s", boundary)};
	if (form_open(client, upload, &form, &err)) {
		exit_code = q_command_error(client->command, &err);
	} else {
		request.body_length = form.total;
		exit_code = send_request(client, &request, out);
	}
	if (form.fd >= 0)
		close(form.fd);
	return exit_code;
}
