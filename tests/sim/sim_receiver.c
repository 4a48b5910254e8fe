#include "sim.h"

#include "support/http_fetch_scripted.h"

#include <stdio.h>

/* --- The receiver: it confirms, refuses, is slow, is not to be heard, or has gone */

static struct fetch_answer refuse(struct sim *sim)
{
	static const struct fetch_answer refusals[] = {
		{.status = 500},
		{.status = 302},
		{.status = 429, .retry_after = "7"},
		{.status = 503, .retry_after = "3600"},
		{.failure = Q_IO},
		{.failure = Q_TIMEOUT}, /* it may have heard */
	};

	if (sim_below(sim, 30) == 0)
		return (struct fetch_answer){.status = 410};
	return refusals[sim_below(sim, Q_COUNT_OF(refusals))];
}

static struct fetch_answer answer_request(void *context, const struct fetched *sent)
{
	struct sim *sim = context;

	(void)sent;
	if (port_chance(sim->dice, sim->refuse_per_mille))
		sim_wait(sim, sim_below(sim, Q_WEBHOOK_TIMEOUT_MS));
	if (port_chance(sim->dice, sim->refuse_per_mille))
		return refuse(sim);
	return (struct fetch_answer){0};
}

void sim_add_receivers(struct sim *sim)
{
	struct fetch_receiver receiver = {answer_request, sim};

	for (size_t i = 0; i < SIM_TENANTS; i++) {
		struct q_identity who = product_admin_of(sim->observer.tenants[i].id);
		struct q_webhook_caller caller = {.who = &who};
		struct q_webhook_new wanted = {.url = Q_STR("https://receiver.example/"),
					       .events = Q_WEBHOOK_ALL};
		struct q_webhook made;
		struct q_str secret;
		struct q_err err;

		q_assert(q_webhook_add(sim->product.documents, &sim_call, &caller, &wanted,
				       sim->product.arena, &made, &secret, &err) == Q_OK);
		snprintf(sim->webhook_ids[i], sizeof sim->webhook_ids[i], "%.*s",
			 Q_STR_ARG(made.id));
	}
	http_fetch_scripted_ask(sim->product.options.fetch, receiver);
}

/* --- Those who look after it */

static enum q_code replay(struct sim *sim, struct q_documents *documents, size_t tenant,
			  struct q_err *err)
{
	struct q_identity who = product_admin_of(sim->observer.tenants[tenant].id);
	struct q_webhook_caller caller = {.who = &who};
	struct q_str id = q_str_from(sim->webhook_ids[tenant]);
	struct q_arena *arena = sim->product.arena;
	struct q_webhook_replay replayed;
	struct q_webhook webhook;
	enum q_code code =
		q_webhook_enable(documents, &sim_call, &caller, id, arena, &webhook, err);

	if (!code)
		code = q_webhook_replay(documents, &sim_call, &caller, id, 0,
					q_clock_now_ms(sim->product.clock) + 1, arena, &replayed,
					err);
	q_assert(code || replayed.more_since_ms == 0);
	return code;
}

enum q_code sim_enable_webhook(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	size_t tenant = sim_below(sim, SIM_TENANTS);
	enum q_code code;

	if (!sim->observer.tenants[tenant].is_disabled)
		return Q_OK;
	code = replay(sim, process->documents, tenant, err);
	return code == Q_CONFLICT && err->reason ? Q_OK : code; /* it has gone again meanwhile */
}

void sim_replay_all(struct sim *sim)
{
	struct q_err err;

	for (size_t i = 0; i < SIM_TENANTS; i++)
		q_assert(replay(sim, sim->processes[0].documents, i, &err) == Q_OK);
	sim_observer_look(&sim->observer);
}
