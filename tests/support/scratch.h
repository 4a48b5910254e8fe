/* support/scratch.h: a directory of a test's own, under TMPDIR or /var/tmp (a real disk, where
 * there is one). */
#ifndef Q_TESTS_SCRATCH_H
#define Q_TESTS_SCRATCH_H

enum { SCRATCH_PATH_MAX = 128 };

/* Makes one, mode 0700; aborts where it cannot. */
void scratch_make(char path[SCRATCH_PATH_MAX]);

/* Removes it with all it holds; symbolic links are removed and not followed. */
void scratch_remove(const char *path);

#endif
