#include "cmd/wiring.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/metrics_process.h"
#include "base/time.h"
#include "embedded/analyst_extractive.h"
#include "embedded/blob_store_files.h"
#include "embedded/change_feed_sqlite.h"
#include "embedded/clock_system.h"
#include "embedded/event_log_sqlite.h"
#include "embedded/page_extractor_helper.h"
#include "embedded/random_source_system.h"
#include "embedded/record_store_sqlite.h"
#include "embedded/secret_store_files.h"
#include "remote/http_fetch_curl.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 256 * 1024, SECRET_BYTES = 32, LOCK_WAIT_MS = 1000 };

static const char jobs_table[] = "jobs";

/* clang-format off */
const struct q_wiring_choice q_wiring_choices[Q_WIRING_CHOICES] = {
	{"record_store", "sqlite", "DATA_DIR"},
	{"event_log", "sqlite", "DATA_DIR"},
	{"change_feed", "sqlite", "DATA_DIR"},
	{"blob_store documents", "files", "DATA_DIR"},
	{"blob_store results", "files", "DATA_DIR"},
	{"secret_store", "files", "DATA_DIR"},
	{"page_extractor", "helper", "default"},
	{"analyst", "extractive", "LLM_PROVIDER"},
	{"http_fetch", "curl", "default"},
	{"clock", "system", "default"},
	{"random_source", "system", "default"},
};
/* clang-format on */

static struct q_str path_below(struct q_wiring *w, const char *name)
{
	return q_arena_format(w->arena, "%.*s/%s",
			      Q_STR_ARG(q_settings_string(w->settings, Q_SETTING_ID_DATA_DIR)),
			      name);
}

static enum q_code open_log(struct q_wiring *w, struct q_err *err)
{
	enum q_log_level level = Q_LOG_INFO;

	if (!q_log_level_parse(q_settings_string(w->settings, Q_SETTING_ID_LOG_LEVEL), &level))
		return q_fail(err, Q_INVALID, "wiring", "LOG_LEVEL is no level");
	w->log = q_log_new(STDERR_FILENO, level, isatty(STDERR_FILENO));
	w->metrics = q_metrics_new();
	if (!w->log || !w->metrics || !q_metrics_add_process(w->metrics))
		return q_fail(err, Q_NOMEM, "wiring", "log and metrics");
	return Q_OK;
}

/* One process has the data directory: a second one is told who. One that was killed a moment ago
 * may still be letting go of it, so the refusal takes a second. */
static enum q_code lock_data(struct q_wiring *w, struct q_err *err)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	int64_t until_ms = q_time_monotonic_ms() + LOCK_WAIT_MS;
	struct q_str path = path_below(w, "lock");
	pid_t holder = 0;
	enum q_code code;

	while ((code = q_file_lock(AT_FDCWD, path.data, &w->lock_fd, &holder, err)) == Q_CONFLICT &&
	       q_time_monotonic_ms() < until_ms)
		nanosleep(&pause, NULL);
	if (code != Q_CONFLICT)
		return code;
	return q_fail(err, Q_CONFLICT, "wiring",
		      "the data directory %.*s is in use by process %ld: stop it, or choose "
		      "another DATA_DIR",
		      Q_STR_ARG(q_settings_string(w->settings, Q_SETTING_ID_DATA_DIR)),
		      (long)holder);
}

/* A secret that is made, 32 random bytes, where there is none. */
static enum q_code take_secret(struct q_wiring *w, struct q_str name, struct q_bytes *out,
			       struct q_err *err)
{
	struct q_call call = {0};
	unsigned char fresh[SECRET_BYTES];
	enum q_code code = q_secret_store_get(w->secrets, &call, name, w->arena, out, err);

	if (code != Q_NOTFOUND)
		return code;
	q_random_source_fill(w->random, fresh, sizeof fresh);
	code = q_secret_store_create(w->secrets, &call, name, (struct q_bytes){fresh, sizeof fresh},
				     err);
	explicit_bzero(fresh, sizeof fresh);
	if (code && code != Q_CONFLICT) /* another process was first: its value counts */
		return code;
	return q_secret_store_get(w->secrets, &call, name, w->arena, out, err);
}

enum { SECRET_OVERRIDES = 2 };

/* The secrets that settings give. They live as long as the wiring: the store borrows them. */
static const struct q_secret_override *secret_overrides(struct q_wiring *w)
{
	struct q_secret_override *out =
		q_arena_alloc_array(w->arena, SECRET_OVERRIDES, sizeof *out);

	if (!out)
		return NULL;
	out[0] =
		(struct q_secret_override){"token-secret", "JWT_SECRET",
					   q_settings_string(w->settings, Q_SETTING_ID_JWT_SECRET)};
	out[1] = (struct q_secret_override){
		"signing-keys", "SIGNING_KEYS",
		q_settings_string(w->settings, Q_SETTING_ID_SIGNING_KEYS)};
	return out;
}

static enum q_code open_secrets(struct q_wiring *w, struct q_err *err)
{
	const struct q_secret_override *overrides = secret_overrides(w);
	struct q_bytes keys;
	enum q_code code =
		overrides ? q_file_make_directories(
				    AT_FDCWD,
				    q_settings_string(w->settings, Q_SETTING_ID_DATA_DIR).data, err)
			  : q_fail(err, Q_NOMEM, "wiring", "secrets");

