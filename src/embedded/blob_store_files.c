#include "embedded/blob_store_files.h"

#include "base/file.h"
#include "base/mem.h"
#include "embedded/blob_store_files_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- writers */

/* Of an object, or of a part of one. */
struct file_writer {
	struct q_blob_writer base;
	struct q__blob_temp temp;
	char key[Q_BLOB_KEY_MAX];
	size_t key_length;
	int upload_fd; /* owned; a part's: the directory of its upload; else -1 */
	unsigned part_number;
};

static struct file_writer *file_writer_of(struct q_blob_writer *writer)
{
	return q_container_of(writer, struct file_writer, base);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static enum q_code files_writer_open(struct q_blob_store *store, const struct q_call *call,
				     struct q_str key, struct q_blob_writer **out,
				     struct q_err *err)
{
	struct file_writer *writer = q_mem_new(sizeof *writer);
	enum q_code code;

	(void)call;
	if (!writer)
		return q_fail(err, Q_NOMEM, "blob_store_files.writer_open", "%zu bytes",
			      sizeof *writer);
	code = q__blob_temp_open(file_store_of(store), &writer->temp, err);
	if (code) {
		q_mem_free(writer);
		return code;
	}
	writer->base.store = store;
	writer->upload_fd = -1;
	memcpy(writer->key, key.data, key.length);
	writer->key_length = key.length;
	*out = &writer->base;
	return Q_OK;
}

static enum q_code files_writer_add(struct q_blob_writer *writer, const struct q_call *call,
				    struct q_bytes bytes, struct q_err *err)
{
	(void)call;
	return q__blob_temp_add(&file_writer_of(writer)->temp, bytes, err);
}

static void files_writer_abort(struct q_blob_writer *base)
{
	struct file_writer *writer = file_writer_of(base);

	close_if_open(writer->upload_fd);
	q__blob_temp_close(&writer->temp);
	q_mem_free(writer);
}

static enum q_code publish(struct file_writer *writer, struct q_err *err)
{
	struct q_str key = {writer->key, writer->key_length};

	if (writer->upload_fd >= 0)
		return q__blob_publish_part(&writer->temp, writer->upload_fd, writer->part_number,
					    false, err);
	return q__blob_publish(writer->temp.store, writer->temp.name, key, err);
}

static enum q_code files_writer_commit(struct q_blob_writer *base, const struct q_call *call,
				       struct q_blob_info *info, struct q_err *err)
{
	struct file_writer *writer = file_writer_of(base);
	enum q_code code = q__blob_temp_seal(&writer->temp, NULL, info, err);

	(void)call;
	if (code == Q_OK)
		code = publish(writer, err);
	files_writer_abort(base);
	return code;
}

enum q_code q__blob_files_parts_open(struct q_blob_store *base, const struct q_call *call,
				     struct q_str key, struct q_str upload_id, unsigned number,
				     struct q_blob_writer **out, struct q_err *err)
{
	int directory = -1;
	enum q_code code =
		q__blob_upload_open(file_store_of(base), key, upload_id, &directory, err);

	if (code)
		return code;
	if (q__blob_upload_has(directory, number)) /* told before a byte of it is sent */
		code = q_fail(err, Q_CONFLICT, "blob_store_files.parts_open", "part %u is there",
			      number);
	else
		code = files_writer_open(base, call, key, out, err);
	if (code) {
		close(directory);
		return code;
	}
	file_writer_of(*out)->upload_fd = directory;
	file_writer_of(*out)->part_number = number;
	return Q_OK;
}

/* ---- readers */

struct file_reader {
	struct q_blob_reader base;
	struct q__blob_object object;
	uint64_t offset;
	uint64_t end;
};

static struct file_reader *file_reader_of(struct q_blob_reader *reader)
{
	return q_container_of(reader, struct file_reader, base);
}

/* Takes the object over where it succeeds. */
static enum q_code new_reader(struct q_blob_store *store, const struct q__blob_object *object,
			      struct q_blob_range range, struct q_blob_reader **out,
			      struct q_err *err)
{
	uint64_t size_bytes = object->info.size_bytes;
	struct file_reader *reader;

	if (range.offset > size_bytes)
		return q_fail(err, Q_INVALID, "blob_store_files.reader_open",
			      "the range begins beyond the end");
	reader = q_mem_new(sizeof *reader);
	if (!reader)
		return q_fail(err, Q_NOMEM, "blob_store_files.reader_open", "%zu bytes",
			      sizeof *reader);
	reader->base.store = store;
	reader->object = *object;
	reader->offset = range.offset;
	reader->end =
		range.length < size_bytes - range.offset ? range.offset + range.length : size_bytes;
	*out = &reader->base;
	return Q_OK;
}

static enum q_code files_reader_open(struct q_blob_store *store, const struct q_call *call,
				     struct q_str key, struct q_blob_range range,
				     struct q_blob_reader **out, struct q_blob_info *info,
				     struct q_err *err)
{
	struct q__blob_object object;
	enum q_code code = q__blob_find(file_store_of(store), key, &object, err);

