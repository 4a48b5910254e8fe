/* documents/work/analysis_json.h: the analysis of a page as JSON, in the one shape that manifests,
 * answers and stored pages share and docs/analysis.schema.json defines:
 * {"summary":"","entities":[{"type":"date","text":"May 5"}],"keyPoints":[""],"sentiment":"neutral"}
 *
 * Contract:  what is written can be read back and is the same but for token counts, which the JSON
 *            does not hold.
 * Ownership: texts that were read belong to the arena of the parsed JSON, lists to the arena given.
 * Threads:   pure functions.
 * Errors:    reading takes nothing that the schema refuses: Q_INVALID (the message names the
 *            member, never its content), Q_NOMEM. */
#ifndef Q_DOCUMENTS_WORK_ANALYSIS_JSON_H
#define Q_DOCUMENTS_WORK_ANALYSIS_JSON_H

#include "base/json.h"
#include "ports/analyst.h"

/* Writes one object. */
void q_page_analysis_write_json(struct q_json_writer *w, const struct q_page_analysis *analysis);

Q_MUST_USE enum q_code q_page_analysis_read_json(const struct q_json *value, struct q_arena *arena,
						 struct q_page_analysis *out, struct q_err *err);

#endif
