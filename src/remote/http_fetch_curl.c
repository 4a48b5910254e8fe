#include "remote/http_fetch_curl.h"

#include "base/mem.h"
#include "net/http_client.h"
#include "net/url.h"

static const char where[] = "http_fetch_curl";

struct curl_fetch {
	struct q_http_fetch base;
	struct q_http_fetch_curl_options options;
	struct q_http_client_cache *clients;
};

/* The addresses that one request may go to: what its connection is held against. */
struct checked_addresses {
	struct q_http_client_events events;
	struct q_addresses addresses;
};

static bool is_checked(struct q_http_client_events *events, const struct q_ip *address)
{
	struct checked_addresses *checked =
		q_container_of(events, struct checked_addresses, events);

	for (size_t i = 0; i < checked->addresses.count; i++) {
		if (q_ip_equal(&checked->addresses.items[i], address))
			return true;
	}
	return false;
}

static enum q_code check_addresses(const struct curl_fetch *fetch, const struct q_url *url,
				   const struct q_addresses *addresses, struct q_err *err)
{
	for (size_t i = 0; i < addresses->count; i++) {
		enum q_ip_class class = q_ip_classify(&addresses->items[i]);

		if (q_cidr_list_contains(&fetch->options.allowed, &addresses->items[i]))
			continue;
		if (!url->is_https)
			return q_fail(err, Q_DENIED, where, "%.*s: only https URLs are allowed",
				      Q_STR_ARG(url->origin));
		if (class != Q_IP_PUBLIC)
			return q_fail(err, Q_DENIED, where,
				      "%.*s leads to an address that is not public (%s)",
				      Q_STR_ARG(url->origin), q_ip_class_name(class));
	}
	return Q_OK;
}

static enum q_code find_addresses(const struct curl_fetch *fetch, const struct q_url *url,
				  const struct q_call *call, struct q_addresses *out,
				  struct q_err *err)
{
	if (url->is_address) {
		*out = (struct q_addresses){.items = {url->address}, .count = 1};
		return Q_OK;
	}
	return fetch->options.resolve(url->host, call, out, err);
}

/* What a user's URL shows by itself. */
static enum q_code parse_public(const struct curl_fetch *fetch, struct q_str text,
				struct q_url *url, struct q_err *err)
{
	enum q_code code = q_url_parse(text, url, err);

	if (code != Q_OK)
		return code;
	if (q_str_ends_with(url->host, Q_STR(".")))
		return q_fail(err, Q_INVALID, where, "URL: the host ends in a dot");
	if (!url->is_https && fetch->options.allowed.count == 0)
		return q_fail(err, Q_DENIED, where, "%.*s: only https URLs are allowed",
			      Q_STR_ARG(url->origin));
	return Q_OK;
}

/* Fills `checked` with the addresses of a user's URL, each of which it may lead to. */
static enum q_code check_public(const struct curl_fetch *fetch, const struct q_call *call,
				struct q_str text, struct checked_addresses *checked,
				struct q_err *err)
{
	struct q_url url;
	enum q_code code = parse_public(fetch, text, &url, err);

	if (code == Q_OK)
		code = find_addresses(fetch, &url, call, &checked->addresses, err);
	if (code == Q_OK)
		code = check_addresses(fetch, &url, &checked->addresses, err);
	return code;
}

/* The port's headers as the client's. */
static enum q_code take_headers(const struct q_fetch_request *request, struct q_arena *arena,
				struct q_http_client_request *out, struct q_err *err)
{
	struct q_http_client_header *headers =
		q_arena_alloc_array(arena, request->header_count, sizeof *headers);

	if (!headers)
		return q_fail(err, Q_NOMEM, where, "request headers");
	for (size_t i = 0; i < request->header_count; i++)
		headers[i] = (struct q_http_client_header){request->headers[i].name,
							   request->headers[i].value};
	out->headers = headers;
	out->header_count = request->header_count;
	return Q_OK;
}

static enum q_code give_response(const struct q_http_client_response *response,
				 struct q_arena *arena, struct q_fetch_response *out,
				 struct q_err *err)
{
	struct q_fetch_header *headers =
		q_arena_alloc_array(arena, response->header_count, sizeof *headers);

	if (!headers)
		return q_fail(err, Q_NOMEM, where, "response headers");
	for (size_t i = 0; i < response->header_count; i++)
		headers[i] = (struct q_fetch_header){response->headers[i].name,
						     response->headers[i].value};
	*out = (struct q_fetch_response){.status = response->status,
					 .headers = headers,
					 .header_count = response->header_count,
					 .body = response->body,
					 .is_cut = response->is_cut};
	return Q_OK;
}

static enum q_code curl_fetch_send(struct q_http_fetch *base, const struct q_call *call,
				   const struct q_fetch_request *request, struct q_arena *arena,
				   struct q_fetch_response *out, struct q_err *err)
{
	struct curl_fetch *fetch = q_container_of(base, struct curl_fetch, base);
	struct q_call limited = q_call_within(call, request->timeout_ms);
	struct checked_addresses checked = {.events.may_connect = is_checked};
	struct q_http_client_request sent = {.method = request->method,
					     .url = request->url,
					     .body = request->body,
					     .response_max = request->body_max};
	struct q_http_client_response response;
	enum q_code code = take_headers(request, arena, &sent, err);

	if (code == Q_OK && request->policy != Q_FETCH_CONFIGURED) {
		code = check_public(fetch, &limited, request->url, &checked, err);
		sent.events = &checked.events;
		sent.addresses = checked.addresses.items;
		sent.address_count = checked.addresses.count;
	}
	if (code == Q_OK)
		code = q_http_client_cache_send(fetch->clients, &limited, &sent, arena, &response,
						err);
	return code == Q_OK ? give_response(&response, arena, out, err) : code;
}

static enum q_code curl_fetch_check(struct q_http_fetch *base, struct q_str text, struct q_err *err)
{
	struct curl_fetch *fetch = q_container_of(base, struct curl_fetch, base);
	struct q_url url;
	enum q_code code = parse_public(fetch, text, &url, err);

	if (code == Q_OK && url.is_address) {
		struct q_addresses only = {.items = {url.address}, .count = 1};

		code = check_addresses(fetch, &url, &only, err);
	}
	return code;
}

static void curl_fetch_close(struct q_http_fetch *base)
{
	struct curl_fetch *fetch = q_container_of(base, struct curl_fetch, base);

	q_http_client_cache_close(fetch->clients);
	q_mem_free(fetch);
}

static const struct q_http_fetch_ops curl_fetch_ops = {
	.name = "curl",
	.fetch = curl_fetch_send,
	.check = curl_fetch_check,
	.close = curl_fetch_close,
};

enum q_code q_http_fetch_curl_open(const struct q_http_fetch_curl_options *options,
				   struct q_http_fetch **out, struct q_err *err)
{
	struct q_http_client_options client_options = {0};
	struct curl_fetch *fetch = q_mem_new(sizeof *fetch);
	enum q_code code;

	if (!fetch)
		return q_fail(err, Q_NOMEM, where, "%zu bytes", sizeof *fetch);
	fetch->base.ops = &curl_fetch_ops;
	if (options)
		fetch->options = *options;
	if (!fetch->options.resolve)
		fetch->options.resolve = q_resolve;
	client_options.ca_file = fetch->options.ca_file;
	client_options.user_agent = fetch->options.user_agent;
	code = q_http_client_cache_open(&client_options, &fetch->clients, err);
	if (code != Q_OK) {
		q_mem_free(fetch);
		return code;
	}
	*out = &fetch->base;
	return Q_OK;
}
