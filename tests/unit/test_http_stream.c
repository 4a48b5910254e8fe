/* Answers that go on: over sockets, with the site of support/http_site.h. */
#include "net/http_stream.h"

#include "support/checks.h"
#include "support/http_peer.h"
#include "support/http_site.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PIECE_BYTES = 16 * 1024 };

static struct site site;
static struct peer peer;
static char piece[PIECE_BYTES];

static int start(void **state)
{
	site_init(&site);
	memset(piece, 'p', sizeof piece);
	return 0;
}

static void serve(void)
{
	site_start(&site);
	peer_open(&peer, site.port);
}

static int stop(void **state)
{
	peer_close(&peer);
	if (site.server)
		site_stop(&site);
	return 0;
}

static struct q_str whole_piece(void)
{
	return (struct q_str){piece, sizeof piece};
}

static void ask(const char *path)
{
	char text[256];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	peer_send(&peer, text);
}

static void ended(enum q_http_stream_end why)
{
	site_await(&site.stream_ends[why], 1);
	site_await(&site.completed, 1);
	assert_int_equal(site.stream_ends[0] + site.stream_ends[1] + site.stream_ends[2], 1);
}

static void sends_what_comes_when_it_comes(void **state)
{
	serve();
	ask("/live");
	peer_await(&peer, "\r\n\r\n");
	assert_int_equal(peer_count(&peer, "Transfer-Encoding: chunked"), 1);
	assert_true(peer_is_quiet(&peer, 20));
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("one")), Q_OK);
	peer_await(&peer, "3\r\none\r\n");
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("three")), Q_OK);
	peer_await(&peer, "5\r\nthree\r\n");
	q_http_stream_finish(site_stream(&site), Q_STR("bye"));
	q_http_stream_finish(site_stream(&site), Q_STR("again"));
	peer_await(&peer, "3\r\nbye\r\n0\r\n\r\n");
	ended(Q_HTTP_STREAM_FINISHED);
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("x")), Q_CANCELLED);
}

static void next_request_follows_a_finished_stream(void **state)
{
	serve();
	ask("/live-inline");
	q_http_stream_finish(site_stream(&site), Q_STR("bye"));
	peer_await(&peer, "0\r\n\r\n");
	ask("/hello");
	peer_await(&peer, "hello");
}

static void old_client_reads_until_the_end(void **state)
{
	serve();
	peer_send(&peer, "GET /live HTTP/1.0\r\n\r\n");
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("one")), Q_OK);
	q_http_stream_finish(site_stream(&site), Q_STR("two"));
	peer_await_end(&peer);
	assert_int_equal(peer_count(&peer, "onetwo"), 1);
}

static void head_request_ends_at_once(void **state)
{
	serve();
	peer_send(&peer, "HEAD /live HTTP/1.1\r\nHost: x\r\n\r\n");
	ended(Q_HTTP_STREAM_FINISHED);
}

static void upgraded_connection_carries_bytes_both_ways(void **state)
{
	serve();
	/* The first bytes come with the request itself. */
	peer_send(&peer, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
			 "Upgrade: echo\r\n\r\nfirst");
	peer_await(&peer, "\r\n\r\nfirst");
	assert_int_equal(peer_count(&peer, "HTTP/1.1 101 Switching Protocols\r\n"), 1);
	assert_int_equal(peer_count(&peer, "Connection: Upgrade\r\n"), 1);
	assert_int_equal(peer_count(&peer, "Content-Length"), 0);
	peer_send(&peer, "GET /hello HTTP/1.1\r\n\r\n");
	peer_await(&peer, "firstGET /hello HTTP/1.1\r\n\r\n");
	q_http_stream_finish(site_stream(&site), Q_STR("bye"));
	peer_await(&peer, "bye");
	peer_await_end(&peer);
	ended(Q_HTTP_STREAM_FINISHED);
}

static void client_that_leaves_closes_the_stream(void **state)
{
	serve();
	ask("/live");
	peer_await(&peer, "\r\n\r\n");
	peer_end_sending(&peer);
	ended(Q_HTTP_STREAM_CLIENT_GONE);
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("x")), Q_CANCELLED);
}

static void client_that_resets_closes_the_stream(void **state)
{
	serve();
	ask("/upgrade");
	peer_await(&peer, "\r\n\r\n");
	peer_reset(&peer);
	ended(Q_HTTP_STREAM_CLIENT_GONE);
}

