#include "api/api_internal.h"

#include "base/mem.h"
#include "net/url.h"

#include <string.h>

enum { ARENA_BYTES = 4 << 20, FORM_OVERHEAD = 1 << 20 };

static const struct q_route *const groups[] = {
	q__documents_routes,  q__job_routes,	 q__admin_routes,	  q__tenant_routes,
	q__operations_routes, q__blob_routes,	 q__direct_upload_routes, q__event_routes,
	q__ticket_routes,     q__webhook_routes, q__websocket_routes};

static size_t count_routes(void)
{
	size_t count = 0;

	for (size_t i = 0; i < Q_COUNT_OF(groups); i++)
		for (const struct q_route *route = groups[i]; route->method; route++)
			count++;
	return count;
}

/* All routes in one array, fitted to the ports: what reads a remote store leaves the loop; an
 * upload may be as large as a document and its form. */
static enum q_code copy_routes(struct q_api *api, struct q_err *err)
{
	size_t count = 0;

	api->route_count = count_routes();
	api->routes = q_arena_alloc_array(api->arena, api->route_count, sizeof *api->routes);
	if (!api->routes)
		return q_fail(err, Q_NOMEM, "api.new", "routes");
	for (size_t i = 0; i < Q_COUNT_OF(groups); i++) {
		for (const struct q_route *from = groups[i]; from->method; from++) {
			struct q_route *route = &api->routes[count++];
			const struct q__rule *rule = from->access;

			*route = *from;
			if (rule && rule->kind == Q__RULE_ACTION &&
			    !q_record_store_is_inline(api->o.records))
				route->flags &= ~(unsigned)Q_ROUTE_INLINE;
			if (route->body_limit_bytes == SIZE_MAX)
				route->body_limit_bytes = api->o.file_bytes_max + FORM_OVERHEAD;
		}
	}
	return Q_OK;
}

static enum q_code make_router(struct q_api *api, struct q_err *err)
{
	struct q_route_group group = {api->routes, api->route_count, api};

	return q_router_new(&group, 1, &api->router, err);
}

/* "*" would let every page of the web in with its visitor's credentials. */
static enum q_code check_origins(struct q_str rest, struct q_err *err)
{
	struct q_str one;

	while (rest.length > 0) {
		q_str_cut(rest, ',', &one, &rest);
		one = q_str_trim(one);
		if (!q_url_is_origin(one))
			return q_fail(err, Q_INVALID, "api.new",
				      "CORS_ORIGINS takes exact origins such as "
				      "https://app.example.org, not `%.*s`",
				      Q_STR_ARG(one));
	}
	return Q_OK;
}

static enum q_code copy_strings(struct q_api *api, const struct q_api_options *options,
				struct q_err *err)
{
	api->o.public_url = q_arena_copy(api->arena, options->public_url);
	api->o.cors_origins = q_arena_copy(api->arena, options->cors_origins);
	api->o.metrics_token = q_arena_copy(api->arena, options->metrics_token);
	return q_arena_failed(api->arena) ? q_fail(err, Q_NOMEM, "api.new", "options") : Q_OK;
}

enum q_code q_api_new(const struct q_api_options *options, struct q_api **out, struct q_err *err)
{
	struct q_api *api = q_mem_new(sizeof *api);
	enum q_code code;

	if (!api)
		return q_fail(err, Q_NOMEM, "api.new", "%zu bytes", sizeof *api);
	api->o = *options;
	pthread_mutex_init(&api->sessions.mutex, NULL);
	api->arena = q_arena_new(ARENA_BYTES);
	code = api->arena ? copy_strings(api, options, err)
			  : q_fail(err, Q_NOMEM, "api.new", "an arena");
	if (!code)
		code = check_origins(api->o.cors_origins, err);
	if (!code)
		code = copy_routes(api, err);
	if (!code)
		code = q__series_new(api, err);
	if (!code)
		code = make_router(api, err);
	if (code)
		q_api_free(api);
	else
		*out = api;
	return code;
}

void q_api_free(struct q_api *api)
{
	if (!api)
		return;
	q_router_free(api->router);
	pthread_mutex_destroy(&api->sessions.mutex);
	q_arena_free(api->arena);
	q_mem_free(api);
}

const struct q_router *q_api_router(const struct q_api *api)
{
	return api->router;
}

struct q_http_hooks q_api_hooks(struct q_api *api)
{
	return (struct q_http_hooks){.context = api,
				     .before = q__before,
				     .authorize = q__authorize,
				     .complete = q__complete};
}

bool q_api_write_routes(struct q_buf *out, bool as_json)
{
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	if (as_json)
		q_json_begin_array(&w);
	for (size_t i = 0; i < Q_COUNT_OF(groups); i++) {
		for (const struct q_route *route = groups[i]; route->method; route++) {
			const struct q__rule *rule = route->access;

			if (!as_json) {
				q_buf_format(out, "%-7s %-32s %s\n", route->method, route->path,
					     rule->name);
				continue;
			}
			q_json_begin_object(&w);
			q_json_field_string(&w, "method", q_str_from(route->method));
			q_json_field_string(&w, "path", q_str_from(route->path));
			q_json_field_string(&w, "access", q_str_from(rule->name));
			q_json_end_object(&w);
		}
	}
	if (as_json)
		q_json_end_array(&w);
	return !q_buf_failed(out);
}
