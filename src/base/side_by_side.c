#include "base/side_by_side.h"

#include "base/pool.h"

#include <stdbool.h>
#include <stdio.h>

enum { STACK_BYTES = 512 << 10 };

struct piece {
	const struct q_work *work;
	enum q_code code;
	struct q_err err;
};

static void *run_piece(void *argument)
{
	struct piece *piece = argument;

	piece->code = piece->work->run(piece->work->context, &piece->err);
	return NULL;
}

static enum q_code join_errors(const struct piece *first, const struct piece *second,
			       struct q_err *err)
{
	char text[Q_ERR_MESSAGE_MAX];

	if (first->code && second->code) {
		*err = first->err;
		snprintf(text, sizeof text, "%.*s", (int)(sizeof text / 2), second->err.message);
		q_err_context(err, "%s; and", text);
		return first->code;
	}
	*err = first->code ? first->err : second->err;
	return first->code ? first->code : second->code;
}

enum q_code q_run_side_by_side(const struct q_work *first, const struct q_work *second,
			       struct q_err *err)
{
	struct piece here = {.work = first}, beside = {.work = second};
	unsigned long thread;
	struct q_err no_thread;
	bool has_thread =
		!q_thread_start("side", STACK_BYTES, run_piece, &beside, &thread, &no_thread);

	run_piece(&here);
	if (has_thread)
		q_thread_join(thread);
	else
		run_piece(&beside);
	return here.code || beside.code ? join_errors(&here, &beside, err) : Q_OK;
}
