/* Keys, and the purge, for internal admins. */
#include "api/api_internal.h"

#include "access/api_key.h"
#include "access/idempotency.h"
#include "base/time.h"

enum { BODY_MAX = 1 << 20 };

static void write_roles(struct q_json_writer *w, unsigned roles)
{
	static const enum q_role all[] = {Q_ROLE_ADMIN, Q_ROLE_COMPLIANCE_LEAD, Q_ROLE_AUDITOR};

	q_json_name(w, "roles");
	q_json_begin_array(w);
	for (size_t i = 0; i < Q_COUNT_OF(all); i++)
		if (roles & all[i])
			q_json_put_string(w, q_str_from(q_role_name(all[i])));
	q_json_end_array(w);
}

/* `text`, the whole key, is shown once: empty later on. */
static void write_key(struct q_json_writer *w, const struct q_api_key *key, struct q_str text)
{
	q_json_begin_object(w);
	q_json_field_string(w, "id", key->id);
	if (text.length > 0)
		q_json_field_string(w, "key", text);
	q_json_field_string(w, "name", key->name);
	q_json_field_string(w, "tenantId", key->tenant_id);
	q_json_field_string(w, "tenantType", q_str_from(q_tenant_type_name(key->tenant_type)));
	write_roles(w, key->roles);
	q_json_field_time(w, "createdAt", key->created_at_ms);
	if (key->expires_at_ms > 0)
		q_json_field_time(w, "expiresAt", key->expires_at_ms);
	if (key->revoked_at_ms > 0)
		q_json_field_time(w, "revokedAt", key->revoked_at_ms);
	q_json_end_object(w);
}

static bool read_roles(struct q_http_request *request, const struct q_json *array, unsigned *roles)
{
	struct q_json_walk walk;

	if (q_json_type_of(array) != Q_JSON_ARRAY) {
		q__refuse_field(request, "roles", "is a list of roles");
		return false;
	}
	for (walk = q_json_walk(array); q_json_next(&walk);) {
		enum q_role role;
		struct q_str word;

		if (!q_json_string(walk.value, &word) || !q_role_parse(word, &role)) {
			q__refuse_field(request, "roles",
					"holds admin, compliance_lead and auditor alone");
			return false;
		}
		*roles |= role;
	}
	return true;
}

/* One member of the body of POST /admin/keys. False when it has answered. */
static bool read_key_field(struct q_http_request *request, const struct q_json_walk *member,
			   struct q_api_key *key)
{
	struct q_str text = {0};
	bool is_string = q_json_string(member->value, &text);
	const char *wrong = NULL;

	if (q_str_equal(member->name, Q_STR("roles")))
		return read_roles(request, member->value, &key->roles);
	if (q_str_equal(member->name, Q_STR("name"))) {
		key->name = text;
		wrong = is_string ? NULL : "name is a string";
	} else if (q_str_equal(member->name, Q_STR("tenantId"))) {
		key->tenant_id = text;
		wrong = is_string ? NULL : "tenantId is a string";
	} else if (q_str_equal(member->name, Q_STR("tenantType"))) {
		wrong = q_tenant_type_parse(text, &key->tenant_type)
				? NULL
				: "tenantType is internal or external";
	} else if (q_str_equal(member->name, Q_STR("expiresAt"))) {
		wrong = q_time_parse_rfc3339(text, &key->expires_at_ms)
				? NULL
				: "expiresAt is a time as in RFC 3339";
	} else {
		wrong = "a member of the body is not known";
	}
	if (wrong)
		q_http_respond_refusal(request, 400, "invalid_request", "%s", wrong);
	return !wrong;
}

/* The key that the request asks for, or, where it was done before, the one that it got. */
static enum q_code make_key(struct q_api *api, struct q_http_request *request,
			    struct q_idempotency *once, struct q_api_key *key, struct q_str *text,
			    struct q_err *err)
{
	const struct q_call *call = q_http_request_call(request);
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str id;
	enum q_code code;

	if (!q_idempotency_find_answer(once, &id))
		return q_api_key_create(api->o.records, call, api->o.random,
					q_clock_now_ms(api->o.clock), once, arena, key, text, err);
	code = q_api_key_find(api->o.records, call, id, arena, key, err);
	return code ? code : q_idempotency_open_secret(once, text, err);
}

static void create_key(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_idempotency *once;
	struct q_api_key key = {0};
	struct q_json_walk walk;
	const struct q_json *body;
	struct q__reply answer;
	struct q_str text;
	struct q_err err;

	if (!q__body(request, &body))
		return;
	for (walk = q_json_walk(body); q_json_next(&walk);)
		if (!read_key_field(request, &walk, &key))
			return;
	if (!q__once_begin(api, request, body, &once))
		return;
	if (make_key(api, request, once, &key, &text, &err)) {
		q__once_fail(request, once, &err);
		return;
	}
	q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q__reply_begin(&answer);
	write_key(&answer.w, &key, text);
	q__reply_end(&answer, request, 201);
}

static void list_keys(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_api_key_page page;
	struct q__reply answer;
	struct q_str after;
	struct q_err err;
	size_t limit;

	if (!q__list_query(api, request, Q_STR("keys"), &limit, &after))
		return;
	if (q_api_key_list(api->o.records, q_http_request_call(request), after, limit,
			   q_http_request_arena(request), &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__items_begin(&answer);
	for (size_t i = 0; i < page.count; i++)
		write_key(&answer.w, &page.items[i], (struct q_str){0});
	q__items_end(api, request, &answer, Q_STR("keys"), page.next);
}

static void revoke_key(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_err err;

	if (q_api_key_revoke(api->o.records, q_http_request_call(request),
			     q_http_request_param(request, "id"), q_clock_now_ms(api->o.clock),
			     &err))
		q_http_respond_error(request, &err);
	else
		q_http_respond_empty(request, 204);
}

const struct q_route q__admin_routes[] = {
	{"POST", "/admin/keys", 0, BODY_MAX, &q__admin, create_key},
	{"GET", "/admin/keys", 0, 0, &q__admin, list_keys},
	{"DELETE", "/admin/keys/{id}", 0, 0, &q__admin, revoke_key},
	{"POST", "/admin/purge", 0, 0, &q__admin, q__purge},
	{0},
};
