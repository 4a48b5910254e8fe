/* Tickets: what a browser, which can put no credentials on a stream's request, puts into its URL
 * instead. POST /api/tickets gives one for a resource: signed, for 60 seconds, for one use. The
 * first use writes an item under the ticket's number, on condition that there is none. */
#include "api/api_internal.h"

#include "access/api_key.h"
#include "base/encode.h"
#include "net/url.h"

enum {
	TICKET_MS = 60000,
	KEPT_MS = 10 * 60000, /* the item of a used one: clocks may differ */
	NUMBER_BYTES = 16,
	TICKET_MAX = 4096,
	RESOURCE_MAX = 512
};

static const struct q_str purpose = Q_STR_INIT("ticket");
static const struct q_json_limits ticket_limits = {TICKET_MAX, 2, true};

struct ticket {
	struct q_str number; /* random; names its use */
	struct q_str resource;
	int64_t expires_at_ms;
	struct q_identity who;
};

/* --- Its text --------------------------------------------------------------------------------- */

static void write_ticket(struct q_buf *out, const struct ticket *ticket)
{
	const struct q_identity *who = &ticket->who;
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	q_json_begin_object(&w);
	q_json_field_string(&w, "number", ticket->number);
	q_json_field_string(&w, "resource", ticket->resource);
	q_json_field_int64(&w, "until", ticket->expires_at_ms);
	q_json_field_int64(&w, "kind", who->kind);
	q_json_field_string(&w, "subject", who->subject);
	q_json_field_string(&w, "tenant", who->tenant_id);
	q_json_field_int64(&w, "type", who->tenant_type);
	q_json_field_int64(&w, "roles", who->roles);
	q_json_field_int64(&w, "expires", who->expires_at_ms);
	q_json_end_object(&w);
}

static bool read_ticket(const struct q_json *json, struct ticket *out)
{
	int64_t kind, type, roles;

	if (!q_json_string(q_json_member(json, Q_STR("number")), &out->number) ||
	    !q_json_string(q_json_member(json, Q_STR("resource")), &out->resource) ||
	    !q_json_int64(q_json_member(json, Q_STR("until")), &out->expires_at_ms) ||
	    !q_json_int64(q_json_member(json, Q_STR("kind")), &kind) ||
	    !q_json_string(q_json_member(json, Q_STR("subject")), &out->who.subject) ||
	    !q_json_string(q_json_member(json, Q_STR("tenant")), &out->who.tenant_id) ||
	    !q_json_int64(q_json_member(json, Q_STR("type")), &type) ||
	    !q_json_int64(q_json_member(json, Q_STR("roles")), &roles) ||
	    !q_json_int64(q_json_member(json, Q_STR("expires")), &out->who.expires_at_ms))
		return false;
	out->who.kind = (enum q_identity_kind)kind;
	out->who.tenant_type = (enum q_tenant_type)type;
	out->who.roles = (unsigned)roles;
	return true;
}

static struct q_str seal_ticket(struct q_api *api, const struct ticket *ticket,
				struct q_arena *arena)
{
	char signature[Q_SIGNATURE_SIZE];
	struct q_buf json, encoded;
	struct q_str text;

	q_buf_init(&json, TICKET_MAX);
	q_buf_init(&encoded, 2 * TICKET_MAX);
	write_ticket(&json, ticket);
	q_encode_base64url(&encoded, q_str_bytes(q_buf_str(&json)));
	q_keyring_sign(api->o.keyring, purpose, q_buf_str(&encoded), signature);
	text = q_arena_format(arena, "%.*s.%s", Q_STR_ARG(q_buf_str(&encoded)), signature);
	if (q_buf_failed(&json) || q_buf_failed(&encoded))
		text = (struct q_str){0};
	q_buf_free(&json);
	q_buf_free(&encoded);
	return text;
}

/* Signed by us. */
static bool open_ticket(const struct q_api *api, struct q_str text, struct q_arena *arena,
			struct ticket *out)
{
	struct q_str encoded, signature;
	struct q_bytes bytes;
	const struct q_json *json;
	struct q_err err;

	return text.length <= 2 * TICKET_MAX && q_str_cut(text, '.', &encoded, &signature) &&
	       q_keyring_verify(api->o.keyring, purpose, encoded, signature) &&
	       q_decode_base64url(arena, encoded, &bytes) &&
	       q_json_parse(arena, bytes, &ticket_limits, &json, &err) == Q_OK &&
	       read_ticket(json, out);
}

/* --- Its use ---------------------------------------------------------------------------------- */

bool q__ticket_of(struct q_http_request *request, struct q_str *out)
{
	struct q_str rest = q_http_request_query(request);
	struct q_query_item item;
	struct q_err err;

	while (q_query_next(&rest, q_http_request_arena(request), &item, &err) == Q_OK) {
		if (q_str_equal(item.name, Q_STR("ticket"))) {
			*out = item.value;
			return true;
		}
	}
	return false;
}

