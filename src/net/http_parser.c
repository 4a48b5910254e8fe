/* Bytes to requests, by llhttp without any lenient flag. The parser stops (HPE_PAUSED) after the
 * head of a request with a body and after each request, so that nothing is read further than it has
 * been allowed to. */
#include "net/server_internal.h"

#include <string.h>

/* Bytes of a head beyond those that are counted one by one: separators and spaces. */
enum { HEAD_SLACK_BYTES = 16 * 1024 };

/* Chunk headers may cost so much, and so much for each byte of payload (a chunk of one byte costs
 * 5). */
enum { FRAMING_BYTES_MAX = 16 * 1024, FRAMING_PER_BYTE = 8 };

static struct q__connection *connection_of(llhttp_t *parser)
{
	return parser->data;
}

static struct q_http_request *request_of(llhttp_t *parser)
{
	return connection_of(parser)->request;
}

static bool is_in_body(llhttp_t *parser)
{
	return request_of(parser)->state == Q__BODY;
}

static int refuse(llhttp_t *parser, int status, const char *code, const char *detail)
{
	q__refuse(request_of(parser), status, code, detail);
	return HPE_USER;
}

static int on_message_begin(llhttp_t *parser)
{
	struct q__connection *connection = connection_of(parser);
	struct q_http_request *request = q__loop_take_request(connection->loop);

	if (!request)
		return HPE_USER;
	request->connection = connection;
	request->peer = connection->peer;
	memcpy(request->peer_text, connection->peer_text, sizeof request->peer_text);
	request->is_tls = connection->tls != NULL;
	connection->request = request;
	return HPE_OK;
}

static int append_to_head(llhttp_t *parser, const char *bytes, size_t length)
{
	if (q_buf_append_bytes(&request_of(parser)->head, bytes, length))
		return HPE_OK;
	return refuse(parser, 503, "busy", "The server is out of memory: try again later.");
}

static int on_url(llhttp_t *parser, const char *bytes, size_t length)
{
	struct q_http_request *request = request_of(parser);
	const char *method = llhttp_method_name(parser->method);

	request->target_length += length;
	if (strlen(method) + request->target_length + sizeof "  HTTP/1.1" - 1 >
	    request->loop->server->limits.request_line_bytes)
		return refuse(parser, 414, "uri_too_long", "The request line is too long.");
	return append_to_head(parser, bytes, length);
}

static int check_header_bytes(llhttp_t *parser)
{
	struct q_http_request *request = request_of(parser);
	const struct q_http_limits *limits = &request->loop->server->limits;
	size_t bytes = request->head.length - request->target_length + 4 * request->field_count;

	if (bytes <= limits->header_bytes)
		return HPE_OK;
	return refuse(parser, 431, "headers_too_large", "The header fields are too large.");
}

static int begin_field(llhttp_t *parser)
{
	struct q_http_request *request = request_of(parser);

	if (request->field_count >= request->loop->server->limits.header_count)
		return refuse(parser, 431, "headers_too_large",
			      "There are too many header fields.");
	request->is_in_field = true;
	request->fields[request->field_count++] =
		(struct q__field){.name_at = (uint32_t)request->head.length};
	return HPE_OK;
}

/* The parts of a field may come in pieces. Fields behind the body (trailers) are dropped. */
static int on_header_field(llhttp_t *parser, const char *bytes, size_t length)
{
	struct q_http_request *request = request_of(parser);

	if (is_in_body(parser))
		return HPE_OK;
	if (!request->is_in_field && begin_field(parser) != HPE_OK)
		return HPE_USER;
	request->fields[request->field_count - 1].name_length += (uint32_t)length;
	if (append_to_head(parser, bytes, length) != HPE_OK)
		return HPE_USER;
	return check_header_bytes(parser);
}

static int on_header_field_complete(llhttp_t *parser)
{
	struct q_http_request *request = request_of(parser);

	if (!is_in_body(parser))
		request->fields[request->field_count - 1].value_at = (uint32_t)request->head.length;
	return HPE_OK;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t length)
{
	struct q_http_request *request = request_of(parser);

	if (is_in_body(parser))
		return HPE_OK;
	request->fields[request->field_count - 1].value_length += (uint32_t)length;
	if (append_to_head(parser, bytes, length) != HPE_OK)
		return HPE_USER;
	return check_header_bytes(parser);
}

