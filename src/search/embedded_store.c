/* The indexes of a store by their names. */
#include "search/alias.h"
#include "search/dropped.h"
#include "search/embedded_internal.h"

#include "base/file.h"
#include "search/index/definition.h"

static struct q__embedded *embedded_of(struct q_search_index *base)
{
	return q_container_of(base, struct q__embedded, base);
}

/* Takes the index, which is closed where this fails: without upkeep it would never be written. */
static enum q_code remember(struct q__embedded *store, struct q_str name, struct q__index *index,
			    struct q_err *err)
{
	enum q_code code = Q_OK;

	if (!q_map_put(store->indexes, name, index))
		code = q_fail(err, Q_NOMEM, "search_index.open", "at most %d indexes are open",
			      Q__INDEXES_MAX);
	else if (store->upkeep && (code = q__upkeep_add(store->upkeep, index, err)) != Q_OK)
		q_map_remove(store->indexes, name);
	if (code)
		q__index_close(index);
	return code;
}

/* An index by its own name. Holds `opening`. */
static enum q_code find_index(struct q__embedded *store, struct q_str name, struct q__index **out,
			      struct q_err *err)
{
	struct q__index_name path = q__index_name_of(name);
	struct q__directory *directory;
	enum q_code code;

	*out = q_map_find(store->indexes, name);
	if (*out)
		return Q_OK;
	code = q__directory_open(store->root, path.text, &directory, err);
	if (!code)
		code = q__index_open(directory, out, err);
	if (!code)
		code = remember(store, name, *out, err);
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, "search_index.open", "there is no index %s",
			      path.text);
	return code;
}

static enum q_code remember_alias(struct q__embedded *store, struct q_str alias,
				  struct q__index *index, struct q_err *err)
{
	if (q_map_put(store->aliases, alias, index))
		return Q_OK;
	return q_fail(err, Q_NOMEM, "search_index.alias", "at most %d aliases are used",
		      Q__INDEXES_MAX);
}

/* An index by its name, or by an alias. Holds `opening`. */
static enum q_code find_any(struct q__embedded *store, struct q_str name, struct q__index **out,
			    struct q_err *err)
{
	struct q__index_name target;
	enum q_code code;

	*out = q_map_find(store->indexes, name);
	if (!*out)
		*out = q_map_find(store->aliases, name);
	if (*out)
		return Q_OK;
	code = q__alias_read(store->root, name, &target, err);
	if (code)
		return code == Q_NOTFOUND ? find_index(store, name, out, err) : code;
	code = find_index(store, q_str_from(target.text), out, err);
	return code ? code : remember_alias(store, name, *out, err);
}

enum q_code q__embedded_find(struct q_search_index *base, struct q_str name, struct q__index **out,
			     struct q_err *err)
{
	struct q__embedded *store = embedded_of(base);
	enum q_code code;

	pthread_mutex_lock(&store->opening);
	code = find_any(store, name, out, err);
	pthread_mutex_unlock(&store->opening);
	return code;
}

/* Under the lock of the maps: an index that is dropped meanwhile is found whole or not at all. */
enum q_code q__embedded_snapshot(struct q_search_index *base, struct q_str name,
				 struct q__index **index, struct q__snapshot **snapshot,
				 struct q_err *err)
{
	struct q__embedded *store = embedded_of(base);
	enum q_code code;

	pthread_mutex_lock(&store->opening);
	code = find_any(store, name, index, err);
	if (!code)
		*snapshot = q__index_snapshot(*index);
	pthread_mutex_unlock(&store->opening);
	return code;
}

static enum q_code create_index(struct q__embedded *store, struct q_str name,
				const struct q_index_definition *definition, struct q_err *err)
{
	struct q__index_name path = q__index_name_of(name);
	struct q__directory *directory;
	struct q__index *index;
	enum q_code code = q_file_make_directories(store->root, path.text, err);

	if (!code)
		code = q__directory_open(store->root, path.text, &directory, err);
	if (!code)
		code = q__index_create(directory, definition, &index, err);
	return code ? code : remember(store, name, index, err);
}

