/* Who asks, and may they: every request passes here before its body is read. */
#include "api/api_internal.h"

#include "base/hash.h"

bool q__is_operator(const struct q_api *api, const struct q_http_request *request)
{
	struct q_str scheme, token;
	struct q_str authorization = q_http_request_header(request, Q_STR("Authorization"));

	if (api->o.metrics_token.length == 0)
		return q_http_request_is_peer_loopback(request) &&
		       !q_http_request_has_forwarding_headers(request);
	return q_str_cut(authorization, ' ', &scheme, &token) &&
	       q_str_equal_ignore_case(scheme, Q_STR("Bearer")) &&
	       q_equal_constant_time(q_str_bytes(token), q_str_bytes(api->o.metrics_token));
}

/* 401 with the scheme, for credentials that are missing or wrong; other failures are what they are.
 */
static void refuse_credentials(struct q_http_request *request, const struct q_err *err)
{
	if (err->code != Q_DENIED) {
		q_http_respond_error(request, err);
		return;
	}
	q_http_add_header(request, "WWW-Authenticate",
			  q_str_equal(q_str_from(err->reason), Q_STR("missing_credentials"))
				  ? Q_STR("Bearer realm=\"quire\"")
				  : Q_STR("Bearer realm=\"quire\", error=\"invalid_token\""));
	q_http_respond_refusal(request, 401, err->reason, "%s", err->message);
}

/* By ticket where the route takes one and the request has one, else by credentials. */
static struct q_identity *authenticate(struct q_api *api, struct q_http_request *request,
				       const struct q__rule *rule)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_identity *who = q_arena_alloc(arena, sizeof *who);
	struct q_str ticket;
	struct q_err err;
	enum q_code code;

	if (who && rule->kind == Q__RULE_TICKET && q__ticket_of(request, &ticket))
		code = q__ticket_redeem(api, request, ticket, who, &err);
	else if (who)
		code = q_authenticate(api->o.authenticator, q_http_request_call(request),
				      q_http_request_header(request, Q_STR("X-API-Key")),
				      q_http_request_header(request, Q_STR("Authorization")), arena,
				      who, &err);
	else
		code = q_fail(&err, Q_NOMEM, "api.identity", "an identity");
	if (code == Q_OK)
		return who;
	refuse_credentials(request, &err);
	return NULL;
}

bool q__authorize(struct q_http_request *request, const void *access, void *context)
{
	const struct q__rule *rule = access;
	struct q_api *api = context;
	struct q_identity *who;
	const char *missing;

	switch (rule->kind) {
	case Q__RULE_PUBLIC:
	case Q__RULE_SIGNED:
		return true;
	case Q__RULE_METRICS:
		if (q__is_operator(api, request))
			return true;
		q_http_add_header(request, "WWW-Authenticate", Q_STR("Bearer realm=\"metrics\""));
		q_http_respond_refusal(request, 401, "metrics_token_required",
				       "send the METRICS_TOKEN as a bearer token");
		return false;
	case Q__RULE_ACTION:
	case Q__RULE_TICKET:
		break;
	}
	who = authenticate(api, request, rule);
	if (!who)
		return false;
	if (!q_policy_allows(who, rule->action, &missing)) {
		q_http_respond_refusal(request, 403, "forbidden", "this needs %s", missing);
		return false;
	}
	q_http_request_set_identity(request, who);
	return true;
}
