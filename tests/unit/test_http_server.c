/* Start, stop, deadlines and connection limits of the server. Deadlines are short here: what is
 * checked is that each one closes, not too early and not much too late. */
#include "base/mem.h"
#include "base/time.h"
#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/http_peer.h"
#include "support/http_site.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	SHORT_MS = 150, /* where a limit is to be met */
	LONG_MS = 1000, /* where it is not, also on a busy machine */
	LATE_MS = 5000,
	MANY = 1000
};

static struct site site;
static struct peer peer;
static int64_t opened_ms; /* no later than the connection */

static int prepare(void **state)
{
	site_init(&site);
	return 0;
}

static void start(void)
{
	site_start(&site);
	opened_ms = q_time_monotonic_ms();
	peer_open(&peer, site.port);
}

static int stop(void **state)
{
	peer_close(&peer);
	site_stop(&site);
	return 0;
}

/* `from_ms` is no later than what the limit counts from. */
static void assert_closed_on_time(int64_t from_ms, int64_t limit_ms)
{
	int64_t after_ms;

	peer_await_end(&peer);
	after_ms = q_time_monotonic_ms() - from_ms;
	if (after_ms < limit_ms - 20 || after_ms > limit_ms + LATE_MS)
		fail_msg("closed after %lld ms, the limit is %lld", (long long)after_ms,
			 (long long)limit_ms);
}

/* ---- deadlines ---- */

static void idle_connection_is_closed(void **state)
{
	site.limits.idle_ms = SHORT_MS;
	start();
	assert_closed_on_time(opened_ms, SHORT_MS);
	assert_int_equal(peer.received.length, 0);
}

static void idle_time_counts_from_the_last_answer(void **state)
{
	int64_t asked_ms = 0;

	site.limits.idle_ms = LONG_MS;
	start();
	for (int i = 0; i < 2; i++) {
		assert_true(peer_is_quiet(&peer, LONG_MS / 2));
		asked_ms = q_time_monotonic_ms();
		peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		peer_answer(&peer);
	}
	assert_closed_on_time(asked_ms, LONG_MS);
}

static void empty_lines_do_not_keep_a_connection(void **state)
{
	int64_t from_ms;

	site.limits.idle_ms = SHORT_MS;
	start();
	from_ms = q_time_monotonic_ms();
	while (peer_is_quiet(&peer, 10))
		if (!peer_try_send(&peer, Q_STR("\r\n")))
			break;
	assert_true(q_time_monotonic_ms() - from_ms < SHORT_MS + LATE_MS);
}

static void dripping_head_is_refused_on_time(void **state)
{
	int64_t from_ms;

	site.limits.head_ms = SHORT_MS;
	start();
	from_ms = q_time_monotonic_ms();
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\nX-A: ");
	while (peer_is_quiet(&peer, 10))
		if (!peer_try_send(&peer, Q_STR("a")))
			break;
	assert_true(q_time_monotonic_ms() - from_ms >= SHORT_MS - 20);
	assert_true(q_time_monotonic_ms() - from_ms < SHORT_MS + LATE_MS);
	peer_await(&peer, "HTTP/1.1 408 ");
	peer_await_end(&peer);
}

static void head_time_counts_for_each_request(void **state)
{
	site.limits.head_ms = LONG_MS;
	start();
	for (int i = 0; i < 2; i++) {
		peer_send(&peer, "GET /hello HTTP/1.1\r\n");
		assert_true(peer_is_quiet(&peer, LONG_MS / 2));
		peer_send(&peer, "Host: x\r\n\r\n");
		assert_int_equal(peer_answer(&peer).status, 200);
	}
}

