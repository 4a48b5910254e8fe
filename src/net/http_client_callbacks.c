#include "net/http_client_internal.h"

#include "net/http_field.h"

#include <sys/socket.h>

static const char where[] = "http_client.send";

static void begin_response(struct q_http_client_transfer *transfer)
{
	transfer->response->header_count = 0;
	transfer->header_bytes = 0;
	transfer->has_all_headers = false;
}

static enum q_code keep_header(struct q_http_client_transfer *transfer, struct q_str line)
{
	struct q_http_client_response *response = transfer->response;
	struct q_http_client_header *header;
	struct q_str name, value;

	if (!q_str_cut(line, ':', &name, &value) || !q_http_is_token(name))
		return Q_OK; /* no header: curl has understood what matters */
	if (response->header_count == Q_HTTP_CLIENT_HEADERS_MAX)
		return q_fail(transfer->err, Q_TOOBIG, where, "more than %d response headers",
			      Q_HTTP_CLIENT_HEADERS_MAX);
	if (!response->headers)
		response->headers = q_arena_alloc_array(transfer->arena, Q_HTTP_CLIENT_HEADERS_MAX,
							sizeof *response->headers);
	if (!response->headers)
		return q_fail(transfer->err, Q_NOMEM, where, "response headers");
	header = &response->headers[response->header_count++];
	header->name = q_arena_copy(transfer->arena, name);
	header->value = q_arena_copy(transfer->arena, q_str_trim(value));
	if (q_arena_failed(transfer->arena))
		return q_fail(transfer->err, Q_NOMEM, where, "response headers");
	return Q_OK;
}

static void end_headers(struct q_http_client_transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->client->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->response->status = (int)status;
	transfer->has_all_headers = true;
}

/* One line: a status line begins a response (an interim one may precede), an empty one ends its
 * headers; what follows that are trailers, of no interest. */
size_t q__http_client_on_header(char *data, size_t size, size_t count, void *context)
{
	struct q_http_client_transfer *transfer = context;
	struct q_str line = {data, size * count};

	if (q_str_starts_with(line, Q_STR("HTTP/")))
		begin_response(transfer);
	transfer->header_bytes += line.length;
	line = q_str_trim(line);
	if (transfer->header_bytes > Q_HTTP_CLIENT_HEADER_MAX)
		transfer->code =
			q_fail(transfer->err, Q_TOOBIG, where,
			       "the response headers exceed %d bytes", Q_HTTP_CLIENT_HEADER_MAX);
	else if (line.length == 0)
		end_headers(transfer);
	else if (!transfer->has_all_headers)
		transfer->code = keep_header(transfer, line);
	return transfer->code == Q_OK ? size * count : 0;
}

/* False when no more is wanted: the response is cut off, or memory is short. */
static bool keep_body(struct q_http_client_transfer *transfer, struct q_bytes data)
{
	size_t room = transfer->request->response_max - transfer->body.length;

	if (data.length > room) {
		transfer->response->is_cut = true;
		data.length = room;
	}
	if (!q_buf_append(&transfer->body, q_bytes_str(data)))
		transfer->code = q_fail(transfer->err, Q_NOMEM, where, "response body");
	return transfer->code == Q_OK && !transfer->response->is_cut;
}

size_t q__http_client_on_body(char *data, size_t size, size_t count, void *context)
{
	struct q_http_client_transfer *transfer = context;
	struct q_bytes bytes = q_str_bytes((struct q_str){data, size * count});

	if (!transfer->events || !transfer->events->write)
		return keep_body(transfer, bytes) ? bytes.length : 0;
	transfer->code = transfer->events->write(transfer->events, transfer->response->status,
						 bytes, transfer->err);
	return transfer->code == Q_OK ? bytes.length : 0;
}

size_t q__http_client_on_read(char *out, size_t size, size_t count, void *context)
{
	struct q_http_client_transfer *transfer = context;
	uint64_t left = transfer->request->body_length - transfer->sent;
	size_t capacity = size * count < left ? size * count : (size_t)left;
	size_t got = 0;

	if (left == 0)
		return 0;
	transfer->code = transfer->events->read(transfer->events, (unsigned char *)out, capacity,
						&got, transfer->err);
	if (transfer->code == Q_OK && got == 0)
		transfer->code = q_fail(transfer->err, Q_IO, where,
					"the body to send is shorter than it was said to be");
	transfer->sent += got;
	return transfer->code == Q_OK ? got : CURL_READFUNC_ABORT;
}

int q__http_client_on_progress(void *context, curl_off_t receive_total, curl_off_t received,
			       curl_off_t send_total, curl_off_t sent)
{
	struct q_http_client_transfer *transfer = context;

	(void)receive_total, (void)send_total;
	transfer->events->progress(transfer->events, (uint64_t)sent, (uint64_t)received);
	return 0;
}

curl_socket_t q__http_client_on_open_socket(void *context, curlsocktype purpose,
					    struct curl_sockaddr *address)
{
	struct q_http_client_transfer *transfer = context;
	struct q_http_client_events *events = transfer->events;
	struct q_ip ip;

	(void)purpose;
	if (events && events->may_connect &&
	    (!q_ip_from_sockaddr(&address->addr, &ip) || !events->may_connect(events, &ip))) {
		transfer->code = q_fail(transfer->err, Q_DENIED, where,
					"%.*s leads to an address that is not allowed",
					Q_STR_ARG(transfer->url.origin));
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
