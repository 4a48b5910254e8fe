/* BM25, taken apart as Lucene 10's BM25Similarity explains itself. */
#include "search/length_byte.h"
#include "search/plan_explain_internal.h"
#include "search/similarity.h"

enum { EXACT_LENGTH_MAX = 39 /* length bytes up to here say the length itself */ };

/* A term in the document. */
struct scored_term {
	const struct q__plan *plan;
	const struct q__planned_term *term;
	float frequency;
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

static struct q_explanation explain_idf(const struct scored_term *scored, struct q_arena *arena)
{
	uint64_t having = scored->term->document_count, all = scored->plan->document_count;
	struct q_explanation *details = q_arena_alloc_array(arena, 2, sizeof *details);

	if (details) {
		details[0] = count(having, "n, number of documents containing term");
		details[1] = count(all, "N, total number of documents with field");
	}
	return node((double)q__idf(all, having),
		    Q_STR("idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:"), details, 2);
}

static struct q_explanation explain_frequency(const struct scored_term *scored,
					      struct q_arena *arena)
{
	float factor = scored->plan->factors[scored->length_byte];
	bool is_exact = scored->length_byte <= EXACT_LENGTH_MAX;
	struct q_explanation *details = q_arena_alloc_array(arena, 5, sizeof *details);

	if (details) {
		details[0] = leaf((double)scored->frequency,
				  "freq, occurrences of term within document");
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

static struct q_explanation explain_score(const struct scored_term *scored, float score,
					  struct q_arena *arena)
{
	struct q_explanation *details = q_arena_alloc_array(arena, 3, sizeof *details);
	char frequency[Q__FLOAT_TEXT_MAX];
	size_t used = 0;

	if (details) {
		if (scored->term->boost != 1.0f)
			details[used++] = leaf((double)scored->term->boost, "boost");
		details[used++] = explain_idf(scored, arena);
		details[used++] = explain_frequency(scored, arena);
	}
	return node((double)score,
		    q_arena_format(arena, "score(freq=%s), computed as boost * idf * tf from:",
				   q__float_text(scored->frequency, frequency)),
		    details, used);
}

static struct q_explanation explain_term(const struct q__explaining *explaining,
					 const struct scored_term *scored)
{
	const struct q_field_definition *field =
		&explaining->definition->fields[scored->plan->field - 1];
	struct q_explanation *details = q_arena_alloc(explaining->arena, sizeof *details);
	float score = q__score(scored->term->weight, scored->frequency,
			       scored->plan->factors[scored->length_byte]);

	if (details)
		*details = explain_score(scored, score, explaining->arena);
	return node((double)score,
		    q_arena_format(explaining->arena,
				   "weight(%.*s:%.*s in %u) [PerFieldSimilarity], result of:",
				   Q_STR_ARG(field->name), Q_STR_ARG(scored->term->term),
				   explaining->place),
		    details, 1);
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

size_t q__explain_terms(const struct q__explaining *explaining, const struct q__plan *plan,
			struct q_explanation *details)
{
	const struct q__segment *segment = explaining->snapshot->parts[explaining->part].segment;
	const struct q__field *field = &segment->fields[plan->field];
	uint8_t length_byte = field->lengths.bytes ? field->lengths.bytes[explaining->document] : 1;
	size_t used = 0;

	for (size_t i = 0; i < plan->term_count; i++) {
		struct scored_term scored = {plan, &plan->terms[i], 0, length_byte};

		scored.frequency = frequency_of(explaining, field, scored.term);
		if (scored.frequency > 0)
			details[used++] = explain_term(explaining, &scored);
	}
	return used;
}
