/* quire policy: who may do what, as the program decides it. */
#include "api/api.h"
#include "cmd/options.h"

#include <stdio.h>

enum { TEXT_MAX = 1 << 20 };

static bool write_policy(struct q_buf *out, bool as_json)
{
	if (!as_json) {
		q_policy_write(out, false);
		q_buf_append(out, Q_STR("\n"));
		return q_api_write_routes(out, false);
	}
	q_buf_append(out, Q_STR("{\"callers\":"));
	q_policy_write(out, true);
	q_buf_append(out, Q_STR(",\"routes\":"));
	q_api_write_routes(out, true);
	return q_buf_append(out, Q_STR("}\n"));
}

static enum q_exit run(const struct q_command_context *context)
{
	bool as_json, is_whole;
	enum q_exit exit_code = q_options_parse_json(context, &q_command_policy, &as_json);
	struct q_buf text;

	if (exit_code)
		return exit_code;
	q_buf_init(&text, TEXT_MAX);
	is_whole = write_policy(&text, as_json);
	fputs(text.data, stdout);
	q_buf_free(&text);
	return is_whole ? Q_EXIT_DONE : q_command_fail("policy", Q_EXIT_FAILED, "out of memory");
}

const struct q_command q_command_policy = {
	.name = "policy",
	.synopsis = "policy [--json]",
	.summary = "print who may do what, and the access rule of every route",
	.run = run,
};
