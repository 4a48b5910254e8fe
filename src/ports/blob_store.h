/* ports/blob_store.h: named immutable byte objects: uploads, page texts, results.
 *
 * The model is S3's (API Reference: PutObject, CreateMultipartUpload, CopyObject with
 * x-amz-copy-source-if-match, presigned URLs).
 *
 * Contract:  a commit is all-or-nothing and durable on return; the last writer wins; deleting a
 *            missing key succeeds. A reader that is open keeps reading the object it opened. An
 *            etag names the bytes of one version of an object.
 * Units:     bytes. Keys: UTF-8, '/'-separated, 1..Q_BLOB_KEY_MAX bytes, no empty part, no "." or
 *            ".." part, no control characters, no part over 255 bytes (checked here).
 * Ownership: arguments are borrowed for the call; results live in the caller's arena. Writers and
 *            readers are the caller's until commit, abort or close, which free them in every case.
 * Threads:   a store from any thread; a writer or reader from one at a time.
 * Errors:    Q_INVALID key or argument, Q_NOTFOUND, Q_CONFLICT (condition), Q_DENIED (a link that
 *            is altered), Q_TIMEOUT (a link that has expired, with reason "link_expired"),
 *            Q_TOOBIG, Q_BUSY (retry), Q_NOSPACE, Q_IO, Q_CORRUPT, Q_UNSUPPORTED, Q_NOMEM;
 *            Q_CANCELLED and Q_TIMEOUT (without a reason) of the call. After Q_IO or Q_TIMEOUT a
 *            change may have been made or not.
 * Idempotency: every operation but multipart start may be repeated. */
#ifndef Q_PORTS_BLOB_STORE_H
#define Q_PORTS_BLOB_STORE_H

#include "base/arena.h"
#include "base/call.h"
#include "base/hash.h"
#include "ports/capability.h"

enum {
	Q_BLOB_KEY_MAX = 512,
	Q_BLOB_ETAG_SIZE = 129,	   /* text and NUL */
	Q_BLOB_LIST_MAX = 1000,	   /* keys a page */
	Q_BLOB_PARTS_MAX = 10000,  /* parts of an upload, numbered from 1 */
	Q_BLOB_PART_MIN = 5 << 20, /* bytes of every part but the last */
	Q_BLOB_UPLOAD_ID_MAX = 256
};

/* Offsets are bytes from the object's start; length UINT64_MAX reads to its end. */
struct q_blob_range {
	uint64_t offset;
	uint64_t length;
};
#define Q_BLOB_WHOLE ((struct q_blob_range){0, UINT64_MAX})

struct q_blob_info {
	uint64_t size_bytes; /* of the whole object */
	char etag[Q_BLOB_ETAG_SIZE];
	char sha256
		[Q_SHA256_HEX_SIZE]; /* lower-case hex; "" where the store does not know it (objects sent in parts) */
	int64_t modified_at_ms;
};

struct q_blob_entry {
	struct q_str key;
	uint64_t size_bytes;
	int64_t modified_at_ms;
};

struct q_blob_page {
	struct q_blob_entry *items; /* in the order of their keys' bytes */
	size_t count;
	struct q_str next; /* `after` of the next page; empty: the last one */
};

struct q_blob_part {
	unsigned number;
	uint64_t size_bytes;
	char etag[Q_BLOB_ETAG_SIZE];
};

struct q_blob_parts {
	struct q_blob_part *items; /* by number */
	size_t count;
};

/* What a presigned link allows, and nothing else. */
struct q_blob_link {
	enum { Q_BLOB_LINK_GET, Q_BLOB_LINK_PUT } method;
	int64_t expires_at_ms;
	struct q_str download_name; /* GET: the name to save under; may be empty */
	struct q_str content_type;  /* PUT: exactly this; GET: answered as this; may be empty */
	int64_t content_length;	    /* PUT: exactly this; -1: free; GET: ignored */
	struct q_str sha256;	    /* PUT: hex, exactly this; empty: free */
	struct q_str upload_id; /* PUT of a part; empty: of the object, which must not exist yet */
	unsigned part_number;
};

struct q_blob_store {
	const struct q_blob_store_ops *ops;
};
struct q_blob_writer { /* first member of an adapter's writer */
	struct q_blob_store *store;
};
struct q_blob_reader { /* first member of an adapter's reader */
	struct q_blob_store *store;
};

