#include "net/tls.h"

#include "base/mem.h"
#include "net/tls_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct q_tls_context {
	atomic_uint references;
	SSL_CTX *openssl;
	BIO_METHOD *bio; /* how a connection's SSL reads and writes memory */
};

struct q__tls {
	struct q_tls_context *context;
	SSL *ssl;
	struct q_buf *cipher;
	struct q_bytes input; /* not read yet: lent, or in `kept` */
	unsigned char *kept;  /* heap */
};

static const char cipher_list[] =
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/* OpenSSL's reason as text; the queue of errors is emptied. */
static enum q_code fail_openssl(struct q_err *err, enum q_code code, const char *file)
{
	char reason[160] = "unknown";
	unsigned long error = ERR_peek_last_error();

	if (error)
		ERR_error_string_n(error, reason, sizeof reason);
	ERR_clear_error();
	return q_fail(err, code, "tls.context", "%s: %s", file, reason);
}

/* OpenSSL reports a missing file in many ways: ask first. */
static enum q_code check_readable(const char *file, struct q_err *err)
{
	return access(file, R_OK) == 0 ? Q_OK : q_fail_os(err, errno, "tls.context", "%s", file);
}

/* "http/1.1" or nothing: a client that names only other protocols would misunderstand every answer.
 */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
			   const unsigned char *offered, unsigned offered_length, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)context;
	if (SSL_select_next_proto(&chosen, out_length, ours, sizeof ours - 1, offered,
				  offered_length) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* ---- memory as a BIO ---- */

static int bio_read(BIO *bio, char *out, int capacity)
{
	struct q__tls *tls = BIO_get_data(bio);
	size_t length = tls->input.length < (size_t)capacity ? tls->input.length : (size_t)capacity;

	BIO_clear_retry_flags(bio);
	if (length == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, tls->input.data, length);
	tls->input.data += length;
	tls->input.length -= length;
	return (int)length;
}

static int bio_write(BIO *bio, const char *bytes, int length)
{
	struct q__tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	return q_buf_append_bytes(tls->cipher, bytes, (size_t)length) ? length : -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_bio_method(void)
{
	/* No type index of its own: OpenSSL has 127 of them, and each reload would take one. */
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "memory");

	if (!method)
		return NULL;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_control);
	return method;
}

/* ---- contexts ---- */

/* OpenSSL would ask on the terminal. */
static int refuse_passphrase(char *out, int size, int is_for_writing, void *context)
{
	(void)out;
	(void)size;
	(void)is_for_writing;
	(void)context;
	return -1;
}

static bool set_rules(SSL_CTX *openssl)
{
	SSL_CTX_set_options(openssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(openssl, refuse_passphrase);
	SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(openssl, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(openssl, cipher_list) == 1;
}

static enum q_code load(struct q_tls_context *context, const char *certificate_file,
			const char *key_file, struct q_err *err)
{
	enum q_code code = check_readable(certificate_file, err);

	if (code == Q_OK)
		code = check_readable(key_file, err);
	if (code != Q_OK)
		return code;
	if (SSL_CTX_use_certificate_chain_file(context->openssl, certificate_file) != 1)
		return fail_openssl(err, Q_INVALID, certificate_file);
	if (SSL_CTX_use_PrivateKey_file(context->openssl, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context->openssl) != 1)
		return fail_openssl(err, Q_INVALID, key_file);
	return Q_OK;
}

enum q_code q_tls_context_new(const char *certificate_file, const char *key_file,
			      struct q_tls_context **out, struct q_err *err)
{
	struct q_tls_context *context = q_mem_new(sizeof *context);
	enum q_code code;

	if (!context)
		return q_fail(err, Q_NOMEM, "tls.context", "%zu bytes", sizeof *context);
	atomic_init(&context->references, 1);
	context->openssl = SSL_CTX_new(TLS_server_method());
	context->bio = make_bio_method();
	if (context->openssl && context->bio && set_rules(context->openssl))
		code = load(context, certificate_file, key_file, err);
	else
		code = fail_openssl(err, Q_NOMEM, "OpenSSL");
	if (code != Q_OK) {
		q_tls_context_unref(context);
		return code;
	}
	*out = context;
	return Q_OK;
}

struct q_tls_context *q_tls_context_ref(struct q_tls_context *context)
{
	atomic_fetch_add(&context->references, 1);
	return context;
}

void q_tls_context_unref(struct q_tls_context *context)
{
	if (!context || atomic_fetch_sub(&context->references, 1) > 1)
		return;
	SSL_CTX_free(context->openssl);
	BIO_meth_free(context->bio);
	q_mem_free(context);
}

/* ---- connections ---- */

static bool attach(struct q__tls *tls)
{
	BIO *bio = BIO_new(tls->context->bio);

	if (!bio)
		return false;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	tls->ssl = SSL_new(tls->context->openssl);
	if (!tls->ssl) {
		BIO_free(bio);
		return false;
	}
	SSL_set_bio(tls->ssl, bio, bio); /* owns it now */
	SSL_set_accept_state(tls->ssl);
	return true;
}

struct q__tls *q__tls_new(struct q_tls_context *context, struct q_buf *cipher)
{
	struct q__tls *tls = q_mem_new(sizeof *tls);

	if (!tls)
		return NULL;
	tls->context = q_tls_context_ref(context);
	tls->cipher = cipher;
	if (!attach(tls)) {
		q__tls_free(tls);
		return NULL;
	}
	return tls;
}

void q__tls_free(struct q__tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	q_tls_context_unref(tls->context);
	q_mem_free(tls->kept);
	q_mem_free(tls);
}

void q__tls_lend(struct q__tls *tls, struct q_bytes ciphertext)
{
	q_assert(tls->input.length == 0);
	tls->input = ciphertext;
}

bool q__tls_keep(struct q__tls *tls)
{
	unsigned char *kept = NULL;

	if (tls->input.length > 0) {
		kept = q_mem_new(tls->input.length);
		if (!kept)
			return false;
		memcpy(kept, tls->input.data, tls->input.length);
	}
	q_mem_free(tls->kept);
	tls->kept = kept;
	tls->input.data = kept;
	return true;
}

bool q__tls_has_input(const struct q__tls *tls)
{
	return tls->input.length > 0 || SSL_pending(tls->ssl) > 0;
}

enum q__tls_result q__tls_read(struct q__tls *tls, unsigned char *out, size_t capacity, size_t *got)
{
	ERR_clear_error();
	if (SSL_read_ex(tls->ssl, out, capacity, got) == 1)
		return Q__TLS_DATA;
	*got = 0;
	switch (SSL_get_error(tls->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return Q__TLS_NEEDS_INPUT;
	case SSL_ERROR_ZERO_RETURN:
		tls->input.length = 0; /* nothing counts behind the end */
		return Q__TLS_ENDED;
	default:
		return Q__TLS_FAILED;
	}
}

bool q__tls_is_established(const struct q__tls *tls)
{
	return SSL_is_init_finished(tls->ssl);
}

bool q__tls_write(struct q__tls *tls, struct q_str plaintext)
{
	size_t written;

	if (plaintext.length == 0)
		return true;
	ERR_clear_error();
	return SSL_write_ex(tls->ssl, plaintext.data, plaintext.length, &written) == 1;
}

void q__tls_shutdown(struct q__tls *tls)
{
	ERR_clear_error();
	if (q__tls_is_established(tls))
		(void)SSL_shutdown(tls->ssl); /* one-sided: says that nothing more comes */
}
