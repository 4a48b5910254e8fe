#include "embedded/blob_store_files_internal.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An upload is the directory .parts/{id}: a file "key" with the key that it is for, and each part
 * in the form of an object, named by its number in five digits. It comes from .tmp and goes there,
 * by one rename each, so that it is whole or not there at all.
 *
 * Completing writes the object anew from the parts, and marks its trailer with the upload's id: so
 * a complete that is repeated, when the parts have gone, finds what it made. */

enum {
	UPLOAD_TEXT_SIZE = 2 * BLOB_UPLOAD_SIZE + 1,
	PART_NAME_SIZE = 12,
	UPLOAD_AGE_MAX_S = 7 * 24 * 3600,
	LOOK_EVERY_MS = 24 * 3600 * 1000
};

static const char key_file[] = "key";

static void part_name(unsigned number, char out[PART_NAME_SIZE])
{
	snprintf(out, PART_NAME_SIZE, "%05u", number);
}

static enum q_code no_upload(struct q_err *err)
{
	return q_fail(err, Q_NOTFOUND, "blob_store_files.parts", "there is no such upload");
}

enum q_code q__blob_upload_open(struct file_store *store, struct q_str key, struct q_str upload_id,
				int *directory, struct q_err *err)
{
	unsigned char id[BLOB_UPLOAD_SIZE];
	char name[UPLOAD_TEXT_SIZE], stored[Q_BLOB_KEY_MAX + 1];
	ssize_t length = -1;
	int fd;

	if (!q_decode_hex(upload_id, id, sizeof id)) /* so that it is a name and not a path */
		return no_upload(err);
	snprintf(name, sizeof name, "%.*s", Q_STR_ARG(upload_id));
	*directory = openat(store->parts_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*directory < 0)
		return errno == ENOENT ? no_upload(err)
				       : q_fail_os(err, errno, "blob_store_files.parts",
						   "the upload's directory");
	fd = openat(*directory, key_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, stored, sizeof stored);
		close(fd);
	}
	if (length >= 0 && q_str_equal((struct q_str){stored, (size_t)length}, key))
		return Q_OK;
	close(*directory);
	return no_upload(err);
}

/* A store stays open for long: who begins an upload looks for those that were left, once a day. */
static void drop_old_uploads_now_and_then(struct file_store *store)
{
	int64_t now_ms = q_clock_monotonic_ms(store->clock);
	long long looked_at_ms = atomic_load(&store->looked_at_ms);

	if (now_ms - looked_at_ms >= LOOK_EVERY_MS &&
	    atomic_compare_exchange_strong(&store->looked_at_ms, &looked_at_ms, now_ms))
		q__blob_drop_old_uploads(store);
}

static enum q_code make_upload(struct file_store *store, struct q_str key, const char *name,
			       struct q_err *err)
{
	const char *where = "blob_store_files.parts_start";
	char temp_name[BLOB_NAME_SIZE], path[BLOB_NAME_SIZE + sizeof key_file];
	enum q_code code;

	q__blob_temp_name(store, temp_name);
	if (mkdirat(store->temp_fd, temp_name, 0700) != 0)
		return q_fail_os(err, errno, where, "a directory in .tmp");
	snprintf(path, sizeof path, "%s/%s", temp_name, key_file);
	code = q_file_create_at(store->temp_fd, path, q_str_bytes(key), 0600, err);
	if (code == Q_OK && (renameat(store->temp_fd, temp_name, store->parts_fd, name) != 0 ||
			     fsync(store->parts_fd) != 0))
		code = q_fail_os(err, errno, where, "the upload's directory");
	if (code)
		q__blob_temp_discard(store, temp_name);
	return code;
}

enum q_code q__blob_files_parts_start(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_arena *arena,
				      struct q_str *upload_id, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	unsigned char id[BLOB_UPLOAD_SIZE];
	char hex[UPLOAD_TEXT_SIZE] = "";

	(void)call;
	drop_old_uploads_now_and_then(store);
	q_random_source_fill(store->random, id, sizeof id);
	q_hex_write((struct q_bytes){id, sizeof id}, hex);
	*upload_id = q_arena_copy(arena, q_str_from(hex));
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "blob_store_files.parts_start", "an upload id");
	return make_upload(store, key, hex, err);
}

