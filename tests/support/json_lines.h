/* support/json_lines.h: fixtures that hold a case a line, as JSON. */
#ifndef Q_TESTS_JSON_LINES_H
#define Q_TESTS_JSON_LINES_H

#include "base/json.h"

/* Calls `check` for each line of a file, of which it gets the text too, to be shown where it fails;
 * returns how many there were. The path is seen from the root of the source, where tests run. */
int for_each_json_line(const char *path,
		       void (*check)(const struct q_json *json, struct q_str line));

/* Members of a line. One that is missing or of another type fails the test. */
struct q_str string_in(const struct q_json *value);
int64_t number_in(const struct q_json *value);

#endif
