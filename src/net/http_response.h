/* net/http_response.h: answering a request, exactly once.
 *
 * Contract:  headers first (q_http_add_header), then one q_http_respond...; a second answer is a
 *            bug. HEAD requests are answered as GET: the body is left out here. Date,
 *            Content-Length (or chunked), Connection and X-Request-Id are the server's own.
 *            A header, or content type, that is refused or finds no memory turns the answer into a
 *            500: results need not be checked one by one.
 * Units:     bytes, ms.
 * Ownership: see each function.
 * Threads:   the request's owner (http_request.h). None of these waits.
 * Errors:    none: what fails while sending closes the connection. */
#ifndef Q_NET_HTTP_RESPONSE_H
#define Q_NET_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct q_http_request;

/* Copies name and value. The name is a token that is not one of the server's own headers nor
 * Content-Type (a bug otherwise); a value with control characters (CR, LF, NUL...) is refused. A
 * second header of one name is a second field. */
void q_http_add_header(struct q_http_request *request, const char *name, struct q_str value);

/* `body` lives in the request's arena, or for ever. `content_type` (copied) may be NULL where the
 * body is empty. */
void q_http_respond(struct q_http_request *request, int status, const char *content_type,
		    struct q_str body);

/* Takes the buffer's bytes: *body is empty afterwards, ready for use or q_buf_free. One that has
 * failed gives 500. */
void q_http_respond_buf(struct q_http_request *request, int status, const char *content_type,
			struct q_buf *body);

/* No body: 204, 304, or another status with Content-Length: 0. */
void q_http_respond_empty(struct q_http_request *request, int status);

/* Adds the ETag header, and answers 304 when the request has it (q_http_request_matches_etag) and
 * is GET or HEAD; else false: the handler goes on to answer. */
bool q_http_respond_not_modified(struct q_http_request *request, struct q_str etag);

/* Bytes for a body too large to hold. Both functions run on pool threads, one call at a time, while
 * the client reads.
 *
 *  read:  fills up to `capacity` bytes; *got == 0 is the end. An error, or an end before the stated
 *         length, cuts the connection so that the client can tell; it is logged.
 *  close: called once, last, whatever happened (HEAD, error, client gone). Frees the source. */
struct q_http_body_source {
	enum q_code (*read)(struct q_http_body_source *source, unsigned char *buffer,
			    size_t capacity, size_t *got, struct q_err *err);
	void (*close)(struct q_http_body_source *source);
};

/* Takes the source. length -1: not known, sent chunked (HTTP/1.0: until close). Of a source that
 * has more than its length the rest is not read. */
void q_http_respond_stream(struct q_http_request *request, int status, const char *content_type,
			   int64_t length, struct q_http_body_source *source);

/* Closes the connection once this answer is sent. Call before answering. */
void q_http_close_after(struct q_http_request *request);

/* "Not Found" for 404; "Unknown" for what has no name. */
const char *q_http_status_text(int status);

#endif
