/* Direct uploads over real stores: whatever fails, and whoever completes them how often, one job
 * comes of one upload, and nothing is left of those that did not become one. */
#include "access/tenant.h"
#include "documents/items.h"
#include "documents/uploads/uploads_internal.h"
#include "support/blob_store_faulty.h"
#include "support/checks.h"
#include "support/product.h"
#include "support/record_store_faulty.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COMPLETERS = 8 };

static const struct q_call no_call = {0};

static struct q_bytes pdf_number(struct product *p, unsigned number)
{
	return q_str_bytes(q_arena_format(p->arena, "%%PDF-1.7\ndocument %u", number));
}

static struct q_direct_upload start(struct product *p, struct q_bytes content, struct q_str sha256)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("secret name.pdf")};
	struct q_direct_upload upload;
	struct q_err err;

	assert_int_equal(q_direct_upload_start(p->documents, &no_call, &who, &request,
					       content.length, sha256, p->arena, &upload, &err),
			 Q_OK);
	return upload;
}

/* As the server does with what comes by the link. */
static void send_part(struct product *p, const struct q_direct_upload_part *part,
		      struct q_bytes content)
{
	struct q_blob_store *store = p->options.documents;
	struct q_str path, query, key;
	struct q_blob_link link;
	struct q_err err;

	assert_true(q_str_cut(part->url, '?', &path, &query));
	key = q_str_slice(path, strlen("/blobs/documents/"), path.length);
	assert_int_equal(q_blob_store_check_link(store, key, query, p->arena, &link, &err), Q_OK);
	assert_int_equal(link.content_length, content.length);
	assert_int_equal(q_blob_parts_put(store, &no_call, key, link.upload_id, link.part_number,
					  content, NULL, &err),
			 Q_OK);
}

static struct q_direct_upload start_and_send(struct product *p, struct q_bytes content)
{
	struct q_direct_upload upload = start(p, content, (struct q_str){0});

	assert_int_equal(upload.part_count, 1);
	send_part(p, &upload.parts[0], content);
	return upload;
}

static enum q_code complete_at(struct q_documents *d, struct q_str file_id, bool is_again,
			       struct q_arena *arena, struct q_job *job, struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-a");
	bool is_duplicate;

	return q_direct_upload_complete(d, &no_call, &who, file_id, is_again, arena, job,
					&is_duplicate, err);
}

static enum q_code complete(struct product *p, struct q_str file_id, struct q_job *job,
			    struct q_err *err)
{
	return complete_at(p->documents, file_id, false, p->arena, job, err);
}

static enum q_code find(struct product *p, struct q_str file_id, struct q_direct_upload *out)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_err err;

	return q_direct_upload_find(p->documents, &no_call, &who, file_id, p->arena, out, &err);
}

static void assert_stored(struct product *p, const struct q_job *job, struct q_bytes content)
{
	struct q_bytes stored;
	struct q_err err;

	assert_int_equal(q_blob_store_read(p->options.documents, &no_call, job->source_key,
					   Q_BLOB_WHOLE, 1000, p->arena, &stored, &err),
			 Q_OK);
	assert_int_equal(stored.length, content.length);
	assert_memory_equal(stored.data, content.data, stored.length);
}

static void sweep_a_day_later(struct product *p)
{
	bool did_work;
	struct q_err err;

	product_advance(p, Q_DIRECT_UPLOAD_LIFE_MS + 1);
	assert_int_equal(q_sweeper_step(p->documents, &no_call, &did_work, &err), Q_OK);
}

static bool is_item(struct product *p, struct q_str file_id, struct q_item *item)
{
	struct q_err err;

	return q_record_store_get(p->options.records, &no_call, q__upload_key(p->arena, file_id),
				  p->arena, item, &err) == Q_OK;
}

/* --- What becomes of an upload ---------------------------------------------------------------- */

static void an_upload_becomes_a_job_and_tells_nothing_else_any_more(void **state)
{
	struct product *p = *state;
	struct q_bytes content = pdf_number(p, 1);
	struct q_direct_upload upload = start_and_send(p, content);
	struct q_item item;
	struct q_job job;
	struct q_err err;

	assert_int_equal(complete(p, upload.file_id, &job, &err), Q_OK);
	assert_true(q_str_equal(job.file_id, upload.file_id));
	assert_view_equal(job.file_name, "secret name.pdf");
	assert_stored(p, &job, content);
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
	assert_true(is_item(p, upload.file_id, &item));
	assert_null(q_item_find(&item, Q_STR("fileName")));
	assert_null(q_item_find(&item, Q_STR("sourceKey")));
	sweep_a_day_later(p);
	assert_false(is_item(p, upload.file_id, &item));
	assert_stored(p, &job, content);
}

static int64_t open_uploads_of(struct product *p)
{
	struct q_usage usage;
	struct q_err err;

	assert_int_equal(q_documents_find_usage(p->documents, &no_call, Q_STR("tenant-a"), p->arena,
						&usage, &err),
			 Q_OK);
	return usage.direct_uploads;
}

