#include "support/port_faults.h"

void port_fate_set(struct port_fate *fate, const struct port_faults *faults)
{
	fate->faults = *faults;
	atomic_store(&fate->calls, 0);
}

bool port_chance(struct q_random_source *random, unsigned per_mille)
{
	return per_mille > 0 && q_random_source_below(random, 1000) < per_mille;
}

enum port_outcome port_fate_next(struct port_fate *fate)
{
	const struct port_faults *faults = &fate->faults;
	uint64_t call;

	if (faults->meanwhile)
		faults->meanwhile(faults->context);
	call = atomic_fetch_add(&fate->calls, 1) + 1;
	if (faults->stop_call > 0 && call >= faults->stop_call)
		return call == faults->stop_call && faults->stop_is_lost ? PORT_IS_LOST
									 : PORT_FAILS;
	if (call == faults->fail_call || port_chance(faults->random, faults->fail_per_mille))
		return PORT_FAILS;
	if (call == faults->lose_call || port_chance(faults->random, faults->lose_per_mille))
		return PORT_IS_LOST;
	return PORT_GOES_WELL;
}

enum q_code port_fate_fail(const struct port_fate *fate, struct q_err *err)
{
	enum q_code code = fate->faults.code ? fate->faults.code : Q_TIMEOUT;

	return q_fail(err, code, "port_faults", "a fault of the test");
}

enum q_code port_fate_answer(const struct port_fate *fate, enum port_outcome outcome,
			     enum q_code code, struct q_err *err)
{
	return code == Q_OK && outcome == PORT_IS_LOST ? port_fate_fail(fate, err) : code;
}
