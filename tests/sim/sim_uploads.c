#include "sim.h"

#include "access/tenant.h"
#include "documents/uploads/uploads_internal.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct page_script draw_script(struct sim *sim)
{
	static const char *const refusals[] = {"malformed_pdf", "password_required",
					       "too_many_pages"};
	struct page_script script = {.pages = 1 + sim_below(sim, sim_below(sim, 4) ? 8 : 120)};

	if (sim_below(sim, 4) == 0) {
		script.failing_page = 1 + sim_below(sim, script.pages);
		script.failure = "page_crashed";
	}
	if (sim_below(sim, 10) == 0)
		script.refusal = refusals[sim_below(sim, Q_COUNT_OF(refusals))];
	if (sim_below(sim, 12) == 0)
		script.range_refusal = "too_large";
	return script;
}

static struct sim_tenant *draw_tenant(struct sim *sim)
{
	return &sim->observer.tenants[sim_below(sim, SIM_TENANTS)];
}

static struct q_upload_request draw_request(struct sim *sim)
{
	return (struct q_upload_request){.file_name = Q_STR("report.pdf"),
					 .kind = sim_below(sim, 4) ? Q_STR("document")
								   : Q_STR("contract"),
					 .is_again = true};
}

enum q_code sim_upload(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	struct q_identity who = product_admin_of(draw_tenant(sim)->id);
	struct q_upload_request request = draw_request(sim);
	struct page_script script = draw_script(sim);
	char document[PRODUCT_SYNC_BYTES] = {0};
	size_t length = page_script_write(&script, document);
	struct q_job job;
	enum q_code code;

	if (sim->upload_count == sim->uploads_wanted)
		return Q_OK;
	sim->upload_count++;
	if (sim_below(sim, 2))
		length = sizeof document;
	code = product_upload_bytes(process->documents, &who, &request,
				    (struct q_bytes){(unsigned char *)document, length},
				    sim->product.arena, &job, err);
	if (!code)
		sim_observer_accept(&sim->observer, job.file_id, &script);
	return code;
}

/* --- Direct uploads */

/* What is sent: a document, or something that does not begin as one. */
static struct q_bytes make_content(const struct sim_direct *direct, char out[PRODUCT_SYNC_BYTES])
{
	memset(out, 0, PRODUCT_SYNC_BYTES);
	page_script_write(&direct->script, out);
	if (direct->refusal && strcmp(direct->refusal, "unsupported_type") == 0)
		out[0] = 'X';
	return (struct q_bytes){(unsigned char *)out, direct->length};
}

static struct sim_direct draw_direct(struct sim *sim)
{
	struct sim_direct direct = {.script = draw_script(sim)};
	char document[PAGE_SCRIPT_MAX];

	direct.tenant_id = draw_tenant(sim)->id;
	direct.length = sim_below(sim, 2) ? PRODUCT_SYNC_BYTES
					  : page_script_write(&direct.script, document);
	if (sim_below(sim, 4) == 0)
		direct.refusal = sim_below(sim, 2) ? "unsupported_type" : "sha256_mismatch";
	return direct;
}

/* What is announced of it: nothing, or the digest; one that will not fit where it is to be refused
 * for that. */
static struct q_str draw_sha256(struct sim *sim, const struct sim_direct *direct,
				char out[Q_SHA256_HEX_SIZE])
{
	unsigned char digest[Q_SHA256_SIZE];
	char document[PRODUCT_SYNC_BYTES];
	bool is_wrong = direct->refusal && strcmp(direct->refusal, "sha256_mismatch") == 0;

	q_sha256_of(make_content(direct, document), digest);
	digest[0] ^= is_wrong;
	q_sha256_to_hex(digest, out);
	return is_wrong || sim_below(sim, 2) ? q_str_from(out) : (struct q_str){0};
}

enum q_code sim_begin_direct(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	struct sim_direct direct;
	struct q_identity who;
	struct q_upload_request request = draw_request(sim);
	struct q_direct_upload upload;
	char sha256[Q_SHA256_HEX_SIZE];
	enum q_code code;

	if (sim->directs_wanted == 0)
		return Q_OK;
	sim->directs_wanted--;
	direct = draw_direct(sim);
	who = product_admin_of(direct.tenant_id);
	code = q_direct_upload_start(process->documents, &sim_call, &who, &request, direct.length,
				     draw_sha256(sim, &direct, sha256), sim->product.arena, &upload,
				     err);
	if (code)
		return code;
	direct.expires_at_ms = upload.expires_at_ms;
	snprintf(direct.id, sizeof direct.id, "%.*s", Q_STR_ARG(upload.file_id));
	sim_observer_begin_direct(&sim->observer, &direct);
	return Q_OK;
}

static const struct sim_direct *draw_known(struct sim *sim)
{
	size_t count = sim->observer.direct_count;
	const struct sim_direct *drawn =
		count > 0 ? &sim->observer.directs[sim_below(sim, (unsigned)count)] : NULL;

	return drawn && drawn->is_known ? drawn : NULL;
}

