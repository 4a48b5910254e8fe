/* ports/search_index.h: documents found by what they say, best first.
 *
 * The model is OpenSearch's (its query DSL and bulk API), narrowed to what every adapter can
 * promise; each query here is one query there, and scores are those of Lucene's BM25.
 *
 * Contract:  an index has a name and a definition: which members of a document's JSON are indexed,
 *            and how; the others are only kept. A document has an id; a put replaces the document
 *            of that id and gives it a new place behind all others. What bulk has accepted can be
 *            found, and survives a power cut, once a refresh that began after it has returned
 *            Q_OK; it may be so before. Hits come by score, the best first, equal scores in the
 *            order of the documents' places. An alias is a name that stands for an index
 *            wherever one is named; making it and pointing it elsewhere is one step. An index ends
 *            in one step, too. A pin keeps an index as it is for the requests whose view names the
 *            pin, whatever is put, deleted, merged or swapped meanwhile: pages of one answer fit
 *            together, and so do their count and their explanations.
 * Units:     bytes. Scores are 32-bit floats.
 * Ownership: arguments are borrowed for the call; results live in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID (names, limits, a query that does not fit the definition), Q_NOTFOUND (the
 *            index, or the document of get), Q_CONFLICT (another definition), Q_UNSUPPORTED (a
 *            scope, without the capability; files of another format), Q_TOOBIG, Q_BUSY, Q_TIMEOUT,
 *            Q_CANCELLED, Q_NOSPACE, Q_IO, Q_CORRUPT (build the index again from its source),
 *            Q_NOMEM.
 * Idempotency: ensure, bulk and refresh repeated leave the same documents, drop repeated none. */
#ifndef Q_PORTS_SEARCH_INDEX_H
#define Q_PORTS_SEARCH_INDEX_H

#include "base/arena.h"
#include "base/call.h"
#include "ports/capability.h"
#include "ports/search_query.h"

enum {
	Q_INDEX_NAME_MAX = 64, /* a-z, 0-9, '-', '_'; the first is a letter or digit */
	Q_INDEX_FIELDS_MAX = 128,
	Q_FIELD_NAME_MAX = 128,
	Q_DOCUMENT_ID_MAX = 512,
	Q_DOCUMENT_SOURCE_MAX = 4 << 20,
	Q_DOCUMENT_DEPTH_MAX = 32, /* of its JSON */
	Q_BULK_MAX = 10000,
	Q_SEARCH_WINDOW_MAX = 10000, /* from + size */
	Q_SEARCH_SORTS_MAX = 16,
	Q_SEARCH_FACETS_MAX = 16,
	Q_FACET_SIZE_MAX = 10000,
	Q_FACET_BUCKETS_MAX = 65535, /* of a histogram */
	Q_SOURCE_NAMES_MAX = 256,    /* of a source filter, includes and excludes each */
	Q_SUGGEST_MAX = 100,	     /* suggestions for a word */
	Q_SUGGEST_WORDS_MAX = 64,
	Q_HIGHLIGHT_FRAGMENTS_MAX = 100,
	Q_HIGHLIGHT_TEXT_MAX = 1 << 20, /* bytes of a value; what follows is not looked at */
	Q_HIGHLIGHT_MARK_MAX = 256,	/* bytes of a mark */
	Q_SEARCH_PIN_MAX = 64,		/* bytes of a pin */
	Q_SEARCH_PINS_MAX = 300,	/* at a time */
	Q_SEARCH_PIN_KEEP_MAX_MS = 24 * 60 * 60 * 1000
};

enum q_field_kind {
	Q_FIELD_KEYWORD, /* the whole value is one term */
	Q_FIELD_TEXT,	 /* words of the standard analyser */
	Q_FIELD_DATE,
	Q_FIELD_NUMBER,
	Q_FIELD_BOOLEAN
};

struct q_field_definition {
	struct q_str name;
	enum q_field_kind kind;
};

/* Which of a source's members come back, or are kept: what includes name (everything, where they
 * are none) but for what excludes name. A name is a path, "address.city", and stands for all that
 * is beneath; '*' in it stands for any characters. What is filtered comes as compact JSON. */
struct q_source_filter {
	const struct q_str *includes, *excludes;
	size_t include_count, exclude_count;
};

