/* Bodies that the caller gives and takes piece by piece. */
#include "support/client_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct stream {
	struct q_http_client_events events;
	size_t left, piece; /* to read */
	size_t read_fails_at;
	size_t written;
	int status;
	size_t write_fails_at;
	uint64_t sent, received;
};

static enum q_code stream_read(struct q_http_client_events *events, unsigned char *out,
			       size_t capacity, size_t *got, struct q_err *err)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	*got = capacity < stream->piece ? capacity : stream->piece;
	*got = *got < stream->left ? *got : stream->left;
	memset(out, 'x', *got);
	stream->left -= *got;
	if (stream->read_fails_at > 0 && stream->left <= stream->read_fails_at)
		return q_fail(err, Q_NOSPACE, "stream.read", "as asked");
	return Q_OK;
}

static enum q_code stream_write(struct q_http_client_events *events, int status,
				struct q_bytes data, struct q_err *err)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	stream->status = status;
	stream->written += data.length;
	if (stream->write_fails_at > 0 && stream->written >= stream->write_fails_at)
		return q_fail(err, Q_NOSPACE, "stream.write", "as asked");
	return Q_OK;
}

static void stream_progress(struct q_http_client_events *events, uint64_t sent, uint64_t received)
{
	struct stream *stream = q_container_of(events, struct stream, events);

	stream->sent = sent;
	stream->received = received;
}

enum { STREAM_BYTES = 5000000 };

static void a_streamed_body_arrives_whole(void **state)
{
	struct client_site *site = *state;
	struct stream stream = {.events = {.read = stream_read, .progress = stream_progress},
				.left = STREAM_BYTES,
				.piece = 7777};

	site->request.method = Q_STR("POST");
	site->request.events = &stream.events;
	site->request.body_length = STREAM_BYTES;
	site->request.response_max = 2 * STREAM_BYTES;
	q_arena_free(site->arena);
	site->arena = q_arena_new(4 * STREAM_BYTES);
	assert_int_equal(client_site_send(site, "/echo"), Q_OK);
	assert_int_equal(site->response.body.length, STREAM_BYTES);
	assert_int_equal(site->response.body.data[STREAM_BYTES - 1], 'x');
	assert_int_equal(stream.sent, STREAM_BYTES);
	assert_int_equal(stream.received, STREAM_BYTES);
}

static void a_streamed_body_that_ends_early_is_an_error(void **state)
{
	struct client_site *site = *state;
	struct stream stream = {.events.read = stream_read, .left = 100, .piece = 10};

	site->request.method = Q_STR("POST");
	site->request.events = &stream.events;
	site->request.body_length = 101;
	assert_int_equal(client_site_send(site, "/echo"), Q_IO);
}

static void an_answer_before_the_body_is_sent_is_heard(void **state)
{
	struct client_site *site = *state;
	struct stream stream = {.events.read = stream_read, .left = STREAM_BYTES, .piece = 10000};

	site->request.method = Q_STR("POST");
	site->request.events = &stream.events;
	site->request.body_length = STREAM_BYTES;
	client_site_assert_sent(site, "/refuse", 413, Q_STR("too large"));
	assert_true(stream.left > 0);
}

static void a_response_is_streamed_to_the_caller(void **state)
{
	struct client_site *site = *state;
	struct stream stream = {.events = {.write = stream_write, .progress = stream_progress}};

	site->request.events = &stream.events;
	site->request.response_max = 0;
	assert_int_equal(client_site_send(site, "/bytes/5000000"), Q_OK);
	assert_int_equal(stream.written, 5000000);
	assert_int_equal(stream.status, 200);
	assert_int_equal(stream.received, 5000000);
	assert_int_equal(site->response.body.length, 0);
	assert_false(site->response.is_cut);
}

static void errors_of_callbacks_come_back(void **state)
{
	struct client_site *site = *state;
	struct stream writer = {.events.write = stream_write, .write_fails_at = 100000};
	struct stream reader = {
		.events.read = stream_read, .left = 1000, .piece = 100, .read_fails_at = 500};

	site->request.events = &writer.events;
	assert_int_equal(client_site_send(site, "/endless"), Q_NOSPACE);
	assert_string_equal(site->err.where, "stream.write");
	site->request.method = Q_STR("PUT");
	site->request.events = &reader.events;
	site->request.body_length = 1000;
	assert_int_equal(client_site_send(site, "/echo"), Q_NOSPACE);
	assert_string_equal(site->err.where, "stream.read");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, client_site_start, client_site_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_streamed_body_arrives_whole),
		CASE(a_streamed_body_that_ends_early_is_an_error),
		CASE(an_answer_before_the_body_is_sent_is_heard),
		CASE(a_response_is_streamed_to_the_caller),
		CASE(errors_of_callbacks_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
