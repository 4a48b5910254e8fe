#include "support/random_source_seeded.h"

#include "base/compiler.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <string.h>

struct seeded_source {
	struct q_random_source base;
	atomic_ullong state;
};

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). */
static uint64_t next(struct seeded_source *source)
{
	uint64_t step = 0x9e3779b97f4a7c15;
	uint64_t z = atomic_fetch_add(&source->state, step) + step;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void seeded_fill(struct q_random_source *random, void *out, size_t count)
{
	struct seeded_source *source = q_container_of(random, struct seeded_source, base);
	unsigned char *bytes = out;

	while (count > 0) {
		uint64_t word = next(source);
		size_t part = count < sizeof word ? count : sizeof word;

		memcpy(bytes, &word, part);
		bytes += part;
		count -= part;
	}
}

static void seeded_close(struct q_random_source *random)
{
	q_mem_free(q_container_of(random, struct seeded_source, base));
}

static const struct q_random_source_ops seeded_ops = {
	.name = "seeded",
	.fill = seeded_fill,
	.close = seeded_close,
};

struct q_random_source *random_source_seeded_new(uint64_t seed)
{
	struct seeded_source *source = q_mem_new(sizeof *source);

	if (!source)
		return NULL;
	source->base.ops = &seeded_ops;
	atomic_init(&source->state, seed);
	return &source->base;
}
