/* The program's start: which command, which settings. Flags that are settings (--data-dir for
 * DATA_DIR) go to the settings, the other words to the command. */
#include "cmd/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, FLAGS_MAX = 64, WORDS_MAX = 10000 };

extern char **environ;

struct words {
	const char *rest[WORDS_MAX + 1]; /* the command's */
	size_t rest_count;
	const char *flags[FLAGS_MAX + 1]; /* NAME=value */
	size_t flag_count;
	const char *env_file;
};

static const struct q_command *find_command(const char *name)
{
	for (size_t i = 0; q_commands[i]; i++)
		if (strcmp(q_commands[i]->name, name) == 0)
			return q_commands[i];
	return NULL;
}

/* "--name" and its value, from one word or two. NULL where there is no value. */
static const char *value_of(const char *const *words, size_t count, size_t *index)
{
	const char *equals = strchr(words[*index], '=');

	if (equals)
		return equals + 1;
	return *index + 1 < count ? words[++*index] : NULL;
}

static enum q_code take_setting(enum q_setting_id id, const char *value, struct words *out,
				struct q_arena *arena, struct q_err *err)
{
	const struct q_setting *setting = &q_settings_table[id];

	if (!value)
		return q_fail(err, Q_INVALID, "main", "the flag for %s needs a value",
			      setting->name);
	if (setting->is_secret)
		return q_fail(err, Q_INVALID, "main",
			      "%s is a secret: give it in the environment or the env file, where "
			      "other users cannot see it",
			      setting->name);
	if (out->flag_count == FLAGS_MAX)
		return q_fail(err, Q_TOOBIG, "main", "too many flags");
	out->flags[out->flag_count++] = q_arena_format(arena, "%s=%s", setting->name, value).data;
	return Q_OK;
}

static enum q_code sort_words(const char *const *words, size_t count, struct words *out,
			      struct q_arena *arena, struct q_err *err)
{
	bool has_ended = false;

	for (size_t i = 0; i < count; i++) {
		const char *word = words[i];
		struct q_str flag = {word + 2, strlen(word) < 2 ? 0 : strcspn(word + 2, "=")};
		enum q_setting_id setting = Q_SETTING_COUNT;
		enum q_code code = Q_OK;

		if (!has_ended && strncmp(word, "--", 2) == 0) {
			has_ended = flag.length == 0;
			setting = q_settings_find_flag(flag);
		}
		if (!has_ended && strncmp(word, "--", 2) == 0 &&
		    q_str_equal(flag, Q_STR("env-file")))
			out->env_file = value_of(words, count, &i);
		else if (setting != Q_SETTING_COUNT)
			code = take_setting(setting, value_of(words, count, &i), out, arena, err);
		else if (out->rest_count < WORDS_MAX)
			out->rest[out->rest_count++] = word;
		else
			code = q_fail(err, Q_TOOBIG, "main", "too many words");
		if (code)
			return code;
	}
	return Q_OK;
}

static void warn(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "quire: warning: %s\n", line);
}

static enum q_exit run(const struct q_command *command, const char *const *argv, size_t count,
		       struct q_arena *arena)
{
	struct words *words = q_arena_alloc(arena, sizeof *words);
	struct q_settings_sources sources = {.environ = (const char *const *)environ};
	struct q_command_context context = {.arena = arena};
	struct q_err err;

	if (!words)
		return q_command_fail(command->name, Q_EXIT_FAILED, "out of memory");
	if (sort_words(argv, count, words, arena, &err))
		return q_command_error(command->name, &err);
	sources.env_file = words->env_file;
	sources.flags = words->flags;
	if (q_settings_load(arena, &sources, warn, NULL, &context.settings, &err))
		return q_command_error(command->name, &err);
	context.words = words->rest;
	context.word_count = words->rest_count;
	return command->run(&context);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";
	const struct q_command *command;
	struct q_arena *arena;
	enum q_exit exit_code;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0)
		name = "version";
	signal(SIGPIPE, SIG_IGN);
	command = find_command(name);
	if (!command)
		return q_command_fail(name, Q_EXIT_USAGE,
				      "there is no such command; `quire help` lists them");
	arena = q_arena_new(ARENA_BYTES);
	if (!arena)
		return q_command_fail(name, Q_EXIT_FAILED, "out of memory");
	exit_code =
		run(command, (const char *const *)argv + 2, argc > 2 ? (size_t)argc - 2 : 0, arena);
	q_arena_free(arena);
	return exit_code;
}
