/* The first byte says how to split the rest, bytes of a WebSocket's client. However they are split,
 * the messages are the same, and all that goes back is whole frames. */
#include "net/websocket.h"

#include "base/buf.h"

enum { MESSAGE_MAX = 1024, TRANSCRIPT_MAX = 1 << 20 };

static void note_text(void *context, struct q_str message)
{
	struct q_buf *transcript = context;

	q_assert(message.length <= MESSAGE_MAX);
	q_buf_format(transcript, "[%zu:", message.length);
	q_buf_append(transcript, message);
	q_buf_append_char(transcript, ']');
}

/* Frames of a server are short here: one byte of length. */
static void check_frames(struct q_str reply)
{
	while (reply.length > 0) {
		size_t length;

		q_assert(reply.length >= 2);
		length = 2 + (unsigned char)reply.data[1];
		q_assert((unsigned char)reply.data[1] < 126 && reply.length >= length);
		reply = q_str_slice(reply, length, reply.length);
	}
}

static void run(const uint8_t *data, size_t size, size_t step, struct q_buf *transcript)
{
	const struct q_websocket_options options = {MESSAGE_MAX, transcript, note_text};
	struct q_websocket *websocket;
	bool goes_on = true;
	struct q_err err;

	if (q_websocket_new(&options, &websocket, &err))
		return;
	for (size_t at = 0; at < size && goes_on; at += step) {
		size_t length = size - at < step ? size - at : step;
		struct q_str reply;

		goes_on =
			q_websocket_receive(websocket, (struct q_bytes){data + at, length}, &reply);
		check_frames(reply);
	}
	q_websocket_free(websocket);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_buf whole, split;

	if (size < 2)
		return 0;
	q_buf_init(&whole, TRANSCRIPT_MAX);
	q_buf_init(&split, TRANSCRIPT_MAX);
	run(data + 1, size - 1, size, &whole);
	run(data + 1, size - 1, 1 + data[0] % 16u, &split);
	q_assert(q_str_equal(q_buf_str(&whole), q_buf_str(&split)));
	q_buf_free(&whole);
	q_buf_free(&split);
	return 0;
}
