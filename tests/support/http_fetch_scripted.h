/* support/http_fetch_scripted.h: an http_fetch that reaches nobody: it keeps what was sent and
 * answers as it is told.
 *
 * Contract:  a check refuses (Q_DENIED) what does not begin with "https://".
 * Ownership: q_http_fetch_close frees it, with what it kept.
 * Threads:   any. */
#ifndef Q_TESTS_HTTP_FETCH_SCRIPTED_H
#define Q_TESTS_HTTP_FETCH_SCRIPTED_H

#include "ports/http_fetch.h"

/* The answer to every request; a zeroed one is 200 without a body. */
struct fetch_answer {
	enum q_code failure; /* instead of an answer */
	int status;	     /* 0: 200 */
	const char *body;
	const char *retry_after; /* NULL: no such header */
};

struct fetched {
	struct q_str url, id, timestamp, signature, body;
	int status; /* that was answered; 0: none */
};

/* A receiver that makes up its mind by each request. */
struct fetch_receiver {
	struct fetch_answer (*answer)(void *context, const struct fetched *sent);
	void *context;
};

/* NULL when the heap is full. */
struct q_http_fetch *http_fetch_scripted_new(void);
void http_fetch_scripted_set(struct q_http_fetch *fetch, struct fetch_answer answer);
/* From now on `receiver` answers, outside of any lock. */
void http_fetch_scripted_ask(struct q_http_fetch *fetch, struct fetch_receiver receiver);

size_t http_fetch_scripted_count(struct q_http_fetch *fetch);
/* Request number i, from 0, in the order sent. */
struct fetched http_fetch_scripted_sent(struct q_http_fetch *fetch, size_t i);

#endif
