#include "embedded/random_source_system.h"

#include "base/hash.h"
#include "base/mem.h"

static void system_fill(struct q_random_source *random, void *out, size_t count)
{
	(void)random;
	q_random_bytes(out, count);
}

static void system_close(struct q_random_source *random)
{
	q_mem_free(random);
}

static const struct q_random_source_ops system_ops = {
	.name = "system",
	.fill = system_fill,
	.close = system_close,
};

enum q_code q_random_source_system_open(struct q_random_source **out, struct q_err *err)
{
	struct q_random_source *random = q_mem_new(sizeof *random);

	if (!random)
		return q_fail(err, Q_NOMEM, "random_source_system.open", "no memory");
	random->ops = &system_ops;
	*out = random;
	return Q_OK;
}
