/* cmd/direct_upload.h: one large file, sent in parts by several threads; the same command goes on
 * where it was broken off, by Ctrl-C, a kill or the network.
 *
 * Contract:  as cmd/client.h. What is lost by an interruption are the parts in flight: together at
 *            most a 25th of the file, or one part.
 * Threads:   one. */
#ifndef Q_CMD_DIRECT_UPLOAD_H
#define Q_CMD_DIRECT_UPLOAD_H

#include "cmd/client.h"

/* Larger files are sent so. */
enum { Q_DIRECT_UPLOAD_FROM_BYTES = 16 << 20 };

bool q_direct_upload_is_for(const char *path);

/* *out is the answer that says which job it became. */
enum q_exit q_direct_upload_send(struct q_client *client, const struct q_client_upload *upload,
				 const struct q_json **out);

#endif
