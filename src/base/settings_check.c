#include "base/settings_internal.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	VALUE_BYTES_MAX = 4096,
	SHOWN_BYTES_MAX = 64, /* of a value, in a message */
};

static bool Q_PRINTF(2, 3) say(char why[Q__SETTING_WHY_MAX], const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(why, Q__SETTING_WHY_MAX, format, values);
	va_end(values);
	return false;
}

static bool is_printable(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7F)
			return false;
	}
	return q_utf8_is_valid(s);
}

static bool is_word(struct q_str text, const char *words)
{
	struct q_str word, rest = q_str_from(words);

	while (rest.length > 0) {
		q_str_cut(rest, ' ', &word, &rest);
		if (q_str_equal(text, word))
			return true;
	}
	return false;
}

/* scheme://host[:port][/path]: a user, a query or a fragment has no place in an address that others
 * are added to. */
static bool is_url(struct q_str text)
{
	bool is_http = q_str_starts_with(text, Q_STR("http://"));
	struct q_str rest = q_str_slice(text, is_http ? 7 : 8, text.length);

	if (!is_http && !q_str_starts_with(text, Q_STR("https://")))
		return false;
	for (size_t i = 0; i < rest.length; i++) {
		if (strchr(" @?#\\\"<>", rest.data[i]))
			return false;
	}
	return rest.length > 0 && rest.data[0] != '/' && rest.data[0] != ':';
}

static bool check_bytes(const struct q_setting *setting, struct q_str text,
			char why[Q__SETTING_WHY_MAX])
{
	bool has_bounds = setting->type != Q_SETTING_INTEGER;
	size_t minimum = has_bounds ? (size_t)setting->minimum : 0;
	size_t maximum =
		has_bounds && setting->maximum > 0 ? (size_t)setting->maximum : VALUE_BYTES_MAX;

	if (!is_printable(text))
		return say(why, "control characters, or not UTF-8");
	if (text.length > maximum)
		return say(why, "%zu bytes: at most %zu", text.length, maximum);
	if (text.length < minimum)
		return say(why, "%zu bytes: at least %zu", text.length, minimum);
	return true;
}

static bool check_integer(const struct q_setting *setting, struct q__setting_value *value,
			  struct q_str shown, char why[Q__SETTING_WHY_MAX])
{
	if (!q_str_to_int64(value->text, &value->integer) || value->integer < setting->minimum ||
	    value->integer > setting->maximum)
		return say(why, "%.*s is not a whole number from %" PRId64 " to %" PRId64,
			   Q_STR_ARG(shown), setting->minimum, setting->maximum);
	return true;
}

bool q__setting_check(const struct q_setting *setting, struct q__setting_value *value,
		      char why[Q__SETTING_WHY_MAX])
{
	struct q_str shown =
		setting->is_secret ? Q_STR("the value") : q_utf8_cut(value->text, SHOWN_BYTES_MAX);

	if (!check_bytes(setting, value->text, why))
		return false;
	switch (setting->type) {
	case Q_SETTING_STRING:
	case Q_SETTING_PATH:
		break;
	case Q_SETTING_INTEGER:
		return check_integer(setting, value, shown, why);
	case Q_SETTING_WORD:
		if (!is_word(value->text, setting->range))
			return say(why, "%.*s is not one of: %s", Q_STR_ARG(shown), setting->range);
		break;
	case Q_SETTING_URL:
		if (!is_url(value->text))
			return say(why, "%.*s is not http(s)://host[:port][/path]",
				   Q_STR_ARG(shown));
		if (q_str_ends_with(value->text, Q_STR("/")))
			value->text.length--;
		break;
	}
	return true;
}

static bool is_loopback(struct q_str host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	if (host.length >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%.*s", Q_STR_ARG(host));
	if (inet_pton(AF_INET, text, address) == 1)
		return address[0] == 127;
	if (inet_pton(AF_INET6, text, address) == 1)
		return memcmp(address, &in6addr_loopback, sizeof address) == 0;
	return strcmp(text, "localhost") == 0;
}

enum q_code q__settings_check_together(const struct q_settings *s, struct q_err *err)
{
	bool has_certificate = q_settings_is_set(s, Q_SETTING_ID_TLS_CERT);
	bool has_key = q_settings_is_set(s, Q_SETTING_ID_TLS_KEY);
	bool has_proxy = q_settings_is_set(s, Q_SETTING_ID_TRUST_PROXY);
	struct q_str host = q_settings_string(s, Q_SETTING_ID_HOST);

	if (has_certificate && !has_key)
		return q_fail(err, Q_INVALID, "settings.load", "TLS_CERT is set without TLS_KEY");
	if (has_key && !has_certificate)
		return q_fail(err, Q_INVALID, "settings.load", "TLS_KEY is set without TLS_CERT");
	if (!has_certificate && !has_proxy && !is_loopback(host))
		return q_fail(err, Q_INVALID, "settings.load",
			      "HOST (%s): %.*s is not loopback: set TLS_CERT and TLS_KEY, or "
			      "TRUST_PROXY where a proxy in front ends TLS",
			      q_settings_source(s, Q_SETTING_ID_HOST), Q_STR_ARG(host));
	return Q_OK;
}