	(void)call;
	if (code)
		return code;
	*info = object.info;
	code = new_reader(store, &object, range, out, err);
	if (code)
		q__blob_object_close(&object);
	return code;
}

static enum q_code files_reader_read(struct q_blob_reader *base, const struct q_call *call,
				     void *out, size_t capacity, size_t *got, struct q_err *err)
{
	struct file_reader *reader = file_reader_of(base);
	uint64_t rest = reader->end - reader->offset;
	enum q_code code;

	(void)call;
	code = q__blob_object_read(&reader->object, reader->offset, out,
				   rest < capacity ? rest : capacity, got, err);
	if (code == Q_OK)
		reader->offset += *got;
	return code;
}

static void files_reader_close(struct q_blob_reader *base)
{
	struct file_reader *reader = file_reader_of(base);

	q__blob_object_close(&reader->object);
	q_mem_free(reader);
}

/* The object itself: its trailer stands beyond size_bytes. */
static enum q_code files_open_file(struct q_blob_store *store, const struct q_call *call,
				   struct q_str key, int *fd, uint64_t *size_bytes,
				   struct q_err *err)
{
	struct q__blob_object object;
	enum q_code code = q__blob_find(file_store_of(store), key, &object, err);

	(void)call;
	if (code)
		return code;
	*fd = object.fd;
	*size_bytes = object.info.size_bytes;
	return Q_OK;
}

static enum q_code files_stat(struct q_blob_store *store, const struct q_call *call,
			      struct q_str key, struct q_blob_info *out, struct q_err *err)
{
	struct q__blob_object object;
	enum q_code code = q__blob_find(file_store_of(store), key, &object, err);

	(void)call;
	if (code)
		return code;
	*out = object.info;
	q__blob_object_close(&object);
	return Q_OK;
}

static enum q_code files_remove(struct q_blob_store *store, const struct q_call *call,
				struct q_str key, struct q_err *err)
{
	(void)call;
	return q__blob_unlink(file_store_of(store), key, err);
}

/* ---- copies */

/* A second name for the file is a copy that nothing can change, since files are replaced and never
 * written again. False where that cannot be had: too many names, a file system without links, or an
 * object that has been replaced meanwhile. */
static bool copy_by_link(struct file_store *store, const struct q__blob_object *object,
			 char temp_name[BLOB_NAME_SIZE])
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", object->fd);
	q__blob_temp_name(store, temp_name);
	return linkat(AT_FDCWD, path, store->temp_fd, temp_name, AT_SYMLINK_FOLLOW) == 0;
}

static enum q_code copy_by_bytes(struct file_store *store, const struct q_call *call,
				 const struct q__blob_object *object, struct q_str to,
				 struct q_blob_info *out, struct q_err *err)
{
	struct q__blob_temp temp;
	enum q_code code = q__blob_temp_open(store, &temp, err);

	if (code)
		return code;
	code = q__blob_temp_add_object(&temp, call, object, err);
	if (code == Q_OK)
		code = q__blob_temp_seal(&temp, NULL, out, err);
	if (code == Q_OK)
		code = q__blob_publish(store, temp.name, to, err);
	q__blob_temp_close(&temp);
	return code;
}

static enum q_code copy_object(struct file_store *store, const struct q_call *call,
			       const struct q__blob_object *object, struct q_str to,
			       struct q_blob_info *out, struct q_err *err)
{
	char temp_name[BLOB_NAME_SIZE];
	enum q_code code;

	if (!copy_by_link(store, object, temp_name))
		return copy_by_bytes(store, call, object, to, out, err);
	*out = object->info;
	code = q__blob_publish(store, temp_name, to, err);
	/* still there where `to` was a name of this file already: rename then does nothing
	 * (rename(2)) */
	(void)unlinkat(store->temp_fd, temp_name, 0);
	return code;
}

static enum q_code files_copy_if_match(struct q_blob_store *base, const struct q_call *call,
				       struct q_str from, struct q_str etag, struct q_str to,
				       struct q_blob_info *out, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	struct q__blob_object object;
	enum q_code code = q__blob_find(store, from, &object, err);

	if (code)
		return code;
	if (q_str_equal(q_str_from(object.info.etag), etag))
		code = copy_object(store, call, &object, to, out, err);
	else
		code = q_fail(err, Q_CONFLICT, "blob_store_files.copy_if_match",
			      "the object has another etag");
	q__blob_object_close(&object);
	return code;
}

