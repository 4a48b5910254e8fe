/* power_cut.so, to be preloaded: keeps what would survive a power cut, and nothing else.
 *
 * A disk owes us what was flushed: of a file its bytes as of its latest fsync or fdatasync, of a
 * directory its names as of its latest. Whatever was written, created, renamed, linked or removed
 * after that may be there or not. So each flush of something below POWER_CUT_ROOT copies it to
 * POWER_CUT_KEPT/{id}: bytes of a file, or the list of names of a directory ("f" or "d", a space,
 * the id, a space, the name, 0). The id is the inode's number and time of birth, since numbers are
 * used again. tests/system/power_cut.py makes a directory from it, as a disk could show it.
 *
 * Planted bugs: a flush of a path that matches POWER_CUT_FORGETS (fnmatch; a directory's path ends
 * in '/') is told as done and is not.
 *
 * Threads:   any. One flush at a time: an older copy must not replace a newer one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ID_SIZE = 64 };

static const char *root, *kept, *forgets;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
	root = getenv("POWER_CUT_ROOT");
	kept = getenv("POWER_CUT_KEPT");
	forgets = getenv("POWER_CUT_FORGETS");
}

struct identity {
	char id[ID_SIZE];
	bool is_directory;
};

static int identify(int directory, const char *name, struct identity *out)
{
	struct statx s;

	if (statx(directory, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		  STATX_TYPE | STATX_INO | STATX_BTIME, &s))
		return -1;
	out->is_directory = S_ISDIR(s.stx_mode);
	snprintf(out->id, sizeof out->id, "%llu.%lld.%u", (unsigned long long)s.stx_ino,
		 (long long)s.stx_btime.tv_sec, s.stx_btime.tv_nsec);
	return 0;
}

/* The path below the root, with a '/' at the end of a directory's; false for what is elsewhere. */
static bool find_path(int fd, bool is_directory, char path[PATH_MAX + 1])
{
	size_t root_length = root ? strlen(root) : 0;
	char link[64];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length <= 0 || root_length == 0 || !kept)
		return false;
	if (is_directory)
		path[length++] = '/';
	path[length] = '\0';
	if (strncmp(path, root, root_length) != 0 || path[root_length] != '/')
		return false;
	memmove(path, path + root_length + 1, (size_t)length - root_length);
	return true;
}

static int copy_bytes(int fd, int to)
{
	char self[64];
	int from, result = -1;
	ssize_t copied = 1;

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	from = open(self, O_RDONLY | O_CLOEXEC); /* `fd` may be for writing only */
	if (from < 0)
		return -1;
	while (copied > 0)
		copied = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
	if (copied == 0)
		result = 0;
	close(from);
	return result;
}

static int write_name(int directory, const char *name, int to)
{
	struct identity entry;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (identify(directory, name, &entry)) /* removed meanwhile */
		return errno == ENOENT ? 0 : -1;
	return dprintf(to, "%c %s %s%c", entry.is_directory ? 'd' : 'f', entry.id, name, 0) < 0 ? -1
												: 0;
}

static int copy_names(int fd, int to)
{
	int listed = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *directory = listed < 0 ? NULL : fdopendir(listed);
	struct dirent *entry;

	if (!directory)
		return -1;
	while (!result && (entry = readdir(directory)))
		result = write_name(fd, entry->d_name, to);
	closedir(directory);
	return result;
}

/* All or nothing: the process may be killed at any moment. */
static int keep(int fd, const struct identity *what)
{
	char path[PATH_MAX], unfinished[PATH_MAX];
	int to, result;

	snprintf(path, sizeof path, "%s/%s", kept, what->id);
	snprintf(unfinished, sizeof unfinished, "%s/.unfinished", kept);
	to = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0)
		return -1;
	result = what->is_directory ? copy_names(fd, to) : copy_bytes(fd, to);
	close(to);
	return result ? result : rename(unfinished, path);
}

static int flush(int fd, long real_call)
{
	char path[PATH_MAX + 1];
	struct identity what;
	int result;

	if (identify(fd, "", &what))
		return -1;
	if (!find_path(fd, what.is_directory, path))
		return (int)syscall(real_call, fd);
	if (forgets && fnmatch(forgets, path, 0) == 0)
		return 0;
	pthread_mutex_lock(&one_at_a_time);
	result = keep(fd, &what);
	pthread_mutex_unlock(&one_at_a_time);
	return result;
}

int fsync(int fd)
{
	return flush(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return flush(fd, SYS_fdatasync);
}
