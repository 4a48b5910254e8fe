/* Lucene's SloppyPhraseMatcher, so that scores are the same to the last bit.
 *
 * A word's *place* is its position less its offset: words that stand as in the phrase have one
 * place. All words stand at their first positions; the one with the least place goes on until it is
 * not the least any more, and the shortest distance seen meanwhile, from it to the greatest place,
 * is a match. Then the next one goes on.
 *
 * The same word twice must not use one position twice: words that are the same are a group, they
 * start at different positions, and where one comes to a position that another has, the lesser of
 * the two goes on. */
#include "search/query/phrase.h"

#include <string.h>

enum { NO_GROUP = UINT32_MAX, CHECK_MOVES = 1 << 16 };

struct word {
	struct q__phrase_word *base;
	uint32_t group;		 /* of the same words; NO_GROUP: there is none like it */
	uint32_t index_in_group; /* in the order of offsets */
};

struct q__sloppy_phrase {
	struct word *words; /* in the order of offsets */
	size_t count;
	int64_t slop;
	struct word **queue; /* a heap, the least place first, from index 1 on */
	size_t queued;
	struct word **taken; /* out of the queue for a while */
	bool *is_moved;	     /* by index in a group: to be queued anew */
	int64_t end;	     /* the greatest place */
	int64_t length;	     /* of the match */
	bool is_positioned;
	const struct q_call *call;
	uint32_t moves;
};

static int64_t place_of(const struct word *word)
{
	return word->base->place;
}

static int64_t position_of(const struct word *word)
{
	return word->base->place + word->base->offset;
}

static bool is_less(const struct word *a, const struct word *b)
{
	if (place_of(a) != place_of(b))
		return place_of(a) < place_of(b);
	return a->base->offset < b->base->offset;
}

static void push(struct q__sloppy_phrase *phrase, struct word *word)
{
	struct word **queue = phrase->queue;
	size_t at = ++phrase->queued;

	for (; at > 1 && is_less(word, queue[at / 2]); at /= 2)
		queue[at] = queue[at / 2];
	queue[at] = word;
}

/* The lesser child of a heap's node; 0: it has none. */
static size_t child_of(const struct q__sloppy_phrase *phrase, size_t at)
{
	size_t child = 2 * at;

	if (child > phrase->queued)
		return 0;
	if (child < phrase->queued && is_less(phrase->queue[child + 1], phrase->queue[child]))
		child++;
	return child;
}

static struct word *pop(struct q__sloppy_phrase *phrase)
{
	struct word **queue = phrase->queue, *top = queue[1], *last = queue[phrase->queued--];
	size_t at = 1, child = child_of(phrase, at);

	for (; child > 0 && is_less(queue[child], last); child = child_of(phrase, at)) {
		queue[at] = queue[child];
		at = child;
	}
	queue[at] = last;
	return top;
}

static bool move(struct word *word)
{
	if (!q__positions_next(&word->base->positions))
		return false;
	word->base->place = (int64_t)word->base->positions.position - word->base->offset;
	return true;
}

static bool is_late(struct q__sloppy_phrase *phrase)
{
	struct q_err err;

	return ++phrase->moves % CHECK_MOVES == 0 &&
	       q_call_check(phrase->call, "search_index.search", &err) != Q_OK;
}

static bool move_and_note_end(struct q__sloppy_phrase *phrase, struct word *word)
{
	if (is_late(phrase) || !move(word))
		return false;
	if (place_of(word) > phrase->end)
		phrase->end = place_of(word);
	return true;
}

/* Another word of the group that stands where this one does. */
static struct word *find_collision(const struct q__sloppy_phrase *phrase, const struct word *word)
{
	for (size_t i = 0; i < phrase->count; i++) {
		struct word *other = &phrase->words[i];

		if (other != word && other->group == word->group &&
		    position_of(other) == position_of(word))
			return other;
	}
	return NULL;
}

/* Words that have moved come into their places in the queue. Marks are by index alone, so that a
 * word of another group can take one off: Lucene has it so, and its scores are wanted. */
static void queue_anew(struct q__sloppy_phrase *phrase, size_t moved)
{
	size_t taken = 0;

	while (moved > 0 && phrase->queued > 0) {
		struct word *word = pop(phrase);

		phrase->taken[taken++] = word;
		if (word->group == NO_GROUP || !phrase->is_moved[word->index_in_group])
			continue;
		phrase->is_moved[word->index_in_group] = false;
		moved--;
	}
	while (taken > 0)
		push(phrase, phrase->taken[--taken]);
}

