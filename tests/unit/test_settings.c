#include "base/file.h"
#include "base/settings.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1024 * 1024 };

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SECRET	   "0123456789abcdef0123456789abcdef"

/* One load, and what came of it. */
struct fixture {
	struct q_arena *arena;
	const struct q_settings *settings;
	struct q_err err;
	char warnings[1000]; /* one a line */
	char path[32];	     /* of the env file; empty: none */
};

static struct fixture fixture;

static int make_fixture(void **state)
{
	memset(&fixture, 0, sizeof fixture);
	fixture.arena = q_arena_new(ARENA_BYTES);
	return fixture.arena ? 0 : -1;
}

static int free_fixture(void **state)
{
	if (fixture.path[0] != '\0')
		unlink(fixture.path);
	q_arena_free(fixture.arena);
	return 0;
}

static void write_env_file(struct q_str text)
{
	struct q_err err;
	int fd;

	snprintf(fixture.path, sizeof fixture.path, "/tmp/quire-env-XXXXXX");
	fd = mkstemp(fixture.path);
	assert_true(fd >= 0);
	assert_int_equal(q_file_write_all(fd, q_str_bytes(text), &err), Q_OK);
	close(fd);
}

static void keep_warning(void *context, const char *line)
{
	size_t length = strlen(fixture.warnings);

	assert_ptr_equal(context, &fixture);
	snprintf(fixture.warnings + length, sizeof fixture.warnings - length, "%s\n", line);
}

static enum q_code load(const char *const *environment, const char *const *flags)
{
	const struct q_settings_sources sources = {
		.env_file = fixture.path[0] != '\0' ? fixture.path : NULL,
		.environ = environment,
		.flags = flags,
	};

	return q_settings_load(fixture.arena, &sources, keep_warning, &fixture, &fixture.settings,
			       &fixture.err);
}

/* A load that is refused with a message that holds this text. */
static void assert_refused(const char *const *environment, const char *const *flags,
			   const char *text)
{
	assert_int_equal(load(environment, flags), Q_INVALID);
	assert_null(fixture.settings);
	if (!strstr(fixture.err.message, text))
		fail_msg("\"%s\" does not say \"%s\"", fixture.err.message, text);
}

static struct q_str string_of(enum q_setting_id id)
{
	return q_settings_string(fixture.settings, id);
}

static int64_t integer_of(enum q_setting_id id)
{
	return q_settings_integer(fixture.settings, id);
}

static void defaults_are_those_of_the_contract(void **state)
{
	assert_int_equal(load(NULL, NULL), Q_OK);
	assert_view_equal(string_of(Q_SETTING_ID_HOST), "127.0.0.1");
	assert_int_equal(integer_of(Q_SETTING_ID_PORT), 3000);
	assert_view_equal(string_of(Q_SETTING_ID_DATA_DIR), "./data");
	assert_int_equal(integer_of(Q_SETTING_ID_FILE_SIZE_THRESHOLD_MB), 5);
	assert_int_equal(integer_of(Q_SETTING_ID_MAX_FILE_SIZE_MB), 500);
	assert_int_equal(integer_of(Q_SETTING_ID_MAX_PAGES), 5000);
	assert_int_equal(integer_of(Q_SETTING_ID_PAGE_TIMEOUT_MS), 10000);
	assert_int_equal(integer_of(Q_SETTING_ID_WORKER_CONCURRENCY), 16);
	assert_int_equal(integer_of(Q_SETTING_ID_RETENTION_DAYS), 90);
	assert_view_equal(string_of(Q_SETTING_ID_LOG_LEVEL), "info");
	assert_view_equal(string_of(Q_SETTING_ID_LLM_PROVIDER), "extractive");
	assert_false(q_settings_is_set(fixture.settings, Q_SETTING_ID_JWT_SECRET));
	assert_view_equal(string_of(Q_SETTING_ID_JWT_SECRET), "");
	assert_string_equal(q_settings_source(fixture.settings, Q_SETTING_ID_PORT), "default");
}

