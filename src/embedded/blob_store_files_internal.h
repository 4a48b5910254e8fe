/* embedded/blob_store_files_internal.h: what the files of blob_store_files share. They and their
 * fuzz target alone include it.
 *
 * blob_store_files.c          the port's table: writers, readers, stat, copy, remove
 * blob_store_files_object.c   one object's file: written, hashed and sealed in .tmp, opened and
 * checked blob_store_files_path.c     from a key to a directory: finding, making, publishing,
 * pruning blob_store_files_list.c     keys in order blob_store_files_parts.c    uploads in parts
 * blob_store_files_link.c     signed links */
#ifndef Q_EMBEDDED_BLOB_STORE_FILES_INTERNAL_H
#define Q_EMBEDDED_BLOB_STORE_FILES_INTERNAL_H

#include "embedded/blob_store_files.h"

#include <dirent.h>
#include <stdatomic.h>

enum {
	BLOB_NAME_SIZE = 256,	/* a part of a key, or a file's name, and NUL */
	BLOB_UPLOAD_SIZE = 16,	/* bytes of an upload's id; its text is their hex */
	BLOB_TRAILER_SIZE = 64, /* bytes after an object's own */
	BLOB_STORE_NAME_MAX = 32
};

struct file_store {
	struct q_blob_store base;
	int root_fd; /* owned, as the next two */
	int temp_fd;
	int parts_fd;
	atomic_ullong temp_count; /* names the files of .tmp, which is empty when the store opens */
	char name[BLOB_STORE_NAME_MAX + 1];
	const struct q_keyring *keyring;
	struct q_clock *clock;
	struct q_random_source *random;
	atomic_llong looked_at_ms; /* monotonic: when old uploads were dropped */
};

static inline struct file_store *file_store_of(struct q_blob_store *store)
{
	return q_container_of(store, struct file_store, base);
}

/* ---- blob_store_files_object.c */

/* The entries of a directory, for closedir; NULL with errno. */
DIR *q__blob_open_entries(int directory);

/* A file of .tmp, from the first byte until it has been published. */
struct q__blob_temp {
	struct file_store *store;
	struct q_sha256 *hash;
	uint64_t size_bytes;
	uint64_t flushing_bytes; /* up to here the kernel has been told to write */
	int fd;
	char name[BLOB_NAME_SIZE];
};

/* A file that was published, open for reading. */
struct q__blob_object {
	int fd;
	struct q_blob_info info;
	unsigned char upload_id[BLOB_UPLOAD_SIZE]; /* of the upload it was made of, or zeros */
};

/* A name in .tmp that nobody else uses. */
void q__blob_temp_name(struct file_store *store, char out[BLOB_NAME_SIZE]);
/* Removes what has such a name: a file, or a directory of files. What cannot be removed now waits
 * for the next open of the store. */
void q__blob_temp_discard(const struct file_store *store, const char *name);

Q_MUST_USE enum q_code q__blob_temp_open(struct file_store *store, struct q__blob_temp *temp,
					 struct q_err *err);
Q_MUST_USE enum q_code q__blob_temp_add(struct q__blob_temp *temp, struct q_bytes bytes,
					struct q_err *err);
/* Adds what is left to read of an object. */
Q_MUST_USE enum q_code q__blob_temp_add_object(struct q__blob_temp *temp, const struct q_call *call,
					       const struct q__blob_object *object,
					       struct q_err *err);
/* Writes the trailer and flushes the file to the disk. upload_id may be NULL. */
Q_MUST_USE enum q_code q__blob_temp_seal(struct q__blob_temp *temp,
					 const unsigned char upload_id[BLOB_UPLOAD_SIZE],
					 struct q_blob_info *info, struct q_err *err);
/* Ends a temp, published or not. */
void q__blob_temp_close(struct q__blob_temp *temp);

