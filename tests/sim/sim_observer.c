#include "sim_observer.h"

#include "base/json.h"
#include "documents/documents_internal.h"
#include "support/http_fetch_scripted.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct q_call no_call = {0};
static struct sim_observer *latest;

void sim_observer_init(struct sim_observer *o, struct product *product, uint64_t seed, bool is_loud)
{
	*o = (struct sim_observer){.product = product, .seed = seed, .is_loud = is_loud};
	latest = o;
}

void sim_observer_free(struct sim_observer *o)
{
	(void)o;
	latest = NULL;
}

void sim_observer_tell(struct sim_observer *o, const char *format, ...)
{
	char *line = o->story[o->line_count++ % SIM_STORY_LINES];
	va_list values;

	va_start(values, format);
	vsnprintf(line, SIM_LINE_MAX, format, values);
	va_end(values);
	if (o->is_loud)
		printf("# %s\n", line);
}

static void print_story(const struct sim_observer *o)
{
	size_t first = o->line_count > SIM_STORY_LINES ? o->line_count - SIM_STORY_LINES : 0;

	for (size_t i = first; !o->is_loud && i < o->line_count; i++)
		printf("# %s\n", o->story[i % SIM_STORY_LINES]);
	printf("# replay it: sim_documents %llu\nnot ok 1 - seed %llu\n",
	       (unsigned long long)o->seed, (unsigned long long)o->seed);
	fflush(stdout);
}

static void end_program(struct sim_observer *o)
{
	print_story(o);
	scratch_remove(o->product->root);
	_exit(1);
}

void sim_observer_fail(struct sim_observer *o, const char *format, ...)
{
	va_list values;

	printf("# does not hold: ");
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	printf("\n");
	end_program(o);
	abort();
}

void sim_observer_on_abort(int signal_number)
{
	(void)signal_number;
	if (latest)
		end_program(latest);
	_exit(1);
}

/* --- Jobs */

static struct sim_job *job_of(struct sim_observer *o, struct q_str id)
{
	for (size_t i = 0; i < o->job_count; i++)
		if (q_str_equal(q_str_from(o->jobs[i].id), id))
			return &o->jobs[i];
	q_assert(o->job_count < SIM_JOBS_MAX);
	snprintf(o->jobs[o->job_count].id, sizeof o->jobs[0].id, "%.*s", Q_STR_ARG(id));
	return &o->jobs[o->job_count++];
}

void sim_observer_accept(struct sim_observer *o, struct q_str file_id,
			 const struct page_script *script)
{
	struct sim_job *job = job_of(o, file_id);

	job->is_accepted = true;
	job->script = *script;
}

bool sim_observer_all_ended(const struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (!job->is_seen ||
		    (job->is_buried ? !job->is_removed : !q_job_status_is_final(job->status)))
			return false;
	}
	return true;
}

static bool was_sent(const struct sim_observer *o, const char *id)
{
	struct q_http_fetch *receiver = o->product->options.fetch;

	for (size_t i = 0; i < http_fetch_scripted_count(receiver); i++)
		if (q_str_equal(http_fetch_scripted_sent(receiver, i).id, q_str_from(id)))
			return true;
	return false;
}

bool sim_observer_all_announced(const struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		for (int64_t run = 1; !job->may_be_deleted && run <= job->run; run++) {
			char id[Q_UUID_TEXT_SIZE + 32];

			snprintf(id, sizeof id, "msg_%s_%lld", job->id, (long long)run);
			if (!was_sent(o, id))
				return false;
		}
	}
	return true;
}

/* Within a run. */
static bool is_edge(enum q_job_status from, enum q_job_status to)
{
	if (to == Q_JOB_FAILED || to == Q_JOB_CANCELLED)
		return !q_job_status_is_final(from);
	return (from == Q_JOB_PENDING && to == Q_JOB_CHUNKING) ||
	       (from == Q_JOB_CHUNKING && to == Q_JOB_PROCESSING) ||
	       (from == Q_JOB_PROCESSING && to == Q_JOB_AGGREGATING) ||
	       (from == Q_JOB_AGGREGATING && to == Q_JOB_COMPLETED);
}

