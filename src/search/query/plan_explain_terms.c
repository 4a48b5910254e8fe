/* BM25, taken apart as Lucene 10's BM25Similarity explains itself. */
#include "search/query/plan_explain_internal.h"
#include "search/query/similarity.h"
#include "search/segment/length_byte.h"

enum { EXACT_LENGTH_MAX = 39 /* length bytes up to here say the length itself */ };

/* A term in the document, or a phrase, which is scored as one. */
struct scored {
	const struct q__plan *plan;
	struct q_str text; /* "field:term" */
	const struct q__planned_term *terms;
	size_t term_count; /* more than 1: a phrase */
	float weight, frequency;
	uint8_t length_byte;
};

static struct q_explanation leaf(double value, const char *description)
{
	return (struct q_explanation){.value = value, .description = q_str_from(description)};
}

static struct q_explanation count(uint64_t value, const char *description)
{
	return (struct q_explanation){
		.value = (double)value, .is_whole = true, .description = q_str_from(description)};
}

static struct q_explanation node(double value, struct q_str description,
				 const struct q_explanation *details, size_t detail_count)
{
	return (struct q_explanation){.value = value,
				      .description = description,
				      .details = details,
				      .detail_count = details ? detail_count : 0};
}

static struct q_explanation explain_idf(uint64_t all, uint64_t having, struct q_arena *arena)
{
	struct q_explanation *details = q_arena_alloc_array(arena, 2, sizeof *details);

	if (details) {
		details[0] = count(having, "n, number of documents containing term");
		details[1] = count(all, "N, total number of documents with field");
	}
	return node((double)q__idf(all, having),
		    Q_STR("idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:"), details, 2);
}

static struct q_explanation explain_rarity(const struct scored *scored, struct q_arena *arena)
{
	struct q_explanation *details =
		q_arena_alloc_array(arena, scored->term_count, sizeof *details);
	double sum = 0;

	for (size_t i = 0; details && i < scored->term_count; i++) {
		details[i] = explain_idf(scored->plan->document_count,
					 scored->terms[i].document_count, arena);
		sum += details[i].value;
	}
	if (details && scored->term_count == 1)
		return details[0];
	return node((double)(float)sum, Q_STR("idf, sum of:"), details, scored->term_count);
}

static struct q_str describe_frequency(const struct scored *scored, struct q_arena *arena)
{
	char frequency[Q__FLOAT_TEXT_MAX];

	if (scored->term_count == 1)
		return Q_STR("freq, occurrences of term within document");
	return q_arena_format(arena, "phraseFreq=%s", q__float_text(scored->frequency, frequency));
}

static struct q_explanation explain_frequency(const struct scored *scored, struct q_arena *arena)
{
	float factor = scored->plan->factors[scored->length_byte];
	bool is_exact = scored->length_byte <= EXACT_LENGTH_MAX;
	struct q_explanation *details = q_arena_alloc_array(arena, 5, sizeof *details);

	if (details) {
		details[0] =
			node((double)scored->frequency, describe_frequency(scored, arena), NULL, 0);
		details[1] = leaf((double)q__bm25_k1, "k1, term saturation parameter");
		details[2] = leaf((double)q__bm25_b, "b, length normalization parameter");
		details[3] = leaf((double)q__length_from_byte(scored->length_byte),
				  is_exact ? "dl, length of field"
					   : "dl, length of field (approximate)");
		details[4] = leaf((double)scored->plan->average_length,
				  "avgdl, average length of field");
	}
	return node((double)(1.0f - 1.0f / (1.0f + scored->frequency * factor)),
		    Q_STR("tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:"),
		    details, 5);
}

static struct q_explanation explain_score(const struct scored *scored, float score,
					  struct q_arena *arena)
{
	struct q_explanation *details = q_arena_alloc_array(arena, 3, sizeof *details);
	float boost = scored->terms[0].boost;
	char frequency[Q__FLOAT_TEXT_MAX];
	size_t used = 0;

