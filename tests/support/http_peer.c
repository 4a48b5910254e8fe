#include "support/http_peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WAIT_MS = 10000, SLOW_BUFFER_BYTES = 4096 };

static void open_with(struct peer *peer, unsigned port, int buffer_bytes)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	*peer = (struct peer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	q_buf_init(&peer->received, PEER_BYTES_MAX);
	assert_true(peer->fd >= 0);
	if (buffer_bytes)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof address), 0);
}

void peer_open(struct peer *peer, unsigned port)
{
	open_with(peer, port, 0);
}

void peer_open_slow(struct peer *peer, unsigned port)
{
	open_with(peer, port, SLOW_BUFFER_BYTES);
}

void peer_close(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	q_buf_free(&peer->received);
}

void peer_reset(struct peer *peer)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	peer_close(peer);
}

void peer_end_sending(struct peer *peer)
{
	shutdown(peer->fd, SHUT_WR);
}

bool peer_try_send(struct peer *peer, struct q_str bytes)
{
	while (bytes.length > 0) {
		ssize_t sent = send(peer->fd, bytes.data, bytes.length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		bytes = q_str_slice(bytes, (size_t)sent, bytes.length);
	}
	return true;
}

void peer_send_view(struct peer *peer, struct q_str bytes)
{
	assert_true(peer_try_send(peer, bytes));
}

void peer_send(struct peer *peer, const char *text)
{
	peer_send_view(peer, q_str_from(text));
}

/* False when nothing came in that time. */
static bool receive(struct peer *peer, int timeout_ms)
{
	struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
	char bytes[65536];
	ssize_t got;

	if (peer->has_ended || poll(&wait, 1, timeout_ms) <= 0)
		return false;
	got = recv(peer->fd, bytes, sizeof bytes, 0);
	if (got > 0) {
		assert_true(q_buf_append_bytes(&peer->received, bytes, (size_t)got));
		return true;
	}
	peer->has_ended = true;
	peer->was_reset = got < 0;
	return true;
}

void peer_await(struct peer *peer, const char *needle)
{
	size_t at;

	while (!q_str_find(q_buf_str(&peer->received), q_str_from(needle), &at))
		if (peer->has_ended || !receive(peer, WAIT_MS))
			fail_msg("\"%s\" did not come; received: %.300s", needle,
				 peer->received.data);
}

void peer_await_end(struct peer *peer)
{
	while (!peer->has_ended)
		if (!receive(peer, WAIT_MS))
			fail_msg("the server did not close; received: %.300s", peer->received.data);
}

bool peer_is_quiet(struct peer *peer, int milliseconds)
{
	return !peer->has_ended && !receive(peer, milliseconds);
}

static struct q_str untaken(const struct peer *peer)
{
	return q_str_slice(q_buf_str(&peer->received), peer->taken, peer->received.length);
}

struct q_str peer_field(const struct peer_answer *answer, const char *name)
{
	struct q_str line, rest = answer->head, field, value;

	while (q_str_cut(rest, '\n', &line, &rest))
		if (q_str_cut(line, ':', &field, &value) &&
		    q_str_equal_ignore_case(field, q_str_from(name)))
			return q_str_trim(value);
	return Q_STR("");
}

static void await_more(struct peer *peer, size_t length)
{
	while (untaken(peer).length < length)
		if (peer->has_ended || !receive(peer, WAIT_MS))
			fail_msg("an answer is not whole: %.300s", peer->received.data);
}

static struct peer_answer take_answer(struct peer *peer, bool has_body)
{
	struct peer_answer answer;
	size_t end;
	int64_t length = 0;

	while (!q_str_find(untaken(peer), Q_STR("\r\n\r\n"), &end))
		await_more(peer, untaken(peer).length + 1);
	answer.head = q_str_slice(untaken(peer), 0, end + 4);
	answer.status = atoi(answer.head.data + strlen("HTTP/1.1 "));
	if (has_body && peer_field(&answer, "content-length").length > 0)
		assert_true(q_str_to_int64(peer_field(&answer, "content-length"), &length));
	await_more(peer, end + 4 + (size_t)length);
	answer.head = q_str_slice(untaken(peer), 0, end + 4); /* the buffer may have moved */
	answer.body = q_str_slice(untaken(peer), end + 4, end + 4 + (size_t)length);
	peer->taken += end + 4 + (size_t)length;
	return answer;
}

struct peer_answer peer_answer(struct peer *peer)
{
	return take_answer(peer, true);
}

struct peer_answer peer_answer_to_head(struct peer *peer)
{
	return take_answer(peer, false);
}

size_t peer_count(const struct peer *peer, const char *needle)
{
	struct q_str rest = q_buf_str(&peer->received), wanted = q_str_from(needle);
	size_t count = 0, at;

	for (; q_str_find(rest, wanted, &at); count++)
		rest = q_str_slice(rest, at + wanted.length, rest.length);
	return count;
}

const char *peer_talk(unsigned port, struct q_str bytes)
{
	static char text[65536];
	struct peer peer;

	peer_open(&peer, port);
	(void)peer_try_send(&peer, bytes); /* the server may refuse before the end */
	peer_await_end(&peer);
	assert_true(peer.received.length < sizeof text);
	memcpy(text, peer.received.data, peer.received.length + 1);
	peer_close(&peer);
	return text;
}
