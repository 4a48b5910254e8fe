/* quire serve: every role in one process, until SIGTERM or SIGINT. */
#include "api/api.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/pool.h"
#include "base/time.h"
#include "cmd/options.h"
#include "cmd/roles.h"
#include "cmd/wiring.h"
#include "net/address.h"
#include "net/http_server.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	GRACE_MS = 25000,
	MEGABYTE = 1 << 20,
	PROBES = 3,
	PROXIES_MAX = 64,
	LIVE_WAIT_MS = 250,
	TICK_MS = 500,
	LIVE_STACK_BYTES = 512 * 1024
};

/* Everything that runs, in the order in which it is started. */
struct server {
	struct q_wiring *wiring;
	struct q_documents *documents;
	struct q_live *live;
	struct q_authenticator *authenticator;
	struct q_api *api;
	struct q_pool *pool;
	struct q_roles *roles;
	struct q_http_server *http;
	struct q_api_probe probes[PROBES];
	unsigned long live_thread;
	bool has_live_thread;
	atomic_bool is_live_over;
};

static enum q_code probe_records(void *context, const struct q_call *call, struct q_err *err)
{
	struct q_wiring *w = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_query query = {.pk = Q_STR("READY"), .limit = 1};
	struct q_query_page page;
	enum q_code code = arena ? q_record_store_query(w->records, call, &query, arena, &page, err)
				 : q_fail(err, Q_NOMEM, "probe", "an arena");

	q_arena_free(arena);
	return code;
}

static enum q_code probe_store(struct q_blob_store *store, const struct q_call *call,
			       struct q_err *err)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_page page;
	enum q_code code = arena ? q_blob_store_list(store, call, Q_STR("probe/"),
						     (struct q_str){0}, 1, arena, &page, err)
				 : q_fail(err, Q_NOMEM, "probe", "an arena");

	q_arena_free(arena);
	return code;
}

static enum q_code probe_documents(void *context, const struct q_call *call, struct q_err *err)
{
	return probe_store(((struct q_wiring *)context)->document_blobs, call, err);
}

static enum q_code probe_results(void *context, const struct q_call *call, struct q_err *err)
{
	return probe_store(((struct q_wiring *)context)->result_blobs, call, err);
}

static enum q_code make_documents(struct server *s, struct q_err *err)
{
	struct q_wiring *w = s->wiring;
	struct q_documents_options options = {
		.records = w->records,
		.documents = w->document_blobs,
		.results = w->result_blobs,
		.events = w->events,
		.changes = w->changes,
		.extractor = w->extractor,
		.analyst = w->analyst,
		.fetch = w->fetch,
		.keyring = w->keyring,
		.clock = w->clock,
		.random = w->random,
		.log = w->log,
		.metrics = w->metrics,
		.documents_bucket = Q_STR("documents"),
		/* The data directory is locked: nobody but a later life of this process can bear
		 * the name. */
		.owner = Q_STR("local"),
		.file_bytes_max =
			(uint64_t)q_settings_integer(w->settings, Q_SETTING_ID_MAX_FILE_SIZE_MB) *
			MEGABYTE,
		.sync_bytes_max = (uint64_t)q_settings_integer(
					  w->settings, Q_SETTING_ID_FILE_SIZE_THRESHOLD_MB) *
				  MEGABYTE,
		.retention_days = q_settings_integer(w->settings, Q_SETTING_ID_RETENTION_DAYS),
		.workers =
			(unsigned)q_settings_integer(w->settings, Q_SETTING_ID_WORKER_CONCURRENCY),
	};

	return q_documents_new(&options, &s->documents, err);
}

static enum q_code make_api(struct server *s, struct q_err *err)
{
	struct q_wiring *w = s->wiring;
	const struct q_settings *settings = w->settings;
	struct q_api_options options = {
		.documents = s->documents,
		.live = s->live,
		.authenticator = s->authenticator,
		.records = w->records,
		.document_blobs = w->document_blobs,
		.result_blobs = w->result_blobs,
		.clock = w->clock,
		.random = w->random,
		.keyring = w->keyring,
		.log = w->log,
		.metrics = w->metrics,
		.public_url = q_settings_string(settings, Q_SETTING_ID_PUBLIC_URL),
		.cors_origins = q_settings_string(settings, Q_SETTING_ID_CORS_ORIGINS),
		.metrics_token = q_settings_string(settings, Q_SETTING_ID_METRICS_TOKEN),
		.file_bytes_max =
			(size_t)q_settings_integer(settings, Q_SETTING_ID_MAX_FILE_SIZE_MB) *
			MEGABYTE,
		.has_proxy = q_settings_is_set(settings, Q_SETTING_ID_TRUST_PROXY),
		.probes = s->probes,
		.probe_count = PROBES,
	};