static void later_sources_win(void **state)
{
	write_env_file(Q_STR("PORT=1\nMAX_PAGES=1\nRETENTION_DAYS=1\n"));
	assert_int_equal(load(PAIRS("PORT=2", "MAX_PAGES=2"), PAIRS("PORT=3")), Q_OK);
	assert_int_equal(integer_of(Q_SETTING_ID_PORT), 3);
	assert_int_equal(integer_of(Q_SETTING_ID_MAX_PAGES), 2);
	assert_int_equal(integer_of(Q_SETTING_ID_RETENTION_DAYS), 1);
	assert_string_equal(q_settings_source(fixture.settings, Q_SETTING_ID_PORT), "flag");
	assert_string_equal(q_settings_source(fixture.settings, Q_SETTING_ID_MAX_PAGES),
			    "environment");
	assert_string_equal(q_settings_source(fixture.settings, Q_SETTING_ID_RETENTION_DAYS),
			    "env file");
}

static void empty_value_sets_back_to_the_default(void **state)
{
	write_env_file(Q_STR("PORT=1\nJWT_ISSUER=me\n"));
	assert_int_equal(load(PAIRS("PORT=", "JWT_ISSUER="), NULL), Q_OK);
	assert_int_equal(integer_of(Q_SETTING_ID_PORT), 3000);
	assert_string_equal(q_settings_source(fixture.settings, Q_SETTING_ID_PORT), "default");
	assert_false(q_settings_is_set(fixture.settings, Q_SETTING_ID_JWT_ISSUER));
}

static void bounds_of_numbers_are_exact(void **state)
{
	assert_int_equal(load(PAIRS("PORT=0"), NULL), Q_OK);
	assert_int_equal(load(PAIRS("PORT=65535"), NULL), Q_OK);
	fixture.settings = NULL;
	assert_refused(PAIRS("PORT=65536"), NULL,
		       "PORT (environment): 65536 is not a whole number from 0 to 65535");
	assert_refused(PAIRS("PORT=-1"), NULL, "-1 is not");
	assert_refused(PAIRS("PORT=80x"), NULL, "80x is not");
	assert_refused(PAIRS("PORT= 80"), NULL, " 80 is not");
	assert_refused(PAIRS("PORT=99999999999999999999"), NULL, "is not");
}

static void bad_value_is_refused_though_a_later_source_is_good(void **state)
{
	write_env_file(Q_STR("\nPORT=x\n"));
	assert_refused(PAIRS("PORT=1"), NULL, " line 2): x is not a whole number");
}

static void words_are_exact(void **state)
{
	assert_int_equal(load(PAIRS("LOG_LEVEL=debug"), NULL), Q_OK);
	fixture.settings = NULL;
	assert_refused(PAIRS("LOG_LEVEL=Debug"), NULL,
		       "LOG_LEVEL (environment): Debug is not one of: debug info warn error");
	assert_refused(PAIRS("LOG_LEVEL=debug info"), NULL, "is not one of");
	assert_refused(NULL, PAIRS("LLM_PROVIDER=gemini"), "gemini is not one of: extractive");
}

static void urls_are_checked_and_lose_their_last_slash(void **state)
{
	static const char *const bad[] = {"PUBLIC_URL=quire.example",
					  "PUBLIC_URL=ftp://quire.example",
					  "PUBLIC_URL=https://",
					  "PUBLIC_URL=https:///path",
					  "PUBLIC_URL=https://a b",
					  "PUBLIC_URL=https://u:p@quire.example",
					  "PUBLIC_URL=https://h.example?q",
					  "PUBLIC_URL=https://h.example#f",
					  "PUBLIC_URL=HTTPS://h.example"};

	assert_int_equal(load(PAIRS("PUBLIC_URL=https://quire.example:8443/base/"), NULL), Q_OK);
	assert_view_equal(string_of(Q_SETTING_ID_PUBLIC_URL), "https://quire.example:8443/base");
	fixture.settings = NULL;
	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		assert_refused(PAIRS(bad[i]), NULL, "is not http(s)://host");
}

