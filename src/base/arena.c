/* Blocks from which allocations are cut, one behind the other; a full block is left with what it
 * has. They double from 4 KiB to 64 KiB, and what is large gets a block of its own. The arena's
 * own struct lies at the start of its first block, so that a small request costs one heap
 * allocation. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	ALIGNMENT = 16,
	FIRST_BLOCK_BYTES = 4 * 1024,
	LAST_BLOCK_BYTES = 64 * 1024,
};

/* Under AddressSanitizer the free space is poisoned and a gap lies before each allocation: a byte
 * too far is then a report instead of a neighbour's first byte. */
#if Q_SANITIZED
#include <sanitizer/asan_interface.h>
enum { STRING_ALIGNMENT = ALIGNMENT, GAP_BYTES = ALIGNMENT };
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
enum { STRING_ALIGNMENT = 1, GAP_BYTES = 0 };
#endif

struct block {
	struct block *next;
	size_t capacity;
	size_t used;
	alignas(ALIGNMENT) unsigned char bytes[];
};

struct q_arena {
	struct block *first;   /* holds this struct */
	struct block *others;  /* a list, in no order that matters */
	struct block *current; /* the first or one of the others: takes the next allocation */
	size_t limit;
	size_t used;
	size_t next_block_bytes;
	bool failed;
};

static size_t round_up(size_t size, size_t alignment)
{
	return (size + alignment - 1) & ~(alignment - 1);
}

static struct block *block_new(size_t size_bytes)
{
	struct block *block = q_mem_new(size_bytes);

	if (!block)
		return NULL;
	block->capacity = size_bytes - sizeof *block;
	ASAN_POISON_MEMORY_REGION(block->bytes, block->capacity);
	return block;
}

static void block_free(struct block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->capacity);
	q_mem_free(block);
}

/* NULL when the block has no room. */
static void *block_take(struct block *block, size_t size, size_t alignment)
{
	size_t start = round_up(block->used, alignment) + GAP_BYTES;

	if (start > block->capacity || size > block->capacity - start)
		return NULL;
	block->used = start + size;
	ASAN_UNPOISON_MEMORY_REGION(block->bytes + start, size);
	return block->bytes + start;
}

/* Zeroes what was used and makes it free again. */
static void block_clear(struct block *block, size_t keep)
{
	ASAN_UNPOISON_MEMORY_REGION(block->bytes + keep, block->used - keep);
	memset(block->bytes + keep, 0, block->used - keep);
	block->used = keep;
	ASAN_POISON_MEMORY_REGION(block->bytes + keep, block->capacity - keep);
}

struct q_arena *q_arena_new(size_t limit_bytes)
{
	struct block *first = block_new(FIRST_BLOCK_BYTES);
	struct q_arena *arena;

	if (!first)
		return NULL;
	arena = block_take(first, sizeof *arena, ALIGNMENT);
	arena->first = first;
	arena->current = first;
	arena->limit = limit_bytes;
	arena->next_block_bytes = 2 * FIRST_BLOCK_BYTES;
	return arena;
}

static void free_others(struct q_arena *arena)
{
	while (arena->others) {
		struct block *block = arena->others;

		arena->others = block->next;
		block_free(block);
	}
}

void q_arena_free(struct q_arena *arena)
{
	if (!arena)
		return;
	free_others(arena);
	block_free(arena->first);
}

void q_arena_reset(struct q_arena *arena)
{
	free_others(arena);
	arena->current = arena->first;
	block_clear(arena->first, GAP_BYTES + sizeof *arena);
	arena->used = 0;
	arena->next_block_bytes = 2 * FIRST_BLOCK_BYTES;
	arena->failed = false;
}

bool q_arena_failed(const struct q_arena *arena)
{
	return arena->failed;
}

size_t q_arena_used(const struct q_arena *arena)
{
	return arena->used;
}

/* A block with room for `size`. A large one gets a block of its own, and the current one stays
 * current with what it has left. */
static struct block *add_block(struct q_arena *arena, size_t size)
{
	bool is_large = size > arena->next_block_bytes / 2;
	struct block *block =
		block_new(is_large ? sizeof *block + GAP_BYTES + size : arena->next_block_bytes);

	if (!block)
		return NULL;
	block->next = arena->others;
	arena->others = block;
	if (is_large)
		return block;
	arena->current = block;
	if (arena->next_block_bytes < LAST_BLOCK_BYTES)
		arena->next_block_bytes *= 2;
	return block;
}

static void *allocate(struct q_arena *arena, size_t size, size_t alignment)
{
	struct block *block;
	void *memory;

	if (size > arena->limit - arena->used || size > SIZE_MAX - LAST_BLOCK_BYTES) {
		arena->failed = true;
		return NULL;
	}
	memory = block_take(arena->current, size, alignment);
	if (!memory) {
		block = add_block(arena, size);
		memory = block ? block_take(block, size, alignment) : NULL;
	}
	if (!memory) {
		arena->failed = true;
		return NULL;
	}
	arena->used += size;
	return memory;
}

void *q_arena_alloc(struct q_arena *arena, size_t size_bytes)
{
	return allocate(arena, size_bytes, ALIGNMENT);
}

void *q_arena_alloc_array(struct q_arena *arena, size_t count, size_t item_bytes)
{
	size_t size;

	if (__builtin_mul_overflow(count, item_bytes, &size)) {
		arena->failed = true;
		return NULL;
	}
	return allocate(arena, size, ALIGNMENT);
}

struct q_str q_arena_copy(struct q_arena *arena, struct q_str s)
{
	char *copy = s.length < SIZE_MAX ? allocate(arena, s.length + 1, STRING_ALIGNMENT) : NULL;

	if (!copy)
		return (struct q_str){0};
	if (s.length > 0)
		memcpy(copy, s.data, s.length);
	return (struct q_str){copy, s.length};
}

struct q_bytes q_arena_copy_bytes(struct q_arena *arena, struct q_bytes b)
{
	return q_str_bytes(q_arena_copy(arena, q_bytes_str(b)));
}

struct q_str q_arena_format(struct q_arena *arena, const char *format, ...)
{
	struct q_str text;
	va_list values;

	va_start(values, format);
	text = q_arena_format_list(arena, format, values);
	va_end(values);
	return text;
}

struct q_str q_arena_format_list(struct q_arena *arena, const char *format, va_list values)
{
	char small[256]; /* most texts fit: formatted once */
	va_list again;
	char *text;
	int length;

	va_copy(again, values);
	length = vsnprintf(small, sizeof small, format, values);
	q_assert(length >= 0); /* only a bad format or a text of 2 GiB */
	text = allocate(arena, (size_t)length + 1, STRING_ALIGNMENT);
	if (text && (size_t)length < sizeof small)
		memcpy(text, small, (size_t)length);
	else if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text ? (struct q_str){text, (size_t)length} : (struct q_str){0};
}
