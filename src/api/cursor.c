/* A cursor is base64url(position) '.' signature. The signature also covers the caller and what is
 * listed: a cursor is worth nothing to another caller or for another list. */
#include "api/api_internal.h"

#include "base/encode.h"

enum { CURSOR_MAX = 4096 };

static const struct q_str purpose = {"cursor", 6};

static struct q_str message(struct q_http_request *request, struct q_str scope,
			    struct q_str encoded)
{
	const struct q_identity *who = q__identity(request);

	/* Lengths stand before what may hold any byte, so that no two messages look alike. */
	return q_arena_format(q_http_request_arena(request), "%d:%zu:%.*s:%zu:%.*s:%zu:%.*s:%.*s",
			      who->kind, who->subject.length, Q_STR_ARG(who->subject),
			      who->tenant_id.length, Q_STR_ARG(who->tenant_id), scope.length,
			      Q_STR_ARG(scope), Q_STR_ARG(encoded));
}

struct q_str q__cursor_write(const struct q_api *api, struct q_http_request *request,
			     struct q_str scope, struct q_str position)
{
	struct q_arena *arena = q_http_request_arena(request);
	char signature[Q_SIGNATURE_SIZE];
	struct q_buf encoded;
	struct q_str cursor;

	q_buf_init(&encoded, CURSOR_MAX);
	q_encode_base64url(&encoded, q_str_bytes(position));
	q_keyring_sign(api->o.keyring, purpose, message(request, scope, q_buf_str(&encoded)),
		       signature);
	cursor = q_arena_format(arena, "%.*s.%s", Q_STR_ARG(q_buf_str(&encoded)), signature);
	q_buf_free(&encoded);
	return cursor;
}

bool q__cursor_read(const struct q_api *api, struct q_http_request *request, struct q_str scope,
		    struct q_str text, struct q_str *position)
{
	struct q_str encoded, signature;
	struct q_bytes bytes;

	*position = (struct q_str){0};
	if (text.length == 0)
		return true;
	if (text.length <= CURSOR_MAX && q_str_cut(text, '.', &encoded, &signature) &&
	    q_keyring_verify(api->o.keyring, purpose, message(request, scope, encoded),
			     signature) &&
	    q_decode_base64url(q_http_request_arena(request), encoded, &bytes)) {
		*position = q_bytes_str(bytes);
		return true;
	}
	q_http_respond_refusal(request, 400, "bad_cursor",
			       "the cursor is not one of this list: start again without it");
	return false;
}

bool q__list_query(struct q_api *api, struct q_http_request *request, struct q_str scope,
		   size_t *limit, struct q_str *after)
{
	struct q_str limit_text = {0}, cursor = {0};
	const struct q__parameter parameters[] = {{"limit", &limit_text}, {"cursor", &cursor}};

	return q__query(request, parameters, Q_COUNT_OF(parameters)) &&
	       q__limit(request, limit_text, limit) &&
	       q__cursor_read(api, request, scope, cursor, after);
}

void q__items_begin(struct q__reply *answer)
{
	q__reply_begin(answer);
	q_json_begin_object(&answer->w);
	q_json_name(&answer->w, "items");
	q_json_begin_array(&answer->w);
}

void q__items_end(struct q_api *api, struct q_http_request *request, struct q__reply *answer,
		  struct q_str scope, struct q_str next)
{
	q_json_end_array(&answer->w);
	if (next.length > 0)
		q_json_field_string(&answer->w, "nextCursor",
				    q__cursor_write(api, request, scope, next));
	q_json_end_object(&answer->w);
	q__reply_end(answer, request, 200);
}