	s->probes[0] =
		(struct q_api_probe){"record_store", w->records->ops->name, probe_records, w};
	s->probes[1] = (struct q_api_probe){"blob_store documents", w->document_blobs->ops->name,
					    probe_documents, w};
	s->probes[2] = (struct q_api_probe){"blob_store results", w->result_blobs->ops->name,
					    probe_results, w};
	return q_api_new(&options, &s->api, err);
}

/* Without TLS and without a proxy in front, credentials would cross the network in the clear. */
static enum q_code check_host(const struct q_settings *settings, struct q_str host,
			      struct q_err *err)
{
	if (q_str_starts_with(host, Q_STR("127.")) || q_str_equal(host, Q_STR("::1")) ||
	    q_settings_is_set(settings, Q_SETTING_ID_TLS_CERT) ||
	    q_settings_is_set(settings, Q_SETTING_ID_TRUST_PROXY))
		return Q_OK;
	return q_fail(err, Q_INVALID, "serve",
		      "HOST %.*s is no loopback address: set TLS_CERT and TLS_KEY, or TRUST_PROXY "
		      "to the proxies in front",
		      Q_STR_ARG(host));
}

static const char *optional_path(const struct q_settings *settings, enum q_setting_id id)
{
	return q_settings_is_set(settings, id) ? q_settings_string(settings, id).data : NULL;
}

static enum q_code start_http(struct server *s, struct q_err *err)
{
	const struct q_settings *settings = s->wiring->settings;
	struct q_str host = q_settings_string(settings, Q_SETTING_ID_HOST);
	struct q_cidr_list proxies;
	struct q_http_server_options options = {
		.host = host.data,
		.port = (unsigned)q_settings_integer(settings, Q_SETTING_ID_PORT),
		.tls_certificate_file = optional_path(settings, Q_SETTING_ID_TLS_CERT),
		.tls_key_file = optional_path(settings, Q_SETTING_ID_TLS_KEY),
		.trusted_proxies = &proxies,
		.router = q_api_router(s->api),
		.pool = s->pool,
		.log = s->wiring->log,
		.hooks = q_api_hooks(s->api),
	};
	enum q_code code = check_host(settings, host, err);

	if (!code)
		code = q_cidr_list_parse(q_settings_string(settings, Q_SETTING_ID_TRUST_PROXY),
					 &proxies, err);
	return code ? code : q_http_server_start(&options, &s->http, err);
}

/* Tells subscribers, and once a second looks at the streams. */
static void *run_live(void *argument)
{
	struct server *s = argument;
	struct q_call call = {.is_cancelled = &s->is_live_over};
	int64_t ticked_at = 0;

	while (!atomic_load(&s->is_live_over)) {
		struct q_err err;

		if (q_live_step(s->live, &call, LIVE_WAIT_MS, &err) && err.code != Q_CANCELLED) {
			q_log_error(s->wiring->log, Q_LOG_WARN, "live.failed", (struct q_str){0},
				    &err);
			nanosleep(&(struct timespec){.tv_nsec = LIVE_WAIT_MS * 1000000L}, NULL);
		}
		if (q_time_monotonic_ms() - ticked_at < TICK_MS)
			continue;
		ticked_at = q_time_monotonic_ms();
		q_api_tick(s->api, &call);
	}
	return NULL;
}

static enum q_code start_live(struct server *s, struct q_err *err)
{
	enum q_code code =
		q_thread_start("live", LIVE_STACK_BYTES, run_live, s, &s->live_thread, err);

	s->has_live_thread = code == Q_OK;
	return code;
}

static void stop_live(struct server *s)
{
	atomic_store(&s->is_live_over, true);
	if (s->has_live_thread)
		q_thread_join(s->live_thread);
}

static enum q_code start(struct server *s, const struct q_settings *settings, struct q_err *err)
{
	enum q_code code = q_wiring_open(settings, Q_WIRE_ALL, &s->wiring, err);

