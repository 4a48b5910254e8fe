/* Signed links of a store that this program serves itself: the link is the permission. */
#include "api/api_internal.h"

#include "net/http_field.h"

#include <inttypes.h>

static struct q_blob_store *find_store(struct q_api *api, struct q_http_request *request)
{
	struct q_str name = q_http_request_param(request, "store");

	if (q_str_equal(name, Q_STR("documents")))
		return api->o.document_blobs;
	return q_str_equal(name, Q_STR("results")) ? api->o.result_blobs : NULL;
}

/* Any link that is not exactly one of ours is invalid, for whatever reason. */
static void refuse_link(struct q_http_request *request, const struct q_err *err)
{
	if (err->code == Q_TIMEOUT)
		q_http_respond_refusal(request, 410, "link_expired",
				       "the link has expired: ask for a new one");
	else
		q_http_respond_refusal(request, 403, "link_invalid", "the link is not valid");
}

static void add_headers(struct q_http_request *request, const struct q_blob_link *link)
{
	struct q_buf disposition;

	q_http_add_header(request, "Accept-Ranges", Q_STR("bytes"));
	q_http_add_header(request, "Cache-Control", Q_STR("private, no-store"));
	if (link->download_name.length == 0)
		return;
	q_buf_init(&disposition, 4096);
	q_http_write_attachment(&disposition, link->download_name);
	q_http_add_header(request, "Content-Disposition", q_buf_str(&disposition));
	q_buf_free(&disposition);
}

static void send_range(struct q_http_request *request, struct q_blob_store *store, struct q_str key,
		       const struct q_blob_info *info, const char *content_type)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_http_range part = {0, info->size_bytes - 1};
	struct q_blob_range range = Q_BLOB_WHOLE;
	struct q_blob_reader *reader;
	struct q_err err;
	enum q_http_range_kind kind = q_http_range_parse(
		q_http_request_header(request, Q_STR("Range")), info->size_bytes, &part);

	if (kind == Q_HTTP_RANGE_UNSATISFIABLE) {
		q_http_add_header(request, "Content-Range",
				  q_arena_format(arena, "bytes */%" PRIu64, info->size_bytes));
		q_http_respond_refusal(request, 416, "range_not_satisfiable",
				       "the range begins beyond the object's end");
		return;
	}
	if (kind == Q_HTTP_RANGE_PART)
		range = (struct q_blob_range){part.first, part.last - part.first + 1};
	if (q_blob_reader_open(store, q_http_request_call(request), key, range, &reader, NULL,
			       &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	if (kind == Q_HTTP_RANGE_PART)
		q_http_add_header(request, "Content-Range",
				  q_arena_format(arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
						 part.first, part.last, info->size_bytes));
	q__respond_reader(request, kind == Q_HTTP_RANGE_PART ? 206 : 200, content_type,
			  (int64_t)(kind == Q_HTTP_RANGE_PART ? range.length : info->size_bytes),
			  reader);
}

static void get_blob(struct q_http_request *request, void *context)
{
	struct q_blob_store *store = find_store(context, request);
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str key = q_http_request_param(request, "key");
	struct q_blob_link link;
	struct q_blob_info info;
	struct q_err err = {.code = Q_DENIED};
	enum q_code code = Q_DENIED;

	if (store && q_blob_store_serves_links(store))
		code = q_blob_store_check_link(store, key, q_http_request_query(request), arena,
					       &link, &err);
	if (code || link.method != Q_BLOB_LINK_GET) {
		refuse_link(request, &err);
		return;
	}
	if (q_blob_store_stat(store, q_http_request_call(request), key, &info, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	if (q_http_respond_not_modified(request, q_arena_format(arena, "\"%s\"", info.etag)))
		return;
	add_headers(request, &link);
	send_range(request, store, key, &info,
		   link.content_type.length ? q_arena_copy(arena, link.content_type).data
					    : "application/octet-stream");
}

const struct q_route q__blob_routes[] = {
	{"GET", "/blobs/{store}/{key...}", 0, 0, &q__signed, get_blob},
	{0},
};
