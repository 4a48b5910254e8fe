#include "support/scratch.h"

#include "base/compiler.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void scratch_make(char path[SCRATCH_PATH_MAX])
{
	const char *parent = getenv("TMPDIR");
	int length = snprintf(path, SCRATCH_PATH_MAX, "%s/quire-test-XXXXXX",
			      parent ? parent : "/var/tmp");

	q_assert(length < SCRATCH_PATH_MAX);
	q_assert(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void scratch_remove(const char *path)
{
	q_assert(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
