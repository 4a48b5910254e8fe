/* embedded/secret_store_files.h: the secret_store port on a directory, one file a secret. Wiring
 * alone includes this.
 *
 * Contract:  a secret is the bytes of DIRECTORY/{name}. A file that others may read or write, that
 *            another user owns, or that is a symbolic link is refused, and so is a directory that
 *            others may write. Nothing is cached: a file that is replaced is seen at once. A value
 *            given by a setting wins over the file.
 * Ownership: the overrides are borrowed until close.
 * Threads:   any.
 * Errors:    of open: Q_INVALID (a value of a setting that is too long), Q_DENIED, those of
 *            base/file.h. */
#ifndef Q_EMBEDDED_SECRET_STORE_FILES_H
#define Q_EMBEDDED_SECRET_STORE_FILES_H

#include "base/error.h"
#include "ports/secret_store.h"

/* The secret "token-secret" is the value of JWT_SECRET, where that is set. */
struct q_secret_override {
	const char *name;    /* of the secret */
	const char *setting; /* for messages */
	struct q_str value;  /* empty: not set */
};

/* The directory is made, 0700, where it is missing. */
Q_MUST_USE enum q_code q_secret_store_files_open(const char *directory,
						 const struct q_secret_override *overrides,
						 size_t override_count, struct q_secret_store **out,
						 struct q_err *err);

#endif
