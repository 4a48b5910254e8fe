/* base/settings_internal.h: what the files settings*.c share; for them alone. */
#ifndef Q_BASE_SETTINGS_INTERNAL_H
#define Q_BASE_SETTINGS_INTERNAL_H

#include "base/settings.h"

struct q__setting_value {
	struct q_str text;
	int64_t integer;    /* of an INTEGER */
	const char *source; /* NULL: unset */
};

struct q_settings {
	struct q__setting_value values[Q_SETTING_COUNT];
};

/* A name that deployments use and this version does not serve: who sets it is told so, instead of
 * being ignored. */
struct q__reserved_setting {
	const char *name;
	bool is_shared; /* other programs read it too: found in the environment it only warns */
};

extern const struct q__reserved_setting q__reserved_settings[];
extern const size_t q__reserved_setting_count;

/* Q_SETTING_COUNT, or NULL, where there is none. */
enum q_setting_id q__setting_find(struct q_str name);
const struct q__reserved_setting *q__reserved_setting_find(struct q_str name);

/* The known name, of 8 letters or more, that is one insertion, deletion, change or swap of
 * neighbours away; or NULL. */
const char *q__setting_find_similar(struct q_str name);

enum { Q__SETTING_WHY_MAX = 200 };

/* Is the text of value a value of this setting? Then its integer is filled and a URL's last slash
 * dropped; else `why` says what is wrong, without a secret. */
bool q__setting_check(const struct q_setting *setting, struct q__setting_value *value,
		      char why[Q__SETTING_WHY_MAX]);

/* Do these settings contradict each other? Q_INVALID. */
Q_MUST_USE enum q_code q__settings_check_together(const struct q_settings *s, struct q_err *err);

#endif
