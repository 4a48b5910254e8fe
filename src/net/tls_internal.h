/* net/tls_internal.h: one TLS connection over memory: ciphertext in, plaintext out, and back. For
 * http_accept.c, http_connection.c and http_writer.c.
 *
 * Contract:  the caller lends ciphertext (q__tls_lend), reads plaintext until there is no more, and
 *            then has the rest kept (q__tls_keep) before the lent bytes go away. What must be sent
 *            is appended to `cipher`, also by reads (handshake).
 * Ownership: q__tls_free releases all.
 * Threads:   the loop's. */
#ifndef Q_NET_TLS_INTERNAL_H
#define Q_NET_TLS_INTERNAL_H

#include "base/buf.h"
#include "net/tls.h"

struct q__tls;

enum q__tls_result {
	Q__TLS_DATA,
	Q__TLS_NEEDS_INPUT,
	Q__TLS_ENDED, /* the peer closed in good order */
	Q__TLS_FAILED
};

/* Takes its own reference of the context. `cipher` outlives it. NULL when the heap is full. */
Q_MUST_USE struct q__tls *q__tls_new(struct q_tls_context *context, struct q_buf *cipher);
void q__tls_free(struct q__tls *tls);

void q__tls_lend(struct q__tls *tls, struct q_bytes ciphertext);
enum q__tls_result q__tls_read(struct q__tls *tls, unsigned char *out, size_t capacity,
			       size_t *got);
bool q__tls_keep(struct q__tls *tls); /* false: the heap is full */
bool q__tls_has_input(const struct q__tls *tls);

bool q__tls_is_established(const struct q__tls *tls);
bool q__tls_write(struct q__tls *tls, struct q_str plaintext);
void q__tls_shutdown(struct q__tls *tls);

#endif
