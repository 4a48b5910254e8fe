#include "sim_observer_internal.h"

#include "base/json.h"
#include "support/http_fetch_scripted.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

static void check_manifest(struct sim_observer *o, const struct sim_job *job)
{
	static const struct q_json_limits limits = {64 << 20, 16, true};
	struct q_str text = product_manifest(o->product, q_str_from(job->id));
	const struct q_json *manifest, *chunks;
	struct q_json_walk walk;
	int64_t successes = -1, failures = -1, run = 0, number = 0;
	struct q_err err;

	if (q_json_parse(o->product->arena, q_str_bytes(text), &limits, &manifest, &err))
		sim_observer_fail(o, "%s: the manifest is JSON", job->id);
	q_json_int64(q_json_member(manifest, Q_STR("successCount")), &successes);
	q_json_int64(q_json_member(manifest, Q_STR("failedCount")), &failures);
	q_json_int64(q_json_member(manifest, Q_STR("run")), &run);
	chunks = q_json_member(manifest, Q_STR("chunks"));
	if (run != job->run || successes != job->processed || failures != job->failed ||
	    (int64_t)q_json_count(chunks) != job->total)
		sim_observer_fail(o, "%s: the manifest counts as the job does", job->id);
	for (walk = q_json_walk(chunks); q_json_next(&walk);) {
		struct q_str status = {0};
		int64_t page = 0;

		q_json_int64(q_json_member(walk.value, Q_STR("pageNumber")), &page);
		q_json_string(q_json_member(walk.value, Q_STR("status")), &status);
		if (page != ++number || status.length == 0 || status.data[0] != job->pages[page])
			sim_observer_fail(o, "%s: chunk %lld is page %lld as stored", job->id,
					  (long long)page, (long long)number);
	}
}

/* What faults may do to a page or a document that is not to blame. */
static bool is_fault(struct q_str code, bool had_faults)
{
	static const char *const faults[] = {"worker_lost", "planning_failed", "io",
					     "busy",	    "timeout",	       "no_page_succeeded"};

	for (size_t i = 0; had_faults && i < Q_COUNT_OF(faults); i++)
		if (q_str_equal(code, q_str_from(faults[i])))
			return true;
	return false;
}

static void check_page(struct sim_observer *o, const struct sim_job *job, unsigned number,
		       bool had_faults)
{
	const struct page_script *script = &job->script;
	const char *expected = script->range_refusal		? script->range_refusal
			       : script->failing_page == number ? script->failure
								: NULL;
	struct q_page page = product_find_page(o->product, q_str_from(job->id), number);

	if (page.status == Q_PAGE_COMPLETED && !expected)
		return;
	if (page.status == Q_PAGE_FAILED &&
	    (is_fault(page.error_code, had_faults) ||
	     (expected && q_str_equal(page.error_code, q_str_from(expected)))))
		return;
	sim_observer_fail(o, "%s: page %u (%.*s) ends as its script says (%s)", job->id, number,
			  Q_STR_ARG(page.error_code), expected ? expected : "completed");
}

static void check_outcome(struct sim_observer *o, const struct sim_job *job, bool had_faults)
{
	const char *refusal = job->script.refusal;

	if (job->status == Q_JOB_CANCELLED) /* which somebody has asked for */
		return;
	if (refusal) {
		if (job->status != Q_JOB_FAILED ||
		    (!q_str_equal(job->error_code, q_str_from(refusal)) &&
		     !is_fault(job->error_code, had_faults)))
			sim_observer_fail(o, "%s fails as %s", job->id, refusal);
		return;
	}
	if (job->total == 0 && is_fault(job->error_code, had_faults))
		return;
	if (job->total != job->script.pages || job->processed + job->failed != job->total)
		sim_observer_fail(o, "%s: all %u pages are done", job->id, job->script.pages);
	if ((job->status == Q_JOB_COMPLETED) != (job->processed > 0))
		sim_observer_fail(o, "%s is completed where a page is", job->id);
	for (unsigned number = 1; number <= job->script.pages; number++)
		check_page(o, job, number, had_faults);
}

