#include "embedded/secret_store_files.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret_files {
	struct q_secret_store base;
	int directory_fd; /* owned */
	const struct q_secret_override *overrides;
	size_t override_count;
};

static struct secret_files *secret_files_of(struct q_secret_store *store)
{
	return q_container_of(store, struct secret_files, base);
}

/* The setting that gives this secret, or NULL. */
static const struct q_secret_override *find_override(const struct secret_files *store,
						     struct q_str name)
{
	for (size_t i = 0; i < store->override_count; i++) {
		const struct q_secret_override *override = &store->overrides[i];

		if (override->value.length > 0 && q_str_equal(q_str_from(override->name), name))
			return override;
	}
	return NULL;
}

/* Bits of `forbidden` are rights that others must not have. */
static enum q_code check_rights(int fd, const char *what, mode_t forbidden, const char *mend,
				struct q_err *err)
{
	const char *where = "secret_store_files";
	struct stat status;

	if (fstat(fd, &status) != 0)
		return q_fail_os(err, errno, where, "stat of %s", what);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return q_fail(err, Q_DENIED, where, "%s belongs to another user (%lu): chown it",
			      what, (unsigned long)status.st_uid);
	if (status.st_mode & forbidden)
		return q_fail(err, Q_DENIED, where, "others may reach %s (mode %03o): %s it", what,
			      (unsigned)status.st_mode & 0777, mend);
	return Q_OK;
}

/* ---- reading a file */

static enum q_code read_value(int fd, const char *name, struct q_arena *arena, struct q_bytes *out,
			      struct q_err *err)
{
	unsigned char *value = q_arena_alloc(arena, Q_SECRET_VALUE_MAX + 1);
	size_t length = 0;
	ssize_t got;

	if (!value)
		return q_fail(err, Q_NOMEM, "secret_store_files.get", "a secret's value");
	do {
		got = read(fd, value + length, Q_SECRET_VALUE_MAX + 1 - length);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return q_fail_os(err, errno, "secret_store_files.get", "secrets/%s", name);
	if (length == 0 || length > Q_SECRET_VALUE_MAX)
		return q_fail(err, Q_INVALID, "secret_store_files.get",
			      "secrets/%s is empty or has more than %d bytes", name,
			      Q_SECRET_VALUE_MAX);
	*out = (struct q_bytes){value, length};
	return Q_OK;
}

static enum q_code read_file(const struct secret_files *store, const char *name,
			     struct q_arena *arena, struct q_bytes *out, struct q_err *err)
{
	char what[sizeof "secrets/" + Q_SECRET_NAME_MAX];
	enum q_code code;
	/* O_NONBLOCK: a pipe of that name is refused, and not waited for */
	int fd = openat(store->directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	snprintf(what, sizeof what, "secrets/%s", name);
	if (fd < 0 && errno == ELOOP)
		return q_fail(err, Q_DENIED, "secret_store_files.get",
			      "%s is a symbolic link: put the file itself there", what);
	if (fd < 0)
		return q_fail_os(err, errno, "secret_store_files.get", "%s", what);
	code = check_rights(fd, what, S_IRWXG | S_IRWXO, "chmod 600", err);
	if (code == Q_OK)
		code = read_value(fd, name, arena, out, err);
	close(fd);
	return code;
}

/* ---- the port */

static enum q_code files_get(struct q_secret_store *base, const struct q_call *call,
			     struct q_str name, struct q_arena *arena, struct q_bytes *out,
			     struct q_err *err)
{
	struct secret_files *store = secret_files_of(base);
	const struct q_secret_override *override = find_override(store, name);
	char path[Q_SECRET_NAME_MAX + 1];

	(void)call;
	if (override) {
		*out = q_arena_copy_bytes(arena, q_str_bytes(override->value));
		return out->data
			       ? Q_OK
			       : q_fail(err, Q_NOMEM, "secret_store_files.get", "a secret's value");
	}
	snprintf(path, sizeof path, "%.*s", Q_STR_ARG(name));
	return read_file(store, path, arena, out, err);
}

static enum q_code files_create(struct q_secret_store *base, const struct q_call *call,
				struct q_str name, struct q_bytes value, struct q_err *err)
{
	struct secret_files *store = secret_files_of(base);
	const struct q_secret_override *override = find_override(store, name);
	char path[Q_SECRET_NAME_MAX + 1];

	(void)call;
	if (override)
		return q_fail(err, Q_CONFLICT, "secret_store_files.create", "%s is set by %s",
			      override->name, override->setting);
	snprintf(path, sizeof path, "%.*s", Q_STR_ARG(name));
	return q_file_create_at(store->directory_fd, path, value, 0600, err);
}

static void files_close(struct q_secret_store *base)
{
	struct secret_files *store = secret_files_of(base);

	if (store->directory_fd >= 0)
		close(store->directory_fd);
	q_mem_free(store);
}

static const struct q_secret_store_ops files_ops = {
	.name = "files",
	.get = files_get,
	.create = files_create,
	.close = files_close,
};

static enum q_code open_directory(struct secret_files *store, const char *directory,
				  struct q_err *err)
{
	enum q_code code = q_file_make_directories(AT_FDCWD, directory, err);

	if (code)
		return code;
	store->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->directory_fd < 0)
		return q_fail_os(err, errno, "secret_store_files.open", "%s", directory);
	return check_rights(store->directory_fd, directory, S_IWGRP | S_IWOTH, "chmod 700", err);
}

static enum q_code check_overrides(const struct q_secret_override *overrides, size_t count,
				   struct q_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (overrides[i].value.length > Q_SECRET_VALUE_MAX)
			return q_fail(err, Q_INVALID, "secret_store_files.open",
				      "%s has more than %d bytes", overrides[i].setting,
				      Q_SECRET_VALUE_MAX);
	return Q_OK;
}

enum q_code q_secret_store_files_open(const char *directory,
				      const struct q_secret_override *overrides,
				      size_t override_count, struct q_secret_store **out,
				      struct q_err *err)
{
	enum q_code code = check_overrides(overrides, override_count, err);
	struct secret_files *store;

	if (code)
		return code;
	store = q_mem_new(sizeof *store);
	if (!store)
		return q_fail(err, Q_NOMEM, "secret_store_files.open", "%zu bytes", sizeof *store);
	*store = (struct secret_files){.base.ops = &files_ops,
				       .directory_fd = -1,
				       .overrides = overrides,
				       .override_count = override_count};
	code = open_directory(store, directory, err);
	if (code) {
		files_close(&store->base);
		return code;
	}
	*out = &store->base;
	return Q_OK;
}