	if (!code)
		code = make_documents(s, err);
	if (!code)
		code = q_authenticator_new(s->wiring->records, s->wiring->clock,
					   &s->wiring->token_rules, &s->authenticator, err);
	if (!code)
		code = q_live_new(s->documents, &s->live, err);
	if (!code)
		code = make_api(s, err);
	if (!code)
		code = start_live(s, err);
	if (!code)
		code = q_pool_new(&q_pool_defaults, &s->pool, err);
	if (!code)
		code = q_roles_start(
			s->wiring, s->documents,
			(unsigned)q_settings_integer(settings, Q_SETTING_ID_WORKER_CONCURRENCY),
			&s->roles, err);
	return code ? code : start_http(s, err);
}

/* In the reverse order of the start. What is not there yet is NULL. */
static enum q_code stop(struct server *s, struct q_err *err)
{
	int64_t until = q_time_monotonic_ms() + GRACE_MS;
	enum q_code code = Q_OK;

	if (s->http) {
		code = q_http_server_stop(s->http, GRACE_MS, err);
		if (code) /* a handler still runs: nothing that it uses may go */
			return code;
		q_http_server_free(s->http);
	}
	stop_live(s);
	q_roles_stop(s->roles, until - q_time_monotonic_ms());
	if (s->pool)
		q_pool_free(s->pool);
	q_live_free(s->live); /* the last of the sessions */
	q_api_free(s->api);
	q_authenticator_free(s->authenticator);
	q_documents_free(s->documents);
	q_wiring_close(s->wiring);
	return code;
}

/* The first line of stdout: scripts wait for it. */
static void announce(const struct server *s)
{
	struct q_str host = q_settings_string(s->wiring->settings, Q_SETTING_ID_HOST);
	bool is_ipv6 = memchr(host.data, ':', host.length) != NULL;

	printf("{\"event\":\"listening\",\"url\":\"%s://%s%.*s%s:%u\"}\n",
	       q_settings_is_set(s->wiring->settings, Q_SETTING_ID_TLS_CERT) ? "https" : "http",
	       is_ipv6 ? "[" : "", Q_STR_ARG(host), is_ipv6 ? "]" : "",
	       q_http_server_port(s->http));
	fflush(stdout);
}

static void reload(struct server *s)
{
	struct q_err err;

	if (q_http_server_reload_tls(s->http, &err))
		q_log_error(s->wiring->log, Q_LOG_ERROR, "tls.reload_failed", (struct q_str){0},
			    &err);
	else
		q_log(s->wiring->log, Q_LOG_INFO, "tls.reloaded", Q_LOG_INT("pid", getpid()));
}

static void wait_for_end(struct server *s, const sigset_t *signals)
{
	int signal_number;

	while (sigwait(signals, &signal_number) == 0 && signal_number == SIGHUP)
		reload(s);
	q_log(s->wiring->log, Q_LOG_INFO, "server.stopping", Q_LOG_INT("signal", signal_number));
}

static enum q_exit run(const struct q_command_context *context)
{
	const char *roles = NULL;
	struct q_option options[] = {{"roles", true, NULL, &roles}};
	const char *const *operands;
	size_t operand_count;
	struct server s = {0};
	sigset_t signals;
	struct q_err err, stopping;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &operand_count, &err))
		return q_command_usage(&q_command_serve, "%s", err.message);
	if (operand_count > 0)
		return q_command_usage(&q_command_serve, "what is `%s`?", operands[0]);
	if (roles && strcmp(roles, "all") != 0)
		return q_command_fail(
			"serve", Q_EXIT_USAGE,
			"roles can be split only between machines that share remote stores, which "
			"this version does not have: leave --roles out");
	/* Every thread inherits the mask: one place takes the signals. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (start(&s, context->settings, &err)) {
		enum q_exit exit_code = q_command_error("serve", &err);

		(void)!stop(&s, &stopping);
		return exit_code;
	}
	announce(&s);
	wait_for_end(&s, &signals);
	if (stop(&s, &err))
		return q_command_error("serve", &err);
	return Q_EXIT_DONE;
}

const struct q_command q_command_serve = {
	.name = "serve",
	.synopsis = "serve [--port N] [--data-dir DIR] [--SETTING VALUE ...]",
	.summary = "run the server with every role in this process",
	.help = "The first line of stdout is {\"event\":\"listening\",\"url\":...}; the log goes "
		"to stderr.\n"
		"SIGTERM and SIGINT end it when what runs is done (25 s at most); SIGHUP reads the "
		"TLS files again.\n",
	.run = run,
};
