#include "embedded/extractive/sentences.h"

enum {
	LINE_WIDTH_MAX = 200, /* longer lines are paragraphs without breaks */
	CLOSINGS_MAX = 6      /* quotes, brackets and notes behind a full stop */
};

static const struct q__token no_token = {.kind = Q__END, .gap = Q__BLOCK};

const struct q__token *q__token_at(const struct q__sentence *sentence, size_t index)
{
	return index < sentence->count ? &sentence->tokens[index] : &no_token;
}

/* The width that lines with a fifth of the page's text reach or exceed: neither a few long lines
 * nor many short ones decide. */
static size_t width_of_lines(struct q_str page)
{
	size_t bytes_of_width[LINE_WIDTH_MAX + 1] = {0};
	size_t start = 0, width, wider = 0;

	for (size_t i = 0; i <= page.length; i++) {
		if (i < page.length && page.data[i] != '\n')
			continue;
		width = i - start < LINE_WIDTH_MAX ? i - start : LINE_WIDTH_MAX;
		bytes_of_width[width] += i - start;
		start = i + 1;
	}
	for (width = LINE_WIDTH_MAX; width > 0; width--) {
		wider += bytes_of_width[width];
		if (wider * 5 >= page.length)
			break;
	}
	return width;
}

void q__sentence_reader_init(struct q__sentence_reader *reader, struct q_str page,
			     const struct q__lexicon *lexicon)
{
	q__token_reader_init(&reader->reader, page, lexicon);
	reader->count = 0;
	reader->ordinal = 0;
	reader->line = (struct q__line){0};
	reader->line_width = width_of_lines(page);
	if (!q__token_next(&reader->reader, &reader->pending))
		reader->pending = no_token;
}

static bool is_word(const struct q__token *token, unsigned shape)
{
	return token->kind == Q__WORD && (token->shape & shape) == shape;
}

static bool is_sign(const struct q__token *token, uint32_t code)
{
	return token->kind == Q__SIGN && token->code == code;
}

static bool is_bullet(uint32_t c)
{
	switch (c) {
	case 0x2022: /* bullet */
	case 0x2023:
	case 0x2043:
	case 0x2219:
	case 0x25A0: /* squares and circles */
	case 0x25AA:
	case 0x25B8:
	case 0x25CB:
	case 0x25CF:
	case 0x25E6:
	case 0xB7:
	case 0xF0B7: /* the bullet of a symbol font that has no Unicode */
	case '*':
	case '-':
	case 0x2013:
	case 0x2014:
		return true;
	default:
		return false;
	}
}

