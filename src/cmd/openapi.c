/* quire openapi: the API's description, as /openapi.json gives it. */
#include "api/api.h"
#include "cmd/command.h"

#include <stdio.h>

static enum q_exit run(const struct q_command_context *context)
{
	struct q_str text = q_api_openapi();

	if (context->word_count > 0)
		return q_command_usage(&q_command_openapi, "what is `%s`?", context->words[0]);
	fwrite(text.data, 1, text.length, stdout);
	fputc('\n', stdout);
	return Q_EXIT_DONE;
}

const struct q_command q_command_openapi = {
	.name = "openapi",
	.synopsis = "openapi",
	.summary = "print the OpenAPI 3.1 description of the HTTP API",
	.run = run,
};