/* Pages that are counted since the last look. */
static int64_t new_pages(const struct sim_job *job, const struct q_item *item)
{
	return q_item_number(item, "processedPages", 0) + q_item_number(item, "failedPages", 0) -
	       job->processed - job->failed;
}

static void begin_job(struct sim_observer *o, struct sim_job *job, const struct q_item *item,
		      enum q_job_status status)
{
	struct q_str tenant_id = q_item_string(item, "tenantId", (struct q_str){0});

	if (status != Q_JOB_PENDING)
		sim_observer_fail(o, "%s begins as pending", job->id);
	snprintf(job->tenant_id, sizeof job->tenant_id, "%.*s", Q_STR_ARG(tenant_id));
	job->is_seen = true;
	job->status = status;
	job->run = 1;
}

/* What failed is open again; what succeeded stands. */
static void begin_run(struct sim_observer *o, struct sim_job *job, enum q_job_status status)
{
	if (!q_job_status_is_final(job->status) ||
	    (status != Q_JOB_PROCESSING && status != Q_JOB_PENDING))
		sim_observer_fail(o, "%s: %s -> %s begins a run", job->id,
				  q_job_status_name(job->status), q_job_status_name(status));
	for (size_t page = 1; page <= SIM_PAGES_MAX; page++)
		if (job->pages[page] == 'f')
			job->pages[page] = 0;
	job->failed = 0;
	job->run++;
}

static void note_tombstone(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = job_of(o, q_item_string(item, "fileId", (struct q_str){0}));

	if (!job->may_be_deleted)
		sim_observer_fail(o, "%s: somebody has asked to delete it", job->id);
	job->is_buried = true;
	job->is_removed = q_item_number(item, "removed", 0) != 0;
}

static void note_job(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = job_of(o, q_item_string(item, "fileId", (struct q_str){0}));
	int64_t events = q_item_number(item, "eventCount", -1);
	int64_t run = q_item_number(item, "run", 0);
	enum q_job_status status;

	if (job->is_buried)
		sim_observer_fail(o, "%s has been deleted", job->id);
	if (!q_job_status_parse(q_item_string(item, "status", (struct q_str){0}), &status))
		sim_observer_fail(o, "%s has a status", job->id);
	if (!job->is_seen)
		begin_job(o, job, item, status);
	if (run == job->run + 1)
		begin_run(o, job, status);
	else if (status != job->status && !is_edge(job->status, status))
		sim_observer_fail(o, "%s: %s -> %s is an edge", job->id,
				  q_job_status_name(job->status), q_job_status_name(status));
	if (run != job->run)
		sim_observer_fail(o, "%s: run %lld follows %lld", job->id, (long long)run,
				  (long long)job->run);
	if (status == Q_JOB_CANCELLED && !job->may_be_cancelled)
		sim_observer_fail(o, "%s: somebody has asked to cancel it", job->id);
	if (events != job->events + (status != job->status) + new_pages(job, item))
		sim_observer_fail(o, "%s: each edge and each page has one event", job->id);
	if ((item->index2.pk.length == 0) != q_job_status_is_final(status))
		sim_observer_fail(o, "%s: a due mark until the end", job->id);
	job->status = status;
	job->bytes = q_item_number(item, "sizeBytes", 0);
	job->events = events;
	job->total = q_item_number(item, "totalPages", 0);
	job->processed = q_item_number(item, "processedPages", 0);
	job->failed = q_item_number(item, "failedPages", 0);
	job->error_code = q_arena_copy(o->product->arena,
				       q_item_string(item, "errorCode", (struct q_str){0}));
}

static void note_page(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_job *job = job_of(o, q_str_slice(change->key.pk, 4, change->key.pk.length));
	int64_t number = q_item_number(change->after, "page", 0);

	q_assert(number >= 1 && number <= SIM_PAGES_MAX);
	if (job->is_buried || job->pages[number] ||
	    q_item_number(change->after, "run", 0) != job->run)
		sim_observer_fail(o, "%s: page %lld is stored once, in the job's run", job->id,
				  (long long)number);
	job->pages[number] =
		q_item_string(change->after, "status", (struct q_str){0}).data[0] == 'c' ? 'c'
											 : 'f';
}

