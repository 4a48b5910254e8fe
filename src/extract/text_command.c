#include "extract/text_command.h"

#include "extract/child.h"
#include "extract/document.h"
#include "extract/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES_MAX = 5000, PAGE_TIMEOUT_MS = 10000 };

static pid_t start_child(int fd, uint64_t size_bytes, int result_fd)
{
	const struct q__child_task task = {
		.request = {.version = Q_EXTRACT_VERSION,
			    .first_page = 1,
			    .last_page = Q_EXTRACT_LAST_PAGE,
			    .pages_max = PAGES_MAX,
			    .page_timeout_ms = PAGE_TIMEOUT_MS,
			    .text_bytes_max = Q_EXTRACT_DOCUMENT_TEXT_MAX,
			    .size_bytes = size_bytes},
		.document_fd = fd,
		.result_fd = result_fd,
		.is_json = true,
		.parent = getpid(),
	};
	pid_t pid = fork();

	if (pid == 0)
		_exit(q__child_run(&task));
	return pid;
}

/* The child may write to no file, and standard output may be one: lines come through a pipe. */
static int copy_lines(int from)
{
	char bytes[64 * 1024];
	ssize_t got;

	while ((got = read(from, bytes, sizeof bytes)) > 0)
		if (fwrite(bytes, 1, (size_t)got, stdout) != (size_t)got)
			return -1;
	return fflush(stdout) == 0 ? (int)got : -1;
}

static int report_ending(int wait_status)
{
	int number;

	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	number = WTERMSIG(wait_status);
	printf("{\"error\":\"%s\"}\n",
	       number == SIGALRM || number == SIGXCPU ? "page_timeout" : "page_crashed");
	fprintf(stderr, "quire-extract: the reader was ended by signal %d (%s)\n", number,
		strsignal(number));
	return EXIT_FAILURE;
}

static int read_file(int fd, uint64_t size_bytes)
{
	int result[2], wait_status = 0, copied;
	pid_t pid;

	if (pipe2(result, O_CLOEXEC) != 0) {
		perror("quire-extract");
		return EXIT_FAILURE;
	}
	pid = start_child(fd, size_bytes, result[1]);
	close(result[1]);
	copied = pid < 0 ? -1 : copy_lines(result[0]);
	close(result[0]);
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid || copied != 0) {
		perror("quire-extract");
		return EXIT_FAILURE;
	}
	return report_ending(wait_status);
}

int q__text_command(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	int exit_status;

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		fprintf(stderr, "quire-extract: cannot read %s: %s\n", path,
			fd < 0 ? strerror(errno) : "it is not a file");
		return EXIT_FAILURE;
	}
	q__engine_start();
	exit_status = read_file(fd, (uint64_t)status.st_size);
	close(fd);
	return exit_status;
}
