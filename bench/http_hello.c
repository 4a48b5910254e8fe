/* bench/http_hello.c: the HTTP server with one trivial inline route, for load generators: what a
 * request costs before it does anything.
 *
 *   http_hello [PORT [LOOPS]]      wrk -t2 -c64 -d5s http://127.0.0.1:PORT/health
 *
 * Ends at SIGTERM or SIGINT and prints the CPU time of a request. */
#include "base/pool.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/http_server.h"
#include "net/router.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void health(struct q_http_request *request, void *context)
{
	(void)context;
	q_http_respond(request, 200, "application/json", Q_STR("{\"status\":\"ok\"}"));
}

static bool allow(struct q_http_request *request, const void *access, void *context)
{
	(void)request;
	(void)access;
	(void)context;
	return true;
}

static void count(const struct q_http_completion *completion, void *context)
{
	(void)completion;
	atomic_fetch_add((atomic_ulong *)context, 1);
}

static void wait_for_signal(void)
{
	sigset_t ends;
	int signal_number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sigwait(&ends, &signal_number);
}

static void report(unsigned long requests)
{
	struct rusage usage;
	double us;

	getrusage(RUSAGE_SELF, &usage);
	us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	printf("%lu requests, %.2f us CPU each, %ld KiB at most\n", requests,
	       requests ? us / (double)requests : 0.0, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	static const struct q_route routes[] = {
		{.method = "GET",
		 .path = "/health",
		 .flags = Q_ROUTE_INLINE,
		 .access = "all",
		 .handle = health},
	};
	struct q_route_group group = {routes, Q_COUNT_OF(routes), NULL};
	atomic_ulong requests = 0;
	struct q_http_server_options options = {
		.host = "127.0.0.1",
		.port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0,
		.loop_count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0,
		.hooks = {.context = &requests, .authorize = allow, .complete = count},
	};
	struct q_router *router = NULL;
	struct q_pool *pool = NULL;
	struct q_http_server *server;
	struct q_err err;

	if (q_router_new(&group, 1, &router, &err) != Q_OK ||
	    q_pool_new(&q_pool_defaults, &pool, &err) != Q_OK)
		return fprintf(stderr, "%s\n", err.message), 1;
	options.router = router;
	options.pool = pool;
	if (q_http_server_start(&options, &server, &err) != Q_OK)
		return fprintf(stderr, "%s\n", err.message), 1;
	printf("http://127.0.0.1:%u/health\n", q_http_server_port(server));
	fflush(stdout);
	wait_for_signal();
	if (q_http_server_stop(server, 1000, &err) != Q_OK)
		return fprintf(stderr, "%s\n", err.message), 1;
	q_http_server_free(server);
	q_pool_free(pool);
	q_router_free(router);
	report(atomic_load(&requests));
	return 0;
}
