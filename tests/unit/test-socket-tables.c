// SPDX-License-Identifier: MIT
/* Facts about sockets in the kernel's tables, compared with what the sockets themselves report. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/process/socket_tables.h"

enum { UNBOUND = 0, LISTEN = 10, ESTABLISHED = 1, CLOSE_WAIT = 8 };

static struct snapshot_outside outside;

/* Looks up one socket. */
static void look_up(int fd)
{
	struct snapshot_outside *sorted[] = {&outside};
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	outside = (struct snapshot_outside){.fd = fd, .stat.inode = status.st_ino};
	socket_tables_look_up(sorted, 1, getpid());
}

static void expect_names(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t length = sizeof(name);

	assert_int_equal(getsockname(fd, (void *)&name, &length), 0);
	assert_int_equal(outside.local_length, length);
	assert_memory_equal(&outside.local, &name, length);
	memset(&name, 0, sizeof(name));
	length = sizeof(name);
	if (getpeername(fd, (void *)&name, &length) != 0) {
		assert_int_equal(outside.peer_length, 0);
		assert_false(outside.connected);
		return;
	}
	assert_int_equal(outside.peer_length, length);
	assert_memory_equal(&outside.peer, &name, length);
	assert_true(outside.connected);
}

static int bound(int domain, int type, const void *address, socklen_t length)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, address, length), 0);
	return fd;
}

/* A TCP connection: the listening socket, the connecting one and the accepted one. */
static void connect_three(int domain, int fds[3])
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t length = domain == AF_INET ? sizeof(in) : sizeof(in6);
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	fds[0] = bound(domain, SOCK_STREAM, domain == AF_INET ? (void *)&in : (void *)&in6, length);
	assert_int_equal(listen(fds[0], 5), 0);
	assert_int_equal(getsockname(fds[0], (void *)&name, &size), 0);
	fds[1] = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fds[1], (void *)&name, size), 0);
	fds[2] = accept4(fds[0], NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[2] >= 0);
}

static void close_three(const int fds[3])
{
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void wait_for(int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	assert_int_equal(poll(&ready, 1, 20 * 1000), 1);
}

static void tcp_sockets_have_their_state_and_addresses(void **state)
{
	static const int domains[] = {AF_INET, AF_INET6};
	int fds[3];

	(void)state;
	for (int i = 0; i < 2; i++) {
		connect_three(domains[i], fds);
		for (int j = 0; j < 3; j++) {
			look_up(fds[j]);
			assert_int_equal(outside.domain, domains[i]);
			assert_int_equal(outside.type, SOCK_STREAM);
			assert_int_equal(outside.protocol, IPPROTO_TCP);
			assert_int_equal(outside.state, j ? ESTABLISHED : LISTEN);
			assert_int_equal(outside.listens, j == 0);
			assert_int_equal(outside.unread, 0);
			expect_names(fds[j]);
		}
		assert_int_equal(write(fds[1], "12345", 5), 5);
		wait_for(fds[2], POLLIN);
		look_up(fds[2]);
		assert_int_equal(outside.unread, 5);
		/* A FIN does not count as a byte. */
		close(fds[1]);
		wait_for(fds[2], POLLRDHUP);
		look_up(fds[2]);
		assert_int_equal(outside.state, CLOSE_WAIT);
		assert_int_equal(outside.unread, 5);
		fds[1] = dup(fds[2]);
		close_three(fds);
	}
}

static void the_backlog_of_a_listening_socket_does_not_count_as_data(void **state)
{
	int fds[3], waiting;
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	(void)state;
	connect_three(AF_INET, fds);
	assert_int_equal(getsockname(fds[0], (void *)&name, &size), 0);
	waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(waiting, (void *)&name, size), 0);
	wait_for(fds[0], POLLIN);
	look_up(fds[0]);
	assert_true(outside.listens);
	assert_int_equal(outside.unread, 0);
	assert_int_equal(outside.unsent, 0);
	close(waiting);
	close_three(fds);
}

static void datagram_sockets_have_their_table(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = bound(AF_INET, SOCK_DGRAM, &address, sizeof(address)), unbound;

	(void)state;
	look_up(fd);
	assert_int_equal(outside.type, SOCK_DGRAM);
	assert_int_equal(outside.protocol, IPPROTO_UDP);
	assert_int_equal(outside.state, 0);
	expect_names(fd);
	close(fd);
	/* A socket that was never bound is in no table. */
	unbound = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	look_up(unbound);
	assert_int_equal(outside.domain, 0);
	close(unbound);
}

static int bind_abstract(const char *name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_true(size < sizeof(address.sun_path));
	memcpy(address.sun_path + 1, name, size);
	return bound(AF_UNIX, SOCK_STREAM, &address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size));
}

static void names_of_unix_sockets_are_complete(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "fdtrail test %d, two words", (int)getpid());
	fd = bind_abstract(name, strlen(name));
	assert_int_equal(listen(fd, 1), 0);
	look_up(fd);
	assert_int_equal(outside.domain, AF_UNIX);
	assert_int_equal(outside.type, SOCK_STREAM);
	assert_true(outside.listens);
	expect_names(fd);
	close(fd);
}

/* A newline in the name makes the table look as if another line began. */
static void a_line_that_a_name_fakes_is_not_believed(void **state)
{
	struct stat status;
	char name[108];
	int ends[2], faker;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	look_up(ends[0]);
	assert_int_equal(outside.type, SOCK_STREAM);
	assert_int_equal(fstat(ends[0], &status), 0);
	snprintf(name, sizeof(name),
		 "%d\n0000000000000000: 00000002 00000000 00010000 0002 01 %lu /fake",
		 (int)getpid(), (unsigned long)status.st_ino);
	faker = bind_abstract(name, strlen(name));
	look_up(ends[0]);
	assert_int_equal(outside.domain, AF_UNIX);
	assert_int_equal(outside.type, 0);
	assert_int_equal(outside.local_length, 0);
	close(faker);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "TCP sockets have their state and addresses",
		 .test_func = tcp_sockets_have_their_state_and_addresses},
		{.name = "the backlog of a listening socket does not count as data",
		 .test_func = the_backlog_of_a_listening_socket_does_not_count_as_data},
		{.name = "datagram sockets have their table",
		 .test_func = datagram_sockets_have_their_table},
		{.name = "names of unix sockets are complete",
		 .test_func = names_of_unix_sockets_are_complete},
		{.name = "a line that a name fakes is not believed",
		 .test_func = a_line_that_a_name_fakes_is_not_believed},
	};

	return cmocka_run_group_tests_name("socket-tables", tests, NULL, NULL);
}
