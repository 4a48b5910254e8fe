/* api/api.h: the HTTP face: routes that parse a request, call a vertical and shape its answer. No
 * decisions are made here.
 *
 * Contract:  one table holds every route with its access rule; q_api_new fails where one has none.
 *            What the routes take and give is docs/openapi.yaml, served at /openapi.json.
 * Ownership: an api borrows what its options point to until q_api_free; the strings of the options
 *            are copied.
 * Threads:   made and freed by one thread; used by the server's.
 * Errors:    Q_INVALID (an option, a route), Q_NOMEM. */
#ifndef Q_API_API_H
#define Q_API_API_H

#include "access/authenticator.h"
#include "base/keyring.h"
#include "documents/documents.h"
#include "net/http_server.h"
#include "net/router.h"

/* What /ready asks: one row a port. */
struct q_api_probe {
	const char *port;    /* "record_store" */
	const char *adapter; /* "sqlite" */
	enum q_code (*check)(void *context, const struct q_call *call, struct q_err *err);
	void *context;
};

struct q_api_options {
	struct q_documents *documents;
	struct q_live *live;
	struct q_authenticator *authenticator;
	struct q_record_store *records;	     /* tenants and keys */
	struct q_blob_store *document_blobs; /* for signed links: /blobs/documents/... */
	struct q_blob_store *result_blobs;   /* and /blobs/results/... */
	struct q_clock *clock;
	struct q_random_source *random;
	const struct q_keyring *keyring; /* signs cursors */
	struct q_log *log;
	struct q_metrics *metrics;
	struct q_str public_url;    /* origin of the links in answers; empty: that of the request */
	struct q_str cors_origins;  /* comma-separated exact origins; empty: CORS is off */
	struct q_str metrics_token; /* empty: /metrics answers loopback peers alone */
	size_t file_bytes_max;
	bool has_proxy; /* TRUST_PROXY is set: http:// requests are sent to https:// */
	const struct q_api_probe *probes;
	size_t probe_count;
};

struct q_api;

Q_MUST_USE enum q_code q_api_new(const struct q_api_options *options, struct q_api **out,
				 struct q_err *err);
void q_api_free(struct q_api *api);

const struct q_router *q_api_router(const struct q_api *api);
struct q_http_hooks q_api_hooks(struct q_api *api);

/* Every second or so, from one thread: open streams are kept alive, and end with their credentials.
 */
void q_api_tick(struct q_api *api, const struct q_call *call);

/* Every route and its access rule, for `quire policy`: as aligned text or as one JSON array. */
bool q_api_write_routes(struct q_buf *out, bool as_json);

/* The API's description, docs/openapi.yaml as JSON. */
struct q_str q_api_openapi(void);

#endif
