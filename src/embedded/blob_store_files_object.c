#include "embedded/blob_store_files_internal.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The trailer: magic, size (little-endian), SHA-256, upload id. It stands behind the bytes, so that
 * they keep their offsets, and in the same file, so that one rename publishes both: an extended
 * attribute is not to be had everywhere, and a second file would not be replaced in the same
 * instant. */
enum { MAGIC_SIZE = 8, SIZE_AT = 8, DIGEST_AT = 16, UPLOAD_AT = 48 };
static const unsigned char magic[MAGIC_SIZE] = {'q', 'u', 'i', 'r', 'e', 'B', '1', '\n'};

/* Writing to the disk begins this early, so that the last flush of a big object is short. */
enum { FLUSH_STEP_BYTES = 8 << 20, COPY_BYTES = 256 * 1024 };

static void encode_trailer(unsigned char out[BLOB_TRAILER_SIZE], uint64_t size_bytes,
			   const unsigned char digest[Q_SHA256_SIZE],
			   const unsigned char *upload_id)
{
	memset(out, 0, BLOB_TRAILER_SIZE);
	memcpy(out, magic, MAGIC_SIZE);
	for (int i = 0; i < 8; i++)
		out[SIZE_AT + i] = (unsigned char)(size_bytes >> (8 * i));
	memcpy(out + DIGEST_AT, digest, Q_SHA256_SIZE);
	if (upload_id)
		memcpy(out + UPLOAD_AT, upload_id, BLOB_UPLOAD_SIZE);
}

/* False where it is not the trailer of an object of this size. */
static bool decode_trailer(const unsigned char in[BLOB_TRAILER_SIZE], struct q__blob_object *object,
			   uint64_t size_bytes)
{
	uint64_t stored = 0;

	for (int i = 0; i < 8; i++)
		stored |= (uint64_t)in[SIZE_AT + i] << (8 * i);
	if (memcmp(in, magic, MAGIC_SIZE) != 0 || stored != size_bytes)
		return false;
	q_sha256_to_hex(in + DIGEST_AT, object->info.sha256);
	memcpy(object->upload_id, in + UPLOAD_AT, BLOB_UPLOAD_SIZE);
	return true;
}

