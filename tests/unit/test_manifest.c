/* What a manifest says is not believed, even where its checksum is right: no name in it leads out
 * of the index's directory. */
#include "search/index/manifest.h"

#include "base/buf.h"
#include "search/segment/checksum.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS "\"fields\":[{\"name\":\"a\",\"kind\":\"text\"}]"

struct site {
	char path[SCRATCH_PATH_MAX];
	struct q__directory *directory;
	struct q_arena *arena;
};

static int open_site(void **state)
{
	static struct site site;
	struct q_err err;

	scratch_make(site.path);
	assert_int_equal(q__directory_open(AT_FDCWD, site.path, &site.directory, &err), Q_OK);
	site.arena = q_arena_new(4 << 20);
	assert_non_null(site.arena);
	*state = &site;
	return 0;
}

static int close_site(void **state)
{
	struct site *site = *state;

	site->directory->ops->close(site->directory);
	q_arena_free(site->arena);
	scratch_remove(site->path);
	return 0;
}

/* A manifest of this body, with the checksum that it should have. */
static enum q_code read_body(struct site *site, const char *body, struct q__manifest *out,
			     struct q_err *err)
{
	struct q_buf file;
	struct q_str text = q_str_from(body);

	q_buf_init(&file, 1 << 16);
	q_buf_format(&file, "%s\n%016llx\n", body,
		     (unsigned long long)q__checksum(q_str_bytes(text)));
	assert_int_equal(site->directory->ops->replace(site->directory, Q__MANIFEST_NAME,
						       q_str_bytes(q_buf_str(&file)), err),
			 Q_OK);
	q_buf_free(&file);
	return q__manifest_read(site->directory, site->arena, out, err);
}

static void a_manifest_names_fields_and_segments(void **state)
{
	struct q__manifest manifest;
	struct q_err err;

	assert_int_equal(read_body(*state,
				   "{\"nextNumber\":7," FIELDS
				   ",\"segments\":[{\"name\":\"000003.segment\"},"
				   "{\"name\":\"12345678901234567890.segment\",\"deletions\":4}]}",
				   &manifest, &err),
			 Q_OK);
	assert_int_equal(manifest.next_number, 7);
	assert_int_equal(manifest.definition.field_count, 1);
	assert_int_equal(manifest.segment_count, 2);
	assert_int_equal(manifest.segments[1].deletions_number, 4);
}

static void a_segment_has_a_name_of_ours(void **state)
{
	static const char *const names[] = {"",
					    "000001",
					    "manifest",
					    ".segment",
					    "a.segment",
					    "../000001.segment",
					    "/tmp/000001.segment",
					    "00/0001.segment",
					    "00001.segmen",
					    "000001.segment2",
					    "000001.segment\\u0000",
					    "0x0001.segment"};
	struct q__manifest manifest;
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++) {
		char body[512];

		snprintf(body, sizeof body,
			 "{\"nextNumber\":7," FIELDS ",\"segments\":[{\"name\":\"%s\"}]}",
			 names[i]);
		if (read_body(*state, body, &manifest, &err) != Q_CORRUPT)
			fail_msg("%s was taken", names[i]);
	}
}

static void what_is_no_manifest_is_corrupt(void **state)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"7",
		"{\"nextNumber\":0," FIELDS ",\"segments\":[]}",
		"{\"nextNumber\":1.5," FIELDS ",\"segments\":[]}",
		"{\"nextNumber\":1,\"fields\":[{\"name\":\"a\",\"kind\":\"geo\"}]}",
		"{\"nextNumber\":1,\"fields\":[{\"kind\":\"text\"}]}",
		"{\"nextNumber\":1," FIELDS
		",\"segments\":[{\"name\":\"000001.segment\",\"deletions\":-1}]}"};
	struct q__manifest manifest;
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(bodies); i++) {
		if (read_body(*state, bodies[i], &manifest, &err) != Q_CORRUPT)
			fail_msg("%s was taken", bodies[i]);
		assert_non_null(strstr(err.message, "build the index again"));
	}
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, open_site, close_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_manifest_names_fields_and_segments),
		CASE(a_segment_has_a_name_of_ours),
		CASE(what_is_no_manifest_is_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
