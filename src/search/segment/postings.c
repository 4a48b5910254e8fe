#include "search/segment/postings.h"

#include "search/segment/codec.h"
#include "search/segment/postings_internal.h"

#define EIGHT_TIMES(x) x, x, x, x, x, x, x, x
static const uint32_t all_one[Q__BLOCK_DOCUMENTS] = {EIGHT_TIMES(EIGHT_TIMES(1)),
						     EIGHT_TIMES(EIGHT_TIMES(1))};
#undef EIGHT_TIMES

static const unsigned char *source_end(const struct q__postings *postings)
{
	return postings->source.bytes.data + postings->source.bytes.length;
}

static uint32_t last_document_of(const struct q__postings *postings, uint32_t block)
{
	return q__read_u32(postings->table + (size_t)block * Q__TABLE_ENTRY_SIZE);
}

static uint32_t end_of(const struct q__postings *postings, uint32_t block)
{
	return q__read_u32(postings->table + (size_t)block * Q__TABLE_ENTRY_SIZE + 4);
}

static struct q__postings_bound bound_at(const unsigned char *at)
{
	struct q__postings_bound bound = {.frequency_max = at[0]};

	memcpy(bound.length_min, at + 1, sizeof bound.length_min);
	return bound;
}

static bool open_single(struct q__postings *postings)
{
	postings->is_broken = postings->ref.document >= postings->source.document_count;
	postings->unpacked[0] = postings->ref.document;
	postings->count = postings->block = postings->block_count = postings->is_broken ? 0 : 1;
	return true;
}

/* Finds bound, table and blocks. */
static void find_parts(struct q__postings *postings)
{
	struct q__reader reader = q__reader_of(postings->source.bytes);
	const unsigned char *bound = NULL;

	q__read_bytes(&reader, postings->ref.offset);
	if (postings->source.has_frequencies)
		bound = q__read_bytes(&reader, Q__BOUND_SIZE);
	if (bound)
		postings->bound = bound_at(bound);
	if (postings->block_count > 1)
		postings->table =
			q__read_bytes(&reader, (size_t)postings->block_count * Q__TABLE_ENTRY_SIZE);
	postings->blocks = reader.at;
	postings->is_broken = reader.is_broken;
	if (reader.is_broken)
		postings->block_count = 0;
}

bool q__postings_open(struct q__postings *postings, const struct q__term_ref *ref,
		      const struct q__postings_source *source, struct q_arena *arena)
{
	uint32_t room =
		ref->document_count < Q__BLOCK_DOCUMENTS ? ref->document_count : Q__BLOCK_DOCUMENTS;

	*postings = (struct q__postings){
		.ref = *ref, .source = *source, .bound = {1, {1, UINT8_MAX, UINT8_MAX, UINT8_MAX}}};
	postings->block_count =
		(uint32_t)(((uint64_t)ref->document_count + Q__BLOCK_DOCUMENTS - 1) /
			   Q__BLOCK_DOCUMENTS);
	if (ref->document_count == 0)
		return true;
	postings->unpacked = q_arena_alloc_array(arena, source->has_frequencies ? 2 * room : room,
						 sizeof *postings->unpacked);
	if (!postings->unpacked)
		return false;
	postings->documents = postings->unpacked;
	postings->frequencies = source->has_frequencies ? postings->unpacked + room : NULL;
	if (ref->is_single)
		return open_single(postings);
	find_parts(postings);
	return true;
}

/* Bytes of the term's blocks; more than there are where they are broken. */
static size_t blocks_length(const struct q__postings *postings, size_t room)
{
	const unsigned char *at = postings->blocks;
	uint32_t count = postings->ref.document_count;

	if (postings->table)
		return end_of(postings, postings->block_count - 1);
	if (room < 2 || !postings->source.has_frequencies)
		return SIZE_MAX;
	return 2 + q__packed_bytes(count, at[0]) + q__packed_bytes(count, at[1]);
}

struct q_bytes q__postings_rest(const struct q__postings *postings)
{
	const unsigned char *at = postings->blocks;
	size_t room = at ? (size_t)(source_end(postings) - at) : 0;
	size_t length = postings->is_broken ? SIZE_MAX : blocks_length(postings, room);

	return length <= room ? (struct q_bytes){at + length, room - length} : (struct q_bytes){0};
}

static bool unpack_block(struct q__postings *postings, const unsigned char *at, uint32_t next)
{
	const unsigned char *end = source_end(postings);
	bool has_frequencies = postings->source.has_frequencies;
	size_t head = has_frequencies ? 2 : 1;
	size_t delta_bytes;

	if ((size_t)(end - at) < head || at[0] > 32 || at[head - 1] > 32)
		return false;
	delta_bytes = q__packed_bytes(postings->count, at[0]);
	if ((size_t)(end - at) < head + delta_bytes)
		return false;
	if (!q__unpack_sums(at + head, postings->count, at[0], next,
			    postings->source.document_count, postings->unpacked))
		return false;
	if (!has_frequencies)
		return true;
	if ((size_t)(end - at) < head + delta_bytes + q__packed_bytes(postings->count, at[1]))
		return false;
	postings->packed = at + head + delta_bytes;
	postings->packed_bits = at[1];
	if (!postings->is_lazy)
		q__postings_frequencies(postings);
	return true;
}

