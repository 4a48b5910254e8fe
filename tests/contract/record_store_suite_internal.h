/* contract/record_store_suite_internal.h: what the files of the suite share. Each case uses a pk
 * of its own. */
#ifndef Q_TESTS_RECORD_STORE_SUITE_INTERNAL_H
#define Q_TESTS_RECORD_STORE_SUITE_INTERNAL_H

#include "contract/record_store_suite.h"
#include "support/case_list.h"
#include "support/checks.h"

#include <stdio.h>
#include <string.h>

/* A case's state. */
struct suite {
	struct record_store_subject *subject;
	struct q_record_store *store;
	struct q_arena *arena; /* empty when a case starts */
	struct q_err err;
};

/* Each file's. */
struct case_list record_store_item_cases(void);
struct case_list record_store_write_cases(void);
struct case_list record_store_limit_cases(void);
struct case_list record_store_query_cases(void);
struct case_list record_store_concurrent_cases(void);

extern const struct q_call no_limits;

/* Short forms. */
struct q_record_key key_of(const char *pk, const char *sk);
struct q_write put_of(const struct q_item *item);
struct q_write update_of(struct q_record_key key, const struct q_change *changes, size_t count);
struct q_change set_number(const char *name, int64_t n);
struct q_change add_number(const char *name, int64_t n);

/* One write without limits; the outcome. */
enum q_code write_one(struct suite *suite, struct q_write write);
/* As write_one, with one condition. */
enum q_code write_if(struct suite *suite, struct q_write write, struct q_condition condition);
enum q_code get_item(struct suite *suite, struct q_record_key key, struct q_item *out);

/* An item with one attribute `n`, stored. */
void put_number(struct suite *suite, const char *pk, const char *sk, int64_t n);
/* The attribute `n` of the item, which must be there. */
int64_t number_at(struct suite *suite, const char *pk, const char *sk);
void assert_absent(struct suite *suite, const char *pk, const char *sk);

void assert_items_equal(const struct q_item *a, const struct q_item *b);

#endif
