/* search/segment/directory.h: all that the engine asks of a disk, so that a test may stand between
 * them.
 *
 * Contract:  a file is written once, front to back, and is durable when its output is finished and
 *            the directory has been synced. `replace` is all or nothing, also after a crash, and
 *            syncs the directory.
 * Ownership: a mapping lasts until it is unmapped, also when its file is removed meanwhile. An
 *            output ends by finish or abandon.
 * Threads:   any; an output belongs to one.
 * Errors:    Q_NOTFOUND, Q_IO, Q_NOSPACE, Q_NOMEM. */
#ifndef Q_SEARCH_SEGMENT_DIRECTORY_H
#define Q_SEARCH_SEGMENT_DIRECTORY_H

#include "base/error.h"
#include "base/str.h"

struct q__output {
	const struct q__output_ops *ops;
};

struct q__output_ops {
	enum q_code (*write)(struct q__output *, struct q_bytes, struct q_err *);
	/* Flushes to the disk and closes; the output is gone also where this fails. */
	enum q_code (*finish)(struct q__output *, struct q_err *);
	void (*abandon)(struct q__output *);
};

struct q__directory {
	const struct q__directory_ops *ops;
};

struct q__directory_ops {
	enum q_code (*create)(struct q__directory *, const char *name, struct q__output **,
			      struct q_err *);
	enum q_code (*map)(struct q__directory *, const char *name, struct q_bytes *,
			   struct q_err *);
	void (*unmap)(struct q__directory *, struct q_bytes);
	enum q_code (*replace)(struct q__directory *, const char *name, struct q_bytes,
			       struct q_err *);
	enum q_code (*remove)(struct q__directory *, const char *name, struct q_err *);
	enum q_code (*sync)(struct q__directory *, struct q_err *);
	/* Calls `see` for every name. */
	enum q_code (*list)(struct q__directory *, void (*see)(void *context, const char *name),
			    void *context, struct q_err *);
	void (*close)(struct q__directory *);
};

/* A directory of the file system; it must be there. */
Q_MUST_USE enum q_code q__directory_open(int parent, const char *path, struct q__directory **out,
					 struct q_err *err);

#endif
