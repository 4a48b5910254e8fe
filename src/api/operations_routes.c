/* What operators and newcomers ask for: does it live, is it ready, what does it count, how is it
 * used. */
#include "api/api_internal.h"

#include "base/time.h"

extern const char q__openapi_json[]; /* made from docs/openapi.yaml by the build */
extern const size_t q__openapi_json_length;
extern const char q__docs_html[];
extern const size_t q__docs_html_length;
extern const char
	q__docs_html_policy[]; /* lets the page's own script and style run, by their hashes */

struct q_str q_api_openapi(void)
{
	return (struct q_str){q__openapi_json, q__openapi_json_length};
}

static void get_health(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_respond(request, 200, "application/json", Q_STR("{\"status\":\"ok\"}"));
}

static enum q_code run_probe(const struct q_api_probe *probe, struct q_http_request *request,
			     int64_t *duration_ms, struct q_err *err)
{
	int64_t started_ms = q_time_monotonic_ms();
	enum q_code code = probe->check(probe->context, q_http_request_call(request), err);

	*duration_ms = q_time_monotonic_ms() - started_ms;
	return code;
}

static void write_probe(struct q_json_writer *w, const struct q_api_probe *probe, enum q_code code,
			int64_t duration_ms)
{
	q_json_begin_object(w);
	q_json_field_string(w, "port", q_str_from(probe->port));
	q_json_field_string(w, "adapter", q_str_from(probe->adapter));
	q_json_field_string(w, "status", code ? q_str_from(q_code_name(code)) : Q_STR("ok"));
	q_json_field_int64(w, "durationMs", duration_ms);
	q_json_end_object(w);
}

/* Everybody sees whether it is ready; operators also see which port is not. */
static void get_ready(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	bool is_operator = q__is_operator(api, request), is_ready = true;
	struct q__reply answer;

	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	if (is_operator) {
		q_json_name(&answer.w, "ports");
		q_json_begin_array(&answer.w);
	}
	for (size_t i = 0; i < api->o.probe_count; i++) {
		struct q_err err;
		int64_t duration_ms;
		enum q_code code = run_probe(&api->o.probes[i], request, &duration_ms, &err);

		is_ready &= code == Q_OK;
		if (code)
			q_log_error(api->o.log, Q_LOG_WARN, "ready.port_failed",
				    q_http_request_id(request), &err);
		if (is_operator)
			write_probe(&answer.w, &api->o.probes[i], code, duration_ms);
	}
	if (is_operator)
		q_json_end_array(&answer.w);
	q_json_field_string(&answer.w, "status", is_ready ? Q_STR("ready") : Q_STR("not_ready"));
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, is_ready ? 200 : 503);
}

static void get_metrics(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_buf text;

	q_buf_init(&text, Q__ANSWER_MAX);
	q_metrics_write(api->o.metrics, &text);
	q_http_respond_buf(request, 200, "text/plain; version=0.0.4; charset=utf-8", &text);
	q_buf_free(&text);
}

static void get_openapi(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_add_header(request, "Cache-Control", Q_STR("public, max-age=300"));
	q_http_respond(request, 200, "application/json", q_api_openapi());
}

static void get_docs(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_add_header(request, "Content-Security-Policy", q_str_from(q__docs_html_policy));
	q_http_respond(request, 200, "text/html; charset=utf-8",
		       (struct q_str){q__docs_html, q__docs_html_length});
}

const struct q_route q__operations_routes[] = {
	{"GET", "/health", Q_ROUTE_INLINE, 0, &q__public, get_health},
	{"GET", "/ready", 0, 0, &q__public, get_ready},
	{"GET", "/metrics", 0, 0, &q__metrics, get_metrics},
	{"GET", "/openapi.json", Q_ROUTE_INLINE, 0, &q__public, get_openapi},
	{"GET", "/docs", Q_ROUTE_INLINE, 0, &q__public, get_docs},
	{0},
};
