/* quire webhooks: whom the server tells how jobs ended. */
#include "base/encode.h"
#include "cmd/listing.h"
#include "cmd/options.h"

#include <string.h>

enum { COLUMNS = 5, BODY_MAX = 16 * 1024, PATH_MAX_BYTES = 4096 };

struct request {
	const struct q_command_context *context;
	struct q_client client;
	bool as_json;
	const char *events, *since, *until, *tenant;
	const char *operand; /* an id, or a URL; NULL for ls */
};

/* /api/webhooks, or a path below it, with the tenant that is asked about. */
static struct q_str path_of(struct request *r, const char *id, const char *suffix)
{
	struct q_buf path;
	struct q_str copy;

	q_buf_init(&path, PATH_MAX_BYTES);
	q_buf_append(&path, Q_STR("/api/webhooks"));
	if (id) {
		q_buf_append_char(&path, '/');
		q_encode_percent(&path, q_str_from(id));
	}
	q_buf_append(&path, q_str_from(suffix));
	q_listing_add_parameter(&path, "tenantId", q_str_from(r->tenant));
	copy = q_arena_copy(r->client.arena, q_buf_str(&path));
	q_buf_free(&path);
	return copy;
}

/* --- Showing */

static struct q_str state_of(const struct q_json *webhook, struct q_arena *arena)
{
	struct q_str text = {0};

	if (q_json_string(q_json_member(webhook, Q_STR("disabledReason")), &text))
		return q_arena_format(arena, "disabled: %.*s", Q_STR_ARG(text));
	if (q_json_string(q_json_member(webhook, Q_STR("failingSince")), &text))
		return q_arena_format(arena, "failing since %.*s", Q_STR_ARG(text));
	return Q_STR("active");
}

static void add_row(struct q_table *table, const struct q_json *webhook, struct q_arena *arena)
{
	struct q_str row[COLUMNS] = {{0}};
	struct q_buf events;

	(void)q_json_string(q_json_member(webhook, Q_STR("id")), &row[0]);
	row[1] = Q_STR("(callbacks)");
	(void)q_json_string(q_json_member(webhook, Q_STR("url")), &row[1]);
	q_buf_init(&events, 1024);
	q_json_write_value(&events, q_json_member(webhook, Q_STR("events")));
	row[2] = q_arena_copy(arena, q_buf_str(&events));
	q_buf_free(&events);
	(void)q_json_string(q_json_member(webhook, Q_STR("createdAt")), &row[3]);
	row[4] = state_of(webhook, arena);
	q_table_add(table, row);
}

static struct q_table *begin_table(const struct request *r)
{
	const struct q_str head[COLUMNS] = {Q_STR("ID"), Q_STR("URL"), Q_STR("EVENTS"),
					    Q_STR("CREATED"), Q_STR("STATE")};
	struct q_table *table = r->as_json ? NULL : q_table_new(COLUMNS);

	q_table_add(table, head);
	return table;
}

static void show_webhook(struct request *r, const struct q_json *webhook)
{
	struct q_table *table;

	if (r->as_json) {
		q_output_json(webhook);
		return;
	}
	table = begin_table(r);
	add_row(table, webhook, r->client.arena);
	q_table_print(table, stdout);
}

/* The secret alone for people and scripts that assign it; all of it with --json. */
static void show_secret(const struct request *r, const struct q_json *webhook)
{
	struct q_str id = {0}, secret = {0};

	if (r->as_json) {
		q_output_json(webhook);
		return;
	}
	(void)q_json_string(q_json_member(webhook, Q_STR("id")), &id);
	(void)q_json_string(q_json_member(webhook, Q_STR("secret")), &secret);
	printf("%.*s\n", Q_STR_ARG(secret));
	fprintf(stderr, "This is the secret of the webhook %.*s. Keep it: it is shown this once.\n",
		Q_STR_ARG(id));
}

/* --- Actions */

static enum q_exit list(struct request *r)
{
	struct q_listing listing = {.path = path_of(r, NULL, ""),
				    .as_json = r->as_json,
				    .table = begin_table(r),
				    .add_row = add_row};

	return q_listing_print(&r->client, &listing);
}

static void write_new(struct q_buf *body, const struct request *r)
{
	struct q_json_writer w;

	q_json_writer_init(&w, body);
	q_json_begin_object(&w);
	q_json_field_string(&w, "url", q_str_from(r->operand));
	if (r->tenant)
		q_json_field_string(&w, "tenantId", q_str_from(r->tenant));
	if (r->events)
		q_option_write_words(&w, "events", r->events);
	q_json_end_object(&w);
}

static enum q_exit add(struct request *r)
{
	const struct q_json *answer;
	struct q_buf body;
	enum q_exit exit_code;

	q_buf_init(&body, BODY_MAX);
	write_new(&body, r);
	exit_code = q_client_send(&r->client, "POST", Q_STR("/api/webhooks"), q_buf_str(&body),
				  &answer);
	q_buf_free(&body);
	if (exit_code == Q_EXIT_DONE)
		show_secret(r, answer);
	return exit_code;
}

/* Sends one request without a body about the webhook. */
static enum q_exit ask(struct request *r, const char *method, const char *suffix,
		       const struct q_json **answer)
{
	return q_client_send(&r->client, method, path_of(r, r->operand, suffix), (struct q_str){0},
			     answer);
}

static enum q_exit show(struct request *r)
{
	const struct q_json *webhook;
	enum q_exit exit_code = ask(r, "GET", "", &webhook);