static void text_that_could_harm_a_terminal_is_refused(void **state)
{
	assert_refused(PAIRS("DATA_DIR=a\x1b[2J"), NULL, "control characters, or not UTF-8");
	assert_refused(PAIRS("DATA_DIR=a\xFF"), NULL, "control characters, or not UTF-8");
	assert_null(strchr(fixture.err.message, '\xFF'));
}

static void text_has_a_length_limit(void **state)
{
	char pair[5000];

	memset(pair, 'x', sizeof pair);
	memcpy(pair, "DATA_DIR=", 9);
	pair[9 + 4096] = '\0';
	assert_int_equal(load(PAIRS(pair), NULL), Q_OK);
	fixture.settings = NULL;
	memcpy(pair + 9 + 4096, "x", 2);
	assert_refused(PAIRS(pair), NULL, "4097 bytes: at most 4096");
}

static void short_secret_is_refused_without_telling_it(void **state)
{
	assert_int_equal(load(PAIRS("JWT_SECRET=" SECRET), NULL), Q_OK);
	fixture.settings = NULL;
	assert_refused(PAIRS("JWT_SECRET=tomato"), NULL,
		       "JWT_SECRET (environment): 6 bytes: at least 32");
	assert_null(strstr(fixture.err.message, "tomato"));
}

static void secret_is_refused_as_a_flag(void **state)
{
	assert_refused(NULL, PAIRS("JWT_SECRET=" SECRET), "JWT_SECRET (flag): a secret");
	assert_null(strstr(fixture.err.message, SECRET));
}

static void certificate_and_key_come_together(void **state)
{
	assert_int_equal(load(PAIRS("TLS_CERT=a", "TLS_KEY=b"), NULL), Q_OK);
	fixture.settings = NULL;
	assert_refused(PAIRS("TLS_CERT=a"), NULL, "TLS_CERT is set without TLS_KEY");
	assert_refused(PAIRS("TLS_KEY=a"), NULL, "TLS_KEY is set without TLS_CERT");
}

static void other_hosts_than_loopback_need_tls_or_a_proxy(void **state)
{
	static const char *const loopback[] = {"HOST=127.8.9.1", "HOST=::1", "HOST=localhost"};
	static const char *const elsewhere[] = {"HOST=0.0.0.0", "HOST=::", "HOST=10.0.0.1",
						"HOST=quire.example", "HOST=127.0.0.1.example"};

	for (size_t i = 0; i < Q_COUNT_OF(loopback); i++)
		assert_int_equal(load(PAIRS(loopback[i]), NULL), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(elsewhere); i++) {
		fixture.settings = NULL;
		assert_refused(PAIRS(elsewhere[i]), NULL, "is not loopback");
		assert_int_equal(load(PAIRS(elsewhere[i], "TRUST_PROXY=10.0.0.2"), NULL), Q_OK);
		assert_int_equal(load(PAIRS(elsewhere[i], "TLS_CERT=a", "TLS_KEY=b"), NULL), Q_OK);
	}
}

static void name_one_edit_from_a_known_one_is_refused(void **state)
{
	static const char *const close_names[] = {
		"DATA_DIRS=x",	   /* one more */
		"MAX_PAGE=1",	   /* one less */
		"DATA-DIR=x",	   /* another */
		"METRICS_TOEKN=x", /* swapped */
		"S3_BUCKETNAME=x", /* of a reserved name */
	};

	for (size_t i = 0; i < Q_COUNT_OF(close_names); i++)
		assert_refused(PAIRS(close_names[i]), NULL, "no such setting: is ");
	assert_refused(PAIRS("DATA_DIRS=x"), NULL,
		       "DATA_DIRS (environment): no such setting: is DATA_DIR meant?");
}

