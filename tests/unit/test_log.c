#include "base/json.h"
#include "base/log.h"
#include "base/pool.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINE_BYTES_MAX = 8192 };

/* A log on a file in memory, and what reads it back. */
struct fixture {
	int fd;
	struct q_log *log;
	struct q_arena *arena;
	char text[4 * LINE_BYTES_MAX];
};

static struct fixture fixture;

static int open_log(bool is_pretty)
{
	fixture.fd = memfd_create("log", MFD_CLOEXEC);
	fixture.log = q_log_new(fixture.fd, Q_LOG_INFO, is_pretty);
	fixture.arena = q_arena_new(16 * 1024 * 1024);
	return fixture.fd >= 0 && fixture.log && fixture.arena ? 0 : -1;
}

static int open_json(void **state)
{
	return open_log(false);
}

static int open_pretty(void **state)
{
	return open_log(true);
}

static int close_log(void **state)
{
	q_arena_free(fixture.arena);
	q_log_free(fixture.log);
	close(fixture.fd);
	return 0;
}

/* All that was written, NUL-terminated. */
static const char *written(void)
{
	ssize_t length = pread(fixture.fd, fixture.text, sizeof fixture.text - 1, 0);

	assert_true(length >= 0);
	fixture.text[length] = '\0';
	return fixture.text;
}

static const struct q_json *parse_line(struct q_str line)
{
	const struct q_json *root = NULL;
	struct q_err err;

	assert_int_equal(
		q_json_parse(fixture.arena, q_str_bytes(line), &q_json_request_limits, &root, &err),
		Q_OK);
	return root;
}

/* The one line that was written, without its line feed. */
static const struct q_json *written_object(void)
{
	struct q_str line = q_str_from(written());

	assert_true(line.length > 0 && line.length <= LINE_BYTES_MAX);
	assert_true(strchr(line.data, '\n') == line.data + line.length - 1);
	return parse_line(q_str_slice(line, 0, line.length - 1));
}

static struct q_str string_member(const struct q_json *object, const char *name)
{
	struct q_str s = {0};

	assert_true(q_json_string(q_json_member(object, q_str_from(name)), &s));
	return s;
}

static int64_t int_member(const struct q_json *object, const char *name)
{
	int64_t n = 0;

	assert_true(q_json_int64(q_json_member(object, q_str_from(name)), &n));
	return n;
}

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	bool is_match;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	is_match = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return is_match;
}

static void line_is_an_object_that_begins_with_its_time(void **state)
{
	q_log(fixture.log, Q_LOG_WARN, "job.completed", Q_LOG_STRING("fileId", Q_STR("f1")),
	      Q_LOG_INT("pages", -3));
	assert_true(matches(written(),
			    "^\\{\"time\":\"[0-9T:.-]{23}Z\",\"level\":\"warn\","
			    "\"event\":\"job.completed\",\"fileId\":\"f1\",\"pages\":-3\\}\n$"));
}

static void line_below_the_level_is_not_written(void **state)
{
	q_log(fixture.log, Q_LOG_DEBUG, "a.b", Q_LOG_INT("n", 1));
	assert_string_equal(written(), "");
	assert_false(q_log_is_on(fixture.log, Q_LOG_DEBUG));
	assert_true(q_log_is_on(fixture.log, Q_LOG_INFO));
	assert_int_equal(q_log_dropped(fixture.log), 0);
}

static void null_log_takes_every_call(void **state)
{
	struct q_err err = {.where = "a"};

	assert_false(q_log_is_on(NULL, Q_LOG_ERROR));
	assert_int_equal(q_log_dropped(NULL), 0);
	q_log(NULL, Q_LOG_ERROR, "a.b", Q_LOG_INT("n", 1));
	q_log_error(NULL, Q_LOG_ERROR, "a.b", Q_STR(""), &err);
	q_log_free(NULL);
}

static void any_bytes_in_a_value_stay_on_one_line(void **state)
{
	q_log(fixture.log, Q_LOG_INFO, "a.b",
	      Q_LOG_STRING("name", Q_STR("x\"\\\n\r\0\x1b[2J\xFF\xC3\xA9")),
	      Q_LOG_STRING("empty", (struct q_str){0}));
	assert_view_equal(string_member(written_object(), "name"),
			  "x\"\\\n\r\0\x1b[2J\xEF\xBF\xBD\xC3\xA9");
	assert_null(strchr(written(), '\x1b'));
	assert_view_equal(string_member(written_object(), "empty"), "");
}

