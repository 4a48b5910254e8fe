#include "search/index/manifest.h"

#include "base/json.h"
#include "search/segment/checksum.h"

#include <stdio.h>

#define SEGMENT_SUFFIX ".segment"

enum { MANIFEST_BYTES = 1 << 20, CHECKSUM_DIGITS = 16, NUMBER_DIGITS_MAX = 20 };

static const char *const kind_names[] = {
	[Q_FIELD_KEYWORD] = "keyword", [Q_FIELD_TEXT] = "text",	      [Q_FIELD_DATE] = "date",
	[Q_FIELD_NUMBER] = "number",   [Q_FIELD_BOOLEAN] = "boolean",
};

const char *q__field_kind_name(enum q_field_kind kind)
{
	return kind_names[kind];
}

void q__segment_name(uint64_t number, char out[Q__SEGMENT_NAME_MAX])
{
	snprintf(out, Q__SEGMENT_NAME_MAX, "%06llu" SEGMENT_SUFFIX, (unsigned long long)number);
}

void q__deletions_name(const char *segment_name, uint64_t number, char out[Q__SEGMENT_NAME_MAX])
{
	int stem = (int)strcspn(segment_name, ".");

	snprintf(out, Q__SEGMENT_NAME_MAX, "%.*s-%06llu.deletions", stem, segment_name,
		 (unsigned long long)number);
}

static enum q_code fail_corrupt(const char *what, struct q_err *err)
{
	return q_fail(err, Q_CORRUPT, "index.manifest",
		      "the manifest %s; build the index again from its source", what);
}

static bool read_kind(const struct q_json *value, enum q_field_kind *out)
{
	struct q_str name;

	if (!q_json_string(value, &name))
		return false;
	for (size_t i = 0; i < Q_COUNT_OF(kind_names); i++) {
		if (q_str_equal(name, q_str_from(kind_names[i]))) {
			*out = (enum q_field_kind)i;
			return true;
		}
	}
	return false;
}

static enum q_code read_fields(const struct q_json *array, struct q_arena *arena,
			       struct q_index_definition *out, struct q_err *err)
{
	size_t count = q_json_count(array);
	struct q_field_definition *fields = q_arena_alloc_array(arena, count, sizeof *fields);
	struct q_json_walk walk = q_json_walk(array);

	if (!fields)
		return q_fail(err, Q_NOMEM, "index.manifest", "%zu fields", count);
	for (size_t i = 0; q_json_next(&walk); i++) {
		const struct q_json *name = q_json_member(walk.value, Q_STR("name"));

		if (!q_json_string(name, &fields[i].name) ||
		    !read_kind(q_json_member(walk.value, Q_STR("kind")), &fields[i].kind))
			return fail_corrupt("has a field without name or kind", err);
	}
	out->fields = fields;
	out->field_count = count;
	return Q_OK;
}

/* As q__segment_name writes it: it leads to no other directory. */
static bool is_segment_name(struct q_str name)
{
	size_t digits = 0;

	while (digits < name.length && name.data[digits] >= '0' && name.data[digits] <= '9')
		digits++;
	return digits > 0 && digits <= NUMBER_DIGITS_MAX &&
	       q_str_equal(q_str_slice(name, digits, name.length), Q_STR(SEGMENT_SUFFIX));
}

/* None where the member is missing. */
static enum q_code read_names(const struct q_json *array, struct q_arena *arena,
			      const struct q_str **out, size_t *count, struct q_err *err)
{
	struct q_str *names = q_arena_alloc_array(arena, q_json_count(array), sizeof *names);
	struct q_json_walk walk = q_json_walk(array);

	if (!names)
		return q_fail(err, Q_NOMEM, "index.manifest", "%zu names", q_json_count(array));
	for (*count = 0; q_json_next(&walk); ++*count) {
		if (!q_json_string(walk.value, &names[*count]))
			return fail_corrupt("keeps something without a name", err);
	}
	*out = names;
	return Q_OK;
}

static enum q_code read_kept(const struct q_json *kept, struct q_arena *arena,
			     struct q_source_filter *out, struct q_err *err)
{
	enum q_code code = read_names(q_json_member(kept, Q_STR("includes")), arena, &out->includes,
				      &out->include_count, err);

	return code ? code
		    : read_names(q_json_member(kept, Q_STR("excludes")), arena, &out->excludes,
				 &out->exclude_count, err);
}

static enum q_code read_segments(const struct q_json *array, struct q_arena *arena,
				 struct q__manifest *out, struct q_err *err)
{
	size_t count = q_json_count(array);
	struct q__manifest_segment *segments = q_arena_alloc_array(arena, count, sizeof *segments);
	struct q_json_walk walk = q_json_walk(array);

