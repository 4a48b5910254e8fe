#include "net/websocket.h"

#include "base/encode.h"
#include "base/hash.h"
#include "base/mem.h"
#include "net/http_field.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/problem.h"

#include <stdio.h>
#include <string.h>
#include <wslay/wslay.h>

enum { REPLY_BYTES_MAX = 64 * 1024, KEY_LENGTH = 24, LENGTH_16 = 126, LENGTH_64 = 127, FIN = 0x80 };

struct q_websocket {
	struct q_websocket_options o;
	wslay_event_context_ptr parser;
	struct q_bytes input; /* what is left of the bytes in hand */
	struct q_buf reply;
	bool is_refused; /* for what it sent: nothing more of it counts */
};

/* ---- the handshake ---- */

/* Is `word` one of a comma-separated list, whatever its case? */
static bool has_word(struct q_str list, struct q_str word)
{
	struct q_str one;

	while (list.length > 0) {
		q_str_cut(list, ',', &one, &list);
		if (q_str_equal_ignore_case(q_str_trim(one), word))
			return true;
	}
	return false;
}

/* base64 of 16 bytes. */
static bool is_key(struct q_str key)
{
	if (key.length != KEY_LENGTH || !q_str_ends_with(key, Q_STR("==")))
		return false;
	for (size_t i = 0; i < KEY_LENGTH - 2; i++)
		if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			    key.data[i], 64))
			return false;
	return true;
}

