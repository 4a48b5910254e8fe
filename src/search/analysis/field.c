#include "search/analysis/field.h"

size_t q__field_find(const struct q_index_definition *definition, struct q_str name)
{
	for (size_t i = 0; i < definition->field_count; i++) {
		if (q_str_equal(definition->fields[i].name, name))
			return i + 1;
	}
	return 0;
}

enum q_analyser q__analyser_of(enum q_field_kind kind)
{
	return kind == Q_FIELD_TEXT ? Q_ANALYSER_STANDARD : Q_ANALYSER_KEYWORD;
}
