#include "embedded/item_update.h"

#include <string.h>

static bool at_most(const struct q_value *a, const struct q_value *b)
{
	return a->kind == Q_VALUE_NUMBER && a->number <= b->number;
}

static bool at_least(const struct q_value *a, const struct q_value *b)
{
	return a->kind == Q_VALUE_NUMBER && a->number >= b->number;
}

static bool condition_holds(const struct q_item *item, const struct q_condition *condition)
{
	const struct q_value *value = item ? q_item_find(item, condition->name) : NULL;

	switch (condition->kind) {
	case Q_IF_ABSENT:
		return !item;
	case Q_IF_EXISTS:
		return item;
	case Q_IF_EQUAL:
		return value && q_value_equal(value, &condition->value);
	case Q_IF_NOT_EQUAL:
		return !value || !q_value_equal(value, &condition->value);
	case Q_IF_AT_MOST:
		return value && at_most(value, &condition->value);
	case Q_IF_AT_LEAST:
		return value && at_least(value, &condition->value);
	case Q_IF_SET:
		return value;
	case Q_IF_UNSET:
		return !value;
	}
	return false;
}

bool q_item_conditions_hold(const struct q_item *item, const struct q_write *write)
{
	for (size_t i = 0; i < write->condition_count; i++) {
		if (!condition_holds(item, &write->conditions[i]))
			return false;
	}
	return true;
}

/* The attribute of that name, or the place after the last one. */
static struct q_attribute *find_slot(struct q_item *item, struct q_str name)
{
	size_t i = 0;

	while (i < item->attribute_count && !q_str_equal(item->attributes[i].name, name))
		i++;
	return &item->attributes[i];
}

static bool is_new(const struct q_item *item, const struct q_attribute *slot)
{
	return slot == item->attributes + item->attribute_count;
}

static void set_attribute(struct q_item *item, struct q_str name, struct q_value value)
{
	struct q_attribute *slot = find_slot(item, name);

	if (is_new(item, slot))
		item->attribute_count++;
	*slot = (struct q_attribute){name, value};
}

/* Keeps the order of the others, so that an item that did not change has the same bytes. */
static void remove_attribute(struct q_item *item, struct q_str name)
{
	struct q_attribute *slot = find_slot(item, name);
	size_t following;

	if (is_new(item, slot))
		return;
	following = item->attribute_count - (size_t)(slot - item->attributes) - 1;
	memmove(slot, slot + 1, following * sizeof *slot);
	item->attribute_count--;
}

static enum q_code add_to_attribute(struct q_item *item, struct q_str name, int64_t addend,
				    struct q_err *err)
{
	struct q_attribute *slot = find_slot(item, name);
	int64_t sum = addend;

	if (!is_new(item, slot)) {
		if (slot->value.kind != Q_VALUE_NUMBER)
			return q_fail(err, Q_INVALID, "record_store.write", "%.*s is no number",
				      Q_STR_ARG(name));
		if (__builtin_add_overflow(slot->value.number, addend, &sum))
			return q_fail(err, Q_INVALID, "record_store.write",
				      "%.*s would leave the range of int64", Q_STR_ARG(name));
	}
	set_attribute(item, name, q_value_number(sum));
	return Q_OK;
}

static enum q_code apply(struct q_item *item, const struct q_change *change, struct q_err *err)
{
	switch (change->kind) {
	case Q_SET:
		set_attribute(item, change->name, change->value);
		break;
	case Q_REMOVE:
		remove_attribute(item, change->name);
		break;
	case Q_ADD:
		return add_to_attribute(item, change->name, change->value.number, err);
	}
	return Q_OK;
}

static enum q_code check_limits(const struct q_item *item, struct q_err *err)
{
	if (item->attribute_count > Q_RECORD_ATTRIBUTES_MAX)
		return q_fail(err, Q_TOOBIG, "record_store.write", "%zu attributes, at most %d",
			      item->attribute_count, Q_RECORD_ATTRIBUTES_MAX);
	if (q_item_size(item) > Q_RECORD_ITEM_MAX)
		return q_fail(err, Q_TOOBIG, "record_store.write",
			      "an item of %zu bytes, at most %d", q_item_size(item),
			      Q_RECORD_ITEM_MAX);
	return Q_OK;
}

enum q_code q_item_update(const struct q_item *before, const struct q_write *write,
			  struct q_arena *arena, struct q_item *after, struct q_err *err)
{
	struct q_item item = before ? *before : (struct q_item){.key = write->key};
	size_t room = item.attribute_count + write->change_count;
	struct q_attribute *attributes = q_arena_alloc_array(arena, room, sizeof *attributes);

	if (!attributes)
		return q_fail(err, Q_NOMEM, "record_store.write", "%zu attributes", room);
	if (item.attribute_count > 0)
		memcpy(attributes, item.attributes, item.attribute_count * sizeof *attributes);
	item.attributes = attributes;
	for (size_t i = 0; i < write->change_count; i++) {
		enum q_code code = apply(&item, &write->changes[i], err);

		if (code)
			return code;
	}
	if (write->index1)
		item.index1 = *write->index1;
	if (write->index2)
		item.index2 = *write->index2;
	if (write->expires_at_ms)
		item.expires_at_ms = *write->expires_at_ms;
	*after = item;
	return check_limits(after, err);
}
