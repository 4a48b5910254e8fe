#include "embedded/analyst_extractive.h"

#include "base/mem.h"
#include "embedded/extractive/entities.h"
#include "embedded/extractive/fold.h"
#include "embedded/extractive/key_points.h"
#include "embedded/extractive/ranking.h"
#include "embedded/extractive/sentiment.h"

#include <string.h>

enum {
	KEY_POINT_CANDIDATES = 32, /* some will repeat the summary or each other */
	OPENING_LINES = 2,
	SENTENCES_PER_CHECK = 256 /* how often the caller's deadline is looked at */
};

struct extractive_analyst {
	struct q_analyst base;	    /* first: the port's view */
	struct q__lexicon *lexicon; /* owned */
};

/* What is gathered while a page is read. Lives in the caller's arena. */
struct reading {
	const struct q__lexicon *lexicon;
	const struct q_call *call;
	struct q_str page;
	struct q_arena *arena;
	struct q__sentence_reader reader;
	struct q__word_counts counts;
	struct q__shortlist sentences; /* for the summary */
	struct q__shortlist duties;    /* for the key points */
	struct q__shortlist opening;   /* for the summary of a page without sentences */
	struct q__entities entities;
	struct q__mood mood;
	struct q__match matches[Q__SENTENCE_TOKENS_MAX];
};

static void count_sentence(struct reading *reading, const struct q__sentence *sentence)
{
	q__word_counts_add(&reading->counts, sentence);
}

static void study_sentence(struct reading *reading, const struct q__sentence *sentence)
{
	struct q__scan scan = {sentence, reading->lexicon};
	unsigned count = q__scan_sentence(&scan, reading->matches, Q_COUNT_OF(reading->matches));
	double duty = q__key_point_weight(&scan, reading->matches, count);

	for (unsigned i = 0; i < count; i++)
		q__entities_add(&reading->entities, reading->arena, sentence, &reading->matches[i]);
	q__mood_add(&reading->mood, sentence);
	if (sentence->ordinal < OPENING_LINES)
		q__shortlist_offer(&reading->opening, sentence, 0);
	if (q__sentence_is_prose(sentence))
		q__shortlist_offer(&reading->sentences, sentence,
				   q__sentence_weight(&reading->counts, sentence, count));
	if (duty > 0)
		q__shortlist_offer(&reading->duties, sentence, duty);
}

/* Reads the page once from front to end. */
static enum q_code read_page(struct reading *reading,
			     void (*visit)(struct reading *, const struct q__sentence *),
			     struct q_err *err)
{
	struct q__sentence sentence;

	q__sentence_reader_init(&reading->reader, reading->page, reading->lexicon);
	while (q__sentence_next(&reading->reader, &sentence)) {
		if (sentence.ordinal % SENTENCES_PER_CHECK == 0 &&
		    q_call_check(reading->call, "analyst_extractive.analyse_page", err) != Q_OK)
			return err->code;
		visit(reading, &sentence);
	}
	return Q_OK;
}

/* What parts a sentence from the next: nothing behind a wide full stop, a semicolon where it has no
 * end. */
static struct q_str separator(const struct q__passage *sentence)
{
	static const char *const wide_ends[] = {"。", "！", "？"};

	for (size_t i = 0; i < Q_COUNT_OF(wide_ends); i++)
		if (q_str_ends_with(sentence->text, q_str_from(wide_ends[i])))
			return Q_STR("");
	return sentence->has_end ? Q_STR(" ") : Q_STR("; ");
}

/* The first sentence, cut where it must be, and those others that fit whole. */
static struct q_str write_summary(struct reading *reading, const struct q__selection *chosen)
{
	char summary[Q_ANALYST_SUMMARY_MAX];
	struct q_str between = Q_STR("");
	size_t length = 0;

	for (unsigned i = 0; i < chosen->count; i++) {
		const struct q__passage *sentence = chosen->passages[i];

		if (length > 0 && length + between.length + sentence->text.length > sizeof summary)
			continue;
		memcpy(summary + length, between.data, between.length);
		length += between.length;
		length += q__fold(sentence->text, summary + length, sizeof summary - length).length;
		between = separator(sentence);
	}
	return q_arena_copy(reading->arena, (struct q_str){summary, length});
}

