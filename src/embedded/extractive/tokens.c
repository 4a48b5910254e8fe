#include "embedded/extractive/tokens.h"

#include "base/utf8.h"

#include <string.h>
#include <unicode/uchar.h>

enum sort { SPACE, LETTER, MARK, FORMAT, DIGIT, IDEOGRAPH, SIGN };

/* Scripts that are written without spaces: runs of them are read character by character. */
static bool is_ideograph(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x0E01, 0x0E30},					/* Thai letters */
		{0x0E32, 0x0E33},   {0x0E40, 0x0E46}, {0x0E81, 0x0EB0}, /* Lao */
		{0x0EBD, 0x0EC6},   {0x1000, 0x102A},			/* Myanmar */
		{0x1780, 0x17B3},					/* Khmer */
		{0x3005, 0x3007},		      /* iteration mark, closing mark, zero */
		{0x3041, 0x30FF},		      /* kana */
		{0x31F0, 0x31FF},   {0x3400, 0x4DBF}, /* Han */
		{0x4E00, 0x9FFF},   {0xF900, 0xFAFF}, {0xFF66, 0xFF9F}, /* half-width kana */
		{0x20000, 0x3FFFF},
	};

	for (size_t i = 0; i < Q_COUNT_OF(ranges) && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

static enum sort sort_of_wide(uint32_t c)
{
	if (is_ideograph(c))
		return IDEOGRAPH;
	switch (u_charType((UChar32)c)) {
	case U_UPPERCASE_LETTER:
	case U_LOWERCASE_LETTER:
	case U_TITLECASE_LETTER:
	case U_MODIFIER_LETTER:
	case U_OTHER_LETTER:
		return LETTER;
	case U_NON_SPACING_MARK:
	case U_COMBINING_SPACING_MARK:
	case U_ENCLOSING_MARK:
		return MARK;
	case U_FORMAT_CHAR: /* soft hyphen, joiners, directions: part of the word they stand in */
		return FORMAT;
	case U_DECIMAL_DIGIT_NUMBER:
		return DIGIT;
	case U_SPACE_SEPARATOR:
	case U_LINE_SEPARATOR:
	case U_PARAGRAPH_SEPARATOR:
	case U_CONTROL_CHAR:
		return SPACE;
	default:
		return SIGN;
	}
}

static enum sort sort_of(uint32_t c)
{
	if (c >= 0x80)
		return sort_of_wide(c);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return LETTER;
	if (c >= '0' && c <= '9')
		return DIGIT;
	return c <= ' ' || c == 0x7F ? SPACE : SIGN;
}

/* The character at `offset`, which is moved beyond it. */
static uint32_t next_character(struct q_str page, size_t *offset)
{
	unsigned char byte = (unsigned char)page.data[*offset];

	if (byte >= 0x80)
		return q_utf8_next(page, offset);
	++*offset;
	return byte;
}

/* A word while it is read: its lower-case form, as long as it can be in a list, and its shape. */
struct word {
	char lower[Q__LEXICON_WORD_MAX + 4];
	size_t length;
	bool is_long;
	unsigned letters;
	bool has_small;
	uint8_t shape;
	uint8_t digits;
};

static size_t encode_lower(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		return 1;
	}
	return q_utf8_encode(c == 0x2019 ? '\'' : (uint32_t)u_tolower((UChar32)c), out);
}

static void word_add_text(struct word *word, uint32_t c)
{
	if (word->length + 4 > sizeof word->lower)
		word->is_long = true;
	else
		word->length += encode_lower(c, word->lower + word->length);
}

static void word_add_letter(struct word *word, uint32_t c)
{
	bool is_capital = c < 0x80 ? c <= 'Z' : u_isupper((UChar32)c) || u_istitle((UChar32)c);
	bool is_small = c < 0x80 ? c >= 'a' : u_islower((UChar32)c);

	if (word->letters == 0)
		word->shape |= is_capital ? Q__CAPITAL : is_small ? Q__SMALL : 0;
	word->has_small |= !is_capital;
	word->letters++;
	word_add_text(word, c);
}

static void word_add_digit(struct word *word, uint32_t c)
{
	word->shape |= Q__HAS_DIGIT;
	word->digits += word->digits < UINT8_MAX;
	word_add_text(word, c);
}

/* Is the sign at an apostrophe inside a word: followed by a letter? */
static bool is_inner_apostrophe(struct q_str page, size_t after, uint32_t c)
{
	if ((c != '\'' && c != 0x2019) || after >= page.length)
		return false;
	return sort_of(next_character(page, &after)) == LETTER;
}

/* Adds one character if the word goes on with it. */
static bool word_take(struct word *word, struct q_str page, size_t after, uint32_t c)
{
	switch (sort_of(c)) {
	case LETTER:
		word_add_letter(word, c);
		return true;
	case DIGIT:
		word_add_digit(word, c);
		return true;
	case MARK:
		word_add_text(word, c);
		return true;
	case FORMAT:
		return true;
	default:
		if (!is_inner_apostrophe(page, after, c))
			return false;
		word_add_text(word, c);
		return true;
	}
}

