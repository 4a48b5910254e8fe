#include "support/blob_store_faulty.h"

#include "base/mem.h"

#include <stdatomic.h>

struct faulty_store {
	struct q_blob_store base;
	struct q_blob_store_ops ops; /* name and capabilities of the inner store */
	struct q_blob_store *inner;
	struct blob_store_faults faults;
	atomic_ullong calls;
};

struct faulty_writer {
	struct q_blob_writer base;
	struct q_blob_writer *inner; /* NULL once it has been committed */
};

struct faulty_reader {
	struct q_blob_reader base;
	struct q_blob_reader *inner;
};

/* What becomes of one call. */
enum fate { GOES_WELL, FAILS, IS_LOST };

static struct faulty_store *faulty_of(struct q_blob_store *store)
{
	return q_container_of(store, struct faulty_store, base);
}

static bool happens(struct faulty_store *store, unsigned per_mille)
{
	return per_mille > 0 && q_random_source_below(store->faults.random, 1000) < per_mille;
}

static enum fate next_fate(struct faulty_store *store)
{
	uint64_t call;

	if (store->faults.meanwhile)
		store->faults.meanwhile(store->faults.context);
	call = atomic_fetch_add(&store->calls, 1) + 1;
	if (call == store->faults.fail_call || happens(store, store->faults.fail_per_mille))
		return FAILS;
	if (call == store->faults.lose_call || happens(store, store->faults.lose_per_mille))
		return IS_LOST;
	return GOES_WELL;
}

static enum q_code fail(const struct faulty_store *store, struct q_err *err)
{
	enum q_code code = store->faults.code ? store->faults.code : Q_IO;

	return q_fail(err, code, "blob_store_faulty", "a fault of the test");
}

/* The answer after the work: what the inner store said, unless that is lost. */
static enum q_code answer(enum fate fate, enum q_code code, struct q_err *err)
{
	if (code == Q_OK && fate == IS_LOST)
		return q_fail(err, Q_IO, "blob_store_faulty", "the answer was lost");
	return code;
}

/* ---- writers */

static struct faulty_writer *faulty_writer_of(struct q_blob_writer *writer)
{
	return q_container_of(writer, struct faulty_writer, base);
}

/* A writer around the inner one, which it takes. */
static enum q_code wrap_writer(struct q_blob_store *base, struct q_blob_writer *inner,
			       struct q_blob_writer **out, struct q_err *err)
{
	struct faulty_writer *writer = q_mem_new(sizeof *writer);

	if (!writer) {
		q_blob_writer_abort(inner);
		return q_fail(err, Q_NOMEM, "blob_store_faulty", "a writer");
	}
	*writer = (struct faulty_writer){{base}, inner};
	*out = &writer->base;
	return Q_OK;
}

static enum q_code faulty_writer_open(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_blob_writer **out,
				      struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);
	struct q_blob_writer *inner;
	enum q_code code;

	if (next_fate(store) != GOES_WELL) /* an open that is lost has nothing to show either */
		return fail(store, err);
	code = q_blob_writer_open(store->inner, call, key, &inner, err);
	return code ? code : wrap_writer(base, inner, out, err);
}

static enum q_code faulty_parts_open(struct q_blob_store *base, const struct q_call *call,
				     struct q_str key, struct q_str upload_id, unsigned number,
				     struct q_blob_writer **out, struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);
	struct q_blob_writer *inner;
	enum q_code code;

	if (next_fate(store) != GOES_WELL)
		return fail(store, err);
	code = q_blob_parts_open(store->inner, call, key, upload_id, number, &inner, err);
	return code ? code : wrap_writer(base, inner, out, err);
}

static enum q_code faulty_writer_add(struct q_blob_writer *writer, const struct q_call *call,
				     struct q_bytes bytes, struct q_err *err)
{
	struct faulty_store *store = faulty_of(writer->store);
	enum fate fate = next_fate(store);

	if (fate == FAILS)
		return fail(store, err);
	return answer(fate, q_blob_writer_add(faulty_writer_of(writer)->inner, call, bytes, err),
		      err);
}

static void faulty_writer_abort(struct q_blob_writer *base)
{
	struct faulty_writer *writer = faulty_writer_of(base);

	q_blob_writer_abort(writer->inner);
	q_mem_free(writer);
}

