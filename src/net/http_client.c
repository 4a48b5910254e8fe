/* How it works: curl's multi interface with one transfer in it, so that the wait is ours: it looks
 * at the deadline and the cancel flag every tenth of a second. Callbacks leave the first failure
 * in the transfer; it stands before whatever curl then makes of it. */
#include "net/http_client_internal.h"

#include "base/mem.h"
#include "net/http_field.h"

#include <sys/socket.h>

enum { WAIT_MS = 100 }; /* how late a deadline or a cancel flag may be seen */

static const char where[] = "http_client.send";

enum q_code q_http_client_open(const struct q_http_client_options *options,
			       struct q_http_client **out, struct q_err *err)
{
	struct q_http_client *client = q_mem_new(sizeof *client);

	if (!client)
		return q_fail(err, Q_NOMEM, "http_client.open", "%zu bytes", sizeof *client);
	if (options)
		client->options = *options;
	client->easy = curl_easy_init();
	client->multi = curl_multi_init();
	if (!client->easy || !client->multi) {
		q_http_client_close(client);
		return q_fail(err, Q_NOMEM, "http_client.open", "curl cannot start");
	}
	*out = client;
	return Q_OK;
}

void q_http_client_close(struct q_http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->easy); /* all of these take NULL */
	curl_multi_cleanup(client->multi);
	curl_slist_free_all(client->unpin);
	q_mem_free(client);
}

struct q_str q_http_client_response_header(const struct q_http_client_response *response,
					   struct q_str name)
{
	for (size_t i = 0; i < response->header_count; i++) {
		if (q_str_equal_ignore_case(response->headers[i].name, name))
			return response->headers[i].value;
	}
	return Q_STR("");
}

/* Waits for the end of the transfer: Q_OK with curl's *result, or why it was given up. */
static enum q_code run(struct q_http_client_transfer *transfer, const struct q_call *call,
		       CURLcode *result)
{
	CURLM *multi = transfer->client->multi;
	int running = 1, queued;
	struct CURLMsg *message;

	while (running && transfer->code == Q_OK) {
		int64_t wait_ms = q_call_remaining_ms(call, WAIT_MS);
		enum q_code code = q_call_check(call, where, transfer->err);

		if (code != Q_OK)
			return code;
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return q_fail(transfer->err, Q_NOMEM, where, "curl cannot go on");
		if (running &&
		    curl_multi_poll(multi, NULL, 0, wait_ms < WAIT_MS ? (int)wait_ms : WAIT_MS,
				    NULL) != CURLM_OK)
			return q_fail(transfer->err, Q_NOMEM, where, "curl cannot wait");
	}
	message = curl_multi_info_read(multi, &queued);
	*result = message ? message->data.result : CURLE_ABORTED_BY_CALLBACK;
	return transfer->code;
}

/* curl keeps at most 100 KB of one header line and calls more of it a lack of memory. */
static bool has_endless_line(const struct q_http_client_transfer *transfer)
{
	long request_bytes = 0;

	curl_easy_getinfo(transfer->client->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	return request_bytes > 0 && !transfer->has_all_headers;
}

static enum q_code translate(const struct q_http_client_transfer *transfer, CURLcode result)
{
	switch (result) {
	case CURLE_URL_MALFORMAT:
		return Q_INVALID;
	case CURLE_OPERATION_TIMEDOUT:
		return Q_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return has_endless_line(transfer) ? Q_TOOBIG : Q_NOMEM;
	default:
		return Q_IO;
	}
}

/* curl's result becomes ours; a body that was cut off is what was asked for. The message names
 * scheme and host alone: the path may be a secret. */
static enum q_code conclude(struct q_http_client_transfer *transfer, CURLcode result)
{
	const char *text =
		transfer->curl_text[0] ? transfer->curl_text : curl_easy_strerror(result);

	if (result == CURLE_OK || transfer->response->is_cut)
		return Q_OK;
	return q_fail(transfer->err, translate(transfer, result), where, "%.*s %.*s: %s",
		      Q_STR_ARG(transfer->request->method), Q_STR_ARG(transfer->url.origin), text);
}

static enum q_code keep_response(struct q_http_client_transfer *transfer)
{
	transfer->response->body =
		q_arena_copy_bytes(transfer->arena, q_str_bytes(q_buf_str(&transfer->body)));
	if (q_arena_failed(transfer->arena))
		return q_fail(transfer->err, Q_NOMEM, where, "response body");
	return Q_OK;
}

static enum q_code perform(struct q_http_client_transfer *transfer, const struct q_call *call)
{
	CURLM *multi = transfer->client->multi;
	CURLcode result = CURLE_OK;
	enum q_code code;

	if (curl_multi_add_handle(multi, transfer->client->easy) != CURLM_OK)
		return q_fail(transfer->err, Q_NOMEM, where, "curl cannot begin");
	code = run(transfer, call, &result);
	if (code == Q_OK)
		code = conclude(transfer, result);
	if (code == Q_OK)
		code = keep_response(transfer);
	curl_multi_remove_handle(multi, transfer->client->easy);
	return code;
}

enum q_code q_http_client_send(struct q_http_client *client, const struct q_call *call,
			       const struct q_http_client_request *request, struct q_arena *arena,
			       struct q_http_client_response *out, struct q_err *err)
{
	struct q_call limited = q_call_within(call, request->timeout_ms);
	struct q_http_client_transfer transfer = {.client = client,
						  .request = request,
						  .events = request->events,
						  .arena = arena,
						  .response = out,
						  .err = err};
	enum q_code code;

	*out = (struct q_http_client_response){0};
	q_buf_init(&transfer.body, request->response_max);
	code = q__http_client_prepare(&transfer);
	if (code == Q_OK)
		code = perform(&transfer, &limited);
	curl_easy_reset(client->easy); /* it points into the transfer no more */
	q_buf_free(&transfer.body);
	curl_slist_free_all(transfer.headers);
	curl_slist_free_all(transfer.pins);
	return code;
}
