/* Secrets and signatures, by the Standard Webhooks specification: the header holds "v1," and the
 * base64 of HMAC-SHA-256 over "id.timestamp.body", once for each secret that is valid. */
#include "documents/webhooks/webhooks_internal.h"

#include "base/encode.h"
#include "base/hash.h"
#include "base/seal.h"

#include <inttypes.h>
#include <string.h>

enum { SECRET_TEXT_MAX = 64, SIGNATURES_MAX = 256 };

static const struct q_str use = Q_STR_INIT("webhook-secret");

enum q_code q__secret_text(const unsigned char secret[Q__SECRET_BYTES], struct q_arena *arena,
			   struct q_str *out, struct q_err *err)
{
	struct q_buf buf;

	q_buf_init(&buf, SECRET_TEXT_MAX);
	*out = (struct q_str){0};
	if (q_buf_append(&buf, Q_STR("whsec_")) &&
	    q_encode_base64(&buf, (struct q_bytes){secret, Q__SECRET_BYTES})) {
		*out = q_arena_copy(arena, q_buf_str(&buf));
		explicit_bzero(buf.data, buf.length);
	}
	q_buf_free(&buf);
	return out->length > 0 ? Q_OK : q_fail(err, Q_NOMEM, "webhooks.secret", "a secret");
}

/* What a sealed secret is bound to. */
static struct q_str about(const struct q_webhook *webhook, struct q_arena *arena)
{
	return q_arena_format(arena, "%.*s/%.*s", Q_STR_ARG(webhook->tenant_id),
			      Q_STR_ARG(webhook->id));
}

enum q_code q__secret_new(struct q_documents *d, const struct q_webhook *webhook,
			  struct q_arena *arena, struct q_str *text, struct q_str *sealed,
			  struct q_err *err)
{
	unsigned char secret[Q__SECRET_BYTES];
	enum q_code code;

	q_random_source_fill(d->o.random, secret, sizeof secret);
	code = q__secret_text(secret, arena, text, err);
	if (!code)
		code = q_seal(d->o.keyring, use, about(webhook, arena),
			      (struct q_bytes){secret, sizeof secret}, arena, sealed, err);
	explicit_bzero(secret, sizeof secret);
	return code;
}

enum q_code q__secret_open(struct q_documents *d, const struct q_webhook *webhook,
			   struct q_str sealed, struct q_arena *arena, struct q_bytes *out,
			   struct q_err *err)
{
	return q_unseal(d->o.keyring, use, about(webhook, arena), sealed, arena, out, err);
}

static bool append_signature(struct q_buf *out, struct q_bytes secret, struct q_str signed_text)
{
	unsigned char mac[Q_SHA256_SIZE];

	q_hmac_sha256(secret, q_str_bytes(signed_text), mac);
	return q_buf_append(out, out->length > 0 ? Q_STR(" v1,") : Q_STR("v1,")) &&
	       q_encode_base64(out, (struct q_bytes){mac, sizeof mac});
}

static enum q_code sign_with(struct q_documents *d, const struct q_webhook *webhook,
			     struct q_str sealed, struct q_str signed_text, struct q_arena *arena,
			     struct q_buf *out, struct q_err *err)
{
	struct q_bytes secret;
	enum q_code code = q__secret_open(d, webhook, sealed, arena, &secret, err);

	if (code)
		return code;
	return append_signature(out, secret, signed_text)
		       ? Q_OK
		       : q_fail(err, Q_NOMEM, "webhooks.sign", "a signature");
}

enum q_code q__sign(struct q_documents *d, const struct q__endpoint *endpoint,
		    struct q_str message_id, int64_t now_ms, struct q_str body,
		    struct q_arena *arena, struct q_str *out, struct q_err *err)
{
	struct q_str text = q_arena_format(arena, "%.*s.%" PRId64 ".%.*s", Q_STR_ARG(message_id),
					   now_ms / 1000, Q_STR_ARG(body));
	struct q_buf buf;
	enum q_code code;

	q_buf_init(&buf, SIGNATURES_MAX);
	code = sign_with(d, &endpoint->view, endpoint->secret, text, arena, &buf, err);
	if (!code && endpoint->previous.length > 0 && now_ms < endpoint->view.overlap_until_ms)
		code = sign_with(d, &endpoint->view, endpoint->previous, text, arena, &buf, err);
	if (!code)
		*out = q_arena_copy(arena, q_buf_str(&buf));
	q_buf_free(&buf);
	if (!code && q_arena_failed(arena))
		code = q_fail(err, Q_NOMEM, "webhooks.sign", "a signature");
	return code;
}
