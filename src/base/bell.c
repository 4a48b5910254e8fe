#include "base/bell.h"

#include "base/mem.h"

#include <pthread.h>
#include <time.h>

struct q_bell {
	pthread_mutex_t lock; /* guards count */
	pthread_cond_t rung;
	uint64_t count;
};

struct q_bell *q_bell_new(void)
{
	struct q_bell *bell = q_mem_new(sizeof *bell);
	pthread_condattr_t monotonic;

	if (!bell)
		return NULL;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&bell->rung, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&bell->lock, NULL);
	return bell;
}

void q_bell_free(struct q_bell *bell)
{
	if (!bell)
		return;
	pthread_cond_destroy(&bell->rung);
	pthread_mutex_destroy(&bell->lock);
	q_mem_free(bell);
}

uint64_t q_bell_count(struct q_bell *bell)
{
	uint64_t count;

	pthread_mutex_lock(&bell->lock);
	count = bell->count;
	pthread_mutex_unlock(&bell->lock);
	return count;
}

void q_bell_ring(struct q_bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	bell->count++;
	pthread_cond_broadcast(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

void q_bell_wait(struct q_bell *bell, uint64_t seen, int64_t timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&bell->lock);
	while (bell->count == seen && pthread_cond_timedwait(&bell->rung, &bell->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&bell->lock);
}
