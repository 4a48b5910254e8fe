#include "search/pins.h"

#include "base/encode.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "search/alias.h"

#include <pthread.h>

enum { RANDOM_BYTES = 16 };

struct pin {
	struct q__index *index;
	struct q__index_name name; /* by which it was pinned */
	struct q__snapshot *snapshot;
	int64_t keep_ms, until_ms;
};

struct q__pins {
	pthread_mutex_t lock;	/* a leaf; guards the map and its pins */
	struct q_map *by_token; /* owns the pins */
};

struct q__pins *q__pins_new(void)
{
	struct q__pins *pins = q_mem_new(sizeof *pins);

	if (!pins)
		return NULL;
	pins->by_token = q_map_new(Q_SEARCH_PINS_MAX);
	if (!pins->by_token) {
		q_mem_free(pins);
		return NULL;
	}
	pthread_mutex_init(&pins->lock, NULL);
	return pins;
}

static void free_pin(struct pin *pin)
{
	if (pin)
		q__snapshot_unref(pin->snapshot);
	q_mem_free(pin);
}

/* Those that have ended at `now_ms`. */
static void remove_ended(struct q__pins *pins, int64_t now_ms)
{
	struct q_str token;
	size_t at = 0;
	void *value;

	while (q_map_next(pins->by_token, &at, &token, &value)) {
		struct pin *pin = value;

		if (pin->until_ms > now_ms)
			continue;
		q_map_remove(pins->by_token, token);
		free_pin(pin);
	}
}

void q__pins_free(struct q__pins *pins)
{
	if (!pins)
		return;
	remove_ended(pins, INT64_MAX);
	q_map_free(pins->by_token);
	pthread_mutex_destroy(&pins->lock);
	q_mem_free(pins);
}

static struct q_str make_token(struct q_arena *arena)
{
	unsigned char bytes[RANDOM_BYTES];
	char token[2 * RANDOM_BYTES];

	q_random_bytes(bytes, sizeof bytes);
	q_hex_write((struct q_bytes){bytes, sizeof bytes}, token);
	return q_arena_copy(arena, (struct q_str){token, sizeof token});
}

static struct pin *new_pin(struct q__index *index, struct q__snapshot *snapshot, struct q_str name,
			   int64_t keep_ms)
{
	struct pin *pin = q_mem_new(sizeof *pin);

	if (!pin)
		return NULL;
	*pin = (struct pin){.index = index,
			    .name = q__index_name_of(name),
			    .snapshot = q__snapshot_ref(snapshot),
			    .keep_ms = keep_ms,
			    .until_ms = q_time_monotonic_ms() + keep_ms};
	return pin;
}

/* Takes the pin where it is added. */
static enum q_code put_pin(struct q__pins *pins, struct q_str token, struct pin *pin,
			   struct q_err *err)
{
	enum q_code code = Q_OK;

	pthread_mutex_lock(&pins->lock);
	remove_ended(pins, q_time_monotonic_ms());
	if (q_map_count(pins->by_token) >= Q_SEARCH_PINS_MAX)
		code = q_fail(err, Q_BUSY, "search_index.pin", "%d pins are kept: end one, or wait",
			      Q_SEARCH_PINS_MAX);
	else if (!q_map_put(pins->by_token, token, pin))
		code = q_fail(err, Q_NOMEM, "search_index.pin", "a pin");
	pthread_mutex_unlock(&pins->lock);
	return code;
}

enum q_code q__pins_add(struct q__pins *pins, struct q__index *index, struct q__snapshot *snapshot,
			struct q_str name, int64_t keep_ms, struct q_arena *arena,
			struct q_str *token, struct q_err *err)
{
	struct pin *pin = new_pin(index, snapshot, name, keep_ms);
	enum q_code code;

	*token = make_token(arena);
	if (!pin || q_arena_failed(arena))
		code = q_fail(err, Q_NOMEM, "search_index.pin", "a pin");
	else
		code = put_pin(pins, *token, pin, err);
	if (code)
		free_pin(pin);
	return code;
}

/* Holds the lock. NULL: there is no such pin. */
static struct pin *use_pin(struct q__pins *pins, struct q_str token, struct q_str name)
{
	int64_t now_ms = q_time_monotonic_ms();
	struct pin *pin;

	remove_ended(pins, now_ms);
	pin = q_map_find(pins->by_token, token);
	if (!pin || !q_str_equal(q_str_from(pin->name.text), name))
		return NULL;
	pin->until_ms = now_ms + pin->keep_ms;
	return pin;
}

enum q_code q__pins_use(struct q__pins *pins, struct q_str token, struct q_str name,
			struct q__index **index, struct q__snapshot **snapshot, struct q_err *err)
{
	const struct pin *pin;

	pthread_mutex_lock(&pins->lock);
	pin = use_pin(pins, token, name);
	if (pin) {
		*index = pin->index;
		*snapshot = q__snapshot_ref(pin->snapshot);
	}
	pthread_mutex_unlock(&pins->lock);
	if (!pin)
		return q_fail(err, Q_NOTFOUND, "search_index.search",
			      "the pin has ended: pin the index again, and start from the front");
	return Q_OK;
}

void q__pins_remove(struct q__pins *pins, struct q_str token)
{
	struct pin *pin;

	pthread_mutex_lock(&pins->lock);
	pin = q_map_remove(pins->by_token, token);
	pthread_mutex_unlock(&pins->lock);
	free_pin(pin);
}

void q__pins_drop(struct q__pins *pins, const struct q__index *index)
{
	struct q_str token;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&pins->lock);
	while (q_map_next(pins->by_token, &at, &token, &value)) {
		struct pin *pin = value;

		if (pin->index != index)
			continue;
		q_map_remove(pins->by_token, token);
		free_pin(pin);
	}
	pthread_mutex_unlock(&pins->lock);
}
