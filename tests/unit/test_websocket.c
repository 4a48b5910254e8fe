/* Frames, byte by byte; over sockets see tests/system/test_websocket.py. */
#include "net/websocket.h"

#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 200 };

static char heard[4096];
static struct q_websocket *websocket;

static void hear(void *context, struct q_str message)
{
	size_t length = strlen(heard);

	snprintf(heard + length, sizeof heard - length, "%.*s;", Q_STR_ARG(message));
}

static int start(void **state)
{
	const struct q_websocket_options options = {MESSAGE_MAX, NULL, hear};
	struct q_err err;

	heard[0] = '\0';
	assert_int_equal(q_websocket_new(&options, &websocket, &err), Q_OK);
	return 0;
}

static int stop(void **state)
{
	q_websocket_free(websocket);
	return 0;
}

static bool receive(struct q_str bytes, struct q_str *reply)
{
	return q_websocket_receive(websocket, q_str_bytes(bytes), reply);
}

/* The mask is four zero bytes: what follows is the payload itself. */
#define FRAME(HEAD, LENGTH, PAYLOAD) Q_STR(HEAD LENGTH "\0\0\0\0" PAYLOAD)

static void messages_come_whole_however_they_are_cut(void **state)
{
	struct q_str frames = FRAME("\x81", "\x85", "hello"), reply;

	for (size_t i = 0; i < frames.length; i++)
		assert_true(receive(q_str_slice(frames, i, i + 1), &reply));
	assert_true(receive(FRAME("\x01", "\x82", "ab"), &reply));
	assert_true(receive(FRAME("\x80", "\x82", "cd"), &reply));
	assert_string_equal(heard, "hello;abcd;");
	assert_int_equal(reply.length, 0);
}

static void pings_are_answered(void **state)
{
	struct q_str reply;

	assert_true(receive(FRAME("\x89", "\x82", "hi"), &reply));
	assert_view_equal(reply, "\x8A\x02hi");
}

static void close_is_answered_and_is_the_end(void **state)
{
	struct q_str reply;

	assert_false(receive(FRAME("\x88", "\x82", "\x03\xE8"), &reply));
	assert_view_equal(reply, "\x88\x02\x03\xE8");
}

static void what_breaks_the_protocol_ends_with_its_code(void **state)
{
	static const struct {
		struct q_str bytes;
		unsigned code;
	} cases[] = {
		{Q_STR_INIT("\x81\x02{}"), 1002},
		{Q_STR_INIT("\xC1\x82\0\0\0\0{}"), 1002},
		{Q_STR_INIT("\x83\x80\0\0\0\0"), 1002},
		{Q_STR_INIT("\x80\x80\0\0\0\0"), 1002},
		{Q_STR_INIT("\x82\x81\0\0\0\0b"), 1003},
		{Q_STR_INIT("\x81\x81\0\0\0\0\xFF"), 1007},
		{Q_STR_INIT("\x81\xFE\x00\xC9\0\0\0\0x"), 1009},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_str reply;

		stop(state);
		start(state);
		assert_false(receive(cases[i].bytes, &reply));
		assert_true(reply.length >= 4);
		assert_int_equal((unsigned char)reply.data[0], 0x88);
		assert_int_equal((unsigned char)reply.data[2] << 8 | (unsigned char)reply.data[3],
				 cases[i].code);
		assert_string_equal(heard, "");
	}
}

static void frames_have_the_shortest_length(void **state)
{
	static const struct {
		size_t payload, head;
	} cases[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
	static char text[65536];

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_buf out;

		q_buf_init(&out, 100000);
		assert_true(q_websocket_put_text(&out, (struct q_str){text, cases[i].payload}));
		assert_int_equal(out.length, cases[i].head + cases[i].payload);
		q_buf_free(&out);
	}
}

static void lengths_are_written_in_network_order(void **state)
{
	static char text[0x10203];
	struct q_buf out;

	q_buf_init(&out, 100000);
	q_websocket_put_text(&out, (struct q_str){text, 0x102});
	assert_memory_equal(out.data, "\x81\x7E\x01\x02", 4);
	q_buf_clear(&out);
	q_websocket_put_text(&out, (struct q_str){text, 0x10203});
	assert_memory_equal(out.data, "\x81\x7F\0\0\0\0\0\x01\x02\x03", 10);
	q_buf_clear(&out);
	q_websocket_put_close(&out, Q_WEBSOCKET_TRY_LATER, Q_STR("slow"));
	assert_view_equal(q_buf_str(&out), "\x88\x06\x03\xF5slow");
	q_buf_free(&out);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(messages_come_whole_however_they_are_cut),
		CASE(pings_are_answered),
		CASE(close_is_answered_and_is_the_end),
		CASE(what_breaks_the_protocol_ends_with_its_code),
		CASE(frames_have_the_shortest_length),
		CASE(lengths_are_written_in_network_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
