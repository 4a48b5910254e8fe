/* cmd/index_command.h: what the files of `quire index` share. For index*.c alone. */
#ifndef Q_CMD_INDEX_COMMAND_H
#define Q_CMD_INDEX_COMMAND_H

#include "base/json.h"
#include "cmd/command.h"
#include "search/search_index_embedded.h"

/* The index of a directory where none is named. */
#define Q_INDEX_COMMAND_NAME "main"

struct q_index_command {
	const struct q_command_context *context;
	const char *directory;
	struct q_search_index *store;		    /* of the directory */
	struct q_str index;			    /* in it: a name or an alias */
	const char *alias;			    /* alias */
	const char *mapping, *documents, *id_field; /* build */
	const char *threads, *repeat;		    /* search */
	bool as_ndjson, with_statistics;
};

enum q_exit q_index_build(struct q_index_command *command);
enum q_exit q_index_search(struct q_index_command *command);
enum q_exit q_index_count(struct q_index_command *command);
enum q_exit q_index_explain(struct q_index_command *command);
enum q_exit q_index_suggest(struct q_index_command *command);
enum q_exit q_index_ls(struct q_index_command *command);
enum q_exit q_index_statistics(struct q_index_command *command);
enum q_exit q_index_check(struct q_index_command *command);
enum q_exit q_index_dump(struct q_index_command *command);

/* A line that was read, and what came of it. */
struct q_index_question {
	struct q_str id;		  /* JSON, as it was given */
	struct q_search_request request;  /* search, count, explain */
	struct q_str document;		  /* explain */
	struct q_suggest_request suggest; /* suggest */
};

union q_index_result {
	struct q_search_result hits;
	uint64_t count;
	struct q_explanation explanation;
	struct q_suggest_result suggestions;
};

/* One kind of question. */
struct q_index_asking {
	enum q_code (*read)(struct q_arena *, const struct q_json *line, struct q_index_question *,
			    struct q_err *);
	enum q_code (*ask)(const struct q_index_command *, const struct q_index_question *,
			   struct q_arena *, union q_index_result *, struct q_err *);
	/* The answer's line, without its end. */
	void (*write)(struct q_buf *out, const struct q_index_question *,
		      const union q_index_result *);
};

/* Reads questions from stdin and answers them. */
enum q_exit q_index_ask(struct q_index_command *command, const struct q_index_asking *asking);

#endif
