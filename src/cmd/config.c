/* quire config: every setting with its value and where it came from, and which adapter serves each
 * port. Secrets are not shown. */
#include "base/json.h"
#include "cmd/options.h"
#include "cmd/wiring.h"

#include <stdio.h>

enum { TEXT_MAX = 1 << 20 };

static struct q_str shown_value(const struct q_settings *s, enum q_setting_id id)
{
	if (!q_settings_is_set(s, id))
		return (struct q_str){0};
	return q_settings_table[id].is_secret ? Q_STR("(set)") : q_settings_string(s, id);
}

static void write_text(struct q_buf *out, const struct q_settings *s)
{
	for (size_t i = 0; i < Q_SETTING_COUNT; i++) {
		enum q_setting_id id = (enum q_setting_id)i;

		q_buf_format(out, "%-24s %-32.*s %s\n", q_settings_table[id].name,
			     Q_STR_ARG(shown_value(s, id)),
			     q_settings_is_set(s, id) ? q_settings_source(s, id) : "");
	}
	q_buf_append(out, Q_STR("\n"));
	for (size_t i = 0; i < Q_WIRING_CHOICES; i++)
		q_buf_format(out, "%-24s %-32s %s\n", q_wiring_choices[i].port,
			     q_wiring_choices[i].adapter, q_wiring_choices[i].because);
}

static void write_json(struct q_buf *out, const struct q_settings *s)
{
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	q_json_begin_object(&w);
	q_json_name(&w, "settings");
	q_json_begin_array(&w);
	for (size_t i = 0; i < Q_SETTING_COUNT; i++) {
		enum q_setting_id id = (enum q_setting_id)i;

		q_json_begin_object(&w);
		q_json_field_string(&w, "name", q_str_from(q_settings_table[id].name));
		if (q_settings_is_set(s, id)) {
			q_json_field_string(&w, "value", shown_value(s, id));
			q_json_field_string(&w, "source", q_str_from(q_settings_source(s, id)));
		}
		q_json_end_object(&w);
	}
	q_json_end_array(&w);
	q_json_name(&w, "ports");
	q_json_begin_array(&w);
	for (size_t i = 0; i < Q_WIRING_CHOICES; i++) {
		q_json_begin_object(&w);
		q_json_field_string(&w, "port", q_str_from(q_wiring_choices[i].port));
		q_json_field_string(&w, "adapter", q_str_from(q_wiring_choices[i].adapter));
		q_json_field_string(&w, "because", q_str_from(q_wiring_choices[i].because));
		q_json_end_object(&w);
	}
	q_json_end_array(&w);
	q_json_end_object(&w);
	q_buf_append(out, Q_STR("\n"));
}

static enum q_exit run(const struct q_command_context *context)
{
	bool as_json, has_failed;
	enum q_exit exit_code = q_options_parse_json(context, &q_command_config, &as_json);
	struct q_buf text;

	if (exit_code)
		return exit_code;
	q_buf_init(&text, TEXT_MAX);
	if (as_json)
		write_json(&text, context->settings);
	else
		write_text(&text, context->settings);
	fputs(text.data, stdout);
	has_failed = q_buf_failed(&text);
	q_buf_free(&text);
	return has_failed ? q_command_fail("config", Q_EXIT_FAILED, "out of memory") : Q_EXIT_DONE;
}

const struct q_command q_command_config = {
	.name = "config",
	.synopsis = "config [--json]",
	.summary = "print every setting, where it came from, and which adapter serves each port",
	.run = run,
};
