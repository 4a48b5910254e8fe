/* cmd/job_pages.h: the pages of one job, as a table or JSON lines. */
#ifndef Q_CMD_JOB_PAGES_H
#define Q_CMD_JOB_PAGES_H

#include "cmd/client.h"

/* Prints every page's state on stdout. */
enum q_exit q_job_pages_print(struct q_client *client, const char *file_id, bool as_json);

#endif
