/* quire index ls, stats, check, dump. */
#include "base/json.h"
#include "cmd/index_command.h"

#include <stdio.h>

enum { LINE_BYTES = 8 << 20 };

static const struct q_call no_limits;

/* A visitor that prints. */
struct printer {
	struct q_index_visitor base;
	struct q_buf line;
};

static enum q_code print_line(struct printer *printer, struct q_err *err)
{
	if (q_buf_failed(&printer->line))
		return q_fail(err, Q_NOMEM, "index.print", "a line");
	fwrite(printer->line.data, 1, printer->line.length, stdout);
	fputc('\n', stdout);
	q_buf_clear(&printer->line);
	return Q_OK;
}

static enum q_code print_segment(struct q_index_visitor *visitor,
				 const struct q_segment_facts *facts, struct q_err *err)
{
	struct printer *printer = q_container_of(visitor, struct printer, base);
	struct q_json_writer json;

	q_json_writer_init(&json, &printer->line);
	q_json_begin_object(&json);
	q_json_field_string(&json, "segment", facts->name);
	q_json_field_int64(&json, "documents", (int64_t)facts->document_count);
	q_json_field_int64(&json, "deleted", (int64_t)facts->deleted_count);
	q_json_field_int64(&json, "bytes", (int64_t)facts->size_bytes);
	q_json_end_object(&json);
	return print_line(printer, err);
}

static enum q_code print_document(struct q_index_visitor *visitor, struct q_str id,
				  struct q_str source, struct q_err *err)
{
	struct printer *printer = q_container_of(visitor, struct printer, base);
	struct q_json_writer json;

	q_json_writer_init(&json, &printer->line);
	q_json_begin_object(&json);
	q_json_field_string(&json, "id", id);
	q_json_field_raw(&json, "source", source);
	q_json_end_object(&json);
	return print_line(printer, err);
}

static enum q_exit show(struct q_index_command *command,
			enum q_code (*walk)(struct q_search_index *, struct q_str,
					    struct q_index_visitor *, struct q_err *))
{
	struct printer printer = {.base = {print_segment, print_document}};
	struct q_err err;
	enum q_code code;

	q_buf_init(&printer.line, LINE_BYTES);
	code = walk(command->store, command->index, &printer.base, &err);
	q_buf_free(&printer.line);
	return code ? q_command_error("index", &err) : Q_EXIT_DONE;
}

enum q_exit q_index_ls(struct q_index_command *command)
{
	return show(command, q_search_index_embedded_segments);
}

enum q_exit q_index_dump(struct q_index_command *command)
{
	return show(command, q_search_index_embedded_documents);
}

enum q_exit q_index_statistics(struct q_index_command *command)
{
	struct q_index_statistics statistics;
	struct q_err err;

	if (q_search_index_statistics(command->store, &no_limits, command->index, &statistics,
				      &err))
		return q_command_error("index", &err);
	printf("{\"documents\":%llu,\"deleted\":%llu,\"segments\":%llu,\"bytes\":%llu}\n",
	       (unsigned long long)statistics.document_count,
	       (unsigned long long)statistics.deleted_count,
	       (unsigned long long)statistics.segment_count,
	       (unsigned long long)statistics.size_bytes);
	return Q_EXIT_DONE;
}

enum q_exit q_index_check(struct q_index_command *command)
{
	struct q_err err;

	if (q_search_index_embedded_check(command->store, command->index, &err))
		return q_command_error("index", &err);
	printf("every byte is what was written\n");
	return Q_EXIT_DONE;
}