static int64_t modified_ms(const struct stat *status)
{
	return (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
}

DIR *q__blob_open_entries(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;

	if (!entries && fd >= 0) {
		int failed = errno;

		close(fd);
		errno = failed;
	}
	return entries;
}

void q__blob_temp_name(struct file_store *store, char out[BLOB_NAME_SIZE])
{
	snprintf(out, BLOB_NAME_SIZE, "%016llx", atomic_fetch_add(&store->temp_count, 1));
}

void q__blob_temp_discard(const struct file_store *store, const char *name)
{
	struct dirent *entry;
	DIR *entries;
	int directory;

	if (unlinkat(store->temp_fd, name, 0) == 0 || errno != EISDIR)
		return;
	directory = openat(store->temp_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	entries = q__blob_open_entries(directory);
	while (entries && (entry = readdir(entries)))
		(void)unlinkat(directory, entry->d_name, 0);
	if (entries)
		closedir(entries);
	if (directory >= 0)
		close(directory);
	(void)unlinkat(store->temp_fd, name, AT_REMOVEDIR);
}

enum q_code q__blob_temp_open(struct file_store *store, struct q__blob_temp *temp,
			      struct q_err *err)
{
	*temp = (struct q__blob_temp){.store = store, .fd = -1};
	temp->hash = q_sha256_new();
	if (!temp->hash)
		return q_fail(err, Q_NOMEM, "blob_store_files.temp", "no memory for a hash");
	q__blob_temp_name(store, temp->name);
	temp->fd =
		openat(store->temp_fd, temp->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (temp->fd < 0) {
		q_sha256_free(temp->hash);
		return q_fail_os(err, errno, "blob_store_files.temp", "a file in .tmp");
	}
	return Q_OK;
}

enum q_code q__blob_temp_add(struct q__blob_temp *temp, struct q_bytes bytes, struct q_err *err)
{
	enum q_code code = q_file_write_all(temp->fd, bytes, err);

	if (code)
		return code;
	q_sha256_add(temp->hash, bytes);
	temp->size_bytes += bytes.length;
	if (temp->size_bytes - temp->flushing_bytes >= FLUSH_STEP_BYTES) {
		/* advice: where it cannot be had, the flush at the end does the whole work */
		(void)sync_file_range(temp->fd, (off_t)temp->flushing_bytes,
				      (off_t)(temp->size_bytes - temp->flushing_bytes),
				      SYNC_FILE_RANGE_WRITE);
		temp->flushing_bytes = temp->size_bytes;
	}
	return Q_OK;
}

enum q_code q__blob_temp_add_object(struct q__blob_temp *temp, const struct q_call *call,
				    const struct q__blob_object *object, struct q_err *err)
{
	unsigned char *chunk = q_mem_new(COPY_BYTES);
	enum q_code code = Q_OK;
	uint64_t done = 0;

	if (!chunk)
		return q_fail(err, Q_NOMEM, "blob_store_files.copy", "%d bytes", COPY_BYTES);
	while (code == Q_OK && done < object->info.size_bytes) {
		size_t got = 0;
		uint64_t rest = object->info.size_bytes - done;

		code = q_call_check(call, "blob_store_files.copy", err);
		if (code == Q_OK)
			code = q__blob_object_read(object, done, chunk,
						   rest < COPY_BYTES ? rest : COPY_BYTES, &got,
						   err);
		if (code == Q_OK)
			code = q__blob_temp_add(temp, (struct q_bytes){chunk, got}, err);
		done += got;
	}
	q_mem_free(chunk);
	return code;
}

enum q_code q__blob_temp_seal(struct q__blob_temp *temp,
			      const unsigned char upload_id[BLOB_UPLOAD_SIZE],
			      struct q_blob_info *info, struct q_err *err)
{
	unsigned char digest[Q_SHA256_SIZE], trailer[BLOB_TRAILER_SIZE];
	struct stat status;
	enum q_code code;

	q_sha256_finish(temp->hash, digest);
	encode_trailer(trailer, temp->size_bytes, digest, upload_id);
	code = q_file_write_all(temp->fd, (struct q_bytes){trailer, sizeof trailer}, err);
	if (code)
		return code;
	if (fsync(temp->fd) != 0 || fstat(temp->fd, &status) != 0)
		return q_fail_os(err, errno, "blob_store_files.seal", "flush of a file in .tmp");
	memset(info, 0, sizeof *info);
	info->size_bytes = temp->size_bytes;
	info->modified_at_ms = modified_ms(&status);
	q_sha256_to_hex(digest, info->sha256);
	memcpy(info->etag, info->sha256, sizeof info->sha256);
	return Q_OK;
}

void q__blob_temp_close(struct q__blob_temp *temp)
{
	q__blob_temp_discard(temp->store, temp->name); /* published: it is not there any more */
	close(temp->fd);
	q_sha256_free(temp->hash);
}

static enum q_code read_trailer(struct q__blob_object *object, struct q_err *err)
{
	const char *where = "blob_store_files.open";
	unsigned char trailer[BLOB_TRAILER_SIZE];
	struct stat status;
	ssize_t got;

	if (fstat(object->fd, &status) != 0)
		return q_fail_os(err, errno, where, "stat of an object");
	if (!S_ISREG(status.st_mode) || status.st_size < BLOB_TRAILER_SIZE)
		return q_fail(err, Q_CORRUPT, where, "the object's file is cut");
	object->info.size_bytes = (uint64_t)status.st_size - BLOB_TRAILER_SIZE;
	object->info.modified_at_ms = modified_ms(&status);
	got = pread(object->fd, trailer, sizeof trailer, (off_t)object->info.size_bytes);
	if (got < 0)
		return q_fail_os(err, errno, where, "read of an object's trailer");
	if (got != BLOB_TRAILER_SIZE || !decode_trailer(trailer, object, object->info.size_bytes))
		return q_fail(err, Q_CORRUPT, where, "the object's file has no valid trailer");
	memcpy(object->info.etag, object->info.sha256, sizeof object->info.sha256);
	return Q_OK;
}

enum q_code q__blob_object_open(int directory, const char *name, struct q__blob_object *object,
				struct q_err *err)
{
	enum q_code code;

	memset(object, 0, sizeof *object);
	object->fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (object->fd < 0)
		return q_fail_os(err, errno, "blob_store_files.open", "the object's file");
	code = read_trailer(object, err);
	if (code)
		close(object->fd);
	return code;
}

enum q_code q__blob_object_read(const struct q__blob_object *object, uint64_t offset, void *out,
				size_t length, size_t *got, struct q_err *err)
{
	ssize_t count;

	do
		count = pread(object->fd, out, length, (off_t)offset);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return q_fail_os(err, errno, "blob_store_files.read", "read of an object");
	if (count == 0 && length > 0)
		return q_fail(err, Q_CORRUPT, "blob_store_files.read", "the object's file is cut");
	*got = (size_t)count;
	return Q_OK;
}

void q__blob_object_close(struct q__blob_object *object)
{
	close(object->fd);
}
