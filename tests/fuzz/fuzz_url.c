/* Reads the input as a URL, a query, an address, a network and a list of them. */
#include "net/url.h"

static void check_url(struct q_str text)
{
	struct q_url url;
	struct q_err err;

	if (q_url_parse(text, &url, &err) != Q_OK)
		return;
	q_assert(url.port > 0 && url.host.length > 0);
	q_assert(url.origin.length + url.target.length == text.length);
	q_assert(q_url_is_origin(url.origin));
}

static void check_query(struct q_str text)
{
	struct q_arena *arena = q_arena_new(1 << 24);
	struct q_query_item item;
	struct q_err err;
	size_t left = text.length;

	q_assert(arena);
	while (q_query_next(&text, arena, &item, &err) == Q_OK) {
		q_assert(item.name.length + item.value.length + text.length <= left);
		left = text.length;
	}
	q_arena_free(arena);
}

static void check_address(struct q_str text)
{
	char formatted[Q_IP_TEXT_SIZE];
	struct q_ip ip, again;

	if (!q_ip_parse(text, &ip))
		return;
	q_ip_format(&ip, formatted);
	q_assert(q_ip_parse(q_str_from(formatted), &again) && q_ip_equal(&ip, &again));
	q_assert(q_ip_class_name(q_ip_classify(&ip)));
}

static void check_networks(struct q_str text)
{
	struct q_cidr_list list;
	struct q_err err;

	if (q_cidr_list_parse(text, &list, &err) != Q_OK)
		return;
	for (size_t i = 0; i < list.count; i++)
		q_assert(q_cidr_list_contains(&list, &list.items[i].network));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = {(const char *)data, size};

	check_url(text);
	check_query(text);
	check_address(text);
	check_networks(text);
	return 0;
}
