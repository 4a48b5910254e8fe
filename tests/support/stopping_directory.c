#include "support/stopping_directory.h"

#include "base/mem.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>

struct stopping_directory {
	struct q__directory base;
	struct q__directory *inner; /* owned */
	atomic_int left;
};

struct stopping_output {
	struct q__output base;
	struct q__output *inner; /* owned */
	struct stopping_directory *directory;
};

static bool is_stopped(struct stopping_directory *directory)
{
	return atomic_fetch_sub(&directory->left, 1) <= 1;
}

static enum q_code fail_stopped(struct q_err *err)
{
	return q_fail(err, Q_IO, "test", "the disk has stopped");
}

static enum q_code write_output(struct q__output *base, struct q_bytes bytes, struct q_err *err)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);

	if (!is_stopped(output->directory))
		return output->inner->ops->write(output->inner, bytes, err);
	bytes.length /= 2;
	(void)!output->inner->ops->write(output->inner, bytes, err);
	return fail_stopped(err);
}

static void abandon_output(struct q__output *base)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);

	output->inner->ops->abandon(output->inner);
	q_mem_free(output);
}

static enum q_code finish_output(struct q__output *base, struct q_err *err)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);
	enum q_code code;

	if (is_stopped(output->directory)) {
		abandon_output(base);
		return fail_stopped(err);
	}
	code = output->inner->ops->finish(output->inner, err);
	q_mem_free(output);
	return code;
}

static const struct q__output_ops output_ops = {
	.write = write_output, .finish = finish_output, .abandon = abandon_output};

static struct stopping_directory *stopping(struct q__directory *base)
{
	return q_container_of(base, struct stopping_directory, base);
}

static enum q_code create(struct q__directory *base, const char *name, struct q__output **out,
			  struct q_err *err)
{
	struct stopping_directory *directory = stopping(base);
	struct stopping_output *output;
	enum q_code code;

	if (is_stopped(directory))
		return fail_stopped(err);
	output = q_mem_new(sizeof *output);
	if (!output)
		return q_fail(err, Q_NOMEM, "test", "an output");
	output->base.ops = &output_ops;
	output->directory = directory;
	code = directory->inner->ops->create(directory->inner, name, &output->inner, err);
	if (code)
		q_mem_free(output);
	else
		*out = &output->base;
	return code;
}

static enum q_code map(struct q__directory *base, const char *name, struct q_bytes *out,
		       struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return inner->ops->map(inner, name, out, err);
}

static void unmap(struct q__directory *base, struct q_bytes bytes)
{
	struct q__directory *inner = stopping(base)->inner;

	inner->ops->unmap(inner, bytes);
}

static enum q_code replace(struct q__directory *base, const char *name, struct q_bytes bytes,
			   struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err)
					  : inner->ops->replace(inner, name, bytes, err);
}

static enum q_code remove_file(struct q__directory *base, const char *name, struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err)
					  : inner->ops->remove(inner, name, err);
}

static enum q_code sync_directory(struct q__directory *base, struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err) : inner->ops->sync(inner, err);
}

static enum q_code list(struct q__directory *base, void (*see)(void *, const char *), void *context,
			struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return inner->ops->list(inner, see, context, err);
}

static void close_directory(struct q__directory *base)
{
	struct q__directory *inner = stopping(base)->inner;

	inner->ops->close(inner);
	q_mem_free(stopping(base));
}

static const struct q__directory_ops stopping_ops = {
	.create = create,
	.map = map,
	.unmap = unmap,
	.replace = replace,
	.remove = remove_file,
	.sync = sync_directory,
	.list = list,
	.close = close_directory,
};

struct q__directory *stopping_directory_open(const char *path)
{
	struct stopping_directory *directory = q_mem_new(sizeof *directory);
	struct q_err err;

	q_assert(directory);
	directory->base.ops = &stopping_ops;
	atomic_init(&directory->left, INT_MAX);
	q_assert(q__directory_open(AT_FDCWD, path, &directory->inner, &err) == Q_OK);
	return &directory->base;
}

void stopping_directory_stop_after(struct q__directory *directory, int operations)
{
	atomic_store(&stopping(directory)->left, operations);
}
