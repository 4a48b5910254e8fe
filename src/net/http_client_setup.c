/* What curl is told of a request. Results of setting options are or-ed: it fails only for want of
 * memory. */
#include "net/http_client_internal.h"

#include "net/http_field.h"

enum { CONNECT_MS = 10 * 1000, RECEIVE_BYTES = 128 * 1024, SEND_BYTES = 256 * 1024 };

static const char where[] = "http_client.send";

static int set_fixed_options(CURL *easy)
{
	int failed = 0;

	failed |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	failed |= (int)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_PROXY,
					""); /* none, whatever the environment says */
	failed |= (int)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	failed |= (int)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS,
					1L); /* signed paths stay as signed */
	failed |= (int)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
					1L); /* no wait for a lookup given up */
	/* Wishes: curl 7.88 refuses them after a failed name lookup, where it has kept its
	 * buffer. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	return failed;
}

static int set_client_options(CURL *easy, const struct q_http_client_options *options)
{
	const char *user_agent = options->user_agent ? options->user_agent : "quire";
	int failed = 0;

	failed |= (int)curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
	failed |= (int)curl_easy_setopt(
		easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(options->connect_ms > 0 ? options->connect_ms : CONNECT_MS));
	if (options->ca_file)
		failed |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	return failed;
}

static int set_callbacks(CURL *easy, struct q_http_client_transfer *transfer)
{
	int failed = 0;

	failed |= (int)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, q__http_client_on_header);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, q__http_client_on_body);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
					q__http_client_on_open_socket);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	if (transfer->events && transfer->events->progress) {
		failed |= (int)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION,
						q__http_client_on_progress);
		failed |= (int)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
		failed |= (int)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	}
	return failed;
}

static bool is_streamed(const struct q_http_client_transfer *transfer)
{
	return transfer->events && transfer->events->read;
}

/* curl's own words for a method imply a body or its absence; the method sent is always ours. */
static int set_body(CURL *easy, struct q_http_client_transfer *transfer)
{
	const struct q_http_client_request *request = transfer->request;
	bool has_body = request->body.length > 0 || is_streamed(transfer) ||
			q_str_equal(request->method, Q_STR("POST")) ||
			q_str_equal(request->method, Q_STR("PUT")) ||
			q_str_equal(request->method, Q_STR("PATCH"));
	int failed = 0;

	if (!has_body)
		return (int)curl_easy_setopt(easy,
					     q_str_equal(request->method, Q_STR("HEAD"))
						     ? CURLOPT_NOBODY
						     : CURLOPT_HTTPGET,
					     1L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	if (!is_streamed(transfer)) {
		failed |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
						(curl_off_t)request->body.length);
		failed |= (int)curl_easy_setopt(
			easy, CURLOPT_POSTFIELDS,
			request->body.length > 0 ? (const char *)request->body.data : "");
		return failed;
	}
	failed |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)request->body_length);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_READFUNCTION, q__http_client_on_read);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	return failed;
}

/* RFC 9110 9.2.2, and a body that cannot be read again. */
static bool may_be_sent_twice(const struct q_http_client_transfer *transfer)
{
	struct q_str method = transfer->request->method;

	if (is_streamed(transfer))
		return false;
	return transfer->request->is_repeatable ||
	       !(q_str_equal(method, Q_STR("POST")) || q_str_equal(method, Q_STR("PATCH")));
}

/* A kept connection has not seen this request's may_connect, and one made for it is not for others.
 */
static int set_connection_use(CURL *easy, const struct q_http_client_transfer *transfer)
{
	bool is_own = transfer->request->address_count > 0 ||
		      (transfer->events && transfer->events->may_connect);
	int failed = 0;

	if (is_own || !may_be_sent_twice(transfer))
		failed |= (int)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	if (is_own)
		failed |= (int)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	return failed;
}

/* False when memory is short; *list is as it was. */
static bool add_line(struct curl_slist **list, struct q_str line)
{
	struct curl_slist *longer = line.data ? curl_slist_append(*list, line.data) : NULL;

	if (longer)
		*list = longer;
	return longer != NULL;
}

/* Fields that decide how a message is framed or where it goes are curl's to write. */
static bool is_own_header(struct q_str name)
{
	const struct q_str own[] = {Q_STR("Host"), Q_STR("Content-Length"),
				    Q_STR("Transfer-Encoding"), Q_STR("Connection")};

	for (size_t i = 0; i < Q_COUNT_OF(own); i++) {
		if (q_str_equal_ignore_case(name, own[i]))
			return true;
	}
	return false;
}

