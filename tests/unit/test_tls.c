/* TLS of the server: what it allows, how it reloads, and that requests work over it. */
#include "net/tls.h"
#include "support/certificate.h"
#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/http_peer.h"
#include "support/http_site.h"
#include "support/scratch.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct site site;
static char directory[SCRATCH_PATH_MAX], certificate_file[SCRATCH_PATH_MAX + 16],
	key_file[SCRATCH_PATH_MAX + 16];

/* A client: the options may be set between client_make and client_shake. */
struct client {
	struct peer peer;
	SSL_CTX *context;
	SSL *ssl;
};

static int start_with(int64_t handshake_ms)
{
	scratch_make(directory);
	snprintf(certificate_file, sizeof certificate_file, "%s/certificate", directory);
	snprintf(key_file, sizeof key_file, "%s/key", directory);
	certificate_write("first", certificate_file, key_file);
	site_init(&site);
	site.options.tls_certificate_file = certificate_file;
	site.options.tls_key_file = key_file;
	site.limits.handshake_ms = handshake_ms;
	site_start(&site);
	return 0;
}

static int start(void **state)
{
	return start_with(q_http_default_limits.handshake_ms);
}

static int start_with_short_handshake(void **state)
{
	return start_with(150);
}

static int stop(void **state)
{
	site_stop(&site);
	scratch_remove(directory);
	return 0;
}

static struct client client_make(void)
{
	struct client client = {.context = SSL_CTX_new(TLS_client_method())};

	assert_non_null(client.context);
	/* What the server must refuse by itself. */
	SSL_CTX_set_security_level(client.context, 0);
	SSL_CTX_set_min_proto_version(client.context, TLS1_VERSION);
	SSL_CTX_set_cipher_list(client.context, "ALL:@SECLEVEL=0");
	return client;
}

static bool client_shake(struct client *client)
{
	peer_open(&client->peer, site.port);
	client->ssl = SSL_new(client->context);
	SSL_set_fd(client->ssl, client->peer.fd);
	return SSL_connect(client->ssl) == 1;
}

static void client_free(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	peer_close(&client->peer);
	ERR_clear_error();
}

static bool can_shake_with(void (*set)(SSL_CTX *context))
{
	struct client client = client_make();
	bool can;

	set(client.context);
	can = client_shake(&client);
	client_free(&client);
	return can;
}

/* Sends, and receives until `needle`. */
static void client_ask(struct client *client, struct q_str bytes, const char *needle)
{
	static char text[1 << 20];
	size_t length = 0;

	assert_int_equal(SSL_write(client->ssl, bytes.data, (int)bytes.length), (int)bytes.length);
	for (text[0] = 0; !strstr(text, needle); text[length] = 0) {
		int got = SSL_read(client->ssl, text + length, (int)(sizeof text - 1 - length));

		if (got <= 0)
			fail_msg("\"%s\" did not come: %s", needle, text);
		length += (size_t)got;
	}
}