static enum q_code try_start(struct product *p, struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("one more.pdf")};
	struct q_direct_upload upload;

	return q_direct_upload_start(p->documents, &no_call, &who, &request, 1000,
				     (struct q_str){0}, p->arena, &upload, err);
}

static void a_tenant_has_no_more_uploads_open_than_it_may(void **state)
{
	struct product *p = *state;
	struct q_tenant tenant = {.id = Q_STR("tenant-a"), .quotas = {.concurrent_uploads = 2}};
	struct q_direct_upload first = start_and_send(p, pdf_number(p, 1));
	struct q_job job;
	struct q_err err;

	assert_int_equal(q_tenant_put(p->options.records, &no_call, &tenant, &err), Q_OK);
	assert_int_equal(try_start(p, &err), Q_OK);
	assert_int_equal(try_start(p, &err), Q_BUSY);
	assert_string_equal(err.reason, "too_many_uploads");
	assert_true(err.retry_after_ms > 0);
	assert_int_equal(complete(p, first.file_id, &job, &err), Q_OK);
	assert_int_equal(open_uploads_of(p), 1);
	assert_int_equal(try_start(p, &err), Q_OK);
	assert_int_equal(open_uploads_of(p), 2);
	sweep_a_day_later(p);
	assert_int_equal(open_uploads_of(p), 0);
}

static void an_upload_that_nobody_completes_vanishes_after_a_day(void **state)
{
	struct product *p = *state;
	struct q_bytes content = pdf_number(p, 1);
	struct q_direct_upload sent = start_and_send(p, content), view;
	struct q_direct_upload empty = start(p, content, (struct q_str){0});
	struct q_item item;
	struct q_job job;
	struct q_err err;

	product_advance(p, Q_DIRECT_UPLOAD_LIFE_MS - 1);
	assert_int_equal(find(p, sent.file_id, &view), Q_OK);
	assert_true(view.links_expire_at_ms <= view.expires_at_ms);
	product_advance(p, 1);
	assert_int_equal(find(p, sent.file_id, &view), Q_NOTFOUND);
	assert_int_equal(complete(p, sent.file_id, &job, &err), Q_NOTFOUND);
	sweep_a_day_later(p);
	assert_false(is_item(p, sent.file_id, &item));
	assert_false(is_item(p, empty.file_id, &item));
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
}

