#include "cmd/upload_state.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/uuid.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_BYTES_MAX = 256 };

static struct q_str directory(struct q_arena *arena)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && state[0] == '/')
		return q_arena_format(arena, "%s/quire/uploads", state);
	if (home && home[0] == '/')
		return q_arena_format(arena, "%s/.local/state/quire/uploads", home);
	return (struct q_str){0};
}

const char *q_upload_state_path(struct q_arena *arena, const struct q_str *names, size_t count)
{
	struct q_str parent = directory(arena);
	struct q_sha256 *hash = q_sha256_new();
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	if (!hash || parent.length == 0) {
		q_sha256_free(hash);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		q_sha256_add(hash, q_str_bytes(names[i]));
		q_sha256_add(hash, (struct q_bytes){(const unsigned char *)"", 1}); /* its NUL */
	}
	q_sha256_finish(hash, digest);
	q_sha256_free(hash);
	q_sha256_to_hex(digest, hex);
	return q_arena_format(arena, "%.*s/%s", Q_STR_ARG(parent), hex).data;
}

struct q_str q_upload_state_read(struct q_arena *arena, const char *path)
{
	struct q_bytes text;
	struct q_str id;
	struct q_err err;

	if (!path || q_file_read_at(AT_FDCWD, path, STATE_BYTES_MAX, arena, &text, &err))
		return (struct q_str){0};
	id = q_str_trim(q_bytes_str(text));
	return q_uuid_is_valid(id) ? id : (struct q_str){0};
}

enum q_code q_upload_state_write(const char *path, struct q_str file_id, struct q_err *err)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char parent[4096];
	enum q_code code;

	if (!slash || (size_t)(slash - path) >= sizeof parent)
		return q_fail(err, Q_NOTFOUND, "upload.state", "neither XDG_STATE_HOME nor HOME");
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	code = q_file_make_directories(AT_FDCWD, parent, err);
	return code ? code : q_file_replace_at(AT_FDCWD, path, q_str_bytes(file_id), 0600, err);
}

void q_upload_state_remove(const char *path)
{
	if (path)
		(void)unlink(path); /* one that stays leads to an upload that has ended */
}
