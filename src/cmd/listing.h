/* cmd/listing.h: the server's lists, page after page, as a table or as JSON lines.
 *
 * Ownership: q_listing_print takes the table.
 * Threads:   one. */
#ifndef Q_CMD_LISTING_H
#define Q_CMD_LISTING_H

#include "cmd/client.h"
#include "cmd/output.h"

/* Adds ?name=value, or &name=value, percent-encoded; nothing where value.data is NULL. An empty
 * value is sent: the server says what is wrong with it. */
void q_listing_add_parameter(struct q_buf *path, const char *name, struct q_str value);

struct q_listing {
	struct q_str path; /* with its own parameters, if it has any */
	const char *limit; /* items of the one page that is asked for; NULL: all there are */
	bool as_json;	   /* a line an item; else rows of `table` */
	struct q_table *table;
	void (*add_row)(struct q_table *table, const struct q_json *item, struct q_arena *arena);
};

/* Nothing of the table is printed where a page fails. */
enum q_exit q_listing_print(struct q_client *client, const struct q_listing *listing);

#endif
