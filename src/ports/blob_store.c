#include "ports/blob_store.h"

#include "base/file.h"
#include "base/mem.h"
#include "ports/blob_store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* P_tmpdir */
#include <stdlib.h>
#include <unistd.h>

enum { SPOOL_BYTES = 256 * 1024 };

static enum q_code check_key(struct q_str key, const char *where, struct q_err *err)
{
	const char *fault = q__blob_key_fault(key);

	return fault ? q_fail(err, Q_INVALID, where, "%s", fault) : Q_OK;
}

/* What every operation on a key asks first. */
static enum q_code begin(const struct q_blob_store *store, const struct q_call *call,
			 struct q_str key, const char *where, struct q_err *err)
{
	enum q_code code;

	q_assert(store && store->ops && call && err);
	code = check_key(key, where, err);
	return code ? code : q_call_check(call, where, err);
}

enum q_code q_blob_writer_open(struct q_blob_store *store, const struct q_call *call,
			       struct q_str key, struct q_blob_writer **out, struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.writer_open", err);

	q_assert(out);
	if (code)
		return code;
	code = store->ops->writer_open(store, call, key, out, err);
	q_assert(code || (*out)->store == store);
	return code;
}

enum q_code q_blob_writer_add(struct q_blob_writer *writer, const struct q_call *call,
			      struct q_bytes bytes, struct q_err *err)
{
	enum q_code code;

	q_assert(writer && call && err);
	code = q_call_check(call, "blob_store.writer_add", err);
	if (code || bytes.length == 0)
		return code;
	return writer->store->ops->writer_add(writer, call, bytes, err);
}

enum q_code q_blob_writer_commit(struct q_blob_writer *writer, const struct q_call *call,
				 struct q_blob_info *info, struct q_err *err)
{
	struct q_blob_info unused;
	enum q_code code;

	q_assert(writer && call && err);
	code = q_call_check(call, "blob_store.writer_commit", err);
	if (code) {
		q_blob_writer_abort(writer);
		return code;
	}
	return writer->store->ops->writer_commit(writer, call, info ? info : &unused, err);
}

void q_blob_writer_abort(struct q_blob_writer *writer)
{
	if (writer)
		writer->store->ops->writer_abort(writer);
}

enum q_code q_blob_store_put(struct q_blob_store *store, const struct q_call *call,
			     struct q_str key, struct q_bytes body, struct q_blob_info *info,
			     struct q_err *err)
{
	struct q_blob_writer *writer;
	enum q_code code = q_blob_writer_open(store, call, key, &writer, err);

	if (code)
		return code;
	code = q_blob_writer_add(writer, call, body, err);
	if (code) {
		q_blob_writer_abort(writer);
		return code;
	}
	return q_blob_writer_commit(writer, call, info, err);
}

enum q_code q_blob_reader_open(struct q_blob_store *store, const struct q_call *call,
			       struct q_str key, struct q_blob_range range,
			       struct q_blob_reader **out, struct q_blob_info *info,
			       struct q_err *err)
{
	struct q_blob_info unused;
	enum q_code code = begin(store, call, key, "blob_store.reader_open", err);

	q_assert(out);
	if (code)
		return code;
	code = store->ops->reader_open(store, call, key, range, out, info ? info : &unused, err);
	q_assert(code || (*out)->store == store);
	return code;
}

enum q_code q_blob_reader_read(struct q_blob_reader *reader, const struct q_call *call, void *out,
			       size_t capacity, size_t *got, struct q_err *err)
{
	enum q_code code;

	q_assert(reader && call && out && capacity > 0 && got && err);
	code = q_call_check(call, "blob_store.reader_read", err);
	if (code)
		return code;
	code = reader->store->ops->reader_read(reader, call, out, capacity, got, err);
	q_assert(code || *got <= capacity);
	return code;
}

void q_blob_reader_close(struct q_blob_reader *reader)
{
	if (reader)
		reader->store->ops->reader_close(reader);
}

/* Bytes of the range that an object of this size has. */
static uint64_t range_bytes(struct q_blob_range range, uint64_t size_bytes)
{
	uint64_t rest = size_bytes - range.offset; /* reader_open has checked the offset */

	return range.length < rest ? range.length : rest;
}