static void check_nothing_claimable(struct sim_observer *o, struct q_str tenant_key)
{
	struct q_query query = {.index = 1, .pk = tenant_key, .limit = 1};
	struct q_query_page left;
	struct q_err err;

	q_assert(q_record_store_query(o->product->options.records, &sim_observer_call, &query,
				      o->product->arena, &left, &err) == Q_OK);
	if (left.count > 0)
		sim_observer_fail(o, "%.*s: nothing is left to claim", Q_STR_ARG(tenant_key));
}

void sim_observer_check_ends(struct sim_observer *o, bool had_faults)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (job->is_buried)
			continue;
		if (job->is_accepted)
			check_outcome(o, job, had_faults);
		if (job->total > 0 && job->status != Q_JOB_CANCELLED)
			check_manifest(o, job);
	}
}

/* --- What rests */

static void check_no_blob(struct sim_observer *o, struct q_str prefix, struct q_blob_store *store)
{
	struct q_blob_page left;
	struct q_err err;

	q_assert(q_blob_store_list(store, &sim_observer_call, prefix, (struct q_str){0}, 1,
				   o->product->arena, &left, &err) == Q_OK);
	if (left.count > 0)
		sim_observer_fail(o, "%.*s is left of what was deleted",
				  Q_STR_ARG(left.items[0].key));
}

static void check_gone(struct sim_observer *o, const struct sim_job *job)
{
	struct q_query query = {.pk = q_arena_format(o->product->arena, "DOC#%s", job->id),
				.limit = 1};
	struct q_str prefix = q_arena_format(o->product->arena, "%s/%s/", job->tenant_id, job->id);
	struct q_query_page left;
	struct q_err err;

	q_assert(q_record_store_query(o->product->options.records, &sim_observer_call, &query,
				      o->product->arena, &left, &err) == Q_OK);
	if (!job->is_gone || left.count > 0)
		sim_observer_fail(o, "%s: a record is left of what was deleted", job->id);
	check_no_blob(o, prefix, o->product->options.documents);
	check_no_blob(o, prefix, o->product->options.results);
}

/* Of an upload that did not become a document, or is at its end. */
static void check_upload_gone(struct sim_observer *o, const struct sim_direct *direct)
{
	if (!direct->is_gone)
		sim_observer_fail(o, "upload %s vanishes after a day", direct->id);
	for (size_t i = 0; i < o->job_count; i++)
		if (strcmp(o->jobs[i].id, direct->id) == 0)
			return;
	if (!direct->is_known)
		return;
	check_no_blob(o, q_arena_format(o->product->arena, "%s/%s/", direct->tenant_id, direct->id),
		      o->product->options.documents);
}

/* No byte of a part: what was begun and not announced to anyone may stay for a week. */
static int check_part(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	return kind == FTW_F && strcmp(path + where->base, "key") != 0;
}

static void check_no_parts(struct sim_observer *o)
{
	struct q_str path =
		q_arena_format(o->product->arena, "%s/documents/.parts", o->product->root);

	if (nftw(path.data, check_part, 8, FTW_PHYS) != 0)
		sim_observer_fail(o, "a part is left of an upload");
}

/* What is sent twice is the same. */
static void check_messages(struct sim_observer *o)
{
	struct q_http_fetch *receiver = o->product->options.fetch;
	size_t count = http_fetch_scripted_count(receiver);

	for (size_t i = 0; i < count; i++) {
		struct fetched one = http_fetch_scripted_sent(receiver, i);

		for (size_t j = 0; j < i; j++) {
			struct fetched other = http_fetch_scripted_sent(receiver, j);

			if (q_str_equal(one.id, other.id) && !q_str_equal(one.body, other.body))
				sim_observer_fail(o, "%.*s has one body", Q_STR_ARG(one.id));
		}
	}
}

void sim_observer_check_rest(struct sim_observer *o)
{
	check_nothing_claimable(o, Q_STR("READY#tenant-a"));
	check_nothing_claimable(o, Q_STR("READY#tenant-b"));
	for (size_t i = 0; i < o->job_count; i++)
		if (o->jobs[i].is_buried)
			check_gone(o, &o->jobs[i]);
	for (size_t i = 0; i < o->direct_count; i++)
		check_upload_gone(o, &o->directs[i]);
	check_no_blob(o, Q_STR(".incoming/"), o->product->options.documents);
	check_no_parts(o);
	check_messages(o);
}
