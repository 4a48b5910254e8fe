#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { V4_BYTES = 4, V6_BYTES = 16 };

static size_t ip_bytes(const struct q_ip *ip)
{
	return ip->is_v4 ? V4_BYTES : V6_BYTES;
}

/* inet_pton is strict about IPv4: four decimal numbers, no leading zero. */
bool q_ip_parse(struct q_str text, struct q_ip *out)
{
	char copy[Q_IP_TEXT_SIZE];
	struct q_ip ip = {0};

	if (text.length == 0 || text.length >= sizeof copy || memchr(text.data, '\0', text.length))
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	ip.is_v4 = memchr(copy, ':', text.length) == NULL;
	if (inet_pton(ip.is_v4 ? AF_INET : AF_INET6, copy, ip.bytes) != 1)
		return false;
	*out = ip;
	return true;
}

void q_ip_format(const struct q_ip *ip, char out[Q_IP_TEXT_SIZE])
{
	q_assert(inet_ntop(ip->is_v4 ? AF_INET : AF_INET6, ip->bytes, out, Q_IP_TEXT_SIZE));
}

bool q_ip_equal(const struct q_ip *a, const struct q_ip *b)
{
	return a->is_v4 == b->is_v4 && memcmp(a->bytes, b->bytes, ip_bytes(a)) == 0;
}

bool q_ip_from_sockaddr(const struct sockaddr *address, struct q_ip *out)
{
	struct q_ip ip = {0};

	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof v4); /* the caller's storage may be aligned for bytes */
		ip.is_v4 = true;
		memcpy(ip.bytes, &v4.sin_addr, V4_BYTES);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof v6);
		memcpy(ip.bytes, &v6.sin6_addr, V6_BYTES);
	} else {
		return false;
	}
	*out = ip;
	return true;
}

struct q_ip q_ip_unmap(const struct q_ip *ip)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};
	struct q_ip v4 = {.is_v4 = true};

	if (ip->is_v4 || memcmp(ip->bytes, prefix, sizeof prefix) != 0)
		return *ip;
	memcpy(v4.bytes, ip->bytes + sizeof prefix, V4_BYTES);
	return v4;
}

