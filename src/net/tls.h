/* net/tls.h: TLS for servers (OpenSSL): what is allowed is decided here, once.
 *
 * Contract:  TLS 1.2 with ECDHE and AEAD ciphers, and TLS 1.3. No renegotiation, no compression;
 *            the server's order of ciphers; ALPN "http/1.1" (a client that offers only others is
 *            refused). Session tickets are on: they hold no state here.
 * Ownership: a context is counted: `new` gives one reference, take one for each user.
 * Threads:   contexts: any. Connections stay in their loop and are private to net/.
 * Errors:    Q_INVALID (not PEM, a passphrase, key and certificate do not match), Q_NOTFOUND,
 *            Q_DENIED, Q_IO (the files), Q_NOMEM. */
#ifndef Q_NET_TLS_H
#define Q_NET_TLS_H

#include "base/error.h"

struct q_tls_context;

/* PEM files: the certificate, then its chain; the key without a passphrase. */
Q_MUST_USE enum q_code q_tls_context_new(const char *certificate_file, const char *key_file,
					 struct q_tls_context **out, struct q_err *err);
struct q_tls_context *q_tls_context_ref(struct q_tls_context *context);
void q_tls_context_unref(struct q_tls_context *context);

#endif
