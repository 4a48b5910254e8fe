#include "contract/http_fetch_suite.h"

#include "remote/http_fetch_curl.h"
#include "support/certificate.h"
#include "support/scratch.h"

#include <stdio.h>

int main(void)
{
	struct http_fetch_subject subject = {.name = "curl"};
	struct q_http_fetch_curl_options options = {0};
	char directory[SCRATCH_PATH_MAX], certificate[SCRATCH_PATH_MAX + 16],
		key[SCRATCH_PATH_MAX + 16];
	struct q_err err;
	int failed;

	scratch_make(directory);
	snprintf(certificate, sizeof certificate, "%s/cert.pem", directory);
	snprintf(key, sizeof key, "%s/key.pem", directory);
	certificate_write("known", certificate, key);

	subject.certificate_file = options.ca_file = certificate;
	subject.key_file = key;
	q_assert(!q_http_fetch_curl_open(&options, &subject.fetch, &err));
	q_assert(!q_cidr_list_parse(Q_STR("127.0.0.0/8"), &options.allowed, &err));
	q_assert(!q_http_fetch_curl_open(&options, &subject.local_fetch, &err));
	failed = run_http_fetch_suite(&subject);
	q_http_fetch_close(subject.fetch);
	q_http_fetch_close(subject.local_fetch);
	scratch_remove(directory);
	return failed;
}
