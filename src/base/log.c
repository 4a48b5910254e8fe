/* How it works: a line is put together in a buffer on the stack and handed to write(2) whole. Room
 * for the end of the line is held back, so that a line that is too long loses the end of its
 * fields, says how many were cut, and is JSON still. */
#include "base/log.h"
#include "base/json_internal.h"
#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 8192,
	TAIL_BYTES = 64, /* `,"cutFields":NNN}` and the line feed */
	CUT_BYTES = 3,	 /* "..." where a value was cut */
};

/* Any thread; all but `dropped` is constant. */
struct q_log {
	int fd; /* borrowed */
	enum q_log_level level;
	bool is_pretty;
	atomic_int_least64_t dropped;
};

struct line {
	char bytes[LINE_MAX_BYTES];
	size_t length;
	size_t limit; /* LINE_MAX_BYTES less what is held back */
};

static const struct {
	const char *name;
	const char *pretty; /* five wide, in colour */
} levels[] = {
	[Q_LOG_DEBUG] = {"debug", "\x1b[2mDEBUG\x1b[0m"},
	[Q_LOG_INFO] = {"info", "\x1b[32mINFO \x1b[0m"},
	[Q_LOG_WARN] = {"warn", "\x1b[33mWARN \x1b[0m"},
	[Q_LOG_ERROR] = {"error", "\x1b[31mERROR\x1b[0m"},
};

/* All or nothing. */
static bool append(struct line *line, const char *text, size_t length)
{
	if (length > line->limit - line->length)
		return false;
	memcpy(line->bytes + line->length, text, length);
	line->length += length;
	return true;
}

static bool append_text(struct line *line, const char *text)
{
	return append(line, text, strlen(text));
}

/* As much of s as there is room for; false where it was cut. */
static bool append_escaped(struct line *line, struct q_str s)
{
	size_t limit = line->limit;
	char piece[Q__JSON_PIECE_MAX];
	bool is_whole = true;

	line->limit -= CUT_BYTES + 1; /* the closing quote */
	for (size_t offset = 0; offset < s.length && is_whole;)
		is_whole = append(line, piece, q__json_escape_next(s, &offset, piece));
	line->limit = limit;
	if (!is_whole)
		append_text(line, "...");
	return is_whole;
}

/* A value that a person can read without quotes: nothing to escape, nothing that ends a field. */
static bool is_bare(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return s.length > 0;
}

static bool append_string(struct line *line, struct q_str s, bool is_pretty)
{
	bool is_quoted = !is_pretty || !is_bare(s);
	bool is_whole;

	if (is_quoted)
		append_text(line, "\"");
	is_whole = append_escaped(line, s);
	if (is_quoted)
		append_text(line, "\"");
	return is_whole;
}

/* False where the field is cut, or left out for want of room. */
static bool append_field(struct line *line, const struct q_log_field *field, bool is_pretty)
{
	char head[128], number[24];
	int head_length = snprintf(head, sizeof head, is_pretty ? " %s=" : ",\"%s\":", field->name);
	int number_length = snprintf(number, sizeof number, "%" PRId64, field->number);
	size_t value_min = field->kind == Q_LOG_FIELD_INT64 ? (size_t)number_length : CUT_BYTES + 2;

	q_assert(head_length > 0 && (size_t)head_length < sizeof head);
	if ((size_t)head_length + value_min > line->limit - line->length)
		return false;
	append(line, head, (size_t)head_length);
	if (field->kind == Q_LOG_FIELD_INT64)
		return append(line, number, (size_t)number_length);
	return append_string(line, field->string, is_pretty);
}

static void append_head(struct line *line, enum q_log_level level, const char *event,
			bool is_pretty)
{
	char time[Q_TIME_RFC3339_SIZE], head[256];
	int length;

	q_time_format_rfc3339(q_time_now_ms(), time);
	if (is_pretty) /* the clock alone, in UTC as everywhere: 12:00:01.123 */
		length = snprintf(head, sizeof head, "%.12s %s %s", time + sizeof "2026-01-31",
				  levels[level].pretty, event);
	else
		length = snprintf(head, sizeof head,
				  "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", time,
				  levels[level].name, event);
	q_assert(length > 0 && (size_t)length < sizeof head);
	append(line, head, (size_t)length);
}

static void append_tail(struct line *line, size_t cut_fields, bool is_pretty)
{
	char cut[48] = "";

	line->limit = LINE_MAX_BYTES;
	if (cut_fields > 0)
		snprintf(cut, sizeof cut, is_pretty ? " cutFields=%zu" : ",\"cutFields\":%zu",
			 cut_fields);
	append_text(line, cut);
	append_text(line, is_pretty ? "\n" : "}\n");
}

/* A reader that stalls must not stall the program: where the descriptor takes nothing now, the line
 * is dropped. */
static bool write_line(int fd, const struct line *line)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	ssize_t count;

	do
		count = poll(&ready, 1, 0);
	while (count < 0 && errno == EINTR);
	if (count <= 0 || ready.revents != POLLOUT) /* a reader that is gone would raise SIGPIPE */
		return false;
	do
		count = write(fd, line->bytes, line->length);
	while (count < 0 && errno == EINTR);
	return count == (ssize_t)line->length;
}

struct q_log *q_log_new(int fd, enum q_log_level level, bool is_pretty)
{
	struct q_log *log = q_mem_new(sizeof *log);

	if (!log)
		return NULL;
	log->fd = fd;
	log->level = level;
	log->is_pretty = is_pretty;
	atomic_init(&log->dropped, 0);
	return log;
}

void q_log_free(struct q_log *log)
{
	q_mem_free(log);
}

bool q_log_is_on(const struct q_log *log, enum q_log_level level)
{
	return log && level >= log->level;
}

int64_t q_log_dropped(const struct q_log *log)
{
	return log ? atomic_load_explicit(&log->dropped, memory_order_relaxed) : 0;
}

void q_log_write(struct q_log *log, enum q_log_level level, const char *event,
		 const struct q_log_field *fields, size_t field_count)
{
	struct line line; /* not zeroed: 8 KiB */
	size_t cut_fields = 0;

	if (!q_log_is_on(log, level))
		return;
	line.length = 0;
	line.limit = LINE_MAX_BYTES - TAIL_BYTES;
	append_head(&line, level, event, log->is_pretty);
	for (size_t i = 0; i < field_count; i++)
		cut_fields += !append_field(&line, &fields[i], log->is_pretty);
	append_tail(&line, cut_fields, log->is_pretty);
	if (!write_line(log->fd, &line))
		atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
}

void q_log_error(struct q_log *log, enum q_log_level level, const char *event,
		 struct q_str request_id, const struct q_err *err)
{
	struct q_log_field fields[5];
	size_t count = 0;

	fields[count++] = Q_LOG_STRING("where", q_str_from(err->where));
	fields[count++] = Q_LOG_STRING("code", q_str_from(q_code_name(err->code)));
	if (err->reason)
		fields[count++] = Q_LOG_STRING("reason", q_str_from(err->reason));
	fields[count++] = Q_LOG_STRING("message", q_str_from(err->message));
	if (request_id.length > 0)
		fields[count++] = Q_LOG_STRING("requestId", request_id);
	q_log_write(log, level, event, fields, count);
}

bool q_log_level_parse(struct q_str text, enum q_log_level *out)
{
	for (size_t i = 0; i < Q_COUNT_OF(levels); i++) {
		if (q_str_equal(text, q_str_from(levels[i].name))) {
			*out = (enum q_log_level)i;
			return true;
		}
	}
	return false;
}
