#include "embedded/extractive/ranking.h"

#include <math.h>

enum { PROBES = 8, ROUNDS_MAX = 40 };

/* TextRank has 0.85. With less, the weight and the place of a sentence count for more: clauses of
 * a contract resemble each other so much that they would outrank the parties and the term. */
static const double damping = 0.5;
static const double settled = 1e-5; /* no rank moved further in a round */

/* The place of a hash, or a free one; -1 where neither is near. */
static int place_of(const struct q__word_counts *counts, uint32_t hash)
{
	for (unsigned i = 0; i < PROBES; i++) {
		unsigned place = (hash + i) % Q__WORD_COUNTS;

		if (counts->hashes[place] == hash || counts->counts[place] == 0)
			return (int)place;
	}
	return -1;
}

void q__word_counts_add(struct q__word_counts *counts, const struct q__sentence *sentence)
{
	for (unsigned i = 0; i < sentence->count; i++) {
		uint32_t hash = sentence->tokens[i].hash;
		int place = hash ? place_of(counts, hash) : -1;

		if (place < 0)
			continue;
		counts->hashes[place] = hash;
		counts->counts[place]++;
	}
}

double q__sentence_weight(const struct q__word_counts *counts, const struct q__sentence *sentence,
			  unsigned facts)
{
	double sum = 0;
	unsigned words = 0;

	for (unsigned i = 0; i < sentence->count; i++) {
		uint32_t hash = sentence->tokens[i].hash;
		int place = hash ? place_of(counts, hash) : -1;

		words += hash != 0;
		if (place >= 0)
			sum += log1p(counts->counts[place]);
	}
	/* The root keeps long sentences from winning by length and short ones by being dense. */
	sum /= sqrt(words + 4.0);
	return sum * (1 + 0.4 * (facts < 4 ? facts : 4));
}

struct graph {
	unsigned count;
	/* Of the edge between i and j, over the sum of j's edges. */
	double weight[Q__SHORTLIST_MAX][Q__SHORTLIST_MAX];
	double start[Q__SHORTLIST_MAX]; /* how often the walk starts at i; sums to 1 */
	double rank[Q__SHORTLIST_MAX];
};

/* Shared words over the logarithms of both lengths: TextRank's similarity. */
static double similarity(const struct q__passage *a, const struct q__passage *b)
{
	return q__passage_shared(a, b) /
	       (log(a->word_count + 1.0) + log(b->word_count + 1.0) + 1.0);
}

static void graph_add_edges(struct graph *graph, const struct q__shortlist *list)
{
	double sums[Q__SHORTLIST_MAX] = {0};

	for (unsigned i = 0; i < list->count; i++) {
		graph->weight[i][i] = 0;
		for (unsigned j = 0; j < i; j++) {
			double edge = similarity(&list->passages[i], &list->passages[j]);

			graph->weight[i][j] = graph->weight[j][i] = edge;
			sums[i] += edge;
			sums[j] += edge;
		}
	}
	for (unsigned i = 0; i < list->count; i++)
		for (unsigned j = 0; j < list->count; j++)
			graph->weight[i][j] /= sums[j] > 0 ? sums[j] : 1;
}

/* The walk starts at a sentence in proportion to its weight, three times as often at the first as
 * far down. */
static void graph_set_start(struct graph *graph, const struct q__shortlist *list)
{
	double sum = 0;

	for (unsigned i = 0; i < graph->count; i++)
		sum += graph->start[i] = list->passages[i].weight * (1 + 4.0 / (2 + i));
	for (unsigned i = 0; i < graph->count; i++)
		graph->rank[i] = graph->start[i] /= sum > 0 ? sum : 1;
}

/* One round of the walk; returns how far the rank that moved most did. */
static double graph_walk(struct graph *graph)
{
	double next[Q__SHORTLIST_MAX], moved = 0;

	for (unsigned i = 0; i < graph->count; i++) {
		double arrivals = 0;

		for (unsigned j = 0; j < graph->count; j++)
			arrivals += graph->weight[i][j] * graph->rank[j];
		next[i] = (1 - damping) * graph->start[i] + damping * arrivals;
	}
	for (unsigned i = 0; i < graph->count; i++) {
		moved = fmax(moved, fabs(next[i] - graph->rank[i]));
		graph->rank[i] = next[i];
	}
	return moved;
}

void q__rank(struct q__shortlist *list)
{
	struct graph graph = {.count = list->count};

	graph_add_edges(&graph, list);
	graph_set_start(&graph, list);
	for (unsigned i = 0; i < ROUNDS_MAX && graph_walk(&graph) > settled; i++)
		continue;
	/* Ranks that differ by less than a millionth are equal: rounding shall not choose. */
	for (unsigned i = 0; i < list->count; i++)
		list->passages[i].weight = round(graph.rank[i] * 1e6);
}
