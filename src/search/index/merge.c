/* A merge has two shares: the documents with some of the fields, and the rest of the fields. In two
 * threads the second share goes to a file of its own, whose sections are put behind those of the
 * first; in one it is written there at once. The segment is the same to the byte. */
#include "search/index/merge_internal.h"

#include "base/mem.h"
#include "base/side_by_side.h"

#include <stdio.h>

enum {
	ARENA_BYTES = 256 << 20,
	/* What a share weighs: bytes of postings, and what takes as long as one of them. */
	TERM_WEIGHT = 16,
	STORED_BYTES_PER_WEIGHT = 8
};

/* The second share, in a thread. */
struct part {
	struct q__merge share;
	struct q__directory *directory;
	char name[Q__SEGMENT_NAME_MAX + sizeof ".tmp-"]; /* opening removes what a crash has left */
};

enum q_code q__merge_fail_corrupt(const struct q__merge_source *source, const char *what,
				  struct q_err *err)
{
	return q_fail(err, Q_CORRUPT, "index.merge",
		      "%s: %s cannot be read; build the index again from its source",
		      source->segment->name, what);
}

static bool number_documents(struct q__merge_source *source, const struct q__part *part,
			     uint32_t *next, struct q_arena *arena)
{
	uint32_t count = part->segment->document_count, *numbers;

	source->segment = part->segment;
	numbers = q_arena_alloc_array(arena, count, sizeof *numbers);
	if (!numbers)
		return false;
	source->numbers = numbers;
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = q__deletions_have(part->deletions, i) ? Q__NO_DOCUMENT : (*next)++;
	return true;
}

/* Can the block be taken as it is? It is full, and none of its documents is deleted. */
static bool is_whole(const struct q__merge_source *source, const struct q__stored_block *block)
{
	if (!q__stored_block_is_full(block) || block->end > source->segment->document_count)
		return false;
	for (uint32_t i = block->first; i < block->end; i++) {
		if (source->numbers[i] == Q__NO_DOCUMENT)
			return false;
	}
	return true;
}

static enum q_code take_block(struct q__merge *merge, const struct q__merge_source *source,
			      const struct q__stored_block *block, struct q_err *err)
{
	struct q_str *ids;

	q_arena_reset(merge->scratch);
	ids = q_arena_alloc_array(merge->scratch, block->end - block->first, sizeof *ids);
	if (!ids)
		return q_fail(err, Q_NOMEM, "index.merge", "the documents of a block");
	for (uint32_t i = block->first; i < block->end; i++)
		ids[i - block->first] = q__segment_id(source->segment, i);
	return q__segment_add_documents(merge->writer, block, ids, err);
}

/* One by one, those that are not deleted. */
static enum q_code take_documents(struct q__merge *merge, const struct q__merge_source *source,
				  struct q__stored_reader *reader, uint32_t first, uint32_t end,
				  struct q_err *err)
{
	enum q_code code = Q_OK;
	struct q_str text;

	for (uint32_t i = first; i < end && !code; i++) {
		if (source->numbers[i] == Q__NO_DOCUMENT)
			continue;
		code = q__stored_reader_read(reader, i, &text, err);
		if (!code)
			code = q__segment_add_document(
				merge->writer, q__segment_id(source->segment, i), text, err);
	}
	return code;
}

static enum q_code merge_documents(struct q__merge *merge, const struct q__merge_source *source,
				   struct q_err *err)
{
	uint32_t count = source->segment->document_count;
	struct q__stored_reader reader;
	struct q__stored_block block;
	enum q_code code = Q_OK;

	q__stored_reader_start(&reader, &source->segment->stored, merge->scratch);
	for (uint32_t next = 0; next < count && !code; next = block.end) {
		if (!q__stored_find_block(&source->segment->stored, next, &block) ||
		    block.first != next)
			return q__merge_fail_corrupt(source, "a block of sources", err);
		if (is_whole(source, &block))
			code = take_block(merge, source, &block, err);
		else
			code = take_documents(merge, source, &reader, next,
					      block.end < count ? block.end : count, err);
	}
	return code;
}

static enum q_code open_sources(struct q__merge *merge, const struct q__part *parts, size_t count,
				struct q_err *err)
{
	bool is_open;

	merge->count = count;
	merge->sources = q_arena_alloc_array(merge->arena, count, sizeof *merge->sources);
	merge->walks = q__joined_walks_new(count, merge->arena);
	is_open = merge->sources && merge->walks;
	for (size_t i = 0; is_open && i < count; i++)
		is_open = number_documents(&merge->sources[i], &parts[i], &merge->document_count,
					   merge->arena);
	if (!is_open)
		return q_fail(err, Q_NOMEM, "index.merge", "%zu segments", count);
	if (merge->document_count == 0)
		return q_fail(err, Q_NOTFOUND, "index.merge", "all documents are deleted");
	return Q_OK;
}

/* All sources say of the same fields that they are texts. */
static bool has_same_fields(const struct q__segment *a, const struct q__segment *b)
{
	for (size_t i = 0; i < a->field_count; i++) {
		if (!a->fields[i].lengths.bytes != !b->fields[i].lengths.bytes)
			return false;
	}
	return true;
}

/* What is damaged is not merged: it would have a right checksum from then on. */
static enum q_code check_sources(const struct q__merge *merge, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < merge->count && !code; i++) {
		const struct q__merge_source *source = &merge->sources[i];

		code = q__segment_file_check(source->segment->file, err);
		if (!code && !has_same_fields(source->segment, merge->sources[0].segment))
			code = q__merge_fail_corrupt(source, "the lengths of a field", err);
	}
	return code;
}

static size_t field_count_of(const struct q__merge *merge)
{
	return merge->sources[0].segment->field_count;
}

