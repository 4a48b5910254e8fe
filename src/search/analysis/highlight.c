#include "search/analysis/highlight.h"

#include "base/bits.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { ESCAPED_BYTES_MAX = 6 }; /* "&quot;" */

struct fragment {
	size_t start, end; /* bytes of the text */
	uint32_t position; /* of its first word */
	float worth;
};

/* One way through a text, fragment after fragment. */
struct scan {
	const struct q_highlighter *highlighter;
	struct q_str text;
	size_t text_units;
	size_t word_end_units; /* of the word that is looked at */
	size_t last_word_end;  /* bytes; of the one before it */
	struct fragment current;
	uint32_t fragment_number; /* of the current one, from 1 */
	uint32_t *found_in;	  /* of each term: the last fragment that held it */
	struct fragment *best;
	size_t best_count, best_max;
};

static int compare_terms(const void *a, const void *b)
{
	const struct q_highlight_term *first = a;
	const struct q_highlight_term *second = b;
	int order = q_str_compare(first->term, second->term);

	return order != 0 ? order
			  : (first->weight < second->weight) - (first->weight > second->weight);
}

void q_highlighter_init(struct q_highlighter *highlighter, struct q_highlight_term *terms,
			size_t term_count)
{
	size_t kept = 0;

	if (term_count > 0)
		qsort(terms, term_count, sizeof *terms, compare_terms);
	for (size_t i = 0; i < term_count; i++) {
		if (kept == 0 || !q_str_equal(terms[kept - 1].term, terms[i].term))
			terms[kept++] = terms[i];
	}
	*highlighter = (struct q_highlighter){
		.terms = terms,
		.term_count = kept,
		.analyser = Q_ANALYSER_STANDARD,
		.fragment_units = 100,
		.fragment_count_max = 5,
		.before = Q_STR("<em>"),
		.after = Q_STR("</em>"),
	};
}

static const struct q_highlight_term *find_term(const struct q_highlighter *highlighter,
						struct q_str term)
{
	size_t from = 0;
	size_t to = highlighter->term_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = q_str_compare(term, highlighter->terms[middle].term);

