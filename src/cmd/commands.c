#include "cmd/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct q_command *const q_commands[] = {
	&q_command_serve,
	&q_command_demo,
	&q_command_upload,
	&q_command_jobs,
	&q_command_webhooks,
	&q_command_deliveries,
	&q_command_key,
	&q_command_tenant,
	&q_command_token,
	&q_command_purge,
	&q_command_policy,
	&q_command_config,
	&q_command_doctor,
	&q_command_index,
	&q_command_openapi,
	&q_command_completion,
	&q_command_help,
	&q_command_version,
	NULL,
};

static void print_message(const char *command, const char *format, va_list values)
{
	fprintf(stderr, "quire %s: ", command);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
}

enum q_exit q_command_fail(const char *command, enum q_exit exit_code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print_message(command, format, values);
	va_end(values);
	return exit_code;
}

enum q_exit q_command_error(const char *command, const struct q_err *err)
{
	enum q_exit exit_code = Q_EXIT_FAILED;

	/* A file that this machine does not let us at is no question of who is asking. */
	if (err->code == Q_DENIED && err->os_error == 0)
		exit_code = Q_EXIT_REFUSED;
	else if (err->code == Q_NOTFOUND)
		exit_code = Q_EXIT_NOTFOUND;
	else if (err->code == Q_INVALID)
		exit_code = Q_EXIT_USAGE;
	return q_command_fail(command, exit_code, "%s", err->message);
}

enum q_exit q_command_usage(const struct q_command *command, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print_message(command->name, format, values);
	va_end(values);
	fprintf(stderr, "usage: quire %s\n`quire help %s` tells more.\n", command->synopsis,
		command->name);
	return Q_EXIT_USAGE;
}
