#include "support/client_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int client_site_start(void **state)
{
	static struct client_site site;
	struct q_err err;

	site = (struct client_site){.server.serve = loopback_pages};
	loopback_start(&site.server);
	site.arena = q_arena_new(4 << 20);
	site.request.method = Q_STR("GET");
	site.request.response_max = 1 << 20;
	site.request.timeout_ms = 20000;
	*state = &site;
	return site.arena && q_http_client_open(NULL, &site.client, &err) == Q_OK ? 0 : -1;
}

int client_site_end(void **state)
{
	struct client_site *site = *state;

	q_http_client_close(site->client);
	loopback_stop(&site->server);
	q_arena_free(site->arena);
	return 0;
}

enum q_code client_site_send(struct client_site *site, const char *path)
{
	site->request.url =
		q_arena_format(site->arena, "http://127.0.0.1:%u%s", site->server.port, path);
	return q_http_client_send(site->client, &site->call, &site->request, site->arena,
				  &site->response, &site->err);
}

void client_site_assert_sent(struct client_site *site, const char *path, int status,
			     struct q_str body)
{
	if (client_site_send(site, path) != Q_OK)
		fail_msg("%s: %s", path, site->err.message);
	assert_int_equal(site->response.status, status);
	if (!q_str_equal(q_bytes_str(site->response.body), body))
		fail_msg("%s: got %.*s", path, Q_STR_ARG(q_bytes_str(site->response.body)));
}

bool client_site_head_has(struct client_site *site, const char *text)
{
	size_t at;

	return q_str_find(q_bytes_str(site->response.body), q_str_from(text), &at);
}