		if (order == 0)
			return &highlighter->terms[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool has_bit(const uint64_t *bits, uint32_t at)
{
	return bits && q_bits_have(bits, at);
}

/* The term that the word is, where it is to be marked. */
static const struct q_highlight_term *marked_term(const struct q_highlighter *highlighter,
						  struct q_str word, uint32_t position)
{
	return has_bit(highlighter->hidden, position) ? NULL : find_term(highlighter, word);
}

/* One for each character, one more for each beyond U+FFFF. */
static size_t count_units(struct q_str s)
{
	size_t units = 0;

	for (size_t i = 0; i < s.length; i++) {
		unsigned char byte = (unsigned char)s.data[i];

		units += ((byte & 0xC0) != 0x80) + (byte >= 0xF0);
	}
	return units;
}

/* The current fragment takes its place among the best, behind its equals. */
static void keep_fragment(struct scan *scan)
{
	size_t at = scan->best_count;

	if (scan->current.worth <= 0)
		return;
	while (at > 0 && scan->best[at - 1].worth < scan->current.worth)
		at--;
	if (at == scan->best_max)
		return;
	if (scan->best_count < scan->best_max)
		scan->best_count++;
	memmove(scan->best + at + 1, scan->best + at,
		(scan->best_count - 1 - at) * sizeof *scan->best);
	scan->best[at] = scan->current;
}

/* Fragments end on a grid of their size, and none is left at the end that is less than half one. */
static bool starts_fragment(const struct scan *scan, uint32_t position)
{
	size_t units = scan->highlighter->fragment_units;

	return scan->highlighter->fragment_count_max > 0 && scan->last_word_end > 0 &&
	       !has_bit(scan->highlighter->joined, position) &&
	       scan->word_end_units >= units * scan->fragment_number &&
	       scan->text_units - scan->word_end_units >= units / 2;
}

/* What stands between two words goes to the fragment of the second. */
static void start_fragment(struct scan *scan, uint32_t position)
{
	scan->current.end = scan->last_word_end;
	keep_fragment(scan);
	scan->current = (struct fragment){.start = scan->last_word_end, .position = position};
	scan->fragment_number++;
}

static void add_word(struct scan *scan, const struct q_word *word)
{
	const struct q_highlight_term *found =
		marked_term(scan->highlighter, word->term, word->position);
	uint32_t *found_in = found ? &scan->found_in[found - scan->highlighter->terms] : NULL;

	if (!found || *found_in == scan->fragment_number)
		return;
	*found_in = scan->fragment_number;
	scan->current.worth += found->weight;
}

static void scan_text(struct scan *scan)
{
	struct q_words words;
	struct q_word word;

	q_words_start(&words, scan->highlighter->analyser, scan->text);
	while (q_words_next(&words, &word)) {
		scan->word_end_units +=
			count_units(q_str_slice(scan->text, scan->last_word_end, word.end));
		if (starts_fragment(scan, word.position))
			start_fragment(scan, word.position);
		add_word(scan, &word);
		scan->last_word_end = word.end;
	}
	scan->current.end = scan->text.length;
	keep_fragment(scan);
}

static struct q_str escape_of(char c)
{
	switch (c) {
	case '&':
		return Q_STR("&amp;");
	case '<':
		return Q_STR("&lt;");
	case '>':
		return Q_STR("&gt;");
	case '"':
		return Q_STR("&quot;");
	case '\'':
		return Q_STR("&#x27;");
	case '/':
		return Q_STR("&#x2F;");
	default:
		return Q_STR("");
	}
}

static void append_text(struct q_buf *out, const struct q_highlighter *highlighter, struct q_str s)
{
	if (!highlighter->escapes_html) {
		q_buf_append(out, s);
		return;
	}
	for (size_t i = 0; i < s.length; i++) {
		struct q_str escape = escape_of(s.data[i]);

		q_buf_append(out, escape.length > 0 ? escape : q_str_slice(s, i, i + 1));
	}
}

/* The words of a fragment, read alone, are those it has in the text: it begins and ends with
 * one. */
static void append_fragment(struct q_buf *out, const struct q_highlighter *highlighter,
			    struct q_str fragment, uint32_t position)
{
	struct q_words words;
	struct q_word word;
	size_t at = 0;

	q_words_start(&words, highlighter->analyser, fragment);
	while (q_words_next(&words, &word)) {
		if (!marked_term(highlighter, word.term, position + word.position))
			continue;
		append_text(out, highlighter, q_str_slice(fragment, at, word.start));
		q_buf_append(out, highlighter->before);
		append_text(out, highlighter, q_str_slice(fragment, word.start, word.end));
		q_buf_append(out, highlighter->after);
		at = word.end;
	}
	append_text(out, highlighter, q_str_slice(fragment, at, fragment.length));
}

/* A copy in the arena, which is left without memory where there is none. */
static struct q_str mark_fragment(const struct q_highlighter *highlighter, struct q_str fragment,
				  uint32_t position, struct q_arena *arena)
{
	size_t growth = ESCAPED_BYTES_MAX + highlighter->before.length + highlighter->after.length;
	struct q_str marked = Q_STR("");
	struct q_buf out;

	/* An empty keyword is a word too. */
	q_buf_init(&out, (fragment.length + 1) * growth);
	append_fragment(&out, highlighter, fragment, position);
	if (!q_buf_failed(&out))
		marked = q_arena_copy(arena, q_buf_str(&out));
	q_buf_free(&out);
	return marked;
}

static bool prepare(struct scan *scan, struct q_arena *arena)
{
	size_t wanted = scan->highlighter->fragment_count_max;

	q_assert(wanted <= Q_HIGHLIGHT_FRAGMENTS_MAX);
	scan->best_max = wanted > 0 ? wanted : 1;
	scan->fragment_number = 1;
	scan->text_units = count_units(scan->text);
	scan->best = q_arena_alloc_array(arena, scan->best_max, sizeof *scan->best);
	scan->found_in =
		q_arena_alloc_array(arena, scan->highlighter->term_count, sizeof *scan->found_in);
	return scan->best && scan->found_in;
}

enum q_code q_highlight(const struct q_highlighter *highlighter, struct q_str text,
			struct q_arena *arena, struct q_highlights *out, struct q_err *err)
{
	struct scan scan = {.highlighter = highlighter, .text = text};
	struct q_str *fragments = NULL;

	if (prepare(&scan, arena)) {
		scan_text(&scan);
		fragments = q_arena_alloc_array(arena, scan.best_count, sizeof *fragments);
	}
	for (size_t i = 0; fragments && i < scan.best_count; i++) {
		struct fragment best = scan.best[i];

		fragments[i] = mark_fragment(highlighter, q_str_slice(text, best.start, best.end),
					     best.position, arena);
		if (fragments[i].length == 0)
			fragments = NULL;
	}
	if (!fragments)
		return q_fail(err, Q_NOMEM, "highlight", "%zu bytes of text", text.length);
	*out = (struct q_highlights){fragments, scan.best_count};
	return Q_OK;
}
