/* analyser [MEGABYTES]: how fast search/analyser walks the words of a text, by script, in megabytes
 * a second of processor time. One JSON line each. */
#include "search/analysis/analyser.h"

#include "base/compiler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK_BYTES = 1 << 20 };

/* Words of each script; the text picks them at random, so that no branch can learn it by heart. */
static const struct {
	const char *name;
	const char *words[24];
} scripts[] = {
	{"english",
	 {"the ",      "of ",	  "and ",	  "Member ",   "asked ",       "to ",
	  "freeze ",   "a ",	  "membership, ", "until ",    "2024-01-31. ", "Visited ",
	  "location ", "in ",	  "Manchester ",  "with ",     "guest; ",      "don't ",
	  "call ",     "before ", "10:30 ",	  "contract ", "is ",	       "signed. "}},
	{"german", {"der ",	 "Übungsraum ", "für ",	    "Mitglieder ", "heißt ",	 "Größe ",
		    "und ",	 "Straße ",	"Geräte, ", "öffnet ",	   "um ",	 "sieben. ",
		    "Verträge ", "können ",	"in ",	    "München ",	   "gekündigt ", "werden ",
		    "ä ",	 "das ",	"Äpfel ",   "grün ",	   "ist ",	 "weiß. "}},
	{"russian", {"член ",	"клуба ",  "просит ",	"Москва ",    "и ",	  "договор ",
		     "не ",	"Зал ",	   "работает ", "до ",	      "вечера. ", "Гость ",
		     "пришёл ", "утром, ", "оплата ",	"за ",	      "месяц ",	  "Анна ",
		     "в ",	"тренер ", "новый ",	"абонемент ", "на ",	  "год. "}},
	{"chinese", {"会员", "合同", "健身房", "北京", "的",   "在", "申请", "，",
		     "延期", "到",   "明年",   "。",   "教练", "新", "课程", "电话",
		     "请",   "早上", "开门",   "费用", "一",   "月", "客人", "上海"}},
	{"emoji",
	 {"👍",
	  "👩‍🚀",
	  "❤️",
	  "🇫🇷",
	  "1️⃣",
	  "👍🏽",
	  " ",
	  "😀",
	  "a",
	  "👩‍👩‍👧‍👦",
	  "🎉",
	  "☀",
	  "ok ",
	  "🏠",
	  "🚲 ",
	  "🐈",
	  "✨",
	  "🍎",
	  "🏳️‍🌈",
	  "🎈",
	  "🙏",
	  "🔥",
	  "!",
	  "💯"}},
	{"blanks", {"____________________________________________________________ "}},
};

static size_t fill(char *out, size_t room, const char *const *words)
{
	uint64_t state = 1;
	size_t length = 0;
	size_t count = 0;

	while (count < 24 && words[count])
		count++;
	for (;;) {
		const char *word;

		state = state * 6364136223846793005U + 1442695040888963407U;
		word = words[(state >> 33) % count];
		if (length + strlen(word) > room)
			return length;
		memcpy(out + length, word, strlen(word));
		length += strlen(word);
	}
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t walk(struct q_str text)
{
	struct q_words words;
	struct q_word word;
	uint64_t sum = 0;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	while (q_words_next(&words, &word))
		sum += word.term.length + word.end;
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 64;
	char *block = malloc(BLOCK_BYTES);

	for (size_t i = 0; block && i < Q_COUNT_OF(scripts); i++) {
		struct q_str text = {block, fill(block, BLOCK_BYTES, scripts[i].words)};
		double start = now_seconds();
		uint64_t sum = 0;

		for (uint64_t round = 0; round < rounds; round++)
			sum += walk(text);
		printf("{\"bench\":\"analyser\",\"text\":\"%s\",\"megabytes_per_second\":%.0f,"
		       "\"sum\":%" PRIu64 "}\n",
		       scripts[i].name,
		       (double)(rounds * text.length) / (now_seconds() - start) / 1e6, sum);
	}
	free(block);
	return block ? 0 : 1;
}
