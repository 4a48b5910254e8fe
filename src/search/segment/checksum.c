#include "search/segment/checksum.h"

#include "search/segment/codec.h"

#include <string.h>

static const uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f,
		      prime3 = 0x165667b19e3779f9, prime4 = 0x85ebca77c2b2ae63,
		      prime5 = 0x27d4eb2f165667c5;

static uint64_t rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t mix(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * prime2, 31) * prime1;
}

static void start(struct q__checksum_state *state)
{
	state->lanes[0] = prime1 + prime2;
	state->lanes[1] = prime2;
	state->lanes[2] = 0;
	state->lanes[3] = -prime1;
}

static void add_stripe(struct q__checksum_state *state, const unsigned char *stripe)
{
	for (size_t i = 0; i < 4; i++)
		state->lanes[i] = mix(state->lanes[i], q__read_u64(stripe + 8 * i));
}

void q__checksum_add(struct q__checksum_state *state, struct q_bytes bytes)
{
	if (bytes.length == 0)
		return;
	if (state->total == 0)
		start(state);
	state->total += bytes.length;
	while (bytes.length > 0) {
		size_t take = sizeof state->pending - state->pending_count;

		if (state->pending_count == 0 && bytes.length >= take) {
			add_stripe(state, bytes.data);
		} else {
			take = take < bytes.length ? take : bytes.length;
			memcpy(state->pending + state->pending_count, bytes.data, take);
			state->pending_count += take;
		}
		if (state->pending_count == sizeof state->pending) {
			add_stripe(state, state->pending);
			state->pending_count = 0;
		}
		bytes.data += take;
		bytes.length -= take;
	}
}

/* What a whole stripe of 32 bytes or more has left in the lanes, as one number. */
static uint64_t fold_lanes(const struct q__checksum_state *state)
{
	const uint64_t *lanes = state->lanes;
	uint64_t hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
			rotate(lanes[3], 18);

	for (size_t i = 0; i < 4; i++)
		hash = (hash ^ mix(0, lanes[i])) * prime1 + prime4;
	return hash;
}

static uint64_t add_rest(uint64_t hash, const unsigned char *at, size_t count)
{
	for (; count >= 8; at += 8, count -= 8)
		hash = rotate(hash ^ mix(0, q__read_u64(at)), 27) * prime1 + prime4;
	if (count >= 4) {
		hash = rotate(hash ^ q__read_u32(at) * prime1, 23) * prime2 + prime3;
		at += 4;
		count -= 4;
	}
	for (; count > 0; at++, count--)
		hash = rotate(hash ^ *at * prime5, 11) * prime1;
	return hash;
}

uint64_t q__checksum_finish(const struct q__checksum_state *state)
{
	uint64_t hash = state->total >= 32 ? fold_lanes(state) : prime5;

	hash = add_rest(hash + state->total, state->pending, state->pending_count);
	hash = (hash ^ hash >> 33) * prime2;
	hash = (hash ^ hash >> 29) * prime3;
	return hash ^ hash >> 32;
}

uint64_t q__checksum(struct q_bytes bytes)
{
	struct q__checksum_state state = {0};

	q__checksum_add(&state, bytes);
	return q__checksum_finish(&state);
}
