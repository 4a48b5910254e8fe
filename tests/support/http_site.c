#include "support/http_site.h"

#include "base/mem.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/problem.h"

#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char text[] = "text/plain";
static const char everyone[] = "everyone", key[] = "key", slowly[] = "slowly";

static void check(enum q_code code, const struct q_err *err)
{
	if (code != Q_OK)
		fail_msg("%s: %s", err->where, err->message);
}

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* ---- plain answers ---- */

static void hello(struct q_http_request *request, void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->handled, 1);
	q_http_respond(request, 200, text, Q_STR("hello"));
}

static void pooled(struct q_http_request *request, void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->handled, 1);
	q_http_respond(request, 200, text, Q_STR("pooled"));
}

static void things(struct q_http_request *request, void *context)
{
	q_http_respond(request, 200, text, q_http_request_param(request, "name"));
}

static void rest(struct q_http_request *request, void *context)
{
	q_http_respond(request, 200, text, q_http_request_param(request, "path"));
}

static void echo(struct q_http_request *request, void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->handled, 1);
	q_http_respond(request, 200, text, q_bytes_str(q_http_request_body(request)));
}

static void bad_header(struct q_http_request *request, void *context)
{
	q_http_add_header(request, "X-Name", Q_STR("a\nSet-Cookie: b"));
	q_http_respond(request, 200, text, Q_STR("never seen"));
}

static void inspect(struct q_http_request *request, void *context)
{
	struct q_buf body;

	q_buf_init(&body, 65536);
	q_buf_format(&body, "peer=%.*s client=%.*s", Q_STR_ARG(q_http_request_peer(request)),
		     Q_STR_ARG(q_http_request_client(request)));
	q_buf_format(&body, " loopback=%d trusted=%d forwarded=%d secure=%d",
		     q_http_request_is_peer_loopback(request),
		     q_http_request_is_peer_trusted_proxy(request),
		     q_http_request_has_forwarding_headers(request),
		     q_http_request_is_secure(request));
	q_buf_format(&body, " id=%.*s traceparent=%.*s", Q_STR_ARG(q_http_request_id(request)),
		     Q_STR_ARG(q_http_request_call(request)->traceparent));
	q_buf_format(&body, " path=%.*s query=%.*s", Q_STR_ARG(q_http_request_path(request)),
		     Q_STR_ARG(q_http_request_query(request)));
	q_http_respond_buf(request, 200, text, &body);
	q_buf_free(&body);
}

static void etag(struct q_http_request *request, void *context)
{
	if (!q_http_respond_not_modified(request, Q_STR("\"v1\"")))
		q_http_respond(request, 200, text, Q_STR("version 1"));
}

static void fail_with(struct q_http_request *request, void *context)
{
	struct q_err err;
	int64_t code = 0;

	if (!q_str_to_int64(q_http_request_param(request, "code"), &code))
		code = Q_INVALID;
	q_fail(&err, (enum q_code)code, "site.error", "secret cause");
	q_http_respond_error(request, &err);
}

/* ---- answers that take their time ---- */

static void wait_for_gate(struct site *site)
{
	atomic_fetch_add(&site->blocked, 1);
	pthread_mutex_lock(&site->mutex);
	while (!site->is_gate_open)
		pthread_cond_wait(&site->changed, &site->mutex);
	pthread_mutex_unlock(&site->mutex);
}

static void block(struct q_http_request *request, void *context)
{
	wait_for_gate(context);
	q_http_respond(request, 200, text, Q_STR("unblocked"));
}

static void defer(struct q_http_request *request, void *context)
{
	struct site *site = context;

	q_http_request_defer(request);
	atomic_store(&site->deferred, request);
}

static void resumed_last(struct q_http_request *request, void *context)
{
	q_http_respond(request, 200, text, Q_STR("resumed"));
}

static void resumed_once(struct q_http_request *request, void *context)
{
	q_http_request_resume_after(request, 10, resumed_last, context);
}

static void resume(struct q_http_request *request, void *context)
{
	q_http_request_resume_after(request, 10, resumed_once, context);
}

static void *resume_deferred(void *argument)
{
	struct q_http_request *request = argument;

	q_http_request_resume_after(request, 0, resumed_last, NULL);
	return NULL;
}

static void defer_resume(struct q_http_request *request, void *context)
{
	pthread_t thread;

	q_http_request_defer(request);
	q_assert(pthread_create(&thread, NULL, resume_deferred, request) == 0);
	pthread_detach(thread);
}

static void waited(struct q_http_request *request, void *context)
{
	struct site *site = context;
	struct q_err err;

	if (q_call_check(q_http_request_call(request), "site.wait", &err) == Q_CANCELLED)
		atomic_fetch_add(&site->cancelled, 1);
	q_http_respond(request, 200, text, Q_STR("waited"));
}

