#include "cmd/listing.h"

#include "base/encode.h"

#include <string.h>

enum { PATH_MAX_BYTES = 16 * 1024 };

void q_listing_add_parameter(struct q_buf *path, const char *name, struct q_str value)
{
	if (!value.data)
		return;
	q_buf_format(path, "%c%s=", memchr(path->data, '?', path->length) ? '&' : '?', name);
	q_encode_percent(path, value);
}

static struct q_str page_path(struct q_client *client, const struct q_listing *listing,
			      struct q_str cursor)
{
	struct q_buf path;
	struct q_str copy;

	q_buf_init(&path, PATH_MAX_BYTES);
	q_buf_append(&path, listing->path);
	q_listing_add_parameter(&path, "limit",
				listing->limit ? q_str_from(listing->limit) : Q_STR("100"));
	q_listing_add_parameter(&path, "cursor", cursor);
	copy = q_arena_copy(client->arena, q_buf_str(&path));
	q_buf_free(&path);
	return copy;
}

/* One page; *cursor is that of the next, empty at the end. */
static enum q_exit print_page(struct q_client *client, const struct q_listing *listing,
			      struct q_str *cursor)
{
	const struct q_json *answer;
	struct q_json_walk walk;
	enum q_exit exit_code = q_client_send(client, "GET", page_path(client, listing, *cursor),
					      (struct q_str){0}, &answer);

	*cursor = (struct q_str){0};
	if (exit_code)
		return exit_code;
	for (walk = q_json_walk(q_json_member(answer, Q_STR("items"))); q_json_next(&walk);) {
		if (listing->as_json)
			q_output_json(walk.value);
		else
			listing->add_row(listing->table, walk.value, client->arena);
	}
	(void)q_json_string(q_json_member(answer, Q_STR("nextCursor")), cursor);
	return Q_EXIT_DONE;
}

enum q_exit q_listing_print(struct q_client *client, const struct q_listing *listing)
{
	struct q_str cursor = {0};
	enum q_exit exit_code;

	if (!listing->as_json && !listing->table)
		return q_command_fail(client->command, Q_EXIT_FAILED, "out of memory");
	do {
		exit_code = print_page(client, listing, &cursor);
	} while (!exit_code && cursor.length > 0 && !listing->limit);
	q_table_print(listing->table, exit_code ? NULL : stdout);
	return exit_code;
}