static char byte_at(struct q_str page, size_t offset)
{
	return offset < page.length ? page.data[offset] : '\n';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Does a list item begin with this token: a bullet, "3.", "b)" or "(iv)" before a blank? */
static bool begins_item(struct q_str page, const struct q__token *token)
{
	size_t end = token->offset + token->length;

	if (is_sign(token, '(')) {
		for (unsigned i = 0; i < 4 && !is_blank(byte_at(page, end)); i++, end++)
			if (byte_at(page, end) == ')')
				return i > 0 && is_blank(byte_at(page, end + 1));
		return false;
	}
	if (token->kind == Q__SIGN)
		return is_bullet(token->code) && is_blank(byte_at(page, end));
	if (token->length > 2)
		return false;
	return (byte_at(page, end) == '.' || byte_at(page, end) == ')') &&
	       is_blank(byte_at(page, end + 1));
}

/* Would the word that begins the next line have fitted on the line that ends with `last`? Then the
 * break was meant. */
static bool line_is_short(const struct q__sentence_reader *reader, const struct q__token *last,
			  const struct q__token *next)
{
	size_t width = last->offset + last->length - reader->line.start + 1 + next->length;

	return width * 10 <= reader->line_width * 7;
}

/* Table rows hold as many figures as words, or end in one, and begin with names or figures. */
static bool is_row_end(const struct q__line *line, const struct q__token *last,
		       const struct q__token *next)
{
	bool is_figure =
		last->kind == Q__NUMBER || is_sign(last, '%') || (last->shape & Q__CURRENCY_SIGN);
	bool is_row = line->numbers >= 2 && line->numbers >= line->words;

	return (is_figure || is_row) && (next->kind == Q__NUMBER || is_word(next, Q__CAPITAL) ||
					 (next->shape & Q__CURRENCY_SIGN));
}

/* A line of capitalised words that begins a sentence and is not the beginning of an organisation's
 * name. */
static bool is_title(const struct q__line *line, const struct q__token *next)
{
	return line->first == 0 && line->words >= 3 && line->small == 0 &&
	       is_word(next, Q__CAPITAL) && !(next->classes & (Q__ORG_LEGAL | Q__ORG_HEAD));
}

/* Does a single line break part what is before and after it? */
static bool line_break_ends(const struct q__sentence_reader *reader, const struct q__token *last,
			    const struct q__token *next)
{
	if (is_word(next, Q__SMALL) && !begins_item(reader->reader.page, next))
		return false;
	if (last->kind == Q__WORD && (last->classes & Q__STOP) && !is_word(last, Q__CAPITAL))
		return false;
	if (next->kind == Q__NUMBER && (last->classes & (Q__REFERENCE | Q__MONTH)))
		return false; /* Section 32, May 5 */
	if (is_sign(last, ',') || is_sign(last, '(') || is_sign(last, '&'))
		return false;
	return begins_item(reader->reader.page, next) || is_row_end(&reader->line, last, next) ||
	       is_title(&reader->line, next) || line_is_short(reader, last, next);
}

/* Signs that end a sentence without a space after them. */
static bool is_wide_end(uint32_t c)
{
	return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61;
}

static bool is_end(uint32_t c)
{
	switch (c) {
	case '.':
	case '!':
	case '?':
	case 0x2026: /* ellipsis */
	case 0x0589: /* Armenian */
	case 0x061F: /* Arabic question mark and full stop */
	case 0x06D4:
	case 0x0964: /* danda */
	case 0x0965:
	case 0x1362: /* Ethiopic */
	case 0x104A: /* Myanmar */
	case 0x104B:
	case 0x17D4: /* Khmer */
		return true;
	default:
		return is_wide_end(c);
	}
}

static bool is_closing(uint32_t c)
{
	switch (c) {
	case '"':
	case '\'':
	case ')':
	case ']':
	case 0xBB:   /* >> */
	case 0x2019: /* single and double quotes */
	case 0x201D:
	case 0x300D: /* corner brackets */
	case 0x300F:
	case 0xFF09:
		return true;
	default:
		return false;
	}
}

/* One letter, but for the pronoun I. */
static bool is_initial(const struct q__token *token)
{
	unsigned letter_bytes = token->code < 0x80 ? 1 : token->code < 0x800 ? 2 : 3;

	return token->length == letter_bytes && token->code != 'I';
}

/* Is the full stop at tokens[stop] the sentence's last, when `next` follows it after a gap? */
static bool full_stop_ends(const struct q__sentence *s, size_t stop, const struct q__token *next)
{
	const struct q__token *word = stop > 0 ? &s->tokens[stop - 1] : &no_token;
	const struct q__token *before = stop > 1 ? &s->tokens[stop - 2] : &no_token;
	bool is_item_number = stop == 1 && (word->kind == Q__NUMBER || word->length == 1);
	bool is_dotted = is_initial(word) && word->gap == Q__JOINED && is_sign(before, '.');

	if (is_word(next, Q__SMALL) || is_item_number)
		return false;
	if (word->kind == Q__NUMBER)
		return !(next->classes & Q__MONTH); /* 31. Dezember */
	if (word->kind != Q__WORD || s->tokens[stop].gap != Q__JOINED)
		return true;
	if (word->classes & Q__ABBREVIATION_LAST || is_dotted) /* Inc., U.S. */
		return next->kind == Q__WORD && (next->classes & Q__STOP);
	if (word->classes & Q__ABBREVIATION)
		return false;
	return !is_initial(word) || (before->classes & Q__REFERENCE); /* Schedule A. */
}

/* The index of the last token but for a few quotes, brackets and notes such as [12]. */
static size_t before_closing(const struct q__sentence *s)
{
	size_t end = s->count - 1;

	for (unsigned i = 0; i < CLOSINGS_MAX && end > 0; i++) {
		bool is_note = is_sign(&s->tokens[end], ']') && end >= 3 &&
			       s->tokens[end - 1].kind == Q__NUMBER &&
			       is_sign(&s->tokens[end - 2], '[');

		if (s->tokens[end].kind != Q__SIGN || !is_closing(s->tokens[end].code))
			break;
		end -= is_note ? 3 : 1;
	}
	return end;
}

/* Does the sentence that has been read so far end before `next`? */
static bool ends_before(const struct q__sentence_reader *reader, const struct q__token *next)
{
	struct q__sentence s = {.tokens = reader->tokens, .count = reader->count};
	size_t end = before_closing(&s);
	const struct q__token *mark = &s.tokens[end];

	if (s.count == Q__SENTENCE_TOKENS_MAX || next->gap == Q__BLOCK)
		return true;
	if (mark->kind == Q__SIGN && is_wide_end(mark->code))
		return !(next->kind == Q__SIGN && (is_closing(next->code) || is_end(next->code)));
	if (next->gap == Q__JOINED)
		return false;
	if (is_sign(mark, '.'))
		return full_stop_ends(&s, end, next);
	if (mark->kind == Q__SIGN && is_end(mark->code))
		return !is_word(next, Q__SMALL);
	return next->gap == Q__LINE && line_break_ends(reader, &s.tokens[s.count - 1], next);
}

/* Keeps account of the line that the next token is on. */
static void note_token(struct q__sentence_reader *reader)
{
	const struct q__token *token = &reader->pending;
	struct q__line *line = &reader->line;
	bool counts = token->kind == Q__WORD && !(token->classes & Q__STOP);

	if (token->gap >= Q__LINE)
		*line = (struct q__line){.start = token->offset, .first = reader->count};
	else if (reader->count == 0)
		line->first = 1; /* the line began in the sentence before */
	line->words += counts;
	line->small += counts && !(token->shape & Q__CAPITAL);
	line->numbers += token->kind == Q__NUMBER;
}

bool q__sentence_next(struct q__sentence_reader *reader, struct q__sentence *sentence)
{
	const struct q__token *first, *last;

	if (reader->pending.kind == Q__END)
		return false;
	reader->count = 0;
	do {
		note_token(reader);
		reader->tokens[reader->count++] = reader->pending;
		if (!q__token_next(&reader->reader, &reader->pending))
			reader->pending = no_token;
	} while (!ends_before(reader, &reader->pending));
	last = &reader->tokens[reader->count - 1];
	first = &reader->tokens[reader->count > 1 && is_bullet(reader->tokens[0].code)];
	*sentence = (struct q__sentence){
		.page = reader->reader.page,
		.text = q_str_slice(reader->reader.page, first->offset,
				    last->offset + last->length),
		.tokens = reader->tokens,
		.count = reader->count,
		.ordinal = reader->ordinal++,
	};
	return true;
}

bool q__sentence_has_end(const struct q__sentence *sentence)
{
	const struct q__token *last = &sentence->tokens[before_closing(sentence)];

	return last->kind == Q__SIGN && is_end(last->code);
}

bool q__sentence_is_prose(const struct q__sentence *sentence)
{
	unsigned words = 0, plain = 0, numbers = 0, ideographs = 0;

	for (unsigned i = 0; i < sentence->count; i++) {
		const struct q__token *token = &sentence->tokens[i];

		words += token->kind == Q__WORD;
		plain += token->kind == Q__WORD && !(token->shape & Q__CAPITAL);
		numbers += token->kind == Q__NUMBER;
		ideographs += token->kind == Q__IDEOGRAPH;
	}
	if (ideographs > words)
		return ideographs >= 8 && numbers < ideographs;
	/* A sentence that names parties and places has many capitals; a title has no end. */
	return words >= 4 && numbers <= words &&
	       plain * (q__sentence_has_end(sentence) ? 3 : 2) >= words;
}
