/* quire key: API keys, through the server, or with --offline on the stores themselves: so the
 * first one is made. */
#include "access/api_key.h"
#include "base/time.h"
#include "cmd/listing.h"
#include "cmd/options.h"
#include "cmd/wiring.h"

#include <string.h>

enum { COLUMNS = 6, BODY_MAX = 16 * 1024 };

struct request {
	const struct q_command_context *context;
	bool is_offline, as_json;
	const char *name, *tenant, *tenant_type, *roles, *expires_at, *id;
};

/* --- Through the server ----------------------------------------------------------------------- */

static void write_request(struct q_buf *body, const struct request *r)
{
	struct q_json_writer w;

	q_json_writer_init(&w, body);
	q_json_begin_object(&w);
	q_json_field_string(&w, "name", q_str_from(r->name));
	q_json_field_string(&w, "tenantId", q_str_from(r->tenant));
	q_json_field_string(&w, "tenantType", q_str_from(r->tenant_type));
	q_option_write_words(&w, "roles", r->roles);
	if (r->expires_at)
		q_json_field_string(&w, "expiresAt", q_str_from(r->expires_at));
	q_json_end_object(&w);
}

/* The key alone for people and scripts that assign it; all of it with --json. */
static void show_key(const struct request *r, const struct q_json *answer)
{
	struct q_str text = {0};

	if (r->as_json) {
		q_output_json(answer);
		return;
	}
	(void)q_json_string(q_json_member(answer, Q_STR("key")), &text);
	printf("%.*s\n", Q_STR_ARG(text));
	fputs("Keep it: it is shown this once.\n", stderr);
}

static enum q_exit create_online(const struct request *r, struct q_client *client)
{
	const struct q_json *answer;
	struct q_buf body;
	enum q_exit exit_code;

	q_buf_init(&body, BODY_MAX);
	write_request(&body, r);
	exit_code = q_client_send(client, "POST", Q_STR("/admin/keys"), q_buf_str(&body), &answer);
	q_buf_free(&body);
	if (exit_code == Q_EXIT_DONE)
		show_key(r, answer);
	return exit_code;
}

static void add_row(struct q_table *table, const struct q_json *key, struct q_arena *arena)
{
	static const char *const names[COLUMNS] = {"id",	 "name",  "tenantId",
						   "tenantType", "roles", "revokedAt"};
	struct q_str row[COLUMNS] = {{0}};
	struct q_buf roles;

	for (size_t i = 0; i < COLUMNS; i++)
		(void)q_json_string(q_json_member(key, q_str_from(names[i])), &row[i]);
	q_buf_init(&roles, 1024);
	q_json_write_value(&roles, q_json_member(key, Q_STR("roles")));
	row[4] = q_arena_copy(arena, q_buf_str(&roles));
	q_buf_free(&roles);
	q_table_add(table, row);
}

static enum q_exit list_online(const struct request *r, struct q_client *client)
{
	const struct q_str head[COLUMNS] = {Q_STR("ID"),   Q_STR("NAME"),  Q_STR("TENANT"),
					    Q_STR("TYPE"), Q_STR("ROLES"), Q_STR("REVOKED")};
	bool as_json = q_output_is_json(r->as_json);
	struct q_listing listing = {.path = Q_STR("/admin/keys"),
				    .as_json = as_json,
				    .table = as_json ? NULL : q_table_new(COLUMNS),
				    .add_row = add_row};

	q_table_add(listing.table, head);
	return q_listing_print(client, &listing);
}

static enum q_exit revoke_online(const struct request *r, struct q_client *client)
{
	return q_client_send(client, "DELETE",
			     q_arena_format(client->arena, "/admin/keys/%s", r->id),
			     (struct q_str){0}, NULL);
}

/* --- On the stores ---------------------------------------------------------------------------- */

static enum q_code read_key(const struct request *r, struct q_api_key *key, struct q_err *err)
{
	struct q_str rest = q_str_from(r->roles), word;

