#include "api/api_internal.h"

#include "base/mem.h"

void q__reply_begin(struct q__reply *answer)
{
	q_buf_init(&answer->buf, Q__ANSWER_MAX);
	q_json_writer_init(&answer->w, &answer->buf);
}

void q__reply_end(struct q__reply *answer, struct q_http_request *request, int status)
{
	q__reply_end_as(answer, request, status, "application/json");
}

void q__reply_end_as(struct q__reply *answer, struct q_http_request *request, int status,
		     const char *content_type)
{
	q_http_respond_buf(request, status, content_type, &answer->buf);
	q_buf_free(&answer->buf);
}

struct q_str q__absolute(const struct q_api *api, struct q_http_request *request, struct q_str url)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str host = q_http_request_header(request, Q_STR("Host"));

	if (!q_str_starts_with(url, Q_STR("/")))
		return url;
	if (api->o.public_url.length > 0)
		return q_arena_format(arena, "%.*s%.*s", Q_STR_ARG(api->o.public_url),
				      Q_STR_ARG(url));
	return q_arena_format(arena, "%s://%.*s%.*s",
			      q_http_request_is_secure(request) ? "https" : "http", Q_STR_ARG(host),
			      Q_STR_ARG(url));
}

struct reader_source {
	struct q_http_body_source base; /* first: the server's view */
	struct q_blob_reader *reader;	/* owned */
};

static enum q_code read_blob(struct q_http_body_source *base, unsigned char *buffer,
			     size_t capacity, size_t *got, struct q_err *err)
{
	struct reader_source *source = q_container_of(base, struct reader_source, base);
	struct q_call call = {0};

	return q_blob_reader_read(source->reader, &call, buffer, capacity, got, err);
}

static void close_blob(struct q_http_body_source *base)
{
	struct reader_source *source = q_container_of(base, struct reader_source, base);

	q_blob_reader_close(source->reader);
	q_mem_free(source);
}

void q__respond_reader(struct q_http_request *request, int status, const char *content_type,
		       int64_t length, struct q_blob_reader *reader)
{
	struct reader_source *source = q_mem_new(sizeof *source);
	struct q_err err;

	if (!source) {
		q_blob_reader_close(reader);
		(void)q_fail(&err, Q_NOMEM, "api.stream", "%zu bytes", sizeof *source);
		q_http_respond_error(request, &err);
		return;
	}
	source->base = (struct q_http_body_source){read_blob, close_blob};
	source->reader = reader;
	q_http_respond_stream(request, status, content_type, length, &source->base);
}