/* What is not kept of sources is indexed all the same: it is searched, sorted by and counted, and
 * no answer shows it, since an index forgets it once it has taken the document. */
struct q_index_definition {
	const struct q_field_definition *fields; /* names differ */
	size_t field_count;
	struct q_source_filter kept; /* of sources; without names: all, byte by byte */
};

enum q_bulk_kind { Q_BULK_PUT, Q_BULK_DELETE /* an id that is not there is fine */ };

struct q_bulk_operation {
	enum q_bulk_kind kind;
	struct q_str id;
	struct q_str source; /* PUT: a JSON object */
};

/* What came of one operation. */
struct q_bulk_result {
	enum q_code code;
	struct q_str message; /* empty where the code is Q_OK */
};

struct q_highlight_field {
	struct q_str name;	   /* of a keyword or text field */
	size_t fragment_units;	   /* of a fragment, about: UTF-16 units, at least 1 */
	size_t fragment_count_max; /* 0: one fragment, the whole value */
};

/* The pieces of a document's fields that say why it was found, with the words marked that the query
 * asks of that field. As OpenSearch's `plain` highlighter: of each value the best fragments first,
 * value after value. */
struct q_highlight_request {
	const struct q_highlight_field *fields; /* at most Q_INDEX_FIELDS_MAX */
	size_t field_count;
	struct q_str before, after; /* the marks */
	bool escapes_html;	    /* & < > " ' / of the text, not of the marks */
};

/* A value of a document. Dates are INTEGER, in ms; booleans are INTEGER, 0 or 1. */
enum q_value_kind { Q_VALUE_NULL, Q_VALUE_TEXT, Q_VALUE_INTEGER, Q_VALUE_NUMBER };

struct q_search_value {
	enum q_value_kind kind;
	union {
		struct q_str text;
		int64_t integer;
		double number;
	};
};

enum q_sort_kind {
	Q_SORT_FIELD, /* any but a text field */
	Q_SORT_SCORE,
	Q_SORT_ID,
	Q_SORT_DOCUMENT /* the documents' places */
};

/* Which of several values counts: by default the least ascending, the greatest descending. */
enum q_sort_mode { Q_SORT_MODE_DEFAULT, Q_SORT_MODE_MIN, Q_SORT_MODE_MAX };

/* Hits that are equal by all sorts come in the order of their documents' places. */
struct q_search_sort {
	enum q_sort_kind kind;
	struct q_str field; /* FIELD */
	bool is_descending;
	bool missing_first; /* documents without a value: before all others, not behind them */
	enum q_sort_mode mode;
};

/* The longest interval and offset of a facet of dates: 31,000 years. */
#define Q_FACET_SPAN_MS_MAX INT64_C(1000000000000000)

enum q_facet_kind {
	Q_FACET_TERMS,		/* each value of a field; any but a text field */
	Q_FACET_HISTOGRAM,	/* a number's values in steps of an interval */
	Q_FACET_DATE_HISTOGRAM, /* a date's, in steps of an interval or of the calendar (UTC) */
};

/* Equal counts come in the order of their keys. */
enum q_facet_order {
	Q_FACET_COUNT_DESCENDING,
	Q_FACET_COUNT_ASCENDING,
	Q_FACET_KEY_ASCENDING,
	Q_FACET_KEY_DESCENDING
};

enum q_calendar_unit {
	Q_CALENDAR_NONE,
	Q_CALENDAR_WEEK, /* from Monday; smaller ones are intervals */
	Q_CALENDAR_MONTH,
	Q_CALENDAR_QUARTER,
	Q_CALENDAR_YEAR
};

/* How many of the documents that the query finds have which values: each counts once a bucket. */
struct q_facet {
	struct q_str name;
	struct q_str field;
	enum q_facet_kind kind;
	enum q_facet_order order;
	/* Buckets with fewer documents are left out: as in OpenSearch, after the first
	 * 1.5 x size + 10 of TERMS (size, by keys) have been chosen. At least 1 for TERMS; 0 gives
	 * histograms without gaps. */
	uint64_t count_min;
	size_t size;		   /* TERMS: buckets, 1..Q_FACET_SIZE_MAX */
	double interval, offset;   /* HISTOGRAM: interval > 0 */
	enum q_calendar_unit unit; /* DATE_HISTOGRAM */
	int64_t interval_ms;	   /* without a unit: > 0 */
	int64_t offset_ms;
};

