#include "embedded/page_failure.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static const char where[] = "page_extractor.helper";

struct meaning {
	enum q_code code;
	const char *reason; /* NULL: the document is not to blame */
	const char *message;
};

static const struct meaning meanings[] = {
	[Q_EXTRACT_MALFORMED] = {Q_INVALID, "malformed_pdf",
				 "the document cannot be read as a PDF"},
	[Q_EXTRACT_PASSWORD_REQUIRED] = {Q_INVALID, "password_required",
					 "the document opens with a password only"},
	[Q_EXTRACT_UNSUPPORTED_TYPE] = {Q_UNSUPPORTED, "unsupported_type",
					"the document is not a PDF"},
	[Q_EXTRACT_UNSUPPORTED_ENCRYPTION] =
		{Q_UNSUPPORTED, "unsupported_type",
		 "the document is encrypted in a way that is not supported"},
	[Q_EXTRACT_TOO_MANY_PAGES] = {Q_TOOBIG, "too_many_pages",
				      "the document has more pages than MAX_PAGES allows"},
	[Q_EXTRACT_TOO_LARGE] = {Q_TOOBIG, "too_large", "the document has too much text"},
	[Q_EXTRACT_NO_SUCH_PAGE] = {Q_INVALID, NULL, "the document has fewer pages"},
	[Q_EXTRACT_OUT_OF_MEMORY] = {Q_CORRUPT, "page_crashed",
				     "the page needs more memory than it may have"},
	[Q_EXTRACT_READ_FAILED] = {Q_IO, NULL, "the document's file cannot be read"},
	[Q_EXTRACT_SANDBOX_FAILED] = {Q_IO, NULL, "the reader could not shut itself in"},
};

enum q_code q__page_failure(struct q_err *err, enum q_extract_failure failure)
{
	const struct meaning *meaning;

	q_assert(failure < Q_COUNT_OF(meanings));
	meaning = &meanings[failure];
	q_assert(meaning->message);
	if (!meaning->reason)
		return q_fail(err, meaning->code, where, "%s", meaning->message);
	return q_fail_reason(err, meaning->code, meaning->reason, where, "%s", meaning->message);
}

enum q_code q__page_failure_late(struct q_err *err, int64_t page_timeout_ms)
{
	return q_fail_reason(err, Q_TIMEOUT, "page_timeout", where,
			     "the page took longer than %lld ms", (long long)page_timeout_ms);
}

/* The engine and the C library abort when they are refused memory; the kernel kills when the
 * machine has none left. */
static const char *likely_cause(int number)
{
	return number == SIGABRT || number == SIGKILL ? ", most likely out of memory" : "";
}

enum q_code q__page_failure_ended(struct q_err *err, const struct q_extract_ending *ending,
				  int64_t page_timeout_ms)
{
	int number = WIFSIGNALED(ending->wait_status) ? WTERMSIG(ending->wait_status) : 0;
	const char *name = sigabbrev_np(number);

	if (number == 0)
		return q_fail_reason(err, Q_CORRUPT, "page_crashed", where,
				     "the page's reader gave up (exit status %d)",
				     WEXITSTATUS(ending->wait_status));
	if (number == SIGALRM || number == SIGXCPU)
		return q__page_failure_late(err, page_timeout_ms);
	return q_fail_reason(err, Q_CORRUPT, "page_crashed", where,
			     "the page ended its reader: SIG%s%s (%llu MiB in use)",
			     name ? name : "?", likely_cause(number),
			     (unsigned long long)(ending->memory_max_bytes >> 20));
}
