/* Reads the input as the value of every field. What is written of it must be readable again. */
#include "net/http_field.h"

static void check_range(struct q_str field)
{
	struct q_http_range range;

	for (uint64_t size = 0; size < 3; size++) {
		if (q_http_range_parse(field, size, &range) == Q_HTTP_RANGE_PART)
			q_assert(range.first <= range.last && range.last < size);
	}
}

static void check_media_type(struct q_str field)
{
	struct q_http_media_type type;
	struct q_str value;

	if (!q_http_media_type_parse(field, &type))
		return;
	q_assert(q_http_is_token(type.type) && q_http_is_token(type.subtype));
	(void)q_http_media_type_is(&type, Q_STR("multipart/form-data"));
	if (q_http_parameter_find(type.parameters, Q_STR("b"), &value))
		q_assert(q_http_is_field_value(value));
}

static void check_attachment(struct q_str filename)
{
	struct q_str value, parameters;
	struct q_buf out;
	size_t at = 0;

	q_buf_init(&out, 1 << 24);
	q_assert(q_http_write_attachment(&out, filename));
	q_assert(q_http_is_field_value(q_buf_str(&out)));
	q_assert(q_str_find(q_buf_str(&out), Q_STR(";"), &at));
	parameters = q_str_slice(q_buf_str(&out), at, out.length);
	q_assert(q_http_parameters_are_valid(parameters));
	q_assert(q_http_parameter_find(parameters, Q_STR("filename"), &value));
	q_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str field = {(const char *)data, size};
	int64_t seconds;

	check_range(field);
	check_media_type(field);
	check_attachment(field);
	if (q_http_accepts_by_name(field, Q_STR("application/json")))
		q_assert(q_http_accepts(field, Q_STR("application/json")));
	if (q_http_if_match(field, Q_STR("\"a\"")))
		q_assert(q_http_if_none_match(field, Q_STR("\"a\"")));
	if (q_http_prefer_wait(field, &seconds))
		q_assert(seconds >= 0);
	return 0;
}