/* What a request sees of an index. Zeroed: everything. */
struct q_search_view {
	/* NULL: none. Else only documents that this finds are seen, and whatever is counted is
	 * counted among them: the answer is, to the byte, that of an index that holds no others.
	 * Fuzzy words have no place in it. Needs Q_CAP_TENANT_STATISTICS. */
	const struct q_search_query *scope;
	/* NULL: all. Else any other field may not be named: by no query (but the scope), sort,
	 * highlight, facet or suggestion. What comes of sources, a source filter says. */
	const struct q_str *fields;
	size_t field_count;
	/* Empty: the index as it is now. (OpenSearch takes one in a search alone: there a count is
	 * a search of size 0, and an explanation that of a search for the id.) */
	struct q_str pin;
};

struct q_search_request {
	const struct q_search_query *query;
	struct q_search_view view;
	size_t from, size; /* together at most Q_SEARCH_WINDOW_MAX */
	bool with_source;
	struct q_source_filter source_filter; /* with_source */
	/* Hits are counted up to total_max and no further, which is faster. Otherwise all are. */
	bool total_is_bounded;
	uint64_t total_max;
	struct q_highlight_request highlight;
	const struct q_search_sort *sorts; /* at most Q_SEARCH_SORTS_MAX; none: by score */
	size_t sort_count;
	/* A value a sort, those of a hit: only what comes behind it; from is 0. NULL: all. */
	const struct q_search_value *after;
	bool with_scores;	      /* also where no sort asks for them */
	const struct q_facet *facets; /* at most Q_SEARCH_FACETS_MAX */
	size_t facet_count;
};

struct q_hit_highlight {
	struct q_str field;
	const struct q_str *fragments;
	size_t fragment_count; /* at least 1 */
};

struct q_search_hit {
	struct q_str id;
	float score; /* NAN where neither a sort nor with_scores asks for it */
	/* One a sort; a missing value is NULL for texts and ids, else the least or the greatest
	 * number of its kind, as in OpenSearch. */
	const struct q_search_value *sort_values;
	struct q_str source;			  /* empty where not asked for */
	const struct q_hit_highlight *highlights; /* in the order of the request */
	size_t highlight_count;
};

struct q_facet_bucket {
	struct q_search_value key; /* of a histogram: where the bucket begins */
	uint64_t count;
};

struct q_facet_result {
	const struct q_facet_bucket *buckets;
	size_t bucket_count;
	uint64_t other_count;	      /* TERMS: in buckets beyond size */
	enum q_field_kind field_kind; /* what keys are */
};

struct q_search_result {
	uint64_t total;
	bool total_is_exceeded; /* there are more hits: the request bounds their count */
	struct q_search_hit *hits;
	size_t hit_count;
	const struct q_facet_result *facets; /* one a facet of the request */
};

/* A number and where it comes from, as Lucene explains a score. */
struct q_explanation {
	double value;
	bool is_whole; /* a count; others are 32-bit floats */
	struct q_str description;
	const struct q_explanation *details;
	size_t detail_count;
};

enum q_suggest_kind {
	/* Terms that begin with the text (as they are indexed: of a text field, in lower case),
	 * those of most documents first, equals in the order of their bytes. OpenSearch: a prefix
	 * query beside the filter, and over what they find a terms aggregation that includes the
	 * prefix; the mapping of a text field has `fielddata` then. */
	Q_SUGGEST_COMPLETION,
	/* For each word of the text, other terms that it may have been meant for: the most alike
	 * first, equals by their documents, then bytes. OpenSearch: the term suggester (suggest_mode
	 * always, sort score), whose candidates are then counted under the filter by a filters
	 * aggregation; those of no document are left out. */
	Q_SUGGEST_CORRECTION
};