	if (!code)
		code = q_secret_store_files_open(path_below(w, "secrets").data, overrides,
						 SECRET_OVERRIDES, &w->secrets, err);
	if (!code)
		code = take_secret(w, Q_STR("token-secret"), &w->token_rules.secret, err);
	if (!code)
		code = take_secret(w, Q_STR("signing-keys"), &keys, err);
	if (!code)
		code = q_keyring_new(keys, &w->keyring, err);
	w->token_rules.issuer = q_settings_string(w->settings, Q_SETTING_ID_JWT_ISSUER);
	w->token_rules.audience = q_settings_string(w->settings, Q_SETTING_ID_JWT_AUDIENCE);
	return code;
}

static enum q_code open_records(struct q_wiring *w, struct q_err *err)
{
	enum q_code code = lock_data(w, err);

	if (!code)
		code = q_sqlite_database_open(
			q_settings_string(w->settings, Q_SETTING_ID_DATA_DIR).data, &w->database,
			err);
	if (!code)
		code = q_record_store_sqlite_open(w->database, jobs_table, w->clock, &w->records,
						  err);
	if (!code)
		code = q_change_feed_sqlite_open(w->database, jobs_table, w->clock, &w->changes,
						 err);
	if (!code)
		code = q_event_log_sqlite_open(w->database, w->clock, &w->events, err);
	return code;
}

static enum q_code open_blobs(struct q_wiring *w, const char *name, struct q_blob_store **out,
			      struct q_err *err)
{
	struct q_blob_store_files_options options = {
		.root = path_below(w, name).data,
		.name = q_str_from(name),
		.keyring = w->keyring,
		.clock = w->clock,
		.random = w->random,
	};

	return q_blob_store_files_open(&options, out, err);
}

/* quire-extract stands beside quire. */
static enum q_code find_helper(struct q_wiring *w, struct q_str *out, struct q_err *err)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (length < 0)
		return q_fail(err, Q_IO, "wiring", "/proc/self/exe cannot be read");
	self[length] = '\0';
	slash = strrchr(self, '/');
	*out = q_arena_format(w->arena, "%.*s/quire-extract", (int)(slash - self), self);
	return Q_OK;
}

static enum q_code open_extractor(struct q_wiring *w, struct q_err *err)
{
	struct q_page_extractor_helper_options options = {
		.pages_max = (unsigned)q_settings_integer(w->settings, Q_SETTING_ID_MAX_PAGES),
		.page_timeout_ms = q_settings_integer(w->settings, Q_SETTING_ID_PAGE_TIMEOUT_MS),
		.takes_ocr_layers = q_str_equal(
			q_settings_string(w->settings, Q_SETTING_ID_OCR_LAYERS), Q_STR("text")),
	};
	struct q_str path = {0};
	enum q_code code = find_helper(w, &path, err);

	if (code)
		return code;
	options.helper_path = path.data;
	return q_page_extractor_helper_open(&options, &w->extractor, err);
}

static enum q_code open_fetch(struct q_wiring *w, struct q_err *err)
{
	struct q_http_fetch_curl_options options = {.user_agent = "quire"};
	enum q_code code =
		q_cidr_list_parse(q_settings_string(w->settings, Q_SETTING_ID_WEBHOOK_ALLOW_CIDRS),
				  &options.allowed, err);

	if (code)
		return q_err_context(err, "WEBHOOK_ALLOW_CIDRS");
	return q_http_fetch_curl_open(&options, &w->fetch, err);
}

static enum q_code open_all(struct q_wiring *w, struct q_err *err)
{
	/* The helper is started first: it inherits nothing of what is opened later. */
	enum q_code code = open_extractor(w, err);

	if (!code)
		code = open_records(w, err);
	if (!code)
		code = open_blobs(w, "documents", &w->document_blobs, err);
	if (!code)
		code = open_blobs(w, "results", &w->result_blobs, err);
	if (!code)
		code = q_analyst_extractive_open(&w->analyst, err);
	if (!code)
		code = open_fetch(w, err);
	return code;
}

enum q_code q_wiring_open(const struct q_settings *settings, enum q_wiring_scope scope,
			  struct q_wiring **out, struct q_err *err)
{
	struct q_wiring *w = q_mem_new(sizeof *w);
	enum q_code code;

	if (!w)
		return q_fail(err, Q_NOMEM, "wiring", "%zu bytes", sizeof *w);
	w->settings = settings;
	w->lock_fd = -1;
	w->arena = q_arena_new(ARENA_BYTES);
	code = w->arena ? open_log(w, err) : q_fail(err, Q_NOMEM, "wiring", "an arena");
	if (!code)
		code = q_clock_system_open(&w->clock, err);
	if (!code)
		code = q_random_source_system_open(&w->random, err);
	if (!code)
		code = open_secrets(w, err);
	if (!code && scope == Q_WIRE_RECORDS)
		code = open_records(w, err);
	if (!code && scope == Q_WIRE_ALL)
		code = open_all(w, err);
	if (code)
		q_wiring_close(w);
	else
		*out = w;
	return code;
}

void q_wiring_close(struct q_wiring *w)
{
	if (!w)
		return;
	q_http_fetch_close(w->fetch);
	q_analyst_close(w->analyst);
	q_page_extractor_close(w->extractor);
	q_blob_store_close(w->result_blobs);
	q_blob_store_close(w->document_blobs);
	q_event_log_close(w->events);
	q_change_feed_close(w->changes);
	q_record_store_close(w->records);
	q_sqlite_database_close(w->database);
	q_keyring_free(w->keyring);
	q_secret_store_close(w->secrets);
	q_random_source_close(w->random);
	q_clock_close(w->clock);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	q_metrics_free(w->metrics);
	q_log_free(w->log);
	q_arena_free(w->arena);
	q_mem_free(w);
}