enum q_code q__embedded_ensure(struct q_search_index *base, const struct q_call *call,
			       struct q_str name, const struct q_index_definition *definition,
			       struct q_err *err)
{
	struct q__embedded *store = embedded_of(base);
	struct q__index *index;
	enum q_code code;

	(void)call;
	pthread_mutex_lock(&store->opening);
	code = find_any(store, name, &index, err);
	if (code == Q_NOTFOUND)
		code = create_index(store, name, definition, err);
	else if (!code && !q__definition_equals(q__index_definition(index), definition))
		code = q_fail(
			err, Q_CONFLICT, "search_index.ensure",
			"index %.*s has another definition: build one of another name and swap",
			Q_STR_ARG(name));
	pthread_mutex_unlock(&store->opening);
	return code;
}

/* Holds `opening`: whoever asks for the alias has the one index or the other. */
static enum q_code point_alias(struct q__embedded *store, struct q_str alias, struct q_str name,
			       struct q_err *err)
{
	struct q__index_name target;
	struct q__index *index;
	enum q_code code = q__alias_read(store->root, name, &target, err);

	if (!code)
		return q_fail(err, Q_NOTFOUND, "search_index.alias", "%.*s is an alias itself",
			      Q_STR_ARG(name));
	if (code == Q_NOTFOUND)
		code = find_index(store, name, &index, err);
	if (!code)
		code = q__alias_write(store->root, alias, name, err);
	return code ? code : remember_alias(store, alias, index, err);
}

enum q_code q__embedded_alias(struct q_search_index *base, const struct q_call *call,
			      struct q_str alias, struct q_str name, struct q_err *err)
{
	struct q__embedded *store = embedded_of(base);
	enum q_code code;

	(void)call;
	pthread_mutex_lock(&store->opening);
	code = point_alias(store, alias, name, err);
	pthread_mutex_unlock(&store->opening);
	return code;
}

static void forget_aliases(struct q__embedded *store, const struct q__index *index)
{
	struct q_str alias;
	size_t at = 0;
	void *target;

	while (q_map_next(store->aliases, &at, &alias, &target)) {
		if (target == index)
			q_map_remove(store->aliases, alias);
	}
}

/* Nobody finds the index any more; those who have it may go on. */
static void forget(struct q__embedded *store, struct q_str name, struct q__index *index)
{
	forget_aliases(store, index);
	q_map_remove(store->indexes, name);
	if (store->upkeep)
		q__upkeep_remove(store->upkeep, index);
	q__pins_drop(store->pins, index);
	q__index_drop(index);
}

/* Holds `opening`. */
static enum q_code drop(struct q__embedded *store, struct q_str name, struct q_err *err)
{
	struct q__index *index = q_map_find(store->indexes, name);
	struct q__index_name target;
	struct q_err ignored; /* what stays goes the next time */
	enum q_code code;

	if (!q__alias_read(store->root, name, &target, err))
		return q_fail(err, Q_INVALID, "search_index.drop",
			      "%.*s is an alias of %s: drop that", Q_STR_ARG(name), target.text);
	if (index && !q_vec_push(&store->dropped, &index))
		return q_fail(err, Q_NOMEM, "search_index.drop",
			      "at most %d indexes: open the store anew", Q__INDEXES_MAX);
	code = q__dropped_begin(store->root, name, err);
	if (code && index)
		store->dropped.count--;
	else if (index)
		forget(store, name, index);
	(void)!q__dropped_clean(store->root, &ignored);
	return code;
}

enum q_code q__embedded_drop(struct q_search_index *base, const struct q_call *call,
			     struct q_str name, struct q_err *err)
{
	struct q__embedded *store = embedded_of(base);
	enum q_code code;

	(void)call;
	pthread_mutex_lock(&store->opening);
	code = drop(store, name, err);
	pthread_mutex_unlock(&store->opening);
	return code;
}
