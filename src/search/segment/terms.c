#include "search/segment/terms.h"

uint64_t q__term_beginning(struct q_str term)
{
	unsigned char bytes[sizeof(uint64_t)] = {0};

	if (term.length > 0)
		memcpy(bytes, term.data, term.length < sizeof bytes ? term.length : sizeof bytes);
	return __builtin_bswap64(q__read_u64(bytes));
}

bool q__terms_open(struct q__terms *terms, struct q_bytes blocks, struct q_bytes block_heads,
		   uint64_t count)
{
	/* The last block may be short; a sum could begin again at 0. */
	uint64_t block_count = count / Q__BLOCK_TERMS + (count % Q__BLOCK_TERMS > 0);

	*terms = (struct q__terms){.blocks = blocks,
				   .block_heads = block_heads.data,
				   .block_count = (uint32_t)block_count,
				   .count = count};
	return block_heads.length == block_count * Q__BLOCK_HEAD_BYTES;
}

static bool fail_broken(struct q__term_cursor *cursor)
{
	cursor->is_broken = true;
	cursor->left = 0;
	cursor->block = cursor->terms->block_count;
	return false;
}

static const unsigned char *head_of(const struct q__terms *terms, uint32_t block)
{
	return terms->block_heads + (size_t)block * Q__BLOCK_HEAD_BYTES;
}

/* A reader at the start of a block. */
static struct q__reader block_reader(const struct q__terms *terms, uint32_t block)
{
	struct q__reader reader = q__reader_of(terms->blocks);

	q__read_bytes(&reader, q__read_u32(head_of(terms, block) + sizeof(uint64_t)));
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

/* What is written of a term behind another one. */
struct string {
	size_t shared; /* bytes with the one before */
	size_t length; /* of the rest */
	const unsigned char *rest;
};

/* Goes to the block's next term, without putting it together. */
static bool read_string(struct q__term_cursor *cursor, struct string *out)
{
	cursor->left--;
	cursor->index++;
	out->shared = q__read_varint(&cursor->strings);
	out->length = q__read_varint(&cursor->strings);
	out->rest = q__read_bytes(&cursor->strings, out->length);
	return out->rest || fail_broken(cursor);
}

/* What it shares is in the term, or is put there. */
static bool take_string(struct q__term_cursor *cursor, const struct string *string)
{
	if (string->length > Q__TERM_MAX || string->shared > Q__TERM_MAX - string->length)
		return fail_broken(cursor);
	memcpy(cursor->term + string->shared, string->rest, string->length);
	cursor->length = string->shared + string->length;
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
	struct string first = {0};

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
	first.length = q__read_varint(&cursor->strings);
	first.rest = q__read_bytes(&cursor->strings, first.length);
	return first.rest ? take_string(cursor, &first) : fail_broken(cursor);
}

static size_t shared_bytes(struct q_str a, struct q_str b)
{
	size_t most = a.length < b.length ? a.length : b.length, count = 0;

	while (count < most && a.data[count] == b.data[count])
		count++;
	return count;
}

/* Loads a block, and knows how much its first term shares with the key, which may be the term that
 * was here. */
static bool enter_block(struct q__term_cursor *cursor, uint32_t block, struct q_str key)
{
	size_t shared;

	if (block >= cursor->terms->block_count)
		return false;
	shared = shared_bytes(first_term(cursor->terms, block), key);
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
	struct string string;

	if (cursor->left == 0)
		return enter_block(cursor, cursor->block + 1, q__term_cursor_term(cursor));
	if (!read_string(cursor, &string))
		return false;
	if (string.shared > cursor->length)
		return fail_broken(cursor);
	cursor->shared = string.shared;
	return take_string(cursor, &string);
}

/* Is the term not before the key? *matched: bytes of the key that the term before this one has,
 * which comes before the key; then those that this one has, or one before it that has as many. */
static bool is_reached(const struct string *string, struct q_str key, size_t *matched)
{
	const unsigned char *at = string->rest, *end = at + string->length;

	if (string->shared > *matched)
		return false;
	if (string->shared < *matched) {
		*matched = string->shared;
		return true;
	}
	while (at < end && *matched < key.length && *at == (unsigned char)key.data[*matched])
		at++, (*matched)++;
	return *matched == key.length || (at<end && * at>(unsigned char) key.data[*matched]);
}

/* Goes to the first term behind this one, which comes before the key, that does not. Only that one
 * is put together: what terms before it share with it, they share with the key. */
static bool scan(struct q__term_cursor *cursor, struct q_str key)
{
	size_t matched = shared_bytes(q__term_cursor_term(cursor), key);

	while (cursor->left > 0) {
		struct string string;

		if (!read_string(cursor, &string))
			return false;
		if (!is_reached(&string, key, &matched))
			continue;
		if (!take_string(cursor, &string))
			return false;
		if (string.shared > 0)
			memcpy(cursor->term, key.data, string.shared);
		cursor->shared = matched;
		return true;
	}
	return enter_block(cursor, cursor->block + 1, key);
}

/* Is the block's first term <= key? */
static bool begins_by(const struct q__terms *terms, uint32_t block, struct q_str key,
		      uint64_t beginning)
{
	uint64_t first = q__read_u64(head_of(terms, block));

	return first < beginning ||
	       (first == beginning && q_str_compare(first_term(terms, block), key) <= 0);
}

/* The last block of low..high - 1 that begins by the key; `low` where none does. */
static uint32_t find_block(const struct q__terms *terms, uint32_t low, uint32_t high,
			   struct q_str key, uint64_t beginning)
{
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (begins_by(terms, middle, key, beginning))
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool seek_in_block(struct q__term_cursor *cursor, uint32_t block, struct q_str key)
{
	return enter_block(cursor, block, key) &&
	       (q_str_compare(q__term_cursor_term(cursor), key) >= 0 || scan(cursor, key));
}

bool q__term_cursor_seek(struct q__term_cursor *cursor, struct q_str key)
{
	const struct q__terms *terms = cursor->terms;

	return terms->block_count > 0 &&
	       seek_in_block(cursor,
			     find_block(terms, 0, terms->block_count, key, q__term_beginning(key)),
			     key);
}

/* Blocks by steps that double, then halves. */
bool q__term_cursor_advance(struct q__term_cursor *cursor, struct q_str key)
{
	const struct q__terms *terms = cursor->terms;
	uint64_t beginning = q__term_beginning(key);
	uint32_t low = cursor->block, step = 1, high;

	while (low + step < terms->block_count && begins_by(terms, low + step, key, beginning)) {
		low += step;
		step *= 2;
	}
	high = low + step < terms->block_count ? low + step : terms->block_count;
	low = find_block(terms, low, high, key, beginning);
	return low == cursor->block ? scan(cursor, key) : seek_in_block(cursor, low, key);
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
