/* documents/live/live_internal.h: what live.c, live_subscribe.c and live_tenant.c share. Nobody
 * else includes it.
 *
 * How it works. A topic is a job that somebody is subscribed to; an entry is one subscription's
 * place in a topic's log. The step's thread alone touches both. Others reach it by what stands
 * under the mutex: new subscriptions, and notes of jobs that have a new event. */
#ifndef Q_DOCUMENTS_LIVE_LIVE_INTERNAL_H
#define Q_DOCUMENTS_LIVE_LIVE_INTERNAL_H

#include "base/map.h"
#include "documents/documents_internal.h"

#include <stdatomic.h>

enum {
	Q__LIVE_NOTES_MAX = 128,
	Q__LIVE_TENANT_MAX = 64,
	Q__LIVE_ENDED_LOOK_MS = 5000,
	Q__LIVE_FAR_MS = 24 * 3600 * 1000
};

struct q__live_entry {
	struct q_live_subscription *subscription;
	struct q__live_topic *topic;
	int64_t position;			    /* of the last event that was taken */
	struct q__live_entry *next, **link;	    /* of the topic */
	struct q__live_entry *next_of_subscription; /* ... */
};

struct q__live_topic {
	char file_id[Q_UUID_TEXT_SIZE];
	struct q__live_entry *entries;
	int64_t next_look_ms;		    /* monotonic; 0: now */
	struct q__live_topic *next, **link; /* of the hub */
};

struct q_live_subscription {
	struct q_live *live;
	struct q_live_subscriber subscriber;
	struct q_identity who; /* its strings: the two below */
	char tenant_id[Q__LIVE_TENANT_MAX + 1];
	atomic_bool is_cancelled, is_resumed;
	struct q_live_subscription *next;

	/* Where it starts; read by the step, once. */
	struct {
		char file_id[Q_UUID_TEXT_SIZE];
		int64_t after;
	} * first;
	size_t first_count;

	/* The step's. */
	bool is_paused; /* it had no room */
	bool is_failed;
	struct q__live_entry *entries;
	size_t entry_count;

	/* Of a subscription to a tenant. */
	bool is_of_tenant;
	bool has_scanned;
	int64_t since_ms, next_scan_ms;
	int64_t scanned_ms; /* wall time up to which ended jobs have been found */
};

struct q_live {
	struct q_documents *d;
	struct q_bell *bell;
	atomic_uint subscription_count;

	/* The step's. */
	struct q_map *topics; /* by file id */
	struct q__live_topic *topic_list;
	struct q_live_subscription *subscriptions;
	uint64_t rung;	   /* the bell's count when the step last looked */
	bool has_new_jobs; /* notes of jobs that are no topics */

	pthread_mutex_t mutex; /* guards what follows; a leaf */
	struct q_live_subscription *arrived;
	char notes[Q__LIVE_NOTES_MAX][Q_UUID_TEXT_SIZE];
	size_t note_count;
	bool has_lost_notes;
};

/* The subscription's place in a job's log; one that it has already is left as it is. */
Q_MUST_USE enum q_code q__live_add_entry(struct q_live_subscription *subscription,
					 struct q_str file_id, int64_t position, struct q_err *err);
struct q__live_entry *q__live_find_entry(const struct q_live_subscription *subscription,
					 struct q_str file_id);

/* Takes the entry out of its topic, which ends with its last one. Its subscription frees it. */
void q__live_detach(struct q__live_entry *entry);
void q__live_subscription_free(struct q_live_subscription *subscription);

/* Finds the jobs of a tenant that a subscription is to be told of (live_tenant.c). */
Q_MUST_USE enum q_code q__live_scan(struct q_live_subscription *subscription,
				    const struct q_call *call, struct q_err *err);

#endif
