#include "base/file.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads on until the end of the file; one byte more than the limit shows that it is too big. */
static enum q_code read_to_end(int fd, const char *path, struct q_buf *buf, struct q_err *err)
{
	char *end;

	while ((end = q_buf_reserve(buf, 1)) != NULL) {
		ssize_t got = read(fd, end, buf->capacity - buf->length - 1);

		if (got < 0 && errno != EINTR)
			return q_fail_os(err, errno, "file.read", "%s", path);
		if (got == 0)
			return Q_OK;
		if (got > 0)
			buf->length += (size_t)got;
	}
	if (buf->length == buf->limit)
		return q_fail(err, Q_TOOBIG, "file.read", "%s has more than %zu bytes", path,
			      buf->limit - 1);
	return q_fail(err, Q_NOMEM, "file.read", "%s", path);
}

enum q_code q_file_read_at(int directory, const char *path, size_t limit_bytes,
			   struct q_arena *arena, struct q_bytes *out, struct q_err *err)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct q_bytes body;
	struct q_buf buf;
	enum q_code code;

	if (fd < 0)
		return q_fail_os(err, errno, "file.read", "%s", path);
	q_buf_init(&buf, limit_bytes + 1);
	code = read_to_end(fd, path, &buf, err);
	if (code != Q_OK)
		goto done;
	body = q_arena_copy_bytes(arena, q_str_bytes(q_buf_str(&buf)));
	if (!body.data) {
		code = q_fail(err, Q_NOMEM, "file.read", "%s", path);
		goto done;
	}
	*out = body;
done:
	q_buf_free(&buf);
	close(fd);
	return code;
}

enum q_code q_file_write_all(int fd, struct q_bytes bytes, struct q_err *err)
{
	while (bytes.length > 0) {
		ssize_t put = write(fd, bytes.data, bytes.length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return q_fail_os(err, errno, "file.write", "%zu bytes left", bytes.length);
		bytes.data += put;
		bytes.length -= (size_t)put;
	}
	return Q_OK;
}

/* The directory of `path` as a path of its own: "a/b/c" gives "a/b/", "c" gives ".". */
static enum q_code write_parent(const char *path, char out[PATH_MAX], struct q_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;

	if (length >= PATH_MAX)
		return q_fail_os(err, ENAMETOOLONG, "file.parent", "%zu bytes", length);
	memcpy(out, path, length);
	out[length] = '\0';
	if (length == 0)
		memcpy(out, ".", sizeof ".");
	return Q_OK;
}

enum q_code q_file_sync_parent(int directory, const char *path, struct q_err *err)
{
	char parent[PATH_MAX];
	enum q_code code = write_parent(path, parent, err);
	int fd;

	if (code != Q_OK)
		return code;
	fd = openat(directory, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return q_fail_os(err, errno, "file.sync_parent", "%s", parent);
	if (fsync(fd) != 0)
		code = q_fail_os(err, errno, "file.sync_parent", "%s", parent);
	close(fd);
	return code;
}

/* A name beside `path` that no one else has. What a crash leaves behind starts with ".tmp-". */
static enum q_code write_temp_path(const char *path, char out[PATH_MAX], struct q_err *err)
{
	unsigned char random[8];
	char hex[2 * sizeof random];
	char parent[PATH_MAX];
	enum q_code code = write_parent(path, parent, err);
	int length;

