/* The rules of access that routes name. */
#include "api/api_internal.h"

const struct q__rule q__public = {"public", Q__RULE_PUBLIC, 0};
const struct q__rule q__signed = {"signed", Q__RULE_SIGNED, 0};
const struct q__rule q__metrics = {"metrics", Q__RULE_METRICS, 0};
const struct q__rule q__documents_read = {"documents_read", Q__RULE_ACTION,
					  Q_ACTION_DOCUMENTS_READ};
const struct q__rule q__documents_write = {"documents_write", Q__RULE_ACTION,
					   Q_ACTION_DOCUMENTS_WRITE};
const struct q__rule q__documents_listen = {"documents_read", Q__RULE_TICKET,
					    Q_ACTION_DOCUMENTS_READ};
const struct q__rule q__admin = {"admin", Q__RULE_ACTION, Q_ACTION_ADMIN};

const struct q_identity *q__identity(const struct q_http_request *request)
{
	const struct q_identity *who = q_http_request_identity(request);

	q_assert(who);
	return who;
}
