#include "support/random_requests.h"

#include "base/compiler.h"
#include "support/draw.h"

unsigned random_draw(struct random_words *random, unsigned below)
{
	return draw_below(&random->seed, below);
}

/* Words that are near to each other: short, of few letters. */
void random_words_make(struct random_words *random, uint64_t seed)
{
	random->seed = seed;
	for (size_t i = 0; i < RANDOM_WORDS; i++) {
		size_t length = 1 + random_draw(random, 7);

		for (size_t j = 0; j < length; j++)
			random->words[i][j] = (char)('a' + random_draw(random, 3));
		random->words[i][length] = '\0';
	}
}

/* A query as OpenSearch has it, at random. */
static void append_query(struct random_words *random, unsigned depth, struct q_buf *out);

static const char *any_word(struct random_words *random)
{
	return random->words[random_draw(random, RANDOM_WORDS)];
}

static const char *any_field(struct random_words *random)
{
	static const char *const names[] = {"tags", "title", "body"};

	return names[random_draw(random, Q_COUNT_OF(names))];
}

static void append_match(struct random_words *random, struct q_buf *out)
{
	static const char *const fuzziness[] = {"0", "1", "2", "AUTO"};

	q_buf_format(out, "{\"multi_match\":{\"query\":\"%s %s\",\"fields\":[\"%s^%u\",\"%s\"]",
		     any_word(random), any_word(random), any_field(random),
		     1 + random_draw(random, 3), any_field(random));
	if (random_draw(random, 4))
		q_buf_format(out,
			     ",\"fuzziness\":\"%s\",\"prefix_length\":%u,"
			     "\"max_expansions\":%u",
			     fuzziness[random_draw(random, 4)], random_draw(random, 3),
			     random_draw(random, 2) ? 50 : 4);
	if (random_draw(random, 4) == 0)
		q_buf_append(out, Q_STR(",\"operator\":\"and\""));
	q_buf_append(out, Q_STR("}}"));
}

static void append_member(struct random_words *random, const char *name, unsigned depth,
			  struct q_buf *out)
{
	q_buf_format(out, "\"%s\":[", name);
	for (unsigned i = 0, count = random_draw(random, 3); i < count; i++) {
		q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
		append_query(random, depth, out);
	}
	q_buf_append_char(out, ']');
}

static void append_bool(struct random_words *random, unsigned depth, struct q_buf *out)
{
	static const char *const members[] = {"must", "filter", "should", "must_not"};

	q_buf_append(out, Q_STR("{\"bool\":{"));
	for (size_t i = 0; i < Q_COUNT_OF(members); i++) {
		q_buf_append(out, i ? Q_STR(",") : Q_STR(""));
		append_member(random, members[i], depth, out);
	}
	q_buf_append(out, Q_STR("}}"));
}

static void append_query(struct random_words *random, unsigned depth, struct q_buf *out)
{
	switch (random_draw(random, depth ? 13 : 11)) {
	case 0:
		q_buf_append(out, Q_STR("{\"match_all\":{}}"));
		break;
	case 1:
		q_buf_format(out, "{\"term\":{\"%s\":\"%s\"}}", any_field(random),
			     any_word(random));
		break;
	case 2:
		q_buf_format(out, "{\"terms\":{\"tags\":[\"%s\",\"%s\"]}}", any_word(random),
			     any_word(random));
		break;
	case 3:
		q_buf_format(out, "{\"prefix\":{\"%s\":\"%.2s\"}}", any_field(random),
			     any_word(random));
		break;
	case 4:
		q_buf_format(out, "{\"constant_score\":{\"filter\":{\"term\":{\"title\":\"%s\"}}}}",
			     any_word(random));
		break;
	case 5:
		q_buf_format(out, "{\"match_phrase\":{\"body\":{\"query\":\"%s %s\",\"slop\":%u}}}",
			     any_word(random), any_word(random), random_draw(random, 4));
		break;
	case 6:
		q_buf_format(out, "{\"range\":{\"price\":{\"gte\":%u,\"lt\":%u}}}",
			     random_draw(random, 50), random_draw(random, 50));
		break;
	case 11:
	case 12:
		append_bool(random, depth - 1, out);
		break;
	default:
		append_match(random, out);
	}
}

/* How hits are ordered, marked and counted by values, or not. */
static void append_options(struct random_words *random, struct q_buf *out)
{
	if (random_draw(random, 3) == 0)
		q_buf_format(out, ",\"sort\":[{\"%s\":\"%s\"},\"%s\"]",
			     random_draw(random, 2) ? "price" : "tags",
			     random_draw(random, 2) ? "asc" : "desc",
			     random_draw(random, 2) ? "_score" : "_id");
	if (random_draw(random, 3) == 0)
		q_buf_append(out, Q_STR(",\"highlight\":{\"type\":\"plain\","
					"\"fields\":{\"body\":{},\"tags\":{}}}"));
	if (random_draw(random, 3) == 0)
		q_buf_format(out,
			     ",\"aggs\":{\"tags\":{\"terms\":{\"field\":\"tags\",\"size\":%u}},"
			     "\"price\":{\"histogram\":{\"field\":\"price\",\"interval\":7}}}",
			     1 + random_draw(random, 20));
}

void random_body_append(struct random_words *random, struct q_buf *out)
{
	q_buf_append(out, Q_STR("{\"query\":"));
	append_query(random, 2, out);
	q_buf_format(out, ",\"from\":%u,\"size\":%u,\"track_total_hits\":%u",
		     random_draw(random, 3), random_draw(random, 40), 1 + random_draw(random, 100));
	append_options(random, out);
	q_buf_append_char(out, '}');
}
