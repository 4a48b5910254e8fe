/* net/http_client_internal.h: one request on its way through curl. For net/http_client*.c alone,
 * the only files that know curl: _setup.c says what curl is told, _callbacks.c what it tells us. */
#ifndef Q_NET_HTTP_CLIENT_INTERNAL_H
#define Q_NET_HTTP_CLIENT_INTERNAL_H

#include "base/buf.h"
#include "net/http_client.h"
#include "net/url.h"

#include <curl/curl.h>

struct q_http_client {
	struct q_http_client_options options;
	CURL *easy;
	CURLM *multi;		  /* holds the connections */
	struct curl_slist *unpin; /* takes given addresses out of curl's name cache; or NULL */
};

/* One request on its way. */
struct q_http_client_transfer {
	struct q_http_client *client;
	const struct q_http_client_request *request;
	struct q_http_client_events *events; /* or NULL */
	struct q_arena *arena;
	struct q_http_client_response *response;
	struct q_url url;
	struct q_buf body;   /* of the response */
	uint64_t sent;	     /* bytes that events->read gave */
	size_t header_bytes; /* of the response, so far */
	bool has_all_headers;
	struct curl_slist *headers;
	struct curl_slist *pins;
	char curl_text[CURL_ERROR_SIZE];
	enum q_code code; /* the first failure that is not curl's, with *err */
	struct q_err *err;
};

/* Checks the request and tells curl all of it. */
Q_MUST_USE enum q_code q__http_client_prepare(struct q_http_client_transfer *transfer);

/* curl's callbacks; `context` is the transfer. */
size_t q__http_client_on_header(char *data, size_t size, size_t count, void *context);
size_t q__http_client_on_body(char *data, size_t size, size_t count, void *context);
size_t q__http_client_on_read(char *out, size_t size, size_t count, void *context);
int q__http_client_on_progress(void *context, curl_off_t receive_total, curl_off_t received,
			       curl_off_t send_total, curl_off_t sent);
curl_socket_t q__http_client_on_open_socket(void *context, curlsocktype purpose,
					    struct curl_sockaddr *address);

#endif