/* Sends until the queue is full; the number of bytes it took. */
static size_t fill(void)
{
	size_t bytes = 0;

	while (q_http_stream_send(site_stream(&site), whole_piece()) == Q_OK)
		bytes += sizeof piece;
	return bytes;
}

static void full_queue_refuses_and_tells_when_there_is_room(void **state)
{
	size_t sent;

	site_start(&site);
	peer_open_slow(&peer, site.port);
	ask("/upgrade");
	sent = fill(); /* until the sockets' buffers, the loop's piece and the queue are full */
	while (q_http_stream_send(site_stream(&site), whole_piece()) == Q_OK)
		sent += sizeof piece;
	assert_int_equal(q_http_stream_send(site_stream(&site), whole_piece()), Q_BUSY);
	while (atomic_load(&site.stream_rooms) == 0)
		peer_is_quiet(&peer, 1);
	q_http_stream_finish(site_stream(&site), Q_STR("bye"));
	peer_await(&peer, "bye");
	peer_await_end(&peer);
	assert_true(peer.received.length > sent);
	ended(Q_HTTP_STREAM_FINISHED);
}

static void client_that_does_not_read_is_cut_off(void **state)
{
	site.limits.write_ms = 50;
	site_start(&site);
	peer_open_slow(&peer, site.port);
	ask("/live");
	while (atomic_load(&site.stream_ends[Q_HTTP_STREAM_TOO_SLOW]) == 0)
		fill();
	ended(Q_HTTP_STREAM_TOO_SLOW);
}

static void idle_stream_outlives_every_deadline(void **state)
{
	site.limits.idle_ms = site.limits.write_ms = site.limits.head_ms = 20;
	site.limits.handler_ms = 20;
	serve();
	ask("/live");
	peer_await(&peer, "\r\n\r\n");
	assert_true(peer_is_quiet(&peer, 100));
	assert_int_equal(q_http_stream_send(site_stream(&site), Q_STR("alive")), Q_OK);
	peer_await(&peer, "alive");
}

static void stopping_server_lets_streams_say_farewell(void **state)
{
	serve();
	ask("/live");
	peer_await(&peer, "\r\n\r\n");
	site_stop(&site);
	site.server = NULL;
	peer_await(&peer, "farewell\r\n0\r\n\r\n");
	peer_await_end(&peer);
	assert_int_equal(site.stream_stops, 1);
	ended(Q_HTTP_STREAM_FINISHED);
}

static void *send_many(void *argument)
{
	struct q_http_stream *stream = argument;

	for (int i = 0; i < 2000; i++)
		if (q_http_stream_send(stream, Q_STR("<x>")) == Q_CANCELLED)
			break;
	return NULL;
}

/* Several threads send while the client leaves, or the stream is finished. */
static void race(bool client_leaves)
{
	pthread_t threads[4];

	serve();
	ask("/upgrade");
	for (size_t i = 0; i < Q_COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, site_stream(&site)),
				 0);
	peer_await(&peer, "<x>");
	if (client_leaves)
		peer_reset(&peer);
	for (size_t i = 0; i < Q_COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	if (client_leaves)
		site_await(&site.stream_ends[Q_HTTP_STREAM_CLIENT_GONE], 1);
	q_http_stream_finish(site_stream(&site), Q_STR("bye"));
	if (!client_leaves)
		peer_await(&peer, "bye");
	site_await(&site.completed, 1);
}

static void many_threads_send_whole_pieces(void **state)
{
	race(false);
	assert_int_equal(peer_count(&peer, "<x>"), 8000);
	ended(Q_HTTP_STREAM_FINISHED);
}

static void many_threads_survive_a_client_that_leaves(void **state)
{
	race(true);
	ended(Q_HTTP_STREAM_CLIENT_GONE);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sends_what_comes_when_it_comes),
		CASE(next_request_follows_a_finished_stream),
		CASE(old_client_reads_until_the_end),
		CASE(head_request_ends_at_once),
		CASE(upgraded_connection_carries_bytes_both_ways),
		CASE(client_that_leaves_closes_the_stream),
		CASE(client_that_resets_closes_the_stream),
		CASE(full_queue_refuses_and_tells_when_there_is_room),
		CASE(client_that_does_not_read_is_cut_off),
		CASE(idle_stream_outlives_every_deadline),
		CASE(stopping_server_lets_streams_say_farewell),
		CASE(many_threads_send_whole_pieces),
		CASE(many_threads_survive_a_client_that_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
