#include "documents/work/analysis_json.h"

static const char where[] = "analysis_json.read";

void q_page_analysis_write_json(struct q_json_writer *w, const struct q_page_analysis *analysis)
{
	q_json_begin_object(w);
	q_json_field_string(w, "summary", analysis->summary);
	q_json_name(w, "entities");
	q_json_begin_array(w);
	for (size_t i = 0; i < analysis->entity_count; i++) {
		const struct q_entity *entity = &analysis->entities[i];

		q_json_begin_object(w);
		q_json_field_string(w, "type", q_str_from(q_entity_type_name(entity->type)));
		q_json_field_string(w, "text", entity->text);
		q_json_end_object(w);
	}
	q_json_end_array(w);
	q_json_name(w, "keyPoints");
	q_json_begin_array(w);
	for (size_t i = 0; i < analysis->key_point_count; i++)
		q_json_put_string(w, analysis->key_points[i]);
	q_json_end_array(w);
	q_json_field_string(w, "sentiment", q_str_from(q_sentiment_name(analysis->sentiment)));
	q_json_end_object(w);
}

static enum q_code refuse(struct q_err *err, const char *member, const char *why)
{
	return q_fail(err, Q_INVALID, where, "%s %s", member, why);
}

/* An object with these members and no others. */
static bool has_members(const struct q_json *object, const char *const *names, size_t count)
{
	if (q_json_type_of(object) != Q_JSON_OBJECT || q_json_count(object) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!q_json_member(object, q_str_from(names[i])))
			return false;
	return true;
}

/* A string of at least bytes_min and at most bytes_max bytes. */
static enum q_code read_text(const struct q_json *value, const char *member, size_t bytes_min,
			     size_t bytes_max, struct q_str *out, struct q_err *err)
{
	if (!q_json_string(value, out))
		return refuse(err, member, "is no string");
	if (out->length < bytes_min)
		return refuse(err, member, "is empty");
	if (out->length > bytes_max)
		return refuse(err, member, "is too long");
	return Q_OK;
}

static enum q_code read_entity(const struct q_json *value, struct q_entity *out, struct q_err *err)
{
	static const char *const members[] = {"type", "text"};
	struct q_str type;

	if (!has_members(value, members, Q_COUNT_OF(members)))
		return refuse(err, "entities", "holds something else than {type, text}");
	if (!q_json_string(q_json_member(value, Q_STR("type")), &type) ||
	    !q_entity_type_parse(type, &out->type))
		return refuse(err, "entities", "holds a type that is unknown");
	return read_text(q_json_member(value, Q_STR("text")), "the text of an entity", 1,
			 Q_ANALYST_ENTITY_TEXT_MAX, &out->text, err);
}

/* Room in the arena for the items of an array of at most `limit`; NULL with *err filled. */
static void *list_of(const struct q_json *array, const char *member, size_t limit,
		     size_t item_bytes, struct q_arena *arena, struct q_err *err)
{
	void *items;

	if (q_json_type_of(array) != Q_JSON_ARRAY) {
		refuse(err, member, "is no array");
		return NULL;
	}
	if (q_json_count(array) > limit) {
		refuse(err, member, "has too many items");
		return NULL;
	}
	items = q_arena_alloc_array(arena, q_json_count(array), item_bytes);
	if (!items)
		q_fail(err, Q_NOMEM, where, "%zu %s", q_json_count(array), member);
	return items;
}

static enum q_code read_entities(const struct q_json *array, struct q_arena *arena,
				 struct q_page_analysis *out, struct q_err *err)
{
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	out->entities = list_of(array, "entities", Q_ANALYST_ENTITIES_MAX, sizeof out->entities[0],
				arena, err);
	if (!out->entities)
		return err->code;
	while (code == Q_OK && q_json_next(&walk))
		code = read_entity(walk.value, &out->entities[out->entity_count++], err);
	return code;
}

static enum q_code read_key_points(const struct q_json *array, struct q_arena *arena,
				   struct q_page_analysis *out, struct q_err *err)
{
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	out->key_points = list_of(array, "keyPoints", Q_ANALYST_KEY_POINTS_MAX,
				  sizeof out->key_points[0], arena, err);
	if (!out->key_points)
		return err->code;
	while (code == Q_OK && q_json_next(&walk))
		code = read_text(walk.value, "a key point", 1, Q_ANALYST_KEY_POINT_MAX,
				 &out->key_points[out->key_point_count++], err);
	return code;
}

enum q_code q_page_analysis_read_json(const struct q_json *value, struct q_arena *arena,
				      struct q_page_analysis *out, struct q_err *err)
{
	static const char *const members[] = {"summary", "entities", "keyPoints", "sentiment"};
	struct q_str sentiment;
	enum q_code code;

	*out = (struct q_page_analysis){0};
	if (!has_members(value, members, Q_COUNT_OF(members)))
		return refuse(
			err, "an analysis",
			"holds something else than {summary, entities, keyPoints, sentiment}");
	code = read_text(q_json_member(value, Q_STR("summary")), "summary", 0,
			 Q_ANALYST_SUMMARY_MAX, &out->summary, err);
	if (code == Q_OK)
		code = read_entities(q_json_member(value, Q_STR("entities")), arena, out, err);
	if (code == Q_OK)
		code = read_key_points(q_json_member(value, Q_STR("keyPoints")), arena, out, err);
	if (code != Q_OK)
		return code;
	if (!q_json_string(q_json_member(value, Q_STR("sentiment")), &sentiment) ||
	    !q_sentiment_parse(sentiment, &out->sentiment))
		return refuse(err, "sentiment", "is unknown");
	return Q_OK;
}
