#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *q_code_name(enum q_code code)
{
	static const char *const names[Q_CODE_COUNT] = {
		[Q_OK] = "ok",
		[Q_INVALID] = "invalid",
		[Q_NOTFOUND] = "not_found",
		[Q_CONFLICT] = "conflict",
		[Q_DENIED] = "denied",
		[Q_BUSY] = "busy",
		[Q_TIMEOUT] = "timeout",
		[Q_CANCELLED] = "cancelled",
		[Q_TOOBIG] = "too_big",
		[Q_NOMEM] = "no_memory",
		[Q_NOSPACE] = "no_space",
		[Q_IO] = "io",
		[Q_CORRUPT] = "corrupt",
		[Q_GAP] = "gap",
		[Q_UNSUPPORTED] = "unsupported",
	};

	q_assert(code < Q_CODE_COUNT);
	return names[code];
}

int q_code_is_retryable(enum q_code code)
{
	switch (code) {
	case Q_BUSY:
	case Q_TIMEOUT:
	case Q_IO:
	case Q_NOMEM:
	case Q_NOSPACE:
		return 1;
	default:
		return 0;
	}
}

/* A text under construction: longer than a message by one character of UTF-8, so that it shows
 * whether the cut falls inside a character. It is apart from the q_err because values may point
 * into the old message. */
struct draft {
	char text[Q_ERR_MESSAGE_MAX + 4];
	size_t length;
};

static void Q_PRINTF(2, 0) draft_add_list(struct draft *draft, const char *format, va_list values)
{
	size_t room = sizeof draft->text - draft->length;
	int length = vsnprintf(draft->text + draft->length, room, format, values);

	q_assert(length >= 0);
	draft->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void Q_PRINTF(2, 3) draft_add(struct draft *draft, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	draft_add_list(draft, format, values);
	va_end(values);
}

static void set_message(struct q_err *err, const struct draft *draft)
{
	struct q_str text =
		q_utf8_cut((struct q_str){draft->text, draft->length}, sizeof err->message - 1);

	memcpy(err->message, text.data, text.length);
	err->message[text.length] = '\0';
}

static void Q_PRINTF(2, 0)
	fill(struct q_err *err, const char *format, va_list values, struct q_err fields)
{
	struct draft draft = {.length = 0};

	draft_add_list(&draft, format, values);
	if (fields.os_error != 0)
		draft_add(&draft, ": %s", strerror_r(fields.os_error, (char[128]){0}, 128));
	*err = fields;
	set_message(err, &draft);
}

enum q_code(q_fail)(struct q_err *err, enum q_code code, const char *where, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	fill(err, format, values, (struct q_err){.code = code, .where = where});
	va_end(values);
	return code;
}

enum q_code(q_fail_reason)(struct q_err *err, enum q_code code, const char *reason,
			   const char *where, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	fill(err, format, values, (struct q_err){.code = code, .where = where, .reason = reason});
	va_end(values);
	return code;
}

static enum q_code code_of_os_error(int os_error)
{
	switch (os_error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return Q_NOSPACE;
	case ENOENT:
		return Q_NOTFOUND;
	case EACCES:
	case EPERM:
		return Q_DENIED;
	case ENOMEM:
		return Q_NOMEM;
	case EEXIST:
		return Q_CONFLICT;
	default:
		return Q_IO;
	}
}

enum q_code(q_fail_os)(struct q_err *err, int os_error, const char *where, const char *format, ...)
{
	enum q_code code = code_of_os_error(os_error);
	va_list values;

	va_start(values, format);
	fill(err, format, values,
	     (struct q_err){.code = code, .os_error = os_error, .where = where});
	va_end(values);
	return code;
}

enum q_code q_err_context(struct q_err *err, const char *format, ...)
{
	struct draft draft = {.length = 0};
	va_list values;

	va_start(values, format);
	draft_add_list(&draft, format, values);
	va_end(values);
	draft_add(&draft, ": %s", err->message);
	set_message(err, &draft);
	return err->code;
}
