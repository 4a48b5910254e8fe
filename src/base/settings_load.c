/* How it works: each source hands its names and values, one at a time, to take(), which finds the
 * setting, has the value checked and stores it over what an earlier source said. What settings say
 * together is checked at the end. */
#include "base/env_file.h"
#include "base/file.h"
#include "base/settings_internal.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <stdio.h>

enum {
	ENV_FILE_BYTES_MAX = 64 * 1024,
	NAME_SHOWN_MAX = 64, /* the environment's names may be of any length */
};

struct loader {
	struct q_arena *arena;
	struct q_settings *settings;
	void (*warn)(void *context, const char *line);
	void *context;
	struct q_err *err;
	const char *source;   /* of what is taken now */
	const char *env_file; /* its path */
	size_t line;	      /* of the env file; 0 where another source is read */
};

/* "PORT (environment): why", or "PORT (quire.env line 3): why". */
static void describe(const struct loader *loader, struct q_str name, const char *why,
		     char out[Q_ERR_MESSAGE_MAX])
{
	struct q_str shown = q_utf8_cut(name, NAME_SHOWN_MAX);

	if (loader->line > 0)
		snprintf(out, Q_ERR_MESSAGE_MAX, "%.*s (%.120s line %zu): %s", Q_STR_ARG(shown),
			 loader->env_file, loader->line, why);
	else
		snprintf(out, Q_ERR_MESSAGE_MAX, "%.*s (%s): %s", Q_STR_ARG(shown), loader->source,
			 why);
}

static enum q_code refuse(const struct loader *loader, struct q_str name, const char *why)
{
	char line[Q_ERR_MESSAGE_MAX];

	describe(loader, name, why, line);
	return q_fail(loader->err, Q_INVALID, "settings.load", "%s", line);
}

static void warn(const struct loader *loader, struct q_str name, const char *why)
{
	char line[Q_ERR_MESSAGE_MAX];

	if (!loader->warn)
		return;
	describe(loader, name, why, line);
	loader->warn(loader->context, line);
}

static enum q_code take_reserved(const struct loader *loader,
				 const struct q__reserved_setting *reserved, struct q_str text)
{
	struct q_str name = q_str_from(reserved->name);

	if (text.length == 0)
		return Q_OK;
	if (!reserved->is_shared || loader->line > 0)
		return refuse(loader, name, "not available in this version of quire: unset it");
	warn(loader, name, "not used in this version of quire");
	return Q_OK;
}

static enum q_code take_unknown(const struct loader *loader, struct q_str name)
{
	const char *similar = q__setting_find_similar(name);
	char why[Q__SETTING_WHY_MAX];

	if (similar) {
		snprintf(why, sizeof why, "no such setting: is %s meant?", similar);
		return refuse(loader, name, why);
	}
	if (q_str_starts_with(name, Q_STR("QUIRE_")))
		warn(loader, name, "no such setting: ignored");
	return Q_OK;
}

static enum q_code store(struct loader *loader, enum q_setting_id id, struct q_str text)
{
	const struct q_setting *setting = &q_settings_table[id];
	struct q__setting_value value = {.text = text, .source = loader->source};
	char why[Q__SETTING_WHY_MAX];

	if (!q__setting_check(setting, &value, why))
		return refuse(loader, q_str_from(setting->name), why);
	value.text = q_arena_copy(loader->arena, value.text);
	if (q_arena_failed(loader->arena))
		return q_fail(loader->err, Q_NOMEM, "settings.load", "%s", setting->name);
	loader->settings->values[id] = value;
	return Q_OK;
}

static enum q_code store_default(struct loader *loader, enum q_setting_id id)
{
	const char *fallback = q_settings_table[id].fallback;
	const char *source = loader->source;
	enum q_code code = Q_OK;

	loader->settings->values[id] = (struct q__setting_value){0};
	loader->source = "default";
	if (fallback)
		code = store(loader, id, q_str_from(fallback));
	loader->source = source;
	return code;
}

