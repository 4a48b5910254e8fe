/* A text is read twice: once to see which of its words are wanted, and how much, then by
 * highlight.h, which cuts and marks it. */
#include "search/answer/hit_highlighter.h"

#include "base/bits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "search/analysis/field.h"
#include "search/analysis/highlight.h"
#include "search/analysis/value.h"

#include <string.h>

enum { WORDS_MAX = Q_HIGHLIGHT_TEXT_MAX, FRAGMENTS_MAX = 65536, WORDS_BETWEEN_CHECKS = 256 };

struct q__highlighted_field {
	const struct q_field_definition *definition;
	struct q__wanted_words wanted;
};

/* One field of one document. */
struct marking {
	const struct q_highlight_request *request;
	const struct q_highlight_field *field;
	const struct q__highlighted_field *prepared;
	const struct q_call *call;
	struct q_arena *arena, *scratch;
	struct q__wanted_text wanted; /* the value that is looked at */
	struct q_vec fragments;	      /* struct q_str */
	struct q_err *err;
};

static enum q_code out_of_memory(struct q_err *err)
{
	return q_fail(err, Q_NOMEM, "search_index.search", "the highlights take too much memory");
}

static enum q_code prepare_field(struct q__highlighted_field *prepared,
				 const struct q_index_definition *definition,
				 const struct q_search_query *query, struct q_str name,
				 struct q_arena *arena, struct q_err *err)
{
	size_t number = q__field_find(definition, name);

	if (number == 0 || q__kind_has_values(definition->fields[number - 1].kind))
		return q_fail(err, Q_INVALID, "search_index.search",
			      "there is no keyword or text field %.*s to highlight",
			      Q_STR_ARG(name));
	prepared->definition = &definition->fields[number - 1];
	return q__wanted_words_make(query, prepared->definition, arena, &prepared->wanted, err);
}

enum q_code q__hit_highlighter_make(struct q__hit_highlighter *highlighter,
				    const struct q_index_definition *definition,
				    const struct q_call *call,
				    const struct q_search_request *request, struct q_arena *arena,
				    struct q_err *err)
{
	const struct q_highlight_request *wanted = &request->highlight;
	enum q_code code = Q_OK;

	highlighter->request = wanted;
	highlighter->call = call;
	highlighter->fields =
		q_arena_alloc_array(arena, wanted->field_count, sizeof *highlighter->fields);
	if (!highlighter->fields)
		return out_of_memory(err);
	for (size_t i = 0; i < wanted->field_count && !code; i++)
		code = prepare_field(&highlighter->fields[i], definition, request->query,
				     wanted->fields[i].name, arena, err);
	return code;
}

/* What the query wants of one text. */
struct wanted_here {
	struct q_vec terms;	   /* struct q_highlight_term, each as often as it stands */
	uint64_t *hidden, *joined; /* as in a highlighter */
};

static bool take_word(const struct marking *marking, const struct q_word *word,
		      struct wanted_here *here)
{
	struct q_highlight_term term;
	bool is_here;

	term.weight = q__wanted_weight(&marking->wanted, word->term, word->position, &is_here);
	if (term.weight <= 0)
		return true;
	if (!is_here)
		q_bits_add(here->hidden, word->position);
	term.term = q_arena_copy(marking->scratch, word->term);
	return !q_arena_failed(marking->scratch) && q_vec_push(&here->terms, &term);
}

/* A query of many words and a long text take a while: the call is looked at on the way. */
static enum q_code take_words(struct marking *marking, struct q_str text, struct wanted_here *here)
{
	struct q_words words;
	struct q_word word;

	if (q__wanted_text_next(&marking->wanted, text, marking->call, marking->scratch,
				marking->err))
		return marking->err->code;
	here->joined = marking->wanted.joined;
	here->hidden = q_arena_alloc_array(marking->scratch, q_bits_words(text.length),
					   sizeof *here->hidden);
	if (!here->hidden)
		return out_of_memory(marking->err);
	q_words_start(&words, q__analyser_of(marking->prepared->definition->kind), text);
	while (q_words_next(&words, &word)) {
		if (word.position % WORDS_BETWEEN_CHECKS == 0 &&
		    q_call_check(marking->call, "search_index.search", marking->err))
			return marking->err->code;
		if (!take_word(marking, &word, here))
			return out_of_memory(marking->err);
	}
	return Q_OK;
}

