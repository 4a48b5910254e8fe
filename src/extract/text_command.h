/* extract/text_command.h: `quire-extract --text FILE`. Returns the exit status. */
#ifndef Q_EXTRACT_TEXT_COMMAND_H
#define Q_EXTRACT_TEXT_COMMAND_H

int q__text_command(const char *path);

#endif