static enum q_code take(struct loader *loader, struct q_str name, struct q_str text)
{
	enum q_setting_id id = q__setting_find(name);
	const struct q__reserved_setting *reserved = q__reserved_setting_find(name);

	if (reserved)
		return take_reserved(loader, reserved, text);
	if (id == Q_SETTING_COUNT)
		return take_unknown(loader, name);
	if (text.length == 0)
		return store_default(loader, id);
	return store(loader, id, text);
}

static enum q_code take_defaults(struct loader *loader)
{
	enum q_code code = Q_OK;

	for (int id = 0; id < Q_SETTING_COUNT && code == Q_OK; id++)
		code = store_default(loader, (enum q_setting_id)id);
	return code;
}

static enum q_code take_entries(struct loader *loader, struct q_str text)
{
	struct q_env_file file = {.rest = text};

	for (;;) {
		struct q_str name, value;
		enum q_code code =
			q_env_file_next(&file, loader->arena, &name, &value, loader->err);

		if (code != Q_OK)
			return q_err_context(loader->err, "%s", loader->env_file);
		if (name.length == 0)
			return Q_OK;
		loader->line = file.line;
		code = take(loader, name, value);
		if (code != Q_OK)
			return code;
	}
}

static enum q_code take_env_file(struct loader *loader, const char *path)
{
	struct q_bytes text;
	enum q_code code;

	if (!path)
		return Q_OK;
	code = q_file_read_at(AT_FDCWD, path, ENV_FILE_BYTES_MAX, loader->arena, &text,
			      loader->err);
	if (code != Q_OK)
		return q_err_context(loader->err, "env file");
	loader->source = "env file";
	loader->env_file = path;
	code = take_entries(loader, q_bytes_str(text));
	loader->line = 0;
	return code;
}

static enum q_code take_environment(struct loader *loader, const char *const *pairs)
{
	enum q_code code = Q_OK;

	loader->source = "environment";
	for (; pairs && *pairs && code == Q_OK; pairs++) {
		struct q_str name, text;

		if (q_str_cut(q_str_from(*pairs), '=', &name, &text))
			code = take(loader, name, text);
	}
	return code;
}

static enum q_code take_flags(struct loader *loader, const char *const *pairs)
{
	enum q_code code = Q_OK;

	loader->source = "flag";
	for (; pairs && *pairs && code == Q_OK; pairs++) {
		struct q_str name, text;
		enum q_setting_id id;

		q_str_cut(q_str_from(*pairs), '=', &name, &text);
		id = q__setting_find(name);
		if (id == Q_SETTING_COUNT)
			code = refuse(loader, name, "no such setting");
		else if (q_settings_table[id].is_secret)
			code = refuse(loader, name,
				      "a secret: give it in the environment or an env file");
		else
			code = take(loader, name, text);
	}
	return code;
}

enum q_code q_settings_load(struct q_arena *arena, const struct q_settings_sources *sources,
			    void (*warn_line)(void *context, const char *line), void *context,
			    const struct q_settings **out, struct q_err *err)
{
	struct loader loader = {.arena = arena, .warn = warn_line, .context = context, .err = err};
	enum q_code code;

	loader.settings = q_arena_alloc(arena, sizeof *loader.settings);
	if (!loader.settings)
		return q_fail(err, Q_NOMEM, "settings.load", "%zu bytes", sizeof *loader.settings);
	code = take_defaults(&loader);
	if (code == Q_OK)
		code = take_env_file(&loader, sources->env_file);
	if (code == Q_OK)
		code = take_environment(&loader, sources->environ);
	if (code == Q_OK)
		code = take_flags(&loader, sources->flags);
	if (code == Q_OK)
		code = q__settings_check_together(loader.settings, err);
	if (code == Q_OK)
		*out = loader.settings;
	return code;
}
