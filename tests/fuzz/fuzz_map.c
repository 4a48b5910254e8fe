/* Each two bytes are a step (put, remove or walk) and a key; an array says what the map must
 * answer. */
#include "base/map.h"

enum { KEYS = 256, LIMIT = 200 };

struct model {
	struct q_map *map;
	void *values[KEYS]; /* NULL: absent */
	size_t count;
};

/* Keys of every length from 1 to 16, so that each path of the hash is taken. */
static struct q_str key_of(uint8_t number, char text[16])
{
	for (int i = 0; i < 16; i++)
		text[i] = (char)number;
	return (struct q_str){text, 1 + number % 16u};
}

static void step_put(struct model *m, uint8_t number, void *value)
{
	bool is_new = !m->values[number];
	char text[16];
	bool was_put = q_map_put(m->map, key_of(number, text), value);

	q_assert(was_put == (!is_new || m->count < LIMIT));
	if (was_put) {
		m->values[number] = value;
		m->count += is_new;
	}
}

static void step_remove(struct model *m, uint8_t number)
{
	char text[16];

	q_assert(q_map_remove(m->map, key_of(number, text)) == m->values[number]);
	m->count -= m->values[number] != NULL;
	m->values[number] = NULL;
}

/* Walks and removes, on the way, the keys that `number` divides. */
static void step_walk(struct model *m, uint8_t number)
{
	size_t before = m->count, walked = 0, cursor = 0;
	struct q_str key;
	void *value;

	while (q_map_next(m->map, &cursor, &key, &value)) {
		uint8_t found = (uint8_t)key.data[0];

		q_assert(m->values[found] == value);
		walked++;
		if (number > 1 && found % number == 0)
			step_remove(m, found);
	}
	q_assert(walked == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model = {.map = q_map_new(LIMIT)};

	q_assert(model.map);
	for (size_t i = 0; i + 1 < size; i += 2) {
		uint8_t number = data[i + 1];
		char text[16];

		if (data[i] < 128)
			step_put(&model, number, &model.values[data[i]]);
		else if (data[i] < 250)
			step_remove(&model, number);
		else
			step_walk(&model, number);
		q_assert(q_map_find(model.map, key_of(number, text)) == model.values[number]);
		q_assert(q_map_count(model.map) == model.count);
	}
	q_map_free(model.map);
	return 0;
}
