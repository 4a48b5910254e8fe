#include "search/segment/segment_file_internal.h"

#include "base/mem.h"
#include "search/segment/checksum.h"
#include "search/segment/codec.h"

#include <stdio.h>

struct entry {
	uint32_t section, field;
	struct q_bytes bytes;
	uint64_t checksum;
};

struct q__segment_file {
	struct q__directory *directory; /* borrowed */
	struct q_bytes bytes;		/* mapped */
	struct entry *entries;		/* owned */
	uint32_t entry_count;
	char name[Q__SEGMENT_NAME_MAX];
};

static enum q_code fail_corrupt(const struct q__segment_file *file, const char *what,
				struct q_err *err)
{
	return q_fail(err, Q_CORRUPT, "index.segment",
		      "%s: %s; build the index again from its source", file->name, what);
}

static bool read_entry(const struct q__segment_file *file, const unsigned char *at,
		       struct entry *out)
{
	uint64_t offset = q__read_u64(at + 8), length = q__read_u64(at + 16);

	out->section = q__read_u32(at);
	out->field = q__read_u32(at + 4);
	out->checksum = q__read_u64(at + 24);
	if (length > file->bytes.length || offset > file->bytes.length - length)
		return false;
	out->bytes = (struct q_bytes){file->bytes.data + offset, (size_t)length};
	/* The trailer is what follows the last section at least. */
	return file->bytes.length - (size_t)(offset + length) >= Q__TRAILER_SIZE;
}

static enum q_code read_entries(struct q__segment_file *file, struct q_bytes table,
				struct q_err *err)
{
	if (file->entry_count == 0)
		return fail_corrupt(file, "it has no sections", err);
	file->entries = q_mem_new_array(file->entry_count, sizeof *file->entries);
	if (!file->entries)
		return q_fail(err, Q_NOMEM, "index.segment", "%s", file->name);
	for (uint32_t i = 0; i < file->entry_count; i++) {
		if (!read_entry(file, table.data + (size_t)i * Q__ENTRY_SIZE, &file->entries[i]))
			return fail_corrupt(file, "a section lies outside the file", err);
	}
	return Q_OK;
}

static bool has_magic(const unsigned char *at)
{
	return memcmp(at, Q__SEGMENT_MAGIC, Q__MAGIC_SIZE) == 0;
}

static enum q_code read_table(struct q__segment_file *file, struct q_err *err)
{
	const unsigned char *data = file->bytes.data;
	size_t length = file->bytes.length;
	const unsigned char *trailer;
	struct q_bytes table;
	uint64_t offset;

	if (length < Q__MAGIC_SIZE + Q__TRAILER_SIZE || !has_magic(data) ||
	    !has_magic(data + length - Q__MAGIC_SIZE))
		return fail_corrupt(file, "it is no segment, or was cut", err);
	trailer = data + length - Q__TRAILER_SIZE;
	if (q__read_u32(trailer + 20) != Q__SEGMENT_VERSION)
		return q_fail(err, Q_UNSUPPORTED, "index.segment",
			      "%s has format %u, this program reads %d: build the index again",
			      file->name, (unsigned)q__read_u32(trailer + 20), Q__SEGMENT_VERSION);
	offset = q__read_u64(trailer);
	file->entry_count = q__read_u32(trailer + 16);
	table.length = (size_t)file->entry_count * Q__ENTRY_SIZE;
	if (table.length > length - Q__TRAILER_SIZE ||
	    offset != length - Q__TRAILER_SIZE - table.length)
		return fail_corrupt(file, "its table is not where it should be", err);
	table.data = data + offset;
	if (q__checksum(table) != q__read_u64(trailer + 8))
		return fail_corrupt(file, "its table has changed", err);
	return read_entries(file, table, err);
}

enum q_code q__segment_file_open(struct q__directory *directory, const char *name,
				 struct q__segment_file **out, struct q_err *err)
{
	struct q__segment_file *file = q_mem_new(sizeof *file);
	enum q_code code;

	if (!file)
		return q_fail(err, Q_NOMEM, "index.segment", "%s", name);
	file->directory = directory;
	snprintf(file->name, sizeof file->name, "%s", name);
	code = directory->ops->map(directory, name, &file->bytes, err);
	if (code) {
		q_mem_free(file);
		return code;
	}
	code = read_table(file, err);
	if (code)
		q__segment_file_close(file);
	else
		*out = file;
	return code;
}

void q__segment_file_close(struct q__segment_file *file)
{
	if (!file)
		return;
	file->directory->ops->unmap(file->directory, file->bytes);
	q_mem_free(file->entries);
	q_mem_free(file);
}

struct q_bytes q__segment_file_section(const struct q__segment_file *file, enum q__section section,
				       uint32_t field)
{
	for (uint32_t i = 0; i < file->entry_count; i++) {
		if (file->entries[i].section == section && file->entries[i].field == field)
			return file->entries[i].bytes;
	}
	return (struct q_bytes){file->bytes.data, 0};
}

size_t q__segment_file_size(const struct q__segment_file *file)
{
	return file->bytes.length;
}

enum q_code q__segment_file_copy(const struct q__segment_file *file,
				 struct q__segment_file_writer *writer, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (uint32_t i = 0; i < file->entry_count && !code; i++) {
		const struct entry *entry = &file->entries[i];

		code = q__section_put(writer, entry->section, entry->field, entry->bytes, err);
	}
	return code;
}

enum q_code q__segment_file_check(const struct q__segment_file *file, struct q_err *err)
{
	for (uint32_t i = 0; i < file->entry_count; i++) {
		const struct entry *entry = &file->entries[i];

		if (q__checksum(entry->bytes) != entry->checksum)
			return q_fail(err, Q_CORRUPT, "index.check",
				      "%s: section %u of field %u is not what was written; build "
				      "the index again from its source",
				      file->name, entry->section, entry->field);
	}
	return Q_OK;
}
