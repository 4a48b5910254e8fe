#include "base/metrics_process.h"
#include "base/time.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum fact { CPU_SECONDS, RESIDENT_BYTES, OPEN_FDS, MAX_FDS, THREADS, START_SECONDS, FACT_COUNT };

static const struct {
	const char *name, *help;
} facts[FACT_COUNT] = {
	[CPU_SECONDS] = {"process_cpu_seconds_total", "CPU time, user and system."},
	[RESIDENT_BYTES] = {"process_resident_memory_bytes", "Memory in use."},
	[OPEN_FDS] = {"process_open_fds", "Open file descriptors."},
	[MAX_FDS] = {"process_max_fds", "File descriptors that may be open."},
	[THREADS] = {"process_threads", "Threads."},
	[START_SECONDS] = {"process_start_time_seconds", "The start, in seconds since 1970."},
};

/* Made at first, found again by its name afterwards. */
static struct q_metric *metric_of(struct q_metrics *m, enum fact fact)
{
	return fact == CPU_SECONDS ? q_metrics_counter(m, facts[fact].name, facts[fact].help, "")
				   : q_metrics_gauge(m, facts[fact].name, facts[fact].help, "");
}

static void set(struct q_metrics *m, enum fact fact, int64_t value)
{
	q_series_set(q_metric_series(metric_of(m, fact), NULL), value);
}

static int64_t ms_of(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000;
}

static void collect_usage(struct q_metrics *m)
{
	struct rusage usage;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		set(m, CPU_SECONDS, ms_of(usage.ru_utime) + ms_of(usage.ru_stime));
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= INT64_MAX)
		set(m, MAX_FDS, (int64_t)limit.rlim_cur);
}

/* statm: pages in all, pages in memory, ... */
static void collect_memory(struct q_metrics *m)
{
	char bytes[128];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
	struct q_str text = {bytes, length > 0 ? (size_t)length : 0}, word;
	int64_t pages;

	if (fd >= 0)
		close(fd);
	q_str_cut(text, ' ', &word, &text);
	q_str_cut(text, ' ', &word, &text);
	if (q_str_to_int64(word, &pages))
		set(m, RESIDENT_BYTES, pages * sysconf(_SC_PAGESIZE));
}

static void collect_descriptors(struct q_metrics *m)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	int64_t count = -1; /* this directory's own */

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	set(m, OPEN_FDS, count);
}

static void collect_threads(struct q_metrics *m)
{
	struct stat status;

	if (stat("/proc/self/task", &status) == 0) /* links: ".", its name, one a thread */
		set(m, THREADS, (int64_t)status.st_nlink - 2);
}

static void collect(void *registry)
{
	collect_usage(registry);
	collect_memory(registry);
	collect_descriptors(registry);
	collect_threads(registry);
}

bool q_metrics_add_process(struct q_metrics *m)
{
	for (int fact = 0; fact < FACT_COUNT; fact++) {
		if (!metric_of(m, (enum fact)fact))
			return false;
	}
	q_metric_in_thousandths(metric_of(m, CPU_SECONDS));
	set(m, START_SECONDS, q_time_now_ms() / 1000);
	q_metrics_collect(m, collect, m);
	return true;
}
