#include "sim_observer_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct q_call sim_observer_call = {0};
static struct sim_observer *latest;

void sim_observer_init(struct sim_observer *o, struct product *product, uint64_t seed, bool is_loud)
{
	*o = (struct sim_observer){.product = product,
				   .seed = seed,
				   .is_loud = is_loud,
				   .tenants = {{.id = "tenant-a"}, {.id = "tenant-b"}}};
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

/* --- What is read */

/* What a change is of, by how its keys begin. */
static const struct {
	const char *pk, *sk;
	void (*note)(struct sim_observer *, const struct q_change_record *);
} noted[] = {
	{"DOC#", "", sim_note_job},	      {"FILE#", "", sim_note_job},
	{"UPLOAD#", "", sim_note_upload},     {"TENANT#", "USAGE", sim_note_usage},
	{"NOTICE#", "", sim_note_notice},     {"TENANT#", "WEBHOOK#", sim_note_webhook},
	{"DELIVERY#", "", sim_note_delivery}, {"QUEUE#", "", sim_note_queue},
};

static void note(struct sim_observer *o, const struct q_change_record *change)
{
	for (size_t i = 0; i < Q_COUNT_OF(noted); i++)
		if (q_str_starts_with(change->key.pk, q_str_from(noted[i].pk)) &&
		    q_str_starts_with(change->key.sk, q_str_from(noted[i].sk)))
			noted[i].note(o, change);
}

struct q_str sim_id_of(struct q_record_key key)
{
	struct q_str kind, id;

	q_assert(q_str_cut(key.pk, '#', &kind, &id));
	return id;
}

struct sim_tenant *sim_observer_tenant(struct sim_observer *o, struct q_str id)
{
	for (size_t i = 0; i < SIM_TENANTS; i++)
		if (q_str_equal(id, q_str_from(o->tenants[i].id)))
			return &o->tenants[i];
	sim_observer_fail(o, "%.*s is a tenant", Q_STR_ARG(id));
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
		q_assert(q_change_feed_read(o->product->options.changes, &sim_observer_call,
					    Q_STR("0"), position, Q_STREAM_READ_MAX, 0, arena,
					    &page, &err) == Q_OK);
		for (size_t i = 0; i < page.count; i++)
			note(o, &page.items[i]);
		snprintf(o->position, sizeof o->position, "%.*s", Q_STR_ARG(page.next));
	} while (page.count > 0);
	sim_check_jobs(o);
	sim_check_uploads(o);
	sim_check_usage(o);
	sim_check_webhooks(o);
	q_arena_free(arena);
}
