#include "support/record_store_faulty.h"

#include "base/mem.h"

struct faulty_store {
	struct q_record_store base;
	struct q_record_store_ops ops; /* name and capabilities of the inner store */
	struct q_record_store *inner;
	struct port_fate fate;
};

static struct faulty_store *faulty_of(struct q_record_store *store)
{
	return q_container_of(store, struct faulty_store, base);
}

static enum q_code faulty_get(struct q_record_store *base, const struct q_call *call,
			      struct q_record_key key, struct q_arena *arena, struct q_item *out,
			      struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);

	if (port_fate_next(&store->fate) != PORT_GOES_WELL)
		return port_fate_fail(&store->fate, err);
	return store->inner->ops->get(store->inner, call, key, arena, out, err);
}

static enum q_code faulty_query(struct q_record_store *base, const struct q_call *call,
				const struct q_query *query, struct q_arena *arena,
				struct q_query_page *out, struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);

	if (port_fate_next(&store->fate) != PORT_GOES_WELL)
		return port_fate_fail(&store->fate, err);
	return store->inner->ops->query(store->inner, call, query, arena, out, err);
}

static enum q_code faulty_transact(struct q_record_store *base, const struct q_call *call,
				   const struct q_write *writes, size_t count, size_t *failed,
				   struct q_arena *arena, struct q_item *after, struct q_err *err)
{
	struct faulty_store *store = faulty_of(base);
	enum port_outcome outcome = port_fate_next(&store->fate);
	enum q_code code;

	if (outcome == PORT_FAILS)
		return port_fate_fail(&store->fate, err);
	code = store->inner->ops->transact(store->inner, call, writes, count, failed, arena, after,
					   err);
	return port_fate_answer(&store->fate, outcome, code, err);
}

static void faulty_close(struct q_record_store *base)
{
	q_mem_free(faulty_of(base));
}

struct q_record_store *record_store_faulty_new(struct q_record_store *inner,
					       const struct port_faults *faults)
{
	struct faulty_store *store = q_mem_new(sizeof *store);

	if (!store)
		return NULL;
	store->ops = *inner->ops;
	store->ops.get = faulty_get;
	store->ops.query = faulty_query;
	store->ops.transact = faulty_transact;
	store->ops.close = faulty_close;
	store->base.ops = &store->ops;
	store->inner = inner;
	port_fate_set(&store->fate, faults);
	return &store->base;
}

void record_store_faulty_set(struct q_record_store *store, const struct port_faults *faults)
{
	port_fate_set(&faulty_of(store)->fate, faults);
}

uint64_t record_store_faulty_calls(struct q_record_store *store)
{
	return atomic_load(&faulty_of(store)->fate.calls);
}
