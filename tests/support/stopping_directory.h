/* support/stopping_directory.h: a directory of an index whose disk stops: it works for so many
 * operations, and then for none, the last write half done. Mapping and listing always work.
 *
 * Threads: any. */
#ifndef Q_TESTS_STOPPING_DIRECTORY_H
#define Q_TESTS_STOPPING_DIRECTORY_H

#include "search/segment/directory.h"

/* It works until it is told otherwise. */
struct q__directory *stopping_directory_open(const char *path);

/* The `operations`th from now on fails, and all behind it. */
void stopping_directory_stop_after(struct q__directory *directory, int operations);

#endif
