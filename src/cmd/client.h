/* cmd/client.h: the server at QUIRE_URL, spoken to with QUIRE_TOKEN.
 *
 * Contract:  every failure is told on stderr in a sentence (a problem's detail where the server
 *            sent one), and becomes an exit code.
 * Ownership: responses live in the command's arena.
 * Threads:   one. */
#ifndef Q_CMD_CLIENT_H
#define Q_CMD_CLIENT_H

#include "base/json.h"
#include "cmd/command.h"
#include "net/http_client.h"

struct q_client {
	const char *command; /* whose errors these are */
	struct q_arena *arena;
	struct q_http_client *http;
	struct q_str url;   /* origin, without a final '/' */
	struct q_str token; /* an API key (qk_...) or a bearer token; may be empty */
	int64_t timeout_ms; /* until an answer is whole; 0: a minute */
};

/* From the settings. */
enum q_exit q_client_open(const struct q_command_context *context, const char *command,
			  struct q_client *out);
/* With an address and token of the caller's. */
enum q_exit q_client_open_at(struct q_arena *arena, const char *command, struct q_str url,
			     struct q_str token, struct q_client *out);
void q_client_close(struct q_client *client);

/* Sends a request whose body (may be empty) is JSON; any status below 400 is done. *out (may be
 * NULL) is the JSON answered, NULL where the body is empty. */
enum q_exit q_client_send(struct q_client *client, const char *method, struct q_str path,
			  struct q_str body, const struct q_json **out);

/* The same without a body; the status is the caller's to judge: only a server that does not answer
 * fails. *out is NULL where the answer is no JSON. */
enum q_exit q_client_try(struct q_client *client, const char *method, struct q_str path,
			 int *status, const struct q_json **out);

/* The body of a GET, written to a descriptor as it comes. */
enum q_exit q_client_download(struct q_client *client, struct q_str url_or_path, int fd);

/* GET of a stream of server-sent events, behind event `after`: its bytes go to `take`, an error of
 * which ends it. That it ends, or breaks off, or that the server does not answer (is_reachable) is
 * no failure: ask again, unless *has_more is false (204). A refusal is. */
enum q_exit q_client_listen(struct q_client *client, struct q_str path, int64_t after,
			    enum q_code (*take)(void *context, struct q_bytes bytes,
						struct q_err *err),
			    void *context, bool *is_reachable, bool *has_more);

/* POST /api/upload of one file. `progress` (may be NULL) is told of the bytes sent. */
struct q_client_upload {
	const char *path;
	const char *tenant_id, *kind, *location_id; /* may be NULL */
	bool is_again; /* a new job also for bytes that the tenant has a job of */
	void (*progress)(void *context, uint64_t sent, uint64_t total);
	void *context;
};
enum q_exit q_client_upload(struct q_client *client, const struct q_client_upload *upload,
			    const struct q_json **out);

#endif
