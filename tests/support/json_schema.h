/* support/json_schema.h: does a JSON value match a JSON Schema (2020-12)? For schemas of our own:
 * the keywords type, enum, required, properties, additionalProperties (false only), items,
 * minItems, maxItems, minLength and maxLength. A schema that uses another one fails the test:
 * nothing is passed over. */
#ifndef Q_TESTS_JSON_SCHEMA_H
#define Q_TESTS_JSON_SCHEMA_H

#include "base/json.h"

/* Says in *why (a literal) what does not match. */
bool json_schema_accepts(const struct q_json *schema, const struct q_json *value, const char **why);

/* The schema in a file named from the project's root; fails the test where it cannot be read. */
const struct q_json *json_schema_read(struct q_arena *arena, const char *path);

#endif
