/* cmd/wiring.h: the one place that picks adapters: from settings to ports.
 *
 * Ownership: the wiring owns every port it opens and closes them in reverse order.
 * Threads:   opened and closed by one.
 * Errors:    Q_CONFLICT with the holder's pid where another process has the data directory; those
 *            of the adapters. */
#ifndef Q_CMD_WIRING_H
#define Q_CMD_WIRING_H

#include "access/token.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/settings.h"
#include "documents/documents.h"
#include "embedded/sqlite_database.h"
#include "ports/secret_store.h"

enum q_wiring_scope {
	Q_WIRE_SECRETS, /* secrets alone: takes no lock, for `quire token` */
	Q_WIRE_RECORDS, /* and the record store: for commands that work on the stores offline */
	Q_WIRE_ALL	/* everything that `quire serve` needs */
};

/* Which adapter serves a port, and why: for `quire config` and `quire doctor`. */
struct q_wiring_choice {
	const char *port, *adapter;
	const char *because; /* the setting that chose it, or "default" */
};

enum { Q_WIRING_CHOICES = 11 };

struct q_wiring {
	const struct q_settings *settings;
	struct q_arena *arena;
	struct q_log *log;
	struct q_metrics *metrics;
	int lock_fd; /* the data directory's; -1: not taken */
	struct q_clock *clock;
	struct q_random_source *random;
	struct q_secret_store *secrets;
	struct q_token_rules token_rules; /* strings in `arena` */
	struct q_keyring *keyring;
	struct q_sqlite_database *database;
	struct q_record_store *records;
	struct q_event_log *events;
	struct q_change_feed *changes;
	struct q_blob_store *document_blobs;
	struct q_blob_store *result_blobs;
	struct q_page_extractor *extractor;
	struct q_analyst *analyst;
	struct q_http_fetch *fetch;
};

Q_MUST_USE enum q_code q_wiring_open(const struct q_settings *settings, enum q_wiring_scope scope,
				     struct q_wiring **out, struct q_err *err);

/* NULL is allowed. */
void q_wiring_close(struct q_wiring *wiring);

/* The table of choices that these settings make; opens nothing. */
extern const struct q_wiring_choice q_wiring_choices[Q_WIRING_CHOICES];

#endif
