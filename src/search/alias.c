#include "search/alias.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* No name of an index begins so. */
#define TEMPORARY_NAME ".tmp-alias"

struct q__index_name q__index_name_of(struct q_str name)
{
	struct q__index_name out;

	snprintf(out.text, sizeof out.text, "%.*s", Q_STR_ARG(name));
	return out;
}

enum q_code q__alias_read(int root, struct q_str alias, struct q__index_name *out,
			  struct q_err *err)
{
	struct q__index_name name = q__index_name_of(alias);
	ssize_t length = readlinkat(root, name.text, out->text, sizeof out->text);

	if (length < 0 && (errno == EINVAL || errno == ENOENT)) /* EINVAL: it is no link */
		return q_fail(err, Q_NOTFOUND, "search_index.alias", "%s is no alias", name.text);
	if (length < 0)
		return q_fail_os(err, errno, "search_index.alias", "%s", name.text);
	if ((size_t)length == sizeof out->text || memchr(out->text, '/', (size_t)length) ||
	    out->text[0] == '.')
		return q_fail(err, Q_CORRUPT, "search_index.alias",
			      "%s does not point to an index: make the alias again", name.text);
	out->text[length] = 0;
	return Q_OK;
}

static enum q_code replace_link(int root, const char *alias, const char *index, struct q_err *err)
{
	if (unlinkat(root, TEMPORARY_NAME, 0) != 0 && errno != ENOENT)
		return q_fail_os(err, errno, "search_index.alias", "%s", alias);
	if (symlinkat(index, root, TEMPORARY_NAME) != 0 ||
	    renameat(root, TEMPORARY_NAME, root, alias) != 0 || fsync(root) != 0)
		return q_fail_os(err, errno, "search_index.alias", "%s", alias);
	return Q_OK;
}

enum q_code q__alias_write(int root, struct q_str alias, struct q_str index, struct q_err *err)
{
	struct q__index_name name = q__index_name_of(alias), target = q__index_name_of(index);
	enum q_code code = replace_link(root, name.text, target.text, err);

	if (code && err->os_error == EISDIR)
		return q_fail(err, Q_CONFLICT, "search_index.alias", "%s is an index", name.text);
	return code;
}
