/* base/settings.h: every setting of the program, in one table: the parser, `quire config`, `quire
 * help settings` and docs/settings.md all come from it.
 *
 * Contract:  sources, later wins: defaults, an env file, the environment, flags. An empty value
 *            sets back to the default. A bad value from any source, a contradiction, a name that
 *            this version does not serve yet, or a name of 8 letters or more that is one edit from
 *            a known one is refused with a line that says which and why; other unknown QUIRE_*
 *            names only warn. Secrets are refused as flags: other users of the machine see those.
 * Ownership: a q_settings lives in the arena that it was loaded into, its strings too.
 * Threads:   read-only once loaded.
 * Errors:    Q_INVALID, Q_IO (the env file). Messages never hold the value of a secret. */
#ifndef Q_BASE_SETTINGS_H
#define Q_BASE_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum q_setting_type {
	Q_SETTING_STRING,
	Q_SETTING_INTEGER,
	Q_SETTING_WORD, /* one of the words in `range`, space-separated */
	Q_SETTING_PATH,
	Q_SETTING_URL /* http or https; a slash at its end is dropped */
};

/* The order of the table. */
enum q_setting_id {
#define Q_SETTING(ID, ...) Q_SETTING_ID_##ID,
#include "base/settings_table.h"
#undef Q_SETTING
	Q_SETTING_COUNT
};

struct q_setting {
	const char *
		name; /* of the environment variable; the flag is the same in lower case with dashes */
	const char *area; /* "server", "documents", "access", ... */
	enum q_setting_type type;
	int64_t minimum, maximum; /* INTEGER: of the value; else of its bytes, 0: no own bound */
	const char *range;	  /* WORD: the words */
	const char *fallback;	  /* default text, or NULL: unset */
	bool is_secret;
	const char *sentence; /* what it does, for people */
};

extern const struct q_setting q_settings_table[Q_SETTING_COUNT];

/* The setting that a flag names ("data-dir"); Q_SETTING_COUNT where there is none. */
enum q_setting_id q_settings_find_flag(struct q_str flag);

struct q_settings;

struct q_settings_sources {
	const char *env_file;	    /* or NULL */
	const char *const *environ; /* NAME=value, NULL-terminated */
	const char *const
		*flags; /* NAME=value with the names of the table, NULL-terminated; or NULL */
};

/* `warn` is called with each warning; may be NULL. */
Q_MUST_USE enum q_code q_settings_load(struct q_arena *arena,
				       const struct q_settings_sources *sources,
				       void (*warn)(void *context, const char *line), void *context,
				       const struct q_settings **out, struct q_err *err);

bool q_settings_is_set(const struct q_settings *s,
		       enum q_setting_id id); /* by any source, or by default */
struct q_str q_settings_string(const struct q_settings *s,
			       enum q_setting_id id); /* empty when unset */
int64_t q_settings_integer(const struct q_settings *s, enum q_setting_id id);

/* "default", "env file", "environment" or "flag". */
const char *q_settings_source(const struct q_settings *s, enum q_setting_id id);

/* The text of docs/settings.md. */
bool q_settings_write_markdown(struct q_buf *out);

#endif