static void requests_work(void **state)
{
	struct client client = client_make();

	assert_true(client_shake(&client));
	client_ask(&client, Q_STR("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nhello");
	client_ask(
		&client,
		Q_STR("GET /pool HTTP/1.1\r\nHost: x\r\n\r\nGET /resume HTTP/1.1\r\nHost: x\r\n\r\n"
		      "GET /things/last HTTP/1.1\r\nHost: x\r\n\r\n"),
		"last");
	client_ask(&client, Q_STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
		   "abc");
	client_ask(&client, Q_STR("GET /inspect HTTP/1.1\r\nHost: x\r\n\r\n"), "secure=1");
	client_free(&client);
}

static void bodies_stream_both_ways(void **state)
{
	static char body[700000];
	struct client client = client_make();
	char sum[64], head[200];
	int length;

	memset(body, 'u', sizeof body);
	snprintf(sum, sizeof sum, "%zu %zu", sizeof body, sizeof body * 'u');
	assert_true(client_shake(&client));
	length = snprintf(head, sizeof head,
			  "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
			  sizeof body);
	assert_int_equal(SSL_write(client.ssl, head, length), length);
	client_ask(&client, (struct q_str){body, sizeof body}, sum);
	client_ask(&client, Q_STR("GET /chunked/700000 HTTP/1.1\r\nHost: x\r\n\r\n"),
		   "\r\n0\r\n\r\n");
	client_free(&client);
}

static void pieces_of_a_record_are_put_together(void **state)
{
	struct client client = client_make();
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes;
	long length;

	assert_true(client_shake(&client));
	SSL_set0_wbio(client.ssl, memory);
	SSL_write(client.ssl, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 32);
	length = BIO_get_mem_data(memory, &bytes);
	for (long i = 0; i < length; i++)
		peer_send_view(&client.peer, (struct q_str){bytes + i, 1});
	{
		char text[4096] = {0};

		assert_true(SSL_read(client.ssl, text, sizeof text - 1) > 0);
		assert_non_null(strstr(text, "200 OK"));
	}
	client_free(&client);
}

static void only_tls_1_2(SSL_CTX *context)
{
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

static void only_tls_1_1(SSL_CTX *context)
{
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
}

static void only_tls_1_3(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
}

static void versions_from_1_2_are_spoken(void **state)
{
	assert_true(can_shake_with(only_tls_1_2));
	assert_true(can_shake_with(only_tls_1_3));
	assert_false(can_shake_with(only_tls_1_1));
}

static void only_cbc(SSL_CTX *context)
{
	only_tls_1_2(context);
	SSL_CTX_set_cipher_list(context,
				"ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0");
}

static void only_static_rsa_and_dhe(SSL_CTX *context)
{
	only_tls_1_2(context);
	SSL_CTX_set_cipher_list(context, "AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0");
}

static void only_chacha(SSL_CTX *context)
{
	only_tls_1_2(context);
	SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-CHACHA20-POLY1305");
}

static void ciphers_are_ecdhe_with_aead(void **state)
{
	assert_false(can_shake_with(only_cbc));
	assert_false(can_shake_with(only_static_rsa_and_dhe));
	assert_true(can_shake_with(only_chacha));
}

static void offer_http_1_1(SSL_CTX *context)
{
	SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2\x08http/1.1", 12);
}

static void offer_h2_alone(SSL_CTX *context)
{
	SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2", 3);
}

static void other_protocols_are_refused(void **state)
{
	assert_true(can_shake_with(offer_http_1_1));
	assert_false(can_shake_with(offer_h2_alone));
}

static void renegotiation_is_refused(void **state)
{
	struct client client = client_make();

	only_tls_1_2(client.context);
	assert_true(client_shake(&client));
	SSL_renegotiate(client.ssl);
	assert_int_not_equal(SSL_do_handshake(client.ssl), 1);
	client_free(&client);
}

static void handshake_has_a_deadline(void **state)
{
	struct peer peer;

	peer_open(&peer, site.port);
	peer_send_view(&peer, (struct q_str){"\x16\x03\x01\x02", 4});
	peer_await_end(&peer);
	peer_close(&peer);
}

static void plain_http_is_closed(void **state)
{
	struct peer peer;

	peer_open(&peer, site.port);
	peer_send(&peer, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	peer_await_end(&peer);
	assert_int_equal(peer_count(&peer, "HTTP/1.1"), 0);
	peer_close(&peer);
}

static void server_says_that_it_closes(void **state)
{
	struct client client = client_make();
	char byte;

	assert_true(client_shake(&client));
	client_ask(&client, Q_STR("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
		   "hello");
	assert_int_equal(SSL_read(client.ssl, &byte, 1), 0);
	assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
	client_free(&client);
}

static void assert_certificate_of(struct client *client, const char *name)
{
	X509 *certificate = SSL_get1_peer_certificate(client->ssl);
	char text[64] = "";

	assert_non_null(certificate);
	X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
				  sizeof text);
	assert_string_equal(text, name);
	X509_free(certificate);
}

static void reload_takes_the_new_certificate_for_new_connections(void **state)
{
	struct client before = client_make(), after = client_make();
	struct q_err err;

	assert_true(client_shake(&before));
	assert_certificate_of(&before, "first");
	certificate_write("second", certificate_file, key_file);
	assert_int_equal(q_http_server_reload_tls(site.server, &err), Q_OK);
	assert_true(client_shake(&after));
	assert_certificate_of(&after, "second");
	client_ask(&before, Q_STR("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), "hello");
	client_free(&before);
	client_free(&after);
}

static void a_reload_that_fails_keeps_the_old_one(void **state)
{
	struct client client = client_make();
	char other_key[SCRATCH_PATH_MAX + 16];
	struct q_err err;
	FILE *file;

	snprintf(other_key, sizeof other_key, "%s/other", directory);
	certificate_write("second", certificate_file, other_key);
	assert_int_equal(q_http_server_reload_tls(site.server, &err),
			 Q_INVALID); /* another key's */
	file = fopen(certificate_file, "w");
	fputs("no certificate", file);
	fclose(file);
	assert_int_equal(q_http_server_reload_tls(site.server, &err), Q_INVALID);
	remove(certificate_file);
	assert_int_equal(q_http_server_reload_tls(site.server, &err), Q_NOTFOUND);
	assert_true(client_shake(&client));
	assert_certificate_of(&client, "first");
	client_free(&client);
}

static void many_reloads_are_no_trouble(void **state)
{
	struct client client = client_make();
	struct q_err err;

	for (int i = 0; i < 300; i++)
		assert_int_equal(q_http_server_reload_tls(site.server, &err), Q_OK);
	assert_true(client_shake(&client));
	client_free(&client);
}

static enum q_code make_context(void *context)
{
	struct q_tls_context *tls;
	struct q_err err;
	enum q_code code = q_tls_context_new(certificate_file, key_file, &tls, &err);

	if (code == Q_OK)
		q_tls_context_unref(tls);
	return code;
}

static void context_survives_failing_allocations(void **state)
{
	assert_true(run_with_failing_memory(make_context, NULL) > 0);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)
	const struct CMUnitTest tests[] = {
		CASE(requests_work),
		CASE(bodies_stream_both_ways),
		CASE(pieces_of_a_record_are_put_together),
		CASE(versions_from_1_2_are_spoken),
		CASE(ciphers_are_ecdhe_with_aead),
		CASE(other_protocols_are_refused),
		CASE(renegotiation_is_refused),
		cmocka_unit_test_setup_teardown(handshake_has_a_deadline,
						start_with_short_handshake, stop),
		CASE(plain_http_is_closed),
		CASE(server_says_that_it_closes),
		CASE(reload_takes_the_new_certificate_for_new_connections),
		CASE(a_reload_that_fails_keeps_the_old_one),
		CASE(many_reloads_are_no_trouble),
		CASE(context_survives_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
