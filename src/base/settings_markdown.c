#include "base/settings_internal.h"

#include <inttypes.h>
#include <string.h>

static const char introduction[] =
	"# Settings\n"
	"\n"
	"<!-- Written by `quire help settings --markdown` from src/base/settings_table.h: edit "
	"that. "
	"-->\n"
	"\n"
	"Each setting is an environment variable, a line of an env file (`--env-file FILE`) and, "
	"unless it is a secret,\n"
	"a flag: `DATA_DIR` is `--data-dir`. Where several say something, a flag wins over the "
	"environment, that over the\n"
	"env file, that over the default. An empty value sets back to the default.\n"
	"\n"
	"quire does not start on a bad value, on settings that contradict each other, on a name of "
	"8 "
	"letters or more that\n"
	"is one edit from that of a setting, or on a name that it does not serve yet. It warns "
	"about "
	"other names that begin\n"
	"with `QUIRE_`, and ignores the rest of the environment. `quire config` shows what is in "
	"force, and why.\n"
	"\n"
	"An env file holds `NAME=value` lines, at most 64 KiB; `#` begins a comment, `export ` "
	"before "
	"a name is allowed. A\n"
	"value may stand in single quotes, as it is, or in double quotes, where `\\\"`, `\\\\` and "
	"`\\n` are escapes. Nothing\n"
	"is expanded.\n";

static void write_range(struct q_buf *out, const struct q_setting *setting)
{
	struct q_str word, rest;

	switch (setting->type) {
	case Q_SETTING_STRING:
		q_buf_append(out, setting->is_secret ? Q_STR("secret text") : Q_STR("text"));
		if (setting->minimum > 0)
			q_buf_format(out, ", %" PRId64 " bytes or more", setting->minimum);
		break;
	case Q_SETTING_INTEGER:
		q_buf_format(out, "%" PRId64 " to %" PRId64, setting->minimum, setting->maximum);
		break;
	case Q_SETTING_WORD:
		for (rest = q_str_from(setting->range); rest.length > 0;) {
			q_str_cut(rest, ' ', &word, &rest);
			q_buf_format(out, "`%.*s`%s", Q_STR_ARG(word), rest.length > 0 ? ", " : "");
		}
		break;
	case Q_SETTING_PATH:
		q_buf_append(out, Q_STR("path"));
		break;
	case Q_SETTING_URL:
		q_buf_append(out, Q_STR("URL"));
		break;
	}
}

static void write_setting(struct q_buf *out, const struct q_setting *setting)
{
	q_buf_format(out, "| `%s` | ", setting->name);
	write_range(out, setting);
	if (setting->fallback)
		q_buf_format(out, " | `%s` | %s |\n", setting->fallback, setting->sentence);
	else
		q_buf_format(out, " | | %s |\n", setting->sentence);
}

static void write_area(struct q_buf *out, const char *area)
{
	q_buf_format(out, "\n## %c%s\n\n", area[0] - 'a' + 'A', area + 1);
	q_buf_append(out, Q_STR("| name | value | default | what it does |\n"));
	q_buf_append(out, Q_STR("| --- | --- | --- | --- |\n"));
}

static void write_reserved(struct q_buf *out, bool is_shared)
{
	const char *separator = "";

	for (size_t i = 0; i < q__reserved_setting_count; i++) {
		if (q__reserved_settings[i].is_shared != is_shared)
			continue;
		q_buf_format(out, "%s`%s`", separator, q__reserved_settings[i].name);
		separator = ",\n";
	}
	q_buf_append(out, Q_STR(".\n"));
}

bool q_settings_write_markdown(struct q_buf *out)
{
	const char *area = "";

	q_buf_append(out, q_str_from(introduction));
	for (size_t i = 0; i < Q_SETTING_COUNT; i++) {
		const struct q_setting *setting = &q_settings_table[i];

		if (strcmp(setting->area, area) != 0)
			write_area(out, area = setting->area);
		write_setting(out, setting);
	}
	q_buf_append(out, Q_STR("\n## Not available in this version\n\n"
				"quire does not start where one of these is set:\n"));
	write_reserved(out, false);
	q_buf_append(out, Q_STR("\nOther programs read these too, so in the environment they only "
				"warn:\n"));
	write_reserved(out, true);
	return !q_buf_failed(out);
}