static int on_header_value_complete(llhttp_t *parser)
{
	request_of(parser)->is_in_field = false;
	return HPE_OK;
}

static int64_t declared_length(const llhttp_t *parser)
{
	if (!(parser->flags & F_CONTENT_LENGTH))
		return -1;
	return parser->content_length > INT64_MAX ? INT64_MAX : (int64_t)parser->content_length;
}

static bool is_known_version(const llhttp_t *parser)
{
	return parser->http_major == 1 && parser->http_minor <= 1;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct q_http_request *request = request_of(parser);

	if (!is_known_version(parser))
		return refuse(parser, 505, "version_not_supported",
			      "Only HTTP/1.1 and 1.0 are spoken here.");
	request->version_minor = parser->http_minor;
	request->method = q_str_from(llhttp_method_name(parser->method));
	request->keeps_alive = llhttp_should_keep_alive(parser);
	request->body_length = declared_length(parser);
	request->has_coding = (parser->flags & F_TRANSFER_ENCODING) != 0;
	request->is_chunked = (parser->flags & F_CHUNKED) != 0;
	request->has_body = request->has_coding || request->body_length > 0;
	parser->upgrade = 0; /* an Upgrade field is ignored: no other protocol follows */
	if (!q__head_check(request))
		return HPE_USER;
	return request->has_body ? HPE_PAUSED : HPE_OK;
}

static int on_body(llhttp_t *parser, const char *bytes, size_t length)
{
	struct q_bytes body = {(const unsigned char *)bytes, length};

	return q__body_add(request_of(parser), body) ? HPE_OK : HPE_USER;
}

static int on_message_complete(llhttp_t *parser)
{
	(void)parser;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void q__parser_init(struct q__connection *connection)
{
	llhttp_init(&connection->parser, HTTP_REQUEST, &settings);
	connection->parser.data = connection;
}

/* Spaces in a head and chunk headers have no callback of their own: here all bytes are counted. */
static bool check_overhead(struct q_http_request *request, size_t used)
{
	const struct q_http_limits *limits = &request->loop->server->limits;
	struct q__intake *intake = &request->intake;

	if (request->state == Q__HEAD) {
		request->raw_head_bytes += used;
		if (request->raw_head_bytes > limits->request_line_bytes + limits->header_bytes +
						      HEAD_SLACK_BYTES + Q__READ_BYTES)
			return q__refuse(request, 431, "headers_too_large",
					 "The head is too large.");
	} else {
		intake->consumed += used;
		if (intake->consumed - intake->received >
		    FRAMING_BYTES_MAX + FRAMING_PER_BYTE * intake->received)
			return q__refuse(request, 400, "bad_request",
					 "Chunks have too much overhead.");
	}
	return true;
}

static enum q__parsed bad(llhttp_t *parser, struct q_http_request *request, llhttp_errno_t error)
{
	/* What was refused by a callback has its reason; the parser's own reasons are literals. */
	if (!request || request->refusal.status)
		return Q__PARSED_BAD;
	/* HPE_INVALID_VERSION is also what a bad end of the line gives. */
	if ((error == HPE_INVALID_VERSION && !is_known_version(parser)) ||
	    error == HPE_PAUSED_H2_UPGRADE)
		refuse(parser, 505, "version_not_supported",
		       "Only HTTP/1.1 and 1.0 are spoken here.");
	else
		refuse(parser, 400, "bad_request", llhttp_get_error_reason(parser));
	return Q__PARSED_BAD;
}

enum q__parsed q__parser_execute(struct q__connection *connection, struct q_bytes bytes,
				 size_t *used)
{
	llhttp_t *parser = &connection->parser;
	const char *start = (const char *)bytes.data;
	struct q_http_request *request;
	llhttp_errno_t error;

	if (!connection->request)
		llhttp_reset(parser); /* nothing of the request before can reach into this one */
	else
		llhttp_resume(parser);
	error = llhttp_execute(parser, start, bytes.length);
	request = connection->request;
	*used = error == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(parser) - start) : bytes.length;
	if (error != HPE_OK && error != HPE_PAUSED)
		return bad(parser, request, error);
	if (request && !check_overhead(request, *used))
		return Q__PARSED_BAD;
	if (error == HPE_OK)
		return Q__PARSED_ALL;
	q_assert(request); /* only what belongs to one pauses */
	return request->state == Q__HEAD && request->has_body ? Q__PARSED_HEAD : Q__PARSED_REQUEST;
}