static void value_that_is_too_long_is_cut_at_a_character(void **state)
{
	char value[20000];
	struct q_str got;

	for (size_t i = 0; i < sizeof value; i += 2)
		memcpy(value + i, "\xC3\xA9", 2);
	q_log(fixture.log, Q_LOG_INFO, "a.b",
	      Q_LOG_STRING("long", ((struct q_str){value, sizeof value})), Q_LOG_INT("last", 1));
	got = string_member(written_object(), "long");
	assert_true(got.length > 7900);
	assert_true(q_str_ends_with(got, Q_STR("\xC3\xA9...")));
	assert_int_equal(int_member(written_object(), "cutFields"), 2);
	assert_null(q_json_member(written_object(), Q_STR("last")));
}

static void escapes_that_do_not_fit_are_not_split(void **state)
{
	char value[8192] = {0};

	for (size_t shift = 0; shift < 12; shift++) {
		memset(value, 'x', shift);
		assert_int_equal(ftruncate(fixture.fd, 0), 0);
		lseek(fixture.fd, 0, SEEK_SET);
		q_log(fixture.log, Q_LOG_INFO, "a.b",
		      Q_LOG_STRING("zeros", ((struct q_str){value, sizeof value})));
		assert_int_equal(int_member(written_object(), "cutFields"), 1);
	}
}

static void fields_without_room_are_left_out_and_counted(void **state)
{
	struct q_log_field fields[300];
	char value[100];

	memset(value, 'v', sizeof value);
	for (size_t i = 0; i < Q_COUNT_OF(fields); i++)
		fields[i] = i % 2 ? Q_LOG_STRING("text", ((struct q_str){value, sizeof value}))
				  : Q_LOG_INT("number", INT64_MIN);
	q_log_write(fixture.log, Q_LOG_INFO, "a.b", fields, Q_COUNT_OF(fields));
	assert_true(strlen(written()) <= LINE_BYTES_MAX);
	assert_true(strlen(written()) > LINE_BYTES_MAX - 200);
	assert_true(matches(written(), ",\"cutFields\":[0-9]{3}\\}\n$"));
}

static void error_line_names_what_and_where(void **state)
{
	const struct q_json *line;
	struct q_err err;

	q_fail_reason(&err, Q_UNSUPPORTED, "password_required", "extract.open", "%s", "a password");
	q_log_error(fixture.log, Q_LOG_ERROR, "page.failed", Q_STR("r1"), &err);
	line = written_object();
	assert_view_equal(string_member(line, "event"), "page.failed");
	assert_view_equal(string_member(line, "level"), "error");
	assert_view_equal(string_member(line, "where"), "extract.open");
	assert_view_equal(string_member(line, "code"), "unsupported");
	assert_view_equal(string_member(line, "reason"), "password_required");
	assert_view_equal(string_member(line, "message"), "a password");
	assert_view_equal(string_member(line, "requestId"), "r1");
}

static void error_line_leaves_out_what_is_not_there(void **state)
{
	struct q_err err;

	q_fail(&err, Q_IO, "a.b", "%s", "c");
	q_log_error(fixture.log, Q_LOG_ERROR, "x.y", Q_STR(""), &err);
	assert_null(q_json_member(written_object(), Q_STR("reason")));
	assert_null(q_json_member(written_object(), Q_STR("requestId")));
}

static void pretty_line_is_short_and_coloured(void **state)
{
	q_log(fixture.log, Q_LOG_INFO, "job.completed", Q_LOG_STRING("fileId", Q_STR("f1")),
	      Q_LOG_INT("pages", 3));
	assert_true(matches(written(),
			    "^[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} "
			    "\x1b\\[32mINFO \x1b\\[0m job\\.completed fileId=f1 pages=3\n$"));
}

static void pretty_values_are_quoted_where_they_must_be(void **state)
{
	q_log(fixture.log, Q_LOG_WARN, "a.b", Q_LOG_STRING("space", Q_STR("a b")),
	      Q_LOG_STRING("empty", Q_STR("")), Q_LOG_STRING("equals", Q_STR("a=b")));
	assert_non_null(strstr(written(), " space=\"a b\" empty=\"\" equals=\"a=b\"\n"));
}

static void pretty_value_cannot_drive_the_terminal(void **state)
{
	q_log(fixture.log, Q_LOG_WARN, "a.b", Q_LOG_STRING("name", Q_STR("\x1b[2J\n\xC2\x9B")));
	assert_non_null(strstr(written(), " name=\"\\u001b[2J\\n\\u009b\"\n"));
}

static void pretty_line_that_is_too_long_says_so(void **state)
{
	char value[9000];

	memset(value, 'v', sizeof value);
	q_log(fixture.log, Q_LOG_INFO, "a.b",
	      Q_LOG_STRING("long", ((struct q_str){value, sizeof value})));
	assert_true(strlen(written()) <= LINE_BYTES_MAX);
	assert_non_null(strstr(written(), "vvv... cutFields=1\n"));
}

