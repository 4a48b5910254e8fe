/* bench/waiting_roles.h: quire's own roles and stores, with an analyst that only waits, for
 * benchmarks of all that is not analysis.
 *
 * Contract:  what fails ends the program with its message.
 * Ownership: waiting_roles_close frees all. Results live in `arena`, which the caller may reset.
 * Threads:   one calls; the roles have theirs. */
#ifndef Q_BENCH_WAITING_ROLES_H
#define Q_BENCH_WAITING_ROLES_H

#include "cmd/roles.h"
#include "support/analyst_scripted.h"

struct waiting_roles {
	struct q_wiring *wiring;
	struct q_documents *documents;
	struct q_roles *roles;
	struct q_analyst *analyst;
	struct q_arena *arena; /* of what is read */
	struct q_arena *kept;
	unsigned workers;
	unsigned documents_sent;
};

void waiting_roles_open(struct waiting_roles *w, const char *directory, int64_t wait_ms,
			unsigned workers);
void waiting_roles_close(struct waiting_roles *w);

/* Uploads a document of so many pages; its job. */
struct q_job waiting_roles_send(struct waiting_roles *w, const char *tenant_id, unsigned pages);
struct q_job waiting_roles_find(struct waiting_roles *w, const struct q_job *job);

void pause_ms(long ms);

#endif
