#include "documents/documents_internal.h"

#include "base/mem.h"
#include "documents/work/page.h"

enum { OPTIONS_ARENA = 4096 };

static struct q_series *series_of(struct q_metric *metric, const char *label)
{
	struct q_str value = q_str_from(label);

	return q_metric_series(metric, &value);
}

static void make_metrics(struct q_documents *d)
{
	struct q_metrics *m = d->o.metrics;
	struct q_metric *uploaded = q_metrics_counter(m, "documents_uploaded_total",
						      "Documents taken in.", "processing_type");
	struct q_metric *pages =
		q_metrics_counter(m, "pages_processed_total", "Pages stored.", "status");
	struct q_metric *deleted =
		q_metrics_counter(m, "documents_deleted_total", "Documents deleted.", "cause");
	struct q_metric *stages = q_metrics_histogram(
		m, "page_duration_seconds", "Time a stage takes: extract a range, analyse a page.",
		"stage", NULL, 0);
	struct q_metric *whole = q_metrics_histogram(
		m, "document_duration_seconds", "From the upload to the manifest.", "", NULL, 0);
	struct q_metric *deliveries =
		q_metrics_counter(m, "webhook_deliveries_total",
				  "Attempts to deliver a webhook, by what came of them.", "status");

	d->uploaded_sync = series_of(uploaded, "sync");
	d->uploaded_async = series_of(uploaded, "async");
	d->pages_completed = series_of(pages, "completed");
	d->pages_failed = series_of(pages, "failed");
	d->extract_seconds = series_of(stages, "extract");
	d->analyse_seconds = series_of(stages, "analyse");
	d->deleted_by_request = series_of(deleted, "request");
	d->deleted_by_retention = series_of(deleted, "retention");
	d->document_seconds = q_metric_series(whole, NULL);
	d->deliveries_delivered = series_of(deliveries, "delivered");
	d->deliveries_retried = series_of(deliveries, "retried");
	d->deliveries_failed = series_of(deliveries, "failed");
}

enum q_code q_documents_new(const struct q_documents_options *options, struct q_documents **out,
			    struct q_err *err)
{
	struct q_documents *d = q_mem_new(sizeof *d);

	if (!d)
		return q_fail(err, Q_NOMEM, "documents.new", "%zu bytes", sizeof *d);
	pthread_mutex_init(&d->open_uploads.mutex, NULL);
	q__page_commits_init(&d->commits);
	d->o = *options;
	d->arena = q_arena_new(OPTIONS_ARENA);
	if (d->arena) {
		d->o.owner = q_arena_copy(d->arena, options->owner);
		d->o.documents_bucket = q_arena_copy(d->arena, options->documents_bucket);
	}
	d->announce_bell = q_bell_new();
	d->send_bell = q_bell_new();
	if (!d->arena || q_arena_failed(d->arena) || !d->announce_bell || !d->send_bell) {
		q_documents_free(d);
		return q_fail(err, Q_NOMEM, "documents.new", "options");
	}
	make_metrics(d);
	*out = d;
	return Q_OK;
}

void q_documents_free(struct q_documents *d)
{
	if (!d)
		return;
	q__page_commits_free(&d->commits);
	pthread_mutex_destroy(&d->open_uploads.mutex);
	q_bell_free(d->send_bell);
	q_bell_free(d->announce_bell);
	q_arena_free(d->arena);
	q_mem_free(d);
}
