/* Signed links of a store that this program serves itself: the link is the permission. */
#include "api/api_internal.h"

#include "base/mem.h"
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

/* What a request's link leads to. */
struct target {
	struct q_blob_store *store;
	struct q_str key;
	struct q_blob_link link;
};

/* False when it has answered: the link does not allow this. */
static bool find_target(struct q_api *api, struct q_http_request *request, int method,
			struct target *out)
{
	struct q_err err = {.code = Q_DENIED};
	enum q_code code = Q_DENIED;

	out->store = find_store(api, request);
	out->key = q_http_request_param(request, "key");
	if (out->store && q_blob_store_serves_links(out->store))
		code = q_blob_store_check_link(out->store, out->key, q_http_request_query(request),
					       q_http_request_arena(request), &out->link, &err);
	if (!code && (int)out->link.method == method)
		return true;
	refuse_link(request, &err);
	return false;
}

/* --- GET -------------------------------------------------------------------------------------- */

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
	struct q_arena *arena = q_http_request_arena(request);
	struct target target;
	struct q_blob_info info;
	struct q_err err;

	if (!find_target(context, request, Q_BLOB_LINK_GET, &target))
		return;
	if (q_blob_store_stat(target.store, q_http_request_call(request), target.key, &info,
			      &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	if (q_http_respond_not_modified(request, q_arena_format(arena, "\"%s\"", info.etag)))
		return;
	add_headers(request, &target.link);
	send_range(request, target.store, target.key, &info,
		   target.link.content_type.length
			   ? q_arena_copy(arena, target.link.content_type).data
			   : "application/octet-stream");
}

/* --- PUT: a part of an upload, straight to the disk ------------------------------------------- */

/* One part in flight; freed when the body has ended or gone. */
struct put {
	struct q_http_body_sink body; /* first: the server's view */
	struct q_blob_writer *writer;
	struct q_sha256 *hash; /* of the bytes, where the link says what it must be; or NULL */
	struct q_str expected; /* hex; in the request's arena */
};

static void put_free(struct put *put)
{
	q_blob_writer_abort(put->writer);
	q_sha256_free(put->hash);
	q_mem_free(put);
}

/* A part that is there, and an upload that has ended, have used the link up. */
static void refuse_put(struct q_http_request *request, const struct q_err *err)
{
	if (err->code == Q_NOTFOUND || err->code == Q_CONFLICT)
		q_http_respond_refusal(request, 403, "link_invalid",
				       "the link has been used, or its upload has ended");
	else
		q_http_respond_error(request, err);
}

static enum q_code put_data(struct q_http_body_sink *sink, struct q_http_request *request,
			    struct q_bytes bytes, struct q_err *err)
{
	struct put *put = q_container_of(sink, struct put, body);

	if (put->hash)
		q_sha256_add(put->hash, bytes);
	return q_blob_writer_add(put->writer, q_http_request_call(request), bytes, err);
}

static enum q_code check_hash(const struct put *put, struct q_err *err)
{
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	if (!put->hash)
		return Q_OK;
	q_sha256_finish(put->hash, digest);
	q_sha256_to_hex(digest, hex);
	if (q_str_equal(q_str_from(hex), put->expected))
		return Q_OK;
	return q_fail_reason(
		err, Q_INVALID, "sha256_mismatch", "api.put",
		"the bytes do not have the sha256 that was announced: send them again");
}

static void put_end(struct q_http_body_sink *sink, struct q_http_request *request)
{
	struct put *put = q_container_of(sink, struct put, body);
	struct q_blob_info info;
	struct q_err err;
	enum q_code code = check_hash(put, &err);

	if (!code) {
		code = q_blob_writer_commit(put->writer, q_http_request_call(request), &info, &err);
		put->writer = NULL;
	}
	put_free(put);
	if (code) {
		refuse_put(request, &err);
		return;
	}
	q_http_add_header(request, "ETag",
			  q_arena_format(q_http_request_arena(request), "\"%s\"", info.etag));
	q_http_respond_empty(request, 200);
}

static void put_abort(struct q_http_body_sink *sink, struct q_http_request *request)
{
	(void)request;
	put_free(q_container_of(sink, struct put, body));
}

/* Is this what the link was signed for: a part, of this length and type? */
static bool is_as_signed(const struct q_http_request *request, const struct q_blob_link *link)
{
	return link->part_number > 0 &&
	       q_http_request_body_length(request) == link->content_length &&
	       q_str_equal(q_http_request_header(request, Q_STR("Content-Type")),
			   link->content_type);
}

static enum q_code put_new(struct q_http_request *request, const struct target *target,
			   struct put **out, struct q_err *err)
{
	const struct q_blob_link *link = &target->link;
	struct put *put = q_mem_new(sizeof *put);
	enum q_code code = Q_OK;

	if (!put)
		return q_fail(err, Q_NOMEM, "api.put", "%zu bytes", sizeof *put);
	put->body = (struct q_http_body_sink){put_data, put_end, put_abort};
	put->expected = link->sha256;
	if (link->sha256.length > 0) {
		put->hash = q_sha256_new();
		code = put->hash ? Q_OK : q_fail(err, Q_NOMEM, "api.put", "a hash");
	}
	if (!code)
		code = q_blob_parts_open(target->store, q_http_request_call(request), target->key,
					 link->upload_id, link->part_number, &put->writer, err);
	if (code)
		put_free(put);
	else
		*out = put;
	return code;
}

static void put_blob(struct q_http_request *request, void *context)
{
	struct target target;
	struct put *put = NULL;
	struct q_err err;

	if (!find_target(context, request, Q_BLOB_LINK_PUT, &target))
		return;
	if (!is_as_signed(request, &target.link)) {
		q_http_respond_refusal(request, 403, "link_invalid",
				       "the link is for another Content-Length or Content-Type");
		return;
	}
	if (put_new(request, &target, &put, &err))
		refuse_put(request, &err);
	else
		q_http_request_set_body_sink(request, &put->body);
}

const struct q_route q__blob_routes[] = {
	{"GET", "/blobs/{store}/{key...}", 0, 0, &q__signed, get_blob},
	{"PUT", "/blobs/{store}/{key...}", Q_ROUTE_STREAM, Q_DIRECT_UPLOAD_SINGLE_BYTES_MAX,
	 &q__signed, put_blob},
	{0},
};
