#include "embedded/blob_store_files_internal.h"

#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Keys in the order of their bytes, from directories that have no order.
 *
 * Within a tree every directory of one depth holds directories only, or files only, so a name's
 * bytes (a directory's with its '/') order all keys below it. Of each directory the smallest names
 * that matter are taken, at most a page of them, and walked; when they are used up before the page
 * is full, the directory is read again for those that follow. Memory is a page of names for each
 * depth. Trees are walked one after the other and merged into one sorted page. */

/* A name, with '/' at its end where it is a directory's. */
struct name {
	char text[BLOB_NAME_SIZE + 1];
};

/* The smallest names of a directory. Twice as many as are kept find room, so that one sort serves
 * many of them. */
struct names {
	struct q_vec items; /* of struct name */
	size_t keep;
	bool is_cut; /* the first `keep` are sorted, and a name beyond the last of them does not
			count */
};

struct walk {
	const struct q_call *call;
	struct q_arena *arena;
	struct q_str prefix;
	struct q_str after;
	struct q_blob_entry *items; /* sorted; room for page_max */
	size_t count;
	size_t page_max;	      /* one more than asked for: tells if there is another page */
	char key[Q_BLOB_KEY_MAX + 1]; /* of the directory at hand, with its last '/' */
	size_t key_length;
	bool is_done; /* no later key of this tree can matter */
	struct q_err *err;
};

/* May a key that is `text`, or starts with it where it ends in '/', be on the page? */
static bool matters(const struct walk *walk, struct q_str text)
{
	bool is_directory = text.data[text.length - 1] == '/';

	if (!q_str_starts_with(text, walk->prefix) &&
	    !(is_directory && q_str_starts_with(walk->prefix, text)))
		return false;
	return q_str_compare(text, walk->after) > 0 ||
	       (is_directory && q_str_starts_with(walk->after, text));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* Sorts, drops doubles (a directory may show an entry twice while it changes) and what is too much.
 */
static void keep_smallest(struct names *names)
{
	struct name *items = names->items.items;
	size_t kept = 0;

	if (names->items.count == 0)
		return;
	qsort(items, names->items.count, sizeof *items, compare_names);
	for (size_t i = 0; i < names->items.count && kept < names->keep; i++)
		if (kept == 0 || compare_names(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	names->items.count = kept;
	names->is_cut = kept == names->keep;
}

/* False when the heap is full. */
static bool add_name(struct names *names, const struct name *name)
{
	if (names->is_cut && compare_names(name, q_vec_at(&names->items, names->keep - 1)) >= 0)
		return true;
	if (!q_vec_push(&names->items, name))
		return false;
	if (names->items.count == names->items.limit)
		keep_smallest(names);
	return true;
}

/* The entry as it orders; false where it is no part of a key that matters. */
static bool name_of(struct walk *walk, const char *entry, bool is_leaf, struct name *out)
{
	size_t length = strlen(entry);

	if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0 ||
	    walk->key_length + length + !is_leaf > Q_BLOB_KEY_MAX)
		return false;
	memcpy(out->text, entry, length + 1);
	if (!is_leaf)
		memcpy(out->text + length++, "/", 2);
	memcpy(walk->key + walk->key_length, out->text, length);
	return matters(walk, (struct q_str){walk->key, walk->key_length + length});
}

static enum q_code read_names(struct walk *walk, DIR *entries, bool is_leaf, const char *from,
			      struct names *names)
{
	struct dirent *entry;
	struct name name;

	while ((errno = 0, entry = readdir(entries))) {
		if (!name_of(walk, entry->d_name, is_leaf, &name) || strcmp(name.text, from) <= 0)
			continue;
		if (!add_name(names, &name))
			return q_fail(walk->err, Q_NOMEM, "blob_store_files.list", "names");
	}
	return errno == 0 ? Q_OK
			  : q_fail_os(walk->err, errno, "blob_store_files.list", "a directory");
}

/* Those after `from`. */
static enum q_code smallest_names(struct walk *walk, int directory, bool is_leaf, const char *from,
				  struct names *names)
{
	DIR *entries = q__blob_open_entries(directory);
	enum q_code code;

	q_vec_clear(&names->items);
	names->is_cut = false;
	if (!entries)
		return errno == ENOENT ? Q_OK /* pruned */
				       : q_fail_os(walk->err, errno, "blob_store_files.list",
						   "a directory");
	code = read_names(walk, entries, is_leaf, from, names);
	closedir(entries);
	keep_smallest(names);
	return code;
}

/* Prefixes are any bytes: this is what keeps one from leaving the root. */
static bool may_be_name(struct q_str part)
{
	return part.length > 0 && part.length < BLOB_NAME_SIZE && !q_str_equal(part, Q_STR(".")) &&
	       !q_str_equal(part, Q_STR("..")) && !memchr(part.data, '\0', part.length);
}

/* Where the prefix says which child of the directory at hand holds all of its keys, that name. */
static bool name_of_prefix(const struct walk *walk, struct name *name)
{
	struct q_str rest = q_str_slice(walk->prefix, walk->key_length, walk->prefix.length);
	struct q_str part, ignored;

	if (!q_str_cut(rest, '/', &part, &ignored) || !may_be_name(part))
		return false;
	memcpy(name->text, part.data, part.length);
	memcpy(name->text + part.length, "/", 2);
	return true;
}

/* Where in the page the key belongs. */
static size_t position_of(const struct walk *walk, struct q_str key)
{
	size_t low = 0, high = walk->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (q_str_compare(walk->items[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum q_code insert(struct walk *walk, struct q_str key, const struct stat *status)
{
	size_t at = position_of(walk, key);

	if (at == walk->page_max) {
		walk->is_done = true;
		return Q_OK;
	}
	if (walk->count == walk->page_max)
		walk->count--;
	memmove(&walk->items[at + 1], &walk->items[at], (walk->count - at) * sizeof *walk->items);
	walk->items[at] = (struct q_blob_entry){
		.key = q_arena_copy(walk->arena, key),
		.size_bytes = (uint64_t)status->st_size - BLOB_TRAILER_SIZE,
		.modified_at_ms =
			(int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000,
	};
	walk->count++;
	if (q_arena_failed(walk->arena))
		return q_fail(walk->err, Q_NOMEM, "blob_store_files.list", "a page of keys");
	return Q_OK;
}

/* The key at hand is the name of a file; one that has gone meanwhile, or is no object, is left out.
 */
static enum q_code visit_file(struct walk *walk, int directory, const char *name)
{
	struct q_str key = {walk->key, walk->key_length + strlen(name)};
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? Q_OK
				       : q_fail_os(walk->err, errno, "blob_store_files.list",
						   "an object's file");
	if (!S_ISREG(status.st_mode) || status.st_size < BLOB_TRAILER_SIZE)
		return Q_OK;
	return insert(walk, key, &status);
}

static enum q_code walk_directory(struct walk *walk, int directory, size_t depth);

static enum q_code visit_directory(struct walk *walk, int directory, const char *name_with_slash,
				   size_t depth)
{
	size_t length = strlen(name_with_slash);
	char name[BLOB_NAME_SIZE];
	enum q_code code;
	int child;

	memcpy(name, name_with_slash, length - 1);
	name[length - 1] = '\0';
	child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0)
		return errno == ENOENT ? Q_OK
				       : q_fail_os(walk->err, errno, "blob_store_files.list",
						   "a directory");
	walk->key_length += length;
	code = walk_directory(walk, child, depth - 1);
	walk->key_length -= length;
	close(child);
	return code;
}

static enum q_code visit(struct walk *walk, int directory, const char *name, size_t depth)
{
	size_t length = strlen(name);

	if (walk->key_length + length > Q_BLOB_KEY_MAX)
		return Q_OK;
	memcpy(walk->key + walk->key_length, name, length);
	return depth == 0 ? visit_file(walk, directory, name)
			  : visit_directory(walk, directory, name, depth);
}

/* The directory's keys, as far as they matter: files where depth is 0, else directories. */
static enum q_code walk_directory(struct walk *walk, int directory, size_t depth)
{
	struct names names = {.keep = walk->page_max};
	struct name last = {""};
	enum q_code code;
	size_t count;

	if (depth > 0 && name_of_prefix(walk, &last))
		return visit(walk, directory, last.text, depth);
	q_vec_init(&names.items, sizeof last, 2 * names.keep);
	do {
		code = q_call_check(walk->call, "blob_store_files.list", walk->err);
		if (code == Q_OK)
			code = smallest_names(walk, directory, depth == 0, last.text, &names);
		count = code == Q_OK ? names.items.count : 0;
		for (size_t i = 0; i < count && code == Q_OK && !walk->is_done; i++) {
			last = *(struct name *)q_vec_at(&names.items, i);
			code = visit(walk, directory, last.text, depth);
		}
	} while (code == Q_OK && count == names.keep && !walk->is_done);
	q_vec_free(&names.items);
	return code;
}

/* Trees are named after the number of parts of their keys; 0: another directory. */
static size_t tree_of(const char *name)
{
	int64_t parts;

	if (name[0] < '1' || name[0] > '9' || !q_str_to_int64(q_str_from(name), &parts))
		return 0;
	return parts <= Q_BLOB_KEY_MAX ? (size_t)parts : 0;
}

static enum q_code walk_tree(struct walk *walk, int root, const char *name)
{
	int tree = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum q_code code;

	if (tree < 0)
		return q_fail_os(walk->err, errno, "blob_store_files.list", "%s", name);
	walk->is_done = false;
	walk->key_length = 0;
	code = walk_directory(walk, tree, tree_of(name) - 1);
	close(tree);
	return code;
}

static enum q_code walk_trees(struct walk *walk, const struct file_store *store)
{
	DIR *entries = q__blob_open_entries(store->root_fd);
	enum q_code code = Q_OK;
	struct dirent *entry;

	if (!entries)
		return q_fail_os(walk->err, errno, "blob_store_files.list", "the root");
	while (code == Q_OK && (entry = readdir(entries)))
		if (tree_of(entry->d_name) >= q__blob_count_parts(walk->prefix))
			code = walk_tree(walk, store->root_fd, entry->d_name);
	closedir(entries);
	return code;
}

enum q_code q__blob_files_list(struct q_blob_store *base, const struct q_call *call,
			       struct q_str prefix, struct q_str after, size_t limit,
			       struct q_arena *arena, struct q_blob_page *out, struct q_err *err)
{
	struct walk walk = {.call = call,
			    .arena = arena,
			    .prefix = prefix,
			    .after = after,
			    .page_max = limit + 1,
			    .err = err};
	enum q_code code;

	walk.items = q_arena_alloc_array(arena, walk.page_max, sizeof *walk.items);
	if (!walk.items)
		return q_fail(err, Q_NOMEM, "blob_store_files.list", "a page of keys");
	code = walk_trees(&walk, file_store_of(base));
	if (code)
		return code;
	*out = (struct q_blob_page){.items = walk.items, .count = walk.count};
	if (walk.count == walk.page_max) {
		out->count = limit;
		out->next = walk.items[limit - 1].key;
	}
	return Q_OK;
}
