#include "net/address.h"

#include "support/checks.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct q_ip ip_of(const char *text)
{
	struct q_ip ip;

	if (!q_ip_parse(q_str_from(text), &ip))
		fail_msg("%s does not parse", text);
	return ip;
}

static void one_text_form_an_address_is_read(void **state)
{
	static const char *const good[] = {
		"0.0.0.0", "192.0.2.1",	  "255.255.255.255",  "::",
		"::1",	   "2001:db8::1", "::ffff:192.0.2.1", "2001:db8:1:2:3:4:5:6"};
	static const char *const bad[] = {"",
					  "1",
					  "127.1",
					  "127.0.1",
					  "0127.0.0.1",
					  "127.0.0.01",
					  "0x7f.0.0.1",
					  "2130706433",
					  "256.0.0.1",
					  "1.2.3.4.",
					  "1.2.3.4 ",
					  " 1.2.3.4",
					  "1.2.3.4.5",
					  "1.2.3.-4",
					  ":::",
					  "fe80::1%eth0",
					  "[::1]",
					  "1::2::3",
					  "::ffff:127.1",
					  "12345::",
					  "2001:db8:1:2:3:4:5:6:7",
					  "a",
					  "1.2.3.4/32"};

	struct q_ip ip;

	for (size_t i = 0; i < Q_COUNT_OF(good); i++)
		assert_true(q_ip_parse(q_str_from(good[i]), &ip));
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		if (q_ip_parse(q_str_from(bad[i]), &ip))
			fail_msg("\"%s\" is read as an address", bad[i]);
	}
	assert_false(q_ip_parse(Q_STR("1.2.3.4\0"), &ip));
}

static void format_gives_the_text_back(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"};
	char text[Q_IP_TEXT_SIZE];

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		struct q_ip ip = ip_of(texts[i]);

		q_ip_format(&ip, text);
		assert_string_equal(text, texts[i]);
	}
}

static void addresses_of_two_families_differ(void **state)
{
	struct q_ip v4 = ip_of("192.0.2.1"), same = ip_of("192.0.2.1"), other = ip_of("192.0.2.2");
	struct q_ip mapped = ip_of("::ffff:192.0.2.1"), unmapped = q_ip_unmap(&mapped);

	assert_true(q_ip_equal(&v4, &same));
	assert_false(q_ip_equal(&v4, &other));
	assert_false(q_ip_equal(&v4, &mapped));
	assert_true(q_ip_equal(&v4, &unmapped));
}

static void unmap_leaves_other_addresses_alone(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "::192.0.2.1", "64:ff9b::192.0.2.1",
					    "2001:db8::1"};

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		struct q_ip ip = ip_of(texts[i]), unmapped = q_ip_unmap(&ip);

		assert_true(q_ip_equal(&ip, &unmapped));
	}
}

static void socket_addresses_of_both_families_are_read(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC0000201)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct q_ip ip, expected = ip_of("192.0.2.1");

	assert_true(q_ip_from_sockaddr((struct sockaddr *)&v4, &ip));
	assert_true(q_ip_equal(&ip, &expected));
	expected = ip_of("::1");
	assert_true(q_ip_from_sockaddr((struct sockaddr *)&v6, &ip));
	assert_true(q_ip_equal(&ip, &expected));
	assert_false(q_ip_from_sockaddr(&local, &ip));
}

