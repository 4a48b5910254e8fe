/* cmd/options.h: the options of a sub-command: `--name`, `--name VALUE` or `--name=VALUE`, in any
 * place; `--` ends them.
 *
 * Ownership: values borrow from the words.
 * Errors:    Q_INVALID, naming the option. */
#ifndef Q_CMD_OPTIONS_H
#define Q_CMD_OPTIONS_H

#include "base/json.h"
#include "cmd/command.h"

struct q_option {
	const char *name; /* without the dashes */
	bool takes_value;
	bool *is_given;	    /* may be NULL */
	const char **value; /* where takes_value */
};

/* Fills the options; what is no option stays, in its order, in *operands (in the context's arena).
 */
Q_MUST_USE enum q_code q_options_parse(const struct q_command_context *context,
				       const struct q_option *options, size_t option_count,
				       const char *const **operands, size_t *operand_count,
				       struct q_err *err);

/* Of a command that takes --json and nothing else; other than Q_EXIT_DONE, it was used wrongly. */
enum q_exit q_options_parse_json(const struct q_command_context *context,
				 const struct q_command *command, bool *as_json);

/* The words of a value "a,b" as an array of strings. */
void q_option_write_words(struct q_json_writer *w, const char *name, const char *value);

#endif