	if (code != Q_OK)
		return code;
	q_random_bytes(random, sizeof random);
	q_hex_write((struct q_bytes){random, sizeof random}, hex);
	length = snprintf(out, PATH_MAX, "%s/.tmp-%.*s", parent, (int)sizeof hex, hex);
	if (length >= PATH_MAX)
		return q_fail_os(err, ENAMETOOLONG, "file.write", "%s", path);
	return Q_OK;
}

/* A new file with these bytes, flushed. On failure it is gone. */
static enum q_code write_temp(int directory, const char *temp, struct q_bytes body, mode_t mode,
			      struct q_err *err)
{
	int fd = openat(directory, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	enum q_code code;

	if (fd < 0)
		return q_fail_os(err, errno, "file.write", "%s", temp);
	code = q_file_write_all(fd, body, err);
	if (code == Q_OK && fsync(fd) != 0)
		code = q_fail_os(err, errno, "file.write", "%s", temp);
	if (close(fd) != 0 && code == Q_OK)
		code = q_fail_os(err, errno, "file.write", "%s", temp);
	if (code != Q_OK)
		unlinkat(directory, temp, 0);
	return code;
}

static int rename_over(int directory, const char *from, const char *to)
{
	return renameat(directory, from, directory, to);
}

/* Fails with EEXIST where `to` is there. File systems that have no such rename (NFS) have links. */
static int rename_new(int directory, const char *from, const char *to)
{
	if (renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(directory, from, directory, to, 0) != 0)
		return -1;
	unlinkat(directory, from, 0); /* on failure: one name too many, which is no harm */
	return 0;
}

static enum q_code write_file(int directory, const char *path, struct q_bytes body, mode_t mode,
			      int (*move)(int, const char *, const char *), struct q_err *err)
{
	char temp[PATH_MAX];
	enum q_code code = write_temp_path(path, temp, err);

	if (code == Q_OK)
		code = write_temp(directory, temp, body, mode, err);
	if (code != Q_OK)
		return code;
	if (move(directory, temp, path) != 0) {
		code = q_fail_os(err, errno, "file.write", "%s", path);
		unlinkat(directory, temp, 0);
		return code;
	}
	return q_file_sync_parent(directory, path, err);
}

enum q_code q_file_replace_at(int directory, const char *path, struct q_bytes body, mode_t mode,
			      struct q_err *err)
{
	return write_file(directory, path, body, mode, rename_over, err);
}

enum q_code q_file_create_at(int directory, const char *path, struct q_bytes body, mode_t mode,
			     struct q_err *err)
{
	return write_file(directory, path, body, mode, rename_new, err);
}

static bool is_directory(int directory, const char *path)
{
	struct stat status;

	return fstatat(directory, path, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static enum q_code make_directory(int directory, const char *path, struct q_err *err)
{
	if (mkdirat(directory, path, 0700) == 0)
		return q_file_sync_parent(directory, path, err);
	if (errno != EEXIST)
		return q_fail_os(err, errno, "file.make_directories", "%s", path);
	if (!is_directory(directory, path))
		return q_fail_os(err, ENOTDIR, "file.make_directories", "%s", path);
	return Q_OK;
}

enum q_code q_file_make_directories(int directory, const char *path, struct q_err *err)
{
	char prefix[PATH_MAX];
	size_t length = strlen(path);
	enum q_code code = Q_OK;

	if (length >= sizeof prefix)
		return q_fail_os(err, ENAMETOOLONG, "file.make_directories", "%s", path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	/* Every prefix that ends where a name ends: "a/b" is made as "a", then "a/b". */
	for (size_t i = 1; i <= length && code == Q_OK; i++) {
		if (i < length && (path[i] != '/' || path[i - 1] == '/'))
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		code = make_directory(directory, prefix, err);
	}
	return code;
}

/* The number in a lock file; 0 where its owner has not written it yet. */
static pid_t read_pid(int fd)
{
	char text[24];
	ssize_t length = pread(fd, text, sizeof text, 0);
	int64_t pid;

	if (length <= 0 || !q_str_to_int64(q_str_trim((struct q_str){text, (size_t)length}), &pid))
		return 0;
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

static enum q_code write_pid(int fd, const char *path, struct q_err *err)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
		return q_fail_os(err, errno, "file.lock", "%s", path);
	return Q_OK;
}

enum q_code q_file_lock(int directory, const char *path, int *fd, pid_t *holder_pid,
			struct q_err *err)
{
	int lock = openat(directory, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum q_code code;

	*holder_pid = 0;
	if (lock < 0)
		return q_fail_os(err, errno, "file.lock", "%s", path);
	/* flock and not fcntl: the lock belongs to this descriptor, so that no other close drops
	 * it. */
	if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
		code = write_pid(lock, path, err);
	} else if (errno == EWOULDBLOCK) {
		*holder_pid = read_pid(lock);
		code = q_fail(err, Q_CONFLICT, "file.lock", "%s is locked by process %ld", path,
			      (long)*holder_pid);
	} else {
		code = q_fail_os(err, errno, "file.lock", "%s", path);
	}
	if (code == Q_OK)
		*fd = lock;
	else
		close(lock);
	return code;
}