const uint32_t *q__postings_frequencies(struct q__postings *postings)
{
	uint32_t *frequencies;

	if (!postings->packed)
		return postings->frequencies ? postings->frequencies : all_one;
	frequencies = postings->unpacked + (postings->frequencies - postings->documents);
	q__unpack_block(postings->packed, postings->count, postings->packed_bits, frequencies);
	postings->packed = NULL;
	return frequencies;
}

/* The loaded block ends where the table says, so that the next one, which counts on from there, has
 * only documents behind it. */
static bool ends_in_its_place(const struct q__postings *postings, uint32_t block)
{
	return !postings->table ||
	       postings->documents[postings->count - 1] == last_document_of(postings, block);
}

static bool load(struct q__postings *postings, uint32_t block)
{
	const unsigned char *at = postings->blocks;
	uint32_t next = 0, before = block * Q__BLOCK_DOCUMENTS;
	uint32_t left = postings->ref.document_count - before;

	if (block > 0) {
		q_assert(postings->table); /* there are several blocks */
		next = last_document_of(postings, block - 1) + 1;
		if (end_of(postings, block - 1) > (size_t)(source_end(postings) - at))
			return false;
		at += end_of(postings, block - 1);
	}
	postings->count = left < Q__BLOCK_DOCUMENTS ? left : Q__BLOCK_DOCUMENTS;
	postings->at = 0;
	postings->block = block + 1;
	return unpack_block(postings, at, next) && ends_in_its_place(postings, block);
}

static bool fail_broken(struct q__postings *postings)
{
	postings->is_broken = true;
	postings->block = postings->block_count;
	postings->at = postings->count = 0;
	return false;
}

bool q__postings_next_block(struct q__postings *postings)
{
	postings->at = postings->count;
	if (postings->block >= postings->block_count)
		return false;
	return load(postings, postings->block) || fail_broken(postings);
}

bool q__postings_load(struct q__postings *postings, uint32_t block)
{
	postings->at = 0;
	return q__postings_has_loaded(postings, block) || load(postings, block) ||
	       fail_broken(postings);
}

uint32_t q__postings_block_start(const struct q__postings *postings, uint32_t block)
{
	if (block >= postings->block_count)
		return Q__NO_DOCUMENT;
	return block > 0 ? last_document_of(postings, block - 1) + 1 : 0;
}

struct q__postings_bound q__postings_block_bound(const struct q__postings *postings, uint32_t block)
{
	if (!postings->table)
		return postings->bound;
	return bound_at(postings->table + (size_t)block * Q__TABLE_ENTRY_SIZE + 8);
}

/* Where there is a table. Steps that double, then halves. */
static uint32_t find_block(const struct q__postings *postings, uint32_t block, uint32_t from)
{
	uint32_t low = block, step = 1;
	uint32_t high;

	while (low + step < postings->block_count &&
	       last_document_of(postings, low + step) < from) {
		low += step;
		step *= 2;
	}
	high = low + step < postings->block_count ? low + step : postings->block_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (last_document_of(postings, middle) < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t q__postings_find_block(const struct q__postings *postings, uint32_t block, uint32_t from)
{
	if (block >= postings->block_count)
		return postings->block_count;
	if (postings->table)
		return find_block(postings, block, from);
	/* The one block's last document is known when it is loaded. */
	return postings->count > 0 && postings->documents[postings->count - 1] < from;
}

void q__postings_seek_in_block(struct q__postings *postings, uint32_t from)
{
	const uint32_t *low = postings->documents;

	/* Halves without a branch that could be foretold wrongly. */
	for (uint32_t left = postings->count; left > 1; left -= left / 2)
		low = low[left / 2 - 1] < from ? low + left / 2 : low;
	postings->at = (uint32_t)(low - postings->documents);
	if (postings->at < postings->count && *low < from)
		postings->at++;
}

/* Makes the block that may have the document the loaded one. */
static bool load_for(struct q__postings *postings, uint32_t document)
{
	uint32_t from = 0;

	if (postings->count > 0 &&
	    q__postings_block_start(postings, postings->block - 1) <= document) {
		if (postings->documents[postings->count - 1] >= document)
			return true;
		from = postings->block;
	}
	from = q__postings_find_block(postings, from, document);
	return q__postings_block_start(postings, from) <= document &&
	       q__postings_load(postings, from);
}

uint32_t q__postings_frequency_in(struct q__postings *postings, uint32_t document)
{
	if (!load_for(postings, document))
		return 0;
	q__postings_seek_in_block(postings, document);
	if (postings->at == postings->count || postings->documents[postings->at] != document)
		return 0;
	return q__postings_frequencies(postings)[postings->at];
}

static bool seek_block(struct q__postings *postings, uint32_t from)
{
	if (postings->table && postings->block < postings->block_count)
		postings->block = find_block(postings, postings->block, from);
	return q__postings_next_block(postings);
}

uint32_t q__postings_seek(struct q__postings *postings, uint32_t from)
{
	if (postings->count > 0 && postings->at < postings->count &&
	    postings->documents[postings->count - 1] < from)
		postings->at = postings->count;
	if (postings->at == postings->count && !seek_block(postings, from))
		return Q__NO_DOCUMENT;
	while (postings->at < postings->count && postings->documents[postings->at] < from)
		postings->at++;
	/* A block that a table places wrongly has no such document: it is broken. */
	return postings->at < postings->count ? postings->documents[postings->at] : Q__NO_DOCUMENT;
}
