#include "support/sqlite_site.h"

#include "base/compiler.h"
#include "support/clock_simulated.h"

#include <stdio.h>

static const struct q_call no_limits;

enum q_code sqlite_site_reopen(struct sqlite_site *site)
{
	enum q_code code = q_sqlite_database_open(site->directory, &site->database, &site->err);

	if (code) {
		site->database = NULL;
		return code;
	}
	return q_record_store_sqlite_open(site->database, "records", site->clock, &site->store,
					  &site->err);
}

void sqlite_site_open(struct sqlite_site *site)
{
	*site = (struct sqlite_site){.clock = clock_simulated_new(1800000000000),
				     .arena = q_arena_new(64 << 20)};
	q_assert(site->clock && site->arena);
	scratch_make(site->directory);
	snprintf(site->path, sizeof site->path, "%s/quire.db", site->directory);
	q_assert(sqlite_site_reopen(site) == Q_OK);
}

void sqlite_site_shut(struct sqlite_site *site)
{
	if (!site->database)
		return;
	q_record_store_close(site->store);
	q_sqlite_database_close(site->database);
	site->database = NULL;
}

void sqlite_site_close(struct sqlite_site *site)
{
	sqlite_site_shut(site);
	q_clock_close(site->clock);
	q_arena_free(site->arena);
	scratch_remove(site->directory);
}

int sqlite_site_start_case(void **state)
{
	static struct sqlite_site site;

	sqlite_site_open(&site);
	*state = &site;
	return 0;
}

int sqlite_site_end_case(void **state)
{
	sqlite_site_close(*state);
	return 0;
}

enum q_code sqlite_site_put(struct sqlite_site *site, const char *pk, const char *sk, int64_t n)
{
	struct q_change change = {Q_SET, Q_STR("n"), q_value_number(n)};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = {q_str_from(pk), q_str_from(sk)},
				.changes = &change,
				.change_count = 1};

	return q_record_store_write(site->store, &no_limits, &write, NULL, NULL, &site->err);
}

int64_t sqlite_site_number(struct sqlite_site *site, const char *pk, const char *sk)
{
	struct q_record_key key = {q_str_from(pk), q_str_from(sk)};
	struct q_item item;
	enum q_code code =
		q_record_store_get(site->store, &no_limits, key, site->arena, &item, &site->err);

	if (code == Q_NOTFOUND)
		return -1;
	q_assert(code == Q_OK);
	return q_item_number(&item, "n", -1);
}