Q_MUST_USE enum q_code q__blob_object_open(int directory, const char *name,
					   struct q__blob_object *object, struct q_err *err);
/* 0 bytes only where length is 0. */
Q_MUST_USE enum q_code q__blob_object_read(const struct q__blob_object *object, uint64_t offset,
					   void *out, size_t length, size_t *got,
					   struct q_err *err);
void q__blob_object_close(struct q__blob_object *object);

/* ---- blob_store_files_path.c */

/* The next part of *rest as a C string; false, and *rest empty, when it was the last. */
bool q__blob_next_part(struct q_str *rest, char part[BLOB_NAME_SIZE]);

size_t q__blob_count_parts(struct q_str key);

/* As q__blob_object_open, by key. */
Q_MUST_USE enum q_code q__blob_find(struct file_store *store, struct q_str key,
				    struct q__blob_object *object, struct q_err *err);

/* Gives a sealed file of .tmp the name that the key has; durable on return, directories included.
 */
Q_MUST_USE enum q_code q__blob_publish(struct file_store *store, const char *temp_name,
				       struct q_str key, struct q_err *err);

Q_MUST_USE enum q_code q__blob_unlink(struct file_store *store, struct q_str key,
				      struct q_err *err);

/* Removes uploads that nobody has put a part to for a week: their jobs have gone, or whoever began
 * them died before anybody was told. */
void q__blob_drop_old_uploads(struct file_store *store);

/* ---- blob_store_files_parts.c */

/* The directory of an upload for this key. */
Q_MUST_USE enum q_code q__blob_upload_open(struct file_store *store, struct q_str key,
					   struct q_str upload_id, int *directory,
					   struct q_err *err);

bool q__blob_upload_has(int directory, unsigned number);

/* Makes a sealed file of .tmp part `number` of an upload. Q_CONFLICT: it is there, and not to be
 * replaced. */
Q_MUST_USE enum q_code q__blob_publish_part(const struct q__blob_temp *temp, int directory,
					    unsigned number, bool is_replacing, struct q_err *err);

/* ---- the operations that have a file of their own */

enum q_code q__blob_files_list(struct q_blob_store *, const struct q_call *, struct q_str prefix,
			       struct q_str after, size_t limit, struct q_arena *,
			       struct q_blob_page *, struct q_err *);

enum q_code q__blob_files_parts_start(struct q_blob_store *, const struct q_call *,
				      struct q_str key, struct q_arena *, struct q_str *upload_id,
				      struct q_err *);
enum q_code q__blob_files_parts_put(struct q_blob_store *, const struct q_call *, struct q_str key,
				    struct q_str upload_id, unsigned number, struct q_bytes,
				    struct q_blob_part *, struct q_err *);
enum q_code q__blob_files_parts_list(struct q_blob_store *, const struct q_call *, struct q_str key,
				     struct q_str upload_id, struct q_arena *,
				     struct q_blob_parts *, struct q_err *);
enum q_code q__blob_files_parts_complete(struct q_blob_store *, const struct q_call *,
					 struct q_str key, struct q_str upload_id,
					 const struct q_blob_part *, size_t count,
					 struct q_blob_info *, struct q_err *);
enum q_code q__blob_files_parts_abort(struct q_blob_store *, const struct q_call *,
				      struct q_str key, struct q_str upload_id, struct q_err *);

enum q_code q__blob_files_parts_open(struct q_blob_store *, const struct q_call *, struct q_str key,
				     struct q_str upload_id, unsigned number,
				     struct q_blob_writer **, struct q_err *);

enum q_code q__blob_files_presign(struct q_blob_store *, const struct q_call *, struct q_str key,
				  const struct q_blob_link *, struct q_arena *, struct q_str *url,
				  struct q_err *);
enum q_code q__blob_files_check_link(struct q_blob_store *, struct q_str key, struct q_str query,
				     struct q_arena *, struct q_blob_link *, struct q_err *);

#endif
