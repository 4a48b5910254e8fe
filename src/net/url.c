#include "net/url.h"

#include "base/encode.h"
#include "base/utf8.h"

#include <string.h>

static enum q_code fail(struct q_err *err, const char *what)
{
	return q_fail(err, Q_INVALID, "url.parse", "URL: %s", what);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* No byte that one parser would strip, turn round or end the URL at, and another not. */
static bool has_only_plain_bytes(struct q_str text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] <= 0x20 || text.data[i] >= 0x7f ||
		    strchr("\\#<>\"^`{|}", text.data[i]))
			return false;
	}
	return true;
}

static bool take_scheme(struct q_str *rest, bool *is_https)
{
	struct q_str scheme, after;

	if (!q_str_cut(*rest, ':', &scheme, &after) || !q_str_starts_with(after, Q_STR("//")))
		return false;
	*is_https = q_str_equal_ignore_case(scheme, Q_STR("https"));
	*rest = q_str_slice(after, 2, after.length);
	return *is_https || q_str_equal_ignore_case(scheme, Q_STR("http"));
}

static bool label_is_valid(struct q_str label)
{
	for (size_t i = 0; i < label.length; i++) {
		if (!is_letter_or_digit(label.data[i]) && label.data[i] != '-' &&
		    label.data[i] != '_')
			return false;
	}
	return label.length > 0 && label.length <= 63;
}

/* Labels between single dots, the last of which may be followed by one. */
static bool name_is_valid(struct q_str host, struct q_str *last_label)
{
	bool has_more = true;

	if (q_str_ends_with(host, Q_STR(".")))
		host.length--;
	if (host.length > Q_URL_HOST_MAX)
		return false;
	while (has_more) {
		has_more = q_str_cut(host, '.', last_label, &host);
		if (!label_is_valid(*last_label))
			return false;
	}
	return true;
}

/* A last label that starts with a digit makes some parsers read the host as an IPv4 address, in
 * octal, hexadecimal or with fewer numbers: no top-level domain does. */
static enum q_code parse_host(struct q_url *url, struct q_err *err)
{
	struct q_str last_label;

	url->is_address = q_ip_parse(url->host, &url->address);
	if (url->is_address)
		return url->address.is_v4 ? Q_OK : fail(err, "put an IPv6 address in brackets");
	if (!name_is_valid(url->host, &last_label))
		return fail(err, "the host is no name (write others than ASCII as xn--...)");
	if (is_digit(last_label.data[0]))
		return fail(err, "write an IPv4 address as four decimal numbers");
	return Q_OK;
}

static enum q_code parse_bracketed(struct q_url *url, struct q_err *err)
{
	url->is_address = q_ip_parse(url->host, &url->address);
	if (!url->is_address || url->address.is_v4)
		return fail(err, "in brackets stands no IPv6 address");
	return Q_OK;
}

static bool parse_port(struct q_str text, uint16_t *port)
{
	int64_t number;

	if (text.length == 0 || text.length > 5 || !is_digit(text.data[0]) ||
	    !q_str_to_int64(text, &number) || number < 1 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* host [":" port] */
static enum q_code parse_authority(struct q_str authority, struct q_url *url, struct q_err *err)
{
	bool is_bracketed = authority.length > 0 && authority.data[0] == '[';
	struct q_str port;
	bool has_port;

	if (memchr(authority.data, '@', authority.length))
		return fail(err, "no user name or password may stand in it");
	if (is_bracketed) {
		if (!q_str_cut(q_str_slice(authority, 1, authority.length), ']', &url->host, &port))
			return fail(err, "a bracket is not closed");
		has_port = port.length > 0;
		if (has_port && port.data[0] != ':')
			return fail(err, "after the host stands neither a port nor a path");
		port = q_str_slice(port, 1, port.length);
	} else {
		has_port = q_str_cut(authority, ':', &url->host, &port);
	}
	url->port = url->is_https ? 443 : 80;
	if (has_port && !parse_port(port, &url->port))
		return fail(err, "the port is not a number from 1 to 65535");
	return is_bracketed ? parse_bracketed(url, err) : parse_host(url, err);
}

enum q_code q_url_parse(struct q_str text, struct q_url *out, struct q_err *err)
{
	struct q_url url = {0};
	struct q_str rest = text;
	size_t at = 0;
	enum q_code code;

	if (text.length > Q_URL_MAX)
		return fail(err, "it is too long");
	if (!has_only_plain_bytes(text))
		return fail(err, "it holds a fragment, or a character that is to be encoded");
	if (!take_scheme(&rest, &url.is_https))
		return fail(err, "it must begin with https:// or http://");
	while (at < rest.length && rest.data[at] != '/' && rest.data[at] != '?')
		at++;
	url.target = q_str_slice(rest, at, rest.length);
	url.origin = q_str_slice(text, 0, text.length - url.target.length);
	code = parse_authority(q_str_slice(rest, 0, at), &url, err);
	if (code == Q_OK)
		*out = url;
	return code;
}

bool q_url_is_origin(struct q_str text)
{
	struct q_url url = {0};
	struct q_err err;

	return q_url_parse(text, &url, &err) == Q_OK && url.target.length == 0;
}

static enum q_code decode_query_text(struct q_arena *arena, struct q_str text, struct q_str *out,
				     struct q_err *err)
{
	static const char where[] = "query.next";

	if (!q_decode_percent(arena, text, true, out)) {
		if (q_arena_failed(arena))
			return q_fail(err, Q_NOMEM, where, "the request's arena is full");
		return q_fail(err, Q_INVALID, where, "the query holds a %% without two hex digits");
	}
	if (memchr(out->data, '\0', out->length) || !q_utf8_is_valid(*out))
		return q_fail(err, Q_INVALID, where, "the query holds text that is not UTF-8");
	return Q_OK;
}

enum q_code q_query_next(struct q_str *rest, struct q_arena *arena, struct q_query_item *out,
			 struct q_err *err)
{
	struct q_str pair, name, value;
	enum q_code code;

	do { /* "&&" holds nothing */
		if (rest->length == 0)
			return Q_NOTFOUND;
		q_str_cut(*rest, '&', &pair, rest);
	} while (pair.length == 0);
	q_str_cut(pair, '=', &name, &value);
	code = decode_query_text(arena, name, &out->name, err);
	return code == Q_OK ? decode_query_text(arena, value, &out->value, err) : code;
}
