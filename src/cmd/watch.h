/* cmd/watch.h: jobs that are waited for, with a bar of their pages. */
#ifndef Q_CMD_WATCH_H
#define Q_CMD_WATCH_H

#include "cmd/client.h"

/* A job as the API shows it, and what is read of it. */
struct q_watched {
	struct q_str file_id;
	const struct q_json *job; /* the latest answer; NULL before the first */
	struct q_str file_name, status, error_code, error_detail;
	int64_t total, processed, failed;
	bool is_final;
};

/* Reads a job's JSON into *out. */
void q_watched_read(const struct q_json *job, struct q_watched *out);

/* Asks for the jobs until each is at its end. Stops at the first failure to ask. */
enum q_exit q_watch(struct q_client *client, struct q_watched *jobs, size_t count,
		    struct q_str label);

/* How it ended: done where all completed without a failed page, failed where none did, else partly
 * done. */
enum q_exit q_watch_outcome(const struct q_watched *jobs, size_t count);

/* A table of the jobs on stdout, or a JSON line each. */
void q_watched_print(const struct q_watched *jobs, size_t count, struct q_arena *arena,
		     bool as_json);

#endif