static void what_is_not_as_announced_ends_the_upload(void **state)
{
	static const char sha256[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	struct product *p = *state;
	struct q_bytes text = q_str_bytes(Q_STR("no document"));
	struct q_direct_upload upload = start_and_send(p, text), view;
	struct q_job job;
	struct q_err err;

	for (int again = 0; again < 2; again++) {
		assert_int_equal(complete(p, upload.file_id, &job, &err), Q_UNSUPPORTED);
		assert_string_equal(err.reason, "unsupported_type");
	}
	assert_int_equal(find(p, upload.file_id, &view), Q_OK);
	assert_int_equal(view.status, Q_DIRECT_UPLOAD_REFUSED);
	upload = start(p, pdf_number(p, 1), q_str_from(sha256));
	assert_true(q_str_find(upload.parts[0].url, q_str_from(sha256), &(size_t){0}));
	send_part(p, &upload.parts[0], pdf_number(p, 1));
	for (int again = 0; again < 2; again++) {
		assert_int_equal(complete(p, upload.file_id, &job, &err), Q_INVALID);
		assert_string_equal(err.reason, "sha256_mismatch");
	}
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
	assert_int_equal(product_count_jobs(p, "tenant-a"), 0);
}

static void an_object_that_stands_in_for_the_parts_is_measured(void **state)
{
	struct product *p = *state;
	struct q_direct_upload upload = start_and_send(p, pdf_number(p, 1));
	struct q_job facts = {.tenant_id = Q_STR("tenant-a"), .file_id = upload.file_id};
	struct q_str key = q__incoming_key(p->arena, facts.tenant_id, facts.file_id);
	struct q_item item;
	struct q_job job;
	struct q_err err;

	assert_true(is_item(p, upload.file_id, &item));
	assert_int_equal(q_blob_parts_abort(p->options.documents, &no_call, key,
					    q_item_string(&item, "blobUpload", (struct q_str){0}),
					    &err),
			 Q_OK);
	assert_int_equal(q_blob_store_put(p->options.documents, &no_call, key,
					  q_str_bytes(Q_STR("%PDF-1.7\nlonger than announced")),
					  NULL, &err),
			 Q_OK);
	assert_int_equal(complete(p, upload.file_id, &job, &err), Q_INVALID);
	assert_string_equal(err.reason, "size_mismatch");
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
}

/* --- Faults ----------------------------------------------------------------------------------- */

/* Completes with the stores as `options` has them, which fail; then with sound ones. */
static void assert_completes(struct product *p, const struct q_documents_options *options,
			     struct q_str file_id, struct q_bytes content)
{
	struct q_documents *d;
	struct q_job job;
	struct q_err err;

	assert_int_equal(q_documents_new(options, &d, &err), Q_OK);
	(void)!complete_at(d, file_id, true, p->arena, &job, &err);
	q_documents_free(d);
	assert_int_equal(complete(p, file_id, &job, &err), Q_OK);
	assert_true(q_str_equal(job.file_id, file_id));
	assert_stored(p, &job, content);
}

static void whatever_blob_call_fails_completing_again_makes_the_job(void **state)
{
	struct product *p = *state;
	struct q_documents_options options = p->options;
	size_t jobs = 0;

	for (unsigned n = 1; n < 40; n++) {
		struct blob_store_faults faults = {.code = Q_IO};
		struct q_bytes content = pdf_number(p, n);
		struct q_direct_upload upload = start_and_send(p, content);

		if (n % 2)
			faults.fail_call = n / 2 + 1;
		else
			faults.lose_call = n / 2;
		options.documents = blob_store_faulty_new(p->options.documents, &faults);
		assert_completes(p, &options, upload.file_id, content);
		q_blob_store_close(options.documents);
		assert_int_equal(product_count_jobs(p, "tenant-a"), ++jobs);
	}
	sweep_a_day_later(p);
	assert_int_equal(product_count_blobs(p, p->options.documents), jobs);
}

/* The object that the links lead to stands where no document does. */
static void a_document_deleted_before_its_upload_is_tidied_leaves_nothing(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_documents_options options = p->options;

	for (unsigned call = 1; call < 20; call++) {
		struct blob_store_faults faults = {.code = Q_IO, .fail_call = call};
		struct q_direct_upload upload = start_and_send(p, pdf_number(p, call));
		struct q_documents *d;
		struct q_job job;
		struct q_err err;

		options.documents = blob_store_faulty_new(p->options.documents, &faults);
		assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
		(void)!complete_at(d, upload.file_id, true, p->arena, &job, &err);
		q_documents_free(d);
		q_blob_store_close(options.documents);
		(void)!q_documents_delete_job(p->documents, &no_call, &who, upload.file_id,
					      p->arena, &err);
	}
	sweep_a_day_later(p);
	assert_int_equal(product_count_jobs(p, "tenant-a"), 0);
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
}

static void whatever_record_call_fails_completing_again_makes_the_job(void **state)
{
	struct product *p = *state;
	struct q_documents_options options = p->options;
	size_t jobs = 0;

	for (unsigned n = 1; n < 40; n++) {
		struct port_faults faults = {.code = Q_IO, .random = p->random};
		struct q_bytes content = pdf_number(p, n);
		struct q_direct_upload upload = start_and_send(p, content);

		if (n % 2)
			faults.fail_per_mille = 300;
		else
			faults.lose_per_mille = 300;
		options.records = record_store_faulty_new(p->options.records, &faults);
		assert_completes(p, &options, upload.file_id, content);
		q_record_store_close(options.records);
		assert_int_equal(product_count_jobs(p, "tenant-a"), ++jobs);
	}
	sweep_a_day_later(p);
	assert_int_equal(product_count_blobs(p, p->options.documents), jobs);
}

/* --- At once ---------------------------------------------------------------------------------- */

struct completer {
	struct product *product;
	struct q_str file_id;
	struct q_arena *arena;
	pthread_t thread;
};

static void *run_completer(void *context)
{
	struct completer *c = context;
	struct q_job job;
	struct q_err err;
	enum q_code code;

	do
		code = complete_at(c->product->documents, c->file_id, false, c->arena, &job, &err);
	while (code == Q_BUSY);
	q_assert(code == Q_OK && q_str_equal(job.file_id, c->file_id));
	return NULL;
}

static void many_that_complete_at_once_make_one_job(void **state)
{
	struct product *p = *state;
	struct q_bytes content = pdf_number(p, 1);
	struct q_direct_upload upload = start_and_send(p, content);
	struct completer completers[COMPLETERS];
	struct q_job job;
	struct q_err err;

	for (size_t i = 0; i < COMPLETERS; i++) {
		completers[i] = (struct completer){p, upload.file_id, q_arena_new(8 << 20), 0};
		q_assert(completers[i].arena);
		q_assert(!pthread_create(&completers[i].thread, NULL, run_completer,
					 &completers[i]));
	}
	for (size_t i = 0; i < COMPLETERS; i++) {
		pthread_join(completers[i].thread, NULL);
		q_arena_free(completers[i].arena);
	}
	assert_int_equal(product_count_jobs(p, "tenant-a"), 1);
	assert_int_equal(complete(p, upload.file_id, &job, &err), Q_OK);
	assert_stored(p, &job, content);
	sweep_a_day_later(p);
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_upload_becomes_a_job_and_tells_nothing_else_any_more),
		CASE(a_tenant_has_no_more_uploads_open_than_it_may),
		CASE(an_upload_that_nobody_completes_vanishes_after_a_day),
		CASE(what_is_not_as_announced_ends_the_upload),
		CASE(an_object_that_stands_in_for_the_parts_is_measured),
		CASE(whatever_blob_call_fails_completing_again_makes_the_job),
		CASE(a_document_deleted_before_its_upload_is_tidied_leaves_nothing),
		CASE(whatever_record_call_fails_completing_again_makes_the_job),
		CASE(many_that_complete_at_once_make_one_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