bool q__blob_upload_has(int directory, unsigned number)
{
	char name[PART_NAME_SIZE];

	part_name(number, name);
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum q_code q__blob_publish_part(const struct q__blob_temp *temp, int directory, unsigned number,
				 bool is_replacing, struct q_err *err)
{
	const char *where = "blob_store_files.parts_put";
	char name[PART_NAME_SIZE];

	part_name(number, name);
	if (renameat2(temp->store->temp_fd, temp->name, directory, name,
		      is_replacing ? 0 : RENAME_NOREPLACE) != 0) {
		if (errno == ENOENT)
			return no_upload(err); /* aborted meanwhile */
		if (errno == EEXIST)
			return q_fail(err, Q_CONFLICT, where, "part %u is there", number);
		return q_fail_os(err, errno, where, "a part's name");
	}
	if (fsync(directory) != 0)
		return q_fail_os(err, errno, where, "flush of a directory");
	return Q_OK;
}

static enum q_code write_part(struct q__blob_temp *temp, int directory, unsigned number,
			      struct q_bytes body, struct q_blob_part *out, struct q_err *err)
{
	struct q_blob_info info;
	enum q_code code = q__blob_temp_add(temp, body, err);

	if (code == Q_OK)
		code = q__blob_temp_seal(temp, NULL, &info, err);
	if (code == Q_OK)
		code = q__blob_publish_part(temp, directory, number, true, err);
	if (code)
		return code;
	*out = (struct q_blob_part){.number = number, .size_bytes = info.size_bytes};
	memcpy(out->etag, info.etag, sizeof out->etag);
	return Q_OK;
}

enum q_code q__blob_files_parts_put(struct q_blob_store *base, const struct q_call *call,
				    struct q_str key, struct q_str upload_id, unsigned number,
				    struct q_bytes body, struct q_blob_part *out, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	struct q__blob_temp temp;
	int directory = -1;
	enum q_code code = q__blob_upload_open(store, key, upload_id, &directory, err);

	(void)call;
	if (code)
		return code;
	code = q__blob_temp_open(store, &temp, err);
	if (code == Q_OK) {
		code = write_part(&temp, directory, number, body, out, err);
		q__blob_temp_close(&temp);
	}
	close(directory);
	return code;
}

/* ---- what is there */

/* Marks the numbers of the parts that the directory holds; tells how many. */
static enum q_code find_parts(int upload, bool present[Q_BLOB_PARTS_MAX + 1], size_t *count,
			      struct q_err *err)
{
	DIR *entries = q__blob_open_entries(upload);
	struct dirent *entry;
	int64_t number;

	*count = 0;
	if (!entries)
		return q_fail_os(err, errno, "blob_store_files.parts_list", "a directory");
	while ((entry = readdir(entries)))
		if (q_str_to_int64(q_str_from(entry->d_name), &number) && number >= 1 &&
		    number <= Q_BLOB_PARTS_MAX && !present[number]) {
			present[number] = true;
			++*count;
		}
	closedir(entries);
	return Q_OK;
}

static enum q_code open_part(int upload, unsigned number, struct q__blob_object *object,
			     struct q_err *err)
{
	char name[PART_NAME_SIZE];

	part_name(number, name);
	return q__blob_object_open(upload, name, object, err);
}

static enum q_code describe_part(int upload, unsigned number, struct q_blob_part *out,
				 struct q_err *err)
{
	struct q__blob_object object;
	enum q_code code = open_part(upload, number, &object, err);

	if (code)
		return code;
	*out = (struct q_blob_part){.number = number, .size_bytes = object.info.size_bytes};
	memcpy(out->etag, object.info.etag, sizeof out->etag);
	q__blob_object_close(&object);
	return Q_OK;
}

static enum q_code list_parts(int upload, struct q_arena *arena, struct q_blob_parts *out,
			      struct q_err *err)
{
	bool present[Q_BLOB_PARTS_MAX + 1] = {false};
	size_t count;
	enum q_code code = find_parts(upload, present, &count, err);

	if (code)
		return code;
	*out = (struct q_blob_parts){.items =
					     q_arena_alloc_array(arena, count, sizeof *out->items)};
	if (!out->items)
		return q_fail(err, Q_NOMEM, "blob_store_files.parts_list", "%zu parts", count);
	for (unsigned number = 1; number <= Q_BLOB_PARTS_MAX && code == Q_OK; number++)
		if (present[number])
			code = describe_part(upload, number, &out->items[out->count++], err);
	return code;
}

enum q_code q__blob_files_parts_list(struct q_blob_store *base, const struct q_call *call,
				     struct q_str key, struct q_str upload_id,
				     struct q_arena *arena, struct q_blob_parts *out,
				     struct q_err *err)
{
	int upload = -1;
	enum q_code code = q__blob_upload_open(file_store_of(base), key, upload_id, &upload, err);

	(void)call;
	if (code)
		return code;
	code = list_parts(upload, arena, out, err);
	close(upload);
	if (code)
		return code;
	/* Is it there still? One that ends moves away before its parts are removed: then some may
	 * have been missed. */
	code = q__blob_upload_open(file_store_of(base), key, upload_id, &upload, err);
	if (!code)
		close(upload);
	return code;
}

/* ---- the end of an upload */

static enum q_code remove_upload(struct file_store *store, const char *name, struct q_err *err)
{
	char temp_name[BLOB_NAME_SIZE];

	q__blob_temp_name(store, temp_name);
	if (renameat(store->parts_fd, name, store->temp_fd, temp_name) != 0)
		return errno == ENOENT ? Q_OK
				       : q_fail_os(err, errno, "blob_store_files.parts_abort",
						   "the upload's directory");
	if (fsync(store->parts_fd) != 0)
		return q_fail_os(err, errno, "blob_store_files.parts_abort",
				 "flush of a directory");
	q__blob_temp_discard(store, temp_name);
	return Q_OK;
}

enum q_code q__blob_files_parts_abort(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_str upload_id, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	char name[UPLOAD_TEXT_SIZE];
	int upload = -1;
	enum q_code code = q__blob_upload_open(store, key, upload_id, &upload, err);

	(void)call;
	if (code)
		return code == Q_NOTFOUND ? Q_OK : code; /* aborted, or completed, before */
	close(upload);
	snprintf(name, sizeof name, "%.*s", Q_STR_ARG(upload_id));
	return remove_upload(store, name, err);
}

/* Its directory changes with each part. */
static bool is_old(const struct file_store *store, const char *name)
{
	struct stat status;

	return fstatat(store->parts_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       q_time_now_ms() / 1000 - status.st_mtim.tv_sec > UPLOAD_AGE_MAX_S;
}

void q__blob_drop_old_uploads(struct file_store *store)
{
	DIR *entries = q__blob_open_entries(store->parts_fd);
	struct dirent *entry;
	struct q_err ignored; /* what stays is in nobody's way, and is tried again */

	while (entries && (entry = readdir(entries)))
		if (entry->d_name[0] != '.' && is_old(store, entry->d_name))
			(void)!remove_upload(store, entry->d_name, &ignored);
	if (entries)
		closedir(entries);
}

static enum q_code check_part(const struct q__blob_object *object, const struct q_blob_part *part,
			      bool is_last, struct q_err *err)
{
	const char *where = "blob_store_files.parts_complete";

	if (strcmp(object->info.etag, part->etag) != 0)
		return q_fail(err, Q_CONFLICT, where, "part %u has another etag", part->number);
	if (!is_last && object->info.size_bytes < Q_BLOB_PART_MIN)
		return q_fail(err, Q_INVALID, where, "part %u has less than %d bytes", part->number,
			      Q_BLOB_PART_MIN);
	return Q_OK;
}

/* Every part that is wanted, one after the other. */
static enum q_code join_parts(int upload, const struct q_call *call,
			      const struct q_blob_part *parts, size_t count,
			      struct q__blob_temp *temp, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < count && code == Q_OK; i++) {
		struct q__blob_object object;

		code = open_part(upload, parts[i].number, &object, err);
		if (code == Q_NOTFOUND)
			return q_fail(err, Q_CONFLICT, "blob_store_files.parts_complete",
				      "part %u is missing", parts[i].number);
		if (code)
			return code;
		code = check_part(&object, &parts[i], i + 1 == count, err);
		if (code == Q_OK)
			code = q__blob_temp_add_object(temp, call, &object, err);
		q__blob_object_close(&object);
	}
	return code;
}

static enum q_code build_object(struct file_store *store, int upload, const struct q_call *call,
				struct q_str key, struct q_str upload_id,
				const struct q_blob_part *parts, size_t count,
				struct q_blob_info *out, struct q_err *err)
{
	unsigned char id[BLOB_UPLOAD_SIZE];
	struct q__blob_temp temp;
	enum q_code code = q__blob_temp_open(store, &temp, err);

	if (code)
		return code;
	q_assert(q_decode_hex(upload_id, id, sizeof id)); /* q__blob_upload_open has */
	code = join_parts(upload, call, parts, count, &temp, err);
	if (code == Q_OK)
		code = q__blob_temp_seal(&temp, id, out, err);
	if (code == Q_OK)
		code = q__blob_publish(store, temp.name, key, err);
	q__blob_temp_close(&temp);
	return code;
}

/* Has this upload been completed before? Then the object says so. */
static bool is_completed(struct file_store *store, struct q_str key, struct q_str upload_id,
			 struct q_blob_info *out)
{
	unsigned char id[BLOB_UPLOAD_SIZE];
	struct q__blob_object object;
	struct q_err ignored;
	bool is_same;

	if (!q_decode_hex(upload_id, id, sizeof id) || q__blob_find(store, key, &object, &ignored))
		return false;
	is_same = memcmp(object.upload_id, id, sizeof id) == 0;
	if (is_same)
		*out = object.info;
	q__blob_object_close(&object);
	return is_same;
}

enum q_code q__blob_files_parts_complete(struct q_blob_store *base, const struct q_call *call,
					 struct q_str key, struct q_str upload_id,
					 const struct q_blob_part *parts, size_t count,
					 struct q_blob_info *out, struct q_err *err)
{
	struct file_store *store = file_store_of(base);
	int upload = -1;
	enum q_code code = q__blob_upload_open(store, key, upload_id, &upload, err);

	if (code)
		return code == Q_NOTFOUND && is_completed(store, key, upload_id, out) ? Q_OK : code;
	code = build_object(store, upload, call, key, upload_id, parts, count, out, err);
	if (code == Q_CONFLICT && is_completed(store, key, upload_id, out))
		code = Q_OK; /* a crash, or another call, was between the object and its parts */
	close(upload);
	if (code == Q_OK) {
		struct q_err ignored; /* the object is stored; the upload can be aborted again */

		(void)!q__blob_files_parts_abort(base, call, key, upload_id, &ignored);
	}
	return code;
}
