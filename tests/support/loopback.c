#include "support/loopback.h"

#include "base/compiler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 65536 };

static ssize_t receive_some(struct loopback_connection *connection, char *out, size_t room)
{
	if (connection->tls)
		return SSL_read(connection->tls, out, (int)room);
	return recv(connection->fd, out, room, 0);
}

static bool receive_more(struct loopback_connection *connection)
{
	ssize_t got;

	connection->received = realloc(connection->received, connection->received_length + PIECE);
	q_assert(connection->received);
	got = receive_some(connection, connection->received + connection->received_length, PIECE);
	if (got > 0)
		connection->received_length += (size_t)got;
	return got > 0;
}

static struct q_str received_bytes(const struct loopback_connection *connection, size_t from,
				   size_t to)
{
	struct q_str all = {connection->received, connection->received_length};

	return q_str_slice(all, from, to);
}

static void forget_last_request(struct loopback_connection *connection)
{
	connection->received_length -= connection->taken;
	if (connection->received_length > 0)
		memmove(connection->received, connection->received + connection->taken,
			connection->received_length);
	connection->taken = 0;
}

static size_t content_length(struct q_str head)
{
	struct q_str line, name, value;
	int64_t length = 0;

	while (q_str_cut(head, '\n', &line, &head)) {
		q_str_cut(q_str_trim(line), ':', &name, &value);
		if (q_str_equal_ignore_case(name, Q_STR("Content-Length")))
			q_assert(q_str_to_int64(q_str_trim(value), &length));
	}
	return (size_t)length;
}

static struct q_str request_path(struct q_str head)
{
	struct q_str method, path, rest;

	q_str_cut(head, ' ', &method, &rest);
	q_str_cut(rest, ' ', &path, &rest);
	return path;
}

/* How long a body to wait for; asks for it where the client waits too. */
static size_t invite_body(struct loopback_connection *connection, struct q_str head)
{
	size_t at;

	if (q_str_equal(request_path(head), Q_STR("/refuse")))
		return 0;
	if (q_str_find(head, Q_STR("\r\nExpect: 100-continue\r\n"), &at))
		loopback_send_text(connection, "HTTP/1.1 100 Continue\r\n\r\n");
	return content_length(head);
}

bool loopback_read(struct loopback_connection *connection, struct loopback_request *out)
{
	size_t head_length, total, at;

	forget_last_request(connection);
	while (!q_str_find(received_bytes(connection, 0, SIZE_MAX), Q_STR("\r\n\r\n"), &at)) {
		if (!receive_more(connection))
			return false;
	}
	atomic_fetch_add(&connection->server->request_count, 1);
	head_length = at + 4;
	total = head_length + invite_body(connection, received_bytes(connection, 0, head_length));
	while (connection->received_length < total) {
		if (!receive_more(connection))
			return false;
	}
	connection->taken = total;
	out->head = received_bytes(connection, 0, head_length);
	out->body = received_bytes(connection, head_length, total);
	out->path = request_path(out->head);
	return true;
}

bool loopback_send(struct loopback_connection *connection, struct q_str bytes)
{
	while (bytes.length > 0) {
		ssize_t sent = connection->tls
				       ? SSL_write(connection->tls, bytes.data, (int)bytes.length)
				       : send(connection->fd, bytes.data, bytes.length, 0);

		if (sent <= 0)
			return false;
		bytes = q_str_slice(bytes, (size_t)sent, bytes.length);
	}
	return true;
}

bool loopback_send_text(struct loopback_connection *connection, const char *text)
{
	return loopback_send(connection, q_str_from(text));
}

void loopback_await_end(struct loopback_connection *connection)
{
	char ignored[PIECE];

	while (receive_some(connection, ignored, sizeof ignored) > 0)
		continue;
}

void loopback_reset(struct loopback_connection *connection)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static bool start_tls(struct loopback_connection *connection)
{
	if (!connection->server->tls_context)
		return true;
	connection->tls = SSL_new(connection->server->tls_context);
	q_assert(connection->tls && SSL_set_fd(connection->tls, connection->fd) == 1);
	return SSL_accept(connection->tls) == 1;
}

static void *run_connection(void *argument)
{
	struct loopback_connection *connection = argument;

	if (start_tls(connection))
		connection->server->serve(connection);
	SSL_free(connection->tls);
	free(connection->received);

	pthread_mutex_lock(&connection->server->mutex);
	close(connection->fd);
	connection->fd = -1;
	pthread_mutex_unlock(&connection->server->mutex);
	return NULL;
}

/* Threads inherit the mask of the one that makes them: none here dies of a client that has left. */
static void block_pipe_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *run_server(void *argument)
{
	struct loopback *server = argument;
	int fd;

	block_pipe_signal();
	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		unsigned count = atomic_load(&server->connection_count);
		struct loopback_connection *connection = &server->connections[count];

		q_assert(count < LOOPBACK_CONNECTIONS_MAX);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		connection->server = server;
		connection->fd = fd;
		atomic_store(&server->connection_count, count + 1); /* before it can answer */
		q_assert(pthread_create(&connection->thread, NULL, run_connection, connection) ==
			 0);
	}
	return NULL;
}

static void use_certificate(struct loopback *server)
{
	server->tls_context = SSL_CTX_new(TLS_server_method());
	q_assert(server->tls_context);
	q_assert(SSL_CTX_use_certificate_chain_file(server->tls_context,
						    server->certificate_file) == 1);
	q_assert(SSL_CTX_use_PrivateKey_file(server->tls_context, server->key_file,
					     SSL_FILETYPE_PEM) == 1);
}

void loopback_start(struct loopback *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;

	if (server->certificate_file)
		use_certificate(server);
	pthread_mutex_init(&server->mutex, NULL);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	q_assert(server->listener >= 0);
	q_assert(bind(server->listener, (struct sockaddr *)&address, length) == 0);
	q_assert(listen(server->listener, 64) == 0);
	q_assert(getsockname(server->listener, (struct sockaddr *)&address, &length) == 0);
	server->port = ntohs(address.sin_port);
	q_assert(pthread_create(&server->thread, NULL, run_server, server) == 0);
}

void loopback_stop(struct loopback *server)
{
	unsigned count;

	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	count = atomic_load(&server->connection_count);
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_lock(&server->mutex);
		if (server->connections[i].fd >= 0)
			shutdown(server->connections[i].fd, SHUT_RDWR);
		pthread_mutex_unlock(&server->mutex);
		pthread_join(server->connections[i].thread, NULL);
	}
	pthread_mutex_destroy(&server->mutex);
	SSL_CTX_free(server->tls_context);
}
