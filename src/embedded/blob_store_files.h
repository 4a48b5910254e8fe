/* embedded/blob_store_files.h: the blob_store port on a directory tree. Wiring alone includes this.
 *
 * Contract:  one process at a time opens a root: the lock of the data directory sees to that. Open
 *            removes what a crashed process left half-written, and uploads that have had no part
 *            for a week. The etag of an object is its SHA-256, which is always known. A copy keeps
 *            its source's modified_at_ms. On disk:   a key of n parts is the file
 *            ROOT/n/part/.../part: a tree for each number of parts, so that "a" and "a/b" may both
 *            be keys. A file is the object's bytes and then a trailer of 64 bytes with their
 *            number and SHA-256. ROOT/.tmp holds what is being written, ROOT/.parts/{upload id}/
 *            the parts of uploads. Files are 0600, directories 0700, symbolic links never
 *            followed.
 * Ownership: root and name are copied or done with on return; keyring, clock and random are
 *            borrowed until close.
 * Threads:   as the port says.
 * Errors:    of open: Q_INVALID (the name), those of base/file.h. */
#ifndef Q_EMBEDDED_BLOB_STORE_FILES_H
#define Q_EMBEDDED_BLOB_STORE_FILES_H

#include "base/error.h"
#include "base/keyring.h"
#include "ports/blob_store.h"
#include "ports/clock.h"
#include "ports/random_source.h"

struct q_blob_store_files_options {
	const char *root;		 /* made where it is missing */
	struct q_str name;		 /* in links, /blobs/{name}/...: [a-z][a-z0-9-]{0,31} */
	const struct q_keyring *keyring; /* signs and verifies links */
	struct q_clock *clock;		 /* when links expire */
	struct q_random_source *random;	 /* upload ids */
};

Q_MUST_USE enum q_code q_blob_store_files_open(const struct q_blob_store_files_options *options,
					       struct q_blob_store **out, struct q_err *err);

#endif