static void stalled_reader_costs_lines_and_no_time(void **state)
{
	int ends[2];
	struct q_log *log;
	char byte;

	assert_int_equal(pipe(ends), 0);
	log = q_log_new(ends[1], Q_LOG_INFO, false);
	assert_non_null(log);
	/* Blocking for one line would be blocking for ever: this ends. */
	for (int i = 0; i < 5000; i++)
		q_log(log, Q_LOG_INFO, "a.b", Q_LOG_INT("n", i));
	assert_true(q_log_dropped(log) > 0);
	assert_true(q_log_dropped(log) < 5000);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, '{');
	q_log_free(log);
	close(ends[0]);
	close(ends[1]);
}

static void reader_that_is_gone_costs_lines_and_no_signal(void **state)
{
	int ends[2];
	struct q_log *log;

	assert_int_equal(pipe(ends), 0);
	log = q_log_new(ends[1], Q_LOG_INFO, false);
	assert_non_null(log);
	close(ends[0]);
	q_log(log, Q_LOG_INFO, "a.b", Q_LOG_INT("n", 1)); /* SIGPIPE would end this program */
	close(ends[1]);
	q_log(log, Q_LOG_INFO, "a.b", Q_LOG_INT("n", 2));
	assert_int_equal(q_log_dropped(log), 2);
	q_log_free(log);
}

enum { WRITERS = 4, LINES_EACH = 500 };

static void *write_lines(void *log)
{
	for (int i = 0; i < LINES_EACH; i++)
		q_log((struct q_log *)log, Q_LOG_INFO, "a.b", Q_LOG_INT("n", i));
	return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
	static char text[WRITERS * LINES_EACH * 128];
	unsigned long threads[WRITERS];
	struct q_str line, rest = {text, 0};
	struct q_err err;
	int count = 0;

	assert_int_equal(fcntl(fixture.fd, F_SETFL, O_APPEND), 0);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(q_thread_start("writer", 65536, write_lines, fixture.log,
						&threads[i], &err),
				 Q_OK);
	for (int i = 0; i < WRITERS; i++)
		q_thread_join(threads[i]);
	rest.length = (size_t)pread(fixture.fd, text, sizeof text, 0);
	while (q_str_cut(rest, '\n', &line, &rest)) {
		parse_line(line);
		count++;
	}
	assert_int_equal(count, WRITERS * LINES_EACH);
}

static void level_words_are_exact(void **state)
{
	enum q_log_level level = Q_LOG_DEBUG;

	assert_true(q_log_level_parse(Q_STR("error"), &level));
	assert_int_equal(level, Q_LOG_ERROR);
	assert_false(q_log_level_parse(Q_STR("ERROR"), &level));
	assert_false(q_log_level_parse(Q_STR("warning"), &level));
	assert_false(q_log_level_parse(Q_STR(""), &level));
	assert_int_equal(level, Q_LOG_ERROR);
}

static enum q_code make_and_free(void *context)
{
	struct q_log *log = q_log_new(2, Q_LOG_INFO, false);

	q_log_free(log);
	return log ? Q_OK : Q_NOMEM;
}

static void failing_allocation_gives_null(void **state)
{
	assert_int_equal(run_with_failing_memory(make_and_free, NULL), 1);
}

#define JSON_CASE(F)   cmocka_unit_test_setup_teardown(F, open_json, close_log)
#define PRETTY_CASE(F) cmocka_unit_test_setup_teardown(F, open_pretty, close_log)

int main(void)
{
	const struct CMUnitTest cases[] = {
		JSON_CASE(line_is_an_object_that_begins_with_its_time),
		JSON_CASE(line_below_the_level_is_not_written),
		JSON_CASE(null_log_takes_every_call),
		JSON_CASE(any_bytes_in_a_value_stay_on_one_line),
		JSON_CASE(value_that_is_too_long_is_cut_at_a_character),
		JSON_CASE(escapes_that_do_not_fit_are_not_split),
		JSON_CASE(fields_without_room_are_left_out_and_counted),
		JSON_CASE(error_line_names_what_and_where),
		JSON_CASE(error_line_leaves_out_what_is_not_there),
		PRETTY_CASE(pretty_line_is_short_and_coloured),
		PRETTY_CASE(pretty_values_are_quoted_where_they_must_be),
		PRETTY_CASE(pretty_value_cannot_drive_the_terminal),
		PRETTY_CASE(pretty_line_that_is_too_long_says_so),
		cmocka_unit_test(stalled_reader_costs_lines_and_no_time),
		cmocka_unit_test(reader_that_is_gone_costs_lines_and_no_signal),
		JSON_CASE(lines_of_several_threads_do_not_mix),
		cmocka_unit_test(level_words_are_exact),
		cmocka_unit_test(failing_allocation_gives_null),
	};

	return cmocka_run_group_tests_name("log", cases, NULL, NULL);
}