static void names_further_off_or_shorter_are_ignored(void **state)
{
	assert_int_equal(load(PAIRS("PORTS=x", "DATADIR=x", "MAXPAGESS=x", "METRICS_OTEKN=x",
				    "PATH=x", "data_dir=x", "noequals", "=x", "QUIRE=x"),
			      NULL),
			 Q_OK);
	assert_string_equal(fixture.warnings, "");
}

static void unknown_name_that_begins_as_ours_warns(void **state)
{
	assert_int_equal(load(PAIRS("QUIRE_COLOUR=x"), NULL), Q_OK);
	assert_string_equal(fixture.warnings,
			    "QUIRE_COLOUR (environment): no such setting: ignored\n");
}

static void warnings_need_nobody_to_hear_them(void **state)
{
	const struct q_settings_sources sources = {.environ = PAIRS("QUIRE_COLOUR=x")};

	assert_int_equal(q_settings_load(fixture.arena, &sources, NULL, NULL, &fixture.settings,
					 &fixture.err),
			 Q_OK);
}

static void name_that_is_not_served_yet_stops_the_start(void **state)
{
	assert_refused(PAIRS("S3_BUCKET_NAME=b"), NULL,
		       "S3_BUCKET_NAME (environment): not available in this version");
	assert_refused(PAIRS("OPENSEARCH_NODE=https://x"), NULL, "not available in this version");
	assert_int_equal(load(PAIRS("S3_BUCKET_NAME="), NULL), Q_OK);
}

static void name_that_other_programs_read_too_warns_in_the_environment(void **state)
{
	assert_int_equal(load(PAIRS("AWS_REGION=eu-west-1"), NULL), Q_OK);
	assert_string_equal(fixture.warnings,
			    "AWS_REGION (environment): not used in this version of quire\n");
	fixture.settings = NULL;
	write_env_file(Q_STR("AWS_REGION=eu-west-1"));
	assert_refused(NULL, NULL, "line 1): not available in this version");
}

static void unknown_flag_is_refused(void **state)
{
	assert_refused(NULL, PAIRS("COLOUR=x"), "COLOUR (flag): no such setting");
	assert_refused(NULL, PAIRS("S3_BUCKET_NAME=x"), "no such setting");
}

