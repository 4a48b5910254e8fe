/* cmd/job_watch.h: a document followed to the end of its run, by its events. */
#ifndef Q_CMD_JOB_WATCH_H
#define Q_CMD_JOB_WATCH_H

#include "cmd/client.h"

/* On a terminal a grid with a cell a page, drawn over itself; else a JSON line an event. A
 * connection that breaks is made again, and goes on behind the last event seen. Done where every
 * page succeeded, failed where none did, else partly done. */
enum q_exit q_job_watch(struct q_client *client, const char *file_id, bool as_json);

#endif