struct q_blob_store_ops {
	const char *name; /* "files", "s3" */
	unsigned capabilities;
	enum q_code (*writer_open)(struct q_blob_store *, const struct q_call *, struct q_str key,
				   struct q_blob_writer **, struct q_err *);
	enum q_code (*writer_add)(struct q_blob_writer *, const struct q_call *, struct q_bytes,
				  struct q_err *);
	enum q_code (*writer_commit)(struct q_blob_writer *, const struct q_call *,
				     struct q_blob_info *, struct q_err *);
	void (*writer_abort)(struct q_blob_writer *);
	enum q_code (*reader_open)(struct q_blob_store *, const struct q_call *, struct q_str key,
				   struct q_blob_range, struct q_blob_reader **,
				   struct q_blob_info *, struct q_err *);
	enum q_code (*reader_read)(struct q_blob_reader *, const struct q_call *, void *out,
				   size_t capacity, size_t *got, struct q_err *);
	void (*reader_close)(struct q_blob_reader *);
	/* Optional (NULL: the front spools through a reader): a read-only descriptor of the whole
	 * object. */
	enum q_code (*open_file)(struct q_blob_store *, const struct q_call *, struct q_str key,
				 int *fd, uint64_t *size_bytes, struct q_err *);
	enum q_code (*stat)(struct q_blob_store *, const struct q_call *, struct q_str key,
			    struct q_blob_info *, struct q_err *);
	enum q_code (*copy_if_match)(struct q_blob_store *, const struct q_call *,
				     struct q_str from, struct q_str etag, struct q_str to,
				     struct q_blob_info *, struct q_err *);
	enum q_code (*remove)(struct q_blob_store *, const struct q_call *, struct q_str key,
			      struct q_err *);
	enum q_code (*list)(struct q_blob_store *, const struct q_call *, struct q_str prefix,
			    struct q_str after, size_t limit, struct q_arena *,
			    struct q_blob_page *, struct q_err *);
	enum q_code (*parts_start)(struct q_blob_store *, const struct q_call *, struct q_str key,
				   struct q_arena *, struct q_str *upload_id, struct q_err *);
	enum q_code (*parts_put)(struct q_blob_store *, const struct q_call *, struct q_str key,
				 struct q_str upload_id, unsigned number, struct q_bytes,
				 struct q_blob_part *, struct q_err *);
	enum q_code (*parts_list)(struct q_blob_store *, const struct q_call *, struct q_str key,
				  struct q_str upload_id, struct q_arena *, struct q_blob_parts *,
				  struct q_err *);
	enum q_code (*parts_complete)(struct q_blob_store *, const struct q_call *,
				      struct q_str key, struct q_str upload_id,
				      const struct q_blob_part *, size_t count,
				      struct q_blob_info *, struct q_err *);
	enum q_code (*parts_abort)(struct q_blob_store *, const struct q_call *, struct q_str key,
				   struct q_str upload_id, struct q_err *);
	enum q_code (*presign)(struct q_blob_store *, const struct q_call *, struct q_str key,
			       const struct q_blob_link *, struct q_arena *, struct q_str *url,
			       struct q_err *);
	/* Only with Q_CAP_SERVES_LINKS, as the next. */
	enum q_code (*parts_open)(struct q_blob_store *, const struct q_call *, struct q_str key,
				  struct q_str upload_id, unsigned number, struct q_blob_writer **,
				  struct q_err *);
	enum q_code (*check_link)(struct q_blob_store *, struct q_str key, struct q_str query,
				  struct q_arena *, struct q_blob_link *, struct q_err *);
	void (*close)(struct q_blob_store *);
};

/* Starts an object; nothing is visible before the commit. */
Q_MUST_USE enum q_code q_blob_writer_open(struct q_blob_store *store, const struct q_call *call,
					  struct q_str key, struct q_blob_writer **out,
					  struct q_err *err);
/* After an error only abort is allowed. */
Q_MUST_USE enum q_code q_blob_writer_add(struct q_blob_writer *writer, const struct q_call *call,
					 struct q_bytes bytes, struct q_err *err);
/* Durable on Q_OK, with size and sha256 in *info (may be NULL); on an error nothing is stored (but
 * see Q_IO). Frees the writer. */
Q_MUST_USE enum q_code q_blob_writer_commit(struct q_blob_writer *writer, const struct q_call *call,
					    struct q_blob_info *info, struct q_err *err);
/* Stores nothing, frees the writer. NULL is allowed. */
void q_blob_writer_abort(struct q_blob_writer *writer);

/* One object from memory. */
Q_MUST_USE enum q_code q_blob_store_put(struct q_blob_store *store, const struct q_call *call,
					struct q_str key, struct q_bytes body,
					struct q_blob_info *info, struct q_err *err);

/* `info` (may be NULL) is of the whole object. A range that begins beyond the end is Q_INVALID;
 * one that ends beyond it is cut. */
Q_MUST_USE enum q_code q_blob_reader_open(struct q_blob_store *store, const struct q_call *call,
					  struct q_str key, struct q_blob_range range,
					  struct q_blob_reader **out, struct q_blob_info *info,
					  struct q_err *err);
/* 1..capacity bytes; *got = 0 at the end of the range. */
Q_MUST_USE enum q_code q_blob_reader_read(struct q_blob_reader *reader, const struct q_call *call,
					  void *out, size_t capacity, size_t *got,
					  struct q_err *err);
