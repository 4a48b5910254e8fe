/* quire tenant: what is known of tenants, through the server. */
#include "cmd/listing.h"
#include "cmd/options.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 7, QUOTAS = 4, BODY_MAX = 256 * 1024, CELL_MAX = 1024 };

struct request {
	struct q_client client;
	bool as_json;
	const char *id, *name, *locations, *retention;
	const char *quotas[QUOTAS];
};

/* What is given as --quota-..., and its member of `quotas`. */
static const char *const quota_names[QUOTAS] = {"documents", "pages", "bytes", "concurrentUploads"};

/* "used / quota", as far as there is one. */
static struct q_str use_of(const struct q_json *tenant, size_t quota, struct q_arena *arena)
{
	struct q_str name = q_str_from(quota_names[quota]);
	int64_t used = 0, most = 0;
	bool is_limited =
		q_json_int64(q_json_member(q_json_member(tenant, Q_STR("quotas")), name), &most);

	if (!q_json_int64(q_json_member(q_json_member(tenant, Q_STR("usage")), name), &used))
		return is_limited ? q_arena_format(arena, "at most %" PRId64, most) : Q_STR("-");
	return is_limited ? q_arena_format(arena, "%" PRId64 " / %" PRId64, used, most)
			  : q_arena_format(arena, "%" PRId64, used);
}

static struct q_str retention_of(const struct q_json *tenant, struct q_arena *arena)
{
	int64_t days;

	if (!q_json_int64(q_json_member(tenant, Q_STR("retentionDays")), &days))
		return Q_STR("-");
	return q_arena_format(arena, "%" PRId64 " d", days);
}

static void add_row(struct q_table *table, const struct q_json *tenant, struct q_arena *arena)
{
	struct q_str row[COLUMNS] = {{0}};
	struct q_buf locations;

	(void)q_json_string(q_json_member(tenant, Q_STR("tenantId")), &row[0]);
	(void)q_json_string(q_json_member(tenant, Q_STR("tenantName")), &row[1]);
	q_buf_init(&locations, BODY_MAX);
	q_json_write_value(&locations, q_json_member(tenant, Q_STR("locationIds")));
	row[2] = q_arena_copy(arena, q_str_slice(q_buf_str(&locations), 0, CELL_MAX));
	q_buf_free(&locations);
	for (size_t i = 0; i < 3; i++)
		row[3 + i] = use_of(tenant, i, arena);
	row[6] = retention_of(tenant, arena);
	q_table_add(table, row);
}

static struct q_table *begin_table(const struct request *r)
{
	const struct q_str head[COLUMNS] = {Q_STR("TENANT"),	Q_STR("NAME"),	Q_STR("LOCATIONS"),
					    Q_STR("DOCUMENTS"), Q_STR("PAGES"), Q_STR("BYTES"),
					    Q_STR("KEPT")};
	struct q_table *table = r->as_json ? NULL : q_table_new(COLUMNS);

	q_table_add(table, head);
	return table;
}

static enum q_exit list(struct request *r)
{
	struct q_listing listing = {.path = Q_STR("/admin/tenants"),
				    .as_json = r->as_json,
				    .table = begin_table(r),
				    .add_row = add_row};

	return q_listing_print(&r->client, &listing);
}

static enum q_exit show_answer(struct request *r, const char *method, struct q_str body)
{
	struct q_table *table;
	const struct q_json *tenant;
	enum q_exit exit_code = q_client_send(
		&r->client, method, q_arena_format(r->client.arena, "/admin/tenants/%s", r->id),
		body, &tenant);

	if (exit_code)
		return exit_code;
	if (r->as_json) {
		q_output_json(tenant);
		return Q_EXIT_DONE;
	}
	table = begin_table(r);
	add_row(table, tenant, r->client.arena);
	q_table_print(table, stdout);
	return Q_EXIT_DONE;
}

static enum q_exit show(struct request *r)
{
	return show_answer(r, "GET", (struct q_str){0});
}

/* A number as it was given: the server says what is wrong with it. */
static void write_number(struct q_json_writer *w, const char *name, const char *text)
{
	int64_t number;

	if (q_str_to_int64(q_str_from(text), &number))
		q_json_field_int64(w, name, number);
	else
		q_json_field_string(w, name, q_str_from(text));
}

static void write_limits(struct q_json_writer *w, const struct request *r)
{
	if (r->retention)
		write_number(w, "retentionDays", r->retention);
	q_json_name(w, "quotas");
	q_json_begin_object(w);
	for (size_t i = 0; i < QUOTAS; i++)
		if (r->quotas[i])
			write_number(w, quota_names[i], r->quotas[i]);
	q_json_end_object(w);
}

static enum q_exit set(struct request *r)
{
	struct q_json_writer w;
	struct q_buf body;
	enum q_exit exit_code;

	q_buf_init(&body, BODY_MAX);
	q_json_writer_init(&w, &body);
	q_json_begin_object(&w);
	if (r->name)
		q_json_field_string(&w, "tenantName", q_str_from(r->name));
	if (r->locations)
		q_option_write_words(&w, "locationIds", r->locations);
	write_limits(&w, r);
	q_json_end_object(&w);
	exit_code = show_answer(r, "PUT", q_buf_str(&body));
	q_buf_free(&body);
	return exit_code;
}

static const struct {
	const char *name;
	bool takes_id;
	enum q_exit (*run)(struct request *);
} actions[] = {{"ls", false, list}, {"show", true, show}, {"set", true, set}};

static enum q_exit run(const struct q_command_context *context)
{
	struct request r = {0};
	struct q_option options[] = {{"json", false, &r.as_json, NULL},
				     {"name", true, NULL, &r.name},
				     {"locations", true, NULL, &r.locations},
				     {"keep-days", true, NULL, &r.retention},
				     {"quota-documents", true, NULL, &r.quotas[0]},
				     {"quota-pages", true, NULL, &r.quotas[1]},
				     {"quota-bytes", true, NULL, &r.quotas[2]},
				     {"quota-uploads", true, NULL, &r.quotas[3]}};
	const char *const *operands;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(&q_command_tenant, "%s", err.message);
	r.as_json = q_output_is_json(r.as_json);
	for (size_t i = 0; i < Q_COUNT_OF(actions); i++) {
		enum q_exit exit_code;

		if (strcmp(actions[i].name, count > 0 ? operands[0] : "ls") != 0)
			continue;
		if (count > 0 && count - 1 != actions[i].takes_id)
			break;
		r.id = actions[i].takes_id ? operands[1] : NULL;
		exit_code = q_client_open(context, "tenant", &r.client);
		if (exit_code == Q_EXIT_DONE) {
			exit_code = actions[i].run(&r);
			q_client_close(&r.client);
		}
		return exit_code;
	}
	return q_command_usage(&q_command_tenant, "say ls, show TENANT or set TENANT");
}

const struct q_command q_command_tenant = {
	.name = "tenant",
	.synopsis = "tenant [ls | show TENANT | set TENANT [--name N] [--locations L,L] "
		    "[--keep-days N] [--quota-documents N] [--quota-pages N] [--quota-bytes N] "
		    "[--quota-uploads N]] [--json]",
	.summary = "list tenants, show one, or set its name, locations, retention and quotas",
	.help = "This needs an admin of an internal tenant. `set` replaces the record: what is "
		"left out is as for a new tenant,\n"
		"whose only location is its own id, without quotas, and with documents kept for "
		"RETENTION_DAYS.\n",
	.run = run,
};
