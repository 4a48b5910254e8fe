/* Uploads over real stores: names, limits, what is refused, and what is left behind by what did
 * not happen. */
#include "access/tenant.h"
#include "base/mem.h"
#include "documents/documents_internal.h"
#include "support/blob_store_faulty.h"
#include "support/checks.h"
#include "support/product.h"
#include "support/record_store_faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct q_call no_call = {0};
static const char pdf[] = "%PDF-1.7\nsome bytes";

static struct q_bytes bytes_of(const void *data, size_t length)
{
	return (struct q_bytes){data, length};
}

static enum q_code upload_as(struct product *p, const struct q_identity *who,
			     struct q_upload_request request, struct q_job *job, struct q_err *err)
{
	request.is_again = true;
	return product_upload_bytes(p->documents, who, &request, bytes_of(pdf, sizeof pdf - 1),
				    p->arena, job, err);
}

static void assert_nothing_stored(struct product *p)
{
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
	assert_int_equal(product_count_jobs(p, "tenant-a"), 0);
	assert_int_equal(product_count_jobs(p, "tenant-b"), 0);
}

static void an_upload_is_its_bytes_and_its_job(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_bytes stored;
	struct q_job job;
	struct q_err err;

	assert_int_equal(upload_as(p, &who,
				   (struct q_upload_request){.file_name = Q_STR("a.pdf"),
							     .kind = Q_STR("contract")},
				   &job, &err),
			 Q_OK);
	job = product_job(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_PENDING);
	assert_view_equal(job.kind, "contract");
	assert_int_equal(job.size_bytes, sizeof pdf - 1);
	assert_view_equal(job.sha256,
			  "e4325390f818ad617e7319a89f308215ebd981e78ce8b3899f639a0ca9e9d57a");
	assert_int_equal(q_blob_store_read(p->options.documents, &no_call, job.source_key,
					   Q_BLOB_WHOLE, 1000, p->arena, &stored, &err),
			 Q_OK);
	assert_int_equal(stored.length, sizeof pdf - 1);
	assert_memory_equal(stored.data, pdf, stored.length);
}

struct name_case {
	struct q_str given, shown, in_key;
};

static void a_name_may_hold_anything_and_harms_nothing(void **state)
{
	static const struct name_case cases[] = {
		{Q_STR_INIT("report.pdf"), Q_STR_INIT("report.pdf"), Q_STR_INIT("report.pdf")},
		{Q_STR_INIT("../../etc/passwd"), Q_STR_INIT("../../etc/passwd"),
		 Q_STR_INIT("passwd")},
		{Q_STR_INIT("C:\\temp\\a.pdf"), Q_STR_INIT("C:\\temp\\a.pdf"), Q_STR_INIT("a.pdf")},
		{Q_STR_INIT("a/.."), Q_STR_INIT("a/.."), Q_STR_INIT("document.pdf")},
		{Q_STR_INIT("..."), Q_STR_INIT("..."), Q_STR_INIT("document.pdf")},
		{Q_STR_INIT(".hidden.pdf"), Q_STR_INIT(".hidden.pdf"), Q_STR_INIT("hidden.pdf")},
		{Q_STR_INIT("a\0b.pdf"), Q_STR_INIT("a\0b.pdf"), Q_STR_INIT("ab.pdf")},
		{Q_STR_INIT("a\r\nb\".pdf"), Q_STR_INIT("a\r\nb\".pdf"), Q_STR_INIT("ab\".pdf")},
		{Q_STR_INIT(""), Q_STR_INIT("document.pdf"), Q_STR_INIT("document.pdf")},
		{Q_STR_INIT("\xff.pdf"), Q_STR_INIT("\xef\xbf\xbd.pdf"),
		 Q_STR_INIT("\xef\xbf\xbd.pdf")},
		{Q_STR_INIT("results.json"), Q_STR_INIT("results.json"),
		 Q_STR_INIT("results.json")},
	};
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_upload_request request = {.file_name = cases[i].given};
		struct q_job job;
		struct q_err err = {0};

		if (upload_as(p, &who, request, &job, &err))
			fail_msg("name %zu: %s", i, err.message);
		job = product_job(p, job.file_id);
		if (!q_str_equal(job.file_name, cases[i].shown))
			fail_msg("name %zu is shown as %.*s", i, Q_STR_ARG(job.file_name));
		if (!q_str_ends_with(job.source_key,
				     q_arena_format(p->arena, "/%.*s", Q_STR_ARG(cases[i].in_key))))
			fail_msg("name %zu is stored as %.*s", i, Q_STR_ARG(job.source_key));
	}
}

