#include "support/http_fetch_scripted.h"

#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { SENT_MAX = 10000, ARENA_BYTES = 64 << 20 };

struct scripted {
	struct q_http_fetch base;
	pthread_mutex_t lock; /* guards the rest */
	struct fetch_answer answer;
	struct fetch_receiver receiver;
	struct q_arena *arena;
	struct fetched *sent;
	size_t count;
};

static struct q_str header(const struct q_fetch_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (q_str_equal(request->headers[i].name, q_str_from(name)))
			return request->headers[i].value;
	return (struct q_str){0};
}

/* The lock is held. */
static struct fetched *keep(struct scripted *s, const struct q_fetch_request *request)
{
	struct fetched *sent = &s->sent[s->count++];

	q_assert(s->count <= SENT_MAX);
	*sent = (struct fetched){
		.url = q_arena_copy(s->arena, request->url),
		.id = q_arena_copy(s->arena, header(request, "webhook-id")),
		.timestamp = q_arena_copy(s->arena, header(request, "webhook-timestamp")),
		.signature = q_arena_copy(s->arena, header(request, "webhook-signature")),
		.body = q_arena_copy(s->arena, q_bytes_str(request->body)),
	};
	q_assert(!q_arena_failed(s->arena));
	return sent;
}

static int status_of(const struct fetch_answer *script)
{
	return script->status ? script->status : 200;
}

static enum q_code answer(const struct fetch_answer *script, struct q_arena *arena,
			  struct q_fetch_response *out, struct q_err *err)
{
	if (script->failure)
		return q_fail(err, script->failure, "scripted", "as it was told");
	out->status = status_of(script);
	out->body = q_arena_copy_bytes(arena, q_str_bytes(q_str_from(script->body)));
	out->headers = q_arena_alloc_array(arena, 1, sizeof *out->headers);
	if (!out->headers)
		return q_fail(err, Q_NOMEM, "scripted", "an answer");
	out->header_count = script->retry_after ? 1 : 0;
	out->headers[0] =
		(struct q_fetch_header){Q_STR("Retry-After"), q_str_from(script->retry_after)};
	return Q_OK;
}

static enum q_code fetch(struct q_http_fetch *base, const struct q_call *call,
			 const struct q_fetch_request *request, struct q_arena *arena,
			 struct q_fetch_response *out, struct q_err *err)
{
	struct scripted *s = q_container_of(base, struct scripted, base);
	struct fetch_receiver receiver;
	struct fetch_answer script;
	struct fetched *sent;

	(void)call;
	pthread_mutex_lock(&s->lock);
	sent = keep(s, request);
	receiver = s->receiver;
	script = s->answer;
	pthread_mutex_unlock(&s->lock);
	if (receiver.answer)
		script = receiver.answer(receiver.context, sent);
	pthread_mutex_lock(&s->lock);
	sent->status = script.failure ? 0 : status_of(&script);
	pthread_mutex_unlock(&s->lock);
	return answer(&script, arena, out, err);
}

static enum q_code check(struct q_http_fetch *base, struct q_str url, struct q_err *err)
{
	(void)base;
	return q_str_starts_with(url, Q_STR("https://"))
		       ? Q_OK
		       : q_fail(err, Q_DENIED, "scripted", "only https URLs are allowed");
}

static void close_scripted(struct q_http_fetch *base)
{
	struct scripted *s = q_container_of(base, struct scripted, base);

	pthread_mutex_destroy(&s->lock);
	q_arena_free(s->arena);
	q_mem_free(s);
}

static const struct q_http_fetch_ops scripted_ops = {
	.name = "scripted", .fetch = fetch, .check = check, .close = close_scripted};

struct q_http_fetch *http_fetch_scripted_new(void)
{
	struct scripted *s = q_mem_new(sizeof *s);

	if (!s)
		return NULL;
	s->base.ops = &scripted_ops;
	s->arena = q_arena_new(ARENA_BYTES);
	if (s->arena)
		s->sent = q_arena_alloc_array(s->arena, SENT_MAX, sizeof *s->sent);
	if (!s->sent) {
		q_arena_free(s->arena);
		q_mem_free(s);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	return &s->base;
}

void http_fetch_scripted_set(struct q_http_fetch *base, struct fetch_answer script)
{
	struct scripted *s = q_container_of(base, struct scripted, base);

	pthread_mutex_lock(&s->lock);
	s->answer = script;
	pthread_mutex_unlock(&s->lock);
}

void http_fetch_scripted_ask(struct q_http_fetch *base, struct fetch_receiver receiver)
{
	struct scripted *s = q_container_of(base, struct scripted, base);

	pthread_mutex_lock(&s->lock);
	s->receiver = receiver;
	pthread_mutex_unlock(&s->lock);
}

size_t http_fetch_scripted_count(struct q_http_fetch *base)
{
	struct scripted *s = q_container_of(base, struct scripted, base);
	size_t count;

	pthread_mutex_lock(&s->lock);
	count = s->count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

struct fetched http_fetch_scripted_sent(struct q_http_fetch *base, size_t i)
{
	struct scripted *s = q_container_of(base, struct scripted, base);
	struct fetched sent;

	pthread_mutex_lock(&s->lock);
	q_assert(i < s->count);
	sent = s->sent[i];
	pthread_mutex_unlock(&s->lock);
	return sent;
}
