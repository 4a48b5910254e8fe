/* contract/blob_store_suite_internal.h: what the files of the suite share. Each case uses keys of
 * its own. */
#ifndef Q_TESTS_BLOB_STORE_SUITE_INTERNAL_H
#define Q_TESTS_BLOB_STORE_SUITE_INTERNAL_H

#include "contract/blob_store_suite.h"
#include "support/case_list.h"
#include "support/checks.h"

#include <stdio.h>
#include <string.h>

/* A case's state. */
struct suite {
	struct blob_store_subject *subject;
	struct q_blob_store *store;
	struct q_arena *arena; /* empty when a case starts */
	struct q_err err;
};

/* Each file's. */
struct case_list blob_store_object_cases(void);
struct case_list blob_store_key_cases(void);
struct case_list blob_store_part_cases(void);
struct case_list blob_store_link_cases(void);
struct case_list blob_store_concurrent_cases(void);

extern const struct q_call no_limits;

/* ---- short forms */

/* The bytes of a literal. */
struct q_bytes text(const char *literal);
/* One object without limits; what commit told. */
struct q_blob_info put(struct suite *suite, const char *key, struct q_bytes body);
enum q_code stat_key(struct suite *suite, const char *key, struct q_blob_info *info);
void assert_missing(struct suite *suite, const char *key);
struct q_bytes read_range(struct suite *suite, const char *key, struct q_blob_range range);
void assert_body(struct suite *suite, const char *key, struct q_bytes expected);
void assert_sha256(const char *hex, struct q_bytes body);
enum q_code remove_key(struct suite *suite, const char *key);
/* Bytes that differ from place to place. */
struct q_bytes pattern(struct suite *suite, size_t length, unsigned seed);

#endif
