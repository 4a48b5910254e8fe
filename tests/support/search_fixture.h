/* support/search_fixture.h: what a real OpenSearch answered (tests/fixtures/search), and an
 * embedded search index in a scratch directory to hold against it. */
#ifndef Q_TESTS_SEARCH_FIXTURE_H
#define Q_TESTS_SEARCH_FIXTURE_H

#include "base/json.h"
#include "search/search_index_embedded.h"

#include "support/scratch.h"

struct search_site {
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	struct q_arena *arena; /* for the test's life */
	struct q_err err;
};

void search_site_open(struct search_site *site);
void search_site_close(struct search_site *site);

/* A fixture, unpacked where its name ends in ".zst"; fails the test where it cannot be read. */
struct q_str search_fixture(struct q_arena *arena, const char *name);

/* The next line of *rest; false at the end. */
bool search_fixture_line(struct q_str *rest, struct q_str *line);

const struct q_json *search_fixture_json(struct q_arena *arena, struct q_str text);

/* Makes the index and puts every line of `documents` under the id that `id_field` has, with a
 * refresh after each `refresh_every` of them (0: one at the end). */
void search_site_load(struct search_site *site, const char *index, const char *mapping,
		      const char *documents, const char *id_field, size_t refresh_every);

#endif
