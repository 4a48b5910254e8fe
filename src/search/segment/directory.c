/* Directories of the file system. */
#include "search/segment/directory.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_directory {
	struct q__directory base;
	int fd; /* owned */
};

struct file_output {
	struct q__output base;
	int fd; /* owned */
};

static struct file_directory *files_of(struct q__directory *directory)
{
	return q_container_of(directory, struct file_directory, base);
}

static enum q_code write_output(struct q__output *output, struct q_bytes bytes, struct q_err *err)
{
	if (q_file_write_all(q_container_of(output, struct file_output, base)->fd, bytes, err))
		return q_err_context(err, "cannot write an index file");
	return Q_OK;
}

static void abandon_output(struct q__output *output)
{
	struct file_output *file = q_container_of(output, struct file_output, base);

	close(file->fd);
	q_mem_free(file);
}

static enum q_code finish_output(struct q__output *output, struct q_err *err)
{
	struct file_output *file = q_container_of(output, struct file_output, base);
	enum q_code code = Q_OK;

	if (fsync(file->fd) != 0)
		code = q_fail_os(err, errno, "index.write", "cannot flush an index file");
	abandon_output(output);
	return code;
}

static const struct q__output_ops output_ops = {
	.write = write_output, .finish = finish_output, .abandon = abandon_output};

static enum q_code create(struct q__directory *directory, const char *name, struct q__output **out,
			  struct q_err *err)
{
	struct file_output *file = q_mem_new(sizeof *file);

	if (!file)
		return q_fail(err, Q_NOMEM, "index.create", "%s", name);
	/* What stands there under this name is left from a crash: no manifest names it. */
	file->fd = openat(files_of(directory)->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0600);
	if (file->fd < 0) {
		q_mem_free(file);
		return q_fail_os(err, errno, "index.create", "%s", name);
	}
	file->base.ops = &output_ops;
	*out = &file->base;
	return Q_OK;
}

static enum q_code map_descriptor(int fd, const char *name, struct q_bytes *out, struct q_err *err)
{
	struct stat status;
	void *memory;

	if (fstat(fd, &status) != 0)
		return q_fail_os(err, errno, "index.map", "%s", name);
	if (status.st_size <= 0)
		return q_fail(err, Q_CORRUPT, "index.map",
			      "%s is empty; build the index again from its source", name);
	memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return q_fail_os(err, errno, "index.map", "%s", name);
	*out = (struct q_bytes){memory, (size_t)status.st_size};
	return Q_OK;
}

static enum q_code map(struct q__directory *directory, const char *name, struct q_bytes *out,
		       struct q_err *err)
{
	int fd = openat(files_of(directory)->fd, name, O_RDONLY | O_CLOEXEC);
	enum q_code code;

	if (fd < 0)
		return q_fail_os(err, errno, "index.map", "%s", name);
	code = map_descriptor(fd, name, out, err);
	close(fd);
	return code;
}

static void unmap(struct q__directory *directory, struct q_bytes bytes)
{
	(void)directory;
	munmap((void *)(uintptr_t)bytes.data, bytes.length);
}

static enum q_code replace(struct q__directory *directory, const char *name, struct q_bytes bytes,
			   struct q_err *err)
{
	return q_file_replace_at(files_of(directory)->fd, name, bytes, 0600, err);
}

static enum q_code remove_file(struct q__directory *directory, const char *name, struct q_err *err)
{
	if (unlinkat(files_of(directory)->fd, name, 0) != 0)
		return q_fail_os(err, errno, "index.remove", "%s", name);
	return Q_OK;
}

static enum q_code sync_directory(struct q__directory *directory, struct q_err *err)
{
	if (fsync(files_of(directory)->fd) != 0)
		return q_fail_os(err, errno, "index.sync", "cannot flush the index directory");
	return Q_OK;
}

static enum q_code list(struct q__directory *directory, void (*see)(void *, const char *),
			void *context, struct q_err *err)
{
	int fd = openat(files_of(directory)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	enum q_code code = Q_OK;

	if (!stream) {
		q_fail_os(err, errno, "index.list", "cannot read the index directory");
		if (fd >= 0)
			close(fd);
		return err->code;
	}
	/* Its end and its failure differ by errno alone. */
	while (errno = 0, (entry = readdir(stream)) != NULL)
		see(context, entry->d_name);
	if (errno != 0)
		code = q_fail_os(err, errno, "index.list", "cannot read the index directory");
	closedir(stream);
	return code;
}

static void close_directory(struct q__directory *directory)
{
	close(files_of(directory)->fd);
	q_mem_free(files_of(directory));
}

static const struct q__directory_ops directory_ops = {
	.create = create,
	.map = map,
	.unmap = unmap,
	.replace = replace,
	.remove = remove_file,
	.sync = sync_directory,
	.list = list,
	.close = close_directory,
};

enum q_code q__directory_open(int parent, const char *path, struct q__directory **out,
			      struct q_err *err)
{
	struct file_directory *directory = q_mem_new(sizeof *directory);

	if (!directory)
		return q_fail(err, Q_NOMEM, "index.open", "%s", path);
	directory->fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory->fd < 0) {
		q_mem_free(directory);
		return q_fail_os(err, errno, "index.open", "%s", path);
	}
	directory->base.ops = &directory_ops;
	*out = &directory->base;
	return Q_OK;
}
