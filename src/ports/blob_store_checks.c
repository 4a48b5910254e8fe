#include "ports/blob_store_internal.h"

#include "base/utf8.h"

enum { PART_MAX = 255, LINK_TEXT_MAX = 255 };

static bool has_control(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++)
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
			return true;
	return false;
}

static const char *part_fault(struct q_str part)
{
	if (part.length == 0)
		return "a key has no empty part";
	if (part.length > PART_MAX)
		return "a part of a key has at most 255 bytes";
	if (q_str_equal(part, Q_STR(".")) || q_str_equal(part, Q_STR("..")))
		return "a key has no part \".\" or \"..\"";
	return NULL;
}

const char *q__blob_key_fault(struct q_str key)
{
	struct q_str part, rest = key;
	const char *fault;
	bool has_more;

	if (key.length == 0 || key.length > Q_BLOB_KEY_MAX)
		return "a key has 1 to 512 bytes";
	if (!q_utf8_is_valid(key) || has_control(key))
		return "a key is UTF-8 without control characters";
	do {
		has_more = q_str_cut(rest, '/', &part, &rest);
		fault = part_fault(part);
	} while (!fault && has_more);
	return fault;
}

static bool is_sha256_hex(struct q_str s)
{
	if (s.length != Q_SHA256_HEX_SIZE - 1)
		return false;
	for (size_t i = 0; i < s.length; i++) {
		char c = s.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

/* A text that ends up in a header of an answer. */
static bool is_header_text(struct q_str s)
{
	return s.length <= LINK_TEXT_MAX && q_utf8_is_valid(s) && !has_control(s);
}

const char *q__blob_link_fault(const struct q_blob_link *link)
{
	bool is_put = link->method == Q_BLOB_LINK_PUT;
	bool is_part = link->upload_id.length > 0;

	if (link->expires_at_ms <= 0)
		return "a link expires";
	if (!is_header_text(link->download_name) || !is_header_text(link->content_type))
		return "a name or type has at most 255 bytes of UTF-8 without control characters";
	if (is_put && link->download_name.length > 0)
		return "a PUT has no name to save under";
	if (!is_put && (is_part || link->sha256.length > 0))
		return "a GET has no hash or part";
	if (is_put && link->content_length < -1)
		return "a length is 0 or more, or -1";
	if (link->sha256.length > 0 && !is_sha256_hex(link->sha256))
		return "a hash is 64 lower-case hex digits";
	if (link->upload_id.length > Q_BLOB_UPLOAD_ID_MAX)
		return "the upload id is too long";
	if (is_part != (link->part_number > 0) || link->part_number > Q_BLOB_PARTS_MAX)
		return "a part has an upload id and a number from 1 to 10,000";
	return NULL;
}
