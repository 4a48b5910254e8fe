#include "net/resolve.h"

#include "base/time.h"
#include "net/http_client.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* This program's getaddrinfo stands in for the system's: "none.test" is unknown, "slow.test" keeps
 * its lookup waiting until the test lets it go on, "many.test" has 33 addresses, others have
 * 192.0.2.1 twice and 2001:db8::1. */
static sem_t go_on, went_on;

struct answer {
	struct addrinfo info;
	struct sockaddr_storage address;
};

static struct addrinfo *add_answer(struct addrinfo *next, const char *text)
{
	struct answer *answer = calloc(1, sizeof *answer);
	struct q_ip ip;

	assert_true(q_ip_parse(q_str_from(text), &ip));
	answer->info.ai_addr = (struct sockaddr *)&answer->address;
	answer->info.ai_next = next;
	if (ip.is_v4) {
		struct sockaddr_in v4 = {.sin_family = AF_INET};

		memcpy(&v4.sin_addr, ip.bytes, 4);
		memcpy(&answer->address, &v4, sizeof v4);
	} else {
		struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

		memcpy(&v6.sin6_addr, ip.bytes, 16);
		memcpy(&answer->address, &v6, sizeof v6);
	}
	return &answer->info;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	*found = NULL;
	if (strcmp(name, "none.test") == 0)
		return EAI_NONAME;
	if (strcmp(name, "slow.test") == 0) {
		sem_wait(&go_on);
		sem_post(&went_on);
	}
	if (strcmp(name, "many.test") == 0) {
		char text[Q_IP_TEXT_SIZE];

		for (struct q_ip ip = {.is_v4 = true, .bytes = {192, 0, 2, 33}}; ip.bytes[3] > 0;
		     ip.bytes[3]--) {
			q_ip_format(&ip, text);
			*found = add_answer(*found, text);
		}
		return 0;
	}
	*found = add_answer(add_answer(add_answer(NULL, "2001:db8::1"), "192.0.2.1"), "192.0.2.1");
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	while (found) {
		struct addrinfo *next = found->ai_next;

		free(q_container_of(found, struct answer, info));
		found = next;
	}
}

static const struct q_call no_limits;

static enum q_code resolve(const char *host, struct q_addresses *out)
{
	struct q_err err;

	return q_resolve(q_str_from(host), &no_limits, out, &err);
}

static void addresses_come_in_order_and_each_once(void **state)
{
	struct q_addresses addresses;
	char text[Q_IP_TEXT_SIZE];

	assert_int_equal(resolve("some.test", &addresses), Q_OK);
	assert_int_equal(addresses.count, 2);
	q_ip_format(&addresses.items[0], text);
	assert_string_equal(text, "192.0.2.1");
	q_ip_format(&addresses.items[1], text);
	assert_string_equal(text, "2001:db8::1");
}

static void unknown_names_are_errors(void **state)
{
	char long_name[300];
	struct q_addresses addresses;

	memset(long_name, 'a', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(resolve("none.test", &addresses), Q_IO);
	assert_int_equal(resolve("", &addresses), Q_IO);
	assert_int_equal(resolve(long_name, &addresses), Q_IO);
}

static void more_addresses_than_can_be_checked_are_an_error(void **state)
{
	struct q_addresses addresses;

	assert_int_equal(resolve("many.test", &addresses), Q_IO);
}

/* The lookup that was given up ends on its own; what it holds is LeakSanitizer's to find. */
static void let_slow_lookup_end(void)
{
	sem_post(&go_on);
	sem_wait(&went_on);
}

static void a_lookup_is_given_up_at_the_deadline(void **state)
{
	int64_t start_ms = q_time_monotonic_ms();
	struct q_call call = {.deadline_ms = start_ms + 50};
	struct q_addresses addresses;
	struct q_err err;

	assert_int_equal(q_resolve(Q_STR("slow.test"), &call, &addresses, &err), Q_TIMEOUT);
	assert_true(q_time_monotonic_ms() - start_ms >= 50);
	let_slow_lookup_end();
}

static void a_lookup_is_given_up_when_cancelled(void **state)
{
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_addresses addresses;
	struct q_err err;

	assert_int_equal(q_resolve(Q_STR("slow.test"), &call, &addresses, &err), Q_CANCELLED);
	let_slow_lookup_end();
}

/* curl looks names up in a thread too; it must not wait for that one either. */
static void a_client_gives_a_lookup_up_at_the_deadline(void **state)
{
	int64_t start_ms = q_time_monotonic_ms();
	struct q_http_client_request request = {
		.method = Q_STR("GET"), .url = Q_STR("http://slow.test/"), .timeout_ms = 50};
	struct q_http_client_response response;
	struct q_arena *arena = q_arena_new(10000);
	struct q_http_client *client;
	struct q_err err;

	assert_int_equal(q_http_client_open(NULL, &client, &err), Q_OK);
	assert_int_equal(q_http_client_send(client, &no_limits, &request, arena, &response, &err),
			 Q_TIMEOUT);
	assert_true(q_time_monotonic_ms() - start_ms >= 50);
	q_http_client_close(client);
	let_slow_lookup_end(); /* were it waited for, the test would not come here */
	q_arena_free(arena);
}

static enum q_code resolve_once(void *context)
{
	return resolve("some.test", context);
}

static void every_failing_allocation_is_an_error(void **state)
{
	struct q_addresses addresses;

	assert_true(run_with_failing_memory(resolve_once, &addresses) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_in_order_and_each_once),
		cmocka_unit_test(unknown_names_are_errors),
		cmocka_unit_test(more_addresses_than_can_be_checked_are_an_error),
		cmocka_unit_test(a_lookup_is_given_up_at_the_deadline),
		cmocka_unit_test(a_lookup_is_given_up_when_cancelled),
		cmocka_unit_test(a_client_gives_a_lookup_up_at_the_deadline),
		cmocka_unit_test(every_failing_allocation_is_an_error),
	};

	sem_init(&go_on, 0, 0);
	sem_init(&went_on, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
