/* Into the buffer. A full one is written in the background where somebody does that, else here. */
#include "search/index/index_internal.h"

static enum q_code apply(struct q__index *index, const struct q_bulk_operation *operation,
			 struct q_err *err)
{
	if (operation->kind == Q_BULK_DELETE)
		return q__buffer_delete(index->buffer, operation->id, err);
	return q__buffer_put(index->buffer, operation->id, operation->source, err);
}

/* Seals the full buffer for others to write. Does not hold `writing`. */
static enum q_code hand_over(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	do {
		code = q__index_write_sealed(index, err); /* waits for whoever is at it */
	} while (!code && (code = q__index_seal(index, err)) == Q_BUSY);
	if (!code)
		q_bell_ring(index->sealed_bell);
	return code;
}

/* Holds `writing`, but not meanwhile: the index may be dropped then. */
static enum q_code make_room(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	pthread_mutex_unlock(&index->writing);
	code = index->sealed_bell ? hand_over(index, err) : q__index_refresh(index, err);
	pthread_mutex_lock(&index->writing);
	return !code && index->is_dropped ? q__index_fail_dropped(err) : code;
}

/* Q_OK also where the operation is refused. */
static enum q_code take_operation(struct q__index *index, const struct q_bulk_operation *operation,
				  struct q_arena *arena, struct q_bulk_result *result,
				  struct q_err *err)
{
	enum q_code code = apply(index, operation, err);

	if (code == Q_TOOBIG && q__buffer_id_count(index->buffer) > 0) {
		code = make_room(index, err);
		if (code)
			return code;
		code = apply(index, operation, err);
	}
	*result = (struct q_bulk_result){.code = code};
	if (code)
		result->message = q_arena_copy(arena, q_str_from(err->message));
	return code == Q_NOMEM ? code : Q_OK;
}

enum q_code q__index_bulk(struct q__index *index, const struct q_bulk_operation *operations,
			  size_t count, struct q_arena *arena, struct q_bulk_result *results,
			  struct q_err *err)
{
	enum q_code code = Q_OK;

	pthread_mutex_lock(&index->writing);
	if (index->is_dropped)
		code = q__index_fail_dropped(err);
	for (size_t i = 0; i < count && !code; i++)
		code = take_operation(index, &operations[i], arena, &results[i], err);
	pthread_mutex_unlock(&index->writing);
	return code;
}