/* The one use. Q_CONFLICT: it has been used. */
static enum q_code spend(struct q_api *api, struct q_http_request *request,
			 const struct ticket *ticket, struct q_err *err)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_item item = {
		.key = {q_arena_format(arena, "TICKET#%.*s", Q_STR_ARG(ticket->number)),
			Q_STR("USED")},
		.expires_at_ms = ticket->expires_at_ms + KEPT_MS};
	struct q_write write = {.kind = Q_WRITE_PUT,
				.key = item.key,
				.item = &item,
				.conditions = &is_new,
				.condition_count = 1};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "api.ticket", "an item");
	return q_record_store_write(api->o.records, q_http_request_call(request), &write, NULL,
				    NULL, err);
}

static enum q_code refuse(struct q_err *err)
{
	return q_fail_reason(err, Q_DENIED, "invalid_ticket", "api.ticket",
			     "the ticket is for something else, or too old, or used: ask for "
			     "another");
}

enum q_code q__ticket_redeem(struct q_api *api, struct q_http_request *request, struct q_str text,
			     struct q_identity *out, struct q_err *err)
{
	int64_t now_ms = q_clock_now_ms(api->o.clock);
	struct ticket ticket = {0};
	bool is_live = true;
	enum q_code code = Q_OK;

	if (!open_ticket(api, text, q_http_request_arena(request), &ticket) ||
	    ticket.expires_at_ms <= now_ms ||
	    !q_str_equal(ticket.resource, q_http_request_path(request)) ||
	    (ticket.who.expires_at_ms != 0 && ticket.who.expires_at_ms <= now_ms))
		return refuse(err);
	if (ticket.who.kind == Q_IDENTITY_KEY)
		code = q_api_key_is_live(api->o.records, q_http_request_call(request),
					 ticket.who.subject, now_ms, &is_live, err);
	if (!code && is_live)
		code = spend(api, request, &ticket, err);
	if (!is_live || code == Q_CONFLICT)
		return refuse(err);
	*out = ticket.who;
	return code;
}

/* --- The route -------------------------------------------------------------------------------- */

/* The file's id, where the resource is a job's events. */
static bool is_events_of(struct q_str resource, struct q_str *file_id)
{
	static const struct q_str before = Q_STR_INIT("/api/jobs/"), behind = Q_STR_INIT("/events");

	if (!q_str_starts_with(resource, before) || !q_str_ends_with(resource, behind) ||
	    resource.length <= before.length + behind.length)
		return false;
	*file_id = q_str_slice(resource, before.length, resource.length - behind.length);
	return true;
}

/* Is it something that takes tickets, and the caller's to see? False when it has answered. */
static bool check_resource(struct q_api *api, struct q_http_request *request, struct q_str resource)
{
	struct q_str file_id;
	struct q_job job;
	struct q_err err;

	if (q_str_equal(resource, Q_STR("/api/ws")))
		return true;
	if (!is_events_of(resource, &file_id)) {
		q__refuse_field(request, "resource",
				"is /api/ws or /api/jobs/{fileId}/events: nothing else takes "
				"tickets");
		return false;
	}
	if (q_documents_find_job(api->o.documents, q_http_request_call(request),
				 q__identity(request), file_id, q_http_request_arena(request), &job,
				 &err) == Q_OK)
		return true;
	q_http_respond_error(request, &err);
	return false;
}

static struct q_str make_number(struct q_api *api, struct q_arena *arena)
{
	unsigned char bytes[NUMBER_BYTES];
	struct q_buf text;
	struct q_str number;

	q_random_source_fill(api->o.random, bytes, sizeof bytes);
	q_buf_init(&text, 2 * NUMBER_BYTES);
	q_encode_base64url(&text, (struct q_bytes){bytes, sizeof bytes});
	number = q_arena_copy(arena, q_buf_str(&text));
	q_buf_free(&text);
	return number;
}

static void answer_ticket(struct q_api *api, struct q_http_request *request, struct q_str resource)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct ticket ticket = {.number = make_number(api, arena),
				.resource = resource,
				.expires_at_ms = q_clock_now_ms(api->o.clock) + TICKET_MS,
				.who = *q__identity(request)};
	struct q_str text = seal_ticket(api, &ticket, arena);
	struct q__reply answer;
	struct q_err err;

	if (text.length == 0 || ticket.number.length == 0) {
		(void)q_fail(&err, Q_NOMEM, "api.ticket", "a ticket");
		q_http_respond_error(request, &err);
		return;
	}
	q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_string(&answer.w, "ticket", text);
	q_json_field_string(&answer.w, "resource", resource);
	q_json_field_time(&answer.w, "expiresAt", ticket.expires_at_ms);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 201);
}

static void post_ticket(struct q_http_request *request, void *context)
{
	const struct q_json *body;
	struct q_str resource;

	if (!q__query(request, NULL, 0) || !q__body(request, &body))
		return;
	if (!q_json_string(q_json_member(body, Q_STR("resource")), &resource) ||
	    resource.length > RESOURCE_MAX) {
		q__refuse_field(request, "resource", "is the path that the ticket is for");
		return;
	}
	if (check_resource(context, request, resource))
		answer_ticket(context, request, resource);
}

const struct q_route q__ticket_routes[] = {
	{"POST", "/api/tickets", 0, 4096, &q__documents_read, post_ticket},
	{0},
};
