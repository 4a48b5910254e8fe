/* quire deliveries: what was sent to webhooks, and what came of it. */
#include "base/encode.h"
#include "cmd/listing.h"
#include "cmd/options.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 7, PATH_MAX_BYTES = 4096 };

struct request {
	const struct q_command_context *context;
	struct q_client client;
	bool as_json;
	const char *limit, *tenant;
	const char *id; /* a webhook's for ls, a delivery's else */
};

static struct q_str number_text(const struct q_json *delivery, const char *name,
				struct q_arena *arena)
{
	int64_t number;

	if (!q_json_int64(q_json_member(delivery, q_str_from(name)), &number))
		return Q_STR("-");
	return q_arena_format(arena, "%" PRId64, number);
}

static void add_row(struct q_table *table, const struct q_json *delivery, struct q_arena *arena)
{
	static const char *const names[COLUMNS] = {"id", "type",      "status",	      NULL,
						   NULL, "createdAt", "nextAttemptAt"};
	struct q_str row[COLUMNS] = {{0}};

	for (size_t i = 0; i < COLUMNS; i++)
		if (names[i])
			(void)q_json_string(q_json_member(delivery, q_str_from(names[i])), &row[i]);
	row[3] = number_text(delivery, "attempts", arena);
	row[4] = number_text(delivery, "responseStatus", arena);
	q_table_add(table, row);
}

static struct q_table *begin_table(const struct request *r)
{
	const struct q_str head[COLUMNS] = {Q_STR("ID"),       Q_STR("TYPE"),	Q_STR("STATUS"),
					    Q_STR("ATTEMPTS"), Q_STR("ANSWER"), Q_STR("CREATED"),
					    Q_STR("NEXT")};
	struct q_table *table = r->as_json ? NULL : q_table_new(COLUMNS);

	q_table_add(table, head);
	return table;
}

static struct q_str list_path(struct request *r)
{
	struct q_buf path;
	struct q_str copy;

	q_buf_init(&path, PATH_MAX_BYTES);
	q_buf_append(&path, Q_STR("/api/webhooks/"));
	q_encode_percent(&path, q_str_from(r->id));
	q_buf_append(&path, Q_STR("/deliveries"));
	q_listing_add_parameter(&path, "tenantId", q_str_from(r->tenant));
	copy = q_arena_copy(r->client.arena, q_buf_str(&path));
	q_buf_free(&path);
	return copy;
}

static enum q_exit list(struct request *r)
{
	struct q_listing listing = {.path = list_path(r),
				    .limit = r->limit,
				    .as_json = r->as_json,
				    .table = begin_table(r),
				    .add_row = add_row};

	return q_listing_print(&r->client, &listing);
}

/* Why the last attempt failed, and how its answer began. */
static void print_details(const struct q_json *delivery)
{
	static const char *const names[] = {"url", "messageId", "error", "response"};
	struct q_str text;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		if (q_json_string(q_json_member(delivery, q_str_from(names[i])), &text))
			printf("%s: %.*s\n", names[i], Q_STR_ARG(text));
}

static enum q_exit show_answer(struct request *r, const char *method, const char *suffix)
{
	const struct q_json *delivery;
	struct q_table *table;
	enum q_exit exit_code = q_client_send(
		&r->client, method,
		q_arena_format(r->client.arena, "/api/deliveries/%s%s", r->id, suffix),
		(struct q_str){0}, &delivery);

	if (exit_code)
		return exit_code;
	if (r->as_json) {
		q_output_json(delivery);
		return Q_EXIT_DONE;
	}
	table = begin_table(r);
	add_row(table, delivery, r->client.arena);
	q_table_print(table, stdout);
	print_details(delivery);
	return Q_EXIT_DONE;
}

static enum q_exit show(struct request *r)
{
	return show_answer(r, "GET", "");
}

static enum q_exit replay(struct request *r)
{
	return show_answer(r, "POST", "/replay");
}

static const struct {
	const char *name;
	enum q_exit (*run)(struct request *);
} actions[] = {{"ls", list}, {"show", show}, {"replay", replay}};

static enum q_exit run_action(struct request *r, const char *name)
{
	enum q_exit exit_code;

	for (size_t i = 0; i < Q_COUNT_OF(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		exit_code = q_client_open(r->context, "deliveries", &r->client);
		if (exit_code)
			return exit_code;
		exit_code = actions[i].run(r);
		q_client_close(&r->client);
		return exit_code;
	}
	return q_command_usage(&q_command_deliveries, "there is no `deliveries %s`", name);
}

static enum q_exit run(const struct q_command_context *context)
{
	struct request r = {.context = context};
	struct q_option options[] = {{"json", false, &r.as_json, NULL},
				     {"limit", true, NULL, &r.limit},
				     {"tenant", true, NULL, &r.tenant}};
	const char *const *operands;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(&q_command_deliveries, "%s", err.message);
	if (count != 2)
		return q_command_usage(&q_command_deliveries,
				       "name a webhook to list, or a delivery");
	r.as_json = q_output_is_json(r.as_json);
	r.id = operands[1];
	return run_action(&r, operands[0]);
}

const struct q_command q_command_deliveries = {
	.name = "deliveries",
	.synopsis = "deliveries ls WEBHOOK | show ID | replay ID [--limit N] [--tenant T] [--json]",
	.summary = "list what was sent to a webhook, show a delivery, send it again",
	.help = "`ls default` lists the callbacks of uploads. The newest come first; what has "
		"ended is kept for 30 days.\n",
	.run = run,
};
