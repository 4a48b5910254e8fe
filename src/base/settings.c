#include "base/settings.h"
#include "base/settings_internal.h"

enum {
	NAME_BYTES_MAX = 64,
	SIMILAR_BYTES_MIN = 8, /* too many shorter names are one edit from each other */
};

const struct q_setting q_settings_table[Q_SETTING_COUNT] = {
#define Q_SETTING(ID, NAME, AREA, TYPE, MINIMUM, MAXIMUM, WORDS, DEFAULT, IS_SECRET, SENTENCE)     \
	[Q_SETTING_ID_##ID] = {NAME,  AREA,    Q_SETTING_##TYPE, MINIMUM, MAXIMUM,                 \
			       WORDS, DEFAULT, IS_SECRET,	 SENTENCE},
#include "base/settings_table.h"
#undef Q_SETTING
};

/* One that comes to be served moves to the table. */
const struct q__reserved_setting q__reserved_settings[] = {
	{"S3_BUCKET_NAME", false},
	{"S3_RESULTS_BUCKET", false},
	{"DYNAMODB_TABLE_NAME", false},
	{"DYNAMODB_ENDPOINT", false},
	{"KINESIS_STREAM_NAME", false},
	{"KINESIS_ENDPOINT", false},
	{"SQS_DLQ_URL", false},
	{"SSM_PARAMETER_PATH", false},
	{"MEMBERS_TABLE_NAME", false},
	{"LOCATIONS_SYNC_INTERVAL", false},
	{"POSTGRES_HOST", false},
	{"POSTGRES_PORT", false},
	{"POSTGRES_DB", false},
	{"POSTGRES_USER", false},
	{"POSTGRES_PASSWORD", false},
	{"OPENSEARCH_NODE", false},
	{"OPENSEARCH_USERNAME", false},
	{"OPENSEARCH_PASSWORD", false},
	{"OPENSEARCH_SHARDS", false},
	{"OPENSEARCH_REPLICAS", false},
	{"OPENSEARCH_TENANT_INDEXES", false},
	{"JWKS_URI", false},
	{"AGENT_RATE_PER_MINUTE", false},
	{"AGENT_RATE_PER_HOUR", false},
	{"AGENT_CONCURRENCY", false},
	{"GEMINI_MODEL", false},
	{"BEDROCK_MODEL_ID", false},
	{"OPENAI_MODEL", false},
	{"AWS_REGION", true},
	{"AWS_ENDPOINT_URL", true},
	{"GEMINI_API_KEY", true},
	{"OPENAI_API_KEY", true},
	{"OPENAI_BASE_URL", true},
	{"OTEL_EXPORTER_OTLP_ENDPOINT", true},
};
const size_t q__reserved_setting_count = Q_COUNT_OF(q__reserved_settings);

enum q_setting_id q__setting_find(struct q_str name)
{
	int id = 0;

	while (id < Q_SETTING_COUNT && !q_str_equal(name, q_str_from(q_settings_table[id].name)))
		id++;
	return (enum q_setting_id)id;
}

const struct q__reserved_setting *q__reserved_setting_find(struct q_str name)
{
	for (size_t i = 0; i < q__reserved_setting_count; i++) {
		if (q_str_equal(name, q_str_from(q__reserved_settings[i].name)))
			return &q__reserved_settings[i];
	}
	return NULL;
}

/* Without the beginning and the end that both share, one edit leaves next to nothing. */
static bool is_one_edit(struct q_str a, struct q_str b)
{
	while (a.length > 0 && b.length > 0 && a.data[0] == b.data[0]) {
		a = q_str_slice(a, 1, a.length);
		b = q_str_slice(b, 1, b.length);
	}
	while (a.length > 0 && b.length > 0 && a.data[a.length - 1] == b.data[b.length - 1]) {
		a.length--;
		b.length--;
	}
	if (a.length == 2 && b.length == 2)
		return a.data[0] == b.data[1] && a.data[1] == b.data[0];
	return a.length <= 1 && b.length <= 1 && a.length + b.length > 0;
}

const char *q__setting_find_similar(struct q_str name)
{
	if (name.length < SIMILAR_BYTES_MIN)
		return NULL;
	for (size_t i = 0; i < Q_SETTING_COUNT; i++) {
		if (is_one_edit(name, q_str_from(q_settings_table[i].name)))
			return q_settings_table[i].name;
	}
	for (size_t i = 0; i < q__reserved_setting_count; i++) {
		if (is_one_edit(name, q_str_from(q__reserved_settings[i].name)))
			return q__reserved_settings[i].name;
	}
	return NULL;
}

enum q_setting_id q_settings_find_flag(struct q_str flag)
{
	char name[NAME_BYTES_MAX];

	if (flag.length > sizeof name)
		return Q_SETTING_COUNT;
	for (size_t i = 0; i < flag.length; i++) {
		char c = flag.data[i];

		if (c >= 'A' && c <= 'Z')
			return Q_SETTING_COUNT; /* one spelling each */
		name[i] = (char)(c == '-' ? '_' : c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	return q__setting_find((struct q_str){name, flag.length});
}

bool q_settings_is_set(const struct q_settings *s, enum q_setting_id id)
{
	q_assert(id < Q_SETTING_COUNT);
	return s->values[id].source != NULL;
}

struct q_str q_settings_string(const struct q_settings *s, enum q_setting_id id)
{
	q_assert(id < Q_SETTING_COUNT);
	return s->values[id].text;
}

int64_t q_settings_integer(const struct q_settings *s, enum q_setting_id id)
{
	q_assert(id < Q_SETTING_COUNT && q_settings_table[id].type == Q_SETTING_INTEGER);
	return s->values[id].integer;
}

const char *q_settings_source(const struct q_settings *s, enum q_setting_id id)
{
	q_assert(id < Q_SETTING_COUNT);
	return s->values[id].source ? s->values[id].source : "default";
}