static void a_long_name_is_cut_and_keeps_its_end_in_the_key(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	static char name[10240];
	struct q_job job;
	struct q_err err;

	for (size_t i = 0; i + 1 < sizeof name; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	assert_int_equal(upload_as(p, &who,
				   (struct q_upload_request){.file_name = {name, sizeof name}},
				   &job, &err),
			 Q_OK);
	assert_int_equal(job.file_name.length, Q_DOCUMENTS_NAME_MAX);
	memcpy(name + 1000, ".pdf", 4);
	assert_int_equal(upload_as(p, &who, (struct q_upload_request){.file_name = {name, 1004}},
				   &job, &err),
			 Q_OK);
	assert_true(q_str_ends_with(job.source_key, Q_STR("\xc3\xa9.pdf")));
	assert_int_equal(job.source_key.length, strlen("tenant-a/") + 36 + 1 + 254);
}

static void a_signature_is_found_across_pieces_of_any_size(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf")};
	static const size_t places[] = {0, 1, 500, 1019};
	static const size_t pieces[] = {1, 2, 3, 1000, 4096};
	unsigned char document[2000];

	for (size_t i = 0; i < Q_COUNT_OF(places) * Q_COUNT_OF(pieces); i++) {
		size_t piece = pieces[i / Q_COUNT_OF(places)];
		struct q_upload *upload;
		struct q_job job;
		struct q_err err;

		memset(document, 'x', sizeof document);
		memcpy(document + places[i % Q_COUNT_OF(places)], "%PDF-", 5);
		assert_int_equal(
			q_upload_open(p->documents, &no_call, &who, &request, &upload, &err), Q_OK);
		for (size_t at = 0; at < sizeof document; at += piece) {
			size_t left = sizeof document - at;

			assert_int_equal(
				q_upload_add(upload, &no_call,
					     bytes_of(document + at, left < piece ? left : piece),
					     &err),
				Q_OK);
		}
		assert_int_equal(q_upload_finish(upload, &no_call, &who, &request, p->arena, &job,
						 NULL, &err),
				 Q_OK);
		assert_int_equal(job.size_bytes, sizeof document);
	}
}

/* Adds the document whole; the code of what refuses it, with its reason in *reason. */
static enum q_code refused(struct product *p, struct q_bytes bytes, const char **reason)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf")};
	struct q_job job;
	struct q_err err = {0};
	enum q_code code =
		product_upload_bytes(p->documents, &who, &request, bytes, p->arena, &job, &err);

	*reason = err.reason ? err.reason : "";
	return code;
}

static void what_is_no_pdf_is_refused_and_leaves_nothing(void **state)
{
	struct product *p = *state;
	static unsigned char large[PRODUCT_FILE_BYTES_MAX + 1];
	const char *reason;

	assert_int_equal(refused(p, bytes_of("", 0), &reason), Q_INVALID);
	assert_string_equal(reason, "empty_file");
	assert_int_equal(refused(p, bytes_of("%PDF", 4), &reason), Q_UNSUPPORTED);
	assert_string_equal(reason, "unsupported_type");
	memset(large, 'x', sizeof large);
	memcpy(large + 1020, "%PDF-", 5); /* a byte too late */
	assert_int_equal(refused(p, bytes_of(large, 2000), &reason), Q_UNSUPPORTED);
	assert_string_equal(reason, "unsupported_type");
	memcpy(large, "%PDF-", 5);
	assert_int_equal(refused(p, bytes_of(large, sizeof large), &reason), Q_TOOBIG);
	assert_string_equal(reason, "file_too_large");
	assert_nothing_stored(p);
	assert_int_equal(refused(p, bytes_of(large, sizeof large - 1), &reason), Q_OK);
}

static void an_upload_that_is_aborted_leaves_nothing(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf")};
	struct q_upload *upload;
	struct q_err err;

	assert_int_equal(q_upload_open(p->documents, &no_call, &who, &request, &upload, &err),
			 Q_OK);
	assert_int_equal(q_upload_add(upload, &no_call, bytes_of(pdf, sizeof pdf - 1), &err), Q_OK);
	q_upload_abort(upload);
	q_upload_abort(NULL);
	assert_nothing_stored(p);
}

