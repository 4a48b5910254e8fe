/* quire index search, count, explain, suggest: many requests, several threads, their answers in
 * order, and how long they took. */
#include "base/json.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/vec.h"
#include "cmd/index_command.h"
#include "cmd/index_json.h"
#include "cmd/lines.h"
#include "search/json/query_json.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	REQUESTS_MAX = 1000000,
	REPEAT_MAX = 100000,
	THREADS_MAX = 256,
	REQUEST_ARENA_BYTES = 64 << 20,
	ALL_ARENA_BYTES = 1 << 30,
	ANSWER_BYTES = 16 << 20,
	STACK_BYTES = 512 << 10
};

struct question {
	struct q_index_question asked;
	struct q_str error;  /* why it could not be read or answered; empty: it could */
	struct q_str answer; /* a line, without its end */
};

struct run {
	struct q_index_command *command;
	const struct q_index_asking *asking;
	struct q_vec questions;
	struct q_arena *arena; /* of the questions */
	int64_t repeat;
	atomic_size_t next; /* the next search: question = next % count */
	double *took_ms;    /* of each search */
};

struct worker {
	struct run *run;
	struct q_arena *arena;	 /* of one search */
	struct q_arena *answers; /* of all that it has given */
	struct q_buf answer;
	unsigned long thread;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* Where there is no room for a text, one that needs none says so: a question without an answer has
 * an error. */
static void keep_error(struct worker *worker, struct question *question, const char *message)
{
	question->error = q_arena_copy(worker->answers, q_str_from(message));
	if (question->error.length == 0)
		question->error = Q_STR("there is no memory left for an answer");
}

static void keep_answer(struct worker *worker, struct question *question)
{
	struct q_str line = q_buf_str(&worker->answer);

	if (q_buf_failed(&worker->answer)) {
		keep_error(worker, question,
			   "the answer is too long: ask for fewer hits, or for less of each");
		return;
	}
	question->answer = q_arena_copy(worker->answers, line);
	if (question->answer.length < line.length)
		keep_error(worker, question,
			   "the answers take too much memory: ask fewer questions at once");
}

/* Each question's first search writes its answer. */
static void answer(struct worker *worker, struct question *question, size_t number)
{
	struct run *run = worker->run;
	union q_index_result result;
	double started_ms = now_ms();
	struct q_err err;
	enum q_code code;

	q_arena_reset(worker->arena);
	code = run->asking->ask(run->command, &question->asked, worker->arena, &result, &err);
	run->took_ms[number] = now_ms() - started_ms;
	if (number >= run->questions.count)
		return;
	if (code) {
		keep_error(worker, question, err.message);
		return;
	}
	run->asking->write(&worker->answer, &question->asked, &result);
	keep_answer(worker, question);
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct run *run = worker->run;
	size_t count = run->questions.count, all = count * (size_t)run->repeat, number;

	while ((number = atomic_fetch_add(&run->next, 1)) < all) {
		struct question *question = q_vec_at(&run->questions, number % count);

		if (question->error.length == 0)
			answer(worker, question, number);
	}
	return NULL;
}

static enum q_code open_worker(struct worker *worker, struct run *run, struct q_err *err)
{
	worker->run = run;
	q_buf_init(&worker->answer, ANSWER_BYTES);
	worker->arena = q_arena_new(REQUEST_ARENA_BYTES);
	worker->answers = q_arena_new(ALL_ARENA_BYTES);
	if (!worker->arena || !worker->answers)
		return q_fail(err, Q_NOMEM, "index.search", "a thread");
	return q_thread_start("index-search", STACK_BYTES, work, worker, &worker->thread, err);
}

static int by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_statistics(struct run *run, double took_ms)
{
	size_t count = run->questions.count * (size_t)run->repeat;

	qsort(run->took_ms, count, sizeof *run->took_ms, by_time);
	fprintf(stderr,
		"{\"queries\":%zu,\"seconds\":%.3f,\"queriesPerSecond\":%.1f,\"p50Ms\":%.4f,"
		"\"p90Ms\":%.4f,\"p99Ms\":%.4f,\"maxMs\":%.4f}\n",
		count, took_ms / 1e3, (double)count * 1e3 / took_ms, run->took_ms[count / 2],
		run->took_ms[count * 9 / 10], run->took_ms[count * 99 / 100],
		run->took_ms[count - 1]);
}

static enum q_exit print_answer(const struct question *question, struct q_buf *error)
{
	struct q_str line = question->answer;

	if (question->error.length > 0) {
		q_index_write_error(error, question->asked.id, question->error);
		if (q_buf_failed(error))
			return q_command_fail("index", Q_EXIT_FAILED, "out of memory");
		line = q_buf_str(error);
	}
	fwrite(line.data, 1, line.length, stdout);
	fputc('\n', stdout);
	return question->error.length > 0 ? Q_EXIT_PARTLY : Q_EXIT_DONE;
}

/* The answers in the order of the questions; Q_EXIT_PARTLY where one has none. */
static enum q_exit print_answers(struct run *run)
{
	enum q_exit exit_code = Q_EXIT_DONE;
	struct q_buf error;

