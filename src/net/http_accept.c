/* New connections: taken from the listening socket, counted, turned away where they are too many.
 */
#include "net/server_internal.h"

#include "base/mem.h"
#include "net/tls_internal.h"

#include <sys/socket.h>

enum {
	ACCEPT_AGAIN_MS = 100,
	TURNED_AWAY_MAX = 64 /* connections beyond the limit that get an answer at one time */
};

static void set_peer(struct q__connection *connection)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	int length = sizeof address;

	if (uv_tcp_getpeername(&connection->socket, (struct sockaddr *)&address, &length) == 0 &&
	    q_ip_from_sockaddr((struct sockaddr *)&address, &connection->peer)) {
		connection->peer = q_ip_unmap(&connection->peer);
		q_ip_format(&connection->peer, connection->peer_text);
	}
}

static bool set_tls(struct q__connection *connection)
{
	struct q__loop *loop = connection->loop;
	struct q_http_server *server = loop->server;
	struct q_tls_context *context;

	if (!server->certificate_file)
		return true;
	pthread_mutex_lock(&server->mutex);
	context = q_tls_context_ref(server->tls);
	pthread_mutex_unlock(&server->mutex);
	connection->tls = q__tls_new(context, &loop->cipher);
	q_tls_context_unref(context);
	return connection->tls != NULL;
}

/* One too many: says so where that takes no handshake, and lingers where there are not too many of
 * these as well. */
static void turn_away(struct q__connection *connection, unsigned others)
{
	static char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
			     "Retry-After: 1\r\nConnection: close\r\n\r\n";
	uv_buf_t buffer = uv_buf_init(text, sizeof text - 1);

	if (connection->loop->server->certificate_file ||
	    others >= connection->loop->server->limits.connections + TURNED_AWAY_MAX) {
		q__connection_close(connection, true);
		return;
	}
	(void)uv_try_write((uv_stream_t *)&connection->socket, &buffer, 1);
	connection->is_closing = true;
}

static struct q__connection *connection_new(struct q__loop *loop)
{
	struct q__connection *connection = q_mem_new(sizeof *connection);

	if (!connection)
		return NULL;
	connection->loop = loop;
	connection->since_ms = q__loop_now_ms(loop);
	uv_tcp_init(&loop->uv, &connection->socket);
	connection->socket.data = connection;
	connection->next = &loop->connections;
	connection->previous = loop->connections.previous;
	connection->previous->next = connection;
	loop->connections.previous = connection;
	q__parser_init(connection);
	return connection;
}

void q__connection_accept(struct q__loop *loop)
{
	struct q_http_server *server = loop->server;
	struct q__connection *connection = connection_new(loop);
	unsigned others;

	if (!connection) {
		/* libuv keeps it, and accepts no other, until it is asked for again. */
		q__loop_set_deadline(loop, &loop->accept_again, Q__DUE_ACCEPT,
				     q__loop_now_ms(loop) + ACCEPT_AGAIN_MS);
		return;
	}
	others = atomic_fetch_add(&server->connection_count, 1);
	if (uv_accept((uv_stream_t *)&loop->listener, (uv_stream_t *)&connection->socket) != 0) {
		q__connection_close(connection, true);
		return;
	}
	uv_tcp_nodelay(&connection->socket, 1);
	set_peer(connection);
	if (others >= server->limits.connections)
		turn_away(connection, others);
	else if (!set_tls(connection))
		q__connection_close(connection, true);
	if (!connection->is_closed)
		q__connection_go_on(connection);
}
