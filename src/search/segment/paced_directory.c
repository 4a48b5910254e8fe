#include "search/segment/paced_directory.h"

#include "base/bell.h"
#include "base/mem.h"

struct paced_output {
	struct q__output base;
	struct q__output *inner; /* owned */
	struct q__pace *pace;	 /* borrowed */
};

static struct paced_output *output_of(struct q__output *output)
{
	return q_container_of(output, struct paced_output, base);
}

/* As long as the bytes may take, less what is lost by rounding. */
static enum q_code wait_for(struct q__pace *pace, size_t bytes, struct q_err *err)
{
	uint64_t seen = q_bell_count(pace->bell);

	if (!atomic_load(&pace->is_stopped) && pace->bytes_per_second)
		q_bell_wait(pace->bell, seen, (int64_t)(bytes * 1000 / pace->bytes_per_second));
	if (atomic_load(&pace->is_stopped))
		return q_fail(err, Q_CANCELLED, "index.merge", "the index is being closed");
	return Q_OK;
}

static enum q_code write_output(struct q__output *base, struct q_bytes bytes, struct q_err *err)
{
	struct paced_output *output = output_of(base);
	enum q_code code = output->inner->ops->write(output->inner, bytes, err);

	return code ? code : wait_for(output->pace, bytes.length, err);
}

static enum q_code finish_output(struct q__output *base, struct q_err *err)
{
	struct paced_output *output = output_of(base);
	enum q_code code = output->inner->ops->finish(output->inner, err);

	q_mem_free(output);
	return code;
}

static void abandon_output(struct q__output *base)
{
	struct paced_output *output = output_of(base);

	output->inner->ops->abandon(output->inner);
	q_mem_free(output);
}

static const struct q__output_ops output_ops = {
	.write = write_output, .finish = finish_output, .abandon = abandon_output};

static enum q_code create(struct q__directory *base, const char *name, struct q__output **out,
			  struct q_err *err)
{
	struct q__paced_directory *directory =
		q_container_of(base, struct q__paced_directory, base);
	struct paced_output *output;
	enum q_code code;

	if (!directory->pace)
		return directory->inner->ops->create(directory->inner, name, out, err);
	output = q_mem_new(sizeof *output);
	if (!output)
		return q_fail(err, Q_NOMEM, "index.create", "%s", name);
	code = directory->inner->ops->create(directory->inner, name, &output->inner, err);
	if (code) {
		q_mem_free(output);
		return code;
	}
	output->base.ops = &output_ops;
	output->pace = directory->pace;
	*out = &output->base;
	return Q_OK;
}

static struct q__directory *inner_of(struct q__directory *base)
{
	return q_container_of(base, struct q__paced_directory, base)->inner;
}

static enum q_code map(struct q__directory *base, const char *name, struct q_bytes *out,
		       struct q_err *err)
{
	return inner_of(base)->ops->map(inner_of(base), name, out, err);
}

static void unmap(struct q__directory *base, struct q_bytes bytes)
{
	inner_of(base)->ops->unmap(inner_of(base), bytes);
}

static enum q_code remove_file(struct q__directory *base, const char *name, struct q_err *err)
{
	return inner_of(base)->ops->remove(inner_of(base), name, err);
}

static const struct q__directory_ops directory_ops = {
	.create = create, .map = map, .unmap = unmap, .remove = remove_file};

void q__paced_directory_init(struct q__paced_directory *directory, struct q__directory *inner,
			     struct q__pace *pace)
{
	*directory = (struct q__paced_directory){{&directory_ops}, inner, pace};
}
