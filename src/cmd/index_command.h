/* cmd/index_command.h: what the files of `quire index` share. For index*.c alone. */
#ifndef Q_CMD_INDEX_COMMAND_H
#define Q_CMD_INDEX_COMMAND_H

#include "base/buf.h"
#include "cmd/command.h"
#include "search/search_index_embedded.h"

/* The one index of a directory that `quire index` made. */
#define Q_INDEX_COMMAND_NAME Q_STR("main")

struct q_index_command {
	const struct q_command_context *context;
	const char *directory;
	struct q_search_index *store;		    /* of the directory */
	const char *mapping, *documents, *id_field; /* build */
	const char *threads, *repeat;		    /* search */
	bool as_ndjson, with_statistics;
};

enum q_exit q_index_build(struct q_index_command *command);
enum q_exit q_index_search(struct q_index_command *command);
enum q_exit q_index_ls(struct q_index_command *command);
enum q_exit q_index_statistics(struct q_index_command *command);
enum q_exit q_index_check(struct q_index_command *command);
enum q_exit q_index_dump(struct q_index_command *command);

/* The lines of answers, without their ends. */
void q_index_write_hits(struct q_buf *out, struct q_str id, const struct q_search_request *request,
			const struct q_search_result *result);
void q_index_write_count(struct q_buf *out, struct q_str id, uint64_t count);
void q_index_write_explanation(struct q_buf *out, struct q_str id,
			       const struct q_explanation *explanation);
void q_index_write_error(struct q_buf *out, struct q_str id, struct q_str error);

#endif