/* First, last and neighbours of each block of the IANA registries. */
static void addresses_are_classified_to_the_edges_of_their_blocks(void **state)
{
	static const struct {
		const char *text;
		enum q_ip_class class;
	} cases[] = {
		{"0.0.0.0", Q_IP_UNSPECIFIED},
		{"0.0.0.1", Q_IP_RESERVED},
		{"0.255.255.255", Q_IP_RESERVED},
		{"1.0.0.0", Q_IP_PUBLIC},
		{"9.255.255.255", Q_IP_PUBLIC},
		{"10.0.0.0", Q_IP_PRIVATE},
		{"10.255.255.255", Q_IP_PRIVATE},
		{"11.0.0.0", Q_IP_PUBLIC},
		{"100.63.255.255", Q_IP_PUBLIC},
		{"100.64.0.0", Q_IP_SHARED},
		{"100.127.255.255", Q_IP_SHARED},
		{"100.128.0.0", Q_IP_PUBLIC},
		{"126.255.255.255", Q_IP_PUBLIC},
		{"127.0.0.1", Q_IP_LOOPBACK},
		{"127.255.255.255", Q_IP_LOOPBACK},
		{"128.0.0.0", Q_IP_PUBLIC},
		{"169.253.255.255", Q_IP_PUBLIC},
		{"169.254.169.254", Q_IP_LINK_LOCAL},
		{"169.255.0.0", Q_IP_PUBLIC},
		{"172.15.255.255", Q_IP_PUBLIC},
		{"172.16.0.0", Q_IP_PRIVATE},
		{"172.31.255.255", Q_IP_PRIVATE},
		{"172.32.0.0", Q_IP_PUBLIC},
		{"192.0.0.8", Q_IP_RESERVED},
		{"192.0.1.0", Q_IP_PUBLIC},
		{"192.0.2.255", Q_IP_DOCUMENTATION},
		{"192.0.3.0", Q_IP_PUBLIC},
		{"192.88.99.1", Q_IP_RESERVED},
		{"192.167.255.255", Q_IP_PUBLIC},
		{"192.168.0.0", Q_IP_PRIVATE},
		{"192.169.0.0", Q_IP_PUBLIC},
		{"198.17.255.255", Q_IP_PUBLIC},
		{"198.18.0.0", Q_IP_BENCHMARK},
		{"198.19.255.255", Q_IP_BENCHMARK},
		{"198.20.0.0", Q_IP_PUBLIC},
		{"198.51.100.1", Q_IP_DOCUMENTATION},
		{"203.0.113.1", Q_IP_DOCUMENTATION},
		{"223.255.255.255", Q_IP_PUBLIC},
		{"224.0.0.0", Q_IP_MULTICAST},
		{"239.255.255.255", Q_IP_MULTICAST},
		{"240.0.0.0", Q_IP_RESERVED},
		{"255.255.255.255", Q_IP_RESERVED},
		{"::", Q_IP_UNSPECIFIED},
		{"::1", Q_IP_LOOPBACK},
		{"::2", Q_IP_EMBEDDED},
		{"::8.8.8.8", Q_IP_EMBEDDED},
		{"::ffff:8.8.8.8", Q_IP_EMBEDDED},
		{"::ffff:0:8.8.8.8", Q_IP_EMBEDDED},
		{"64:ff9b::8.8.8.8", Q_IP_EMBEDDED},
		{"64:ff9b:1::8.8.8.8", Q_IP_EMBEDDED},
		{"64:ff9b:2::1", Q_IP_RESERVED},
		{"100::1", Q_IP_RESERVED},
		{"1fff:ffff::1", Q_IP_RESERVED},
		{"2000::1", Q_IP_PUBLIC},
		{"2001::1", Q_IP_EMBEDDED},
		{"2001:1::1", Q_IP_RESERVED},
		{"2001:2::1", Q_IP_BENCHMARK},
		{"2001:2:1::1", Q_IP_RESERVED},
		{"2001:20::1", Q_IP_RESERVED},
		{"2001:1ff:ffff::1", Q_IP_RESERVED},
		{"2001:200::1", Q_IP_PUBLIC},
		{"2001:db7:ffff::1", Q_IP_PUBLIC},
		{"2001:db8::1", Q_IP_DOCUMENTATION},
		{"2001:db9::1", Q_IP_PUBLIC},
		{"2002:808:808::1", Q_IP_EMBEDDED},
		{"2003::1", Q_IP_PUBLIC},
		{"3ffe:ffff::1", Q_IP_PUBLIC},
		{"3fff::1", Q_IP_DOCUMENTATION},
		{"3fff:fff::1", Q_IP_DOCUMENTATION},
		{"3fff:1000::1", Q_IP_PUBLIC},
		{"4000::1", Q_IP_RESERVED},
		{"5f00::1", Q_IP_RESERVED},
		{"fbff::1", Q_IP_RESERVED},
		{"fc00::1", Q_IP_PRIVATE},
		{"fdff::1", Q_IP_PRIVATE},
		{"fe00::1", Q_IP_RESERVED},
		{"fe80::1", Q_IP_LINK_LOCAL},
		{"febf::1", Q_IP_LINK_LOCAL},
		{"fec0::1", Q_IP_RESERVED},
		{"ff02::1", Q_IP_MULTICAST},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_ip ip = ip_of(cases[i].text);
		enum q_ip_class class = q_ip_classify(&ip);

		if (class != cases[i].class)
			fail_msg("%s is %s", cases[i].text, q_ip_class_name(class));
	}
}

