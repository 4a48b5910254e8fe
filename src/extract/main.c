/* quire-extract: reads PDFs where they can do no harm. quire starts it by itself; people may use it
 * to see what quire sees. */
#include "extract/protocol.h"
#include "extract/text_command.h"
#include "extract/zygote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: quire-extract --text FILE   print each page of a PDF as a line of JSON\n"
	"       quire-extract --zygote      serve quire on descriptor 3 (quire does this)\n"
	"       quire-extract --help | --version\n"
	"\n"
	"The file is read by a process that can neither open files nor reach the network,\n"
	"with the limits that quire has by default: 5,000 pages, 10 s a page, 1 GiB of memory.\n"
	"Lines: {\"pages\":N}; then for each page {\"page\":1,\"width\":...,\"height\":...,\n"
	"\"text\":...}, with \"hidden\":[{\"reason\":...,\"text\":...}] where a reader would not\n"
	"see all of it, or {\"page\":1,\"error\":...}; {\"error\":...} when there is nothing\n"
	"(more) to be had.\n"
	"Exit status: 0 done, 1 the document or a part of it could not be read, 2 wrong use.\n";

#if Q_SANITIZED
/* The helper has no environment to take them from. Memory is bounded as in other builds. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=1024:detect_leaks=0:"
	       "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}
#endif

static int run_zygote(void)
{
	struct q_err err;

	/* What went wrong has been said on the socket: there is nobody at this process's terminal.
	 */
	return q__zygote_run(Q_EXTRACT_CONTROL_FD, &err) == Q_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argument_count, char **arguments)
{
	const char *command = argument_count > 1 ? arguments[1] : "";

	if (argument_count == 2 && strcmp(command, "--zygote") == 0)
		return run_zygote();
	if (argument_count == 3 && strcmp(command, "--text") == 0)
		return q__text_command(arguments[2]);
	if (argument_count == 2 && strcmp(command, "--version") == 0)
		return printf("quire-extract %s\n", QUIRE_VERSION) < 0;
	if (argument_count == 2 && strcmp(command, "--help") == 0)
		return fputs(help, stdout) < 0;
	fputs(help, stderr);
	return EXIT_USAGE;
}