/* Takes off what makes a plural or genitive in English: enough to let forms of a word meet. */
static struct q_str stem_of(struct q_str lower)
{
	if (q_str_ends_with(lower, Q_STR("'s")))
		lower.length -= 2;
	if (lower.length <= 3 || lower.data[lower.length - 1] != 's' ||
	    strchr("sui", lower.data[lower.length - 2]))
		return lower;
	lower.length -= 1;
	return lower;
}

static void read_word(struct q__token_reader *reader, struct q__token *token, uint32_t c)
{
	struct q_str page = reader->page;
	size_t offset = reader->offset;
	struct word word = {0};
	struct q_str lower;

	word_add_letter(&word, c);
	while (offset < page.length) {
		size_t after = offset;

		c = next_character(page, &after);
		if (!word_take(&word, page, after, c))
			break;
		offset = after;
		if (sort_of(c) != FORMAT) /* one at the word's end is no part of it */
			reader->offset = offset;
	}
	lower = (struct q_str){word.lower, word.length};
	token->kind = Q__WORD;
	token->shape = word.shape;
	if (word.letters >= 2 && !word.has_small)
		token->shape |= Q__ALL_CAPITALS;
	token->digits = word.digits;
	token->classes = word.is_long ? 0 : q__lexicon_find(reader->lexicon, lower);
	token->hash = token->classes & Q__STOP ? 0 : q__hash(stem_of(lower));
}

static void read_number(struct q__token_reader *reader, struct q__token *token, uint32_t c)
{
	uint64_t value = 0;

	token->kind = Q__NUMBER;
	for (;;) {
		size_t after = reader->offset;

		value = value * 10 +
			(uint64_t)(c < 0x80 ? (int)c - '0' : u_charDigitValue((UChar32)c));
		if (value > UINT32_MAX)
			value = UINT32_MAX;
		token->digits += token->digits < UINT8_MAX;
		if (after >= reader->page.length)
			break;
		c = next_character(reader->page, &after);
		if (sort_of(c) != DIGIT)
			break;
		reader->offset = after;
	}
	token->code = (uint32_t)value;
}

/* The marks above and below a character belong to it. */
static void skip_marks(struct q__token_reader *reader)
{
	while (reader->offset < reader->page.length) {
		size_t after = reader->offset;

		if (sort_of(next_character(reader->page, &after)) != MARK)
			break;
		reader->offset = after;
	}
}

/* Single ideographs mean too much, two in a row are nearly a word. */
static uint32_t bigram(uint32_t before, uint32_t c)
{
	return before ? before * 2654435761u + c : 0;
}

/* Moves to the next token and returns its first character, 0 at the end. */
static uint32_t skip_gap(struct q__token_reader *reader, enum q__gap *gap, size_t *start)
{
	unsigned lines = 0;
	bool is_block = reader->offset == 0;
	uint32_t before = 0;

	*gap = Q__JOINED;
	while (reader->offset < reader->page.length) {
		uint32_t c;
		enum sort sort;

		*start = reader->offset;
		c = next_character(reader->page, &reader->offset);
		sort = sort_of(c);
		if (sort != SPACE && sort != MARK && sort != FORMAT) {
			*gap = is_block || lines > 1 ? Q__BLOCK : lines == 1 ? Q__LINE : *gap;
			return c;
		}
		if (sort == SPACE)
			*gap = Q__SPACE;
		lines += c == '\r' || c == 0x85 || c == 0x2028 || (c == '\n' && before != '\r');
		is_block |= c == '\f' || c == 0x2029;
		before = c;
	}
	return 0;
}

void q__token_reader_init(struct q__token_reader *reader, struct q_str page,
			  const struct q__lexicon *lexicon)
{
	*reader = (struct q__token_reader){.page = page, .lexicon = lexicon};
}

bool q__token_next(struct q__token_reader *reader, struct q__token *token)
{
	uint32_t before = reader->ideograph;
	enum q__gap gap;
	size_t start = 0;
	uint32_t c = skip_gap(reader, &gap, &start);

	*token = (struct q__token){.offset = (uint32_t)start, .code = c, .gap = (uint8_t)gap};
	if (c == 0)
		return false;
	reader->ideograph = 0;
	switch (sort_of(c)) {
	case LETTER:
		read_word(reader, token, c);
		break;
	case DIGIT:
		read_number(reader, token, c);
		break;
	case IDEOGRAPH:
		token->kind = Q__IDEOGRAPH;
		token->hash = bigram(gap == Q__JOINED ? before : 0, c);
		reader->ideograph = c;
		skip_marks(reader);
		break;
	default:
		token->kind = Q__SIGN;
		if (c == '$' || (c >= 0x80 && u_charType((UChar32)c) == U_CURRENCY_SYMBOL))
			token->shape = Q__CURRENCY_SIGN;
		skip_marks(reader);
	}
	token->length = (uint32_t)(reader->offset - start);
	return true;
}

size_t q__word_lower(struct q_str word, char *out, size_t size)
{
	size_t offset = 0, length = 0;

	while (offset < word.length) {
		uint32_t c = next_character(word, &offset);

		if (length + 4 > size)
			return 0;
		length += encode_lower(c, out + length);
	}
	return length;
}