static enum q_code read_exactly(struct q_blob_reader *reader, const struct q_call *call,
				unsigned char *out, size_t length, struct q_err *err)
{
	size_t done = 0;

	while (done < length) {
		size_t got;
		enum q_code code =
			q_blob_reader_read(reader, call, out + done, length - done, &got, err);

		if (code)
			return code;
		if (got == 0)
			return q_fail(err, Q_CORRUPT, "blob_store.read",
				      "the object ends after %zu of %zu bytes", done, length);
		done += got;
	}
	return Q_OK;
}

enum q_code q_blob_store_read(struct q_blob_store *store, const struct q_call *call,
			      struct q_str key, struct q_blob_range range, size_t limit_bytes,
			      struct q_arena *arena, struct q_bytes *out, struct q_err *err)
{
	struct q_blob_reader *reader;
	struct q_blob_info info;
	unsigned char *bytes;
	uint64_t length;
	enum q_code code = q_blob_reader_open(store, call, key, range, &reader, &info, err);

	q_assert(arena && out);
	if (code)
		return code;
	length = range_bytes(range, info.size_bytes);
	if (length > limit_bytes) {
		code = q_fail(err, Q_TOOBIG, "blob_store.read", "%llu bytes, the limit is %zu",
			      (unsigned long long)length, limit_bytes);
		goto done;
	}
	bytes = q_arena_alloc_array(arena, length, 1);
	if (!bytes) {
		code = q_fail(err, Q_NOMEM, "blob_store.read", "%zu bytes", (size_t)length);
		goto done;
	}
	code = read_exactly(reader, call, bytes, length, err);
	if (code == Q_OK)
		*out = (struct q_bytes){bytes, length};
done:
	q_blob_reader_close(reader);
	return code;
}

/* Two descriptors of one new file that has no name any more: to write, and to read. */
static enum q_code open_spool(int *write_fd, int *read_fd, struct q_err *err)
{
	char path[] = P_tmpdir "/quire-XXXXXX";
	int failed;

	*write_fd = mkostemp(path, O_CLOEXEC);
	if (*write_fd < 0)
		return q_fail_os(err, errno, "blob_store.open_file", "%s", path);
	*read_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	failed = errno;
	unlink(path);
	if (*read_fd >= 0)
		return Q_OK;
	close(*write_fd);
	return q_fail_os(err, failed, "blob_store.open_file", "%s", path);
}

static enum q_code copy_out(struct q_blob_reader *reader, const struct q_call *call, int fd,
			    struct q_err *err)
{
	unsigned char *chunk = q_mem_new(SPOOL_BYTES);
	enum q_code code;
	size_t got;

	if (!chunk)
		return q_fail(err, Q_NOMEM, "blob_store.open_file", "%d bytes", SPOOL_BYTES);
	do {
		code = q_blob_reader_read(reader, call, chunk, SPOOL_BYTES, &got, err);
		if (code == Q_OK && got > 0)
			code = q_file_write_all(fd, (struct q_bytes){chunk, got}, err);
	} while (code == Q_OK && got > 0);
	q_mem_free(chunk);
	return code;
}

static enum q_code spool(struct q_blob_store *store, const struct q_call *call, struct q_str key,
			 int *fd, uint64_t *size_bytes, struct q_err *err)
{
	struct q_blob_reader *reader;
	struct q_blob_info info;
	int write_fd = -1, read_fd = -1;
	enum q_code code = q_blob_reader_open(store, call, key, Q_BLOB_WHOLE, &reader, &info, err);

	if (code)
		return code;
	code = open_spool(&write_fd, &read_fd, err);
	if (code)
		goto close_reader;
	code = copy_out(reader, call, write_fd, err);
	close(write_fd); /* nothing to flush: the file ends with its reader */
	if (code) {
		close(read_fd);
		goto close_reader;
	}
	*fd = read_fd;
	*size_bytes = info.size_bytes;
close_reader:
	q_blob_reader_close(reader);
	return code;
}

enum q_code q_blob_store_open_file(struct q_blob_store *store, const struct q_call *call,
				   struct q_str key, int *fd, uint64_t *size_bytes,
				   struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.open_file", err);

	q_assert(fd && size_bytes);
	if (code)
		return code;
	if (!store->ops->open_file)
		return spool(store, call, key, fd, size_bytes, err);
	return store->ops->open_file(store, call, key, fd, size_bytes, err);
}

