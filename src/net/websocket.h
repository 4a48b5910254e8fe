/* net/websocket.h: the server's side of WebSocket (RFC 6455), from bytes to messages and back; no
 * sockets. The parser is wslay's.
 *
 * Contract:  text messages of at most message_bytes_max, whole, in UTF-8, come to on_text; pings
 *            are answered and fragments joined here. What breaks the protocol ends the connection
 *            with the close code for it: 1002, 1003 (binary), 1007, 1009. No extension is offered
 *            (permessage-deflate is off): a compressed frame is a protocol error.
 * Ownership: the owner frees it; views are borrowed for the call.
 * Threads:   a q_websocket belongs to one at a time (the loop of its connection); the functions
 *            that write frames are pure.
 * Errors:    new: Q_NOMEM. */
#ifndef Q_NET_WEBSOCKET_H
#define Q_NET_WEBSOCKET_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct q_http_request;
struct q_websocket;

enum q_websocket_code {
	Q_WEBSOCKET_NORMAL = 1000,
	Q_WEBSOCKET_GOING_AWAY = 1001,
	Q_WEBSOCKET_PROTOCOL_ERROR = 1002,
	Q_WEBSOCKET_POLICY = 1008,
	Q_WEBSOCKET_INTERNAL = 1011,
	Q_WEBSOCKET_TRY_LATER = 1013
};

enum { Q_WEBSOCKET_REASON_MAX = 123, Q_WEBSOCKET_CLOSE_BYTES_MAX = 127 };

struct q_websocket_options {
	size_t message_bytes_max;
	void *context;
	void (*on_text)(void *context, struct q_str message);
};

/* Checks the handshake and adds the headers of its answer, which is then a stream of status 101
 * (net/http_stream.h). False when it has answered: 400, or 426 for another version. */
Q_MUST_USE bool q_websocket_accept(struct q_http_request *request);

Q_MUST_USE enum q_code q_websocket_new(const struct q_websocket_options *options,
				       struct q_websocket **out, struct q_err *err);
void q_websocket_free(struct q_websocket *websocket);

/* Takes bytes of the client. *reply are whole frames that go back: pongs, and the close frame at
 * the end; it lives until the next call. False: nothing more is read or sent after *reply. */
bool q_websocket_receive(struct q_websocket *websocket, struct q_bytes bytes, struct q_str *reply);

/* Appends a frame, for sending it whole. The reason has at most Q_WEBSOCKET_REASON_MAX bytes. */
bool q_websocket_put_text(struct q_buf *out, struct q_str message);
bool q_websocket_put_ping(struct q_buf *out);
bool q_websocket_put_close(struct q_buf *out, enum q_websocket_code code, struct q_str reason);

#endif
