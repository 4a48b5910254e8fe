#include "cmd/job_pages.h"

#include "cmd/output.h"

#include <inttypes.h>

enum { COLUMNS = 6 };

static struct q_str number_of(const struct q_json *page, struct q_str name, struct q_arena *arena)
{
	int64_t number = 0;

	(void)q_json_int64(q_json_member(page, name), &number);
	return q_arena_format(arena, "%" PRId64, number);
}

static struct q_str text_of(const struct q_json *value)
{
	struct q_str text = {0};

	(void)q_json_string(value, &text);
	return text;
}

/* The flags, and the code of what went wrong. */
static struct q_str notes_of(const struct q_json *page, struct q_arena *arena)
{
	struct q_str notes =
		text_of(q_json_member(q_json_member(page, Q_STR("error")), Q_STR("code")));
	struct q_json_walk walk = q_json_walk(q_json_member(page, Q_STR("flags")));

	while (q_json_next(&walk))
		notes = q_arena_format(arena, "%.*s%s%.*s", Q_STR_ARG(notes),
				       notes.length ? " " : "", Q_STR_ARG(text_of(walk.value)));
	return notes;
}

static void add_row(struct q_table *table, const struct q_json *page, struct q_arena *arena)
{
	struct q_str row[COLUMNS] = {
		number_of(page, Q_STR("pageNumber"), arena),
		text_of(q_json_member(page, Q_STR("status"))),
		number_of(page, Q_STR("run"), arena),
		number_of(page, Q_STR("attempts"), arena),
		text_of(q_json_member(page, Q_STR("finishedAt"))),
		notes_of(page, arena),
	};

	q_table_add(table, row);
}

/* One part of the list; *cursor is that of the next, empty at the end. */
static enum q_exit print_part(struct q_client *client, const char *file_id, struct q_table *table,
			      struct q_str *cursor)
{
	const struct q_json *answer;
	struct q_json_walk walk;
	enum q_exit exit_code = q_client_send(
		client, "GET",
		q_arena_format(client->arena, "/api/jobs/%s/pages?limit=100%s%.*s", file_id,
			       cursor->length ? "&cursor=" : "", Q_STR_ARG(*cursor)),
		(struct q_str){0}, &answer);

	*cursor = (struct q_str){0};
	if (exit_code)
		return exit_code;
	for (walk = q_json_walk(q_json_member(answer, Q_STR("items"))); q_json_next(&walk);) {
		if (table)
			add_row(table, walk.value, client->arena);
		else
			q_output_json(walk.value);
	}
	(void)q_json_string(q_json_member(answer, Q_STR("nextCursor")), cursor);
	return Q_EXIT_DONE;
}

enum q_exit q_job_pages_print(struct q_client *client, const char *file_id, bool as_json)
{
	const struct q_str head[COLUMNS] = {Q_STR("PAGE"),     Q_STR("STATUS"),	  Q_STR("RUN"),
					    Q_STR("ATTEMPTS"), Q_STR("FINISHED"), Q_STR("NOTES")};
	struct q_table *table = as_json ? NULL : q_table_new(COLUMNS);
	struct q_str cursor = {0};
	enum q_exit exit_code;

	if (!as_json && !table)
		return q_command_fail("jobs", Q_EXIT_FAILED, "out of memory");
	if (table)
		q_table_add(table, head);
	do {
		exit_code = print_part(client, file_id, table, &cursor);
	} while (!exit_code && cursor.length > 0);
	q_table_print(table, exit_code ? NULL : stdout);
	return exit_code;
}
