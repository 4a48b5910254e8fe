/* A phrase: documents that have all of its words, of those the ones that have them as they are
 * asked for. Its frequency is scored as a term's. */
#include "search/query/matcher.h"
#include "search/query/phrase.h"
#include "search/query/similarity.h"

enum { CHECK_STEPS = 4096 };

struct phrase {
	struct q__matcher base;
	struct q__phrase_word *words; /* the rarest first */
	size_t count;
	struct q__sloppy_phrase *sloppy; /* NULL: words stand side by side */
	const uint8_t *lengths;
	const float *factors;
	float weight;
	const struct q_call *call;
	uint64_t work; /* steps since the call was looked at, about */
};

/* The first document that has all of the words; after so many steps, or behind `end`, one before
 * which there is none. */
static uint32_t seek_all(struct phrase *phrase, uint32_t from, uint32_t end, uint32_t steps)
{
	for (size_t i = 0; i < phrase->count && from < end && steps > 0; steps--) {
		uint32_t next = q__postings_seek(&phrase->words[i].postings, from);

		i = next == from ? i + 1 : i > 0 ? 0 : 1;
		from = next;
	}
	return from;
}

static uint32_t next_of_phrase(struct q__matcher *matcher, uint32_t from)
{
	return seek_all(q_container_of(matcher, struct phrase, base), from, Q__NO_DOCUMENT,
			Q__STEPS_MAX);
}

static float frequency_of(struct phrase *phrase)
{
	return phrase->sloppy ? q__sloppy_phrase_frequency(phrase->sloppy)
			      : q__phrase_frequency(phrase->words, phrase->count, phrase->call);
}

/* A document may have a word very often: time is looked at by steps, not by documents. */
static bool is_late(struct phrase *phrase)
{
	const struct q__postings *rarest = &phrase->words[0].postings;
	struct q_err err;

	phrase->work += 1 + (uint64_t)rarest->frequencies[rarest->at] * phrase->count;
	if (phrase->work < CHECK_STEPS)
		return false;
	phrase->work = 0;
	return q_call_check(phrase->call, "search_index.search", &err) != Q_OK;
}

static void fill_phrase(struct q__matcher *matcher, struct q__window *window)
{
	struct phrase *phrase = q_container_of(matcher, struct phrase, base);
	uint32_t document;

	for (document = seek_all(phrase, window->start, window->end, UINT32_MAX);
	     document < window->end && !is_late(phrase);
	     document = seek_all(phrase, document + 1, window->end, UINT32_MAX)) {
		float frequency = frequency_of(phrase);
		uint32_t at = document - window->start;

		if (!(frequency > 0))
			continue;
		q_bits_add(window->found, at);
		q_bits_add(window->scored, at);
		window->scores[at] = q__score(phrase->weight, frequency,
					      phrase->factors[phrase->lengths[document]]);
	}
}

static const struct q__matcher_ops phrase_ops = {.next = next_of_phrase, .fill = fill_phrase};

static bool open_word(struct q__phrase_word *word, const struct q__field *field,
		      struct q_arena *arena)
{
	if (!q__postings_open(&word->postings, word->ref, &field->postings, arena))
		return false;
	q__positions_open(&word->positions, &word->postings);
	return true;
}

/* Puts the rarest word first. */
static void order_words(struct q__phrase_word *words, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (words[i].ref->document_count < words[0].ref->document_count) {
			struct q__phrase_word rarer = words[i];

			words[i] = words[0];
			words[0] = rarer;
		}
	}
}

static bool take_words(struct phrase *phrase, const struct q__term_ref *const *refs,
		       const struct q__field *field, struct q_arena *arena)
{
	for (size_t i = 0; i < phrase->count; i++)
		phrase->words[i] = (struct q__phrase_word){.ref = refs[i], .offset = (uint32_t)i};
	order_words(phrase->words, phrase->count);
	for (size_t i = 0; i < phrase->count; i++) {
		if (!open_word(&phrase->words[i], field, arena))
			return false;
	}
	return true;
}

static bool has_all(const struct q__term_ref *const *refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (refs[i]->document_count == 0)
			return false;
	}
	return true;
}

float q__phrase_matcher_frequency(struct q__matcher *matcher, uint32_t document)
{
	struct phrase *phrase = q_container_of(matcher, struct phrase, base);

	return seek_all(phrase, document, document + 1, UINT32_MAX) == document
		       ? frequency_of(phrase)
		       : 0;
}

struct q__matcher *q__match_phrase(const struct q__term_ref *const *refs, size_t count,
				   uint32_t slop, float weight, const struct q__field *field,
				   const float factors[256], const struct q_call *call,
				   struct q_arena *arena)
{
	struct phrase *phrase = q_arena_alloc(arena, sizeof *phrase);

	if (!field->lengths.bytes || !has_all(refs, count))
		return q__match_none(arena);
	if (!phrase)
		return NULL;
	*phrase = (struct phrase){.base = {&phrase_ops},
				  .count = count,
				  .lengths = field->lengths.bytes,
				  .factors = factors,
				  .weight = weight,
				  .call = call};
	phrase->words = q_arena_alloc_array(arena, count, sizeof *phrase->words);
	if (!phrase->words || !take_words(phrase, refs, field, arena))
		return NULL;
	if (slop > 0)
		phrase->sloppy = q__sloppy_phrase_new(phrase->words, count, slop, call, arena);
	return slop > 0 && !phrase->sloppy ? NULL : &phrase->base;
}
