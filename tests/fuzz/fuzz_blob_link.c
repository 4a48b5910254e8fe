/* Checks the input as the query of a link: as it is, which must be denied, and signed, which
 * reaches the reading of its parameters. What a signed one allows must come out again when it is
 * made anew. */
#include "embedded/blob_store_files_internal.h"

#include "base/buf.h"

#include <stdio.h>

static const struct q_call no_limits;
static const struct q_str key = {"tenant/file/a b.pdf", 19};

static int64_t now_ms(struct q_clock *clock)
{
	(void)clock;
	return 1000;
}

static const struct q_clock_ops clock_ops = {.name = "fixed", .now_ms = now_ms};
static const struct q_blob_store_ops store_ops = {.name = "files",
						  .capabilities = Q_CAP_SERVES_LINKS,
						  .presign = q__blob_files_presign,
						  .check_link = q__blob_files_check_link};

/* "query&signature=..." */
static struct q_str sign(struct q_arena *arena, const struct q_keyring *keyring, struct q_str query)
{
	char signature[Q_SIGNATURE_SIZE];
	struct q_buf text;
	struct q_str whole;

	q_buf_init(&text, query.length + 1000);
	q_buf_append(&text, Q_STR("/blobs/documents/tenant/file/a%20b.pdf?"));
	q_buf_append(&text, query);
	q_keyring_sign(keyring, Q_STR("blob-link"), q_buf_str(&text), signature);
	q_buf_clear(&text);
	q_buf_append(&text, query);
	q_buf_format(&text, "&signature=%s", signature);
	whole = q_arena_copy(arena, q_buf_str(&text));
	q_buf_free(&text);
	return whole;
}

/* A GET has no length. */
static bool is_same_length(const struct q_blob_link *a, const struct q_blob_link *b)
{
	return a->method == Q_BLOB_LINK_GET || a->content_length == b->content_length;
}

static bool is_same(const struct q_blob_link *a, const struct q_blob_link *b)
{
	return a->method == b->method && a->expires_at_ms == b->expires_at_ms &&
	       q_str_equal(a->download_name, b->download_name) &&
	       q_str_equal(a->content_type, b->content_type) && is_same_length(a, b) &&
	       q_str_equal(a->sha256, b->sha256) && q_str_equal(a->upload_id, b->upload_id) &&
	       a->part_number == b->part_number;
}

/* A link that makes sense survives being made and read once more. */
static void make_again(struct q_blob_store *store, struct q_arena *arena,
		       const struct q_blob_link *link)
{
	struct q_str url, path, query;
	struct q_blob_link again;
	struct q_err err;

	if (q_blob_store_presign(store, &no_limits, key, link, arena, &url, &err) != Q_OK)
		return;
	q_assert(q_str_cut(url, '?', &path, &query));
	q_assert(q_blob_store_check_link(store, key, query, arena, &again, &err) == Q_OK);
	q_assert(is_same(link, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char secret[32];
	struct q_str query = {(const char *)data, size};
	struct q_clock clock = {&clock_ops};
	struct file_store store = {.base.ops = &store_ops, .name = "documents", .clock = &clock};
	struct q_arena *arena = q_arena_new(1 << 24);
	struct q_keyring *keyring;
	struct q_blob_link link;
	struct q_err err;

	q_assert(arena);
	q_assert(q_keyring_new((struct q_bytes){secret, sizeof secret}, &keyring, &err) == Q_OK);
	store.keyring = keyring;
	q_assert(q_blob_store_check_link(&store.base, key, query, arena, &link, &err) == Q_DENIED);
	if (q_blob_store_check_link(&store.base, key, sign(arena, keyring, query), arena, &link,
				    &err) == Q_OK)
		make_again(&store.base, arena, &link);
	q_keyring_free(keyring);
	q_arena_free(arena);
	return 0;
}