/* The word has just moved: until no two of its group share a position. False: one is at its end. */
static bool settle(struct q__sloppy_phrase *phrase, struct word *word)
{
	uint32_t first = word->index_in_group;
	struct word *other;
	size_t moved = 0;

	if (word->group == NO_GROUP)
		return true;
	memset(phrase->is_moved, 0, phrase->count * sizeof *phrase->is_moved);
	while ((other = find_collision(phrase, word)) != NULL) {
		uint32_t index = other->index_in_group;

		word = is_less(word, other) ? word : other;
		if (!move_and_note_end(phrase, word))
			return false;
		if (index != first && !phrase->is_moved[index]) {
			phrase->is_moved[index] = true;
			moved++;
		}
	}
	queue_anew(phrase, moved);
	return true;
}

/* All words to where they start; false where one has not enough positions. */
static bool place(struct q__sloppy_phrase *phrase)
{
	phrase->queued = 0;
	phrase->end = INT64_MIN;
	for (size_t i = 0; i < phrase->count; i++) {
		struct word *word = &phrase->words[i];

		q__positions_start(&word->base->positions);
		for (uint32_t j = 0; j <= word->index_in_group; j++) {
			if (!move(word))
				return false;
		}
		if (place_of(word) > phrase->end)
			phrase->end = place_of(word);
		push(phrase, word);
	}
	return true;
}

static struct word *take_least(struct q__sloppy_phrase *phrase)
{
	struct word *word = pop(phrase);

	phrase->length = phrase->end - place_of(word);
	return word;
}

static bool next_match(struct q__sloppy_phrase *phrase)
{
	struct word *word;
	int64_t next; /* the least place but the word's */

	if (!phrase->is_positioned)
		return false;
	word = take_least(phrase);
	next = place_of(phrase->queue[1]);
	while (move_and_note_end(phrase, word) && settle(phrase, word)) {
		int64_t length = phrase->end - place_of(word);

		if (place_of(word) <= next) {
			phrase->length = length < phrase->length ? length : phrase->length;
			continue;
		}
		push(phrase, word);
		if (phrase->length <= phrase->slop)
			return true;
		word = take_least(phrase);
		next = place_of(phrase->queue[1]);
	}
	phrase->is_positioned = false;
	return phrase->length <= phrase->slop;
}

float q__sloppy_phrase_frequency(struct q__sloppy_phrase *phrase)
{
	float frequency = 0;

	phrase->is_positioned = place(phrase);
	while (next_match(phrase))
		frequency += 1.0f / (1.0f + (float)phrase->length);
	return frequency;
}

/* Joins the word to the words like it that stand before; a group has the first one's number. */
static void join_group(struct q__sloppy_phrase *phrase, uint32_t at)
{
	struct word *word = &phrase->words[at];

	word->group = NO_GROUP;
	for (uint32_t i = 0; i < at; i++) {
		struct word *before = &phrase->words[i];

		if (before->base->ref != word->base->ref)
			continue;
		if (before->group == NO_GROUP)
			before->group = i;
		word->group = before->group;
		word->index_in_group = before->index_in_group + 1;
	}
}

static void take_words(struct q__sloppy_phrase *phrase, struct q__phrase_word *words)
{
	for (size_t i = 0; i < phrase->count; i++)
		phrase->words[words[i].offset].base = &words[i];
	for (uint32_t i = 0; i < phrase->count; i++)
		join_group(phrase, i);
}

struct q__sloppy_phrase *q__sloppy_phrase_new(struct q__phrase_word *words, size_t count,
					      uint32_t slop, const struct q_call *call,
					      struct q_arena *arena)
{
	struct q__sloppy_phrase *phrase = q_arena_alloc(arena, sizeof *phrase);

	if (!phrase)
		return NULL;
	phrase->count = count;
	phrase->slop = slop;
	phrase->call = call;
	phrase->words = q_arena_alloc_array(arena, count, sizeof *phrase->words);
	phrase->queue = q_arena_alloc_array(arena, count + 1, sizeof(struct word *));
	phrase->taken = q_arena_alloc_array(arena, count, sizeof(struct word *));
	phrase->is_moved = q_arena_alloc_array(arena, count, sizeof *phrase->is_moved);
	if (!phrase->words || !phrase->queue || !phrase->taken || !phrase->is_moved)
		return NULL;
	take_words(phrase, words);
	return phrase;
}