	*key = (struct q_api_key){.name = q_str_from(r->name), .tenant_id = q_str_from(r->tenant)};
	if (!q_tenant_type_parse(q_str_from(r->tenant_type), &key->tenant_type))
		return q_fail(err, Q_INVALID, "key", "--tenant-type is internal or external");
	if (r->expires_at && !q_time_parse_rfc3339(q_str_from(r->expires_at), &key->expires_at_ms))
		return q_fail(err, Q_INVALID, "key", "--expires-at is a time as in RFC 3339");
	while (rest.length > 0) {
		enum q_role role;

		q_str_cut(rest, ',', &word, &rest);
		if (!q_role_parse(word, &role))
			return q_fail(err, Q_INVALID, "key",
				      "--roles holds admin, compliance_lead and auditor alone");
		key->roles |= role;
	}
	return Q_OK;
}

static enum q_code create_on_stores(const struct request *r, struct q_wiring *w, struct q_err *err)
{
	struct q_call call = {0};
	struct q_api_key key;
	struct q_str text;
	enum q_code code = read_key(r, &key, err);

	if (!code)
		code = q_api_key_create(w->records, &call, w->random, q_clock_now_ms(w->clock),
					NULL, r->context->arena, &key, &text, err);
	if (!code)
		printf("%.*s\n", Q_STR_ARG(text));
	return code;
}

static enum q_exit run_offline(const struct request *r, const char *action)
{
	struct q_wiring *w;
	struct q_call call = {0};
	struct q_err err;
	enum q_code code;

	if (strcmp(action, "ls") == 0)
		return q_command_usage(&q_command_key,
				       "`key ls` asks the server: leave --offline out");
	code = q_wiring_open(r->context->settings, Q_WIRE_RECORDS, &w, &err);
	if (code)
		return q_command_error("key", &err);
	if (strcmp(action, "create") == 0)
		code = create_on_stores(r, w, &err);
	else
		code = q_api_key_revoke(w->records, &call, q_str_from(r->id),
					q_clock_now_ms(w->clock), &err);
	q_wiring_close(w);
	return code ? q_command_error("key", &err) : Q_EXIT_DONE;
}

static enum q_exit run_online(const struct request *r, const char *action)
{
	struct q_client client;
	enum q_exit exit_code = q_client_open(r->context, "key", &client);

	if (exit_code)
		return exit_code;
	if (strcmp(action, "create") == 0)
		exit_code = create_online(r, &client);
	else if (strcmp(action, "ls") == 0)
		exit_code = list_online(r, &client);
	else
		exit_code = revoke_online(r, &client);
	q_client_close(&client);
	return exit_code;
}

static enum q_exit run(const struct q_command_context *context)
{
	struct request r = {.context = context,
			    .name = "",
			    .tenant = "default",
			    .tenant_type = "external",
			    .roles = "admin"};
	struct q_option options[] = {{"offline", false, &r.is_offline, NULL},
				     {"json", false, &r.as_json, NULL},
				     {"name", true, NULL, &r.name},
				     {"tenant", true, NULL, &r.tenant},
				     {"tenant-type", true, NULL, &r.tenant_type},
				     {"roles", true, NULL, &r.roles},
				     {"expires-at", true, NULL, &r.expires_at}};
	const char *const *operands;
	const char *action;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(&q_command_key, "%s", err.message);
	action = count > 0 ? operands[0] : "ls";
	if (strcmp(action, "create") != 0 && strcmp(action, "ls") != 0 &&
	    strcmp(action, "revoke") != 0)
		return q_command_usage(&q_command_key, "there is no `key %s`", action);
	if (strcmp(action, "revoke") == 0 ? count != 2 : count > 1)
		return q_command_usage(&q_command_key,
				       "`key revoke` takes one id, the others none");
	r.id = count > 1 ? operands[1] : NULL;
	return r.is_offline ? run_offline(&r, action) : run_online(&r, action);
}

const struct q_command q_command_key = {
	.name = "key",
	.synopsis = "key [ls | create | revoke ID] [--offline] [--name N] [--tenant T] "
		    "[--tenant-type internal|external] [--roles R,R] [--expires-at TIME] [--json]",
	.summary = "make, list and revoke API keys",
	.help = "Through the server this needs an admin of an internal tenant. --offline works on "
		"the data directory itself, while no server runs:\n"
		"so the first key is made. Defaults: --tenant default --tenant-type external "
		"--roles admin.\n",
	.run = run,
};
