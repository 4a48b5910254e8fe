#include "search/segment/terms.h"

bool q__terms_open(struct q__terms *terms, struct q_bytes blocks, struct q_bytes block_offsets,
		   uint64_t count)
{
	/* The last block may be short; a sum could begin again at 0. */
	uint64_t block_count = count / Q__BLOCK_TERMS + (count % Q__BLOCK_TERMS > 0);

	*terms = (struct q__terms){.blocks = blocks,
				   .block_offsets = block_offsets.data,
				   .block_count = (uint32_t)block_count,
				   .count = count};
	return block_offsets.length == block_count * sizeof(uint32_t);
}

static bool fail_broken(struct q__term_cursor *cursor)
{
	cursor->is_broken = true;
	cursor->left = 0;
	cursor->block = cursor->terms->block_count;
	return false;
}

/* A reader at the start of a block. */
static struct q__reader block_reader(const struct q__terms *terms, uint32_t block)
{
	struct q__reader reader = q__reader_of(terms->blocks);

	q__read_bytes(&reader, q__read_u32(terms->block_offsets + 4 * (size_t)block));
	return reader;
}

/* The block's first term, without loading it; empty where it is broken. */
static struct q_str first_term(const struct q__terms *terms, uint32_t block)
{
	struct q__reader reader = block_reader(terms, block);
	const unsigned char *at;
	size_t length;

	q__read_varint(&reader);
	length = q__read_varint(&reader);
	at = q__read_bytes(&reader, length);
	return at ? (struct q_str){(const char *)at, length} : (struct q_str){0};
}

/* Puts the string that `strings` stands at behind the first `shared` bytes of the term. */
static bool take_string(struct q__term_cursor *cursor, size_t shared, size_t length)
{
	const unsigned char *at = q__read_bytes(&cursor->strings, length);

	if (!at || shared > cursor->length || length > Q__TERM_MAX - shared)
		return fail_broken(cursor);
	memcpy(cursor->term + shared, at, length);
	cursor->length = shared + length;
	return true;
}

/* The cursor at the block's first term; `shared` is 0. */
static bool load_block(struct q__term_cursor *cursor, uint32_t block)
{
	const struct q__terms *terms = cursor->terms;
	struct q__reader reader = block_reader(terms, block);
	size_t strings_length = q__read_varint(&reader);
	const unsigned char *strings = q__read_bytes(&reader, strings_length);
	uint64_t behind = terms->count - (uint64_t)block * Q__BLOCK_TERMS;

	if (!strings)
		return fail_broken(cursor);
	cursor->block = block;
	cursor->index = 0;
	cursor->left = (uint32_t)(behind < Q__BLOCK_TERMS ? behind : Q__BLOCK_TERMS) - 1;
	cursor->strings = q__reader_of((struct q_bytes){strings, strings_length});
	cursor->references = reader;
	cursor->referenced = 0;
	cursor->ref = (struct q__term_ref){0};
	cursor->shared = 0;
	return take_string(cursor, 0, q__read_varint(&cursor->strings));
}

static size_t shared_with(const struct q__term_cursor *cursor, struct q_str other)
{
	size_t most = cursor->length < other.length ? cursor->length : other.length;
	size_t count = 0;

	while (count < most && cursor->term[count] == (unsigned char)other.data[count])
		count++;
	return count;
}

/* Loads a block, and knows how much its first term shares with the term that was here. */
static bool enter_block(struct q__term_cursor *cursor, uint32_t block)
{
	size_t shared;

	if (block >= cursor->terms->block_count)
		return false;
	shared = shared_with(cursor, first_term(cursor->terms, block));
	if (!load_block(cursor, block))
		return false;
	cursor->shared = shared;
	return true;
}

void q__term_cursor_start(struct q__term_cursor *cursor, const struct q__terms *terms)
{
	cursor->terms = terms;
	cursor->is_broken = false;
	cursor->length = cursor->shared = 0;
	cursor->block = cursor->index = cursor->left = 0;
}

bool q__term_cursor_next(struct q__term_cursor *cursor)
{
	if (cursor->left == 0)
		return enter_block(cursor, cursor->block + 1);
	cursor->left--;
	cursor->index++;
	cursor->shared = q__read_varint(&cursor->strings);
	return take_string(cursor, cursor->shared, q__read_varint(&cursor->strings));
}