static enum q_code faulty_writer_commit(struct q_blob_writer *base, const struct q_call *call,
					struct q_blob_info *info, struct q_err *err)
{
	struct faulty_writer *writer = faulty_writer_of(base);
	struct faulty_store *store = faulty_of(base->store);
	enum fate fate = next_fate(store);
	enum q_code code;

	if (fate == FAILS) {
		code = fail(store, err);
	} else {
		code = answer(fate, q_blob_writer_commit(writer->inner, call, info, err), err);
		writer->inner = NULL;
	}
	faulty_writer_abort(base);
	return code;
}

/* ---- readers */

static struct faulty_reader *faulty_reader_of(struct q_blob_reader *reader)
{
	return q_container_of(reader, struct faulty_reader, base);
}

static enum q_code faulty_reader_open(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_blob_range range,
				      struct q_blob_reader **out, struct q_blob_info *info,
				      struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);
	struct faulty_reader *reader;
	enum q_code code;

	if (next_fate(store) != GOES_WELL)
		return fail(store, err);
	reader = q_mem_new(sizeof *reader);
	if (!reader)
		return q_fail(err, Q_NOMEM, "blob_store_faulty", "a reader");
	reader->base.store = base;
	code = q_blob_reader_open(store->inner, call, key, range, &reader->inner, info, err);
	if (code)
		q_mem_free(reader);
	else
		*out = &reader->base;
	return code;
}

static enum q_code faulty_reader_read(struct q_blob_reader *reader, const struct q_call *call,
				      void *out, size_t capacity, size_t *got, struct q_err *err)
{
	struct faulty_store *store = faulty_of(reader->store);
	enum fate fate = next_fate(store);

	if (fate == FAILS)
		return fail(store, err);
	return answer(
		fate,
		q_blob_reader_read(faulty_reader_of(reader)->inner, call, out, capacity, got, err),
		err);
}

static void faulty_reader_close(struct q_blob_reader *base)
{
	struct faulty_reader *reader = faulty_reader_of(base);

	q_blob_reader_close(reader->inner);
	q_mem_free(reader);
}

/* ---- operations of one call */

/* Runs CALL of the inner store under the fate of this call. One that is repeated has been answered
 * before, which its caller did not hear. */
#define PASS_ON(BASE, CALL)                                                                        \
	struct faulty_store *store = faulty_of(BASE);                                              \
	enum fate fate = next_fate(store);                                                         \
                                                                                                   \
	if (fate == FAILS)                                                                         \
		return fail(store, err);                                                           \
	if (happens(store, store->faults.repeat_per_mille))                                        \
		(void)!(CALL);                                                                     \
	return answer(fate, CALL, err)

static enum q_code faulty_stat(struct q_blob_store *base, const struct q_call *call,
			       struct q_str key, struct q_blob_info *out, struct q_err *err)
{
	PASS_ON(base, q_blob_store_stat(store->inner, call, key, out, err));
}

static enum q_code faulty_copy_if_match(struct q_blob_store *base, const struct q_call *call,
					struct q_str from, struct q_str etag, struct q_str to,
					struct q_blob_info *out, struct q_err *err)
{
	PASS_ON(base, q_blob_store_copy_if_match(store->inner, call, from, etag, to, out, err));
}

static enum q_code faulty_remove(struct q_blob_store *base, const struct q_call *call,
				 struct q_str key, struct q_err *err)
{
	PASS_ON(base, q_blob_store_remove(store->inner, call, key, err));
}

static enum q_code faulty_list(struct q_blob_store *base, const struct q_call *call,
			       struct q_str prefix, struct q_str after, size_t limit,
			       struct q_arena *arena, struct q_blob_page *out, struct q_err *err)
{
	PASS_ON(base, q_blob_store_list(store->inner, call, prefix, after, limit, arena, out, err));
}

static enum q_code faulty_parts_start(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_arena *arena,
				      struct q_str *upload_id, struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);
	enum fate fate = next_fate(store);

	if (fate == FAILS)
		return fail(store, err);
	return answer(fate, q_blob_parts_start(store->inner, call, key, arena, upload_id, err),
		      err);
}

