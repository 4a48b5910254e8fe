#include "access/policy.h"

#include "base/json.h"

/* How far a caller's permission for an action reaches. In rising order: of several roles the
 * farthest counts. */
enum reach { NONE, OWN, ALL };

/* The columns of the access table. An identity stands in every column whose tenant type is its own
 * and whose role it holds; a column without a role holds for all of its tenant type. */
enum column {
	INTERNAL_AUDITOR,
	INTERNAL_COMPLIANCE_LEAD,
	INTERNAL_ADMIN,
	INTERNAL_OTHER,
	EXTERNAL_ADMIN,
	EXTERNAL_OTHER,
	COLUMN_COUNT
};

static const struct {
	enum q_tenant_type type;
	unsigned role; /* 0: other or no role */
} columns[COLUMN_COUNT] = {
	[INTERNAL_AUDITOR] = {Q_TENANT_INTERNAL, Q_ROLE_AUDITOR},
	[INTERNAL_COMPLIANCE_LEAD] = {Q_TENANT_INTERNAL, Q_ROLE_COMPLIANCE_LEAD},
	[INTERNAL_ADMIN] = {Q_TENANT_INTERNAL, Q_ROLE_ADMIN},
	[INTERNAL_OTHER] = {Q_TENANT_INTERNAL, 0},
	[EXTERNAL_ADMIN] = {Q_TENANT_EXTERNAL, Q_ROLE_ADMIN},
	[EXTERNAL_OTHER] = {Q_TENANT_EXTERNAL, 0},
};

/* The access table itself; `missing` is what a caller lacks whose reach is none. */
/* clang-format off */
static const struct {
	const char *name;
	enum reach reach[COLUMN_COUNT];
	const char *missing;
} actions[Q_ACTION_COUNT] = {
	/*                             internal                           external
	                               auditor lead    admin  other       admin  other */
	[Q_ACTION_DOCUMENTS_READ]  = {"documents_read",
	                              {ALL,    ALL,    ALL,   NONE,       OWN,   OWN},
	                              "one of the roles admin, compliance_lead, auditor"},
	[Q_ACTION_DOCUMENTS_WRITE] = {"documents_write",
	                              {NONE,   NONE,   ALL,   NONE,       OWN,   NONE},
	                              "the role admin"},
	[Q_ACTION_ADMIN]           = {"admin",
	                              {NONE,   NONE,   ALL,   NONE,       NONE,  NONE},
	                              "the role admin of an internal tenant"},
};
/* clang-format on */

static const struct {
	enum q_role role;
	const char *name;
} roles[] = {
	{Q_ROLE_ADMIN, "admin"},
	{Q_ROLE_COMPLIANCE_LEAD, "compliance_lead"},
	{Q_ROLE_AUDITOR, "auditor"},
};

static const char *const tenant_type_names[] = {
	[Q_TENANT_NONE] = "none",
	[Q_TENANT_INTERNAL] = "internal",
	[Q_TENANT_EXTERNAL] = "external",
};

static const char *const reach_names[] = {
	[NONE] = "none",
	[OWN] = "own",
	[ALL] = "all",
};

/* Somebody whose word we have for a tenant of a known type. */
static bool is_known(const struct q_identity *who)
{
	return who->kind != Q_IDENTITY_NONE && who->tenant_type != Q_TENANT_NONE &&
	       q_tenant_id_is_valid(who->tenant_id);
}

static enum reach reach_of(const struct q_identity *who, enum q_action action)
{
	enum reach farthest = NONE;

	q_assert((unsigned)action < Q_ACTION_COUNT);
	if (!is_known(who))
		return NONE;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		bool is_in_column = columns[c].type == who->tenant_type &&
				    (columns[c].role & who->roles) == columns[c].role;

		if (is_in_column && actions[action].reach[c] > farthest)
			farthest = actions[action].reach[c];
	}
	return farthest;
}