/* Goes on in this block to a term that shares less than `length` bytes with the one before. Terms
 * in between need not be put together: they all have these bytes. */
static bool skip_in_block(struct q__term_cursor *cursor, size_t length)
{
	while (cursor->left > 0) {
		size_t shared = q__read_varint(&cursor->strings);
		size_t other = q__read_varint(&cursor->strings);

		cursor->left--;
		cursor->index++;
		if (shared < length) {
			cursor->shared = shared;
			return take_string(cursor, shared, other);
		}
		if (!q__read_bytes(&cursor->strings, other))
			return fail_broken(cursor);
	}
	return false;
}

static bool block_shares(const struct q__term_cursor *cursor, uint32_t block, size_t length)
{
	return shared_with(cursor, first_term(cursor->terms, block)) >= length;
}

/* The last block, from this one on, that begins with a term of the same first bytes: steps that
 * double, then halves. */
static uint32_t last_block_that_shares(const struct q__term_cursor *cursor, size_t length)
{
	uint32_t low = cursor->block, step = 1, high;

	while (low + step < cursor->terms->block_count &&
	       block_shares(cursor, low + step, length)) {
		low += step;
		step *= 2;
	}
	high = low + step < cursor->terms->block_count ? low + step : cursor->terms->block_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (block_shares(cursor, middle, length))
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool q__term_cursor_skip(struct q__term_cursor *cursor, size_t length)
{
	uint32_t last;

	if (skip_in_block(cursor, length))
		return true;
	if (cursor->is_broken)
		return false;
	cursor->length = length; /* what all that was skipped has in common */
	last = last_block_that_shares(cursor, length);
	if (last > cursor->block) {
		if (!load_block(cursor, last))
			return false;
		if (skip_in_block(cursor, length))
			return true;
		if (cursor->is_broken)
			return false;
		cursor->length = length;
	}
	return enter_block(cursor, cursor->block + 1);
}

/* The last block whose first term is <= key; the first one where there is none. */
static uint32_t block_of(const struct q__terms *terms, struct q_str key)
{
	uint32_t low = 0, high = terms->block_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (q_str_compare(first_term(terms, middle), key) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool q__term_cursor_seek(struct q__term_cursor *cursor, struct q_str key)
{
	bool is_there =
		cursor->terms->block_count > 0 && load_block(cursor, block_of(cursor->terms, key));

	while (is_there && q_str_compare(q__term_cursor_term(cursor), key) < 0)
		is_there = q__term_cursor_next(cursor);
	cursor->shared = 0;
	return is_there;
}

bool q__term_cursor_seek_ordinal(struct q__term_cursor *cursor, uint64_t ordinal)
{
	bool is_there = ordinal < cursor->terms->count &&
			load_block(cursor, (uint32_t)(ordinal / Q__BLOCK_TERMS));

	for (uint64_t i = 0; is_there && i < ordinal % Q__BLOCK_TERMS; i++)
		is_there = q__term_cursor_next(cursor);
	cursor->shared = 0;
	return is_there;
}

/* An offset counts from the one before. */
static void read_reference(struct q__term_cursor *cursor)
{
	uint64_t head = q__read_varint(&cursor->references);
	uint64_t place = q__read_varint(&cursor->references);

	cursor->references.is_broken = cursor->references.is_broken || head >> 1 > UINT32_MAX;
	cursor->ref.document_count = (uint32_t)(head >> 1);
	cursor->ref.is_single = head & 1;
	if (cursor->ref.is_single)
		cursor->ref.document = (uint32_t)place;
	else
		cursor->ref.offset += place;
	cursor->referenced++;
}

struct q__term_ref q__term_cursor_ref(struct q__term_cursor *cursor)
{
	while (cursor->referenced <= cursor->index)
		read_reference(cursor);
	if (!cursor->references.is_broken)
		return cursor->ref;
	cursor->is_broken = true;
	return (struct q__term_ref){0};
}

struct q__term_ref q__terms_find(const struct q__terms *terms, struct q_str term,
				 struct q__term_cursor *cursor)
{
	q__term_cursor_start(cursor, terms);
	if (!q__term_cursor_seek(cursor, term) || !q_str_equal(q__term_cursor_term(cursor), term))
		return (struct q__term_ref){0};
	return q__term_cursor_ref(cursor);
}
