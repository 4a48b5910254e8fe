#include "extract/request.h"

#include "base/compiler.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { DESCRIPTORS_MAX = 8 };

struct sockets {
	int ours, helpers;
};

static const struct q_extract_request request = {.version = Q_EXTRACT_VERSION, .first_page = 7};

static int open_sockets(void **state)
{
	static struct sockets sockets;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	sockets = (struct sockets){pair[0], pair[1]};
	*state = &sockets;
	return 0;
}

static int close_sockets(void **state)
{
	const struct sockets *sockets = *state;

	if (sockets->ours >= 0)
		close(sockets->ours);
	close(sockets->helpers);
	return 0;
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void send_packet(const struct sockets *sockets, const void *bytes, size_t length,
			size_t descriptor_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (descriptor_count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
		for (size_t i = 0; i < descriptor_count; i++) /* any that is open */
			memcpy(CMSG_DATA(&control.align) + i * sizeof(int), &sockets->ours,
			       sizeof(int));
	}
	assert_int_equal(sendmsg(sockets->ours, &message, 0), length);
}

static void a_request_comes_with_its_descriptors(void **state)
{
	const struct sockets *sockets = *state;
	struct q__incoming incoming;
	int before = count_descriptors();

	send_packet(sockets, &request, sizeof request, Q_EXTRACT_DESCRIPTOR_COUNT);
	assert_int_equal(q__request_receive(sockets->helpers, &incoming), Q__RECEIPT_REQUEST);
	assert_int_equal(incoming.request.first_page, 7);
	assert_int_equal(count_descriptors(), before + Q_EXTRACT_DESCRIPTOR_COUNT);
	q__request_close(&incoming);
	assert_int_equal(count_descriptors(), before);
}

static void expect_dropped(const struct sockets *sockets, const void *bytes, size_t length,
			   size_t descriptor_count)
{
	struct q__incoming incoming;
	int before = count_descriptors();

	send_packet(sockets, bytes, length, descriptor_count);
	assert_int_equal(q__request_receive(sockets->helpers, &incoming), Q__RECEIPT_NOTHING);
	assert_int_equal(count_descriptors(), before);
}

static void a_packet_with_other_descriptors_is_dropped(void **state)
{
	for (size_t count = 0; count <= DESCRIPTORS_MAX; count++)
		if (count != Q_EXTRACT_DESCRIPTOR_COUNT)
			expect_dropped(*state, &request, sizeof request, count);
}

static void a_packet_of_another_length_is_dropped(void **state)
{
	char bytes[sizeof request + 1] = {0};

	memcpy(bytes, &request, sizeof request);
	expect_dropped(*state, bytes, 1, Q_EXTRACT_DESCRIPTOR_COUNT);
	expect_dropped(*state, bytes, sizeof request - 1, Q_EXTRACT_DESCRIPTOR_COUNT);
	expect_dropped(*state, bytes, sizeof request + 1, Q_EXTRACT_DESCRIPTOR_COUNT);
}

static void a_request_of_another_version_is_dropped(void **state)
{
	const struct q_extract_request other = {.version = Q_EXTRACT_VERSION + 1};

	expect_dropped(*state, &other, sizeof other, Q_EXTRACT_DESCRIPTOR_COUNT);
}

static void a_socket_that_is_closed_is_told(void **state)
{
	struct sockets *sockets = *state;
	struct q__incoming incoming;

	close(sockets->ours);
	sockets->ours = -1;
	assert_int_equal(q__request_receive(sockets->helpers, &incoming), Q__RECEIPT_CLOSED);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, open_sockets, close_sockets)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_request_comes_with_its_descriptors),
		CASE(a_packet_with_other_descriptors_is_dropped),
		CASE(a_packet_of_another_length_is_dropped),
		CASE(a_request_of_another_version_is_dropped),
		CASE(a_socket_that_is_closed_is_told),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