static bool has_prefix(const unsigned char *bytes, const unsigned char *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(bytes, prefix, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

struct special_network {
	unsigned char prefix[V6_BYTES];
	unsigned char bits;
	enum q_ip_class class;
};

/* iana-ipv4-special-registry, and the multicast and reserved blocks. The first match counts. */
static const struct special_network special_v4[] = {
	{{0, 0, 0, 0}, 32, Q_IP_UNSPECIFIED},
	{{0}, 8, Q_IP_RESERVED}, /* "this network", RFC 791 */
	{{10}, 8, Q_IP_PRIVATE},
	{{100, 64}, 10, Q_IP_SHARED},
	{{127}, 8, Q_IP_LOOPBACK},
	{{169, 254}, 16, Q_IP_LINK_LOCAL}, /* cloud metadata services too */
	{{172, 16}, 12, Q_IP_PRIVATE},
	{{192, 0, 0}, 24, Q_IP_RESERVED}, /* protocol assignments */
	{{192, 0, 2}, 24, Q_IP_DOCUMENTATION},
	{{192, 88, 99}, 24, Q_IP_RESERVED}, /* 6to4 relays, withdrawn by RFC 7526 */
	{{192, 168}, 16, Q_IP_PRIVATE},
	{{198, 18}, 15, Q_IP_BENCHMARK},
	{{198, 51, 100}, 24, Q_IP_DOCUMENTATION},
	{{203, 0, 113}, 24, Q_IP_DOCUMENTATION},
	{{224}, 4, Q_IP_MULTICAST},
	{{240}, 4, Q_IP_RESERVED}, /* with 255.255.255.255 */
};

/* iana-ipv6-special-registry. Beyond it, all that is not 2000::/3 is unassigned (RFC 4291 2.4). */
static const struct special_network special_v6[] = {
	{{0}, 128, Q_IP_UNSPECIFIED},
	{{[15] = 1}, 128, Q_IP_LOOPBACK},
	{{0}, 96, Q_IP_EMBEDDED},				   /* compatible, ::a.b.c.d */
	{{[10] = 0xff, [11] = 0xff}, 96, Q_IP_EMBEDDED},	   /* mapped */
	{{[8] = 0xff, [9] = 0xff}, 96, Q_IP_EMBEDDED},		   /* translated, RFC 2765 */
	{{0x00, 0x64, 0xff, 0x9b}, 96, Q_IP_EMBEDDED},		   /* NAT64, RFC 6052 */
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, Q_IP_EMBEDDED}, /* NAT64, RFC 8215 */
	{{0x20, 0x01}, 32, Q_IP_EMBEDDED},			   /* Teredo */
	{{0x20, 0x01, 0x00, 0x02}, 48, Q_IP_BENCHMARK},
	{{0x20, 0x01}, 23, Q_IP_RESERVED}, /* protocol assignments, ORCHID */
	{{0x20, 0x01, 0x0d, 0xb8}, 32, Q_IP_DOCUMENTATION},
	{{0x20, 0x02}, 16, Q_IP_EMBEDDED}, /* 6to4 */
	{{0x3f, 0xff}, 20, Q_IP_DOCUMENTATION},
	{{0xfc}, 7, Q_IP_PRIVATE},
	{{0xfe, 0x80}, 10, Q_IP_LINK_LOCAL},
	{{0xff}, 8, Q_IP_MULTICAST},
};

static bool find_class(const struct special_network *table, size_t count,
		       const unsigned char *bytes, enum q_ip_class *class)
{
	for (size_t i = 0; i < count; i++) {
		if (has_prefix(bytes, table[i].prefix, table[i].bits)) {
			*class = table[i].class;
			return true;
		}
	}
	return false;
}

enum q_ip_class q_ip_classify(const struct q_ip *ip)
{
	static const unsigned char global_unicast[] = {0x20};
	enum q_ip_class class;

	if (ip->is_v4)
		return find_class(special_v4, Q_COUNT_OF(special_v4), ip->bytes, &class)
			       ? class
			       : Q_IP_PUBLIC;
	if (find_class(special_v6, Q_COUNT_OF(special_v6), ip->bytes, &class))
		return class;
	return has_prefix(ip->bytes, global_unicast, 3) ? Q_IP_PUBLIC : Q_IP_RESERVED;
}

const char *q_ip_class_name(enum q_ip_class class)
{
	static const char *const names[] = {
		[Q_IP_PUBLIC] = "public",
		[Q_IP_UNSPECIFIED] = "unspecified",
		[Q_IP_LOOPBACK] = "loopback",
		[Q_IP_PRIVATE] = "private",
		[Q_IP_SHARED] = "carrier-grade NAT",
		[Q_IP_LINK_LOCAL] = "link-local",
		[Q_IP_MULTICAST] = "multicast",
		[Q_IP_DOCUMENTATION] = "documentation",
		[Q_IP_BENCHMARK] = "benchmarking",
		[Q_IP_EMBEDDED] = "IPv4 within IPv6",
		[Q_IP_RESERVED] = "reserved",
	};

	return names[class];
}

/* A decimal of one to three digits without a leading zero, up to `maximum`. */
static bool parse_prefix_bits(struct q_str text, unsigned maximum, unsigned *out)
{
	int64_t bits;

	if (text.length == 0 || text.length > 3 || text.data[0] == '-' ||
	    (text.length > 1 && text.data[0] == '0') || !q_str_to_int64(text, &bits) ||
	    bits > (int64_t)maximum)
		return false;
	*out = (unsigned)bits;
	return true;
}

static bool has_bits_behind(const struct q_cidr *cidr)
{
	size_t whole = cidr->prefix_bits / 8;
	unsigned rest = cidr->prefix_bits % 8;

	for (size_t i = whole; i < ip_bytes(&cidr->network); i++) {
		unsigned mask = i == whole ? 0xffU >> rest : 0xffU;

		if (cidr->network.bytes[i] & mask)
			return true;
	}
	return false;
}

bool q_cidr_parse(struct q_str text, struct q_cidr *out)
{
	struct q_cidr cidr;
	struct q_str address, bits;
	bool has_prefix_length = q_str_cut(text, '/', &address, &bits);
	unsigned maximum;

	if (!q_ip_parse(address, &cidr.network))
		return false;
	maximum = (unsigned)ip_bytes(&cidr.network) * 8;
	cidr.prefix_bits = maximum;
	if (has_prefix_length && !parse_prefix_bits(bits, maximum, &cidr.prefix_bits))
		return false;
	if (has_bits_behind(&cidr))
		return false;
	*out = cidr;
	return true;
}

bool q_cidr_contains(const struct q_cidr *cidr, const struct q_ip *ip)
{
	return cidr->network.is_v4 == ip->is_v4 &&
	       has_prefix(ip->bytes, cidr->network.bytes, cidr->prefix_bits);
}

enum q_code q_cidr_list_parse(struct q_str text, struct q_cidr_list *out, struct q_err *err)
{
	static const char where[] = "cidr_list.parse";
	bool has_more = q_str_trim(text).length > 0;

	out->count = 0;
	while (has_more) {
		struct q_str item;

		has_more = q_str_cut(text, ',', &item, &text);
		item = q_str_trim(item);
		if (out->count == Q_CIDR_LIST_MAX)
			return q_fail(err, Q_TOOBIG, where, "more than %d networks",
				      Q_CIDR_LIST_MAX);
		if (!q_cidr_parse(item, &out->items[out->count]))
			return q_fail(
				err, Q_INVALID, where,
				"\"%.*s\" is no network: write 10.0.0.0/8 or fd00::/8, without "
				"bits behind the prefix",
				Q_STR_ARG(item));
		out->count++;
	}
	return Q_OK;
}

bool q_cidr_list_contains(const struct q_cidr_list *list, const struct q_ip *ip)
{
	for (size_t i = 0; i < list->count; i++) {
		if (q_cidr_contains(&list->items[i], ip))
			return true;
	}
	return false;
}
