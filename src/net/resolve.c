#include "net/resolve.h"

#include "base/bell.h"
#include "base/mem.h"
#include "base/pool.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { HOST_MAX = 255, STACK_BYTES = 512 * 1024, WAIT_MS = 100 };

static const char where[] = "resolve";

/* Shared by the thread that looks up and the one that waits; the last to let go frees it. */
struct lookup {
	atomic_uint users;
	struct q_bell *bell; /* rung once, when the rest is set */
	int status;	     /* of getaddrinfo */
	struct addrinfo *found;
	char host[HOST_MAX + 1];
};

static void lookup_unref(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->users, 1) > 1)
		return;
	if (lookup->found)
		freeaddrinfo(lookup->found);
	q_bell_free(lookup->bell);
	q_mem_free(lookup);
}

static void *run_lookup(void *argument)
{
	struct lookup *lookup = argument;
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	lookup->status = getaddrinfo(lookup->host, NULL, &hints, &lookup->found);
	q_bell_ring(lookup->bell);
	lookup_unref(lookup);
	return NULL;
}

/* NULL: no memory. */
static struct lookup *lookup_new(struct q_str host)
{
	struct lookup *lookup = q_mem_new(sizeof *lookup);

	if (!lookup)
		return NULL;
	lookup->bell = q_bell_new();
	if (!lookup->bell) {
		q_mem_free(lookup);
		return NULL;
	}
	atomic_init(&lookup->users, 1);
	memcpy(lookup->host, host.data, host.length);
	return lookup;
}

/* The thread has its own share of the lookup from before it runs. */
static enum q_code lookup_start(struct lookup *lookup, struct q_err *err)
{
	unsigned long thread;
	enum q_code code;

	atomic_fetch_add(&lookup->users, 1);
	code = q_thread_start("resolve", STACK_BYTES, run_lookup, lookup, &thread, err);
	if (code == Q_OK)
		pthread_detach(thread);
	else
		lookup_unref(lookup);
	return code;
}

static enum q_code lookup_wait(struct lookup *lookup, const struct q_call *call, struct q_err *err)
{
	enum q_code code = Q_OK;

	while (code == Q_OK && q_bell_count(lookup->bell) == 0) {
		int64_t left_ms = q_call_remaining_ms(call, WAIT_MS);

		q_bell_wait(lookup->bell, 0, left_ms < WAIT_MS ? left_ms : WAIT_MS);
		if (q_bell_count(lookup->bell) == 0)
			code = q_call_check(call, where, err);
	}
	return code;
}

static bool is_known(const struct q_addresses *addresses, const struct q_ip *ip)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (q_ip_equal(&addresses->items[i], ip))
			return true;
	}
	return false;
}

static enum q_code collect(const struct lookup *lookup, struct q_addresses *out, struct q_err *err)
{
	if (lookup->status == EAI_MEMORY)
		return q_fail(err, Q_NOMEM, where, "looking up %s", lookup->host);
	if (lookup->status != 0)
		return q_fail(err, Q_IO, where, "%s: %s", lookup->host,
			      gai_strerror(lookup->status));
	out->count = 0;
	for (const struct addrinfo *at = lookup->found; at; at = at->ai_next) {
		struct q_ip ip;

		if (!q_ip_from_sockaddr(at->ai_addr, &ip) || is_known(out, &ip))
			continue;
		if (out->count == Q_ADDRESSES_MAX)
			return q_fail(err, Q_IO, where, "%s has more than %d addresses",
				      lookup->host, Q_ADDRESSES_MAX);
		out->items[out->count++] = ip;
	}
	return out->count > 0 ? Q_OK : q_fail(err, Q_IO, where, "%s has no address", lookup->host);
}

enum q_code q_resolve(struct q_str host, const struct q_call *call, struct q_addresses *out,
		      struct q_err *err)
{
	struct lookup *lookup;
	enum q_code code;

	if (host.length == 0 || host.length > HOST_MAX || memchr(host.data, '\0', host.length))
		return q_fail(err, Q_IO, where, "not the name of a host");
	lookup = lookup_new(host);
	if (!lookup)
		return q_fail(err, Q_NOMEM, where, "%zu bytes", sizeof *lookup);
	code = lookup_start(lookup, err);
	if (code == Q_OK)
		code = lookup_wait(lookup, call, err);
	if (code == Q_OK)
		code = collect(lookup, out, err);
	lookup_unref(lookup);
	return code;
}
