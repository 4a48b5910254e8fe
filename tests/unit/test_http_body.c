/* Bodies that are streamed, in and out: slow, failing and leaving clients and handlers. */
#include "support/checks.h"
#include "support/http_peer.h"
#include "support/http_site.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MIB = 1024 * 1024 };

static struct site site;
static struct peer peer;

static int start(void **state)
{
	site_init(&site);
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static int stop(void **state)
{
	peer_close(&peer);
	site_stop(&site);
	return 0;
}

static void send_upload_head(size_t length)
{
	char text[200];

	snprintf(text, sizeof text,
		 "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", length);
	peer_send(&peer, text);
}

/* Bytes of one value; false when the server has closed. */
static bool send_filler(size_t length)
{
	static char filler[65536];

	memset(filler, 'u', sizeof filler);
	while (length > 0) {
		size_t step = length < sizeof filler ? length : sizeof filler;

		if (!peer_try_send(&peer, (struct q_str){filler, step}))
			return false;
		length -= step;
	}
	return true;
}

static void assert_uploaded(size_t length)
{
	struct peer_answer answer = peer_answer(&peer);
	char wanted[64];

	snprintf(wanted, sizeof wanted, "%zu %zu", length, length * 'u');
	assert_int_equal(answer.status, 201);
	assert_int_equal(q_str_compare(answer.body, q_str_from(wanted)), 0);
}

/* ---- in ---- */

static void uploads_of_every_size_arrive_whole(void **state)
{
	static const size_t sizes[] = {0,      1,      65535,  65536,  196608, 196609, 262143,
				       262144, 262145, 458752, 524288, 524289, 5 * MIB};

	for (size_t i = 0; i < Q_COUNT_OF(sizes); i++) {
		send_upload_head(sizes[i]);
		assert_true(send_filler(sizes[i]));
		assert_uploaded(sizes[i]);
	}
	assert_int_equal(atomic_load(&site.ended), Q_COUNT_OF(sizes));
	assert_int_equal(atomic_load(&site.aborted), 0);
}

static void chunked_upload_arrives_whole(void **state)
{
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 20; i++) {
		peer_send(&peer, "10001\r\n");
		assert_true(send_filler(0x10001));
		peer_send(&peer, "\r\n");
	}
	peer_send(&peer, "0\r\n\r\n");
	assert_uploaded(20 * 0x10001);
}

static void a_request_follows_an_upload(void **state)
{
	send_upload_head(3);
	peer_send(&peer, "uuuGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_uploaded(3);
	assert_view_equal(peer_answer(&peer).body, "hello");
}

/* The sink holds its first piece: two buffers and what the kernel keeps are all that may be taken
 * from the client. */
static void slow_sink_stops_the_client(void **state)
{
	size_t sent_bytes = 0;

	atomic_store(&site.is_sink_held, true);
	send_upload_head(32 * MIB);
	q_assert(fcntl(peer.fd, F_SETFL, O_NONBLOCK) == 0);
	for (int idle = 0; idle < 50;) {
		static const char filler[65536];
		ssize_t sent = send(peer.fd, filler, sizeof filler, MSG_NOSIGNAL);

		assert_true(sent > 0 || errno == EAGAIN);
		idle = sent > 0 ? 0 : idle + 1;
		if (sent > 0)
			sent_bytes += (size_t)sent;
		else
			assert_true(peer_is_quiet(&peer, 2));
	}
	assert_true(sent_bytes < 16 * MIB);
	assert_int_equal(atomic_load(&site.sink_bytes), 0);
}

static void client_that_leaves_aborts_the_sink(void **state)
{
	send_upload_head(1 * MIB);
	assert_true(send_filler(512 * 1024));
	while (atomic_load(&site.sink_bytes) == 0)
		assert_true(peer_is_quiet(&peer, 1));
	peer_reset(&peer);
	site_await(&site.aborted, 1);
	site_await(&site.completed, 1);
	assert_int_equal(atomic_load(&site.ended), 0);
}

static void client_that_leaves_while_the_sink_works_aborts_it(void **state)
{
	atomic_store(&site.is_sink_held, true);
	send_upload_head(1 * MIB);
	assert_true(send_filler(300 * 1024));
	site_await(&site.blocked, 1);
	peer_reset(&peer);
	site_await_connections(&site, 0);
	assert_int_equal(atomic_load(&site.aborted), 0);
	atomic_store(&site.is_sink_held, false);
	site_await(&site.aborted, 1);
	site_await(&site.completed, 1);
}

static void client_that_leaves_before_the_first_piece_aborts_the_sink(void **state)
{
	send_upload_head(1 * MIB);
	assert_true(send_filler(10));
	peer_reset(&peer);
	site_await(&site.aborted, 1);
}

static void upload_that_is_cut_short_is_refused(void **state)
{
	send_upload_head(1000);
	assert_true(send_filler(999));
	peer_end_sending(&peer);
	assert_int_equal(peer_answer(&peer).status, 400);
	site_await(&site.aborted, 1);
	assert_int_equal(atomic_load(&site.ended), 0);
	peer_await_end(&peer);
}

static void malformed_chunk_aborts_the_sink(void **state)
{
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
			 "chunked\r\n\r\n3\r\nuuu\r\nx\r\n");
	assert_int_equal(peer_answer(&peer).status, 400);
	site_await(&site.aborted, 1);
	assert_int_equal(atomic_load(&site.ended), 0);
}

