/* cmd/command.h: a sub-command of the program: one file each, one row each in commands.c.
 *
 * Exit codes are fixed for scripts. Results go to stdout, everything else to stderr. */
#ifndef Q_CMD_COMMAND_H
#define Q_CMD_COMMAND_H

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

enum q_exit {
	Q_EXIT_DONE = 0,
	Q_EXIT_FAILED = 1,
	Q_EXIT_USAGE = 2,
	Q_EXIT_REFUSED = 3, /* authentication or access */
	Q_EXIT_NOTFOUND = 4,
	Q_EXIT_UNREACHABLE = 5, /* no server answers */
	Q_EXIT_PARTLY = 6
};

/* What a command is given. Its options are taken from `words` by options.h. */
struct q_command_context {
	struct q_arena *arena; /* for the command's life */
	const struct q_settings *settings;
	const char *const *
		words; /* what follows the command's name, settings' flags taken out; NULL-terminated */
	size_t word_count;
};

struct q_command {
	const char *name;
	const char *synopsis; /* "upload FILE... [--wait]" */
	const char *summary;  /* one line */
	const char *help;     /* more lines for `quire help NAME`; may be NULL */
	enum q_exit (*run)(const struct q_command_context *context);
};

extern const struct q_command *const q_commands[]; /* NULL-terminated, in the order of the help */

extern const struct q_command q_command_completion, q_command_config, q_command_deliveries,
	q_command_demo, q_command_doctor, q_command_help, q_command_index, q_command_jobs,
	q_command_key, q_command_openapi, q_command_policy, q_command_purge, q_command_serve,
	q_command_tenant, q_command_token, q_command_upload, q_command_version, q_command_webhooks;

/* Prints "quire COMMAND: message" and what to do next to stderr; returns `exit_code`. */
enum q_exit q_command_fail(const char *command, enum q_exit exit_code, const char *format, ...)
	Q_PRINTF(3, 4);

/* The same for an error value: the exit code follows from its code. */
enum q_exit q_command_error(const char *command, const struct q_err *err);

/* Wrong use: the message, then the synopsis. */
enum q_exit q_command_usage(const struct q_command *command, const char *format, ...)
	Q_PRINTF(2, 3);

#endif