static enum q_code mark_words(struct marking *marking, struct q_str text,
			      const struct wanted_here *here)
{
	struct q_highlighter highlighter;
	struct q_highlights found;
	enum q_code code;

	q_highlighter_init(&highlighter, here->terms.items, here->terms.count);
	highlighter.hidden = here->hidden;
	highlighter.joined = here->joined;
	highlighter.analyser = q__analyser_of(marking->prepared->definition->kind);
	highlighter.fragment_units = marking->field->fragment_units;
	highlighter.fragment_count_max = marking->field->fragment_count_max;
	highlighter.before = marking->request->before;
	highlighter.after = marking->request->after;
	highlighter.escapes_html = marking->request->escapes_html;
	code = q_highlight(&highlighter, text, marking->arena, &found, marking->err);
	for (size_t i = 0; !code && i < found.count; i++) {
		if (!q_vec_push(&marking->fragments, &found.fragments[i]))
			code = out_of_memory(marking->err);
	}
	return code;
}

static enum q_code mark_text(struct marking *marking, struct q_str text)
{
	struct wanted_here here = {0};
	enum q_code code;

	text = q_utf8_cut(text, Q_HIGHLIGHT_TEXT_MAX);
	q_vec_init(&here.terms, sizeof(struct q_highlight_term), WORDS_MAX);
	code = take_words(marking, text, &here);
	if (!code && here.terms.count > 0)
		code = mark_words(marking, text, &here);
	q_vec_free(&here.terms);
	return code;
}

/* A value as it was indexed: numbers and booleans as they are written. */
static enum q_code mark_value(struct marking *marking, const struct q_json *value)
{
	struct q_buf written;
	struct q_str text;
	enum q_code code;

	if (q_json_type_of(value) == Q_JSON_NULL)
		return Q_OK;
	if (q_json_string(value, &text))
		return mark_text(marking, text);
	q_buf_init(&written, Q_HIGHLIGHT_TEXT_MAX);
	code = q_json_write_value(&written, value) ? mark_text(marking, q_buf_str(&written))
						   : out_of_memory(marking->err);
	q_buf_free(&written);
	return code;
}

static enum q_code mark_values(struct marking *marking, const struct q_json *values)
{
	struct q_json_walk walk = q_json_walk(values);
	enum q_code code = Q_OK;

	if (q_json_type_of(values) != Q_JSON_ARRAY)
		return values ? mark_value(marking, values) : Q_OK;
	while (!code && q_json_next(&walk))
		code = mark_value(marking, walk.value);
	return code;
}

/* What is kept of the fragments of all values; as many as were asked for. */
static enum q_code take_fragments(struct marking *marking, struct q_hit_highlight *out)
{
	size_t max = marking->field->fragment_count_max, count = marking->fragments.count;
	struct q_str *fragments;

	if (max > 0 && count > max)
		count = max;
	fragments = q_arena_alloc_array(marking->arena, count, sizeof *fragments);
	if (!fragments)
		return out_of_memory(marking->err);
	if (count > 0)
		memcpy(fragments, marking->fragments.items, count * sizeof *fragments);
	*out = (struct q_hit_highlight){marking->field->name, fragments, count};
	return Q_OK;
}

static enum q_code highlight_field(struct marking *marking, const struct q_json *source,
				   struct q_hit_highlight *out)
{
	enum q_code code;

	q_vec_init(&marking->fragments, sizeof(struct q_str), FRAGMENTS_MAX);
	q__wanted_text_start(&marking->wanted, &marking->prepared->wanted);
	code = mark_values(marking, q_json_member(source, marking->field->name));
	if (!code)
		code = take_fragments(marking, out);
	q_vec_free(&marking->fragments);
	return code;
}

enum q_code q__hit_highlight(const struct q__hit_highlighter *highlighter,
			     const struct q_json *source, struct q_arena *arena,
			     struct q_arena *scratch, struct q_search_hit *out, struct q_err *err)
{
	const struct q_highlight_request *request = highlighter->request;
	struct q_hit_highlight *highlights =
		q_arena_alloc_array(arena, request->field_count, sizeof *highlights);
	struct marking marking = {.request = request,
				  .call = highlighter->call,
				  .arena = arena,
				  .scratch = scratch,
				  .err = err};
	enum q_code code = highlights ? Q_OK : out_of_memory(err);

	out->highlights = highlights;
	for (size_t i = 0; i < request->field_count && !code; i++) {
		marking.field = &request->fields[i];
		marking.prepared = &highlighter->fields[i];
		code = highlight_field(&marking, source, &highlights[out->highlight_count]);
		if (!code && highlights[out->highlight_count].fragment_count > 0)
			out->highlight_count++;
	}
	return code;
}
