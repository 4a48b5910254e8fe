#include "search/dropped.h"

#include "search/alias.h"
#include "search/index/manifest.h"
#include "search/segment/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* No name of an index begins so. */
#define PREFIX ".dropped-"

enum { PATH_BYTES = Q_INDEX_NAME_MAX + 16 };

enum q_code q__dropped_begin(int root, struct q_str name, struct q_err *err)
{
	struct q__index_name path = q__index_name_of(name);
	char manifest[PATH_BYTES], dropped[PATH_BYTES];

	snprintf(manifest, sizeof manifest, "%s/" Q__MANIFEST_NAME, path.text);
	snprintf(dropped, sizeof dropped, PREFIX "%s", path.text);
	if (q__dropped_clean(root, err)) /* one of this name may have been dropped before */
		return err->code;
	if (faccessat(root, manifest, F_OK, 0) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return q_fail(err, Q_NOTFOUND, "search_index.drop", "there is no index %s",
			      path.text);
	if (renameat(root, path.text, root, dropped) != 0)
		return q_fail_os(err, errno, "search_index.drop", "%s", path.text);
	if (fsync(root) == 0)
		return Q_OK;
	q_fail_os(err, errno, "search_index.drop", "%s", path.text);
	(void)!renameat(root, dropped, root, path.text); /* else it goes when the store is opened */
	return err->code;
}

static void remove_file(void *context, const char *name)
{
	struct q__directory *directory = context;
	struct q_err ignored;

	(void)!directory->ops->remove(directory, name, &ignored);
}

static void remove_dropped(int root, const char *name)
{
	struct q__directory *directory;
	struct q_err ignored;

	if (q__directory_open(root, name, &directory, &ignored))
		return;
	(void)!directory->ops->list(directory, remove_file, directory, &ignored);
	directory->ops->close(directory);
	unlinkat(root, name, AT_REMOVEDIR);
}

/* An alias of an index that is gone; the directory may hold other links. */
static bool is_dangling_alias(int root, const char *name)
{
	struct q__index_name target;
	struct q_err ignored;

	return name[0] != '.' && q__alias_read(root, q_str_from(name), &target, &ignored) == Q_OK &&
	       faccessat(root, target.text, F_OK, 0) != 0 && errno == ENOENT;
}

static void clean_one(void *context, const char *name)
{
	const int *root = context;

	if (q_str_starts_with(q_str_from(name), Q_STR(PREFIX)))
		remove_dropped(*root, name);
	else if (is_dangling_alias(*root, name))
		unlinkat(*root, name, 0);
}

enum q_code q__dropped_clean(int root, struct q_err *err)
{
	struct q__directory *directory;
	enum q_code code = q__directory_open(root, ".", &directory, err);

	if (code)
		return code;
	code = directory->ops->list(directory, clean_one, &root, err);
	directory->ops->close(directory);
	return code;
}
