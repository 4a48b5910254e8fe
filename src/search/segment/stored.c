/* A block, unpacked: for each of its documents the length (4 bytes) and the source. The table has
 * for each block its first document (4), its size unpacked (4) and its offset (8), and ends with an
 * entry behind the last. */
#include "search/segment/stored.h"

#include "base/mem.h"
#include "search/segment/codec.h"

#include <zstd.h>

enum { BLOCK_BYTES = 16 << 10, BLOCK_MAX = 64 << 20, ENTRY_SIZE = 16, LEVEL = 1 };

struct q__stored_writer {
	struct q__segment_file_writer *file; /* borrowed */
	ZSTD_CCtx *context;
	struct q_buf block, packed, table;
	uint32_t document_count, first_document;
};

enum q_code q__stored_create(struct q__segment_file_writer *file, struct q__stored_writer **out,
			     struct q_err *err)
{
	struct q__stored_writer *writer = q_mem_new(sizeof *writer);
	enum q_code code;

	if (!writer)
		return q_fail(err, Q_NOMEM, "index.stored", "a writer");
	writer->file = file;
	q_buf_init(&writer->block, BLOCK_MAX);
	q_buf_init(&writer->packed, 2 * BLOCK_MAX);
	q_buf_init(&writer->table, UINT32_MAX);
	writer->context = ZSTD_createCCtx();
	code = writer->context ? q__section_begin(file, Q__SECTION_STORED, 0, err)
			       : q_fail(err, Q_NOMEM, "index.stored", "a compressor");
	if (code)
		q__stored_abandon(writer);
	else
		*out = writer;
	return code;
}

static void add_entry(struct q__stored_writer *writer, size_t size_bytes)
{
	q__append_u32(&writer->table, writer->first_document);
	q__append_u32(&writer->table, (uint32_t)size_bytes);
	q__append_u64(&writer->table, q__section_offset(writer->file));
}

static enum q_code end_block(struct q__stored_writer *writer, struct q_err *err)
{
	size_t room = ZSTD_compressBound(writer->block.length), size;
	char *out;

	add_entry(writer, writer->block.length);
	q_buf_clear(&writer->packed);
	out = q_buf_reserve(&writer->packed, room);
	if (!out || q_buf_failed(&writer->table))
		return q_fail(err, Q_NOMEM, "index.stored", "%zu bytes", room);
	size = ZSTD_compressCCtx(writer->context, out, room, writer->block.data,
				 writer->block.length, LEVEL);
	if (ZSTD_isError(size))
		return q_fail(err, Q_NOMEM, "index.stored", "%s", ZSTD_getErrorName(size));
	q_buf_clear(&writer->block);
	writer->first_document = writer->document_count;
	return q__section_write(writer->file, (struct q_bytes){(unsigned char *)out, size}, err);
}

enum q_code q__stored_add(struct q__stored_writer *writer, struct q_str source, struct q_err *err)
{
	q__append_u32(&writer->block, (uint32_t)source.length);
	if (!q_buf_append(&writer->block, source))
		return q_fail(err, Q_NOMEM, "index.stored", "a source of %zu bytes", source.length);
	writer->document_count++;
	return writer->block.length >= BLOCK_BYTES ? end_block(writer, err) : Q_OK;
}

enum q_code q__stored_add_block(struct q__stored_writer *writer,
				const struct q__stored_block *block, struct q_err *err)
{
	enum q_code code = writer->block.length > 0 ? end_block(writer, err) : Q_OK;

	if (code)
		return code;
	add_entry(writer, block->size_bytes);
	if (q_buf_failed(&writer->table))
		return q_fail(err, Q_NOMEM, "index.stored", "the table of blocks");
	writer->document_count += block->end - block->first;
	writer->first_document = writer->document_count;
	return q__section_write(writer->file, block->packed, err);
}

static enum q_code write_end(struct q__stored_writer *writer, struct q_err *err)
{
	enum q_code code = writer->block.length > 0 ? end_block(writer, err) : Q_OK;

	if (code)
		return code;
	add_entry(writer, 0);
	if (q_buf_failed(&writer->table))
		return q_fail(err, Q_NOMEM, "index.stored", "the table of blocks");
	return q__section_put(writer->file, Q__SECTION_STORED_BLOCKS, 0,
			      q_str_bytes(q_buf_str(&writer->table)), err);
}

enum q_code q__stored_finish(struct q__stored_writer *writer, struct q_err *err)
{
	enum q_code code = write_end(writer, err);

	q__stored_abandon(writer);
	return code;
}