static void who_may_not_write_for_a_tenant_is_refused(void **state)
{
	struct product *p = *state;
	struct q_identity auditor = product_admin_of("tenant-a"), admin = auditor;
	struct q_upload_request own = {.file_name = Q_STR("a.pdf")}, other = own, strange = own;
	struct q_identity internal = product_internal_admin();
	struct q_job job;
	struct q_err err;

	auditor.roles = Q_ROLE_AUDITOR;
	other.tenant_id = Q_STR("tenant-b");
	strange.tenant_id = Q_STR("tenant/b");
	assert_int_equal(upload_as(p, &auditor, own, &job, &err), Q_DENIED);
	assert_int_equal(upload_as(p, &admin, other, &job, &err), Q_DENIED);
	assert_string_equal(err.reason, "wrong_tenant");
	assert_int_equal(upload_as(p, &internal, strange, &job, &err), Q_INVALID);
	assert_string_equal(err.reason, "bad_tenant");
	other.kind = Q_STR("poem");
	assert_int_equal(upload_as(p, &internal, other, &job, &err), Q_INVALID);
	assert_string_equal(err.reason, "bad_kind");
	other.kind = (struct q_str){0};
	other.location_id = Q_STR("gym-9");
	assert_int_equal(upload_as(p, &internal, other, &job, &err), Q_DENIED);
	assert_string_equal(err.reason, "bad_location");
	assert_nothing_stored(p);
	other.location_id = Q_STR("tenant-b"); /* without a record: the tenant itself */
	assert_int_equal(upload_as(p, &internal, other, &job, &err), Q_OK);
	assert_view_equal(job.tenant_id, "tenant-b");
}

/* A form may name the tenant after the file. */
static enum q_code upload_named_late(struct product *p, struct q_documents *d,
				     const struct q_identity *who, const char *tenant_id,
				     struct q_job *job, struct q_err *err)
{
	struct q_upload_request early = {.file_name = Q_STR("a.pdf"), .is_again = true},
				late = early;
	struct q_upload *upload;
	enum q_code code = q_upload_open(d, &no_call, who, &early, &upload, err);

	if (code)
		return code;
	late.tenant_id = q_str_from(tenant_id);
	code = q_upload_add(upload, &no_call, bytes_of(pdf, sizeof pdf - 1), err);
	if (code) {
		q_upload_abort(upload);
		return code;
	}
	return q_upload_finish(upload, &no_call, who, &late, p->arena, job, NULL, err);
}

static void a_tenant_named_after_the_file_gets_it_alone(void **state)
{
	struct product *p = *state;
	struct q_identity internal = product_internal_admin(), admin = product_admin_of("tenant-a");
	struct q_job job;
	struct q_err err;

	assert_int_equal(upload_named_late(p, p->documents, &admin, "tenant-b", &job, &err),
			 Q_DENIED);
	assert_nothing_stored(p);
	assert_int_equal(upload_named_late(p, p->documents, &internal, "tenant-b", &job, &err),
			 Q_OK);
	assert_true(q_str_starts_with(job.source_key, Q_STR("tenant-b/")));
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
	assert_int_equal(product_count_jobs(p, "tenant-b"), 1);
}

/* Whatever call of a store fails: either there is a job and its blob, or no job; and no blob is
 * left behind but one that a lost answer hides. */
static void a_store_that_fails_leaves_whole_jobs_or_none(void **state)
{
	struct product *p = *state;
	struct q_identity internal = product_internal_admin();
	struct q_documents_options options = p->options;
	struct q_documents *d;
	struct q_err err;
	bool fired = true;

	for (uint64_t call = 1; fired; call++) {
		struct blob_store_faults faults = {.code = Q_NOSPACE, .fail_call = call};
		size_t jobs = product_count_jobs(p, "tenant-b"),
		       blobs = product_count_blobs(p, p->options.documents);
		struct q_blob_store *faulty = blob_store_faulty_new(p->options.documents, &faults);
		struct q_job job;
		enum q_code code;

		options.documents = faulty;
		assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
		code = upload_named_late(p, d, &internal, "tenant-b", &job, &err);
		fired = blob_store_faulty_calls(faulty) >= call;
		assert_int_equal(product_count_jobs(p, "tenant-b"), jobs + (code == Q_OK));
		if (code != Q_OK)
			assert_int_equal(product_count_blobs(p, p->options.documents), blobs);
		q_documents_free(d);
		q_blob_store_close(faulty);
	}
}

