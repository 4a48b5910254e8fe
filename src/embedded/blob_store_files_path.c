#include "embedded/blob_store_files_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories are opened one part at a time, so that no symbolic link is followed anywhere, and
 * keys have no ".." (ports/blob_store.c).
 *
 * Writers make directories while removers prune empty ones. A writer that lost its directory
 * between making and using it sees ENOENT and starts over; rmdir fails where something is in it.
 * Neither waits for the other. */

enum { ATTEMPTS_MAX = 100 };

/* A directory of a tree: that of the key's last part, or one above it. */
struct place {
	size_t tree;		  /* parts of the key */
	struct q_str directories; /* the parts before the last one; may be empty */
};

bool q__blob_next_part(struct q_str *rest, char part[BLOB_NAME_SIZE])
{
	struct q_str head;
	bool has_more = q_str_cut(*rest, '/', &head, rest);

	q_assert(head.length < BLOB_NAME_SIZE);
	memcpy(part, head.data, head.length);
	part[head.length] = '\0';
	return has_more;
}

size_t q__blob_count_parts(struct q_str key)
{
	size_t count = 1;

	for (size_t i = 0; i < key.length; i++)
		count += key.data[i] == '/';
	return count;
}

/* Cuts the last part off. */
static struct q_str parent_of(struct q_str path, char last[BLOB_NAME_SIZE])
{
	size_t at = path.length;
	struct q_str name;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	name = q_str_slice(path, at, path.length);
	q__blob_next_part(&name, last);
	return q_str_slice(path, 0, at > 0 ? at - 1 : 0);
}

static struct place place_of(struct q_str key, char name[BLOB_NAME_SIZE])
{
	return (struct place){q__blob_count_parts(key), parent_of(key, name)};
}

/* Opens a child and closes the directory, whatever comes of it; -1 with errno. With `make`, a child
 * that is there on return is there after a power cut too: also one that another writer made an
 * instant ago, and has not flushed. */
static int descend(int directory, const char *name, bool make)
{
	int child = -1, failed;

	if (!make || mkdirat(directory, name, 0700) == 0 || errno == EEXIST)
		child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	failed = errno;
	if (make && child >= 0 && fsync(directory) != 0) {
		failed = errno;
		close(child);
		child = -1;
	}
	close(directory);
	errno = failed;
	return child;
}

/* -1 with errno. */
static int open_place(const struct file_store *store, const struct place *place, bool make)
{
	struct q_str rest = place->directories;
	char part[BLOB_NAME_SIZE];
	bool has_more = rest.length > 0;
	int directory = fcntl(store->root_fd, F_DUPFD_CLOEXEC, 0);

	snprintf(part, sizeof part, "%zu", place->tree);
	if (directory >= 0)
		directory = descend(directory, part, make);
	while (directory >= 0 && has_more) {
		has_more = q__blob_next_part(&rest, part);
		directory = descend(directory, part, make);
	}
	return directory;
}

enum q_code q__blob_find(struct file_store *store, struct q_str key, struct q__blob_object *object,
			 struct q_err *err)
{
	char name[BLOB_NAME_SIZE];
	struct place place = place_of(key, name);
	int directory = open_place(store, &place, false);
	enum q_code code;

	if (directory < 0)
		return q_fail_os(err, errno, "blob_store_files.find", "the object's directory");
	code = q__blob_object_open(directory, name, object, err);
	close(directory);
	return code;
}

/* One try: 0, or an errno. */
static int try_publish(struct file_store *store, const char *temp_name, const struct place *place,
		       const char *name)
{
	int directory = open_place(store, place, true);
	int failed = 0;

	if (directory < 0)
		return errno;
	if (renameat(store->temp_fd, temp_name, directory, name) != 0 || fsync(directory) != 0)
		failed = errno;
	close(directory);
	return failed;
}

enum q_code q__blob_publish(struct file_store *store, const char *temp_name, struct q_str key,
			    struct q_err *err)
{
	char name[BLOB_NAME_SIZE];
	struct place place = place_of(key, name);
	int failed = ENOENT;

	for (int attempt = 0; failed == ENOENT && attempt < ATTEMPTS_MAX; attempt++)
		failed = try_publish(store, temp_name, &place, name);
	if (failed == ENOENT) /* not "not found": the caller has named nothing that must exist */
		return q_fail(err, Q_IO, "blob_store_files.publish",
			      "the file, or its directory, is taken away again and again");
	if (failed)
		return q_fail_os(err, failed, "blob_store_files.publish", "the object's name");
	return Q_OK;
}

/* Removes the directory and those above it, up to the first that is in use. An empty one that comes
 * back after a power cut does no harm, so nothing is flushed. */
static void prune(struct file_store *store, struct place place)
{
	bool is_removed = true;

	while (is_removed && place.directories.length > 0) {
		char name[BLOB_NAME_SIZE];
		int parent;

		place.directories = parent_of(place.directories, name);
		parent = open_place(store, &place, false);
		if (parent < 0)
			return;
		is_removed = unlinkat(parent, name, AT_REMOVEDIR) == 0;
		close(parent);
	}
}

enum q_code q__blob_unlink(struct file_store *store, struct q_str key, struct q_err *err)
{
	char name[BLOB_NAME_SIZE];
	struct place place = place_of(key, name);
	int directory = open_place(store, &place, false);
	int failed = 0;

	if (directory < 0)
		return errno == ENOENT ? Q_OK
				       : q_fail_os(err, errno, "blob_store_files.remove",
						   "the object's directory");
	if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		failed = errno;
	else if (fsync(directory) != 0)
		failed = errno;
	close(directory);
	if (failed)
		return q_fail_os(err, failed, "blob_store_files.remove", "the object's file");
	prune(store, place);
	return Q_OK;
}
