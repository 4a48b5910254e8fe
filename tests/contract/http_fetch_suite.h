/* contract/http_fetch_suite.h: ports/http_fetch.h, sentence by sentence, for any adapter, against
 * servers of its own on 127.0.0.1. */
#ifndef Q_TESTS_HTTP_FETCH_SUITE_H
#define Q_TESTS_HTTP_FETCH_SUITE_H

#include "ports/http_fetch.h"

struct http_fetch_subject {
	const char *name; /* of the group of cases */
	const char *
		certificate_file; /* PEM, of 127.0.0.1; the suite's TLS server uses it, and both fetches trust it */
	const char *key_file;
	struct q_http_fetch *fetch;	  /* no network is allowed beyond the public ones */
	struct q_http_fetch *local_fetch; /* 127.0.0.0/8 is allowed */
};

/* Runs every case; the number that failed. */
int run_http_fetch_suite(struct http_fetch_subject *subject);

#endif