	if (exit_code == Q_EXIT_DONE)
		show_webhook(r, webhook);
	return exit_code;
}

static enum q_exit remove_webhook(struct request *r)
{
	return ask(r, "DELETE", "", NULL);
}

static enum q_exit rotate(struct request *r)
{
	const struct q_json *webhook;
	enum q_exit exit_code = ask(r, "POST", "/rotate", &webhook);

	if (exit_code == Q_EXIT_DONE)
		show_secret(r, webhook);
	return exit_code;
}

static enum q_exit enable(struct request *r)
{
	const struct q_json *webhook;
	enum q_exit exit_code = ask(r, "POST", "/enable", &webhook);

	if (exit_code == Q_EXIT_DONE)
		show_webhook(r, webhook);
	return exit_code;
}

/* The delivery's id: `quire deliveries show` tells what came of it. */
static enum q_exit test(struct request *r)
{
	const struct q_json *delivery;
	struct q_str id = {0};
	enum q_exit exit_code = ask(r, "POST", "/test", &delivery);

	if (exit_code)
		return exit_code;
	if (r->as_json) {
		q_output_json(delivery);
		return Q_EXIT_DONE;
	}
	(void)q_json_string(q_json_member(delivery, Q_STR("id")), &id);
	printf("%.*s\n", Q_STR_ARG(id));
	return Q_EXIT_DONE;
}

static enum q_exit replay_from(struct request *r, struct q_str since, const struct q_json **answer)
{
	struct q_json_writer w;
	struct q_buf body;
	enum q_exit exit_code;

	q_buf_init(&body, BODY_MAX);
	q_json_writer_init(&w, &body);
	q_json_begin_object(&w);
	q_json_field_string(&w, "since", since);
	if (r->until)
		q_json_field_string(&w, "until", q_str_from(r->until));
	q_json_end_object(&w);
	exit_code = q_client_send(&r->client, "POST", path_of(r, r->operand, "/replay"),
				  q_buf_str(&body), answer);
	q_buf_free(&body);
	return exit_code;
}

/* The server sends so many again and says where to go on. */
static enum q_exit replay(struct request *r)
{
	struct q_str since = q_str_from(r->since);
	int64_t total = 0;

	if (!r->since)
		return q_command_fail("webhooks", Q_EXIT_USAGE,
				      "say from when: --since 2026-01-31T00:00:00Z");
	while (since.length > 0) {
		const struct q_json *answer;
		int64_t count = 0;
		enum q_exit exit_code = replay_from(r, since, &answer);

		if (exit_code)
			return exit_code;
		(void)q_json_int64(q_json_member(answer, Q_STR("replayed")), &count);
		total += count;
		since = (struct q_str){0};
		(void)q_json_string(q_json_member(answer, Q_STR("moreSince")), &since);
	}
	printf(r->as_json ? "{\"replayed\":%lld}\n" : "%lld deliveries are sent again\n",
	       (long long)total);
	return Q_EXIT_DONE;
}

static const struct {
	const char *name;
	const char *takes; /* what the operand is; NULL: there is none */
	enum q_exit (*run)(struct request *);
} actions[] = {
	{"ls", NULL, list},	     {"show", "an id", show},
	{"add", "a URL", add},	     {"rm", "an id", remove_webhook},
	{"rotate", "an id", rotate}, {"enable", "an id", enable},
	{"test", "an id", test},     {"replay", "an id", replay},
};

static enum q_exit run_action(struct request *r, const char *const *operands, size_t count)
{
	const char *name = count > 0 ? operands[0] : "ls";
	enum q_exit exit_code;

	for (size_t i = 0; i < Q_COUNT_OF(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		if (count > 0 && count - 1 != (actions[i].takes != NULL))
			return q_command_usage(&q_command_webhooks, "`webhooks %s` takes %s", name,
					       actions[i].takes ? actions[i].takes : "nothing");
		r->operand = actions[i].takes ? operands[1] : NULL;
		exit_code = q_client_open(r->context, "webhooks", &r->client);
		if (exit_code)
			return exit_code;
		exit_code = actions[i].run(r);
		q_client_close(&r->client);
		return exit_code;
	}
	return q_command_usage(&q_command_webhooks, "there is no `webhooks %s`", name);
}

static enum q_exit run(const struct q_command_context *context)
{
	struct request r = {.context = context};
	struct q_option options[] = {{"json", false, &r.as_json, NULL},
				     {"events", true, NULL, &r.events},
				     {"since", true, NULL, &r.since},
				     {"until", true, NULL, &r.until},
				     {"tenant", true, NULL, &r.tenant}};
	const char *const *operands;
	size_t count;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(&q_command_webhooks, "%s", err.message);
	r.as_json = q_output_is_json(r.as_json);
	return run_action(&r, operands, count);
}

const struct q_command q_command_webhooks = {
	.name = "webhooks",
	.synopsis = "webhooks [ls | show ID | add URL | rm ID | rotate ID | enable ID | test ID | "
		    "replay ID] [--events E,E] [--since TIME] [--until TIME] [--tenant T] [--json]",
	.summary = "list, make and delete webhooks, rotate their secrets, test and replay them",
	.help = "add and rotate print the secret, which is shown this once; the one before it "
		"signs too for 24 hours.\n"
		"`rotate default` shows the secret that signs the callbacks of uploads.\n"
		"Events: document.completed, document.failed, document.cancelled.\n",
	.run = run,
};
