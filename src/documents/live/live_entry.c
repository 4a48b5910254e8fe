/* Topics, the jobs that somebody listens to; and entries, a subscription's place in a job's log. */
#include "documents/live/live_internal.h"

#include "base/mem.h"

#include <stdio.h>

static struct q__live_topic *topic_new(struct q_live *live, struct q_str file_id)
{
	struct q__live_topic *topic = q_mem_new(sizeof *topic);

	if (!topic)
		return NULL;
	snprintf(topic->file_id, sizeof topic->file_id, "%.*s", Q_STR_ARG(file_id));
	if (!q_map_put(live->topics, file_id, topic)) {
		q_mem_free(topic);
		return NULL;
	}
	topic->next = live->topic_list;
	topic->link = &live->topic_list;
	if (topic->next)
		topic->next->link = &topic->next;
	live->topic_list = topic;
	return topic;
}

static void topic_free(struct q_live *live, struct q__live_topic *topic)
{
	q_map_remove(live->topics, q_str_from(topic->file_id));
	*topic->link = topic->next;
	if (topic->next)
		topic->next->link = topic->link;
	q_mem_free(topic);
}

struct q__live_entry *q__live_find_entry(const struct q_live_subscription *s, struct q_str file_id)
{
	const struct q__live_topic *topic = q_map_find(s->live->topics, file_id);
	struct q__live_entry *entry = topic ? topic->entries : NULL;

	while (entry && entry->subscription != s)
		entry = entry->next;
	return entry;
}

enum q_code q__live_add_entry(struct q_live_subscription *s, struct q_str file_id, int64_t position,
			      struct q_err *err)
{
	struct q_live *live = s->live;
	struct q__live_topic *topic = q_map_find(live->topics, file_id);
	struct q__live_entry *entry;

	if (q__live_find_entry(s, file_id))
		return Q_OK;
	if (s->entry_count == Q_LIVE_JOBS_MAX)
		return q_fail_reason(err, Q_TOOBIG, "too_many_jobs", "live.subscribe",
				     "subscribe again, from a later time");
	entry = q_mem_new(sizeof *entry);
	if (entry && !topic)
		topic = topic_new(live, file_id);
	if (!entry || !topic) {
		q_mem_free(entry);
		return q_fail(err, Q_NOMEM, "live.subscribe", "a job's place");
	}
	*entry = (struct q__live_entry){.subscription = s,
					.topic = topic,
					.position = position,
					.next = topic->entries,
					.link = &topic->entries,
					.next_of_subscription = s->entries};
	if (entry->next)
		entry->next->link = &entry->next;
	topic->entries = s->entries = entry;
	topic->next_look_ms = 0;
	s->entry_count++;
	return Q_OK;
}

void q__live_detach(struct q__live_entry *entry)
{
	struct q__live_topic *topic = entry->topic;

	if (!topic)
		return;
	*entry->link = entry->next;
	if (entry->next)
		entry->next->link = entry->link;
	entry->topic = NULL;
	if (!topic->entries)
		topic_free(entry->subscription->live, topic);
}

static void remove_entries(struct q_live_subscription *s)
{
	while (s->entries) {
		struct q__live_entry *entry = s->entries;

		s->entries = entry->next_of_subscription;
		q__live_detach(entry);
		q_mem_free(entry);
	}
	s->entry_count = 0;
}

void q__live_subscription_free(struct q_live_subscription *s)
{
	remove_entries(s);
	q_mem_free(s->first);
	s->subscriber.release(s->subscriber.context);
	atomic_fetch_sub(&s->live->subscription_count, 1);
	q_mem_free(s);
}
