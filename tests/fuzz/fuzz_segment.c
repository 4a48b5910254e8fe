/* A segment's bytes, however damaged: opened, walked, searched, checked. The segment is written
 * when the program starts, so that it is always one of today's format; the input says which one is
 * damaged, and where:
 *
 *     segment (1 byte) | offset (4), what is flipped there (1) | offset ...
 *
 * The table's checksum is put right then, or nothing behind it would be seen. */
#include "search/answer/search.h"
#include "search/index/buffer.h"
#include "search/segment/checksum.h"
#include "search/segment/codec.h"

#include "base/mem.h"
#include "support/draw.h"

#include <stdlib.h>
#include <string.h>

enum {
	TRAILER = 32,
	FIELDS = 4, /* the id is one */
	SEGMENTS = 2,
	SEGMENT_BYTES_MAX = 4 << 20,
	FLIP_BYTES = 5
};

static const struct q_field_definition fields[] = {{Q_STR_INIT("key"), Q_FIELD_KEYWORD},
						   {Q_STR_INIT("text"), Q_FIELD_TEXT},
						   {Q_STR_INIT("day"), Q_FIELD_DATE}};
static const struct q_index_definition definition = {.fields = fields,
						     .field_count = Q_COUNT_OF(fields)};

/* A few; and so many that there are several windows, zones and blocks of each kind. */
static const uint32_t document_counts[SEGMENTS] = {3, 5000};

/* A directory of one file. */
struct memory_directory {
	struct q__directory base;
	struct q_bytes bytes;
};

static enum q_code map(struct q__directory *base, const char *name, struct q_bytes *out,
		       struct q_err *err)
{
	struct memory_directory *directory = q_container_of(base, struct memory_directory, base);

	if (directory->bytes.length == 0)
		return q_fail(err, Q_CORRUPT, "fuzz", "%s is empty", name);
	*out = directory->bytes;
	return Q_OK;
}

static void unmap(struct q__directory *base, struct q_bytes bytes)
{
	(void)base, (void)bytes;
}

/* A file that is being written, into one of these. */
struct memory_output {
	struct q__output base;
	struct q__directory directory;
	struct q_buf bytes;
};

static enum q_code write_output(struct q__output *base, struct q_bytes bytes, struct q_err *err)
{
	struct q_buf *out = &q_container_of(base, struct memory_output, base)->bytes;

	return q_buf_append_bytes(out, bytes.data, bytes.length)
		       ? Q_OK
		       : q_fail(err, Q_NOMEM, "fuzz", "a segment");
}

static enum q_code finish_output(struct q__output *base, struct q_err *err)
{
	(void)base, (void)err;
	return Q_OK;
}

static void abandon_output(struct q__output *base)
{
	(void)base;
}

static enum q_code create(struct q__directory *base, const char *name, struct q__output **out,
			  struct q_err *err)
{
	static const struct q__output_ops ops = {write_output, finish_output, abandon_output};
	struct memory_output *output = q_container_of(base, struct memory_output, directory);

	(void)name, (void)err;
	output->base.ops = &ops;
	*out = &output->base;
	return Q_OK;
}

static void open_output(struct memory_output *output)
{
	static const struct q__directory_ops ops = {.create = create};

	*output = (struct memory_output){.directory.ops = &ops};
	q_buf_init(&output->bytes, SEGMENT_BYTES_MAX);
}

/* One has more words than a length byte tells exactly. */
static void put_document(struct q__buffer *buffer, uint32_t number, uint64_t *seed)
{
	static const char *const words[] = {"swimming", "pool", "john", "to",	"be",
					    "or",	"not",	"s",	"swim", "question"};
	struct q_err err;
	struct q_buf id, source;

	q_buf_init(&id, 64);
	q_buf_init(&source, 1 << 16);
	q_buf_format(&id, "%x", number);
	q_buf_format(
		&source,
		"{\"key\":[\"%s\",\"k%x\"],\"day\":\"2024-%02u-01\",\"text\":\"to be or not to be",
		words[draw_below(seed, 10)], number % 700, 1 + draw_below(seed, 12));
	for (unsigned i = number == 1 ? 60 : draw_below(seed, 5); i > 0; i--)
		q_buf_format(&source, " %s", words[draw_below(seed, 10)]);
	q_buf_append(&source, Q_STR("\"}"));
	q_assert(q__buffer_put(buffer, q_buf_str(&id), q_buf_str(&source), &err) == Q_OK);
	q_buf_free(&id);
	q_buf_free(&source);
}

