#include "ports/analyst.h"

#include "base/utf8.h"

static const char *const entity_type_names[Q_ENTITY_TYPE_COUNT] = {
	[Q_ENTITY_DATE] = "date",
	[Q_ENTITY_MONEY] = "money",
	[Q_ENTITY_PERCENT] = "percent",
	[Q_ENTITY_ORGANISATION] = "organisation",
	[Q_ENTITY_PERSON] = "person",
	[Q_ENTITY_PLACE] = "place",
	[Q_ENTITY_EMAIL] = "email",
	[Q_ENTITY_PHONE] = "phone",
	[Q_ENTITY_IDENTIFIER] = "identifier",
};

static const char *const sentiment_names[] = {
	[Q_SENTIMENT_NEUTRAL] = "neutral",
	[Q_SENTIMENT_POSITIVE] = "positive",
	[Q_SENTIMENT_NEGATIVE] = "negative",
};

const char *q_entity_type_name(enum q_entity_type type)
{
	q_assert((unsigned)type < Q_ENTITY_TYPE_COUNT);
	return entity_type_names[type];
}

const char *q_sentiment_name(enum q_sentiment sentiment)
{
	q_assert((unsigned)sentiment < Q_COUNT_OF(sentiment_names));
	return sentiment_names[sentiment];
}

bool q_entity_type_parse(struct q_str word, enum q_entity_type *out)
{
	for (unsigned i = 0; i < Q_ENTITY_TYPE_COUNT; i++) {
		if (!q_str_equal(word, q_str_from(entity_type_names[i])))
			continue;
		*out = (enum q_entity_type)i;
		return true;
	}
	return false;
}

bool q_sentiment_parse(struct q_str word, enum q_sentiment *out)
{
	for (unsigned i = 0; i < Q_COUNT_OF(sentiment_names); i++) {
		if (!q_str_equal(word, q_str_from(sentiment_names[i])))
			continue;
		*out = (enum q_sentiment)i;
		return true;
	}
	return false;
}

enum q_code q_analyst_analyse_page(struct q_analyst *analyst, const struct q_call *call,
				   const struct q_page_request *request, struct q_arena *arena,
				   struct q_page_analysis *out, struct q_err *err)
{
	static const char where[] = "analyst.analyse_page";
	enum q_code code;

	q_assert(analyst && analyst->ops && analyst->ops->analyse_page);
	q_assert(call && request && arena && out && err);
	*out = (struct q_page_analysis){0};
	if (request->text.length > Q_ANALYST_TEXT_MAX)
		return q_fail(err, Q_TOOBIG, where, "page %u has %zu bytes of text, over %d",
			      request->page_number, request->text.length, Q_ANALYST_TEXT_MAX);
	if (request->page_number == 0 || request->page_number > request->page_count)
		return q_fail(err, Q_INVALID, where, "page %u of %u", request->page_number,
			      request->page_count);
	if (!q_utf8_is_valid(request->text))
		return q_fail(err, Q_INVALID, where, "the text of page %u is not UTF-8",
			      request->page_number);
	code = q_call_check(call, where, err);
	if (code != Q_OK)
		return code;
	if (q_str_trim(request->text).length == 0)
		return Q_OK; /* an empty text has an empty analysis, whoever is asked */
	return analyst->ops->analyse_page(analyst, call, request, arena, out, err);
}

const char *q_analyst_provider(const struct q_analyst *analyst)
{
	return analyst->ops->name;
}

void q_analyst_close(struct q_analyst *analyst)
{
	if (analyst)
		analyst->ops->close(analyst);
}
