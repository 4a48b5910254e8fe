/* quire completion bash: what bash offers after `quire`, made from the commands' own synopses. */
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>

static bool is_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* What may be typed as it stands: `show`, `--json`; not `FILE`, `--SETTING`, `1h`. */
static bool is_literal(struct q_str word)
{
	for (size_t i = 0; i < word.length; i++)
		if (word.data[i] >= 'A' && word.data[i] <= 'Z')
			return false;
	return word.length > 1 && !(word.data[0] >= '0' && word.data[0] <= '9');
}

static void print_words(const struct q_command *command)
{
	const char *at = command->synopsis + strlen(command->name);

	while (*at) {
		struct q_str word = {at, 0};

		while (is_part(word.data[word.length]))
			word.length++;
		if (is_literal(word))
			printf(" %.*s", Q_STR_ARG(word));
		at += word.length > 0 ? word.length : 1;
	}
}

static enum q_exit run(const struct q_command_context *context)
{
	if (context->word_count != 1 || strcmp(context->words[0], "bash") != 0)
		return q_command_usage(&q_command_completion, "name the shell: bash");
	printf("_quire() {\n"
	       "	local typed=${COMP_WORDS[COMP_CWORD]} words=\n"
	       "	if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "		words='");
	for (size_t i = 0; q_commands[i]; i++)
		printf("%s ", q_commands[i]->name);
	printf("'\n"
	       "	else\n"
	       "		case ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; q_commands[i]; i++) {
		printf("		%s) words='", q_commands[i]->name);
		print_words(q_commands[i]);
		printf("' ;;\n");
	}
	printf("		esac\n"
	       "	fi\n"
	       "	mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$typed\")\n"
	       "}\n"
	       "complete -o default -F _quire quire\n");
	return Q_EXIT_DONE;
}

const struct q_command q_command_completion = {
	.name = "completion",
	.synopsis = "completion bash",
	.summary = "print what makes bash complete quire's commands and options",
	.help = "In ~/.bashrc: source <(quire completion bash)\n",
	.run = run,
};