static void too_large_chunked_upload_is_refused_on_the_way(void **state)
{
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
			 "chunked\r\n\r\n4000001\r\n");
	(void)send_filler(UPLOAD_MAX + 1);
	peer_await(&peer, "HTTP/1.1 413 ");
	site_await(&site.aborted, 1);
}

static int start_with_failing_sink(void **state)
{
	site_init(&site);
	site.sink_fails_at = 300 * 1024;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

static void sink_that_fails_is_answered_for(void **state)
{
	send_upload_head(2 * MIB);
	(void)send_filler(600 * 1024);
	assert_int_equal(peer_answer(&peer).status, 507);
	site_await(&site.aborted, 1);
	assert_int_equal(atomic_load(&site.ended), 0);
	peer_await_end(&peer);
	assert_false(peer.was_reset);
}

static void sink_may_answer_itself(void **state)
{
	site.sink_answers_itself = true;
	send_upload_head(2 * MIB);
	(void)send_filler(600 * 1024);
	assert_int_equal(peer_answer(&peer).status, 415);
	site_await(&site.aborted, 1);
	peer_await_end(&peer);
}

static int start_with_tiny_pool(void **state)
{
	site_init(&site);
	site.pool_options.threads_min = 1;
	site.pool_options.threads_max = 1;
	site.pool_options.queue_max = 1;
	site_start(&site);
	peer_open(&peer, site.port);
	return 0;
}

/* What has been begun is not refused: it waits for room in the pool. */
static void upload_outlasts_a_full_pool(void **state)
{
	struct peer first, second;

	peer_open(&first, site.port);
	peer_open(&second, site.port);
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nExpect: "
			 "100-continue\r\nContent-Length: 3\r\n\r\n");
	peer_await(&peer, "100 Continue\r\n\r\n");
	peer.taken = peer.received.length;
	peer_send(&first, "GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_send(&second, "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
	while (q_pool_counts(site.pool).queued != 1)
		assert_true(peer_is_quiet(&second, 1));
	assert_true(send_filler(3));
	assert_true(peer_is_quiet(&peer, 50));
	site_open_gate(&site);
	assert_uploaded(3);
	peer_close(&first);
	peer_close(&second);
}

static void client_that_leaves_while_the_pool_is_full_aborts_the_sink(void **state)
{
	struct peer first, second;

	peer_open(&first, site.port);
	peer_open(&second, site.port);
	peer_send(&peer, "POST /upload HTTP/1.1\r\nHost: x\r\nExpect: "
			 "100-continue\r\nContent-Length: 3\r\n\r\n");
	peer_await(&peer, "100 Continue\r\n\r\n");
	peer_send(&first, "GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
	site_await(&site.blocked, 1);
	peer_send(&second, "GET /pool HTTP/1.1\r\nHost: x\r\n\r\n");
	while (q_pool_counts(site.pool).queued != 1)
		assert_true(peer_is_quiet(&second, 1));
	peer_reset(&peer);
	site_await_connections(&site, 2);
	site_open_gate(&site);
	site_await(&site.aborted, 1);
	peer_close(&first);
	peer_close(&second);
}

/* What is left of the body is read for a while, so that the client sees the answer, but not for
 * ever. */
static void rest_of_a_refused_upload_is_discarded_up_to_a_bound(void **state)
{
	send_upload_head(60 * MIB);
	(void)send_filler(60 * MIB); /* cut off by the server */
	peer_await_end(&peer);
	assert_int_equal(atomic_load(&site.ended), 0);
	site_await(&site.aborted, 1);
}

/* ---- out ---- */

static void assert_downloaded(const char *path, size_t length, char filler)
{
	struct peer_answer answer;
	char text[200];

	snprintf(text, sizeof text, "GET %s%zu HTTP/1.1\r\nHost: x\r\n\r\n", path, length);
	peer_send(&peer, text);
	answer = peer_answer(&peer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body.length, length);
	for (size_t i = 0; i < length; i++)
		assert_true(answer.body.data[i] == filler);
}

static void answers_of_every_size_arrive_whole(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 262144, 262145, 5 * MIB};

	for (size_t i = 0; i < Q_COUNT_OF(sizes); i++) {
		assert_downloaded("/memory/", sizes[i], 'm');
		assert_downloaded("/download/", sizes[i], 'd');
	}
	site_await(&site.closed, Q_COUNT_OF(sizes));
}

/* Decodes in place; the length of the body. */
static size_t decode_chunks(struct q_str text, bool *is_whole)
{
	size_t total = 0, size;

	*is_whole = false;
	while (text.length > 0) {
		char *end;

		size = strtoul(text.data, &end, 16);
		if (size == 0) {
			*is_whole = q_str_equal(text, Q_STR("0\r\n\r\n"));
			return total;
		}
		total += size;
		text = q_str_slice(text, (size_t)(end - text.data) + size + 4, text.length);
	}
	return total;
}

static struct q_str body_of(const struct peer *from)
{
	size_t at;

	assert_true(q_str_find(q_buf_str(&from->received), Q_STR("\r\n\r\n"), &at));
	return q_str_slice(q_buf_str(&from->received), at + 4, from->received.length);
}

static void answer_of_unknown_length_is_chunked(void **state)
{
	bool is_whole;

	peer_send(&peer, "GET /chunked/1000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	peer_await_end(&peer);
	assert_int_equal(decode_chunks(body_of(&peer), &is_whole), 1000000);
	assert_true(is_whole);
}

static void answer_of_unknown_length_ends_with_an_old_clients_connection(void **state)
{
	peer_send(&peer, "GET /chunked/1000000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	peer_await_end(&peer);
	assert_int_equal(body_of(&peer).length, 1000000);
	assert_false(peer.was_reset);
}

static void answer_that_ends_too_early_is_cut(void **state)
{
	peer_send(&peer, "GET /short/1000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_await_end(&peer);
	assert_true(body_of(&peer).length < 1000000);
	assert_true(peer.was_reset);
	site_await(&site.closed, 1);
	site_await(&site.completed, 1);
	assert_true(site_last(&site).is_cut);
}

static void answer_that_fails_has_no_end(void **state)
{
	bool is_whole;

	peer_send(&peer, "GET /broken/1000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_await_end(&peer);
	decode_chunks(body_of(&peer), &is_whole);
	assert_false(is_whole);
	assert_true(peer.was_reset);
	site_await(&site.closed, 1);
}

static void client_that_leaves_a_download_closes_the_source(void **state)
{
	peer_send(&peer, "GET /download/60000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_await(&peer, "dddddddd");
	peer_reset(&peer);
	site_await(&site.closed, 1);
	site_await(&site.completed, 1);
}

static void slow_reader_gets_all_of_it(void **state)
{
	struct peer slow;

	peer_open_slow(&slow, site.port);
	peer_send(&slow, "GET /download/3000000 HTTP/1.1\r\nHost: x\r\n\r\nGET /memory/3000000 "
			 "HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(poll(NULL, 0, 50) == 0);
	assert_int_equal(peer_answer(&slow).body.length, 3000000);
	assert_int_equal(peer_answer(&slow).body.length, 3000000);
	peer_close(&slow);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)
	const struct CMUnitTest tests[] = {
		CASE(uploads_of_every_size_arrive_whole),
		CASE(chunked_upload_arrives_whole),
		CASE(a_request_follows_an_upload),
		CASE(slow_sink_stops_the_client),
		CASE(client_that_leaves_aborts_the_sink),
		CASE(client_that_leaves_while_the_sink_works_aborts_it),
		CASE(client_that_leaves_before_the_first_piece_aborts_the_sink),
		CASE(upload_that_is_cut_short_is_refused),
		CASE(malformed_chunk_aborts_the_sink),
		CASE(too_large_chunked_upload_is_refused_on_the_way),
		cmocka_unit_test_setup_teardown(sink_that_fails_is_answered_for,
						start_with_failing_sink, stop),
		cmocka_unit_test_setup_teardown(upload_outlasts_a_full_pool, start_with_tiny_pool,
						stop),
		cmocka_unit_test_setup_teardown(
			client_that_leaves_while_the_pool_is_full_aborts_the_sink,
			start_with_tiny_pool, stop),
		cmocka_unit_test_setup_teardown(sink_may_answer_itself, start_with_failing_sink,
						stop),
		cmocka_unit_test_setup_teardown(rest_of_a_refused_upload_is_discarded_up_to_a_bound,
						start_with_failing_sink, stop),
		CASE(answers_of_every_size_arrive_whole),
		CASE(answer_of_unknown_length_is_chunked),
		CASE(answer_of_unknown_length_ends_with_an_old_clients_connection),
		CASE(answer_that_ends_too_early_is_cut),
		CASE(answer_that_fails_has_no_end),
		CASE(client_that_leaves_a_download_closes_the_source),
		CASE(slow_reader_gets_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
