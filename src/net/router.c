/* A tree of path segments. A node knows its literal children, one child that takes any segment, the
 * routes that end here and those that take all the rest from here. A walk tries them in that order
 * and steps back where a branch leads nowhere, so that "/jobs/{id}" still matches "/jobs/tenant"
 * where "/jobs/tenant/{id}" exists. Templates are few and short: no hashing. */
#include "net/router.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

enum {
	ROUTES_MAX = 1024,
	SEGMENTS_MAX = 16, /* of a template; bounds the recursion of the walk as well */
	ALLOW_MAX = 128
};

/* A route where it ends in the tree. */
struct leaf {
	struct leaf *next;
	const struct q_route *route;
	void *context;
	struct q_str names[Q_ROUTE_PARAMS_MAX]; /* of its parameters, in order */
	size_t name_count;
};

struct node {
	struct q_str segment;  /* of a literal child */
	struct node *sibling;  /* the next literal child of the same parent */
	struct node *literals; /* children */
	struct node *any;      /* child: "{name}" */
	struct leaf *leaves;   /* routes that end here */
	struct leaf *rests;    /* routes that end here with "{name...}" */
};

struct q_router {
	struct q_arena *arena; /* owns the tree */
	struct node root;
};

/* "/a/b" gives "a" and leaves "/b"; false at the end. */
static bool next_segment(struct q_str *rest, struct q_str *segment)
{
	const char *end;

	if (rest->length == 0)
		return false;
	*segment = q_str_slice(*rest, 1, rest->length);
	end = memchr(segment->data, '/', segment->length);
	if (end)
		segment->length = (size_t)(end - segment->data);
	*rest = q_str_slice(*rest, 1 + segment->length, rest->length);
	return true;
}

/* ---- making ---- */

static enum q_code refuse(struct q_err *err, const struct q_route *route, const char *why)
{
	return q_fail(err, Q_INVALID, "router.new", "%s %s: %s",
		      route->method ? route->method : "(no method)",
		      route->path ? route->path : "(no path)", why);
}

static bool is_name(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
			    s.data[i], 63))
			return false;
	return s.length > 0;
}

