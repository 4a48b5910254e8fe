/* quire purge: what deleted documents have left goes for good, through the server. */
#include "cmd/client.h"
#include "cmd/options.h"
#include "cmd/output.h"

static enum q_exit send(struct q_client *client, bool as_json)
{
	const struct q_json *answer;
	int64_t duration_ms = 0;
	enum q_exit exit_code =
		q_client_send(client, "POST", Q_STR("/admin/purge"), (struct q_str){0}, &answer);

	if (exit_code)
		return exit_code;
	(void)q_json_int64(q_json_member(answer, Q_STR("durationMs")), &duration_ms);
	if (as_json)
		q_output_json(answer);
	else
		printf("purged in %lld ms\n", (long long)duration_ms);
	return Q_EXIT_DONE;
}

static enum q_exit run(const struct q_command_context *context)
{
	bool as_json;
	enum q_exit exit_code = q_options_parse_json(context, &q_command_purge, &as_json);
	struct q_client client;

	if (exit_code)
		return exit_code;
	exit_code = q_client_open(context, "purge", &client);
	if (exit_code)
		return exit_code;
	exit_code = send(&client, q_output_is_json(as_json));
	q_client_close(&client);
	return exit_code;
}

const struct q_command q_command_purge = {
	.name = "purge",
	.synopsis = "purge [--json]",
	.summary = "leave nothing of deleted documents in the data directory",
	.help = "This needs an admin of an internal tenant. The database is written anew: other "
		"writes wait "
		"meanwhile, some seconds\n"
		"for 100 MB. It happens by itself twice a day where documents were deleted.\n",
	.run = run,
};