/* The sentences of highest rank; of a page without sentences its first lines. */
static void choose_summary(struct reading *reading, struct q__selection *chosen)
{
	unsigned candidates = reading->sentences.count;
	unsigned wanted = candidates < 8 ? 2 : candidates < 20 ? 3 : 4;

	q__rank(&reading->sentences);
	while (chosen->count < wanted && q__selection_take(chosen, &reading->sentences, NULL))
		continue;
	while (candidates == 0 && q__selection_take(chosen, &reading->opening, NULL))
		continue;
}

/* The summary says what the page is about, the key points what else it binds to. */
static void write_analysis(struct reading *reading, struct q_page_analysis *out)
{
	struct q__selection summary = {0}, points = {0};
	char point[Q_ANALYST_KEY_POINT_MAX];

	choose_summary(reading, &summary);
	while (points.count < Q_ANALYST_KEY_POINTS_MAX &&
	       q__selection_take(&points, &reading->duties, &summary))
		continue;
	*out = (struct q_page_analysis){
		.summary = write_summary(reading, &summary),
		.entities = reading->entities.items,
		.entity_count = reading->entities.count,
		.key_points = q_arena_alloc_array(reading->arena, points.count,
						  sizeof out->key_points[0]),
		.sentiment = q__mood_sentiment(&reading->mood),
	};
	for (; out->key_points && out->key_point_count < points.count; out->key_point_count++)
		out->key_points[out->key_point_count] = q_arena_copy(
			reading->arena,
			q__fold(points.passages[out->key_point_count]->text, point, sizeof point));
}

static enum q_code analyse_page(struct q_analyst *analyst, const struct q_call *call,
				const struct q_page_request *request, struct q_arena *arena,
				struct q_page_analysis *out, struct q_err *err)
{
	struct extractive_analyst *self = q_container_of(analyst, struct extractive_analyst, base);
	struct reading *reading = q_arena_alloc(arena, sizeof *reading);

	if (!reading)
		return q_fail(err, Q_NOMEM, "analyst_extractive.analyse_page", "%zu bytes",
			      sizeof *reading);
	reading->lexicon = self->lexicon;
	reading->call = call;
	reading->page = request->text;
	reading->arena = arena;
	q__shortlist_init(&reading->sentences, Q__SHORTLIST_MAX);
	q__shortlist_init(&reading->duties, KEY_POINT_CANDIDATES);
	q__shortlist_init(&reading->opening, OPENING_LINES);
	if (read_page(reading, count_sentence, err) != Q_OK ||
	    read_page(reading, study_sentence, err) != Q_OK)
		return err->code;
	write_analysis(reading, out);
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "analyst_extractive.analyse_page",
			      "the analysis of page %u", request->page_number);
	return Q_OK;
}

static void close_analyst(struct q_analyst *analyst)
{
	struct extractive_analyst *self = q_container_of(analyst, struct extractive_analyst, base);

	q__lexicon_free(self->lexicon);
	q_mem_free(self);
}

static const struct q_analyst_ops extractive_ops = {
	.name = "extractive",
	.capabilities = Q_CAP_IN_PROCESS,
	.analyse_page = analyse_page,
	.close = close_analyst,
};

enum q_code q_analyst_extractive_open(struct q_analyst **out, struct q_err *err)
{
	struct extractive_analyst *self = q_mem_new(sizeof *self);

	if (!self)
		return q_fail(err, Q_NOMEM, "analyst_extractive.open", "%zu bytes", sizeof *self);
	self->base.ops = &extractive_ops;
	self->lexicon = q__lexicon_new();
	if (!self->lexicon) {
		q_mem_free(self);
		return q_fail(err, Q_NOMEM, "analyst_extractive.open", "the lexicon");
	}
	*out = &self->base;
	return Q_OK;
}
