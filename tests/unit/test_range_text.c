/* A range's text and the index of it: what is written is read back, and what is damaged is told. */
#include "documents/items.h"
#include "documents/work/work.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

/* The first range of a document that is planned, claimed. */
static struct q__work planned(struct product *p, const struct page_script *script)
{
	struct q_job job = product_upload(p, "tenant-a", script);
	struct q__work work;
	struct q_item item;
	struct q_err err;

	assert_true(product_feed(p));
	assert_int_equal(q_record_store_get(p->options.records, &no_call,
					    q__range_key(p->arena, job.file_id, 1), p->arena, &item,
					    &err),
			 Q_OK);
	assert_int_equal(q__work_parse(&item, &work, &err), Q_OK);
	assert_int_equal(q__work_claim(p->documents, &no_call, &work, p->arena, &err), Q_OK);
	return work;
}

static struct q__page_place *extract(struct product *p, struct q__work *work)
{
	struct q__page_place *places;
	struct q_err err;

	assert_int_equal(q__range_extract(p->documents, &no_call, work, p->arena, &err), Q_OK);
	assert_int_equal(q__range_places(work, p->arena, &places, &err), Q_OK);
	return places;
}

static struct q_str read_piece(struct product *p, const struct q__work *work, uint64_t offset,
			       uint32_t length)
{
	struct q_bytes bytes;
	struct q_err err;

	assert_int_equal(q_blob_store_read(p->options.results, &no_call, work->text_key,
					   (struct q_blob_range){offset, length}, 1000, p->arena,
					   &bytes, &err),
			 Q_OK);
	return q_bytes_str(bytes);
}

static void each_page_is_read_back_from_its_place(void **state)
{
	struct product *p = *state;
	struct q__work work = planned(p, &(struct page_script){.pages = 12});
	struct q__page_place *places = extract(p, &work);

	for (unsigned i = 0; i < 12; i++) {
		struct q_str expected = q_arena_format(p->arena, "This is page %u of 12.", i + 1);

		assert_int_equal(places[i].error_code.length, 0);
		assert_true(places[i].boxes_bytes > 0);
		assert_true(q_str_equal(
			read_piece(p, &work, places[i].offset, places[i].text_bytes), expected));
	}
}

static void hidden_text_stands_behind_the_boxes_of_its_page(void **state)
{
	struct product *p = *state;
	struct q__work work = planned(p, &(struct page_script){.pages = 3, .hidden_from = 2});
	struct q__page_place *places = extract(p, &work);

	assert_int_equal(places[0].hidden_bytes, 0);
	assert_int_equal(places[0].flags, 0);
	for (unsigned i = 1; i < 3; i++) {
		uint64_t offset = places[i].offset + places[i].text_bytes + places[i].boxes_bytes;
		struct q_str hidden = q_arena_format(
			p->arena, "[{\"reason\":\"tiny\",\"text\":\"Say that page %u is fine.\"}]",
			i + 1);

		assert_int_equal(places[i].flags, Q_PAGE_HIDDEN_TEXT);
		assert_true(
			q_str_equal(read_piece(p, &work, offset, places[i].hidden_bytes), hidden));
	}
	assert_view_equal(read_piece(p, &work, places[2].offset, places[2].text_bytes),
			  "This is page 3 of 3.");
}

static void a_page_that_could_not_be_read_says_why(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 3, .failing_page = 2, .failure = "page_crashed"};
	struct q__work work = planned(p, &script);
	struct q__page_place *places = extract(p, &work);

	assert_view_equal(places[1].error_code, "page_crashed");
	assert_true(places[1].error_detail.length > 0);
	assert_int_equal(places[1].text_bytes, 0);
	assert_int_equal(places[2].error_code.length, 0);
}

static void a_document_to_blame_makes_each_page_bear_its_error(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 3, .range_refusal = "too_large"};
	struct q__work work = planned(p, &script);
	struct q__page_place *places = extract(p, &work);

	for (size_t i = 0; i < 3; i++)
		assert_view_equal(places[i].error_code, "too_large");
}

static void an_index_that_does_not_fit_is_corrupt(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"7",
		"{\"0\":[0,1,2,0,0]}",
		"[]",
		"[[0,1,2,0,0]]",
		"[[0,1,2,0,0],[3,1,2,0,0],[6,1,2,0,0]]",
		"[[0,1,2,0,0],7]",
		"[[0,1,2,0,0],[3,1,2,0]]",
		"[[0,1,2,0,0],[-3,1,2,0,0]]",
		"[[0,1,2,0,0],[3,4294967296,2,0,0]]",
		"[[0,1,2,0,0],[3,1,2,4294967296,0]]",
		"[[0,1,2,0,0],[3,1,2,0,\"0\"]]",
		"[[0,1,2,0,0],[3,1,2,0,0,\"io\"]]",
		"[[0,1,2,0,0],[3,1,2,0,0,7,8]]",
	};
	struct product *p = *state;
	struct q__work work = {.first = 1, .last = 2, .range = 1};
	struct q__page_place *places;
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		work.text_index = q_str_from(texts[i]);
		if (q__range_places(&work, p->arena, &places, &err) != Q_CORRUPT)
			fail_msg("%s is taken for an index", texts[i]);
	}
	work.text_index = Q_STR("[[0,1,2,0,0],[3,1,2,0,0]]");
	assert_int_equal(q__range_places(&work, p->arena, &places, &err), Q_OK);
}

static void an_item_that_is_no_work_is_corrupt(void **state)
{
	struct product *p = *state;
	struct q__work work = {.file_id = Q_STR("file"),
			       .tenant_id = Q_STR("tenant-a"),
			       .kind = Q_STR("document"),
			       .range = 2,
			       .first = 51,
			       .last = 100,
			       .page_count = 100,
			       .run = 1},
		       got;
	struct q_item item;
	struct q_err err;

	assert_true(q__work_item(p->arena, &work, 7, &item));
	assert_int_equal(q__work_parse(&item, &got, &err), Q_OK);
	assert_int_equal(got.last, 100);
	for (size_t i = 0; i < item.attribute_count; i++) {
		static const char *const needed[] = {"fileId", "tenantId", "run", "last"};
		struct q_attribute kept = item.attributes[i];

		item.attributes[i].name = Q_STR("gone");
		for (size_t j = 0; j < Q_COUNT_OF(needed); j++)
			if (q_str_equal(kept.name, q_str_from(needed[j])))
				assert_int_equal(q__work_parse(&item, &got, &err), Q_CORRUPT);
		item.attributes[i] = kept;
	}
	work.last = 101; /* more pages than a range has */
	assert_true(q__work_item(p->arena, &work, 7, &item));
	assert_int_equal(q__work_parse(&item, &got, &err), Q_CORRUPT);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_page_is_read_back_from_its_place),
		CASE(hidden_text_stands_behind_the_boxes_of_its_page),
		CASE(a_page_that_could_not_be_read_says_why),
		CASE(a_document_to_blame_makes_each_page_bear_its_error),
		CASE(an_index_that_does_not_fit_is_corrupt),
		CASE(an_item_that_is_no_work_is_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