static void networks_hold_their_addresses_and_no_others(void **state)
{
	static const struct {
		const char *network, *inside, *outside;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
		{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.0"},
		{"192.0.2.1/32", "192.0.2.1", "192.0.2.3"},
		{"0.0.0.0/0", "255.255.255.255", "::"},
		{"::/0", "ffff::", "0.0.0.0"},
		{"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
		{"::1", "::1", "::"},
		{"127.0.0.0/8", "127.0.0.1", "::ffff:127.0.0.1"},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_ip inside = ip_of(cases[i].inside), outside = ip_of(cases[i].outside);
		struct q_cidr cidr;

		assert_true(q_cidr_parse(q_str_from(cases[i].network), &cidr));
		assert_true(q_cidr_contains(&cidr, &inside));
		assert_false(q_cidr_contains(&cidr, &outside));
	}
}

static void malformed_networks_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "10.0.0.0/",
					  "10.0.0.0/33",
					  "10.0.0.0/-1",
					  "10.0.0.0/08",
					  "10.0.0.0/+8",
					  "10.0.0.0/8 ",
					  "10.0.0.1/8",
					  "10/8",
					  "::1/64",
					  "::/129",
					  "::/0128",
					  "192.0.2.1/31",
					  "example.org"};
	struct q_cidr cidr;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		if (q_cidr_parse(q_str_from(bad[i]), &cidr))
			fail_msg("\"%s\" is read as a network", bad[i]);
	}
}

static void lists_match_any_of_their_networks(void **state)
{
	struct q_ip first = ip_of("10.1.2.3"), second = ip_of("fd00::1"),
		    other = ip_of("192.0.2.1");
	struct q_cidr_list list;
	struct q_err err;

	assert_int_equal(q_cidr_list_parse(Q_STR(" 10.0.0.0/8 ,fd00::/8"), &list, &err), Q_OK);
	assert_int_equal(list.count, 2);
	assert_true(q_cidr_list_contains(&list, &first));
	assert_true(q_cidr_list_contains(&list, &second));
	assert_false(q_cidr_list_contains(&list, &other));

	assert_int_equal(q_cidr_list_parse(Q_STR(" "), &list, &err), Q_OK);
	assert_int_equal(list.count, 0);
	assert_false(q_cidr_list_contains(&list, &first));
}

static void malformed_lists_are_refused_by_their_item(void **state)
{
	struct q_cidr_list list;
	struct q_err err;

	assert_int_equal(q_cidr_list_parse(Q_STR("10.0.0.0/8, bogus"), &list, &err), Q_INVALID);
	assert_non_null(strstr(err.message, "\"bogus\""));
	assert_int_equal(q_cidr_list_parse(Q_STR("10.0.0.0/8,"), &list, &err), Q_INVALID);
	assert_int_equal(q_cidr_list_parse(Q_STR(","), &list, &err), Q_INVALID);
}

static void lists_hold_64_networks(void **state)
{
	char text[65 * 8 + 1];
	struct q_cidr_list list;
	struct q_err err;

	for (size_t i = 0; i < 65; i++)
		memcpy(text + 8 * i, "1.1.1.1,", 9);
	assert_int_equal(q_cidr_list_parse((struct q_str){text, 64 * 8 - 1}, &list, &err), Q_OK);
	assert_int_equal(q_cidr_list_parse((struct q_str){text, 65 * 8 - 1}, &list, &err),
			 Q_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_text_form_an_address_is_read),
		cmocka_unit_test(format_gives_the_text_back),
		cmocka_unit_test(addresses_of_two_families_differ),
		cmocka_unit_test(unmap_leaves_other_addresses_alone),
		cmocka_unit_test(socket_addresses_of_both_families_are_read),
		cmocka_unit_test(addresses_are_classified_to_the_edges_of_their_blocks),
		cmocka_unit_test(networks_hold_their_addresses_and_no_others),
		cmocka_unit_test(malformed_networks_are_refused),
		cmocka_unit_test(lists_match_any_of_their_networks),
		cmocka_unit_test(malformed_lists_are_refused_by_their_item),
		cmocka_unit_test(lists_hold_64_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
