#include "net/url.h"

#include "base/buf.h"
#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct q_url url_of(const char *text)
{
	struct q_url url;
	struct q_err err;

	if (q_url_parse(q_str_from(text), &url, &err) != Q_OK)
		fail_msg("%s: %s", text, err.message);
	return url;
}

static void url_is_taken_apart(void **state)
{
	struct q_url url = url_of("https://Hooks.example.org:8443/a/b?c=d");

	assert_true(url.is_https);
	assert_false(url.is_address);
	assert_view_equal(url.host, "Hooks.example.org");
	assert_int_equal(url.port, 8443);
	assert_view_equal(url.origin, "https://Hooks.example.org:8443");
	assert_view_equal(url.target, "/a/b?c=d");
}

static void what_is_left_out_has_its_default(void **state)
{
	struct q_url url = url_of("HTTP://localhost");

	assert_false(url.is_https);
	assert_int_equal(url.port, 80);
	assert_view_equal(url.target, "");
	assert_int_equal(url_of("https://localhost/").port, 443);
	assert_view_equal(url_of("https://localhost?a").target, "?a");
	assert_view_equal(url_of("https://localhost?a").host, "localhost");
}

static void addresses_are_recognised(void **state)
{
	struct q_url url = url_of("http://127.0.0.1:80/");

	assert_true(url.is_address && url.address.is_v4);
	url = url_of("http://[::1]:8080/x");
	assert_true(url.is_address && !url.address.is_v4);
	assert_view_equal(url.host, "::1");
	assert_int_equal(url.port, 8080);
	assert_view_equal(url.target, "/x");
	assert_view_equal(url_of("http://[::1]").target, "");
}

static void names_of_hosts_may_be_odd_but_clear(void **state)
{
	url_of("http://opensearch_node-1:9200/");
	url_of("http://a.svc.cluster.local./x");
	url_of("http://xn--e1afmkfd.example/");
	url_of("http://3com.example/");
}

static void urls_that_parsers_read_differently_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"example.org",
		"//example.org/",
		"ftp://example.org/",
		"file:///etc/passwd",
		"gopher://example.org/",
		"https:/example.org/",
		"https://",
		"https:///path",
		"https://user@example.org/",
		"https://user:password@example.org/",
		"https://example.org@127.0.0.1/",
		"https://example.org\\@127.0.0.1/",
		"https://example.org#@127.0.0.1/",
		"https://example.org/#x",
		"https://exam ple.org/",
		"https://example.org/a b",
		"https://example.org/\r\nX: y",
		" https://example.org/",
		"https://ex\tample.org/",
		"https://b\xc3\xbc.example/",
		"https://%65xample.org/",
		"https://example..org/",
		"https://.example.org/",
		"https://example.org../",
		"https://./",
		"https://example.org:/",
		"https://example.org:0/",
		"https://example.org:65536/",
		"https://example.org:-1/",
		"https://example.org:+1/",
		"https://example.org:080x/",
		"https://example.org:80:80/",
		"https://127.1/",
		"https://127.0.0.1./",
		"https://2130706433/",
		"https://0x7f000001/",
		"https://0x7f.0.0.1/",
		"https://0177.0.0.1/",
		"https://127.0.0.01/",
		"https://1.2.3.4.5/",
		"https://example.127/",
		"https://::1/",
		"https://[::1/",
		"https://[127.0.0.1]/",
		"https://[::1]x/",
		"https://[fe80::1%25eth0]/",
		"https://[]/",
	};
	struct q_url url;
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		if (q_url_parse(q_str_from(bad[i]), &url, &err) != Q_INVALID)
			fail_msg("\"%s\" is read as host \"%.*s\"", bad[i], Q_STR_ARG(url.host));
	}
	assert_int_equal(q_url_parse(Q_STR("https://a/\0"), &url, &err), Q_INVALID);
}

static void length_is_limited(void **state)
{
	char text[Q_URL_MAX + 2];
	struct q_url url;
	struct q_err err;

	memset(text, 'a', sizeof text);
	memcpy(text, "https://a/", 10);
	assert_int_equal(q_url_parse((struct q_str){text, Q_URL_MAX}, &url, &err), Q_OK);
	assert_int_equal(q_url_parse((struct q_str){text, Q_URL_MAX + 1}, &url, &err), Q_INVALID);
	memcpy(text, "https://aa", 10);
	assert_int_equal(q_url_parse((struct q_str){text, 8 + 63}, &url, &err), Q_OK);
	assert_int_equal(q_url_parse((struct q_str){text, 8 + 64}, &url, &err), Q_INVALID);
}

static void origin_is_scheme_host_and_port_alone(void **state)
{
	assert_true(q_url_is_origin(Q_STR("https://app.example.org")));
	assert_true(q_url_is_origin(Q_STR("http://localhost:3000")));
	assert_false(q_url_is_origin(Q_STR("https://app.example.org/")));
	assert_false(q_url_is_origin(Q_STR("https://*.example.org")));
	assert_false(q_url_is_origin(Q_STR("*")));
	assert_false(q_url_is_origin(Q_STR("null")));
}

/* The items of a query as "name=value;...", "!" where it is refused. */
static void assert_query(const char *query, const char *expected)
{
	struct q_arena *arena = q_arena_new(10000);
	struct q_str rest = q_str_from(query);
	struct q_query_item item;
	struct q_buf text;
	struct q_err err;
	enum q_code code;

	q_buf_init(&text, 1000);
	while ((code = q_query_next(&rest, arena, &item, &err)) == Q_OK)
		q_buf_format(&text, "%.*s=%.*s;", Q_STR_ARG(item.name), Q_STR_ARG(item.value));
	if (code != Q_NOTFOUND) {
		assert_int_equal(code, Q_INVALID);
		q_buf_append_char(&text, '!');
	}
	assert_string_equal(text.data, expected);
	q_buf_free(&text);
	q_arena_free(arena);
}

static void queries_are_walked_decoded_in_order(void **state)
{
	assert_query("", "");
	assert_query("&&", "");
	assert_query("a=1&b=2", "a=1;b=2;");
	assert_query("a", "a=;");
	assert_query("a=&=b", "a=;=b;");
	assert_query("a=b=c", "a=b=c;");
	assert_query("q=x%20y+z%2B&%61=%c3%a4", "q=x y z+;a=\xc3\xa4;");
	assert_query("a=1&a=2", "a=1;a=2;");
}

static void undecodable_queries_are_refused(void **state)
{
	assert_query("a=1&b=%", "a=1;!");
	assert_query("a=%2", "!");
	assert_query("a=%zz", "!");
	assert_query("%=1", "!");
	assert_query("a=%00", "!");
	assert_query("a=%ff", "!");
}

static void full_arena_is_no_bad_query(void **state)
{
	struct q_arena *arena = q_arena_new(1);
	struct q_str rest = Q_STR("a=0123456789012345678901234567890123456789");
	struct q_query_item item;
	struct q_err err;

	assert_int_equal(q_query_next(&rest, arena, &item, &err), Q_NOMEM);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_is_taken_apart),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(addresses_are_recognised),
		cmocka_unit_test(names_of_hosts_may_be_odd_but_clear),
		cmocka_unit_test(urls_that_parsers_read_differently_are_refused),
		cmocka_unit_test(length_is_limited),
		cmocka_unit_test(origin_is_scheme_host_and_port_alone),
		cmocka_unit_test(queries_are_walked_decoded_in_order),
		cmocka_unit_test(undecodable_queries_are_refused),
		cmocka_unit_test(full_arena_is_no_bad_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
