/* Connections: how long they may take, which are kept, where they may lead, and whom they trust. */
#include "base/time.h"
#include "support/certificate.h"
#include "support/checks.h"
#include "support/client_site.h"
#include "support/scratch.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void slow_answers_time_out(void **state)
{
	struct client_site *site = *state;
	int64_t start_ms = q_time_monotonic_ms();

	site->request.timeout_ms = 50;
	assert_int_equal(client_site_send(site, "/silent"), Q_TIMEOUT);
	assert_int_equal(client_site_send(site, "/drip"), Q_TIMEOUT);
	site->request.timeout_ms = 0;
	site->call.deadline_ms = q_time_monotonic_ms() + 50;
	assert_int_equal(client_site_send(site, "/silent"), Q_TIMEOUT);
	assert_int_equal(client_site_send(site, "/hello"), Q_TIMEOUT); /* the deadline has passed */
	assert_true(q_time_monotonic_ms() - start_ms < 5000);
}

static void a_server_that_falls_silent_is_given_up(void **state)
{
	struct client_site *site = *state;

	site->request.stall_ms = 1000;
	assert_int_equal(client_site_send(site, "/hello"), Q_OK);
	assert_int_equal(client_site_send(site, "/silent"), Q_TIMEOUT);
}

/* The server speaks no TLS and waits for the client to say something it knows. */
static void connections_that_take_too_long_time_out(void **state)
{
	struct client_site *site = *state;
	struct q_http_client_options options = {.connect_ms = 50};
	struct q_http_client *client;

	assert_int_equal(q_http_client_open(&options, &client, &site->err), Q_OK);
	site->request.url = q_arena_format(site->arena, "https://127.0.0.1:%u/", site->server.port);
	assert_int_equal(q_http_client_send(client, &site->call, &site->request, site->arena,
					    &site->response, &site->err),
			 Q_TIMEOUT);
	q_http_client_close(client);
}

static void *cancel_when_asked(void *argument)
{
	struct client_site *site = argument;

	while (atomic_load(&site->server.request_count) == 0)
		sched_yield();
	atomic_store((atomic_bool *)(uintptr_t)site->call.is_cancelled, true);
	return NULL;
}

static void a_cancelled_request_ends(void **state)
{
	struct client_site *site = *state;
	atomic_bool is_cancelled = false;
	pthread_t thread;

	site->call.is_cancelled = &is_cancelled;
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, site), 0);
	assert_int_equal(client_site_send(site, "/silent"), Q_CANCELLED);
	pthread_join(thread, NULL);
}

static void connections_are_kept_for_what_may_be_sent_twice(void **state)
{
	struct client_site *site = *state;
	atomic_uint *connections = &site->server.connection_count;

	client_site_assert_sent(site, "/hello", 200, Q_STR("hello"));
	client_site_assert_sent(site, "/hello", 200, Q_STR("hello"));
	site->request.method = Q_STR("PUT");
	client_site_assert_sent(site, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 1);
	site->request.method = Q_STR("POST");
	client_site_assert_sent(site, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 2);
	site->request.is_repeatable = true;
	client_site_assert_sent(site, "/echo", 200, Q_STR(""));
	assert_int_equal(atomic_load(connections), 2);
}

static void a_dead_kept_connection_is_replaced(void **state)
{
	struct client_site *site = *state;

	client_site_assert_sent(site, "/once", 200, Q_STR("hello"));
	client_site_assert_sent(site, "/once", 200, Q_STR("hello"));
	client_site_assert_sent(site, "/hello", 200, Q_STR("hello"));
}

/* --- Addresses. --- */

struct connector {
	struct q_http_client_events events;
	struct q_ip asked;
	unsigned asked_count;
	bool allow;
};

static bool connector_may_connect(struct q_http_client_events *events, const struct q_ip *address)
{
	struct connector *connector = q_container_of(events, struct connector, events);

	connector->asked = *address;
	connector->asked_count++;
	return connector->allow;
}

static void may_connect_sees_the_address_and_can_refuse_it(void **state)
{
	struct client_site *site = *state;
	struct connector connector = {.events.may_connect = connector_may_connect, .allow = true};
	char text[Q_IP_TEXT_SIZE];

	site->request.events = &connector.events;
	client_site_assert_sent(site, "/hello", 200, Q_STR("hello"));
	q_ip_format(&connector.asked, text);
	assert_string_equal(text, "127.0.0.1");
	connector.allow = false;
	assert_int_equal(client_site_send(site, "/hello"), Q_DENIED);
	assert_int_equal(connector.asked_count, 2);
	assert_int_equal(atomic_load(&site->server.request_count), 1);
}

static void kept_connections_do_not_pass_by_may_connect(void **state)
{
	struct client_site *site = *state;
	struct connector connector = {.events.may_connect = connector_may_connect};

	client_site_assert_sent(site, "/hello", 200, Q_STR("hello")); /* leaves a connection */
	site->request.events = &connector.events;
	assert_int_equal(client_site_send(site, "/hello"), Q_DENIED);
	assert_int_equal(connector.asked_count, 1);
}

static enum q_code send_pinned(struct client_site *site, const char *address)
{
	struct q_ip ip;

