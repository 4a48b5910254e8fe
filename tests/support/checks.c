#include "support/checks.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void check_view(struct q_str got, struct q_str expected, const char *file, int line)
{
	if (q_str_equal(got, expected))
		return;
	print_error("got \"%.*s\", expected \"%.*s\"\n", Q_STR_ARG(got), Q_STR_ARG(expected));
	_fail(file, line);
}

/* The child says nothing, leaves no core file and dies of the signal itself, whatever cmocka would
 * do. */
static void run_in_child(void (*body)(void))
{
	const struct rlimit no_core = {0, 0};
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null_fd, STDERR_FILENO);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	body();
	_exit(0);
}

bool aborts(void (*body)(void))
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		run_in_child(body);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