/* ---- the store */

static void files_close(struct q_blob_store *base)
{
	struct file_store *store = file_store_of(base);

	close_if_open(store->root_fd);
	close_if_open(store->temp_fd);
	close_if_open(store->parts_fd);
	q_mem_free(store);
}

static const struct q_blob_store_ops files_ops = {
	.name = "files",
	.capabilities = Q_CAP_SERVES_LINKS | Q_CAP_IN_PROCESS,
	.writer_open = files_writer_open,
	.writer_add = files_writer_add,
	.writer_commit = files_writer_commit,
	.writer_abort = files_writer_abort,
	.reader_open = files_reader_open,
	.reader_read = files_reader_read,
	.reader_close = files_reader_close,
	.open_file = files_open_file,
	.stat = files_stat,
	.copy_if_match = files_copy_if_match,
	.remove = files_remove,
	.list = q__blob_files_list,
	.parts_start = q__blob_files_parts_start,
	.parts_put = q__blob_files_parts_put,
	.parts_list = q__blob_files_parts_list,
	.parts_complete = q__blob_files_parts_complete,
	.parts_abort = q__blob_files_parts_abort,
	.parts_open = q__blob_files_parts_open,
	.presign = q__blob_files_presign,
	.check_link = q__blob_files_check_link,
	.close = files_close,
};

static bool name_is_valid(struct q_str name)
{
	if (name.length == 0 || name.length > BLOB_STORE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = name.data[i];
		bool is_letter = c >= 'a' && c <= 'z';

		if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
			return false;
	}
	return true;
}

/* A directory right below the root: made where it is missing. */
static enum q_code open_inner(int root_fd, const char *name, int *fd, struct q_err *err)
{
	if (mkdirat(root_fd, name, 0700) != 0 && errno != EEXIST)
		return q_fail_os(err, errno, "blob_store_files.open", "%s", name);
	*fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return q_fail_os(err, errno, "blob_store_files.open", "%s", name);
	return Q_OK;
}

static enum q_code open_directories(struct file_store *store, const char *root, struct q_err *err)
{
	enum q_code code = q_file_make_directories(AT_FDCWD, root, err);

	if (code)
		return code;
	store->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root_fd < 0)
		return q_fail_os(err, errno, "blob_store_files.open", "%s", root);
	code = open_inner(store->root_fd, ".tmp", &store->temp_fd, err);
	if (code == Q_OK)
		code = open_inner(store->root_fd, ".parts", &store->parts_fd, err);
	if (code == Q_OK && fsync(store->root_fd) != 0)
		code = q_fail_os(err, errno, "blob_store_files.open", "%s", root);
	return code;
}

/* What is in .tmp at the start was left by a process that died: nobody else writes there. */
static enum q_code empty_temp(const struct file_store *store, struct q_err *err)
{
	DIR *entries = q__blob_open_entries(store->temp_fd);
	struct dirent *entry;

	if (!entries)
		return q_fail_os(err, errno, "blob_store_files.open", ".tmp");
	while ((entry = readdir(entries)))
		if (entry->d_name[0] != '.')
			q__blob_temp_discard(store, entry->d_name);
	closedir(entries);
	return Q_OK;
}

enum q_code q_blob_store_files_open(const struct q_blob_store_files_options *options,
				    struct q_blob_store **out, struct q_err *err)
{
	struct file_store *store;
	enum q_code code;

	q_assert(options->root && options->keyring && options->clock && options->random);
	if (!name_is_valid(options->name))
		return q_fail(err, Q_INVALID, "blob_store_files.open",
			      "a store's name is 1 to %d of a-z, 0-9 and '-', a letter first",
			      BLOB_STORE_NAME_MAX);
	store = q_mem_new(sizeof *store);
	if (!store)
		return q_fail(err, Q_NOMEM, "blob_store_files.open", "%zu bytes", sizeof *store);
	*store = (struct file_store){.base.ops = &files_ops,
				     .root_fd = -1,
				     .temp_fd = -1,
				     .parts_fd = -1,
				     .keyring = options->keyring,
				     .clock = options->clock,
				     .random = options->random};
	snprintf(store->name, sizeof store->name, "%.*s", Q_STR_ARG(options->name));
	code = open_directories(store, options->root, err);
	if (code == Q_OK)
		code = empty_temp(store, err);
	if (code) {
		files_close(&store->base);
		return code;
	}
	store->looked_at_ms = q_clock_monotonic_ms(store->clock);
	q__blob_drop_old_uploads(store);
	*out = &store->base;
	return Q_OK;
}