static void wait_long(struct q_http_request *request, void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->blocked, 1);
	q_http_request_resume_after(request, 3600 * 1000, waited, context);
}

static void until_cancelled(struct q_http_request *request, void *context)
{
	struct site *site = context;
	struct q_err err;

	atomic_fetch_add(&site->blocked, 1);
	while (q_call_check(q_http_request_call(request), "site.cancel", &err) == Q_OK)
		pause_briefly();
	atomic_fetch_add(&site->cancelled, 1);
	q_http_respond_error(request, &err);
}

/* ---- uploads ---- */

struct upload {
	struct q_http_body_sink sink;
	struct site *site;
	uint64_t bytes, sum;
	atomic_bool is_busy; /* two calls at once would be a fault of the server */
};

static enum q_code upload_data(struct q_http_body_sink *sink, struct q_http_request *request,
			       struct q_bytes bytes, struct q_err *err)
{
	struct upload *upload = q_container_of(sink, struct upload, sink);
	struct site *site = upload->site;

	q_assert(!atomic_exchange(&upload->is_busy, true));
	q_assert(bytes.length > 0 && bytes.length <= 256 * 1024);
	atomic_fetch_add(&site->blocked, 1);
	while (atomic_load(&site->is_sink_held))
		pause_briefly();
	for (size_t i = 0; i < bytes.length; i++)
		upload->sum += bytes.data[i];
	upload->bytes += bytes.length;
	atomic_fetch_add(&site->sink_bytes, bytes.length);
	atomic_store(&upload->is_busy, false);
	if (site->sink_fails_at == 0 || upload->bytes < site->sink_fails_at)
		return Q_OK;
	if (site->sink_answers_itself)
		q_http_respond_refusal(request, 415, "unsupported_type", "Not this.");
	return q_fail(err, Q_NOSPACE, "site.upload", "no room");
}

static void upload_end(struct q_http_body_sink *sink, struct q_http_request *request)
{
	struct upload *upload = q_container_of(sink, struct upload, sink);
	struct site *site = upload->site;
	struct q_str body =
		q_arena_format(q_http_request_arena(request), "%llu %llu",
			       (unsigned long long)upload->bytes, (unsigned long long)upload->sum);

	q_mem_free(upload);
	atomic_fetch_add(&site->ended, 1);
	q_http_respond(request, 201, text, body);
}

static void upload_abort(struct q_http_body_sink *sink, struct q_http_request *request)
{
	struct upload *upload = q_container_of(sink, struct upload, sink);
	struct site *site = upload->site;

	q_mem_free(upload);
	atomic_fetch_add(&site->aborted, 1);
}

static void upload(struct q_http_request *request, void *context)
{
	struct upload *upload = q_mem_new(sizeof *upload);

	q_assert(upload);
	upload->sink.on_data = upload_data;
	upload->sink.on_end = upload_end;
	upload->sink.on_abort = upload_abort;
	upload->site = context;
	q_http_request_set_body_sink(request, &upload->sink);
}

/* ---- downloads ---- */

struct download {
	struct q_http_body_source source;
	struct site *site;
	size_t left;
	size_t fails_at; /* bytes left */
};

static enum q_code download_read(struct q_http_body_source *source, unsigned char *buffer,
				 size_t capacity, size_t *got, struct q_err *err)
{
	struct download *download = q_container_of(source, struct download, source);

	if (download->fails_at && download->left <= download->fails_at)
		return q_fail(err, Q_IO, "site.download", "the disk fell out");
	*got = download->left < capacity ? download->left : capacity;
	memset(buffer, 'd', *got);
	download->left -= *got;
	return Q_OK;
}

static void download_close(struct q_http_body_source *source)
{
	struct download *download = q_container_of(source, struct download, source);

	atomic_fetch_add(&download->site->closed, 1);
	q_mem_free(download);
}

static size_t bytes_param(const struct q_http_request *request)
{
	int64_t bytes = 0;

	q_assert(q_str_to_int64(q_http_request_param(request, "bytes"), &bytes));
	return (size_t)bytes;
}

static struct download *download_new(struct site *site, size_t bytes)
{
	struct download *download = q_mem_new(sizeof *download);

	q_assert(download);
	*download = (struct download){{download_read, download_close}, site, bytes, 0};
	atomic_fetch_add(&site->opened, 1);
	return download;
}

static void download(struct q_http_request *request, void *context)
{
	size_t bytes = bytes_param(request);

	q_http_respond_stream(request, 200, text, (int64_t)bytes,
			      &download_new(context, bytes)->source);
}

