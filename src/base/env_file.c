#include "base/env_file.h"

static bool is_name_character(char c, bool is_first)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (!is_first && c >= '0' && c <= '9');
}

static bool is_name(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if (!is_name_character(s.data[i], i == 0))
			return false;
	}
	return s.length > 0;
}

static enum q_code refuse(const struct q_env_file *file, const char *why, struct q_err *err)
{
	return q_fail(err, Q_INVALID, "env_file.read", "line %zu: %s", file->line, why);
}

/* What may follow a closing quote. */
static bool is_blank_or_comment(struct q_str s)
{
	struct q_str trimmed = q_str_trim(s);

	return trimmed.length == 0 || (trimmed.data[0] == '#' && trimmed.data != s.data);
}

/* Bare values end at a # that stands alone, so that passwords and colours may hold one. */
static struct q_str bare_value(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if (s.data[i] == '#' && (i == 0 || s.data[i - 1] == ' ' || s.data[i - 1] == '\t'))
			return q_str_trim(q_str_slice(s, 0, i));
	}
	return q_str_trim(s);
}

static enum q_code single_quoted(const struct q_env_file *file, struct q_str s, struct q_str *value,
				 struct q_err *err)
{
	struct q_str after;

	if (!q_str_cut(q_str_slice(s, 1, s.length), '\'', value, &after))
		return refuse(file, "the single quote is not closed", err);
	if (!is_blank_or_comment(after))
		return refuse(file, "text after the closing quote", err);
	return Q_OK;
}

/* The byte that \c stands for; 0 where it is no escape. */
static char unescape(char c)
{
	if (c == 'n')
		return '\n';
	return c == '"' || c == '\\' ? c : '\0';
}

static enum q_code double_quoted(const struct q_env_file *file, struct q_arena *arena,
				 struct q_str s, struct q_str *value, struct q_err *err)
{
	char *out = q_arena_alloc(arena, s.length + 1); /* no longer than what it stands for */
	size_t length = 0, i = 1;

	if (!out)
		return q_fail(err, Q_NOMEM, "env_file.read", "line %zu", file->line);
	for (; i < s.length && s.data[i] != '"'; i++) {
		char c = s.data[i];

		if (c == '\\') {
			c = ++i < s.length ? unescape(s.data[i]) : '\0';
			if (c == '\0')
				return refuse(file, "a \\ must be followed by \", \\ or n", err);
		}
		out[length++] = c;
	}
	if (i >= s.length)
		return refuse(file, "the double quote is not closed", err);
	if (!is_blank_or_comment(q_str_slice(s, i + 1, s.length)))
		return refuse(file, "text after the closing quote", err);
	*value = (struct q_str){out, length};
	return Q_OK;
}

/* s: what follows the =. */
static enum q_code read_value(const struct q_env_file *file, struct q_arena *arena, struct q_str s,
			      struct q_str *value, struct q_err *err)
{
	struct q_str trimmed = q_str_trim(s);

	if (q_str_starts_with(trimmed, Q_STR("'")))
		return single_quoted(file, trimmed, value, err);
	if (q_str_starts_with(trimmed, Q_STR("\"")))
		return double_quoted(file, arena, trimmed, value, err);
	*value = bare_value(s);
	return Q_OK;
}

static struct q_str without_export(struct q_str line)
{
	if (q_str_starts_with(line, Q_STR("export ")) || q_str_starts_with(line, Q_STR("export\t")))
		return q_str_trim(q_str_slice(line, sizeof "export", line.length));
	return line;
}

enum q_code q_env_file_next(struct q_env_file *file, struct q_arena *arena, struct q_str *name,
			    struct q_str *value, struct q_err *err)
{
	*name = *value = Q_STR("");
	while (file->rest.length > 0) {
		struct q_str line, before, after;

		q_str_cut(file->rest, '\n', &line, &file->rest);
		file->line++;
		line = q_str_trim(line);
		if (line.length == 0 || line.data[0] == '#')
			continue;
		if (!q_str_cut(without_export(line), '=', &before, &after) || !is_name(before))
			return refuse(file, "NAME=value expected", err);
		*name = before;
		return read_value(file, arena, after, value, err);
	}
	return Q_OK;
}