static void note_event(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_job *job = job_of(o, q_str_slice(change->key.pk, 4, change->key.pk.length));
	int64_t number = 0;

	q_assert(q_str_to_int64(q_str_slice(change->key.sk, 6, change->key.sk.length), &number));
	if (job->is_buried || change->before || number != job->logged + 1)
		sim_observer_fail(o, "%s: event %lld follows %lld", job->id, (long long)number,
				  (long long)job->logged);
	if (q_item_number(change->after, "run", 0) != job->run)
		sim_observer_fail(o, "%s: event %lld is of the job's run", job->id,
				  (long long)number);
	job->logged = number;
}

/* A claim is the next epoch, and takes no lease that runs; nothing else changes whose it is. */
static void check_claim(struct sim_observer *o, const struct q_item *before,
			const struct q_item *after)
{
	int64_t epoch = q_item_number(before, "epoch", 0);
	struct q_str owner = q_item_string(before, "owner", (struct q_str){0});
	struct q_str next_owner = q_item_string(after, "owner", (struct q_str){0});
	bool is_claim = q_item_number(after, "epoch", 0) == epoch + 1;
	bool is_free =
		owner.length == 0 || q_str_equal(owner, next_owner) ||
		q_item_number(before, "leaseUntil", 0) <= q_clock_now_ms(o->product->options.clock);

	if (is_claim ? !is_free
		     : q_item_number(after, "epoch", 0) != epoch ||
			       (next_owner.length > 0 && !q_str_equal(owner, next_owner)))
		sim_observer_fail(o, "%.*s %.*s: epoch %lld has one owner",
				  Q_STR_ARG(after->key.pk), Q_STR_ARG(after->key.sk),
				  (long long)epoch);
}

/* While its run goes on. */
static void check_pages_of_done_range(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = job_of(o, q_item_string(item, "fileId", (struct q_str){0}));
	int64_t last = q_item_number(item, "last", 0);

	if (job->is_buried || job->status != Q_JOB_PROCESSING ||
	    q_item_number(item, "run", 0) != job->run)
		return;
	for (int64_t page = q_item_number(item, "first", 1); page <= last; page++)
		if (!job->pages[page])
			sim_observer_fail(o, "%s: a range that is done has page %lld", job->id,
					  (long long)page);
}

static void note_work(struct sim_observer *o, const struct q_change_record *change)
{
	const struct q_item *before = change->before, *after = change->after;
	bool is_done = q_item_number(after, "done", 0) != 0;

	if ((after->index1.pk.length == 0) != is_done)
		sim_observer_fail(o, "%.*s is claimable until it is done",
				  Q_STR_ARG(after->key.pk));
	if (before && q_item_number(before, "run", 0) == q_item_number(after, "run", 0))
		check_claim(o, before, after);
	if (is_done && q_item_number(after, "range", 0) > 0)
		check_pages_of_done_range(o, after);
}

/* Of documents only what was asked for goes. */
static void note_removal(struct sim_observer *o, struct q_record_key key)
{
	bool is_job = q_str_starts_with(key.pk, Q_STR("DOC#"));
	struct sim_job *job;

	if (!is_job && !q_str_starts_with(key.pk, Q_STR("FILE#")))
		return;
	job = job_of(o, q_str_slice(key.pk, is_job ? 4 : 5, key.pk.length));
	if (!job->is_buried)
		sim_observer_fail(o, "%.*s %.*s is not deleted", Q_STR_ARG(key.pk),
				  Q_STR_ARG(key.sk));
	job->is_gone |= is_job && q_str_equal(key.sk, Q_STR("STATUS"));
}

static void note_status(struct sim_observer *o, const struct q_item *item)
{
	if (q_item_number(item, "deletedAt", 0) > 0)
		note_tombstone(o, item);
	else
		note_job(o, item);
}

static void note(struct sim_observer *o, const struct q_change_record *change)
{
	if (!change->after)
		note_removal(o, change->key);
	else if (!q_str_starts_with(change->key.pk, Q_STR("DOC#")))
		return;
	else if (q_str_equal(change->key.sk, Q_STR("STATUS")))
		note_status(o, change->after);
	else if (q_str_starts_with(change->key.sk, Q_STR("PAGE#")))
		note_page(o, change);
	else if (q_str_starts_with(change->key.sk, Q_STR("EVENT#")))
		note_event(o, change);
	else if (q_str_starts_with(change->key.sk, Q_STR("RANGE#")) ||
		 q_str_equal(change->key.sk, Q_STR("PLAN")))
		note_work(o, change);
}