static enum q_code add_headers(struct q_http_client_transfer *transfer)
{
	for (size_t i = 0; i < transfer->request->header_count; i++) {
		struct q_str name = transfer->request->headers[i].name;
		struct q_str value = q_str_trim(transfer->request->headers[i].value);
		struct q_str line;

		if (!q_http_is_token(name) || !q_http_is_field_value(value) || is_own_header(name))
			return q_fail(transfer->err, Q_INVALID, where,
				      "request header %zu (\"%.*s\") may not be sent", i,
				      Q_STR_ARG(name));
		/* "name;" is curl's way to write an empty value: "name:" would leave the header
		 * out. */
		line = value.length > 0 ? q_arena_format(transfer->arena, "%.*s: %.*s",
							 Q_STR_ARG(name), Q_STR_ARG(value))
					: q_arena_format(transfer->arena, "%.*s;", Q_STR_ARG(name));
		if (!add_line(&transfer->headers, line))
			return q_fail(transfer->err, Q_NOMEM, where, "request headers");
	}
	/* curl would call every body a form. */
	if (!add_line(&transfer->headers, Q_STR("Content-Type:")))
		return q_fail(transfer->err, Q_NOMEM, where, "request headers");
	return Q_OK;
}

/* Gives curl the name's addresses, "+host:port:address,address" ('+': not for ever), in place of
 * what earlier requests gave; "-host:port" will take them away again. */
static enum q_code add_pins(struct q_http_client_transfer *transfer)
{
	const struct q_http_client_request *request = transfer->request;
	struct q_str host = transfer->url.host;
	unsigned port = transfer->url.port;
	struct q_buf line;
	bool is_added;

	transfer->pins = transfer->client->unpin;
	transfer->client->unpin = NULL;
	if (request->address_count == 0 || transfer->url.is_address)
		return Q_OK;
	q_buf_init(&line, 64 * 1024);
	q_buf_format(&line, "+%.*s:%u:", Q_STR_ARG(host), port);
	for (size_t i = 0; i < request->address_count; i++) {
		char text[Q_IP_TEXT_SIZE];

		q_ip_format(&request->addresses[i], text);
		q_buf_format(&line, request->addresses[i].is_v4 ? "%s%s" : "%s[%s]",
			     i > 0 ? "," : "", text);
	}
	is_added = !q_buf_failed(&line) && add_line(&transfer->pins, q_buf_str(&line));
	q_buf_clear(&line);
	q_buf_format(&line, "-%.*s:%u", Q_STR_ARG(host), port);
	is_added = is_added && !q_buf_failed(&line) &&
		   add_line(&transfer->client->unpin, q_buf_str(&line));
	q_buf_free(&line);
	return is_added ? Q_OK : q_fail(transfer->err, Q_NOMEM, where, "addresses");
}

static enum q_code set_url_and_method(CURL *easy, struct q_http_client_transfer *transfer)
{
	const struct q_http_client_request *request = transfer->request;
	struct q_str url = q_arena_copy(transfer->arena, request->url);
	struct q_str method = q_arena_copy(transfer->arena, request->method);

	if (q_arena_failed(transfer->arena) ||
	    curl_easy_setopt(easy, CURLOPT_URL, url.data) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.data) != CURLE_OK)
		return q_fail(transfer->err, Q_NOMEM, where, "request");
	return Q_OK;
}

enum q_code q__http_client_prepare(struct q_http_client_transfer *transfer)
{
	CURL *easy = transfer->client->easy;
	int failed = 0;
	enum q_code code;

	if (!q_http_is_token(transfer->request->method))
		return q_fail(transfer->err, Q_INVALID, where, "the method is not a word");
	code = q_url_parse(transfer->request->url, &transfer->url, transfer->err);
	if (code == Q_OK)
		code = add_headers(transfer);
	if (code == Q_OK)
		code = add_pins(transfer);
	if (code != Q_OK)
		return code;

	curl_easy_reset(easy); /* options alone: connections and TLS sessions stay */
	failed |= set_fixed_options(easy);
	failed |= set_client_options(easy, &transfer->client->options);
	failed |= set_callbacks(easy, transfer);
	failed |= set_body(easy, transfer);
	failed |= set_connection_use(easy, transfer);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
					(long)(transfer->request->stall_ms / 1000));
	failed |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	failed |= (int)curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->pins);
	if (failed)
		return q_fail(transfer->err, Q_NOMEM, where, "curl takes no options");
	return set_url_and_method(easy, transfer);
}