/* RFC 6455 4.2.2: proves that the key was read by a WebSocket server. */
static void add_accept(struct q_http_request *request, struct q_str key)
{
	unsigned char digest[Q_SHA1_SIZE];
	char text[KEY_LENGTH + 36 + 1];
	struct q_buf accept;

	snprintf(text, sizeof text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", Q_STR_ARG(key));
	q_sha1_of(q_str_bytes(q_str_from(text)), digest);
	q_buf_init(&accept, 64);
	q_encode_base64(&accept, (struct q_bytes){digest, sizeof digest});
	q_http_add_header(request, "Upgrade", Q_STR("websocket"));
	q_http_add_header(request, "Sec-WebSocket-Accept", q_buf_str(&accept));
	q_buf_free(&accept);
}

bool q_websocket_accept(struct q_http_request *request)
{
	struct q_str key = q_http_request_header(request, Q_STR("Sec-WebSocket-Key"));

	if (!has_word(q_http_request_header(request, Q_STR("Upgrade")), Q_STR("websocket")) ||
	    !has_word(q_http_request_header(request, Q_STR("Connection")), Q_STR("upgrade"))) {
		q_http_add_header(request, "Upgrade", Q_STR("websocket"));
		q_http_respond_refusal(request, 426, "upgrade_required",
				       "this is a WebSocket: ask to upgrade");
		return false;
	}
	if (!q_str_equal(q_http_request_header(request, Q_STR("Sec-WebSocket-Version")),
			 Q_STR("13"))) {
		q_http_add_header(request, "Sec-WebSocket-Version", Q_STR("13"));
		q_http_respond_refusal(request, 426, "upgrade_required",
				       "only version 13 is spoken here");
		return false;
	}
	if (!is_key(key) || q_http_request_header_count(request, Q_STR("Sec-WebSocket-Key")) != 1) {
		q_http_respond_refusal(request, 400, "bad_request",
				       "Sec-WebSocket-Key is not the base64 of 16 bytes");
		return false;
	}
	add_accept(request, key);
	return true;
}

/* ---- frames to the client ---- */

static bool put_frame(struct q_buf *out, unsigned char opcode, struct q_str payload)
{
	unsigned char head[10] = {(unsigned char)(FIN | opcode)};
	size_t length = 2;

	if (payload.length < LENGTH_16) {
		head[1] = (unsigned char)payload.length;
	} else if (payload.length <= UINT16_MAX) {
		head[1] = LENGTH_16;
		length = 4;
	} else {
		head[1] = LENGTH_64;
		length = 10;
	}
	for (size_t i = 2, rest = payload.length; i < length; i++, rest >>= 8)
		head[length + 1 - i] = (unsigned char)rest;
	return q_buf_append_bytes(out, head, length) && q_buf_append(out, payload);
}

bool q_websocket_put_text(struct q_buf *out, struct q_str message)
{
	return put_frame(out, WSLAY_TEXT_FRAME, message);
}

bool q_websocket_put_ping(struct q_buf *out)
{
	return put_frame(out, WSLAY_PING, Q_STR(""));
}

bool q_websocket_put_close(struct q_buf *out, enum q_websocket_code code, struct q_str reason)
{
	char payload[2 + Q_WEBSOCKET_REASON_MAX] = {(char)(code >> 8), (char)(code & 0xFF)};

	q_assert(reason.length <= Q_WEBSOCKET_REASON_MAX);
	memcpy(payload + 2, reason.data, reason.length);
	return put_frame(out, WSLAY_CONNECTION_CLOSE, (struct q_str){payload, 2 + reason.length});
}

/* ---- wslay's callbacks ---- */

static ssize_t give_input(wslay_event_context_ptr parser, uint8_t *buffer, size_t capacity,
			  int flags, void *context)
{
	struct q_websocket *websocket = context;
	size_t length = websocket->input.length < capacity ? websocket->input.length : capacity;

	(void)flags;
	if (length == 0) {
		wslay_event_set_error(parser, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(buffer, websocket->input.data, length);
	websocket->input.data += length;
	websocket->input.length -= length;
	return (ssize_t)length;
}

static ssize_t take_reply(wslay_event_context_ptr parser, const uint8_t *data, size_t length,
			  int flags, void *context)
{
	struct q_websocket *websocket = context;

	(void)flags;
	if (q_buf_append_bytes(&websocket->reply, data, length))
		return (ssize_t)length;
	wslay_event_set_error(parser, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void take_message(wslay_event_context_ptr parser,
			 const struct wslay_event_on_msg_recv_arg *message, void *context)
{
	struct q_websocket *websocket = context;

	if (websocket->is_refused)
		return; /* wslay reads on until the close frame is sent */
	if (message->opcode == WSLAY_TEXT_FRAME) {
		websocket->o.on_text(
			websocket->o.context,
			(struct q_str){(const char *)message->msg, message->msg_length});
	} else if (message->opcode == WSLAY_BINARY_FRAME) {
		websocket->is_refused = true;
		(void)wslay_event_queue_close(parser, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
	}
}

enum q_code q_websocket_new(const struct q_websocket_options *options, struct q_websocket **out,
			    struct q_err *err)
{
	const struct wslay_event_callbacks callbacks = {.recv_callback = give_input,
							.send_callback = take_reply,
							.on_msg_recv_callback = take_message};
	struct q_websocket *websocket = q_mem_new(sizeof *websocket);

	if (!websocket)
		return q_fail(err, Q_NOMEM, "websocket.new", "%zu bytes", sizeof *websocket);
	websocket->o = *options;
	q_buf_init(&websocket->reply, REPLY_BYTES_MAX);
	if (wslay_event_context_server_init(&websocket->parser, &callbacks, websocket) != 0) {
		q_mem_free(websocket);
		return q_fail(err, Q_NOMEM, "websocket.new", "a parser");
	}
	wslay_event_config_set_max_recv_msg_length(websocket->parser, options->message_bytes_max);
	*out = websocket;
	return Q_OK;
}

void q_websocket_free(struct q_websocket *websocket)
{
	if (!websocket)
		return;
	wslay_event_context_free(websocket->parser);
	q_buf_free(&websocket->reply);
	q_mem_free(websocket);
}

/* After a close frame, theirs or ours, nothing more is read. */
static bool is_open(struct q_websocket *websocket)
{
	return wslay_event_get_read_enabled(websocket->parser) &&
	       !wslay_event_get_close_received(websocket->parser) &&
	       !wslay_event_get_close_sent(websocket->parser);
}

/* Messages that break the protocol wslay answers with a close frame itself; of frames that do, it
 * only tells. */
static bool receive(struct q_websocket *websocket)
{
	int error = wslay_event_recv(websocket->parser);

	if (error == 0)
		return wslay_event_send(websocket->parser) == 0 && is_open(websocket);
	q_websocket_put_close(&websocket->reply,
			      error == WSLAY_ERR_NOMEM ? Q_WEBSOCKET_INTERNAL
						       : Q_WEBSOCKET_PROTOCOL_ERROR,
			      Q_STR(""));
	return false;
}

bool q_websocket_receive(struct q_websocket *websocket, struct q_bytes bytes, struct q_str *reply)
{
	bool goes_on;

	q_buf_clear(&websocket->reply);
	websocket->input = bytes;
	goes_on = receive(websocket);
	*reply = q_buf_str(&websocket->reply);
	return goes_on && !q_buf_failed(&websocket->reply);
}
