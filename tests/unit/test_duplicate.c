/* The same bytes again: the job that the tenant has, once, and never another tenant's. */
#include "documents/jobs/job.h"
#include "documents/uploads/uploads_internal.h"
#include "support/checks.h"
#include "support/product.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { UPLOADERS = 8 };

static const struct q_call no_call = {0};
static const char pdf[] = "%PDF-1.7\nthe same bytes";

static struct q_str upload_from(struct q_documents *d, const char *tenant_id,
				struct q_upload_request request, struct q_arena *arena,
				bool *is_duplicate)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_bytes bytes = {(const unsigned char *)pdf, sizeof pdf - 1};
	struct q_upload *upload;
	struct q_job job;
	struct q_err err;

	q_assert(!q_upload_open(d, &no_call, &who, &request, &upload, &err));
	q_assert(!q_upload_add(upload, &no_call, bytes, &err));
	q_assert(!q_upload_finish(upload, &no_call, &who, &request, arena, &job, is_duplicate,
				  &err));
	return job.file_id;
}

static struct q_str upload(struct product *p, const char *tenant_id,
			   struct q_upload_request request, bool is_expected_duplicate)
{
	bool is_duplicate;
	struct q_str file_id =
		upload_from(p->documents, tenant_id, request, p->arena, &is_duplicate);

	assert_int_equal(is_duplicate, is_expected_duplicate);
	return file_id;
}

static void assert_same(struct q_str a, struct q_str b)
{
	assert_true(q_str_equal(a, b));
}

static void the_same_bytes_are_the_job_that_is_there(void **state)
{
	struct product *p = *state;
	struct q_upload_request other_name = {.file_name = Q_STR("other.pdf")};
	struct q_str first = upload(p, "tenant-a", (struct q_upload_request){0}, false);

	assert_same(upload(p, "tenant-a", other_name, true), first);
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
}

static void another_tenant_kind_or_location_has_a_job_of_its_own(void **state)
{
	struct product *p = *state;
	struct q_upload_request contract = {.kind = Q_STR("contract")};
	struct q_upload_request located = {.location_id = Q_STR("tenant-a")};

	upload(p, "tenant-a", (struct q_upload_request){0}, false);
	upload(p, "tenant-b", (struct q_upload_request){0}, false);
	upload(p, "tenant-a", contract, false);
	upload(p, "tenant-a", located, false);
	upload(p, "tenant-a", contract, true);
	assert_int_equal(product_count_blobs(p, p->options.documents), 4);
}

static void again_makes_a_job_and_it_is_found_from_then_on(void **state)
{
	struct product *p = *state;
	struct q_upload_request again = {.is_again = true};
	struct q_str first = upload(p, "tenant-a", (struct q_upload_request){0}, false);
	struct q_str second = upload(p, "tenant-a", again, false);

	assert_false(q_str_equal(first, second));
	assert_same(upload(p, "tenant-a", (struct q_upload_request){0}, true), second);
}

static void a_job_that_failed_is_no_reason_not_to_try_again(void **state)
{
	struct product *p = *state;
	struct q_err cause = {.code = Q_CORRUPT, .reason = "malformed_pdf"}, err;
	struct q_str first = upload(p, "tenant-a", (struct q_upload_request){0}, false), second;
	struct q__job job;

	assert_int_equal(q__job_read(p->documents, &no_call, first, p->arena, &job, &err), Q_OK);
	assert_int_equal(q__job_fail(p->documents, &no_call, &job, &cause, p->arena, &err), Q_OK);
	second = upload(p, "tenant-a", (struct q_upload_request){0}, false);
	assert_false(q_str_equal(first, second));
	assert_same(upload(p, "tenant-a", (struct q_upload_request){0}, true), second);
}

static void a_mark_is_removed_for_its_own_job_alone(void **state)
{
	struct product *p = *state;
	struct q_str first = upload(p, "tenant-a", (struct q_upload_request){0}, false);
	struct q_str second =
		upload(p, "tenant-a", (struct q_upload_request){.is_again = true}, false);
	struct q_job job = product_job(p, first);
	struct q_err err;

	assert_int_equal(q__digest_remove(p->documents, &no_call, &job, p->arena, &err), Q_OK);
	assert_same(upload(p, "tenant-a", (struct q_upload_request){0}, true), second);
	job = product_job(p, second);
	assert_int_equal(q__digest_remove(p->documents, &no_call, &job, p->arena, &err), Q_OK);
	upload(p, "tenant-a", (struct q_upload_request){0}, false);
}

/* --- At once -----------------------------------------------------------------------------------
 */

struct uploader {
	struct q_documents *documents;
	struct q_arena *arena;
	pthread_t thread;
	struct q_str file_id;
	bool is_duplicate;
};

static void *run_uploader(void *context)
{
	struct uploader *u = context;

	u->file_id = upload_from(u->documents, "tenant-a", (struct q_upload_request){0}, u->arena,
				 &u->is_duplicate);
	return NULL;
}

static void equal_uploads_at_once_make_one_job(void **state)
{
	struct product *p = *state;
	struct uploader uploaders[UPLOADERS];
	size_t made = 0;

	for (size_t i = 0; i < UPLOADERS; i++) {
		uploaders[i] =
			(struct uploader){.documents = p->documents, .arena = q_arena_new(1 << 20)};
		q_assert(uploaders[i].arena);
		q_assert(!pthread_create(&uploaders[i].thread, NULL, run_uploader, &uploaders[i]));
	}
	for (size_t i = 0; i < UPLOADERS; i++) {
		pthread_join(uploaders[i].thread, NULL);
		made += !uploaders[i].is_duplicate;
		assert_same(uploaders[i].file_id, uploaders[0].file_id);
	}
	assert_int_equal(made, 1);
	assert_int_equal(product_count_blobs(p, p->options.documents), 1);
	for (size_t i = 0; i < UPLOADERS; i++)
		q_arena_free(uploaders[i].arena);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(the_same_bytes_are_the_job_that_is_there),
		CASE(another_tenant_kind_or_location_has_a_job_of_its_own),
		CASE(again_makes_a_job_and_it_is_found_from_then_on),
		CASE(a_job_that_failed_is_no_reason_not_to_try_again),
		CASE(a_mark_is_removed_for_its_own_job_alone),
		CASE(equal_uploads_at_once_make_one_job),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
