#include "search/segment/positions.h"

#include "search/segment/codec.h"

static void fail_broken(struct q__positions *positions)
{
	positions->is_broken = true;
	positions->left = 0;
}

void q__positions_open(struct q__positions *positions, const struct q__postings *postings)
{
	struct q_bytes bytes = q__postings_rest(postings);
	struct q__reader reader = q__reader_of(bytes);

	*positions = (struct q__positions){.postings = postings, .end = reader.end};
	if (postings->block_count > 1)
		positions->table =
			q__read_bytes(&reader, (size_t)postings->block_count * sizeof(uint32_t));
	positions->blocks = reader.at;
	positions->is_broken = bytes.length == 0 || reader.is_broken;
}

/* The block's first byte; NULL where it is not inside the bytes. */
static const unsigned char *start_of(const struct q__positions *positions, uint32_t block)
{
	size_t room = (size_t)(positions->end - positions->blocks);
	uint32_t start = 0;

	if (block > 0) {
		q_assert(positions->table); /* there are several blocks */
		start = q__read_u32(positions->table + (size_t)(block - 1) * sizeof(uint32_t));
	}
	return start < room ? positions->blocks + start : NULL;
}

static uint64_t sum_frequencies(const struct q__postings *postings)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < postings->count; i++)
		sum += postings->frequencies[i];
	return sum;
}

/* The positions of the block that the postings have loaded. */
static bool load(struct q__positions *positions)
{
	const struct q__postings *postings = positions->postings;
	const unsigned char *start = start_of(positions, postings->block - 1);
	uint64_t count;

	if (!start || start[0] > 32)
		return false;
	/* Without bits every position is 0, which a document has once. */
	count = sum_frequencies(postings);
	if (start[0] == 0 && count != postings->count)
		return false;
	if ((count * start[0] + 7) / 8 > (size_t)(positions->end - start - 1))
		return false;
	positions->block = postings->block;
	positions->packed = start + 1;
	positions->bits = start[0];
	positions->at = 0;
	positions->first = 0;
	return true;
}

void q__positions_start(struct q__positions *positions)
{
	const struct q__postings *postings = positions->postings;

	if (positions->is_broken || (positions->block != postings->block && !load(positions))) {
		fail_broken(positions);
		return;
	}
	for (; positions->at < postings->at; positions->at++)
		positions->first += postings->frequencies[positions->at];
	positions->index = positions->first;
	positions->left = postings->frequencies[postings->at];
	positions->position = 0;
}

static uint32_t take_delta(struct q__positions *positions)
{
	uint64_t bit = positions->index * positions->bits;
	uint64_t mask = ((uint64_t)1 << positions->bits) - 1;

	positions->left--;
	positions->index++;
	return (uint32_t)(q__read_u64(positions->packed + bit / 8) >> (bit & 7) & mask);
}

bool q__positions_next(struct q__positions *positions)
{
	if (positions->left == 0)
		return false;
	positions->position += take_delta(positions);
	return true;
}

void q__positions_take(struct q__positions *positions, uint32_t *deltas)
{
	while (positions->left > 0)
		*deltas++ = take_delta(positions);
}