	if (!segments)
		return q_fail(err, Q_NOMEM, "index.manifest", "%zu segments", count);
	for (size_t i = 0; q_json_next(&walk); i++) {
		const struct q_json *number = q_json_member(walk.value, Q_STR("deletions"));
		int64_t deletions = 0;

		if (!q_json_string(q_json_member(walk.value, Q_STR("name")), &segments[i].name) ||
		    !is_segment_name(segments[i].name) ||
		    (number && !q_json_int64(number, &deletions)) || deletions < 0)
			return fail_corrupt("has a segment without a name", err);
		segments[i].deletions_number = (uint64_t)deletions;
	}
	out->segments = segments;
	out->segment_count = count;
	return count <= Q__SEGMENTS_MAX ? Q_OK : fail_corrupt("has too many segments", err);
}

static enum q_code read_body(struct q_str body, struct q_arena *arena, struct q__manifest *out,
			     struct q_err *err)
{
	static const struct q_json_limits limits = {.bytes_max = MANIFEST_BYTES, .depth_max = 8};
	const struct q_json *root;
	int64_t next;
	enum q_code code = q_json_parse(arena, q_str_bytes(body), &limits, &root, err);

	if (code)
		return code == Q_NOMEM ? code : fail_corrupt("is no JSON", err);
	if (!q_json_int64(q_json_member(root, Q_STR("nextNumber")), &next) || next < 1)
		return fail_corrupt("has no next number", err);
	out->next_number = (uint64_t)next;
	code = read_fields(q_json_member(root, Q_STR("fields")), arena, &out->definition, err);
	if (!code)
		code = read_kept(q_json_member(root, Q_STR("kept")), arena, &out->definition.kept,
				 err);
	return code ? code : read_segments(q_json_member(root, Q_STR("segments")), arena, out, err);
}

static bool checksum_fits(struct q_str body, struct q_str line)
{
	char digits[CHECKSUM_DIGITS + 1];

	snprintf(digits, sizeof digits, "%016llx",
		 (unsigned long long)q__checksum(q_str_bytes(body)));
	return q_str_equal(q_str_trim(line), q_str_from(digits));
}

enum q_code q__manifest_read(struct q__directory *directory, struct q_arena *arena,
			     struct q__manifest *out, struct q_err *err)
{
	struct q_str body, checksum;
	struct q_bytes bytes;
	enum q_code code = directory->ops->map(directory, Q__MANIFEST_NAME, &bytes, err);

	if (code)
		return code;
	if (!q_str_cut(q_bytes_str(bytes), '\n', &body, &checksum) ||
	    !checksum_fits(body, checksum))
		code = fail_corrupt("is not what was written", err);
	else
		code = read_body(body, arena, out, err);
	directory->ops->unmap(directory, bytes);
	return code;
}

static void write_fields(struct q_json_writer *json, const struct q_index_definition *definition)
{
	q_json_name(json, "fields");
	q_json_begin_array(json);
	for (size_t i = 0; i < definition->field_count; i++) {
		q_json_begin_object(json);
		q_json_field_string(json, "name", definition->fields[i].name);
		q_json_field_string(json, "kind",
				    q_str_from(kind_names[definition->fields[i].kind]));
		q_json_end_object(json);
	}
	q_json_end_array(json);
}

static void write_names(struct q_json_writer *json, const char *name, const struct q_str *names,
			size_t count)
{
	q_json_name(json, name);
	q_json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		q_json_put_string(json, names[i]);
	q_json_end_array(json);
}

static void write_kept(struct q_json_writer *json, const struct q_source_filter *kept)
{
	q_json_name(json, "kept");
	q_json_begin_object(json);
	write_names(json, "includes", kept->includes, kept->include_count);
	write_names(json, "excludes", kept->excludes, kept->exclude_count);
	q_json_end_object(json);
}

static void write_segments(struct q_json_writer *json, const struct q__snapshot *snapshot)
{
	q_json_name(json, "segments");
	q_json_begin_array(json);
	for (size_t i = 0; i < snapshot->part_count; i++) {
		const struct q__part *part = &snapshot->parts[i];

		q_json_begin_object(json);
		q_json_field_string(json, "name", q_str_from(part->segment->name));
		if (part->deletions_number)
			q_json_field_int64(json, "deletions", (int64_t)part->deletions_number);
		q_json_end_object(json);
	}
	q_json_end_array(json);
}

enum q_code q__manifest_write(struct q__directory *directory,
			      const struct q_index_definition *definition,
			      const struct q__snapshot *snapshot, uint64_t next_number,
			      struct q_err *err)
{
	struct q_json_writer json;
	struct q_buf out;
	enum q_code code;

	q_buf_init(&out, MANIFEST_BYTES);
	q_json_writer_init(&json, &out);
	q_json_begin_object(&json);
	q_json_field_int64(&json, "nextNumber", (int64_t)next_number);
	write_fields(&json, definition);
	write_kept(&json, &definition->kept);
	write_segments(&json, snapshot);
	q_json_end_object(&json);
	q_buf_format(&out, "\n%016llx\n",
		     (unsigned long long)q__checksum(q_str_bytes(q_buf_str(&out))));
	if (q_buf_failed(&out))
		code = q_fail(err, Q_NOMEM, "index.manifest", "%zu segments", snapshot->part_count);
	else
		code = directory->ops->replace(directory, Q__MANIFEST_NAME,
					       q_str_bytes(q_buf_str(&out)), err);
	q_buf_free(&out);
	return code;
}
