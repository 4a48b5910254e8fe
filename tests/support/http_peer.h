/* support/http_peer.h: a client that says exactly the bytes it is told to, and shows exactly what
 * came back.
 *
 * Contract:  every wait is bounded (10 s); a wait in vain fails the test. What was received stays
 *            in `received` until peer_close.
 * Threads:   one at a time. */
#ifndef Q_TESTS_HTTP_PEER_H
#define Q_TESTS_HTTP_PEER_H

#include "base/buf.h"
#include "base/str.h"

enum { PEER_BYTES_MAX = 64 * 1024 * 1024 };

struct peer {
	int fd;
	struct q_buf received;
	size_t taken;	/* of `received`, by peer_answer */
	bool has_ended; /* the server closed its side, or reset */
	bool was_reset;
};

/* To 127.0.0.1. */
void peer_open(struct peer *peer, unsigned port);
/* With a small receive buffer, for a client that reads slowly. */
void peer_open_slow(struct peer *peer, unsigned port);
void peer_close(struct peer *peer);
/* Closes with a reset instead of an orderly end. */
void peer_reset(struct peer *peer);
/* No more will be sent; the peer still reads. */
void peer_end_sending(struct peer *peer);

void peer_send(struct peer *peer, const char *text);
void peer_send_view(struct peer *peer, struct q_str bytes);
/* False where the server has closed. */
bool peer_try_send(struct peer *peer, struct q_str bytes);

/* Until `needle` is in what was received. */
void peer_await(struct peer *peer, const char *needle);
/* Until the server has closed. */
void peer_await_end(struct peer *peer);
/* Is nothing received, and the connection open, for so long? */
bool peer_is_quiet(struct peer *peer, int milliseconds);

/* One whole answer with a Content-Length (or none, for 204 and 304), the next that was not taken.
 */
struct peer_answer {
	int status;
	struct q_str head; /* status line and fields */
	struct q_str body;
};
struct peer_answer peer_answer(struct peer *peer);
/* The same for HEAD: no body follows. */
struct peer_answer peer_answer_to_head(struct peer *peer);
/* A field's value; empty when absent. */
struct q_str peer_field(const struct peer_answer *answer, const char *name);

/* How often `needle` is in what was received. */
size_t peer_count(const struct peer *peer, const char *needle);

/* Connects, sends, receives until the server closes, closes. The text lives until the next call. */
const char *peer_talk(unsigned port, struct q_str bytes);

#endif