static bool is_method(const char *method)
{
	static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

	for (size_t i = 0; i < Q_COUNT_OF(known); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

enum segment_kind { LITERAL, ANY, REST, BAD };

/* "{name}" and "{name...}": *segment becomes the name. */
static enum segment_kind classify(struct q_str *segment)
{
	struct q_str name;
	bool is_rest;

	if (!memchr(segment->data, '{', segment->length) &&
	    !memchr(segment->data, '}', segment->length))
		return LITERAL;
	if (!q_str_starts_with(*segment, Q_STR("{")) || !q_str_ends_with(*segment, Q_STR("}")))
		return BAD;
	name = q_str_slice(*segment, 1, segment->length - 1);
	is_rest = q_str_ends_with(name, Q_STR("..."));
	if (is_rest)
		name.length -= 3;
	*segment = name;
	if (!is_name(name))
		return BAD;
	return is_rest ? REST : ANY;
}

static struct node *literal_child(const struct node *node, struct q_str segment)
{
	for (struct node *child = node->literals; child; child = child->sibling)
		if (q_str_equal(child->segment, segment))
			return child;
	return NULL;
}

/* The child for a segment of a template, made where it is missing; NULL when the heap is full. */
static struct node *child_for(struct q_router *router, struct node *node, enum segment_kind kind,
			      struct q_str segment)
{
	struct node *child = kind == ANY ? node->any : literal_child(node, segment);

	if (child)
		return child;
	child = q_arena_alloc(router->arena, sizeof *child);
	if (!child)
		return NULL;
	if (kind == ANY) {
		node->any = child;
	} else {
		child->segment = segment;
		child->sibling = node->literals;
		node->literals = child;
	}
	return child;
}

static const struct leaf *leaf_of(const struct leaf *leaves, struct q_str method)
{
	for (; leaves; leaves = leaves->next)
		if (q_str_equal(q_str_from(leaves->route->method), method))
			return leaves;
	return NULL;
}

static enum q_code add_leaf(struct leaf **leaves, struct leaf *leaf, struct q_err *err)
{
	if (leaf_of(*leaves, q_str_from(leaf->route->method)))
		return refuse(err, leaf->route, "another route matches the same paths");
	leaf->next = *leaves;
	*leaves = leaf;
	return Q_OK;
}

static enum q_code check_route(const struct q_route *route, struct q_err *err)
{
	if (!route->method || !is_method(route->method))
		return refuse(err, route, "the method must be GET, POST, PUT, PATCH or DELETE");
	if (!route->path || route->path[0] != '/')
		return refuse(err, route, "the path must start with '/'");
	if (!route->access)
		return refuse(err, route, "no access rule: say who may use it");
	if (!route->handle)
		return refuse(err, route, "no handler");
	if ((route->flags & Q_ROUTE_INLINE) && (route->flags & Q_ROUTE_STREAM))
		return refuse(err, route, "a streamed body cannot be handled inline");
	return Q_OK;
}

static enum q_code add_name(struct leaf *leaf, struct q_str name, struct q_err *err)
{
	if (leaf->name_count == Q_ROUTE_PARAMS_MAX)
		return refuse(err, leaf->route, "too many parameters");
	leaf->names[leaf->name_count++] = name;
	return Q_OK;
}

static enum q_code add_route(struct q_router *router, const struct q_route *route, void *context,
			     struct q_err *err)
{
	struct q_str rest, segment;
	struct node *node = &router->root;
	enum segment_kind kind = LITERAL;
	enum q_code code = check_route(route, err);
	struct leaf *leaf;

	if (code != Q_OK)
		return code;
	leaf = q_arena_alloc(router->arena, sizeof *leaf);
	if (!leaf)
		return q_fail(err, Q_NOMEM, "router.new", "%s", route->path);
	leaf->route = route;
	leaf->context = context;
	rest = q_str_from(route->path);
	for (int depth = 0; code == Q_OK && kind != REST && next_segment(&rest, &segment);
	     depth++) {
		kind = classify(&segment);
		if (kind == BAD || depth == SEGMENTS_MAX)
			return refuse(err, route, "bad segment in the path");
		if (kind != LITERAL)
			code = add_name(leaf, segment, err);
		if (kind != REST && !(node = child_for(router, node, kind, segment)))
			return q_fail(err, Q_NOMEM, "router.new", "%s", route->path);
	}
	if (code == Q_OK && rest.length > 0)
		return refuse(err, route, "\"{name...}\" must come last");
	return code == Q_OK ? add_leaf(kind == REST ? &node->rests : &node->leaves, leaf, err)
			    : code;
}

enum q_code q_router_new(const struct q_route_group *groups, size_t group_count,
			 struct q_router **out, struct q_err *err)
{
	/* A route costs a leaf and a node a segment at most. */
	size_t limit = ROUTES_MAX * (sizeof(struct leaf) + SEGMENTS_MAX * sizeof(struct node));
	struct q_router *router = q_mem_new(sizeof *router);
	enum q_code code = Q_OK;

	if (!router)
		return q_fail(err, Q_NOMEM, "router.new", "%zu bytes", sizeof *router);
	router->arena = q_arena_new(limit);
	if (!router->arena)
		code = q_fail(err, Q_NOMEM, "router.new", "no arena");
	for (size_t g = 0; code == Q_OK && g < group_count; g++)
		for (size_t i = 0; code == Q_OK && i < groups[g].count; i++)
			code = add_route(router, &groups[g].routes[i], groups[g].context, err);
	if (code != Q_OK) {
		q_router_free(router);
		return code;
	}
	*out = router;
	return Q_OK;
}

void q_router_free(struct q_router *router)
{
	if (!router)
		return;
	q_arena_free(router->arena);
	q_mem_free(router);
}

/* ---- matching ---- */

/* What a walk has found: the leaves of one node, and the raw parameters on the way to it. */
struct walk {
	const struct leaf *leaves;
	struct q_str raw[SEGMENTS_MAX];
	size_t count;
};

static bool walk(const struct node *node, struct q_str rest, struct walk *found)
{
	struct q_str path = rest, segment;
	const struct node *child;

	if (!next_segment(&rest, &segment)) {
		found->leaves = node->leaves;
		return found->leaves != NULL;
	}
	child = literal_child(node, segment);
	if (child && walk(child, rest, found))
		return true;
	if (node->any && segment.length > 0) {
		found->raw[found->count++] = segment;
		if (walk(node->any, rest, found))
			return true;
		found->count--;
	}
	if (node->rests && path.length > 1) {
		found->raw[found->count++] = q_str_slice(path, 1, path.length);
		found->leaves = node->rests;
		return true;
	}
	return false;
}

static bool decode_param(struct q_arena *arena, struct q_str raw, bool is_rest, struct q_str *out)
{
	if (!memchr(raw.data, '%', raw.length))
		*out = q_arena_copy(arena, raw); /* ends with a NUL, as a decoded one does */
	else if (!q_decode_percent(arena, raw, false, out))
		return false;
	return out->length > 0 && q_utf8_is_valid(*out) && !memchr(out->data, 0, out->length) &&
	       (is_rest || !memchr(out->data, '/', out->length));
}

static enum q_route_result fill_match(const struct leaf *leaf, const struct walk *found,
				      bool has_rest, struct q_arena *arena,
				      struct q_route_match *match)
{
	q_assert(found->count == leaf->name_count);
	match->route = leaf->route;
	match->context = leaf->context;
	match->param_count = leaf->name_count;
	for (size_t i = 0; i < leaf->name_count; i++) {
		bool is_rest = has_rest && i + 1 == leaf->name_count;

		match->params[i].name = leaf->names[i];
		if (!decode_param(arena, found->raw[i], is_rest, &match->params[i].value))
			return q_arena_failed(arena) ? Q_ROUTE_NO_MEMORY : Q_ROUTE_UNKNOWN_PATH;
	}
	return Q_ROUTE_FOUND;
}

static bool has_method(const struct leaf *leaves, struct q_str method)
{
	return leaf_of(leaves, method) != NULL;
}

static enum q_route_result list_allowed(const struct leaf *leaves, struct q_arena *arena,
					struct q_route_match *match)
{
	struct q_str list = Q_STR("OPTIONS");

	if (has_method(leaves, Q_STR("GET")))
		list = Q_STR("GET, HEAD, OPTIONS");
	for (; leaves; leaves = leaves->next)
		if (strcmp(leaves->route->method, "GET") != 0)
			list = q_arena_format(arena, "%s, %.*s", leaves->route->method,
					      Q_STR_ARG(list));
	match->allow = list;
	return q_arena_failed(arena) ? Q_ROUTE_NO_MEMORY : Q_ROUTE_UNKNOWN_METHOD;
}

enum q_route_result q_router_match(const struct q_router *router, struct q_str method,
				   struct q_str path, struct q_arena *arena,
				   struct q_route_match *match)
{
	struct walk found = {.count = 0};
	const struct leaf *leaf;
	bool has_rest;

	if (!q_str_starts_with(path, Q_STR("/")) || !walk(&router->root, path, &found))
		return Q_ROUTE_UNKNOWN_PATH;
	if (q_str_equal(method, Q_STR("HEAD")))
		method = Q_STR("GET");
	leaf = leaf_of(found.leaves, method);
	if (!leaf)
		return list_allowed(found.leaves, arena, match);
	has_rest = q_str_ends_with(q_str_from(leaf->route->path), Q_STR("...}"));
	return fill_match(leaf, &found, has_rest, arena, match);
}