static void download_chunked(struct q_http_request *request, void *context)
{
	q_http_respond_stream(request, 200, text, -1,
			      &download_new(context, bytes_param(request))->source);
}

static void download_under_bad_type(struct q_http_request *request, void *context)
{
	q_http_respond_stream(request, 200, "text/plain\nX: y", 1000,
			      &download_new(context, 1000)->source);
}

static void download_short(struct q_http_request *request, void *context)
{
	size_t bytes = bytes_param(request);

	q_http_respond_stream(request, 200, text, (int64_t)bytes,
			      &download_new(context, bytes / 2)->source);
}

static void download_broken(struct q_http_request *request, void *context)
{
	size_t bytes = bytes_param(request);
	struct download *download = download_new(context, bytes);

	download->fails_at = bytes / 2;
	q_http_respond_stream(request, 200, text, -1, &download->source);
}

static void memory(struct q_http_request *request, void *context)
{
	size_t bytes = bytes_param(request);
	struct q_buf body;
	char *room;

	q_buf_init(&body, bytes);
	room = q_buf_reserve(&body, bytes);
	if (room) {
		memset(room, 'm', bytes);
		body.length = bytes;
	}
	q_http_respond_buf(request, 200, text, &body);
	q_buf_free(&body);
}

/* ---- streams ---- */

static void stream_echo(void *context, struct q_bytes bytes)
{
	struct site *site = context;

	q_assert(q_http_stream_send(atomic_load(&site->stream), q_bytes_str(bytes)) == Q_OK);
}

static void stream_room(void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->stream_rooms, 1);
}

static void stream_stop(void *context)
{
	struct site *site = context;

	atomic_fetch_add(&site->stream_stops, 1);
	q_http_stream_finish(atomic_load(&site->stream), Q_STR("farewell"));
}

static void stream_closed(void *context, enum q_http_stream_end why)
{
	struct site *site = context;

	atomic_fetch_add(&site->stream_ends[why], 1);
}

static void open_stream(struct q_http_request *request, struct site *site, int status)
{
	struct q_http_stream_options options = {.status = status,
						.content_type = status == 200 ? text : NULL,
						.queue_bytes_max = site->stream_queue_bytes,
						.context = site,
						.on_data = stream_echo,
						.on_room = stream_room,
						.on_stop = stream_stop,
						.on_closed = stream_closed};
	struct q_http_stream *stream;
	struct q_err err;

	check(q_http_stream_open(request, &options, &stream, &err), &err);
	q_http_stream_unref(atomic_exchange(&site->stream, stream));
}

static void live(struct q_http_request *request, void *context)
{
	open_stream(request, context, 200);
}

static void upgrade(struct q_http_request *request, void *context)
{
	q_http_add_header(request, "Upgrade", Q_STR("echo"));
	open_stream(request, context, 101);
}

/* ---- the site ---- */

static const struct q_route routes[] = {
	{"GET", "/hello", Q_ROUTE_INLINE, 0, everyone, hello},
	{"GET", "/pool", 0, 0, everyone, pooled},
	{"GET", "/things/{name}", Q_ROUTE_INLINE, 0, everyone, things},
	{"GET", "/rest/{path...}", Q_ROUTE_INLINE, 0, everyone, rest},
	{"POST", "/echo", 0, ECHO_MAX, everyone, echo},
	{"POST", "/echo-inline", Q_ROUTE_INLINE, ECHO_MAX, everyone, echo},
	{"POST", "/upload", Q_ROUTE_STREAM, UPLOAD_MAX, everyone, upload},
	{"GET", "/memory/{bytes}", 0, 0, everyone, memory},
	{"GET", "/download/{bytes}", 0, 0, everyone, download},
	{"GET", "/chunked/{bytes}", 0, 0, everyone, download_chunked},
	{"GET", "/short/{bytes}", 0, 0, everyone, download_short},
	{"GET", "/broken/{bytes}", 0, 0, everyone, download_broken},
	{"GET", "/block", 0, 0, everyone, block},
	{"GET", "/defer", Q_ROUTE_INLINE, 0, everyone, defer},
	{"GET", "/defer-resume", 0, 0, everyone, defer_resume},
	{"GET", "/resume", 0, 0, everyone, resume},
	{"GET", "/wait", Q_ROUTE_INLINE, 0, everyone, wait_long},
	{"GET", "/cancel", Q_ROUTE_CANCEL_ON_EOF, 0, everyone, until_cancelled},
	{"GET", "/private", Q_ROUTE_INLINE, 0, key, hello},
	{"POST", "/private", 0, ECHO_MAX, key, echo},
	{"GET", "/bad-header", Q_ROUTE_INLINE, 0, everyone, bad_header},
	{"GET", "/inspect", Q_ROUTE_INLINE, 0, everyone, inspect},
	{"POST", "/checked", 0, ECHO_MAX, slowly, echo},
	{"GET", "/bad-type", 0, 0, everyone, download_under_bad_type},
	{"GET", "/live", Q_ROUTE_CANCEL_ON_EOF, 0, everyone, live},
	{"GET", "/live-inline", Q_ROUTE_INLINE | Q_ROUTE_CANCEL_ON_EOF, 0, everyone, live},
	{"GET", "/upgrade", Q_ROUTE_CANCEL_ON_EOF, 0, everyone, upgrade},
	{"GET", "/etag", Q_ROUTE_INLINE, 0, everyone, etag},
	{"GET", "/error/{code}", Q_ROUTE_INLINE, 0, everyone, fail_with},
};

