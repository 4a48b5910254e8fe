#include "cmd/job_pages.h"

#include "cmd/listing.h"

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

enum q_exit q_job_pages_print(struct q_client *client, const char *file_id, bool as_json)
{
	const struct q_str head[COLUMNS] = {Q_STR("PAGE"),     Q_STR("STATUS"),	  Q_STR("RUN"),
					    Q_STR("ATTEMPTS"), Q_STR("FINISHED"), Q_STR("NOTES")};
	struct q_listing listing = {
		.path = q_arena_format(client->arena, "/api/jobs/%s/pages", file_id),
		.as_json = as_json,
		.table = as_json ? NULL : q_table_new(COLUMNS),
		.add_row = add_row};

	q_table_add(listing.table, head);
	return q_listing_print(client, &listing);
}
