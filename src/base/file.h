/* base/file.h: whole files and directories, with the flushes that make them survive a power cut.
 *
 * Units:     bytes. Paths are relative to a directory descriptor (AT_FDCWD for the current one), C
 *            strings.
 * Ownership: descriptors that are returned belong to the caller and are close-on-exec.
 * Threads:   any.
 * Errors:    as q_fail_os; Q_TOOBIG for a file beyond its limit. */
#ifndef Q_BASE_FILE_H
#define Q_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

#include <sys/types.h>

Q_MUST_USE enum q_code q_file_read_at(int directory, const char *path, size_t limit_bytes,
				      struct q_arena *arena, struct q_bytes *out,
				      struct q_err *err);

/* All or nothing, also after a crash: temp file, fsync, rename, directory fsync. */
Q_MUST_USE enum q_code q_file_replace_at(int directory, const char *path, struct q_bytes body,
					 mode_t mode, struct q_err *err);

/* As replace, but Q_CONFLICT where the path exists already: then the file is another's. */
Q_MUST_USE enum q_code q_file_create_at(int directory, const char *path, struct q_bytes body,
					mode_t mode, struct q_err *err);

/* Makes every missing directory of the path (mode 0700), flushing each parent. */
Q_MUST_USE enum q_code q_file_make_directories(int directory, const char *path, struct q_err *err);

/* Flushes the directory that holds `path`. */
Q_MUST_USE enum q_code q_file_sync_parent(int directory, const char *path, struct q_err *err);

/* Writes all bytes, through short writes and EINTR. */
Q_MUST_USE enum q_code q_file_write_all(int fd, struct q_bytes bytes, struct q_err *err);

/* An exclusive lock on a file that holds the owner's pid, kept until the descriptor closes.
 * Q_CONFLICT when another process has it: *holder_pid is its pid (0: unknown). */
Q_MUST_USE enum q_code q_file_lock(int directory, const char *path, int *fd, pid_t *holder_pid,
				   struct q_err *err);

#endif
