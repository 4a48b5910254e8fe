/* Reads the input as an env file, then loads settings from it: what is accepted must be in its
 * range. */
#include "base/env_file.h"
#include "base/settings.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20 };

static void check_env_file(struct q_arena *arena, struct q_str text)
{
	struct q_env_file file = {.rest = text};
	struct q_str name, value;
	struct q_err err;

	while (q_env_file_next(&file, arena, &name, &value, &err) == Q_OK && name.length > 0) {
		q_assert(name.data >= text.data);
		q_assert(name.data + name.length <= text.data + text.length);
		q_assert(name.length + value.length < text.length);
	}
	q_assert(file.line <= text.length);
}

static void check_setting(const struct q_settings *settings, enum q_setting_id id)
{
	const struct q_setting *setting = &q_settings_table[id];
	struct q_str text = q_settings_string(settings, id);

	q_assert(q_settings_is_set(settings, id) || (text.length == 0 && !setting->fallback));
	if (setting->type == Q_SETTING_INTEGER) {
		q_assert(q_settings_integer(settings, id) >= setting->minimum);
		q_assert(q_settings_integer(settings, id) <= setting->maximum);
	}
	for (size_t i = 0; i < text.length; i++)
		q_assert((unsigned char)text.data[i] >= ' ');
}

static void check_settings(struct q_arena *arena, struct q_str text)
{
	const struct q_settings *settings = NULL;
	struct q_settings_sources sources = {0};
	struct q_err err;
	char path[32];
	int fd = memfd_create("env", MFD_CLOEXEC);

	q_assert(fd >= 0 && write(fd, text.data, text.length) == (ssize_t)text.length);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	sources.env_file = path;
	if (q_settings_load(arena, &sources, NULL, NULL, &settings, &err) == Q_OK) {
		for (int id = 0; id < Q_SETTING_COUNT; id++)
			check_setting(settings, (enum q_setting_id)id);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = {(const char *)data, size};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);

	q_assert(arena);
	check_env_file(arena, text);
	check_settings(arena, text);
	q_arena_free(arena);
	return 0;
}