static enum q_code faulty_parts_put(struct q_blob_store *base, const struct q_call *call,
				    struct q_str key, struct q_str upload_id, unsigned number,
				    struct q_bytes body, struct q_blob_part *out, struct q_err *err)
{
	PASS_ON(base, q_blob_parts_put(store->inner, call, key, upload_id, number, body, out, err));
}

static enum q_code faulty_parts_list(struct q_blob_store *base, const struct q_call *call,
				     struct q_str key, struct q_str upload_id,
				     struct q_arena *arena, struct q_blob_parts *out,
				     struct q_err *err)
{
	PASS_ON(base, q_blob_parts_list(store->inner, call, key, upload_id, arena, out, err));
}

static enum q_code faulty_parts_complete(struct q_blob_store *base, const struct q_call *call,
					 struct q_str key, struct q_str upload_id,
					 const struct q_blob_part *parts, size_t count,
					 struct q_blob_info *out, struct q_err *err)
{
	PASS_ON(base,
		q_blob_parts_complete(store->inner, call, key, upload_id, parts, count, out, err));
}

static enum q_code faulty_parts_abort(struct q_blob_store *base, const struct q_call *call,
				      struct q_str key, struct q_str upload_id, struct q_err *err)
{
	PASS_ON(base, q_blob_parts_abort(store->inner, call, key, upload_id, err));
}

static enum q_code faulty_presign(struct q_blob_store *base, const struct q_call *call,
				  struct q_str key, const struct q_blob_link *link,
				  struct q_arena *arena, struct q_str *url, struct q_err *err)
{
	return q_blob_store_presign(faulty_of(base)->inner, call, key, link, arena, url, err);
}

static enum q_code faulty_check_link(struct q_blob_store *base, struct q_str key,
				     struct q_str query, struct q_arena *arena,
				     struct q_blob_link *out, struct q_err *err)
{
	return q_blob_store_check_link(faulty_of(base)->inner, key, query, arena, out, err);
}

static void faulty_close(struct q_blob_store *base)
{
	q_mem_free(faulty_of(base));
}

/* Without open_file: the front spools through readers, so that reads can fail there too. */
static const struct q_blob_store_ops faulty_ops = {
	.writer_open = faulty_writer_open,
	.writer_add = faulty_writer_add,
	.writer_commit = faulty_writer_commit,
	.writer_abort = faulty_writer_abort,
	.reader_open = faulty_reader_open,
	.reader_read = faulty_reader_read,
	.reader_close = faulty_reader_close,
	.stat = faulty_stat,
	.copy_if_match = faulty_copy_if_match,
	.remove = faulty_remove,
	.list = faulty_list,
	.parts_start = faulty_parts_start,
	.parts_put = faulty_parts_put,
	.parts_list = faulty_parts_list,
	.parts_complete = faulty_parts_complete,
	.parts_abort = faulty_parts_abort,
	.parts_open = faulty_parts_open,
	.presign = faulty_presign,
	.check_link = faulty_check_link,
	.close = faulty_close,
};

struct q_blob_store *blob_store_faulty_new(struct q_blob_store *inner,
					   const struct blob_store_faults *faults)
{
	struct faulty_store *store = q_mem_new(sizeof *store);

	if (!store)
		return NULL;
	store->ops = faulty_ops;
	store->ops.name = inner->ops->name;
	store->ops.capabilities = inner->ops->capabilities;
	store->base.ops = &store->ops;
	store->inner = inner;
	blob_store_faulty_set(&store->base, faults);
	return &store->base;
}

void blob_store_faulty_set(struct q_blob_store *base, const struct blob_store_faults *faults)
{
	struct faulty_store *store = faulty_of(base);

	q_assert(faults->random || (faults->fail_per_mille == 0 && faults->lose_per_mille == 0 &&
				    faults->repeat_per_mille == 0));
	store->faults = *faults;
	atomic_store(&store->calls, 0);
}

uint64_t blob_store_faulty_calls(const struct q_blob_store *base)
{
	const struct faulty_store *store =
		(const struct faulty_store *)((const char *)base -
					      offsetof(struct faulty_store, base));

	return atomic_load(&store->calls);
}
