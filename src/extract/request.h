/* extract/request.h: takes quire's requests from the control socket.
 *
 * Contract:  a packet that is no request of this version, with just its descriptors, is dropped.
 * Ownership: the descriptors of a request are the caller's; those of a packet that is none are
 *            closed.
 * Threads:   one. */
#ifndef Q_EXTRACT_REQUEST_H
#define Q_EXTRACT_REQUEST_H

#include "extract/protocol.h"

struct q__incoming {
	struct q_extract_request request;
	int descriptors[Q_EXTRACT_DESCRIPTOR_COUNT];
};

enum q__receipt { Q__RECEIPT_REQUEST, Q__RECEIPT_NOTHING, Q__RECEIPT_CLOSED };

/* Waits for one packet. */
enum q__receipt q__request_receive(int control_fd, struct q__incoming *out);

void q__request_close(const struct q__incoming *incoming);

#endif
