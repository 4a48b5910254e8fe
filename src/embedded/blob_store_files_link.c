#include "embedded/blob_store_files_internal.h"

#include "base/buf.h"
#include "base/encode.h"

#include <string.h>

/* A link is /blobs/{store}/{key}?expires=MS&method=GET[&...]&signature=..., and what is signed is
 * all of it before "&signature=": the very text, so that nothing is read from a query before it is
 * known to be ours. Values are percent-encoded and hold no separator, so no two links have the same
 * text. */

enum { LINK_TEXT_MAX = 8192 }; /* the longest request line that is served */

static const char purpose[] = "blob-link";
static const char signature_mark[] = "&signature=";

static void append_path(struct q_buf *text, const struct file_store *store, struct q_str key)
{
	q_buf_append(text, Q_STR("/blobs/"));
	q_buf_append(text, q_str_from(store->name));
	q_buf_append_char(text, '/');
	q_encode_percent_path(text, key);
	q_buf_append_char(text, '?');
}

static void append_name(struct q_buf *text, const char *name)
{
	q_buf_append_char(text, '&');
	q_buf_append(text, q_str_from(name));
	q_buf_append_char(text, '=');
}

static void append_number(struct q_buf *text, const char *name, int64_t value)
{
	append_name(text, name);
	q_buf_append_int64(text, value);
}

static void append_text(struct q_buf *text, const char *name, struct q_str value)
{
	if (value.length == 0)
		return;
	append_name(text, name);
	q_encode_percent(text, value);
}

static void append_constraints(struct q_buf *text, const struct q_blob_link *link)
{
	bool is_put = link->method == Q_BLOB_LINK_PUT;

	q_buf_append(text, Q_STR("expires="));
	q_buf_append_int64(text, link->expires_at_ms);
	append_text(text, "method", is_put ? Q_STR("PUT") : Q_STR("GET"));
	append_text(text, "name", link->download_name);
	append_text(text, "type", link->content_type);
	if (is_put && link->content_length >= 0)
		append_number(text, "length", link->content_length);
	append_text(text, "sha256", link->sha256);
	append_text(text, "upload", link->upload_id);
	if (link->part_number > 0)
		append_number(text, "part", link->part_number);
}

enum q_code q__blob_files_presign(struct q_blob_store *base, const struct q_call *call,
				  struct q_str key, const struct q_blob_link *link,
				  struct q_arena *arena, struct q_str *url, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	char signature[Q_SIGNATURE_SIZE];
	struct q_buf text;
	bool is_whole;

	(void)call;
	q_buf_init(&text, LINK_TEXT_MAX);
	append_path(&text, store, key);
	append_constraints(&text, link);
	q_keyring_sign(store->keyring, q_str_from(purpose), q_buf_str(&text), signature);
	q_buf_append(&text, q_str_from(signature_mark));
	q_buf_append(&text, q_str_from(signature));
	*url = q_arena_copy(arena, q_buf_str(&text));
	is_whole = !q_buf_failed(&text) && !q_arena_failed(arena);
	q_buf_free(&text);
	return is_whole ? Q_OK
			: q_fail(err, Q_NOMEM, "blob_store_files.presign", "the link's text");
}

static bool read_method(struct q_str value, struct q_blob_link *link)
{
	if (q_str_equal(value, Q_STR("PUT")))
		link->method = Q_BLOB_LINK_PUT;
	else if (q_str_equal(value, Q_STR("GET")))
		link->method = Q_BLOB_LINK_GET;
	else
		return false;
	return true;
}

static bool read_part(struct q_str value, struct q_blob_link *link)
{
	int64_t number;

	if (!q_str_to_int64(value, &number) || number < 1 || number > Q_BLOB_PARTS_MAX)
		return false;
	link->part_number = (unsigned)number;
	return true;
}

/* One parameter; false where it is not one that presign writes. */
static bool read_parameter(struct q_str name, struct q_str value, struct q_blob_link *link)
{
	if (q_str_equal(name, Q_STR("expires")))
		return q_str_to_int64(value, &link->expires_at_ms);
	if (q_str_equal(name, Q_STR("method")))
		return read_method(value, link);
	if (q_str_equal(name, Q_STR("length")))
		return q_str_to_int64(value, &link->content_length);
	if (q_str_equal(name, Q_STR("part")))
		return read_part(value, link);
	if (q_str_equal(name, Q_STR("name")))
		link->download_name = value;
	else if (q_str_equal(name, Q_STR("type")))
		link->content_type = value;
	else if (q_str_equal(name, Q_STR("sha256")))
		link->sha256 = value;
	else if (q_str_equal(name, Q_STR("upload")))
		link->upload_id = value;
	else
		return false;
	return true;
}

static bool read_constraints(struct q_str query, struct q_arena *arena, struct q_blob_link *link)
{
	struct q_str parameter, name, text, value;
	bool has_more;

	*link = (struct q_blob_link){.content_length = -1};
	do {
		has_more = q_str_cut(query, '&', &parameter, &query);
		if (!q_str_cut(parameter, '=', &name, &text) ||
		    !q_decode_percent(arena, text, false, &value) ||
		    !read_parameter(name, value, link))
			return false;
	} while (has_more);
	return true;
}

/* Q_DENIED unless the query's text before the signature is what this store signed for the key. */
static enum q_code verify(const struct file_store *store, struct q_str key,
			  struct q_str signed_part, struct q_str signature, struct q_err *err)
{
	const char *where = "blob_store_files.check_link";
	enum q_code code = Q_OK;
	struct q_buf text;

	q_buf_init(&text, LINK_TEXT_MAX);
	append_path(&text, store, key);
	q_buf_append(&text, signed_part);
	if (q_buf_failed(&text))
		code = text.length + signed_part.length > LINK_TEXT_MAX
			       ? q_fail(err, Q_DENIED, where, "the link is too long")
			       : q_fail(err, Q_NOMEM, where, "the link's text");
	else if (!q_keyring_verify(store->keyring, q_str_from(purpose), q_buf_str(&text),
				   signature))
		code = q_fail(err, Q_DENIED, where, "the link is not one of ours, or was altered");
	q_buf_free(&text);
	return code;
}

enum q_code q__blob_files_check_link(struct q_blob_store *base, struct q_str key,
				     struct q_str query, struct q_arena *arena,
				     struct q_blob_link *out, struct q_err *err)
{
	const char *where = "blob_store_files.check_link";
	struct file_store *store = file_store_of(base);
	struct q_str signed_part, signature;
	struct q_blob_link link;
	enum q_code code;
	size_t at;

	if (!q_str_find(query, q_str_from(signature_mark), &at))
		return q_fail(err, Q_DENIED, where, "the link has no signature");
	signed_part = q_str_slice(query, 0, at);
	signature = q_str_slice(query, at + strlen(signature_mark), query.length);
	code = verify(store, key, signed_part, signature, err);
	if (code)
		return code;
	if (!read_constraints(signed_part, arena, &link))
		return q_arena_failed(arena)
			       ? q_fail(err, Q_NOMEM, where, "the link's values")
			       : q_fail(err, Q_DENIED, where, "the link says what we never say");
	if (q_clock_now_ms(store->clock) >= link.expires_at_ms)
		return q_fail_reason(err, Q_TIMEOUT, "link_expired", where, "the link has expired");
	*out = link;
	return Q_OK;
}
