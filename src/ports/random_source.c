#include "ports/random_source.h"

#include "base/compiler.h"

void q_random_source_fill(struct q_random_source *random, void *out, size_t count)
{
	q_assert(random && random->ops && random->ops->fill);
	q_assert(out || count == 0);
	if (count > 0)
		random->ops->fill(random, out, count);
}

uint64_t q_random_source_below(struct q_random_source *random, uint64_t bound)
{
	uint64_t excess, value;

	q_assert(bound > 0);
	/* 2^64 mod bound: the lowest that many values are drawn again, so that each remainder is as
	 * likely as any other. */
	excess = -bound % bound;
	do
		q_random_source_fill(random, &value, sizeof value);
	while (value < excess);
	return value % bound;
}

void q_random_source_uuid(struct q_random_source *random, int64_t wall_ms,
			  char out[Q_UUID_TEXT_SIZE])
{
	unsigned char entropy[10];

	q_random_source_fill(random, entropy, sizeof entropy);
	q_uuid_v7(wall_ms, entropy, out);
}

void q_random_source_close(struct q_random_source *random)
{
	if (random)
		random->ops->close(random);
}
