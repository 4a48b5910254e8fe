/* Sends the input to the helper's end of its control socket, as one packet with as many descriptors
 * as the first byte says: what is no request leaves nothing open. */
#include "extract/request.h"

#include "base/compiler.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 8 };

static void send_packet(int fd, const uint8_t *data, size_t size, size_t descriptor_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)data, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (descriptor_count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
		for (size_t i = 0; i < descriptor_count; i++)
			memcpy(CMSG_DATA(&control.align) + i * sizeof(int), &fd, sizeof fd);
	}
	q_assert(sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)size);
}

/* The lowest number that is free: it moves when a descriptor is left open. */
static int next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	q_assert(fd >= 0 && close(fd) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = next_descriptor();
	struct q__incoming incoming;
	int pair[2];

	if (size < 2 || size > 4096)
		return 0;
	q_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	send_packet(pair[0], data + 1, size - 1, data[0] % (DESCRIPTORS_MAX + 1));
	switch (q__request_receive(pair[1], &incoming)) {
	case Q__RECEIPT_REQUEST:
		q_assert(incoming.request.version == Q_EXTRACT_VERSION);
		q_assert(size - 1 == sizeof incoming.request);
		q__request_close(&incoming);
		break;
	case Q__RECEIPT_NOTHING:
		break;
	case Q__RECEIPT_CLOSED:
		q_assert(false);
	}
	close(pair[0]);
	close(pair[1]);
	q_assert(next_descriptor() == before);
	return 0;
}