bool q_policy_allows(const struct q_identity *who, enum q_action action, const char **missing)
{
	if (reach_of(who, action) != NONE)
		return true;
	if (missing)
		*missing = is_known(who) ? actions[action].missing
					 : "an API key or a token with tenant claims";
	return false;
}

bool q_policy_allows_tenant(const struct q_identity *who, enum q_action action,
			    struct q_str tenant_id)
{
	switch (reach_of(who, action)) {
	case ALL:
		return true;
	case OWN:
		return q_str_equal(who->tenant_id, tenant_id);
	case NONE:
		break;
	}
	return false;
}

const char *q_action_name(enum q_action action)
{
	q_assert((unsigned)action < Q_ACTION_COUNT);
	return actions[action].name;
}

const char *q_role_name(enum q_role role)
{
	for (size_t i = 0; i < Q_COUNT_OF(roles); i++)
		if (roles[i].role == role)
			return roles[i].name;
	q_assert(!"a role has one bit of enum q_role");
	return NULL;
}

const char *q_tenant_type_name(enum q_tenant_type type)
{
	q_assert((unsigned)type < Q_COUNT_OF(tenant_type_names));
	return tenant_type_names[type];
}

bool q_role_parse(struct q_str word, enum q_role *out)
{
	for (size_t i = 0; i < Q_COUNT_OF(roles); i++) {
		if (!q_str_equal(word, q_str_from(roles[i].name)))
			continue;
		*out = roles[i].role;
		return true;
	}
	return false;
}

bool q_tenant_type_parse(struct q_str word, enum q_tenant_type *out)
{
	if (q_str_equal(word, Q_STR("internal")))
		*out = Q_TENANT_INTERNAL;
	else if (q_str_equal(word, Q_STR("external")))
		*out = Q_TENANT_EXTERNAL;
	else
		return false;
	return true;
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool q_tenant_id_is_valid(struct q_str id)
{
	if (id.length < 1 || id.length > 64 || !is_letter_or_digit(id.data[0]))
		return false;
	for (size_t i = 1; i < id.length; i++)
		if (!is_letter_or_digit(id.data[i]) && id.data[i] != '_' && id.data[i] != '-')
			return false;
	return true;
}

static const char *column_role(enum column column)
{
	return columns[column].role ? q_role_name((enum q_role)columns[column].role) : NULL;
}

static bool write_text(struct q_buf *out)
{
	q_buf_format(out, "%-18s", "");
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		q_buf_format(out, "%-17s", q_tenant_type_name(columns[c].type));
	q_buf_format(out, "\n%-18s", "");
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		q_buf_format(out, "%-17s", column_role(c) ? column_role(c) : "other or none");
	for (unsigned a = 0; a < Q_ACTION_COUNT; a++) {
		q_buf_format(out, "\n%-18s", actions[a].name);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			q_buf_format(out, "%-17s", reach_names[actions[a].reach[c]]);
	}
	return q_buf_append_char(out, '\n');
}

/* [{"action":"admin","tenantType":"internal","role":"admin","reach":"all"}, ...]; role null: other
 * or none. */
static void write_cell(struct q_json_writer *w, enum q_action action, enum column column)
{
	q_json_begin_object(w);
	q_json_field_string(w, "action", q_str_from(actions[action].name));
	q_json_field_string(w, "tenantType", q_str_from(q_tenant_type_name(columns[column].type)));
	q_json_name(w, "role");
	if (column_role(column))
		q_json_put_string(w, q_str_from(column_role(column)));
	else
		q_json_put_null(w);
	q_json_field_string(w, "reach", q_str_from(reach_names[actions[action].reach[column]]));
	q_json_end_object(w);
}

static bool write_json(struct q_buf *out)
{
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	q_json_begin_array(&w);
	for (unsigned a = 0; a < Q_ACTION_COUNT; a++)
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			write_cell(&w, (enum q_action)a, (enum column)c);
	q_json_end_array(&w);
	return !q_buf_failed(out);
}

bool q_policy_write(struct q_buf *out, bool as_json)
{
	return as_json ? write_json(out) : write_text(out);
}
