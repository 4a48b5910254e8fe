/* What every request passes: CORS and the proxy's scheme before it is routed on, metrics and the
 * access log when it is done. */
#include "api/api_internal.h"

#include "net/router.h"

#include <stdio.h>

/* Answers an http:// request that came through the proxy: browsers are sent to https, others are
 * told. */
static void refuse_plain(struct q_api *api, struct q_http_request *request)
{
	struct q_str method = q_http_request_method(request);
	struct q_str query = q_http_request_query(request);
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str host = q_http_request_header(request, Q_STR("Host"));

	(void)api;
	if (!q_str_equal(method, Q_STR("GET"))) {
		q_http_respond_refusal(request, 403, "https_required", "use https");
		return;
	}
	q_http_add_header(request, "Location",
			  q_arena_format(arena, "https://%.*s%.*s%s%.*s", Q_STR_ARG(host),
					 Q_STR_ARG(q_http_request_path(request)),
					 query.length ? "?" : "", Q_STR_ARG(query)));
	q_http_respond_empty(request, 308);
}

static bool is_plain_through_proxy(const struct q_api *api, const struct q_http_request *request)
{
	return api->o.has_proxy && q_http_request_is_peer_trusted_proxy(request) &&
	       q_str_equal_ignore_case(q_http_request_header(request, Q_STR("X-Forwarded-Proto")),
				       Q_STR("http"));
}

bool q__is_allowed_origin(const struct q_api *api, struct q_str origin)
{
	struct q_str rest = api->o.cors_origins, one;

	while (rest.length > 0) {
		q_str_cut(rest, ',', &one, &rest);
		if (q_str_equal(q_str_trim(one), origin))
			return true;
	}
	return false;
}

static void answer_preflight(struct q_http_request *request)
{
	q_http_add_header(request, "Access-Control-Allow-Methods",
			  Q_STR("GET, HEAD, POST, PUT, DELETE, OPTIONS"));
	q_http_add_header(
		request, "Access-Control-Allow-Headers",
		Q_STR("Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
		      "Prefer, Range, X-API-Key, X-Request-Id"));
	q_http_add_header(request, "Access-Control-Max-Age", Q_STR("600"));
	q_http_respond_empty(request, 204);
}

/* True where the request goes on. */
static bool apply_cors(const struct q_api *api, struct q_http_request *request)
{
	struct q_str origin = q_http_request_header(request, Q_STR("Origin"));

	if (api->o.cors_origins.length == 0)
		return true;
	q_http_add_header(request, "Vary", Q_STR("Origin"));
	if (origin.length == 0 || !q__is_allowed_origin(api, origin))
		return true;
	q_http_add_header(request, "Access-Control-Allow-Origin", origin);
	q_http_add_header(request, "Access-Control-Expose-Headers",
			  Q_STR("ETag, Link, Location, Retry-After, X-Request-Id"));
	if (q_str_equal(q_http_request_method(request), Q_STR("OPTIONS")) &&
	    q_http_request_header(request, Q_STR("Access-Control-Request-Method")).length > 0) {
		answer_preflight(request);
		return false;
	}
	return true;
}

bool q__before(struct q_http_request *request, void *context)
{
	struct q_api *api = context;

	q_http_add_header(request, "X-Content-Type-Options", Q_STR("nosniff"));
	if (is_plain_through_proxy(api, request)) {
		refuse_plain(api, request);
		return false;
	}
	return apply_cors(api, request);
}

/* --- Metrics ---------------------------------------------------------------------------------- */

enum q_code q__series_new(struct q_api *api, struct q_err *err)
{
	struct q_metric *durations = q_metrics_histogram(
		api->o.metrics, "http_request_duration_seconds",
		"From the first byte of a request to the last of its answer.", "route", NULL, 0);

	api->requests = q_metrics_counter(api->o.metrics, "http_requests_total",
					  "Requests answered.", "route method status");
	api->series = q_arena_alloc_array(api->arena, api->route_count + 1, sizeof *api->series);
	if (!api->series)
		return q_fail(err, Q_NOMEM, "api.new", "series");
	for (size_t i = 0; i <= api->route_count; i++) {
		struct q_str route =
			i < api->route_count ? q_str_from(api->routes[i].path) : Q_STR("none");

		api->series[i].duration = q_metric_series(durations, &route);
	}
	return Q_OK;
}

/* The counter of a route and status. Two threads that make it at once get the same one. */
static struct q_series *counter(struct q_api *api, size_t index, int status)
{
	_Atomic(struct q_series *) *slot = &api->series[index].by_status[status - Q__STATUS_LOW];
	struct q_series *series = atomic_load_explicit(slot, memory_order_acquire);
	bool has_route = index < api->route_count;
	char text[12];

	if (series)
		return series;
	snprintf(text, sizeof text, "%d", status);
	series = q_metric_series(
		api->requests,
		(struct q_str[]){has_route ? q_str_from(api->routes[index].path) : Q_STR("none"),
				 has_route ? q_str_from(api->routes[index].method) : Q_STR("other"),
				 q_str_from(text)});
	atomic_store_explicit(slot, series, memory_order_release);
	return series;
}

static void log_request(struct q_api *api, const struct q_http_completion *done)
{
	if (!q_log_is_on(api->o.log, Q_LOG_INFO))
		return;
	q_log(api->o.log, Q_LOG_INFO, "http.request", Q_LOG_STRING("method", done->method),
	      Q_LOG_STRING("route", done->route ? q_str_from(done->route->path) : Q_STR("none")),
	      Q_LOG_INT("status", done->status), Q_LOG_INT("durationUs", done->duration_us),
	      Q_LOG_INT("receivedBytes", (int64_t)done->received_bytes),
	      Q_LOG_INT("sentBytes", (int64_t)done->sent_bytes),
	      Q_LOG_STRING("requestId", done->request_id));
}

void q__complete(const struct q_http_completion *done, void *context)
{
	struct q_api *api = context;
	size_t index = done->route ? (size_t)(done->route - api->routes) : api->route_count;

	if (done->status >= Q__STATUS_LOW && done->status < Q__STATUS_HIGH)
		q_series_add(counter(api, index, done->status), 1);
	q_series_observe(api->series[index].duration, (double)done->duration_us / 1e6);
	log_request(api, done);
}
