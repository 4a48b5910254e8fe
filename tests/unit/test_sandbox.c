/* Each case is a process that shuts itself in and then tries something. */
#include "extract/sandbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { REFUSED = 42 };

/* The wait status of a process that runs `attempt` in the sandbox and exits with what it returns.
 */
static int run_inside(int (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct q_err err;

		signal(SIGSEGV, SIG_DFL); /* cmocka's own is inherited */
		_exit(q__sandbox_enter(1, &err) == Q_OK ? attempt() : REFUSED);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED);
	return status;
}

static void expect_signal(int (*attempt)(void), int number)
{
	int status = run_inside(attempt);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
}

static void expect_exit(int (*attempt)(void), int exit_status)
{
	int status = run_inside(attempt);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), exit_status);
}

/* ---- what kills */

static int open_file(void)
{
	return open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0;
}

static int stat_file(void)
{
	return access("/etc/hostname", R_OK);
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
}

static int make_socket_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int execute(void)
{
	char name[] = "/bin/true";
	char *const arguments[] = {name, NULL}, *const environment[] = {NULL};

	return execve(name, arguments, environment);
}

static int make_process(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0;
}

static int trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0;
}

static int signal_parent(void)
{
	return kill(1, 0);
}

static int signal_thread_of_another(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int change_limits(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	return setrlimit(RLIMIT_NOFILE, &none);
}

static int duplicate(void)
{
	return dup(2) < 0;
}

static void whatever_reaches_out_is_killed(void **state)
{
	(void)state;
	expect_signal(open_file, SIGSYS);
	expect_signal(stat_file, SIGSYS);
	expect_signal(make_socket, SIGSYS);
	expect_signal(make_socket_pair, SIGSYS);
	expect_signal(execute, SIGSYS);
	expect_signal(make_process, SIGSYS);
	expect_signal(trace_parent, SIGSYS);
	expect_signal(signal_parent, SIGSYS);
	expect_signal(signal_thread_of_another, SIGSYS);
	expect_signal(change_limits, SIGSYS);
	expect_signal(duplicate, SIGSYS);
}

#if !Q_SANITIZED
static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}

static int make_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static int map_file(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED;
}

static void whoever_makes_code_or_maps_files_is_killed(void **state)
{
	(void)state;
	expect_signal(map_code, SIGSYS);
	expect_signal(make_code, SIGSYS);
	expect_signal(map_file, SIGSYS);
}

static int take_too_much(void)
{
	size_t step = 64 << 20;

	for (int i = 0; i < 32; i++)
		if (!malloc(step))
			return 7;
	return 0;
}

static void memory_ends_at_its_limit(void **state)
{
	(void)state;
	expect_exit(take_too_much, 7);
}
#endif

static int spin(void)
{
	volatile bool goes_on = true;

	while (goes_on)
		;
	return 0;
}

static void processor_time_ends_at_its_limit(void **state)
{
	(void)state;
	expect_signal(spin, SIGXCPU);
}

/* ---- what must go on working */

static int compute(void)
{
	char *memory = malloc(10 << 20);

	if (!memory)
		return 1;
	memset(memory, 1, 10 << 20);
	memory = realloc(memory, 40 << 20);
	free(memory);
	return 0;
}

static int abort_itself(void)
{
	abort();
}

static int fault(void)
{
	return raise(SIGSEGV);
}

static void work_is_allowed(void **state)
{
	(void)state;
	expect_exit(compute, 0);
}

static void a_failure_shows_as_what_it_is(void **state)
{
	(void)state;
	expect_signal(abort_itself, SIGABRT);
	expect_signal(fault, SIGSEGV);
}

static int descriptors[2];

static int read_and_write(void)
{
	char byte;

	return write(descriptors[1], "x", 1) != 1 || read(descriptors[0], &byte, 1) != 1 ||
	       byte != 'x';
}

static void open_descriptors_may_be_used(void **state)
{
	(void)state;
	assert_int_equal(pipe2(descriptors, O_CLOEXEC), 0);
	expect_exit(read_and_write, 0);
	close(descriptors[0]);
	close(descriptors[1]);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(whatever_reaches_out_is_killed),
#if !Q_SANITIZED
		cmocka_unit_test(whoever_makes_code_or_maps_files_is_killed),
		cmocka_unit_test(memory_ends_at_its_limit),
#endif
		cmocka_unit_test(processor_time_ends_at_its_limit),
		cmocka_unit_test(work_is_allowed),
		cmocka_unit_test(a_failure_shows_as_what_it_is),
		cmocka_unit_test(open_descriptors_may_be_used),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
