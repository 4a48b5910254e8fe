#include "base/mem.h"
#include "net/http_client.h"

#include <pthread.h>

enum { IDLE_MAX = 16 };

struct q_http_client_cache {
	struct q_http_client_options options;
	pthread_mutex_t mutex; /* of idle and idle_count */
	struct q_http_client *idle[IDLE_MAX];
	size_t idle_count;
};

enum q_code q_http_client_cache_open(const struct q_http_client_options *options,
				     struct q_http_client_cache **out, struct q_err *err)
{
	struct q_http_client_cache *cache = q_mem_new(sizeof *cache);

	if (!cache)
		return q_fail(err, Q_NOMEM, "http_client_cache.open", "%zu bytes", sizeof *cache);
	if (options)
		cache->options = *options;
	pthread_mutex_init(&cache->mutex, NULL);
	*out = cache;
	return Q_OK;
}

void q_http_client_cache_close(struct q_http_client_cache *cache)
{
	if (!cache)
		return;
	while (cache->idle_count > 0)
		q_http_client_close(cache->idle[--cache->idle_count]);
	pthread_mutex_destroy(&cache->mutex);
	q_mem_free(cache);
}

/* The client used last, whose connections are the freshest; NULL when there is none. */
static struct q_http_client *take_idle(struct q_http_client_cache *cache)
{
	struct q_http_client *client = NULL;

	pthread_mutex_lock(&cache->mutex);
	if (cache->idle_count > 0)
		client = cache->idle[--cache->idle_count];
	pthread_mutex_unlock(&cache->mutex);
	return client;
}

static void give_back(struct q_http_client_cache *cache, struct q_http_client *client)
{
	pthread_mutex_lock(&cache->mutex);
	if (cache->idle_count < IDLE_MAX) {
		cache->idle[cache->idle_count++] = client;
		client = NULL;
	}
	pthread_mutex_unlock(&cache->mutex);
	q_http_client_close(client);
}

enum q_code q_http_client_cache_send(struct q_http_client_cache *cache, const struct q_call *call,
				     const struct q_http_client_request *request,
				     struct q_arena *arena, struct q_http_client_response *out,
				     struct q_err *err)
{
	struct q_http_client *client = take_idle(cache);
	enum q_code code = Q_OK;

	if (!client)
		code = q_http_client_open(&cache->options, &client, err);
	if (code != Q_OK)
		return code;
	code = q_http_client_send(client, call, request, arena, out, err);
	give_back(cache, client);
	return code;
}
