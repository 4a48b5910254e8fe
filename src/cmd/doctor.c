/* quire doctor: calls every port once, and says how to mend what does not answer. */
#include "base/json.h"
#include "base/time.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/wiring.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COLUMNS = 4, ARENA_BYTES = 4 << 20, DEADLINE_MS = 20000, YEAR_2020_MS_E6 = 1577836 };

struct checkup {
	struct q_wiring *w;
	struct q_call call;
	struct q_arena *arena;
};

/* One page that says "quire". */
static const char tiny_pdf[] =
	"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
	"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
	"4 0 obj<</Length 36>>stream\nBT /F1 24 Tf 20 100 Td (quire) Tj ET\nendstream endobj\n"
	"trailer<</Root 1 0 R>>\n";

static enum q_code check_records(struct checkup *c, struct q_err *err)
{
	struct q_record_key key = {Q_STR("DOCTOR"), Q_STR("PROBE")};
	struct q_item item = {.key = key}, read;
	struct q_write put = {.kind = Q_WRITE_PUT, .key = key, .item = &item};
	struct q_write remove_it = {.kind = Q_WRITE_DELETE, .key = key};
	enum q_code code = q_record_store_write(c->w->records, &c->call, &put, NULL, NULL, err);

	if (!code)
		code = q_record_store_get(c->w->records, &c->call, key, c->arena, &read, err);
	if (!code)
		code = q_record_store_write(c->w->records, &c->call, &remove_it, NULL, NULL, err);
	return code;
}

static enum q_code check_events(struct checkup *c, struct q_err *err)
{
	struct q_stream_partitions partitions;

	return q_event_log_partitions(c->w->events, &c->call, c->arena, &partitions, err);
}

static enum q_code check_changes(struct checkup *c, struct q_err *err)
{
	struct q_stream_partitions partitions;

	return q_change_feed_partitions(c->w->changes, &c->call, c->arena, &partitions, err);
}

static enum q_code check_blobs(struct checkup *c, struct q_blob_store *store, struct q_err *err)
{
	struct q_str key = Q_STR("doctor/probe");
	struct q_bytes body = q_str_bytes(Q_STR("probe")), read;
	enum q_code code = q_blob_store_put(store, &c->call, key, body, NULL, err);

	if (!code)
		code = q_blob_store_read(store, &c->call, key, Q_BLOB_WHOLE, 100, c->arena, &read,
					 err);
	if (!code)
		code = q_blob_store_remove(store, &c->call, key, err);
	return code;
}

static enum q_code check_documents(struct checkup *c, struct q_err *err)
{
	return check_blobs(c, c->w->document_blobs, err);
}

static enum q_code check_results(struct checkup *c, struct q_err *err)
{
	return check_blobs(c, c->w->result_blobs, err);
}

static enum q_code check_secrets(struct checkup *c, struct q_err *err)
{
	struct q_bytes value;

	return q_secret_store_get(c->w->secrets, &c->call, Q_STR("token-secret"), c->arena, &value,
				  err);
}

static enum q_code check_extractor(struct checkup *c, struct q_err *err)
{
	struct q_document_source source = {.fd = memfd_create("doctor", MFD_CLOEXEC),
					   .size_bytes = sizeof tiny_pdf - 1};
	unsigned pages;
	enum q_code code;

	if (source.fd < 0 ||
	    write(source.fd, tiny_pdf, sizeof tiny_pdf - 1) != (ssize_t)(sizeof tiny_pdf - 1))
		code = q_fail(err, Q_IO, "doctor", "a file in memory");
	else
		code = q_page_extractor_count_pages(c->w->extractor, &c->call, &source, &pages,
						    err);
	if (source.fd >= 0)
		close(source.fd);
	return code;
}

static enum q_code check_analyst(struct checkup *c, struct q_err *err)
{
	struct q_page_request request = {
		.text = Q_STR("The operator pays $250.00 on January 5, 2026."),
		.page_number = 1,
		.page_count = 1,
		.kind = Q_STR("document")};
	struct q_page_analysis analysis;

	return q_analyst_analyse_page(c->w->analyst, &c->call, &request, c->arena, &analysis, err);
}

static enum q_code check_clock(struct checkup *c, struct q_err *err)
{
	if (q_clock_now_ms(c->w->clock) / 1000000 < YEAR_2020_MS_E6)
		return q_fail(err, Q_INVALID, "doctor", "the time is before 2020");
	return Q_OK;
}

