#include "search/analysis/fuzzy.h"

#include "base/utf8.h"

enum { REACH = 2, PLACES = 5, ALL_PLACES = (1 << PLACES) - 1, PADDING = PLACES + 1 };

/* No character: matches none. */
static const uint32_t no_character = UINT32_MAX;

bool q__fuzzy_make(struct q__fuzzy *fuzzy, struct q_str word, unsigned edits_max,
		   struct q_arena *arena)
{
	size_t room = word.length + 2 * PADDING, at = 0;
	uint32_t *characters = q_arena_alloc_array(arena, room, sizeof *characters);
	uint32_t *ends = q_arena_alloc_array(arena, word.length, sizeof *ends);
	uint32_t length = 0;

	if (!characters || !ends)
		return false;
	for (size_t i = 0; i < room; i++)
		characters[i] = no_character;
	while (at < word.length) {
		characters[PADDING + length] = q_utf8_next(word, &at);
		ends[length++] = (uint32_t)at;
	}
	*fuzzy = (struct q__fuzzy){word, characters + PADDING, ends, length, edits_max};
	return true;
}

/* The bits of places that the word has, after `count` characters. */
static unsigned places_in_word(const struct q__fuzzy *fuzzy, uint32_t count)
{
	unsigned bits = ALL_PLACES;

	if (count < REACH)
		bits &= ALL_PLACES << (REACH - count);
	if (count + REACH > fuzzy->length) {
		uint32_t beyond = count + REACH - fuzzy->length;

		bits &= beyond < PLACES ? ALL_PLACES >> beyond : 0;
	}
	return bits;
}

/* Places that can be reached without reading, by leaving out characters of the word. */
static void leave_out(const struct q__fuzzy *fuzzy, struct q__fuzzy_state *state, unsigned places)
{
	for (unsigned edits = 1; edits <= fuzzy->edits_max; edits++)
		state->reached[edits] |= (uint8_t)(state->reached[edits - 1] << 1 & places);
}

struct q__fuzzy_state q__fuzzy_start(const struct q__fuzzy *fuzzy)
{
	struct q__fuzzy_state state = {.reached = {1 << REACH}};

	leave_out(fuzzy, &state, places_in_word(fuzzy, 0));
	return state;
}

/* Bit b: the word's character at place count - 2 + b is this one. */
static unsigned places_of(const struct q__fuzzy *fuzzy, uint32_t count, uint32_t character)
{
	unsigned bits = 0;

	if (count > fuzzy->length + REACH)
		return 0;
	/* Fewer than PADDING beyond either end. */
	for (int b = 0; b <= PLACES; b++)
		bits |= (unsigned)(fuzzy->characters[(int64_t)count - REACH + b] == character) << b;
	return bits;
}

struct q__fuzzy_state q__fuzzy_step(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state,
				    uint32_t count, uint32_t character)
{
	unsigned same = places_of(fuzzy, count, character);
	unsigned places = places_in_word(fuzzy, count + 1);
	struct q__fuzzy_state next = {.reached = {(uint8_t)(state.reached[0] & same & places)}};

	/* The window moves on by one: a place that stays moves down a bit, the next one keeps its
	 * bit, the one after moves up. */
	for (unsigned edits = 1; edits <= fuzzy->edits_max; edits++) {
		unsigned before = state.reached[edits - 1];
		unsigned inserted = before >> 1, replaced = before;
		unsigned swapped = (state.swapping[edits] & same) << 1;

		next.reached[edits] =
			(uint8_t)(((state.reached[edits] & same) | inserted | replaced | swapped) &
				  places);
		next.swapping[edits] = (uint8_t)((before & same >> 1) >> 1);
	}
	leave_out(fuzzy, &next, places);
	return next;
}

int q__fuzzy_ending_compare(const struct q__fuzzy_ending *a, const struct q__fuzzy_ending *b)
{
	if (a->character != b->character)
		return a->character < b->character ? -1 : 1;
	return q_str_compare(a->rest, b->rest);
}

/* The character at a place of the word, then what follows the one at another. */
static struct q__fuzzy_ending ending_of(const struct q__fuzzy *fuzzy, uint32_t place, uint32_t last)
{
	return (struct q__fuzzy_ending){
		fuzzy->characters[place],
		q_str_slice(fuzzy->word, fuzzy->ends[last], fuzzy->word.length)};
}

bool q__fuzzy_find_ending(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state, uint32_t count,
			  const struct q__fuzzy_ending *from, struct q__fuzzy_ending *out)
{
	unsigned reached = state.reached[fuzzy->edits_max];
	unsigned swapping = state.swapping[fuzzy->edits_max];
	bool is_found = false;

	for (unsigned places = reached | swapping << PLACES; places != 0; places &= places - 1) {
		unsigned bit = (unsigned)__builtin_ctz(places);
		uint32_t place = count + bit % PLACES - REACH;
		struct q__fuzzy_ending ending;

		if (place >= fuzzy->length)
			continue; /* nothing need follow */
		ending = ending_of(fuzzy, place, bit < PLACES ? place : place + 1);
		if (q__fuzzy_ending_compare(&ending, from) < 0 ||
		    (is_found && q__fuzzy_ending_compare(&ending, out) >= 0))
			continue;
		*out = ending;
		is_found = true;
	}
	return is_found;
}

unsigned q__fuzzy_distance(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state,
			   uint32_t count)
{
	int64_t bit = (int64_t)fuzzy->length - count + REACH;
	unsigned edits = 0;

	if (bit < 0 || bit >= PLACES)
		return fuzzy->edits_max + 1;
	while (edits <= fuzzy->edits_max && !(state.reached[edits] >> bit & 1))
		edits++;
	return edits;
}

unsigned q__edits_allowed(enum q_fuzziness fuzziness, struct q_str word)
{
	size_t characters;

	if (word.length == 0)
		return 0; /* as in Lucene: nothing is like nothing */
	switch (fuzziness) {
	case Q_FUZZINESS_NONE:
	case Q_FUZZINESS_0:
		return 0;
	case Q_FUZZINESS_1:
		return 1;
	case Q_FUZZINESS_2:
		return 2;
	case Q_FUZZINESS_AUTO:
		break;
	}
	characters = q_utf8_count(word);
	return characters < 3 ? 0 : characters < 6 ? 1 : 2;
}
