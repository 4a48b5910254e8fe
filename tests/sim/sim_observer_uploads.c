#include "sim_observer_internal.h"

#include <stdio.h>
#include <string.h>

/* --- Direct uploads */

static struct sim_direct *direct_of(struct sim_observer *o, struct q_str id)
{
	for (size_t i = 0; i < o->direct_count; i++)
		if (q_str_equal(q_str_from(o->directs[i].id), id))
			return &o->directs[i];
	q_assert(o->direct_count < SIM_DIRECT_MAX);
	snprintf(o->directs[o->direct_count].id, sizeof o->directs[0].id, "%.*s", Q_STR_ARG(id));
	return &o->directs[o->direct_count++];
}

const struct sim_direct *sim_direct_find(const struct sim_observer *o, const char *id)
{
	for (size_t i = 0; i < o->direct_count; i++)
		if (o->directs[i].is_known && strcmp(o->directs[i].id, id) == 0)
			return &o->directs[i];
	return NULL;
}

void sim_observer_begin_direct(struct sim_observer *o, const struct sim_direct *begun)
{
	struct sim_direct *direct = direct_of(o, q_str_from(begun->id));
	enum q_direct_upload_status status = direct->status;

	*direct = *begun;
	direct->status = status;
	direct->is_known = true;
}

static enum q_direct_upload_status status_of(struct sim_observer *o, const struct q_item *item)
{
	struct q_str word = q_item_string(item, "status", (struct q_str){0});

	for (unsigned i = 0; i <= Q_DIRECT_UPLOAD_EXPIRED; i++)
		if (q_str_equal(word, q_str_from(q_direct_upload_status_name(i))))
			return i;
	sim_observer_fail(o, "%.*s has a status", Q_STR_ARG(item->key.pk));
}

void sim_note_upload(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_direct *direct = direct_of(o, sim_id_of(change->key));
	const struct q_item *item = change->after ? change->after : change->before;
	struct sim_tenant *tenant =
		sim_observer_tenant(o, q_item_string(item, "tenantId", (struct q_str){0}));
	enum q_direct_upload_status status = status_of(o, item);

	if (!change->before) {
		tenant->open_uploads++;
		return;
	}
	if (direct->status == Q_DIRECT_UPLOAD_OPEN && status != Q_DIRECT_UPLOAD_OPEN)
		tenant->open_uploads--;
	else if (status != direct->status || !change->after == (status == Q_DIRECT_UPLOAD_OPEN))
		sim_observer_fail(o, "upload %s: %s -> %s%s", direct->id,
				  q_direct_upload_status_name(direct->status),
				  q_direct_upload_status_name(status),
				  change->after ? "" : " and goes");
	direct->status = status;
	direct->is_gone = !change->after;
}

/* One that is completed is a job's, unless the job was there; what was refused is no document. */
void sim_check_uploads(struct sim_observer *o)
{
	for (size_t i = 0; i < o->direct_count; i++) {
		const struct sim_direct *direct = &o->directs[i];
		bool is_completed = direct->status == Q_DIRECT_UPLOAD_COMPLETED;

		if (direct->is_known && direct->refusal ? is_completed
							: direct->status == Q_DIRECT_UPLOAD_REFUSED)
			sim_observer_fail(o, "upload %s is %s", direct->id,
					  q_direct_upload_status_name(direct->status));
	}
}

/* --- Usage */

void sim_note_usage(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_tenant *tenant = sim_observer_tenant(o, sim_id_of(change->key));
	const struct q_item *item = change->after;

	tenant->usage = (struct q_usage){.documents = q_item_number(item, "documents", 0),
					 .pages = q_item_number(item, "pages", 0),
					 .bytes = q_item_number(item, "bytes", 0),
					 .direct_uploads = q_item_number(item, "directUploads", 0)};
}

static struct q_usage count_usage(const struct sim_observer *o, const struct sim_tenant *tenant)
{
	struct q_usage sum = {.direct_uploads = tenant->open_uploads};

	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (!job->is_seen || job->is_buried || strcmp(job->tenant_id, tenant->id) != 0)
			continue;
		sum.documents++;
		sum.pages += job->total;
		sum.bytes += job->bytes;
	}
	return sum;
}

void sim_check_usage(struct sim_observer *o)
{
	for (size_t i = 0; i < SIM_TENANTS; i++) {
		const struct sim_tenant *tenant = &o->tenants[i];
		struct q_usage is = tenant->usage, should_be = count_usage(o, tenant);

		if (is.documents != should_be.documents || is.pages != should_be.pages ||
		    is.bytes != should_be.bytes || is.direct_uploads != should_be.direct_uploads)
			sim_observer_fail(
				o,
				"%s uses %lld documents, %lld pages, %lld bytes, %lld uploads: "
				"%lld, %lld, %lld, %lld",
				tenant->id, (long long)should_be.documents,
				(long long)should_be.pages, (long long)should_be.bytes,
				(long long)should_be.direct_uploads, (long long)is.documents,
				(long long)is.pages, (long long)is.bytes,
				(long long)is.direct_uploads);
	}
}