/* The bytes of a segment of so many documents. */
static struct q_buf write_segment(uint32_t document_count)
{
	struct memory_output output;
	struct q__buffer *buffer;
	uint64_t seed = 1;
	struct q_err err;

	open_output(&output);
	q_assert(q__buffer_new(&definition, &buffer, &err) == Q_OK);
	for (uint32_t i = 0; i < document_count; i++)
		put_document(buffer, i, &seed);
	q_assert(q__buffer_write(buffer, &output.directory, "fuzz.segment", &err) == Q_OK);
	q__buffer_free(buffer);
	return output.bytes;
}

static void put_checksum_right(unsigned char *data, size_t size)
{
	uint64_t offset, checksum;

	if (size < TRAILER)
		return;
	offset = q__read_u64(data + size - TRAILER);
	if (offset > size - TRAILER)
		return;
	checksum = q__checksum((struct q_bytes){data + offset, size - TRAILER - (size_t)offset});
	memcpy(data + size - TRAILER + 8, &checksum, sizeof checksum);
}

static void search_for(struct q__snapshot *snapshot, const struct q_search_request *request)
{
	struct q_arena *arena = q_arena_new(256 << 20);
	struct q_search_result result;
	struct q_call call = {0};
	struct q_err err;

	(void)!q__search(snapshot, &definition, &call, request, arena, &result, &err);
	q_arena_free(arena);
}

static void search_facets(struct q__snapshot *snapshot)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	static const struct q_facet facets[] = {
		{.field = Q_STR_INIT("key"), .kind = Q_FACET_TERMS, .count_min = 1, .size = 10},
		{.field = Q_STR_INIT("day"), .kind = Q_FACET_TERMS, .count_min = 1, .size = 10},
		{.field = Q_STR_INIT("day"),
		 .kind = Q_FACET_DATE_HISTOGRAM,
		 .unit = Q_CALENDAR_MONTH,
		 .offset_ms = 1},
	};

	search_for(snapshot, &(struct q_search_request){.query = &all,
							.facets = facets,
							.facet_count = Q_COUNT_OF(facets)});
}

static void search_with(struct q__snapshot *snapshot, const struct q_search_query *query)
{
	search_for(snapshot,
		   &(struct q_search_request){.query = query, .size = 10, .with_source = true});
}

static void search_sorted(struct q__snapshot *snapshot)
{
	static const struct q_search_sort sorts[] = {
		{.kind = Q_SORT_FIELD, .field = Q_STR_INIT("day")},
		{.kind = Q_SORT_FIELD, .field = Q_STR_INIT("key"), .is_descending = true},
		{.kind = Q_SORT_ID},
	};
	static const struct q_search_value after[] = {{.kind = Q_VALUE_INTEGER, .integer = 7},
						      {.kind = Q_VALUE_TEXT, .text = {"m", 1}},
						      {.kind = Q_VALUE_NULL}};
	static const struct q_search_query range = {
		.kind = Q_SEARCH_RANGE,
		.boost = 1,
		.range = {.field = Q_STR_INIT("day"), .from = {{"2024-06", 7}, true, true}}};

	search_for(snapshot, &(struct q_search_request){
				     .query = &range, .size = 10, .sorts = sorts, .sort_count = 3});
	search_for(snapshot, &(struct q_search_request){.query = &range,
							.size = 10,
							.sorts = sorts,
							.sort_count = 3,
							.after = after});
}