static bool authorize(struct q_http_request *request, const void *access, void *context)
{
	if (access == slowly)
		wait_for_gate(context);
	if (access != key ||
	    q_str_equal(q_http_request_header(request, Q_STR("x-key")), Q_STR("open")))
		return true;
	q_http_add_header(request, "WWW-Authenticate", Q_STR("Key"));
	q_http_respond_refusal(request, 401, NULL, "Give a key.");
	return false;
}

static void complete(const struct q_http_completion *completion, void *context)
{
	struct site *site = context;

	pthread_mutex_lock(&site->mutex);
	site->last = *completion;
	pthread_mutex_unlock(&site->mutex);
	atomic_fetch_add(&site->completed, 1);
}

void site_init(struct site *site)
{
	memset(site, 0, sizeof *site);
	site->limits = q_http_default_limits;
	site->stream_queue_bytes = 64 * 1024;
	site->pool_options = q_pool_defaults;
	site->options = (struct q_http_server_options){
		.host = "127.0.0.1",
		.loop_count = 2,
		.hooks = {.context = site, .authorize = authorize, .complete = complete},
	};
	pthread_mutex_init(&site->mutex, NULL);
	pthread_cond_init(&site->changed, NULL);
}

void site_start(struct site *site)
{
	struct q_route_group group = {routes, Q_COUNT_OF(routes), site};
	struct q_err err;

	check(q_router_new(&group, 1, &site->router, &err), &err);
	check(q_pool_new(&site->pool_options, &site->pool, &err), &err);
	site->options.limits = &site->limits;
	site->options.router = site->router;
	site->options.pool = site->pool;
	check(q_http_server_start(&site->options, &site->server, &err), &err);
	site->port = q_http_server_port(site->server);
}

void site_open_gate(struct site *site)
{
	pthread_mutex_lock(&site->mutex);
	site->is_gate_open = true;
	pthread_cond_broadcast(&site->changed);
	pthread_mutex_unlock(&site->mutex);
}

void site_stop(struct site *site)
{
	struct q_err err;

	site_open_gate(site);
	atomic_store(&site->is_sink_held, false);
	check(q_http_server_stop(site->server, 100, &err), &err);
	q_http_server_free(site->server);
	q_http_stream_unref(site->stream);
	q_pool_free(site->pool);
	q_router_free(site->router);
	pthread_cond_destroy(&site->changed);
	pthread_mutex_destroy(&site->mutex);
}

void site_answer_deferred(struct site *site)
{
	struct q_http_request *request;

	for (int i = 0; !(request = atomic_exchange(&site->deferred, NULL)); i++) {
		assert_true(i < 10000);
		pause_briefly();
	}
	q_http_respond(request, 200, text, Q_STR("deferred"));
}

struct q_http_stream *site_stream(struct site *site)
{
	struct q_http_stream *stream;

	for (int i = 0; !(stream = atomic_load(&site->stream)); i++) {
		assert_true(i < 10000);
		pause_briefly();
	}
	return stream;
}

void site_await(atomic_uint *counter, unsigned count)
{
	for (int i = 0; atomic_load(counter) != count; i++) {
		if (i == 10000)
			fail_msg("a counter is %u and not %u", atomic_load(counter), count);
		pause_briefly();
	}
}

void site_await_connections(struct site *site, unsigned count)
{
	for (int i = 0; q_http_server_connections(site->server) != count; i++) {
		if (i == 10000)
			fail_msg("%u connections and not %u",
				 q_http_server_connections(site->server), count);
		pause_briefly();
	}
}

struct q_http_completion site_last(struct site *site)
{
	struct q_http_completion last;

	pthread_mutex_lock(&site->mutex);
	last = site->last;
	pthread_mutex_unlock(&site->mutex);
	return last;
}
