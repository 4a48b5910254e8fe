#include "ports/secret_store.h"

#include "base/compiler.h"

static bool name_is_valid(struct q_str name)
{
	if (name.length == 0 || name.length > Q_SECRET_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = name.data[i];
		bool is_letter = c >= 'a' && c <= 'z';
		bool is_other = (c >= '0' && c <= '9') || c == '-';

		if (!is_letter && (i == 0 || !is_other))
			return false;
	}
	return true;
}

static enum q_code check_name(struct q_str name, const char *where, struct q_err *err)
{
	if (!name_is_valid(name))
		return q_fail(err, Q_INVALID, where,
			      "a secret's name is 1 to %d of a-z, 0-9 and '-', a letter first",
			      Q_SECRET_NAME_MAX);
	return Q_OK;
}

enum q_code q_secret_store_get(struct q_secret_store *store, const struct q_call *call,
			       struct q_str name, struct q_arena *arena, struct q_bytes *out,
			       struct q_err *err)
{
	enum q_code code;

	q_assert(store && store->ops && store->ops->get && call && arena && out);
	code = check_name(name, "secret_store.get", err);
	if (code == Q_OK)
		code = q_call_check(call, "secret_store.get", err);
	return code ? code : store->ops->get(store, call, name, arena, out, err);
}

enum q_code q_secret_store_create(struct q_secret_store *store, const struct q_call *call,
				  struct q_str name, struct q_bytes value, struct q_err *err)
{
	enum q_code code;

	q_assert(store && store->ops && call);
	code = check_name(name, "secret_store.create", err);
	if (code)
		return code;
	if (value.length == 0 || value.length > Q_SECRET_VALUE_MAX)
		return q_fail(err, Q_INVALID, "secret_store.create",
			      "a secret's value has 1 to %d bytes, not %zu", Q_SECRET_VALUE_MAX,
			      value.length);
	if (!store->ops->create)
		return q_fail(err, Q_UNSUPPORTED, "secret_store.create", "%s is read-only",
			      store->ops->name);
	code = q_call_check(call, "secret_store.create", err);
	return code ? code : store->ops->create(store, call, name, value, err);
}

void q_secret_store_close(struct q_secret_store *store)
{
	if (store)
		store->ops->close(store);
}
