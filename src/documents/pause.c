#include "documents/documents_internal.h"

#include <time.h>

enum { DOUBLINGS_MAX = 6 };

void q__pause(struct q_documents *d, unsigned attempt)
{
	unsigned doublings = attempt <= DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX;
	uint64_t most_ns = 1000000ull << doublings;
	struct timespec pause = {0, (long)q_random_source_below(d->o.random, most_ns)};

	nanosleep(&pause, NULL);
}
