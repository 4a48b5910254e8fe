/* quire help: the commands; quire help COMMAND: one of them; quire help settings: the settings. */
#include "cmd/command.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static enum q_exit list_commands(void)
{
	printf("quire works documents through page by page and answers with results that can be "
	       "checked.\n\n"
	       "usage: quire COMMAND [ARGUMENT ...] [--SETTING VALUE ...]\n\n");
	for (size_t i = 0; q_commands[i]; i++)
		printf("  %-10s %s\n", q_commands[i]->name, q_commands[i]->summary);
	printf("\n`quire help COMMAND` tells more of one, `quire help settings` lists the "
	       "settings.\n"
	       "Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused, 4 not found, 5 server out of "
	       "reach, 6 partly done.\n");
	return Q_EXIT_DONE;
}

static enum q_exit list_settings(void)
{
	for (size_t i = 0; i < Q_SETTING_COUNT; i++) {
		const struct q_setting *setting = &q_settings_table[i];

		printf("%s%s%s%s\n    %s\n", setting->name, setting->fallback ? " (" : "",
		       setting->fallback ? setting->fallback : "", setting->fallback ? ")" : "",
		       setting->sentence);
	}
	printf("\nA setting is taken from --env-file FILE, then the environment, then its flag "
	       "(DATA_DIR: --data-dir); the last one counts.\n");
	return Q_EXIT_DONE;
}

/* docs/settings.md, anew. */
static enum q_exit write_settings_page(void)
{
	struct q_buf page;
	bool is_whole;

	q_buf_init(&page, 1 << 20);
	is_whole = q_settings_write_markdown(&page);
	fputs(page.data, stdout);
	q_buf_free(&page);
	return is_whole ? Q_EXIT_DONE : q_command_fail("help", Q_EXIT_FAILED, "out of memory");
}

static enum q_exit run(const struct q_command_context *context)
{
	const char *name = context->word_count > 0 ? context->words[0] : NULL;

	if (!name)
		return list_commands();
	if (strcmp(name, "settings") == 0)
		return context->word_count > 1 && strcmp(context->words[1], "--markdown") == 0
			       ? write_settings_page()
			       : list_settings();
	for (size_t i = 0; q_commands[i]; i++) {
		if (strcmp(q_commands[i]->name, name) != 0)
			continue;
		printf("usage: quire %s\n\n%s\n%s%s", q_commands[i]->synopsis,
		       q_commands[i]->summary, q_commands[i]->help ? "\n" : "",
		       q_commands[i]->help ? q_commands[i]->help : "");
		return Q_EXIT_DONE;
	}
	return q_command_fail("help", Q_EXIT_USAGE,
			      "there is no command `%s`; `quire help` lists them", name);
}

const struct q_command q_command_help = {
	.name = "help",
	.synopsis = "help [COMMAND | settings [--markdown]]",
	.summary = "list the commands, or tell more of one",
	.run = run,
};
