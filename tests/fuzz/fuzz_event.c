/* Writes the envelope of an event about a file whose facts are the input's parts, between NULs, and
 * reads it again: whatever a file is called, the envelope says it, and nothing else. */
#include "documents/jobs/job.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

enum { FACT_MAX = 255, EVENT_MAX = 32 * 1024, ARENA_BYTES = 1 << 20 };

static int64_t now_ms(struct q_clock *clock)
{
	(void)clock;
	return 1000;
}

static const struct q_clock_ops clock_ops = {.name = "fixed", .now_ms = now_ms};

static struct q_str next_fact(struct q_str *rest)
{
	struct q_str fact;

	q_str_cut(*rest, '\0', &fact, rest);
	return q_str_slice(fact, 0, fact.length < FACT_MAX ? fact.length : FACT_MAX);
}

static void check(const struct q_json *object, const char *name, struct q_str expected)
{
	const struct q_json *member = q_json_member(object, q_str_from(name));
	struct q_str text;

	q_assert(member && q_json_string(member, &text));
	q_assert(!q_utf8_is_valid(expected) || q_str_equal(text, expected));
}

static void check_event(struct q_arena *arena, struct q_str text, const struct q_job *job,
			const struct q_call *call)
{
	static const struct q_json_limits limits = {EVENT_MAX, 4, false};
	const struct q_json *event, *data;
	struct q_err err;

	q_assert(q_json_parse(arena, q_str_bytes(text), &limits, &event, &err) == Q_OK);
	check(event, "eventType", Q_STR("document.uploaded"));
	data = q_json_member(event, Q_STR("data"));
	check(data, "fileId", job->file_id);
	check(data, "tenantId", job->tenant_id);
	if (job->source_key.length > 0) {
		check(data, "s3Key", job->source_key);
		check(data, "fileName", job->file_name);
	}
	if (call->traceparent.length > 0)
		check(q_json_member(event, Q_STR("metadata")), "traceparent", call->traceparent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str rest = {(const char *)data, size};
	struct q_clock clock = {&clock_ops};
	const struct q_documents documents = {
		.o = {.clock = &clock, .documents_bucket = Q_STR("documents")}};
	const struct q_job job = {.file_id = next_fact(&rest),
				  .tenant_id = next_fact(&rest),
				  .file_name = next_fact(&rest),
				  .source_key = next_fact(&rest)};
	const struct q_call call = {.traceparent = next_fact(&rest)};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_json_writer w;
	struct q_buf buf;

	q_assert(arena);
	q_buf_init(&buf, EVENT_MAX);
	q_json_writer_init(&w, &buf);
	q__event_write(&w, &documents, &call, "document.uploaded", &job);
	q_assert(!q_buf_failed(&buf));
	check_event(arena, q_buf_str(&buf), &job, &call);
	q_buf_free(&buf);
	q_arena_free(arena);
	return 0;
}
