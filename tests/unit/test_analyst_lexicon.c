/* The extractive analyst's lists of words: each entry is one that a page can hold. */
#include "embedded/extractive/lexicon.h"
#include "embedded/extractive/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Reads the entry as a page would be read: words of the phrase, and the classes of the first. */
static unsigned words_in(const struct q__lexicon *lexicon, struct q_str entry, unsigned *classes)
{
	char page[Q__LEXICON_WORD_MAX];
	struct q__token_reader reader;
	struct q__token token;
	unsigned words = 0;

	*classes = 0;
	for (size_t i = 0; i < entry.length; i++)
		page[i] = entry.data[i] == '_' ? ' ' : entry.data[i];
	q__token_reader_init(&reader, (struct q_str){page, entry.length}, lexicon);
	for (; q__token_next(&reader, &token); words++) {
		if (token.kind != Q__WORD || (words > 0 && token.gap != Q__SPACE))
			return 0;
		*classes |= words == 0 ? token.classes : 0;
	}
	return words;
}

static void check_entry(const struct q__lexicon *lexicon, struct q_str entry, unsigned classes)
{
	unsigned found, words = words_in(lexicon, entry, &found);
	char lower[2 * Q__LEXICON_WORD_MAX];

	if (words == 0 || words > Q__LEXICON_PHRASE_WORDS)
		fail_msg("%.*s is read as something else", Q_STR_ARG(entry));
	if (words == 1 ? (found & classes) != classes : !(found & Q__PHRASE_FIRST))
		fail_msg("%.*s is not found", Q_STR_ARG(entry));
	assert_int_equal(q__lexicon_find(lexicon, entry) & classes, classes);
	if (!q_str_equal(entry, (struct q_str){lower, q__word_lower(entry, lower, sizeof lower)}))
		fail_msg("%.*s is not in lower case", Q_STR_ARG(entry));
}

static void check_list(const struct q__lexicon *lexicon, const struct q__word_list *list)
{
	const char *word = list->words;

	while (*(word += strspn(word, " \n")) != '\0') {
		size_t length = strcspn(word, " \n");

		check_entry(lexicon, (struct q_str){word, length}, list->classes);
		word += length;
	}
}

static void each_entry_can_be_met_on_a_page(void **state)
{
	struct q__lexicon *lexicon = q__lexicon_new();

	for (const struct q__word_list *list = q__language_lists; list->words; list++)
		check_list(lexicon, list);
	for (const struct q__word_list *list = q__name_lists; list->words; list++)
		check_list(lexicon, list);
	q__lexicon_free(lexicon);
}

static void other_words_have_no_class(void **state)
{
	static const char *const words[] = {"", "zzyzx", "The", "new_zealands", "a_b_c_d_e", "_"};
	struct q__lexicon *lexicon = q__lexicon_new();

	for (size_t i = 0; i < Q_COUNT_OF(words); i++)
		assert_int_equal(q__lexicon_find(lexicon, q_str_from(words[i])), 0);
	q__lexicon_free(lexicon);
}

static void a_word_in_several_lists_has_all_their_classes(void **state)
{
	struct q__lexicon *lexicon = q__lexicon_new();

	assert_int_equal(q__lexicon_find(lexicon, Q_STR("may")) & (Q__MONTH | Q__STOP),
			 Q__MONTH | Q__STOP);
	q__lexicon_free(lexicon);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_can_be_met_on_a_page),
		cmocka_unit_test(other_words_have_no_class),
		cmocka_unit_test(a_word_in_several_lists_has_all_their_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
