/* net/address.h: IP addresses and networks: reading, matching, and telling public ones from others.
 *
 * Contract:  one text form an address: dotted decimal of four numbers without leading zeros (never
 *            octal, hexadecimal or fewer numbers), and RFC 4291 without a zone. An IPv4-mapped IPv6
 *            address is IPv6 until q_ip_unmap says otherwise.
 * Ownership: plain values.
 * Threads:   pure functions.
 * Errors:    parsers of one value return false; of a list, which comes from a setting: Q_INVALID or
 *            Q_TOOBIG with a message for people. */
#ifndef Q_NET_ADDRESS_H
#define Q_NET_ADDRESS_H

#include "base/error.h"
#include "base/str.h"

struct sockaddr;

struct q_ip {
	bool is_v4;
	unsigned char bytes[16]; /* network order; IPv4 uses the first 4, the others are 0 */
};

enum { Q_IP_TEXT_SIZE = 46 };

bool q_ip_parse(struct q_str text, struct q_ip *out);
void q_ip_format(const struct q_ip *ip, char out[Q_IP_TEXT_SIZE]);
bool q_ip_equal(const struct q_ip *a, const struct q_ip *b);

/* False for families other than AF_INET and AF_INET6. */
bool q_ip_from_sockaddr(const struct sockaddr *address, struct q_ip *out);

/* The IPv4 address within ::ffff:0:0/96 (a peer of a dual-stack socket); others as they are. */
struct q_ip q_ip_unmap(const struct q_ip *ip);

/* What an address is set aside for: the IANA special-purpose registries (RFC 6890 and updates). */
enum q_ip_class {
	Q_IP_PUBLIC,
	Q_IP_UNSPECIFIED,
	Q_IP_LOOPBACK,
	Q_IP_PRIVATE, /* RFC 1918, unique local IPv6 */
	Q_IP_SHARED,  /* carrier-grade NAT */
	Q_IP_LINK_LOCAL,
	Q_IP_MULTICAST,
	Q_IP_DOCUMENTATION,
	Q_IP_BENCHMARK,
	Q_IP_EMBEDDED, /* leads to an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo */
	Q_IP_RESERVED  /* all else that is not for use on the Internet */
};

enum q_ip_class q_ip_classify(const struct q_ip *ip);

/* "public", "loopback", ...: for messages. */
const char *q_ip_class_name(enum q_ip_class class);

/* A network, "10.0.0.0/8", or one address. No bit behind the prefix may be set. */
struct q_cidr {
	struct q_ip network;
	unsigned prefix_bits;
};

bool q_cidr_parse(struct q_str text, struct q_cidr *out);

/* Never true across families: unmap first where that is meant. */
bool q_cidr_contains(const struct q_cidr *cidr, const struct q_ip *ip);

enum { Q_CIDR_LIST_MAX = 64 };

struct q_cidr_list {
	struct q_cidr items[Q_CIDR_LIST_MAX];
	size_t count;
};

/* Networks separated by commas, blanks around them allowed; an empty text is an empty list. */
Q_MUST_USE enum q_code q_cidr_list_parse(struct q_str text, struct q_cidr_list *out,
					 struct q_err *err);

bool q_cidr_list_contains(const struct q_cidr_list *list, const struct q_ip *ip);

#endif