struct q_suggest_request {
	enum q_suggest_kind kind;
	struct q_str field; /* of a keyword or text field */
	struct q_str text;
	const struct q_search_query *filter; /* NULL: none. Only its documents are asked. */
	struct q_search_view view;	     /* with a scope, the filter has no fuzzy words */
	size_t size;			     /* 1..Q_SUGGEST_MAX, for each word */
	enum q_fuzziness fuzziness;	     /* CORRECTION */
	uint32_t prefix_length;		     /* CORRECTION: characters that may not differ */
};

struct q_suggestion {
	struct q_str term;
	uint64_t document_count; /* of the filter's documents; at least 1 */
	float likeness;		 /* CORRECTION: 1 - edits / characters of the shorter; else 1 */
};

struct q_suggested_word {
	struct q_str word;	 /* as the field's analyser gives it */
	size_t start, end;	 /* bytes [start, end) of the text */
	uint64_t document_count; /* CORRECTION: that have this word; 0: it may well be wrong */
	const struct q_suggestion *suggestions;
	size_t suggestion_count;
};

struct q_suggest_result {
	struct q_suggested_word *words; /* COMPLETION: one */
	size_t word_count;
};

struct q_index_statistics {
	uint64_t document_count; /* found by Q_SEARCH_ALL */
	uint64_t deleted_count;	 /* still in the files */
	uint64_t segment_count;
	uint64_t size_bytes;
};

struct q_search_index {
	const struct q_search_index_ops *ops;
};

struct q_search_index_ops {
	const char *name; /* "embedded", "opensearch" */
	unsigned capabilities;
	enum q_code (*ensure)(struct q_search_index *, const struct q_call *, struct q_str index,
			      const struct q_index_definition *, struct q_err *);
	enum q_code (*bulk)(struct q_search_index *, const struct q_call *, struct q_str index,
			    const struct q_bulk_operation *, size_t count, struct q_arena *,
			    struct q_bulk_result *, struct q_err *);
	enum q_code (*refresh)(struct q_search_index *, const struct q_call *, struct q_str index,
			       struct q_err *);
	enum q_code (*get)(struct q_search_index *, const struct q_call *, struct q_str index,
			   struct q_str id, struct q_arena *, struct q_str *source, struct q_err *);
	enum q_code (*search)(struct q_search_index *, const struct q_call *, struct q_str index,
			      const struct q_search_request *, struct q_arena *,
			      struct q_search_result *, struct q_err *);
	enum q_code (*count)(struct q_search_index *, const struct q_call *, struct q_str index,
			     const struct q_search_query *, const struct q_search_view *,
			     uint64_t *total, struct q_err *);
	enum q_code (*alias)(struct q_search_index *, const struct q_call *, struct q_str alias,
			     struct q_str index, struct q_err *);
	enum q_code (*drop)(struct q_search_index *, const struct q_call *, struct q_str index,
			    struct q_err *);
	enum q_code (*pin)(struct q_search_index *, const struct q_call *, struct q_str index,
			   int64_t keep_ms, struct q_arena *, struct q_str *pin, struct q_err *);
	enum q_code (*unpin)(struct q_search_index *, const struct q_call *, struct q_str pin,
			     struct q_err *);
	enum q_code (*explain)(struct q_search_index *, const struct q_call *, struct q_str index,
			       const struct q_search_query *, const struct q_search_view *,
			       struct q_str id, struct q_arena *, struct q_explanation *,
			       struct q_err *);
	enum q_code (*suggest)(struct q_search_index *, const struct q_call *, struct q_str index,
			       const struct q_suggest_request *, struct q_arena *,
			       struct q_suggest_result *, struct q_err *);
	enum q_code (*merge)(struct q_search_index *, const struct q_call *, struct q_str index,
			     struct q_err *);
	enum q_code (*statistics)(struct q_search_index *, const struct q_call *,
				  struct q_str index, struct q_index_statistics *, struct q_err *);
	void (*close)(struct q_search_index *);
};

/* Makes the index where it is missing. Q_CONFLICT where it is there with other fields. */
Q_MUST_USE enum q_code q_search_index_ensure(struct q_search_index *store,
					     const struct q_call *call, struct q_str index,
					     const struct q_index_definition *definition,
					     struct q_err *err);

/* 1..Q_BULK_MAX operations, in order. Q_OK also where single ones failed: results[i] says what came
 * of each. */
