#include "search/query/phrase_cover.h"

#include "base/bits.h"
#include "search/analysis/analyser.h"

/* Where one word of the phrase stands in the text. */
struct places {
	uint32_t *items; /* in order */
	size_t count, at;
};

struct cover {
	const struct q__wanted_phrase *phrase;
	struct places *places; /* one a word of the phrase */
	uint64_t *covered;     /* a bit for each word of the text */
	uint64_t *is_word;     /* the same: of the phrase, and knows its places */
	uint32_t *ends;
	uint32_t end; /* of what is covered so far */
	bool is_found;
};

static void take_place(struct cover *cover, size_t of_word, uint32_t position)
{
	struct places *places = &cover->places[of_word];

	places->items[places->count] = position;
	if (!cover->phrase->is_wanted_later[of_word])
		q_bits_add(cover->is_word, position);
}

/* Counts the places, or takes them where there is room. Returns the words of the text. */
static uint32_t walk_text(struct cover *cover, struct q_str text)
{
	uint32_t word_count = 0;
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	for (; q_words_next(&words, &word); word_count++) {
		for (size_t i = 0; i < cover->phrase->count; i++) {
			if (!q_str_equal(cover->phrase->words[i], word.term))
				continue;
			if (cover->is_word)
				take_place(cover, i, word.position);
			cover->places[i].count++;
		}
	}
	return word_count;
}

static bool take_places(struct cover *cover, struct q_str text, struct q_arena *arena)
{
	uint32_t word_count;

	cover->places = q_arena_alloc_array(arena, cover->phrase->count, sizeof *cover->places);
	if (!cover->places)
		return false;
	word_count = walk_text(cover, text);
	for (size_t i = 0; i < cover->phrase->count; i++) {
		struct places *places = &cover->places[i];

		places->items = q_arena_alloc_array(arena, places->count, sizeof *places->items);
		if (!places->items)
			return false;
		places->count = 0;
	}
	/* One word more than there are may be asked for. */
	cover->covered = q_arena_alloc_array(arena, q_bits_words(word_count), sizeof(uint64_t));
	cover->is_word = q_arena_alloc_array(arena, q_bits_words(word_count), sizeof(uint64_t));
	if (!cover->covered || !cover->is_word)
		return false;
	walk_text(cover, text);
	return true;
}

/* Spans begin in order, so that what lies before the end is covered already. */
static void add_span(struct cover *cover, uint32_t first, uint32_t last)
{
	cover->is_found = true;
	if (q_bits_have(cover->is_word, first + 1) && cover->ends[first + 1] == 0)
		cover->ends[first + 1] = last + 2;
	for (uint32_t i = first > cover->end ? first : cover->end; i <= last; i++)
		q_bits_add(cover->covered, i);
	cover->end = last + 1 > cover->end ? last + 1 : cover->end;
}

static bool stands_at(struct places *places, uint32_t position)
{
	while (places->at < places->count && places->items[places->at] < position)
		places->at++;
	return places->at < places->count && places->items[places->at] == position;
}

static void cover_in_order(struct cover *cover)
{
	const struct places *first = &cover->places[0];
	size_t word_count = cover->phrase->count;

	for (size_t i = 0; i < first->count; i++) {
		uint32_t start = first->items[i];
		size_t word = 1;

		while (word < word_count && stands_at(&cover->places[word], start + (uint32_t)word))
			word++;
		if (word == word_count)
			add_span(cover, start, start + (uint32_t)word_count - 1);
	}
}

/* A window that has each word once, from the first of them to the last, goes through the text: its
 * first word is the one that moves. */
static void cover_near(struct cover *cover)
{
	size_t word_count = cover->phrase->count;
	struct places *lowest;

	do {
		uint32_t first = UINT32_MAX, last = 0;

		lowest = &cover->places[0];
		for (size_t i = 0; i < word_count; i++) {
			struct places *places = &cover->places[i];
			uint32_t position;

			if (places->at == places->count)
				return;
			position = places->items[places->at];
			last = position > last ? position : last;
			if (position < first) {
				first = position;
				lowest = places;
			}
		}
		if (last - first < word_count + cover->phrase->slop)
			add_span(cover, first, last);
	} while (++lowest->at < lowest->count);
}

bool q__phrase_cover(const struct q__wanted_phrase *phrase, struct q_str text,
		     struct q_arena *arena, uint64_t **covered, uint32_t *ends)
{
	struct cover cover = {.phrase = phrase, .ends = ends};

	if (!take_places(&cover, text, arena))
		return false;
	if (phrase->slop > 0)
		cover_near(&cover);
	else
		cover_in_order(&cover);
	*covered = cover.is_found ? cover.covered : NULL;
	return true;
}
