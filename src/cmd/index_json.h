/* cmd/index_json.h: the lines that `quire index` answers with, each without its end. What was in
 * `out` goes; where the line has no room in it, q_buf_failed. */
#ifndef Q_CMD_INDEX_JSON_H
#define Q_CMD_INDEX_JSON_H

#include "cmd/index_command.h"

void q_index_write_hits(struct q_buf *out, const struct q_index_question *question,
			const union q_index_result *result);
void q_index_write_count(struct q_buf *out, const struct q_index_question *question,
			 const union q_index_result *result);
void q_index_write_explanation(struct q_buf *out, const struct q_index_question *question,
			       const union q_index_result *result);
void q_index_write_suggestions(struct q_buf *out, const struct q_index_question *question,
			       const union q_index_result *result);
void q_index_write_error(struct q_buf *out, struct q_str id, struct q_str error);

#endif
