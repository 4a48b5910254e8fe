/* search/analysis/highlight.h: the pieces of a text that say why it was found, with the words
 * marked.
 *
 * Contract:  what OpenSearch's `plain` highlighter gives, to the byte. The text is cut before words
 *            into fragments of about fragment_units. Those that hold a term come, the best first: a
 *            fragment is worth the weights of its different terms; equals stay in their order. What
 *            is hidden (a word of a phrase that is not there) counts as no term.
 * Units:     UTF-16 units for fragment_units, as the rest of the world counts them.
 * Ownership: the terms are borrowed, and put in order, as long as the highlighter is used; the
 *            fragments live in the caller's arena.
 * Threads:   a highlighter may be used by any number once it is made.
 * Errors:    Q_NOMEM. */
#ifndef Q_SEARCH_ANALYSIS_HIGHLIGHT_H
#define Q_SEARCH_ANALYSIS_HIGHLIGHT_H

#include "ports/search_index.h"
#include "search/analysis/analyser.h"

struct q_highlight_term {
	struct q_str term; /* as the analyser gives it */
	float weight;	   /* above 0 */
};

struct q_highlighter {
	const struct q_highlight_term *terms; /* in order of their bytes, each once */
	size_t term_count;
	enum q_analyser analyser;   /* of the field */
	size_t fragment_units;	    /* 100 */
	size_t fragment_count_max;  /* 5; 0: one fragment, the whole text */
	struct q_str before, after; /* <em>, </em> */
	bool escapes_html;	    /* false: & < > " ' / of the text stay what they are */
	/* A bit for each word of the text: terms that are not marked there. NULL: none. */
	const uint64_t *hidden;
	/* A bit for each word: no fragment begins with it. NULL: none. */
	const uint64_t *joined;
};

struct q_highlights {
	struct q_str *fragments;
	size_t count; /* 0 where the text holds no term */
};

/* A highlighter for these terms, with defaults that the caller may then change. Of a term given
 * twice the greater weight counts. */
void q_highlighter_init(struct q_highlighter *highlighter, struct q_highlight_term *terms,
			size_t term_count);

Q_MUST_USE enum q_code q_highlight(const struct q_highlighter *highlighter, struct q_str text,
				   struct q_arena *arena, struct q_highlights *out,
				   struct q_err *err);

#endif
