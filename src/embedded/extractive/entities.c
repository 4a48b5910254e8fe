#include "embedded/extractive/entities.h"

#include "embedded/extractive/fold.h"

static struct q_str match_text(const struct q__sentence *sentence, const struct q__match *match)
{
	const struct q__token *first = q__token_at(sentence, match->first);
	const struct q__token *last = q__token_at(sentence, match->end - 1);

	return q_str_slice(sentence->page, first->offset, last->offset + last->length);
}

static bool holds(const struct q__entities *entities, enum q_entity_type type, uint32_t hash)
{
	for (unsigned i = 0; i < entities->count; i++)
		if (entities->hashes[i] == hash && entities->items[i].type == type)
			return true;
	return false;
}

void q__entities_add(struct q__entities *entities, struct q_arena *arena,
		     const struct q__sentence *sentence, const struct q__match *match)
{
	struct q_str text = match_text(sentence, match);
	char folded[Q_ANALYST_ENTITY_TEXT_MAX], lower[Q_ANALYST_ENTITY_TEXT_MAX * 3];
	uint32_t hash;

	if (entities->count == Q_ANALYST_ENTITIES_MAX || text.length > sizeof folded)
		return;
	text = q__fold(text, folded, sizeof folded);
	hash = q__hash((struct q_str){lower, q__word_lower(text, lower, sizeof lower)});
	if (holds(entities, match->type, hash))
		return;
	entities->items[entities->count] =
		(struct q_entity){.type = match->type, .text = q_arena_copy(arena, text)};
	entities->hashes[entities->count++] = hash;
}
