#include "extract/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char where[] = "sandbox.enter";

/* What the C library and the engine use while they parse; none reaches beyond the process and its
 * open descriptors. (qsort asks sysinfo how large memory is.) */
static const int allowed_calls[] = {
	SCMP_SYS(read),		  SCMP_SYS(pread64),	  SCMP_SYS(write),
	SCMP_SYS(writev),	  SCMP_SYS(munmap),	  SCMP_SYS(mremap),
	SCMP_SYS(madvise),	  SCMP_SYS(brk),	  SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday), SCMP_SYS(setitimer),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(getpid),
	SCMP_SYS(gettid),	  SCMP_SYS(exit),	  SCMP_SYS(exit_group),
	SCMP_SYS(sysinfo),
};

#if Q_SANITIZED
/* To map shadow memory, to note the stack, and to write a report before the end. */
static const int sanitizer_calls[] = {
	SCMP_SYS(mprotect),    SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(getrusage),
	SCMP_SYS(sched_yield), SCMP_SYS(getrandom),   SCMP_SYS(prctl),
};
#endif

static int allow_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return status;
}

/* An abort sends itself SIGABRT; a signal to anybody else is an attack. */
static int allow_own_signals(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp itself = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid()};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &itself);
}

#if Q_SANITIZED
static int allow_memory(scmp_filter_ctx filter)
{
	int status = allow_calls(filter, sanitizer_calls, Q_COUNT_OF(sanitizer_calls));

	return status == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 0) : status;
}
#else
/* Of its own, that nothing can be run from. */
static int allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp no_code_no_file[] = {
		{.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0},
		{.arg = 3,
		 .op = SCMP_CMP_MASKED_EQ,
		 .datum_a = MAP_ANONYMOUS,
		 .datum_b = MAP_ANONYMOUS},
	};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap),
				      Q_COUNT_OF(no_code_no_file), no_code_no_file);
}
#endif

static int allow_all(scmp_filter_ctx filter)
{
	int status = allow_calls(filter, allowed_calls, Q_COUNT_OF(allowed_calls));

	if (status == 0)
		status = allow_own_signals(filter);
	if (status == 0)
		status = allow_memory(filter);
	return status;
}

static enum q_code load_filter(struct q_err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int status;

	if (!filter)
		return q_fail(err, Q_NOMEM, where, "no memory for the system call filter");
	status = allow_all(filter);
	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (status == -EINVAL || status == -ENOSYS || status == -EFAULT)
		return q_fail(err, Q_UNSUPPORTED, where,
			      "the kernel has no seccomp filters: documents are not read without");
	return status == 0 ? Q_OK : q_fail_os(err, -status, where, "cannot load the filter");
}

static enum q_code limit(int resource, rlim_t value, const char *name, struct q_err *err)
{
	/* Of processor time a second is left, so that SIGXCPU and not SIGKILL says why. */
	const struct rlimit both = {.rlim_cur = value,
				    .rlim_max = value + (resource == RLIMIT_CPU)};

	if (setrlimit((__rlimit_resource_t)resource, &both) != 0)
		return q_fail_os(err, errno, where, "cannot limit %s", name);
	return Q_OK;
}

static enum q_code limit_all(uint64_t cpu_seconds, struct q_err *err)
{
	const struct {
		int resource;
		rlim_t value;
		const char *name;
	} limits[] = {
#if !Q_SANITIZED
		{RLIMIT_AS, Q__SANDBOX_MEMORY_BYTES, "memory"},
#endif
		{RLIMIT_CPU, cpu_seconds, "processor time"},
		{RLIMIT_NOFILE, 0, "open files"},
		{RLIMIT_FSIZE, 0, "file size"},
		{RLIMIT_NPROC, 0, "processes"},
		{RLIMIT_CORE, 0, "core size"},
	};

	for (size_t i = 0; i < Q_COUNT_OF(limits); i++)
		if (limit(limits[i].resource, limits[i].value, limits[i].name, err) != Q_OK)
			return err->code;
	return Q_OK;
}

enum q_code q__sandbox_enter(uint64_t cpu_seconds, struct q_err *err)
{
	enum q_code code = limit_all(cpu_seconds, err);

	if (code != Q_OK)
		return code;
	/* Not dumpable: no core, and no other process of this user may look in through ptrace or
	 * /proc. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return q_fail_os(err, errno, where, "cannot give up privileges");
	return load_filter(err);
}
