#include "embedded/extractive/lexicon.h"

#include "base/mem.h"

struct entry {
	struct q_str word; /* empty: a free place */
	uint32_t hash;
	unsigned classes;
};

struct q__lexicon {
	size_t mask; /* places - 1; at most half of them are taken */
	struct entry entries[];
};

uint32_t q__hash(struct q_str s)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < s.length; i++)
		hash = (hash ^ (unsigned char)s.data[i]) * 16777619u;
	return hash;
}

/* The next word of a list; false at its end. */
static bool next_word(const char **at, struct q_str *word)
{
	const char *end;

	while (**at == ' ' || **at == '\n')
		(*at)++;
	for (end = *at; *end && *end != ' ' && *end != '\n'; end++)
		continue;
	*word = (struct q_str){*at, (size_t)(end - *at)};
	*at = end;
	return word->length > 0;
}

/* Where the word stands, or the free place where it would. */
static size_t place_of(const struct q__lexicon *lexicon, struct q_str word, uint32_t hash)
{
	const struct entry *entries = lexicon->entries;
	size_t place = hash & lexicon->mask;

	while (entries[place].word.length > 0 &&
	       (entries[place].hash != hash || !q_str_equal(entries[place].word, word)))
		place = (place + 1) & lexicon->mask;
	return place;
}

static void add_entry(struct q__lexicon *lexicon, struct q_str word, unsigned classes)
{
	uint32_t hash = q__hash(word);
	struct entry *entry = &lexicon->entries[place_of(lexicon, word, hash)];

	q_assert(word.length <= Q__LEXICON_WORD_MAX);
	*entry = (struct entry){word, hash, entry->classes | classes};
}

static void add_word(struct q__lexicon *lexicon, struct q_str word, unsigned classes)
{
	struct q_str first, rest;

	add_entry(lexicon, word, classes);
	if (q_str_cut(word, '_', &first, &rest))
		add_entry(lexicon, first, Q__PHRASE_FIRST);
}

static void add_lists(struct q__lexicon *lexicon, const struct q__word_list *lists)
{
	for (; lists->words; lists++) {
		const char *at = lists->words;
		struct q_str word;

		while (next_word(&at, &word))
			add_word(lexicon, word, lists->classes);
	}
}

/* Phrases count twice: their first words are entries as well. */
static size_t count_words(const struct q__word_list *lists)
{
	size_t count = 0;

	for (; lists->words; lists++) {
		const char *at = lists->words;
		struct q_str word, first, rest;

		while (next_word(&at, &word))
			count += q_str_cut(word, '_', &first, &rest) ? 2 : 1;
	}
	return count;
}

struct q__lexicon *q__lexicon_new(void)
{
	size_t words = count_words(q__language_lists) + count_words(q__name_lists);
	struct q__lexicon *lexicon;
	size_t places = 1;

	while (places < 2 * words)
		places *= 2;
	lexicon = q_mem_new(sizeof *lexicon + places * sizeof lexicon->entries[0]);
	if (!lexicon)
		return NULL;
	lexicon->mask = places - 1;
	add_lists(lexicon, q__language_lists);
	add_lists(lexicon, q__name_lists);
	return lexicon;
}

void q__lexicon_free(struct q__lexicon *lexicon)
{
	q_mem_free(lexicon);
}

unsigned q__lexicon_find(const struct q__lexicon *lexicon, struct q_str word)
{
	return lexicon->entries[place_of(lexicon, word, q__hash(word))].classes;
}
