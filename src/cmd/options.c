#include "cmd/options.h"

#include <string.h>

static const struct q_option *find(const struct q_option *options, size_t count, struct q_str name)
{
	for (size_t i = 0; i < count; i++)
		if (q_str_equal(name, q_str_from(options[i].name)))
			return &options[i];
	return NULL;
}

/* One option; *index moves on over a value that stands in a word of its own. */
static enum q_code take(const struct q_command_context *context, const struct q_option *options,
			size_t option_count, size_t *index, struct q_err *err)
{
	const char *word = context->words[*index] + 2, *equals = strchr(word, '=');
	struct q_str name = {word, equals ? (size_t)(equals - word) : strlen(word)};
	const struct q_option *option = find(options, option_count, name);

	if (!option)
		return q_fail(err, Q_INVALID, "options", "there is no option --%.*s",
			      Q_STR_ARG(name));
	if (!option->takes_value && equals)
		return q_fail(err, Q_INVALID, "options", "--%s takes no value", option->name);
	if (option->takes_value && equals)
		*option->value = equals + 1;
	else if (option->takes_value && *index + 1 < context->word_count)
		*option->value = context->words[++*index];
	else if (option->takes_value)
		return q_fail(err, Q_INVALID, "options", "--%s needs a value", option->name);
	if (option->is_given)
		*option->is_given = true;
	return Q_OK;
}

enum q_code q_options_parse(const struct q_command_context *context, const struct q_option *options,
			    size_t option_count, const char *const **operands,
			    size_t *operand_count, struct q_err *err)
{
	const char **rest =
		q_arena_alloc_array(context->arena, context->word_count + 1, sizeof *rest);
	bool has_ended = false;

	if (!rest)
		return q_fail(err, Q_NOMEM, "options", "the command's words");
	*operand_count = 0;
	for (size_t i = 0; i < context->word_count; i++) {
		const char *word = context->words[i];
		enum q_code code;

		if (has_ended || strncmp(word, "--", 2) != 0) {
			rest[(*operand_count)++] = word;
			continue;
		}
		has_ended = word[2] == '\0';
		if (has_ended)
			continue;
		code = take(context, options, option_count, &i, err);
		if (code)
			return code;
	}
	*operands = rest;
	return Q_OK;
}

enum q_exit q_options_parse_json(const struct q_command_context *context,
				 const struct q_command *command, bool *as_json)
{
	struct q_option options[] = {{"json", false, as_json, NULL}};
	const char *const *operands;
	size_t count;
	struct q_err err;

	*as_json = false;
	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &count, &err))
		return q_command_usage(command, "%s", err.message);
	if (count > 0)
		return q_command_usage(command, "what is `%s`?", operands[0]);
	return Q_EXIT_DONE;
}

void q_option_write_words(struct q_json_writer *w, const char *name, const char *value)
{
	struct q_str rest = q_str_from(value), word;

	q_json_name(w, name);
	q_json_begin_array(w);
	while (rest.length > 0) {
		q_str_cut(rest, ',', &word, &rest);
		q_json_put_string(w, word);
	}
	q_json_end_array(w);
}