enum q_code q_blob_store_stat(struct q_blob_store *store, const struct q_call *call,
			      struct q_str key, struct q_blob_info *out, struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.stat", err);

	q_assert(out);
	return code ? code : store->ops->stat(store, call, key, out, err);
}

enum q_code q_blob_store_copy_if_match(struct q_blob_store *store, const struct q_call *call,
				       struct q_str from, struct q_str etag, struct q_str to,
				       struct q_blob_info *out, struct q_err *err)
{
	struct q_blob_info unused;
	enum q_code code = begin(store, call, from, "blob_store.copy_if_match", err);

	if (code == Q_OK)
		code = check_key(to, "blob_store.copy_if_match", err);
	if (code)
		return code;
	if (q_str_equal(from, to))
		return q_fail(err, Q_INVALID, "blob_store.copy_if_match",
			      "an object is not copied onto itself");
	return store->ops->copy_if_match(store, call, from, etag, to, out ? out : &unused, err);
}

enum q_code q_blob_store_remove(struct q_blob_store *store, const struct q_call *call,
				struct q_str key, struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.remove", err);

	return code ? code : store->ops->remove(store, call, key, err);
}

enum q_code q_blob_store_list(struct q_blob_store *store, const struct q_call *call,
			      struct q_str prefix, struct q_str after, size_t limit,
			      struct q_arena *arena, struct q_blob_page *out, struct q_err *err)
{
	enum q_code code;

	q_assert(store && store->ops && call && arena && out && err);
	if (prefix.length > Q_BLOB_KEY_MAX || after.length > Q_BLOB_KEY_MAX)
		return q_fail(err, Q_INVALID, "blob_store.list", "a prefix has at most %d bytes",
			      Q_BLOB_KEY_MAX);
	if (limit == 0 || limit > Q_BLOB_LIST_MAX)
		return q_fail(err, Q_INVALID, "blob_store.list", "a page has 1 to %d keys",
			      Q_BLOB_LIST_MAX);
	code = q_call_check(call, "blob_store.list", err);
	return code ? code : store->ops->list(store, call, prefix, after, limit, arena, out, err);
}

static enum q_code check_upload_id(struct q_str upload_id, const char *where, struct q_err *err)
{
	if (upload_id.length == 0 || upload_id.length > Q_BLOB_UPLOAD_ID_MAX)
		return q_fail(err, Q_INVALID, where, "an upload id has 1 to %d bytes",
			      Q_BLOB_UPLOAD_ID_MAX);
	return Q_OK;
}

static enum q_code check_part_number(unsigned number, const char *where, struct q_err *err)
{
	if (number == 0 || number > Q_BLOB_PARTS_MAX)
		return q_fail(err, Q_INVALID, where, "parts are numbered from 1 to %d",
			      Q_BLOB_PARTS_MAX);
	return Q_OK;
}

static enum q_code begin_parts(const struct q_blob_store *store, const struct q_call *call,
			       struct q_str key, struct q_str upload_id, const char *where,
			       struct q_err *err)
{
	enum q_code code = begin(store, call, key, where, err);

	return code ? code : check_upload_id(upload_id, where, err);
}

enum q_code q_blob_parts_start(struct q_blob_store *store, const struct q_call *call,
			       struct q_str key, struct q_arena *arena, struct q_str *upload_id,
			       struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.parts_start", err);

	q_assert(arena && upload_id);
	return code ? code : store->ops->parts_start(store, call, key, arena, upload_id, err);
}

enum q_code q_blob_parts_put(struct q_blob_store *store, const struct q_call *call,
			     struct q_str key, struct q_str upload_id, unsigned number,
			     struct q_bytes body, struct q_blob_part *out, struct q_err *err)
{
	struct q_blob_part unused;
	const char *where = "blob_store.parts_put";
	enum q_code code = begin_parts(store, call, key, upload_id, where, err);

	if (code == Q_OK)
		code = check_part_number(number, where, err);
	if (code)
		return code;
	return store->ops->parts_put(store, call, key, upload_id, number, body, out ? out : &unused,
				     err);
}