	if (details) {
		if (boost != 1.0f)
			details[used++] = leaf((double)boost, "boost");
		details[used++] = explain_rarity(scored, arena);
		details[used++] = explain_frequency(scored, arena);
	}
	return node((double)score,
		    q_arena_format(arena, "score(freq=%s), computed as boost * idf * tf from:",
				   q__float_text(scored->frequency, frequency)),
		    details, used);
}

static struct q_explanation explain_scored(const struct q__explaining *explaining,
					   const struct scored *scored)
{
	struct q_explanation *details = q_arena_alloc(explaining->arena, sizeof *details);
	float score = q__score(scored->weight, scored->frequency,
			       scored->plan->factors[scored->length_byte]);

	if (details)
		*details = explain_score(scored, score, explaining->arena);
	return node((double)score,
		    q_arena_format(explaining->arena,
				   "weight(%.*s in %u) [PerFieldSimilarity], result of:",
				   Q_STR_ARG(scored->text), explaining->place),
		    details, 1);
}

static struct q_explanation explain_term(const struct q__explaining *explaining,
					 const struct scored *scored)
{
	struct q_str field = explaining->definition->fields[scored->plan->field - 1].name;
	struct scored named = *scored;

	named.text = q_arena_format(explaining->arena, "%.*s:%.*s", Q_STR_ARG(field),
				    Q_STR_ARG(scored->terms->term));
	return explain_scored(explaining, &named);
}

/* How often the document has the term; 0 where it has not, or memory is out. */
static float frequency_of(const struct q__explaining *explaining, const struct q__field *field,
			  const struct q__planned_term *term)
{
	const struct q__term_ref *ref = &term->refs[explaining->part];
	struct q__postings postings;

	if (ref->document_count == 0 ||
	    !q__postings_open(&postings, ref, &field->postings, explaining->scratch) ||
	    q__postings_seek(&postings, explaining->document) != explaining->document)
		return 0;
	return postings.frequencies ? (float)postings.frequencies[postings.at] : 1.0f;
}

static const struct q__field *field_of(const struct q__explaining *explaining,
				       const struct q__plan *plan)
{
	return &explaining->snapshot->parts[explaining->part].segment->fields[plan->field];
}

static uint8_t length_byte_of(const struct q__explaining *explaining, const struct q__plan *plan)
{
	const uint8_t *bytes = field_of(explaining, plan)->lengths.bytes;

	return bytes ? bytes[explaining->document] : 1;
}

size_t q__explain_terms(const struct q__explaining *explaining, const struct q__plan *plan,
			struct q_explanation *details)
{
	const struct q__field *field = field_of(explaining, plan);
	size_t used = 0;

	for (size_t i = 0; i < plan->term_count; i++) {
		struct scored scored = {.plan = plan,
					.terms = &plan->terms[i],
					.term_count = 1,
					.weight = plan->terms[i].weight,
					.length_byte = length_byte_of(explaining, plan)};

		scored.frequency = frequency_of(explaining, field, scored.terms);
		if (scored.frequency > 0)
			details[used++] = explain_term(explaining, &scored);
	}
	return used;
}

void q__explain_phrase(const struct q__explaining *explaining, const struct q__plan *plan,
		       struct q_explanation *out)
{
	struct scored scored = {
		.plan = plan,
		.text = q__plan_text(plan, explaining->definition, explaining->arena),
		.terms = plan->terms,
		.term_count = plan->term_count,
		.weight = plan->score,
		.length_byte = length_byte_of(explaining, plan)};
	struct q__matcher *matcher =
		q__plan_bind(plan, explaining->snapshot, explaining->part, explaining->scratch);

	if (!matcher)
		return;
	scored.frequency = q__phrase_matcher_frequency(matcher, explaining->document);
	*out = explain_scored(explaining, &scored);
}
