#include "base/metrics_process.h"
#include "base/time.h"
#include "support/failing_memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The value that the text has for this metric now. */
static double value_of(struct q_metrics *m, const char *name)
{
	char line[64];
	struct q_buf text;
	const char *at;
	double value;

	snprintf(line, sizeof line, "\n%s ", name);
	q_buf_init(&text, 100000);
	assert_true(q_metrics_write(m, &text));
	at = strstr(text.data, line);
	assert_non_null(at);
	value = strtod(at + strlen(line), NULL);
	q_buf_free(&text);
	return value;
}

static struct q_metrics *open_registry(void)
{
	struct q_metrics *m = q_metrics_new();

	assert_non_null(m);
	assert_true(q_metrics_add_process(m));
	return m;
}

static void values_are_those_of_a_living_process(void **state)
{
	struct q_metrics *m = open_registry();
	double start = value_of(m, "process_start_time_seconds");

	assert_true(start > 1.7e9 && start * 1000 <= (double)q_time_now_ms());
	assert_true(value_of(m, "process_resident_memory_bytes") > 100 * 1024);
	assert_true(value_of(m, "process_max_fds") >= value_of(m, "process_open_fds"));
	assert_true(value_of(m, "process_threads") >= 1);
	q_metrics_free(m);
}

static void descriptors_are_counted_when_asked_for(void **state)
{
	struct q_metrics *m = open_registry();
	double before = value_of(m, "process_open_fds");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(value_of(m, "process_open_fds") == before + 1);
	close(fd);
	assert_true(value_of(m, "process_open_fds") == before);
	q_metrics_free(m);
}

static void cpu_time_grows_by_parts_of_a_second(void **state)
{
	struct q_metrics *m = open_registry();
	double before = value_of(m, "process_cpu_seconds_total");
	double now = before;

	while (now == before)
		now = value_of(m, "process_cpu_seconds_total");
	assert_true(now > before && now < before + 0.9);
	q_metrics_free(m);
}

static enum q_code add(void *context)
{
	struct q_metrics *m = q_metrics_new();
	bool is_added = m && q_metrics_add_process(m);

	q_metrics_free(m);
	return is_added ? Q_OK : Q_NOMEM;
}

static void every_failing_allocation_gives_false(void **state)
{
	assert_true(run_with_failing_memory(add, NULL) >= 6);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(values_are_those_of_a_living_process),
		cmocka_unit_test(descriptors_are_counted_when_asked_for),
		cmocka_unit_test(cpu_time_grows_by_parts_of_a_second),
		cmocka_unit_test(every_failing_allocation_gives_false),
	};

	return cmocka_run_group_tests_name("metrics_process", cases, NULL, NULL);
}