/* As the server does with what comes by the link. */
static enum q_code put_part(struct sim_process *process, struct q_str url, struct q_bytes content,
			    struct q_arena *arena, struct q_err *err)
{
	struct q_blob_store *store = process->ports.documents;
	struct q_blob_writer *writer;
	struct q_str path, query, key;
	struct q_blob_link link;
	enum q_code code;

	q_assert(q_str_cut(url, '?', &path, &query));
	key = q_str_slice(path, strlen("/blobs/documents/"), path.length);
	code = q_blob_store_check_link(store, key, query, arena, &link, err);
	if (!code)
		code = q_blob_parts_open(store, &sim_call, key, link.upload_id, link.part_number,
					 &writer, err);
	if (code)
		return code;
	code = q_blob_writer_add(writer, &sim_call, content, err);
	if (!code)
		return q_blob_writer_commit(writer, &sim_call, NULL, err);
	q_blob_writer_abort(writer);
	return code;
}

/* It may be over by now, or the part be there. */
static enum q_code answer(enum q_code code)
{
	return code == Q_NOTFOUND || code == Q_CONFLICT ? Q_OK : code;
}

static enum q_code send_parts(struct sim *sim, struct sim_process *process,
			      const struct sim_direct *direct, struct q_err *err)
{
	struct q_identity who = product_admin_of(direct->tenant_id);
	char document[PRODUCT_SYNC_BYTES];
	struct q_direct_upload upload;
	enum q_code code =
		q_direct_upload_find(process->documents, &sim_call, &who, q_str_from(direct->id),
				     sim->product.arena, &upload, err);
	for (size_t i = 0; !code && i < upload.part_count; i++)
		if (!upload.parts[i].is_received && upload.status == Q_DIRECT_UPLOAD_OPEN)
			code = put_part(process, upload.parts[i].url,
					make_content(direct, document), sim->product.arena, err);
	return answer(code);
}

enum q_code sim_send_part(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	const struct sim_direct *direct = draw_known(sim);

	return direct ? send_parts(sim, process, direct, err) : Q_OK;
}

/* A refusal is the one that its bytes deserve. */
static enum q_code check_refusal(struct sim *sim, const struct sim_direct *direct, enum q_code code,
				 const struct q_err *err)
{
	if (code != Q_INVALID && code != Q_UNSUPPORTED)
		return answer(code);
	if (!direct->refusal || strcmp(err->reason, direct->refusal) != 0)
		sim_observer_fail(&sim->observer, "upload %s is refused for %s", direct->id,
				  err->reason);
	return Q_OK;
}

static enum q_code complete(struct sim *sim, struct sim_process *process,
			    const struct sim_direct *direct, struct q_err *err)
{
	struct q_identity who = product_admin_of(direct->tenant_id);
	struct q_job job;
	bool is_duplicate;
	enum q_code code = q_direct_upload_complete(process->documents, &sim_call, &who,
						    q_str_from(direct->id), sim_below(sim, 2),
						    sim->product.arena, &job, &is_duplicate, err);

	if (code)
		return check_refusal(sim, direct, code, err);
	if (is_duplicate == q_str_equal(job.file_id, q_str_from(direct->id)))
		sim_observer_fail(&sim->observer, "upload %s becomes its own job", direct->id);
	sim_observer_accept(&sim->observer, job.file_id, &direct->script);
	return Q_OK;
}

enum q_code sim_complete_direct(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	const struct sim_direct *direct = draw_known(sim);

	return direct ? complete(sim, process, direct, err) : Q_OK;
}

void sim_complete_half(struct sim *sim)
{
	struct sim_observer *o = &sim->observer;

	for (size_t i = 0; i < o->direct_count; i += 2) {
		const struct sim_direct *direct = &o->directs[i];
		struct q_err err;

		if (!direct->is_known || direct->status != Q_DIRECT_UPLOAD_OPEN)
			continue;
		q_assert(send_parts(sim, &sim->processes[0], direct, &err) == Q_OK);
		q_assert(complete(sim, &sim->processes[0], direct, &err) == Q_OK);
		sim_observer_look(o);
		if (direct->status == Q_DIRECT_UPLOAD_OPEN &&
		    q_clock_now_ms(sim->product.clock) < direct->expires_at_ms)
			sim_observer_fail(o, "upload %s can be completed", direct->id);
	}
}

/* --- Retention */

void sim_keep_days(struct sim *sim, const char *tenant_id, int64_t days)
{
	struct q_tenant tenant = {.id = q_str_from(tenant_id), .retention_days = days};
	struct q_err err;

	q_assert(q_tenant_put(sim->product.options.records, &sim_call, &tenant, &err) == Q_OK);
	sim_observer_tenant(&sim->observer, tenant.id)->retention_days = days;
}

enum q_code sim_retain(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_retention_step(process->documents, &sim_call, &process->retention, &did_work, err);
}

/* Not in the middle of a step: each has a deadline of minutes. */
enum q_code sim_let_days_pass(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	int64_t milliseconds = DAY_MS / 4 + sim_below(sim, (unsigned)DAY_MS);

	(void)process;
	(void)err;
	if (!sim->has_days || sim->is_midway)
		return Q_OK;
	sim->time_ms += milliseconds;
	product_advance(&sim->product, milliseconds);
	return Q_OK;
}