static void check_counts(struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];
		int64_t completed = 0, failed = 0;

		if (job->is_buried)
			continue;
		for (size_t page = 1; page <= SIM_PAGES_MAX; page++) {
			completed += job->pages[page] == 'c';
			failed += job->pages[page] == 'f';
		}
		if (job->logged != job->events)
			sim_observer_fail(o, "%s: %lld events are counted, %lld logged", job->id,
					  (long long)job->events, (long long)job->logged);
		if (completed != job->processed || failed != job->failed ||
		    completed + failed > job->total)
			sim_observer_fail(o,
					  "%s: of %lld pages %lld + %lld are counted, %lld + %lld "
					  "stored",
					  job->id, (long long)job->total, (long long)job->processed,
					  (long long)job->failed, (long long)completed,
					  (long long)failed);
	}
}

void sim_observer_look(struct sim_observer *o)
{
	struct q_arena *arena = q_arena_new(64 << 20);
	struct q_change_page page;
	struct q_err err;

	q_assert(arena);
	do {
		struct q_stream_position position = {.start = Q_STREAM_OLDEST};

		if (o->position[0])
			position =
				(struct q_stream_position){Q_STREAM_AFTER, q_str_from(o->position)};
		q_assert(q_change_feed_read(o->product->options.changes, &no_call, Q_STR("0"),
					    position, Q_STREAM_READ_MAX, 0, arena, &page,
					    &err) == Q_OK);
		for (size_t i = 0; i < page.count; i++)
			note(o, &page.items[i]);
		snprintf(o->position, sizeof o->position, "%.*s", Q_STR_ARG(page.next));
	} while (page.count > 0);
	check_counts(o);
	q_arena_free(arena);
}

/* --- The end */

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

	q_assert(q_record_store_query(o->product->options.records, &no_call, &query,
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

static void check_no_blob(struct sim_observer *o, const struct sim_job *job,
			  struct q_blob_store *store)
{
	struct q_str prefix = q_arena_format(o->product->arena, "%s/%s/", job->tenant_id, job->id);
	struct q_blob_page left;
	struct q_err err;

	q_assert(q_blob_store_list(store, &no_call, prefix, (struct q_str){0}, 1, o->product->arena,
				   &left, &err) == Q_OK);
	if (left.count > 0)
		sim_observer_fail(o, "%.*s is left of what was deleted",
				  Q_STR_ARG(left.items[0].key));
}

static void check_gone(struct sim_observer *o, const struct sim_job *job)
{
	struct q_query query = {.pk = q_arena_format(o->product->arena, "DOC#%s", job->id),
				.limit = 1};
	struct q_query_page left;
	struct q_err err;

	q_assert(q_record_store_query(o->product->options.records, &no_call, &query,
				      o->product->arena, &left, &err) == Q_OK);
	if (!job->is_gone || left.count > 0)
		sim_observer_fail(o, "%s: a record is left of what was deleted", job->id);
	check_no_blob(o, job, o->product->options.documents);
	check_no_blob(o, job, o->product->options.results);
}

static void check_usage(struct sim_observer *o, const char *tenant_id)
{
	struct q_usage expected = {0}, counted;
	struct q_err err;

	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (job->is_buried || strcmp(job->tenant_id, tenant_id) != 0)
			continue;
		expected.documents++;
		expected.pages += job->total;
		expected.bytes += job->bytes;
	}
	q_assert(q_documents_find_usage(o->product->documents, &no_call, q_str_from(tenant_id),
					o->product->arena, &counted, &err) == Q_OK);
	if (counted.documents != expected.documents || counted.pages != expected.pages ||
	    counted.bytes != expected.bytes)
		sim_observer_fail(
			o, "%s uses %lld documents, %lld pages, %lld bytes: %lld, %lld, %lld",
			tenant_id, (long long)expected.documents, (long long)expected.pages,
			(long long)expected.bytes, (long long)counted.documents,
			(long long)counted.pages, (long long)counted.bytes);
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
	check_usage(o, "tenant-a");
	check_usage(o, "tenant-b");
	check_messages(o);
}