static void a_job_that_cannot_be_written_takes_its_blob_along(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf"), .is_again = true};
	struct q_documents_options options = p->options;
	struct port_faults faults = {.code = Q_BUSY, .random = p->random, .fail_per_mille = 1000};
	struct q_documents *d;
	struct q_job job;
	struct q_err err;

	options.records = record_store_faulty_new(p->options.records, &faults);
	assert_non_null(options.records);
	assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
	assert_int_equal(product_upload_bytes(d, &who, &request, bytes_of(pdf, sizeof pdf - 1),
					      p->arena, &job, &err),
			 Q_BUSY);
	assert_nothing_stored(p);
	q_documents_free(d);
	q_record_store_close(options.records);
}

/* One of the calls is the one that writes: its answer is lost. */
static void a_job_of_which_nobody_knows_that_it_is_written_keeps_its_blob(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("a.pdf"), .is_again = true};

	for (uint64_t call = 1; product_count_jobs(p, "tenant-a") == 0; call++) {
		const struct port_faults faults = {.lose_call = call};
		struct q_documents_options options = p->options;
		struct q_documents *d;
		struct q_job job;
		struct q_err err;
		enum q_code code;

		options.records = record_store_faulty_new(p->options.records, &faults);
		assert_non_null(options.records);
		assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
		code = product_upload_bytes(d, &who, &request, bytes_of(pdf, sizeof pdf - 1),
					    p->arena, &job, &err);
		if (product_count_jobs(p, "tenant-a") == 0)
			assert_nothing_stored(p);
		else
			assert_int_equal(code, Q_TIMEOUT);
		q_documents_free(d);
		q_record_store_close(options.records);
	}
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
	assert_int_equal(product_count_jobs(p, "tenant-a"), 1);
}

static enum q_code upload_one(void *context)
{
	struct product *p = context;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {
		.file_name = Q_STR("a.pdf"), .location_id = Q_STR("tenant-a"), .is_again = true};
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_job job;
	struct q_err err;
	enum q_code code;

	if (!arena)
		return Q_NOMEM;
	code = product_upload_bytes(p->documents, &who, &request, bytes_of(pdf, sizeof pdf - 1),
				    arena, &job, &err);
	q_arena_free(arena);
	return code;
}

/* The doorbell after the job may be lost to a full heap: then the upload is there all the same. */
static void a_full_heap_leaves_a_whole_job_or_nothing(void **state)
{
	struct product *p = *state;
	bool has_fired = true;

	assert_int_equal(upload_one(p), Q_OK); /* what is made once */
	for (int64_t n = 0; has_fired; n++) {
		size_t jobs = product_count_jobs(p, "tenant-a");
		enum q_code code;

		q_mem_fail_after(n);
		code = upload_one(p);
		has_fired = q_mem_failure_fired();
		q_mem_fail_after(-1);
		assert_true(code == Q_OK || code == Q_NOMEM);
		assert_int_equal(product_count_jobs(p, "tenant-a"), jobs + (code == Q_OK));
		assert_int_equal(product_count_blobs(p, p->options.documents),
				 product_count_jobs(p, "tenant-a"));
	}
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_upload_is_its_bytes_and_its_job),
		CASE(a_name_may_hold_anything_and_harms_nothing),
		CASE(a_long_name_is_cut_and_keeps_its_end_in_the_key),
		CASE(a_signature_is_found_across_pieces_of_any_size),
		CASE(what_is_no_pdf_is_refused_and_leaves_nothing),
		CASE(an_upload_that_is_aborted_leaves_nothing),
		CASE(who_may_not_write_for_a_tenant_is_refused),
		CASE(a_tenant_named_after_the_file_gets_it_alone),
		CASE(a_store_that_fails_leaves_whole_jobs_or_none),
		CASE(a_job_of_which_nobody_knows_that_it_is_written_keeps_its_blob),
		CASE(a_job_that_cannot_be_written_takes_its_blob_along),
		CASE(a_full_heap_leaves_a_whole_job_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