static const struct {
	const char *port, *adapter;
	enum q_code (*check)(struct checkup *, struct q_err *);
	const char *mend;
} checks[] = {
	{"record_store", "sqlite", check_records, "free disk space below DATA_DIR; its rights"},
	{"event_log", "sqlite", check_events, "as record_store"},
	{"change_feed", "sqlite", check_changes, "as record_store"},
	{"blob_store documents", "files", check_documents,
	 "free disk space below DATA_DIR; its rights"},
	{"blob_store results", "files", check_results,
	 "free disk space below DATA_DIR; its rights"},
	{"secret_store", "files", check_secrets,
	 "the files in DATA_DIR/secrets belong to this user, mode 0600"},
	{"page_extractor", "helper", check_extractor,
	 "quire-extract stands beside quire; the kernel has seccomp"},
	{"analyst", "extractive", check_analyst, "LLM_PROVIDER"},
	{"clock", "system", check_clock, "set the system's time"},
};

static void report(struct q_table *table, bool as_json, size_t index, enum q_code code,
		   const struct q_err *err)
{
	struct q_json_writer w;
	struct q_buf line;

	if (!as_json) {
		q_table_add(table,
			    (struct q_str[]){q_str_from(checks[index].port),
					     q_str_from(checks[index].adapter),
					     code ? q_str_from(q_code_name(code)) : Q_STR("ok"),
					     code ? q_str_from(err->message) : (struct q_str){0}});
		if (code)
			q_table_add(table, (struct q_str[]){{0},
							    {0},
							    Q_STR("look at"),
							    q_str_from(checks[index].mend)});
		return;
	}
	q_buf_init(&line, 4096);
	q_json_writer_init(&w, &line);
	q_json_begin_object(&w);
	q_json_field_string(&w, "port", q_str_from(checks[index].port));
	q_json_field_string(&w, "adapter", q_str_from(checks[index].adapter));
	q_json_field_string(&w, "status", code ? q_str_from(q_code_name(code)) : Q_STR("ok"));
	if (code) {
		q_json_field_string(&w, "message", q_str_from(err->message));
		q_json_field_string(&w, "lookAt", q_str_from(checks[index].mend));
	}
	q_json_end_object(&w);
	puts(line.data);
	q_buf_free(&line);
}

static enum q_exit run_checks(struct checkup *c, bool as_json)
{
	const struct q_str head[COLUMNS] = {Q_STR("PORT"), Q_STR("ADAPTER"), Q_STR("STATUS"),
					    Q_STR("")};
	struct q_table *table = as_json ? NULL : q_table_new(COLUMNS);
	size_t failures = 0;

	q_table_add(table, head);
	for (size_t i = 0; i < Q_COUNT_OF(checks); i++) {
		struct q_err err;
		enum q_code code;

		c->call.deadline_ms = q_time_monotonic_ms() + DEADLINE_MS;
		code = checks[i].check(c, &err);
		failures += code != Q_OK;
		report(table, as_json, i, code, &err);
	}
	q_table_print(table, stdout);
	if (failures == 0)
		return Q_EXIT_DONE;
	return failures < Q_COUNT_OF(checks) ? Q_EXIT_PARTLY : Q_EXIT_FAILED;
}

static enum q_exit run(const struct q_command_context *context)
{
	struct checkup c = {0};
	bool as_json;
	enum q_exit exit_code = q_options_parse_json(context, &q_command_doctor, &as_json);
	struct q_err err;

	if (exit_code)
		return exit_code;
	if (q_wiring_open(context->settings, Q_WIRE_ALL, &c.w, &err))
		return err.code == Q_CONFLICT
			       ? q_command_fail("doctor", Q_EXIT_FAILED,
						"%s; of a running server GET /ready tells the same",
						err.message)
			       : q_command_error("doctor", &err);
	c.arena = q_arena_new(ARENA_BYTES);
	exit_code = c.arena ? run_checks(&c, q_output_is_json(as_json))
			    : q_command_fail("doctor", Q_EXIT_FAILED, "out of memory");
	q_arena_free(c.arena);
	q_wiring_close(c.w);
	return exit_code;
}

const struct q_command q_command_doctor = {
	.name = "doctor",
	.synopsis = "doctor [--json] [--data-dir DIR]",
	.summary = "call every port once, and say how to mend what does not answer",
	.run = run,
};
