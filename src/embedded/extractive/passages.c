#include "embedded/extractive/passages.h"

#include <string.h>

/* Keeps words[] in order and without repeats; beyond the limit further words are left out. */
static void add_word(struct q__passage *passage, uint32_t hash)
{
	unsigned at = passage->word_count;

	while (at > 0 && passage->words[at - 1] > hash)
		at--;
	if ((at > 0 && passage->words[at - 1] == hash) ||
	    passage->word_count == Q__PASSAGE_WORDS_MAX)
		return;
	memmove(&passage->words[at + 1], &passage->words[at],
		(passage->word_count - at) * sizeof passage->words[0]);
	passage->words[at] = hash;
	passage->word_count++;
}

void q__passage_from(struct q__passage *passage, const struct q__sentence *sentence, double weight)
{
	passage->text = sentence->text;
	passage->ordinal = sentence->ordinal;
	passage->has_end = q__sentence_has_end(sentence);
	passage->weight = weight;
	passage->word_count = 0;
	for (unsigned i = 0; i < sentence->count; i++)
		if (sentence->tokens[i].hash != 0)
			add_word(passage, sentence->tokens[i].hash);
}

unsigned q__passage_shared(const struct q__passage *a, const struct q__passage *b)
{
	unsigned i = 0, j = 0, shared = 0;

	while (i < a->word_count && j < b->word_count) {
		uint32_t left = a->words[i], right = b->words[j];

		shared += left == right;
		i += left <= right;
		j += right <= left;
	}
	return shared;
}

bool q__passage_repeats(const struct q__passage *a, const struct q__passage *b)
{
	unsigned longer = a->word_count > b->word_count ? a->word_count : b->word_count;

	return longer > 0 && 4 * q__passage_shared(a, b) >= 3 * longer;
}

void q__shortlist_init(struct q__shortlist *list, unsigned limit)
{
	q_assert(limit > 0 && limit <= Q__SHORTLIST_MAX);
	list->count = 0;
	list->limit = limit;
}

/* The last of those of least weight. */
static unsigned weakest(const struct q__shortlist *list)
{
	unsigned found = 0;

	for (unsigned i = 1; i < list->count; i++)
		if (list->passages[i].weight <= list->passages[found].weight)
			found = i;
	return found;
}

void q__shortlist_offer(struct q__shortlist *list, const struct q__sentence *sentence,
			double weight)
{
	if (list->count == list->limit) {
		unsigned dropped = weakest(list);

		if (weight <= list->passages[dropped].weight)
			return;
		list->count--;
		memmove(&list->passages[dropped], &list->passages[dropped + 1],
			(list->count - dropped) * sizeof list->passages[0]);
	}
	q__passage_from(&list->passages[list->count++], sentence, weight);
}

static bool is_said(const struct q__selection *selection, const struct q__passage *passage)
{
	for (unsigned i = 0; selection && i < selection->count; i++)
		if (selection->passages[i]->ordinal == passage->ordinal ||
		    q__passage_repeats(selection->passages[i], passage))
			return true;
	return false;
}

static void insert_in_order(struct q__selection *selection, const struct q__passage *passage)
{
	unsigned at = selection->count++;

	for (; at > 0 && selection->passages[at - 1]->ordinal > passage->ordinal; at--)
		selection->passages[at] = selection->passages[at - 1];
	selection->passages[at] = passage;
}

bool q__selection_take(struct q__selection *selection, const struct q__shortlist *list,
		       const struct q__selection *others)
{
	const struct q__passage *best = NULL;

	q_assert(selection->count < Q__SELECTION_MAX);
	for (unsigned i = 0; i < list->count; i++) {
		const struct q__passage *passage = &list->passages[i];

		if ((!best || passage->weight > best->weight) && !is_said(selection, passage) &&
		    !is_said(others, passage))
			best = passage;
	}
	if (best)
		insert_in_order(selection, best);
	return best != NULL;
}
