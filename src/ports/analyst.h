/* ports/analyst.h: what a page says, in short.
 *
 * Contract:  an analysis is valid against docs/analysis.schema.json whatever the text. An empty
 *            text has an empty analysis. The text is
 *            data: nothing in it is obeyed. With Q_CAP_IN_PROCESS the text stays in this process;
 *            else it must be redacted before the call.
 * Units:     text of at most Q_ANALYST_TEXT_MAX bytes of UTF-8.
 * Ownership: the result lives in the caller's arena.
 * Threads:   any; the caller bounds how many calls run at once.
 * Errors:    Q_INVALID, Q_TOOBIG, Q_BUSY (throttled: retry_after_ms), Q_TIMEOUT, Q_CANCELLED, Q_IO,
 *            Q_NOMEM.
 * Idempotency: asking again is safe; a model may answer differently and costs again. */
#ifndef Q_PORTS_ANALYST_H
#define Q_PORTS_ANALYST_H

#include "base/arena.h"
#include "base/call.h"
#include "ports/capability.h"

enum {
	Q_ANALYST_TEXT_MAX = 2 << 20,
	Q_ANALYST_SUMMARY_MAX = 2000, /* bytes, as the other texts */
	Q_ANALYST_ENTITIES_MAX = 100,
	Q_ANALYST_ENTITY_TEXT_MAX = 200,
	Q_ANALYST_KEY_POINTS_MAX = 10,
	Q_ANALYST_KEY_POINT_MAX = 600
};

enum q_entity_type {
	Q_ENTITY_DATE,
	Q_ENTITY_MONEY,
	Q_ENTITY_PERCENT,
	Q_ENTITY_ORGANISATION,
	Q_ENTITY_PERSON,
	Q_ENTITY_PLACE,
	Q_ENTITY_EMAIL,
	Q_ENTITY_PHONE,
	Q_ENTITY_IDENTIFIER,
	Q_ENTITY_TYPE_COUNT
};

enum q_sentiment { Q_SENTIMENT_NEUTRAL, Q_SENTIMENT_POSITIVE, Q_SENTIMENT_NEGATIVE };

/* "date", "money", ...; "neutral", ...: the words of the API. */
const char *q_entity_type_name(enum q_entity_type type);
const char *q_sentiment_name(enum q_sentiment sentiment);

/* False, *out untouched, for a word that is none. */
bool q_entity_type_parse(struct q_str word, enum q_entity_type *out);
bool q_sentiment_parse(struct q_str word, enum q_sentiment *out);

struct q_entity {
	enum q_entity_type type;
	struct q_str text; /* as it stands in the page */
};

struct q_page_request {
	struct q_str text;
	unsigned page_number; /* 1..page_count */
	unsigned page_count;
	struct q_str kind; /* "document", "contract" */
};

struct q_page_analysis {
	struct q_str summary;
	struct q_entity *entities;
	size_t entity_count;
	struct q_str *key_points;
	size_t key_point_count;
	enum q_sentiment sentiment;
	int64_t input_tokens; /* 0 without a model */
	int64_t output_tokens;
};

struct q_analyst {
	const struct q_analyst_ops *ops;
};

struct q_analyst_ops {
	const char *name; /* "extractive": the `provider` of its answers */
	unsigned capabilities;
	enum q_code (*analyse_page)(struct q_analyst *, const struct q_call *,
				    const struct q_page_request *, struct q_arena *,
				    struct q_page_analysis *, struct q_err *);
	void (*close)(struct q_analyst *);
};

Q_MUST_USE enum q_code q_analyst_analyse_page(struct q_analyst *analyst, const struct q_call *call,
					      const struct q_page_request *request,
					      struct q_arena *arena, struct q_page_analysis *out,
					      struct q_err *err);

const char *q_analyst_provider(const struct q_analyst *analyst);

/* Last call; NULL is allowed. */
void q_analyst_close(struct q_analyst *analyst);

#endif