Q_MUST_USE enum q_code q_search_index_bulk(struct q_search_index *store, const struct q_call *call,
					   struct q_str index,
					   const struct q_bulk_operation *operations, size_t count,
					   struct q_arena *arena, struct q_bulk_result *results,
					   struct q_err *err);

Q_MUST_USE enum q_code q_search_index_refresh(struct q_search_index *store,
					      const struct q_call *call, struct q_str index,
					      struct q_err *err);

/* The source of a document that a refresh has made visible. */
Q_MUST_USE enum q_code q_search_index_get(struct q_search_index *store, const struct q_call *call,
					  struct q_str index, struct q_str id,
					  struct q_arena *arena, struct q_str *source,
					  struct q_err *err);

Q_MUST_USE enum q_code q_search_index_search(struct q_search_index *store,
					     const struct q_call *call, struct q_str index,
					     const struct q_search_request *request,
					     struct q_arena *arena, struct q_search_result *out,
					     struct q_err *err);

/* How many documents the query finds, exactly. `view`, here and below: NULL: everything. */
Q_MUST_USE enum q_code q_search_index_count(struct q_search_index *store, const struct q_call *call,
					    struct q_str index, const struct q_search_query *query,
					    const struct q_search_view *view, uint64_t *total,
					    struct q_err *err);

/* Makes the alias stand for the index, and for no other any more; durable on return. Q_NOTFOUND: no
 * such index (an alias is none). Q_CONFLICT: the alias is the name of an index. */
Q_MUST_USE enum q_code q_search_index_alias(struct q_search_index *store, const struct q_call *call,
					    struct q_str alias, struct q_str index,
					    struct q_err *err);

/* Ends the index, all at once, with what stands for it: its aliases and its pins. Requests that
 * have begun may go on with what they see. Q_NOTFOUND: no such index, which is fine where a drop is
 * repeated. Q_INVALID: an alias; what it stands for is dropped by its own name. */
Q_MUST_USE enum q_code q_search_index_drop(struct q_search_index *store, const struct q_call *call,
					   struct q_str index, struct q_err *err);

/* Pins the index as the last refresh left it, until keep_ms (1..Q_SEARCH_PIN_KEEP_MAX_MS) after the
 * pin's last use, or the end of the index or the store. A view names the pin, and its request the
 * index by the name given here; Q_NOTFOUND: the pin has ended, or is of another name. Q_BUSY: too
 * many. */
Q_MUST_USE enum q_code q_search_index_pin(struct q_search_index *store, const struct q_call *call,
					  struct q_str index, int64_t keep_ms,
					  struct q_arena *arena, struct q_str *pin,
					  struct q_err *err);
/* A pin that has ended is fine. */
Q_MUST_USE enum q_code q_search_index_unpin(struct q_search_index *store, const struct q_call *call,
					    struct q_str pin, struct q_err *err);

/* Why the query finds the document of this id: the value is its score. Q_NOTFOUND where it does
 * not, whether or not the document is there: OpenSearch's _explain, of which a tree that says why a
 * document does not match is not shown. Words of others' documents show in its counts, as they do
 * in scores, unless the view has a scope. */
Q_MUST_USE enum q_code q_search_index_explain(struct q_search_index *store,
					      const struct q_call *call, struct q_str index,
					      const struct q_search_query *query,
					      const struct q_search_view *view, struct q_str id,
					      struct q_arena *arena, struct q_explanation *out,
					      struct q_err *err);

Q_MUST_USE enum q_code q_search_index_suggest(struct q_search_index *store,
					      const struct q_call *call, struct q_str index,
					      const struct q_suggest_request *request,
					      struct q_arena *arena, struct q_suggest_result *out,
					      struct q_err *err);

/* One segment without deleted documents: after a bulk load. Readers do not wait for it. */
Q_MUST_USE enum q_code q_search_index_merge(struct q_search_index *store, const struct q_call *call,
					    struct q_str index, struct q_err *err);

Q_MUST_USE enum q_code q_search_index_statistics(struct q_search_index *store,
						 const struct q_call *call, struct q_str index,
						 struct q_index_statistics *out, struct q_err *err);

/* Last call, when no other runs; NULL is allowed. Documents that no refresh has seen are lost. */
void q_search_index_close(struct q_search_index *store);

#endif
