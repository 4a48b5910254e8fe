#include "extract/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS_BYTES = sizeof(int) * Q_EXTRACT_DESCRIPTOR_COUNT };

static void close_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(descriptors[i]);
}

void q__request_close(const struct q__incoming *incoming)
{
	close_all(incoming->descriptors, Q_EXTRACT_DESCRIPTOR_COUNT);
}

/* The descriptors of a packet, closed again where there are not just as many as there must be. */
static bool take_descriptors(struct msghdr *message, int out[Q_EXTRACT_DESCRIPTOR_COUNT])
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	size_t count;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
		return false;
	count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > Q_EXTRACT_DESCRIPTOR_COUNT)
		return false; /* the kernel gives no more than there is room for */
	memcpy(out, CMSG_DATA(control), count * sizeof(int));
	if (count == Q_EXTRACT_DESCRIPTOR_COUNT && !(message->msg_flags & MSG_CTRUNC))
		return true;
	close_all(out, count);
	return false;
}

enum q__receipt q__request_receive(int control_fd, struct q__incoming *out)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(DESCRIPTORS_BYTES)];
	} control;
	struct iovec part = {&out->request, sizeof out->request};
	/* CMSG_SPACE rounds up: with all of it the kernel would give one descriptor more. */
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_LEN(DESCRIPTORS_BYTES)};
	ssize_t got = recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC);

	if (got < 0 && errno == EINTR)
		return Q__RECEIPT_NOTHING;
	if (got < 0)
		return Q__RECEIPT_CLOSED;
	if (!take_descriptors(&message, out->descriptors))
		return got == 0 && message.msg_controllen == 0 ? Q__RECEIPT_CLOSED
							       : Q__RECEIPT_NOTHING;
	if (got == sizeof out->request && !(message.msg_flags & MSG_TRUNC) &&
	    out->request.version == Q_EXTRACT_VERSION)
		return Q__RECEIPT_REQUEST;
	q__request_close(out);
	return Q__RECEIPT_NOTHING;
}