static void flags_are_names_in_lower_case_with_dashes(void **state)
{
	assert_int_equal(q_settings_find_flag(Q_STR("data-dir")), Q_SETTING_ID_DATA_DIR);
	assert_int_equal(q_settings_find_flag(Q_STR("port")), Q_SETTING_ID_PORT);
	assert_int_equal(q_settings_find_flag(Q_STR("DATA_DIR")), Q_SETTING_COUNT);
	assert_int_equal(q_settings_find_flag(Q_STR("data-dirs")), Q_SETTING_COUNT);
	assert_int_equal(q_settings_find_flag(Q_STR("")), Q_SETTING_COUNT);
	for (int id = 0; id < Q_SETTING_COUNT; id++) {
		char flag[64];

		snprintf(flag, sizeof flag, "%s", q_settings_table[id].name);
		for (char *c = flag; *c; c++)
			*c = (char)(*c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
		assert_int_equal(q_settings_find_flag(q_str_from(flag)), id);
	}
}

static void env_file_that_is_missing_or_bad_is_refused(void **state)
{
	snprintf(fixture.path, sizeof fixture.path, "/nonexistent/quire.env");
	assert_int_equal(load(NULL, NULL), Q_NOTFOUND);
	assert_non_null(strstr(fixture.err.message, "/nonexistent/quire.env"));
	write_env_file(Q_STR("PORT=1\nnonsense\n"));
	assert_refused(NULL, NULL, ": line 2: NAME=value expected");
}

static void env_file_beyond_64_kib_is_refused(void **state)
{
	static char text[65 * 1024];

	memset(text, '\n', sizeof text);
	write_env_file((struct q_str){text, sizeof text});
	assert_int_equal(load(NULL, NULL), Q_TOOBIG);
}

static void values_outlive_their_sources(void **state)
{
	char pair[] = "DATA_DIR=somewhere";

	assert_int_equal(load(PAIRS(pair), NULL), Q_OK);
	memset(pair, 0, sizeof pair);
	assert_view_equal(string_of(Q_SETTING_ID_DATA_DIR), "somewhere");
}

/* Every default is a value that its own setting takes, every name its own. */
static void table_is_consistent(void **state)
{
	for (int id = 0; id < Q_SETTING_COUNT; id++) {
		const struct q_setting *setting = &q_settings_table[id];

		assert_true(strlen(setting->sentence) > 10);
		assert_int_equal(setting->sentence[strlen(setting->sentence) - 1], '.');
		assert_int_equal(setting->type == Q_SETTING_WORD, setting->range != NULL);
		assert_false(setting->is_secret && setting->fallback);
		for (int other = 0; other < id; other++)
			assert_string_not_equal(setting->name, q_settings_table[other].name);
	}
}

static void docs_are_up_to_date(void **state)
{
	struct q_bytes file;
	struct q_buf text;
	struct q_err err;

	q_buf_init(&text, 100000);
	assert_true(q_settings_write_markdown(&text));
	/* On failure: quire help settings --markdown > docs/settings.md */
	assert_int_equal(
		q_file_read_at(AT_FDCWD, "docs/settings.md", 100000, fixture.arena, &file, &err),
		Q_OK);
	assert_true(q_str_equal(q_bytes_str(file), q_buf_str(&text)));
	q_buf_free(&text);
}

static enum q_code load_once(void *context)
{
	const struct q_settings_sources sources = {.environ = PAIRS("PORT=1"),
						   .env_file = fixture.path};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	const struct q_settings *settings;
	enum q_code code = Q_NOMEM;
	struct q_err err;

	if (arena)
		code = q_settings_load(arena, &sources, NULL, NULL, &settings, &err);
	q_arena_free(arena);
	return code;
}

static void every_failing_allocation_gives_nomem(void **state)
{
	write_env_file(Q_STR("PORT=\"1\"\n"));
	assert_true(run_with_failing_memory(load_once, NULL) >= 1);
}

#define CASE(F) cmocka_unit_test_setup_teardown(F, make_fixture, free_fixture)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(defaults_are_those_of_the_contract),
		CASE(later_sources_win),
		CASE(empty_value_sets_back_to_the_default),
		CASE(bounds_of_numbers_are_exact),
		CASE(bad_value_is_refused_though_a_later_source_is_good),
		CASE(words_are_exact),
		CASE(urls_are_checked_and_lose_their_last_slash),
		CASE(text_that_could_harm_a_terminal_is_refused),
		CASE(text_has_a_length_limit),
		CASE(short_secret_is_refused_without_telling_it),
		CASE(secret_is_refused_as_a_flag),
		CASE(certificate_and_key_come_together),
		CASE(other_hosts_than_loopback_need_tls_or_a_proxy),
		CASE(name_one_edit_from_a_known_one_is_refused),
		CASE(names_further_off_or_shorter_are_ignored),
		CASE(unknown_name_that_begins_as_ours_warns),
		CASE(warnings_need_nobody_to_hear_them),
		CASE(name_that_is_not_served_yet_stops_the_start),
		CASE(name_that_other_programs_read_too_warns_in_the_environment),
		CASE(unknown_flag_is_refused),
		CASE(flags_are_names_in_lower_case_with_dashes),
		CASE(env_file_that_is_missing_or_bad_is_refused),
		CASE(env_file_beyond_64_kib_is_refused),
		CASE(values_outlive_their_sources),
		CASE(table_is_consistent),
		CASE(docs_are_up_to_date),
		CASE(every_failing_allocation_gives_nomem),
	};

	return cmocka_run_group_tests_name("settings", cases, NULL, NULL);
}