static void search_scope(struct q__snapshot *snapshot, const struct q_search_query *query)
{
	static const struct q_search_query scope = {
		.kind = Q_SEARCH_PREFIX,
		.boost = 1,
		.term = {.field = Q_STR_INIT("key"), .value = Q_STR_INIT("")}};

	search_for(snapshot, &(struct q_search_request){
				     .query = query, .view = {.scope = &scope}, .size = 10});
}

static void search(struct q__segment *segment)
{
	static const struct q_match_field searched[] = {{Q_STR_INIT("text"), 2},
							{Q_STR_INIT("key"), 1}};
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_query fuzzy = {.kind = Q_SEARCH_MATCH,
				       .boost = 1,
				       .match = {.text = Q_STR("swimming pool john"),
						 .fields = searched,
						 .field_count = 2,
						 .fuzziness = Q_FUZZINESS_2,
						 .max_expansions = 50}};
	struct q_search_query phrase = {.kind = Q_SEARCH_PHRASE,
					.boost = 1,
					.match = {.text = Q_STR("to be or not to be"),
						  .fields = searched,
						  .field_count = 1,
						  .slop = 3}};
	struct q_search_query prefix = {.kind = Q_SEARCH_PREFIX,
					.boost = 1,
					.term = {.field = Q_STR("text"), .value = Q_STR("s")}};
	struct q__snapshot *snapshot = q__snapshot_new(1);

	q__snapshot_add(snapshot, &(struct q__part){.segment = segment});
	search_with(snapshot, &all);
	search_with(snapshot, &fuzzy);
	search_scope(snapshot, &fuzzy);
	search_with(snapshot, &phrase);
	phrase.match.slop = 0;
	search_with(snapshot, &phrase);
	search_with(snapshot, &prefix);
	search_sorted(snapshot);
	search_facets(snapshot);
	q__snapshot_unref(snapshot);
}

static void read_columns(const struct q__segment *segment)
{
	for (size_t i = 0; i < segment->field_count; i++) {
		const struct q__column *column = &segment->fields[i].column;

		for (uint32_t j = 0; j < segment->document_count; j++) {
			struct q__value_range range = q__column_find(column, j);

			(void)q__column_zone(column, j / Q__ZONE_DOCUMENTS);
			for (; range.at < range.end; range.at++)
				(void)q__column_value(column, range.at);
		}
	}
}

/* False where it is so damaged that it cannot be opened. */
static bool look_into(struct q_bytes bytes)
{
	static const struct q__directory_ops ops = {.map = map, .unmap = unmap};
	struct memory_directory directory = {{&ops}, bytes};
	struct q__segment *segment;
	struct q_err err;

	if (q__segment_open(&directory.base, "fuzz.segment", FIELDS, &segment, &err))
		return false;
	(void)!q__segment_file_check(segment->file, &err);
	read_columns(segment);
	search(segment);
	q__segment_unref(segment);
	return true;
}

static void damage(unsigned char *bytes, size_t length, struct q_bytes flips)
{
	for (; flips.length >= FLIP_BYTES; flips.length -= FLIP_BYTES, flips.data += FLIP_BYTES)
		bytes[q__read_u32(flips.data) % length] ^= flips.data[FLIP_BYTES - 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct q_buf segments[SEGMENTS];
	const struct q_buf *whole;
	unsigned char *copy;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < SEGMENTS && !segments[SEGMENTS - 1].data; i++)
		segments[i] = write_segment(document_counts[i]);
	whole = &segments[data[0] % SEGMENTS];
	/* A copy of this very size, so that a sanitizer sees what is read beyond its end. */
	copy = q_mem_new(whole->length);
	q_assert(copy);
	memcpy(copy, whole->data, whole->length);
	damage(copy, whole->length, (struct q_bytes){data + 1, size - 1});
	put_checksum_right(copy, whole->length);
	q_assert(look_into((struct q_bytes){copy, whole->length}) || size > FLIP_BYTES);
	q_mem_free(copy);
	return 0;
}