/* NULL is allowed. */
void q_blob_reader_close(struct q_blob_reader *reader);

/* The range in the arena; Q_TOOBIG beyond limit_bytes. */
Q_MUST_USE enum q_code q_blob_store_read(struct q_blob_store *store, const struct q_call *call,
					 struct q_str key, struct q_blob_range range,
					 size_t limit_bytes, struct q_arena *arena,
					 struct q_bytes *out, struct q_err *err);

/* A read-only descriptor of a regular file with the whole object (the caller closes it), for
 * programs that need to seek: the object itself, or a copy in a file without a name. What the file
 * holds beyond size_bytes is the store's own. */
Q_MUST_USE enum q_code q_blob_store_open_file(struct q_blob_store *store, const struct q_call *call,
					      struct q_str key, int *fd, uint64_t *size_bytes,
					      struct q_err *err);

Q_MUST_USE enum q_code q_blob_store_stat(struct q_blob_store *store, const struct q_call *call,
					 struct q_str key, struct q_blob_info *out,
					 struct q_err *err);

/* A frozen copy: Q_CONFLICT where `from` no longer has this etag. The copy may keep its source's
 * modified_at_ms. */
Q_MUST_USE enum q_code q_blob_store_copy_if_match(struct q_blob_store *store,
						  const struct q_call *call, struct q_str from,
						  struct q_str etag, struct q_str to,
						  struct q_blob_info *out, struct q_err *err);

Q_MUST_USE enum q_code q_blob_store_remove(struct q_blob_store *store, const struct q_call *call,
					   struct q_str key, struct q_err *err);

/* Keys that start with `prefix` (bytes; may be empty) and come after `after`. */
Q_MUST_USE enum q_code q_blob_store_list(struct q_blob_store *store, const struct q_call *call,
					 struct q_str prefix, struct q_str after, size_t limit,
					 struct q_arena *arena, struct q_blob_page *out,
					 struct q_err *err);

/* An object sent in parts: start, put each (again replaces it), complete with the list as it shall
 * be. A store may forget an upload that nobody has put a part to for a week. */
Q_MUST_USE enum q_code q_blob_parts_start(struct q_blob_store *store, const struct q_call *call,
					  struct q_str key, struct q_arena *arena,
					  struct q_str *upload_id, struct q_err *err);
Q_MUST_USE enum q_code q_blob_parts_put(struct q_blob_store *store, const struct q_call *call,
					struct q_str key, struct q_str upload_id, unsigned number,
					struct q_bytes body, struct q_blob_part *out,
					struct q_err *err);
Q_MUST_USE enum q_code q_blob_parts_list(struct q_blob_store *store, const struct q_call *call,
					 struct q_str key, struct q_str upload_id,
					 struct q_arena *arena, struct q_blob_parts *out,
					 struct q_err *err);
/* Parts in ascending order; Q_CONFLICT where one is missing or has another etag, Q_INVALID where
 * one but the last is too small. */
Q_MUST_USE enum q_code q_blob_parts_complete(struct q_blob_store *store, const struct q_call *call,
					     struct q_str key, struct q_str upload_id,
					     const struct q_blob_part *parts, size_t count,
					     struct q_blob_info *out, struct q_err *err);
Q_MUST_USE enum q_code q_blob_parts_abort(struct q_blob_store *store, const struct q_call *call,
					  struct q_str key, struct q_str upload_id,
					  struct q_err *err);

/* A link for any HTTP client: an absolute URL, or with Q_CAP_SERVES_LINKS a path with its query
 * (/blobs/{store}/{key}?expires=&method=&signature=). */
Q_MUST_USE enum q_code q_blob_store_presign(struct q_blob_store *store, const struct q_call *call,
					    struct q_str key, const struct q_blob_link *link,
					    struct q_arena *arena, struct q_str *url,
					    struct q_err *err);

/* Checks the query of such a path and tells what the link allows: Q_DENIED when altered, Q_TIMEOUT
 * with reason "link_expired" when late, Q_UNSUPPORTED without Q_CAP_SERVES_LINKS. No I/O. */
Q_MUST_USE enum q_code q_blob_store_check_link(struct q_blob_store *store, struct q_str key,
					       struct q_str query, struct q_arena *arena,
					       struct q_blob_link *out, struct q_err *err);

/* What a link to PUT a part allows, as a stream: a part that is not there yet. Its commit gives the
 * part's own size, etag and sha256. Q_CONFLICT, of this or of the commit: the part is there;
 * Q_UNSUPPORTED without Q_CAP_SERVES_LINKS. */
Q_MUST_USE enum q_code q_blob_parts_open(struct q_blob_store *store, const struct q_call *call,
					 struct q_str key, struct q_str upload_id, unsigned number,
					 struct q_blob_writer **out, struct q_err *err);

bool q_blob_store_serves_links(const struct q_blob_store *store);

void q_blob_store_close(struct q_blob_store *store);

#endif