	assert_true(q_ip_parse(q_str_from(address), &ip));
	site->request.addresses = &ip;
	site->request.address_count = 1;
	site->request.url = q_arena_format(site->arena, "http://no-such-name.invalid:%u/head",
					   site->server.port);
	return q_http_client_send(site->client, &site->call, &site->request, site->arena,
				  &site->response, &site->err);
}

static void given_addresses_are_used_without_a_lookup(void **state)
{
	struct client_site *site = *state;

	assert_int_equal(send_pinned(site, "127.0.0.1"), Q_OK);
	assert_true(client_site_head_has(site, "\r\nHost: no-such-name.invalid:"));
	/* Another answer for the same name, and then none: what was given before is forgotten. */
	assert_int_equal(send_pinned(site, "127.0.0.2"), Q_IO);
	assert_int_equal(send_pinned(site, "127.0.0.1"), Q_OK);
	site->request.address_count = 0;
	assert_int_equal(q_http_client_send(site->client, &site->call, &site->request, site->arena,
					    &site->response, &site->err),
			 Q_IO);
	assert_int_equal(atomic_load(&site->server.request_count), 2);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		setenv(names[i], "http://127.0.0.1:1/", 1);
	client_site_assert_sent(*state, "/hello", 200, Q_STR("hello"));
	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		unsetenv(names[i]);
}

/* --- TLS. --- */

struct tls_files {
	char directory[SCRATCH_PATH_MAX];
	char certificate[SCRATCH_PATH_MAX + 16], key[SCRATCH_PATH_MAX + 16];
};

static enum q_code send_over_tls(struct client_site *site, const char *host, const char *ca_file)
{
	struct q_http_client_options options = {.ca_file = ca_file};
	struct q_http_client *client;
	enum q_code code;

	assert_int_equal(q_http_client_open(&options, &client, &site->err), Q_OK);
	site->request.url =
		q_arena_format(site->arena, "https://%s:%u/hello", host, site->server.port);
	code = q_http_client_send(client, &site->call, &site->request, site->arena, &site->response,
				  &site->err);
	q_http_client_close(client);
	return code;
}

static void tls_certificates_are_verified(void **state)
{
	struct client_site site = **(struct client_site **)state;
	struct tls_files files;

	scratch_make(files.directory);
	snprintf(files.certificate, sizeof files.certificate, "%s/cert.pem", files.directory);
	snprintf(files.key, sizeof files.key, "%s/key.pem", files.directory);
	certificate_write("loopback", files.certificate, files.key);
	site.server = (struct loopback){.serve = loopback_pages,
					.certificate_file = files.certificate,
					.key_file = files.key};
	loopback_start(&site.server);

	assert_int_equal(send_over_tls(&site, "127.0.0.1", files.certificate), Q_OK);
	assert_view_equal(q_bytes_str(site.response.body), "hello");
	assert_int_equal(send_over_tls(&site, "127.0.0.1", NULL), Q_IO); /* unknown authority */
	assert_int_equal(send_over_tls(&site, "127.0.0.2", files.certificate), Q_IO);
	assert_int_equal(atomic_load(&site.server.request_count), 1);

	loopback_stop(&site.server);
	scratch_remove(files.directory);
}

/* --- The cache. --- */

struct cache_user {
	struct client_site *site;
	struct q_http_client_cache *cache;
	pthread_t thread;
	unsigned failed;
};

static void *use_cache(void *argument)
{
	struct cache_user *user = argument;
	struct q_http_client_request request = user->site->request;
	struct q_http_client_response response;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_err err;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", user->site->server.port);
	request.url = q_str_from(url);
	for (int i = 0; i < 20; i++) {
		if (q_http_client_cache_send(user->cache, &user->site->call, &request, arena,
					     &response, &err) != Q_OK ||
		    response.status != 200)
			user->failed++;
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return NULL;
}

static void a_cache_serves_many_threads_over_few_connections(void **state)
{
	struct client_site *site = *state;
	struct q_http_client_cache *cache;
	struct cache_user users[20];

	assert_int_equal(q_http_client_cache_open(NULL, &cache, &site->err), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		users[i] = (struct cache_user){.site = site, .cache = cache};
		assert_int_equal(pthread_create(&users[i].thread, NULL, use_cache, &users[i]), 0);
	}
	for (size_t i = 0; i < Q_COUNT_OF(users); i++) {
		pthread_join(users[i].thread, NULL);
		assert_int_equal(users[i].failed, 0);
	}
	assert_int_equal(atomic_load(&site->server.request_count), 400);
	assert_true(atomic_load(&site->server.connection_count) < 100);
	q_http_client_cache_close(cache);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, client_site_start, client_site_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(slow_answers_time_out),
		CASE(a_server_that_falls_silent_is_given_up),
		CASE(connections_that_take_too_long_time_out),
		CASE(a_cancelled_request_ends),
		CASE(connections_are_kept_for_what_may_be_sent_twice),
		CASE(a_dead_kept_connection_is_replaced),
		CASE(may_connect_sees_the_address_and_can_refuse_it),
		CASE(kept_connections_do_not_pass_by_may_connect),
		CASE(given_addresses_are_used_without_a_lookup),
		CASE(proxies_of_the_environment_are_ignored),
		CASE(tls_certificates_are_verified),
		CASE(a_cache_serves_many_threads_over_few_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