static uint64_t weigh_documents(const struct q__merge *merge)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < merge->count; i++)
		weight += merge->sources[i].segment->stored.blocks.length / STORED_BYTES_PER_WEIGHT;
	return weight;
}

static uint64_t weigh_field(const struct q__merge *merge, size_t number)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < merge->count; i++) {
		const struct q__field *field = &merge->sources[i].segment->fields[number];

		weight += field->postings.bytes.length + TERM_WEIGHT * field->terms.count +
			  field->column.value_count;
	}
	return weight;
}

static size_t find_heaviest(const uint64_t *weights, size_t count)
{
	size_t heaviest = 0;

	for (size_t i = 1; i < count; i++)
		heaviest = weights[i] > weights[heaviest] ? i : heaviest;
	return heaviest;
}

/* Field by field, the heaviest first, goes to the share that has less until then. */
static enum q_code share_out(struct q__merge *merge, struct q_err *err)
{
	size_t count = field_count_of(merge), at;
	uint64_t first = weigh_documents(merge), second = 0;
	uint64_t *weights = q_arena_alloc_array(merge->arena, count, sizeof *weights);
	bool *is_second = q_arena_alloc_array(merge->arena, count, sizeof *is_second);

	if (!weights || !is_second)
		return q_fail(err, Q_NOMEM, "index.merge", "%zu fields", count);
	for (size_t i = 0; i < count; i++)
		weights[i] = weigh_field(merge, i);
	while (weights[at = find_heaviest(weights, count)] > 0) {
		is_second[at] = second < first;
		*(is_second[at] ? &second : &first) += weights[at];
		weights[at] = 0;
	}
	merge->is_second = is_second;
	return Q_OK;
}

static enum q_code merge_fields(struct q__merge *merge, bool is_second, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < field_count_of(merge) && !code; i++) {
		if (merge->is_second[i] == is_second)
			code = q__merge_field(merge, i, err);
	}
	return code;
}

static enum q_code merge_first(void *context, struct q_err *err)
{
	struct q__merge *merge = context;
	enum q_code code = Q_OK;

	for (size_t i = 0; i < merge->count && !code; i++)
		code = merge_documents(merge, &merge->sources[i], err);
	return code ? code : merge_fields(merge, false, err);
}

static enum q_code merge_part(void *context, struct q_err *err)
{
	struct part *part = context;
	struct q__merge *share = &part->share;
	enum q_code code = q__segment_create_part(part->directory, part->name,
						  share->document_count, &share->writer, err);

	if (code)
		return code;
	code = merge_fields(share, true, err);
	if (!code)
		return q__segment_finish_part(share->writer, err);
	q__segment_abandon(share->writer);
	return code;
}

/* What the second thread changes is its own. */
static enum q_code open_part(struct part *part, const struct q__merge *merge, const char *name,
			     struct q_err *err)
{
	struct q__merge *share = &part->share;

	*share = *merge;
	snprintf(part->name, sizeof part->name, ".tmp-%s", name);
	share->arena = q_arena_new(ARENA_BYTES);
	share->scratch = q_arena_new(ARENA_BYTES);
	share->walks = share->arena ? q__joined_walks_new(share->count, share->arena) : NULL;
	return share->scratch && share->walks
		       ? Q_OK
		       : q_fail(err, Q_NOMEM, "index.merge", "a second thread");
}

static void close_part(struct part *part)
{
	struct q_err ignored; /* it may not be there */

	(void)!part->directory->ops->remove(part->directory, part->name, &ignored);
	q_arena_free(part->share.arena);
	q_arena_free(part->share.scratch);
}

static enum q_code write_in_two_threads(struct q__merge *merge, struct q__directory *directory,
					const char *name, struct q_err *err)
{
	struct part part = {.directory = directory};
	struct q_work here = {merge_first, merge}, beside = {merge_part, &part};
	enum q_code code = open_part(&part, merge, name, err);

	if (!code)
		code = q_run_side_by_side(&here, &beside, err);
	if (!code)
		code = q__segment_add_part(merge->writer, directory, part.name, err);
	close_part(&part);
	return code;
}

static enum q_code write_in_one(struct q__merge *merge, struct q_err *err)
{
	enum q_code code = merge_first(merge, err);

	return code ? code : merge_fields(merge, true, err);
}

static enum q_code write_segment(struct q__merge *merge, struct q__directory *directory,
				 const char *name, bool in_two_threads, struct q_err *err)
{
	enum q_code code = q__segment_create(directory, name, &merge->writer, err);

	if (code)
		return code;
	code = in_two_threads ? write_in_two_threads(merge, directory, name, err)
			      : write_in_one(merge, err);
	if (!code)
		return q__segment_finish(merge->writer, err);
	q__segment_abandon(merge->writer);
	return code == Q_NOTFOUND ? (err->code = Q_IO) : code;
}

enum q_code q__merge(const struct q_index_definition *definition, const struct q__part *parts,
		     size_t count, struct q__directory *directory, const char *name,
		     bool in_two_threads, struct q_err *err)
{
	struct q__merge merge = {.definition = definition,
				 .arena = q_arena_new(ARENA_BYTES),
				 .scratch = q_arena_new(ARENA_BYTES)};
	enum q_code code;

	if (merge.arena && merge.scratch)
		code = open_sources(&merge, parts, count, err);
	else
		code = q_fail(err, Q_NOMEM, "index.merge", "%zu segments", count);
	if (!code)
		code = check_sources(&merge, err);
	if (!code)
		code = share_out(&merge, err);
	if (!code)
		code = write_segment(&merge, directory, name, in_two_threads, err);
	q_arena_free(merge.arena);
	q_arena_free(merge.scratch);
	return code;
}