enum q_code q_blob_parts_list(struct q_blob_store *store, const struct q_call *call,
			      struct q_str key, struct q_str upload_id, struct q_arena *arena,
			      struct q_blob_parts *out, struct q_err *err)
{
	enum q_code code = begin_parts(store, call, key, upload_id, "blob_store.parts_list", err);

	q_assert(arena && out);
	return code ? code : store->ops->parts_list(store, call, key, upload_id, arena, out, err);
}

static enum q_code check_parts(const struct q_blob_part *parts, size_t count, const char *where,
			       struct q_err *err)
{
	if (count == 0 || count > Q_BLOB_PARTS_MAX)
		return q_fail(err, Q_INVALID, where, "an object has 1 to %d parts",
			      Q_BLOB_PARTS_MAX);
	for (size_t i = 0; i < count; i++) {
		enum q_code code = check_part_number(parts[i].number, where, err);

		if (code)
			return code;
		if (i > 0 && parts[i].number <= parts[i - 1].number)
			return q_fail(err, Q_INVALID, where,
				      "parts come in ascending order, each once");
	}
	return Q_OK;
}

enum q_code q_blob_parts_complete(struct q_blob_store *store, const struct q_call *call,
				  struct q_str key, struct q_str upload_id,
				  const struct q_blob_part *parts, size_t count,
				  struct q_blob_info *out, struct q_err *err)
{
	struct q_blob_info unused;
	const char *where = "blob_store.parts_complete";
	enum q_code code = begin_parts(store, call, key, upload_id, where, err);

	if (code == Q_OK)
		code = check_parts(parts, count, where, err);
	if (code)
		return code;
	return store->ops->parts_complete(store, call, key, upload_id, parts, count,
					  out ? out : &unused, err);
}

enum q_code q_blob_parts_abort(struct q_blob_store *store, const struct q_call *call,
			       struct q_str key, struct q_str upload_id, struct q_err *err)
{
	enum q_code code = begin_parts(store, call, key, upload_id, "blob_store.parts_abort", err);

	return code ? code : store->ops->parts_abort(store, call, key, upload_id, err);
}

enum q_code q_blob_store_presign(struct q_blob_store *store, const struct q_call *call,
				 struct q_str key, const struct q_blob_link *link,
				 struct q_arena *arena, struct q_str *url, struct q_err *err)
{
	enum q_code code = begin(store, call, key, "blob_store.presign", err);
	const char *fault;

	q_assert(link && arena && url);
	if (code)
		return code;
	fault = q__blob_link_fault(link);
	if (fault)
		return q_fail(err, Q_INVALID, "blob_store.presign", "%s", fault);
	return store->ops->presign(store, call, key, link, arena, url, err);
}

enum q_code q_blob_store_check_link(struct q_blob_store *store, struct q_str key,
				    struct q_str query, struct q_arena *arena,
				    struct q_blob_link *out, struct q_err *err)
{
	q_assert(store && store->ops && arena && out && err);
	if (!q_blob_store_serves_links(store))
		return q_fail(err, Q_UNSUPPORTED, "blob_store.check_link",
			      "links of this store are served elsewhere");
	if (q__blob_key_fault(key)) /* no link was ever made for it */
		return q_fail(err, Q_DENIED, "blob_store.check_link", "the link is not valid");
	return store->ops->check_link(store, key, query, arena, out, err);
}

enum q_code q_blob_parts_open(struct q_blob_store *store, const struct q_call *call,
			      struct q_str key, struct q_str upload_id, unsigned number,
			      struct q_blob_writer **out, struct q_err *err)
{
	const char *where = "blob_store.parts_open";
	enum q_code code = begin_parts(store, call, key, upload_id, where, err);

	q_assert(out);
	if (code == Q_OK)
		code = check_part_number(number, where, err);
	if (code)
		return code;
	if (!q_blob_store_serves_links(store))
		return q_fail(err, Q_UNSUPPORTED, where, "parts of this store are sent elsewhere");
	code = store->ops->parts_open(store, call, key, upload_id, number, out, err);
	q_assert(code || (*out)->store == store);
	return code;
}

bool q_blob_store_serves_links(const struct q_blob_store *store)
{
	return (store->ops->capabilities & Q_CAP_SERVES_LINKS) != 0;
}

void q_blob_store_close(struct q_blob_store *store)
{
	if (store)
		store->ops->close(store);
}
