#include "cmd/command.h"

#include <stdio.h>

static enum q_exit run(const struct q_command_context *context)
{
	(void)context;
	printf("quire %s\n", QUIRE_VERSION);
	return Q_EXIT_DONE;
}

const struct q_command q_command_version = {
	.name = "version",
	.synopsis = "version",
	.summary = "print the program's version",
	.run = run,
};