void q__stored_abandon(struct q__stored_writer *writer)
{
	if (!writer)
		return;
	ZSTD_freeCCtx(writer->context);
	q_buf_free(&writer->block);
	q_buf_free(&writer->packed);
	q_buf_free(&writer->table);
	q_mem_free(writer);
}

/* Of two entries the first is the block's, the second the one behind it. */
static const unsigned char *find_entry(const struct q__stored *stored, uint32_t document)
{
	size_t low = 0, high = stored->table.length / ENTRY_SIZE;

	if (high < 2)
		return NULL;
	for (high--; high - low > 1;) {
		size_t middle = low + (high - low) / 2;

		if (q__read_u32(stored->table.data + middle * ENTRY_SIZE) <= document)
			low = middle;
		else
			high = middle;
	}
	return stored->table.data + low * ENTRY_SIZE;
}

bool q__stored_find_block(const struct q__stored *stored, uint32_t document,
			  struct q__stored_block *out)
{
	const unsigned char *entry = find_entry(stored, document);
	uint64_t start, end;

	if (!entry)
		return false;
	start = q__read_u64(entry + 8);
	end = q__read_u64(entry + ENTRY_SIZE + 8);
	*out = (struct q__stored_block){.first = q__read_u32(entry),
					.end = q__read_u32(entry + ENTRY_SIZE),
					.size_bytes = q__read_u32(entry + 4)};
	if (start > end || end > stored->blocks.length || out->size_bytes > BLOCK_MAX ||
	    out->size_bytes == 0)
		return false;
	out->packed = (struct q_bytes){stored->blocks.data + start, (size_t)(end - start)};
	return out->first <= document && document < out->end;
}

bool q__stored_block_is_full(const struct q__stored_block *block)
{
	return block->size_bytes >= BLOCK_BYTES;
}

static enum q_code unpack(const struct q__stored_block *block, struct q_arena *arena,
			  struct q_bytes *out, struct q_err *err)
{
	size_t room = block->size_bytes;
	unsigned char *bytes = q_arena_alloc(arena, room);

	if (!bytes)
		return q_fail(err, Q_NOMEM, "index.stored", "%zu bytes", room);
	if (ZSTD_decompress(bytes, room, block->packed.data, block->packed.length) != room)
		return q_fail(err, Q_CORRUPT, "index.stored", "a block cannot be unpacked");
	*out = (struct q_bytes){bytes, room};
	return Q_OK;
}

void q__stored_reader_start(struct q__stored_reader *reader, const struct q__stored *stored,
			    struct q_arena *arena)
{
	*reader = (struct q__stored_reader){.stored = stored, .arena = arena};
}

static enum q_code load_block(struct q__stored_reader *reader, uint32_t document, struct q_err *err)
{
	struct q__stored_block block;
	enum q_code code;

	if (!q__stored_find_block(reader->stored, document, &block))
		return q_fail(err, Q_CORRUPT, "index.stored", "a block is not where it should be");
	code = unpack(&block, reader->arena, &reader->block, err);
	if (code)
		return code;
	reader->first = reader->next = block.first;
	reader->end = block.end;
	reader->at = reader->block.data;
	return Q_OK;
}

/* The source that `at` stands before. */
static enum q_code take_source(struct q__stored_reader *reader, struct q_str *out,
			       struct q_err *err)
{
	struct q__reader bytes = {reader->at, reader->block.data + reader->block.length, false};
	const unsigned char *head = q__read_bytes(&bytes, sizeof(uint32_t));
	uint32_t length = head ? q__read_u32(head) : 0;
	const unsigned char *source = q__read_bytes(&bytes, length);

	if (bytes.is_broken)
		return q_fail(err, Q_CORRUPT, "index.stored", "a document is not in its block");
	*out = (struct q_str){(const char *)source, length};
	reader->at = bytes.at;
	reader->next++;
	return Q_OK;
}

enum q_code q__stored_reader_read(struct q__stored_reader *reader, uint32_t document,
				  struct q_str *out, struct q_err *err)
{
	enum q_code code = Q_OK;

	if (document < reader->next || document >= reader->end) {
		q_arena_reset(reader->arena);
		code = load_block(reader, document, err);
	}
	while (!code && reader->next <= document)
		code = take_source(reader, out, err);
	return code;
}

enum q_code q__stored_read(const struct q__stored *stored, uint32_t document, struct q_arena *arena,
			   struct q_str *out, struct q_err *err)
{
	struct q__stored_reader reader;
	enum q_code code;

	q__stored_reader_start(&reader, stored, arena);
	code = load_block(&reader, document, err);
	while (!code && reader.next <= document)
		code = take_source(&reader, out, err);
	return code;
}
