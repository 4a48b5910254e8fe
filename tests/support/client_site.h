/* support/client_site.h: what a case of the HTTP client works with: a client, a server of
 * loopback_pages, and the last answer.
 *
 * Threads:   one. */
#ifndef Q_TESTS_CLIENT_SITE_H
#define Q_TESTS_CLIENT_SITE_H

#include "net/http_client.h"
#include "support/loopback.h"

struct client_site {
	struct loopback server;
	struct q_http_client *client;
	struct q_arena *arena;
	struct q_call call;
	struct q_http_client_request request;
	struct q_http_client_response response;
	struct q_err err;
};

/* For cmocka's setup and teardown of a case: *state is a site of its own. */
int client_site_start(void **state);
int client_site_end(void **state);

/* Sends site->request to a page of the server. */
enum q_code client_site_send(struct client_site *site, const char *path);
/* The same, and fails the case unless it is answered so. */
void client_site_assert_sent(struct client_site *site, const char *path, int status,
			     struct q_str body);
/* Does the answer's body, which repeats the request's head, hold this text? */
bool client_site_head_has(struct client_site *site, const char *text);

#endif