static void dripping_body_is_refused(void **state)
{
	site.limits.body_grace_ms = SHORT_MS;
	site.limits.body_bytes_per_second = 1000;
	start();
	peer_send(&peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
	while (peer_is_quiet(&peer, 20))
		if (!peer_try_send(&peer, Q_STR("a")))
			break;
	peer_await(&peer, "HTTP/1.1 408 ");
	peer_await_end(&peer);
	assert_int_equal(atomic_load(&site.handled), 0);
}

static void dripping_upload_is_refused_and_aborted(void **state)
{
	site.limits.body_grace_ms = SHORT_MS;
	start();
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
	peer_await(&peer, "HTTP/1.1 408 ");
	site_await(&site.aborted, 1);
}

static void body_that_keeps_the_pace_is_taken(void **state)
{
	site.limits.body_grace_ms = SHORT_MS;
	site.limits.body_bytes_per_second = 2;
	start();
	peer_send(&peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n");
	for (int i = 0; i < 30; i++) {
		peer_send(&peer, "a");
		assert_true(i == 29 || peer_is_quiet(&peer, 50));
	}
	assert_int_equal(peer_answer(&peer).status, 200);
}

/* While the sink works and both buffers are full, it is not the client who is slow. */
static void waiting_for_the_sink_is_not_slowness(void **state)
{
	static char filler[1024 * 1024];

	site.limits.body_grace_ms = LONG_MS;
	site.limits.body_bytes_per_second = 8 * sizeof filler;
	atomic_store(&site.is_sink_held, true);
	start();
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
	peer_send_view(&peer, (struct q_str){filler, sizeof filler});
	assert_true(peer_is_quiet(&peer, 8 * SHORT_MS));
	atomic_store(&site.is_sink_held, false);
	assert_int_equal(peer_answer(&peer).status, 201);
}

static void reader_that_stops_is_cut(void **state)
{
	struct peer slow;

	site.limits.write_ms = SHORT_MS;
	start();
	peer_open_slow(&slow, site.port);
	peer_send(&slow, "GET /download/60000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.closed, 1); /* while nothing was read */
	site_await(&site.completed, 1);
	peer_close(&slow);
}

static void handler_has_a_deadline(void **state)
{
	site.limits.handler_ms = SHORT_MS;
	start();
	peer_send(&peer, "GET /cancel HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(peer_answer(&peer).status, 504);
}

static void lingering_ends(void **state)
{
	site.limits.linger_ms = SHORT_MS;
	start();
	peer_send(&peer, "bad\r\n\r\n");
	peer_await_end(&peer); /* the server's side; ours stays open */
	site_await_connections(&site, 0);
}

/* ---- connections ---- */

static void a_connection_too_many_is_turned_away(void **state)
{
	struct peer first, second;

	site.limits.connections = 2;
	start();
	peer_open(&first, site.port);
	peer_send(&first, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(peer_answer(&first).status, 200);
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(peer_answer(&peer).status, 200);
	peer_open(&second, site.port);
	assert_int_equal(peer_answer(&second).status, 503);
	peer_close(&second);
	peer_close(&first);
	site_await_connections(&site, 1);
	peer_open(&first, site.port);
	peer_send(&first, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(peer_answer(&first).status, 200);
	peer_close(&first);
}

static void a_thousand_connections_are_served(void **state)
{
	static struct peer many[MANY];

	start();
	for (int i = 0; i < MANY; i++)
		peer_open(&many[i], site.port);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			peer_send(&many[i], i % 2 ? "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
						  : "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
		for (int i = 0; i < MANY; i++)
			assert_int_equal(peer_answer(&many[i]).status, 200);
	}
	assert_int_equal(q_http_server_connections(site.server), MANY + 1);
	for (int i = 0; i < MANY; i++)
		peer_close(&many[i]);
}

/* ---- start and stop ---- */

static int start_status(const char *host, unsigned port)
{
	struct q_http_server_options options = site.options;
	struct q_http_server *server;
	struct q_err err;
	enum q_code code;

	options.host = host;
	options.port = port;
	code = q_http_server_start(&options, &server, &err);
	if (code == Q_OK) {
		assert_int_equal(q_http_server_stop(server, 0, &err), Q_OK);
		q_http_server_free(server);
	}
	return (int)code;
}

/* Its descriptor is the loop's before another loop is made: ThreadSanitizer does not see that
 * libuv closes those of one that failed, and takes their numbers for shared. */
static void start_and_accept(void)
{
	start();
	site_await_connections(&site, 1);
}

static void a_port_in_use_is_told(void **state)
{
	start_and_accept();
	assert_int_equal(start_status("127.0.0.1", site.port), Q_CONFLICT);
}

static void bad_addresses_are_told(void **state)
{
	start_and_accept();
	assert_int_equal(start_status("localhost", 0), Q_INVALID);
	assert_int_equal(start_status("127.0.0.1", 65536), Q_INVALID);
	assert_int_equal(start_status("127.0.0.1", 0), Q_OK);
	assert_int_equal(start_status("::1", 0), Q_OK);
}

static void stop_lets_requests_finish(void **state)
{
	struct peer idle;
	struct q_err err;

	start();
	peer_open(&idle, site.port);
	peer_send(&idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(peer_answer(&idle).status, 200);
	peer_send(&peer, "GET /resume HTTP/1.1\r\nHost: x\r\n\r\n");
	while (atomic_load(&site.completed) + q_pool_counts(site.pool).threads < 2)
		assert_true(poll(NULL, 0, 1) == 0);
	assert_int_equal(q_http_server_stop(site.server, 5000, &err), Q_OK);
	assert_view_equal(peer_answer(&peer).body, "resumed");
	peer_await_end(&peer);
	assert_false(peer.was_reset);
	peer_await_end(&idle);
	peer_close(&idle);
	q_http_server_free(site.server);
	site.options.port = 0;
	assert_int_equal(q_http_server_start(&site.options, &site.server, &err), Q_OK);
}

static void stop_cancels_what_outlasts_its_grace(void **state)
{
	struct q_err err;
	int64_t from_ms = q_time_monotonic_ms();

	start();
	peer_send(&peer, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	assert_int_equal(q_http_server_stop(site.server, SHORT_MS, &err), Q_OK);
	assert_true(q_time_monotonic_ms() - from_ms >= SHORT_MS);
	assert_int_equal(atomic_load(&site.cancelled), 1);
	q_http_server_free(site.server);
	assert_int_equal(q_http_server_start(&site.options, &site.server, &err), Q_OK);
}

static void stop_tells_of_a_handler_that_does_not_return(void **state)
{
	struct q_err err;

	site.limits.handler_ms = SHORT_MS;
	start();
	peer_send(&peer, "GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	assert_int_equal(q_http_server_stop(site.server, 0, &err), Q_TIMEOUT);
	/* It may be asked again. */
	site_open_gate(&site);
	site.limits.handler_ms = 30000;
	site_await(&site.completed, 1);
}

static enum q_code start_and_stop(void *context)
{
	struct q_http_server *server;
	struct q_err err;
	enum q_code code = q_http_server_start(&site.options, &server, &err);

	if (code != Q_OK)
		return code;
	code = q_http_server_stop(server, 0, &err);
	q_http_server_free(server);
	return code;
}

static void start_survives_failing_allocations(void **state)
{
	start();
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_answer(&peer); /* the site allocates no more */
	assert_true(run_with_failing_memory(start_and_stop, NULL) > 1);
}

static void ask_while_memory_fails(const char *request, int after)
{
	struct peer client;

	peer_open(&client, site.port);
	assert_non_null(
		q_buf_reserve(&client.received, 65536)); /* the client's own memory does not fail */
	q_mem_fail_after(after);
	(void)peer_try_send(&client, q_str_from(request));
	peer_await_end(&client);
	q_mem_fail_after(-1);
	peer_close(&client);
}

/* Each allocation on the way of a request fails once: the client gets an answer or an end, and the
 * next request is served. */
static void requests_survive_failing_allocations(void **state)
{
	static const char *const requests[] = {
		"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
		"5\r\n\r\nabcde",
		"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /memory/5000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	};

	start();
	for (size_t i = 0; i < Q_COUNT_OF(requests); i++)
		for (int after = 0; after < 40; after++) {
			ask_while_memory_fails(requests[i], after);
			assert_non_null(
				strstr(peer_talk(site.port, q_str_from(requests[0])), "200 OK"));
		}
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, prepare, stop)
	const struct CMUnitTest tests[] = {
		CASE(idle_connection_is_closed),
		CASE(idle_time_counts_from_the_last_answer),
		CASE(empty_lines_do_not_keep_a_connection),
		CASE(dripping_head_is_refused_on_time),
		CASE(head_time_counts_for_each_request),
		CASE(dripping_body_is_refused),
		CASE(dripping_upload_is_refused_and_aborted),
		CASE(body_that_keeps_the_pace_is_taken),
		CASE(waiting_for_the_sink_is_not_slowness),
		CASE(reader_that_stops_is_cut),
		CASE(handler_has_a_deadline),
		CASE(lingering_ends),
		CASE(a_connection_too_many_is_turned_away),
		CASE(a_thousand_connections_are_served),
		CASE(a_port_in_use_is_told),
		CASE(bad_addresses_are_told),
		CASE(stop_lets_requests_finish),
		CASE(stop_cancels_what_outlasts_its_grace),
		CASE(stop_tells_of_a_handler_that_does_not_return),
		CASE(start_survives_failing_allocations),
		CASE(requests_survive_failing_allocations),
	};
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files); /* a thousand connections have two ends each */
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