	q_buf_init(&error, ANSWER_BYTES);
	for (size_t i = 0; i < run->questions.count && exit_code != Q_EXIT_FAILED; i++) {
		enum q_exit one = print_answer(q_vec_at(&run->questions, i), &error);

		exit_code = one == Q_EXIT_DONE ? exit_code : one;
	}
	q_buf_free(&error);
	return exit_code;
}

static enum q_exit answer_all(struct run *run, size_t thread_count)
{
	struct worker workers[THREADS_MAX] = {0};
	double started_ms = now_ms();
	enum q_exit exit_code;
	enum q_code code = Q_OK;
	size_t started = 0;
	struct q_err err;

	while (started < thread_count && !code)
		code = open_worker(&workers[started++], run, &err);
	for (size_t i = 0; i < started; i++) {
		if (workers[i].thread)
			q_thread_join(workers[i].thread);
	}
	if (!code && run->command->with_statistics)
		print_statistics(run, now_ms() - started_ms);
	exit_code = code ? q_command_error("index", &err) : print_answers(run);
	for (size_t i = 0; i < started; i++) {
		q_buf_free(&workers[i].answer);
		q_arena_free(workers[i].arena);
		q_arena_free(workers[i].answers);
	}
	return exit_code;
}

/* Any value: it is given back as it came. False: out of memory. */
static bool take_id(const struct q_json *line, struct q_arena *arena, struct q_str *out)
{
	const struct q_json *id = q_json_member(line, Q_STR("id"));
	struct q_buf text;

	if (!id)
		return true;
	q_buf_init(&text, q_query_json_limits.bytes_max);
	*out = q_json_write_value(&text, id) ? q_arena_copy(arena, q_buf_str(&text))
					     : (struct q_str){0};
	q_buf_free(&text);
	return out->data != NULL;
}

static enum q_code read_question(struct run *run, struct q_str line, struct q_err *err)
{
	struct question question = {.asked.id = Q_STR("\"\"")};
	const struct q_json *json;
	enum q_code code =
		q_json_parse(run->arena, q_str_bytes(line), &q_query_json_limits, &json, err);

	if (!code)
		code = take_id(json, run->arena, &question.asked.id)
			       ? run->asking->read(run->arena, json, &question.asked, err)
			       : q_fail(err, Q_NOMEM, "index.search", "a request");
	if (code == Q_NOMEM)
		return code;
	if (code)
		question.error = q_arena_copy(run->arena, q_str_from(err->message));
	if (q_arena_failed(run->arena))
		return q_fail(err, Q_NOMEM, "index.search", "the requests take too much memory");
	if (!q_vec_push(&run->questions, &question))
		return q_fail(err, Q_TOOBIG, "index.search", "more than %d requests", REQUESTS_MAX);
	return Q_OK;
}

static enum q_code read_questions(struct run *run, int fd, struct q_err *err)
{
	enum q_code code = Q_OK;
	struct q_lines lines;
	struct q_str line;

	q_lines_init(&lines, fd);
	while (!code && !(code = q_lines_next(&lines, &line, err))) {
		line = q_str_trim(line);
		if (line.length > 0)
			code = read_question(run, line, err);
	}
	q_lines_free(&lines);
	return code == Q_NOTFOUND ? Q_OK : code;
}

/* A number of an option, within 1..max; `otherwise` where it is not given. 0: it is no such
 * number. */
static int64_t number_of(const char *text, int64_t max, int64_t otherwise)
{
	int64_t number;

	if (!text)
		return otherwise;
	return q_str_to_int64(q_str_from(text), &number) && number >= 1 && number <= max ? number
											 : 0;
}

static enum q_exit search_all(struct run *run, size_t thread_count)
{
	struct q_err err;

	if (read_questions(run, STDIN_FILENO, &err))
		return q_command_error("index", &err);
	if (run->questions.count == 0)
		return Q_EXIT_DONE;
	run->took_ms = q_mem_new_array(run->questions.count * (size_t)run->repeat, sizeof(double));
	if (!run->took_ms)
		return q_command_fail("index", Q_EXIT_FAILED, "out of memory");
	return answer_all(run, thread_count);
}

enum q_exit q_index_ask(struct q_index_command *command, const struct q_index_asking *asking)
{
	struct run run = {.command = command, .asking = asking};
	int64_t threads = number_of(command->threads, THREADS_MAX, 1);
	enum q_exit exit_code;

	run.repeat = number_of(command->repeat, REPEAT_MAX, 1);
	if (!command->as_ndjson || !threads || !run.repeat)
		return q_command_usage(&q_command_index,
				       "say --ndjson; --threads is 1..%d, --repeat 1..%d",
				       THREADS_MAX, REPEAT_MAX);
	q_vec_init(&run.questions, sizeof(struct question), REQUESTS_MAX);
	run.arena = q_arena_new(ALL_ARENA_BYTES);
	exit_code = run.arena ? search_all(&run, (size_t)threads)
			      : q_command_fail("index", Q_EXIT_FAILED, "out of memory");
	q_mem_free(run.took_ms);
	q_vec_free(&run.questions);
	q_arena_free(run.arena);
	return exit_code;
}
