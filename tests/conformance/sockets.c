// SPDX-License-Identifier: MIT
/* Cases of sockets: made, connected, accepted. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "case.h"

static struct sockaddr_in address;
static socklen_t length;

static int listener(int type)
{
	int fd = socket(AF_INET, SOCK_STREAM | type, 0);

	address = (struct sockaddr_in){.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	length = sizeof(address);
	bind(fd, (struct sockaddr *)&address, length);
	listen(fd, 4);
	getsockname(fd, (struct sockaddr *)&address, &length);
	return fd;
}

#define ADDRESS (struct sockaddr *)&address, length

static void makes_sockets(void)
{
	CALL(socket(AF_INET, SOCK_STREAM, 0));
	CALL(socket(AF_INET6, SOCK_DGRAM, 0));
	CALL(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	CALL(socket(AF_NETLINK, SOCK_RAW, 0));
	CALL(socket(AF_INET, SOCK_STREAM, 999));
	CALL(socket(AF_INET, 77, 0));
	CALL(socket(999, SOCK_STREAM, 0));
	CALL(socket(-1, SOCK_STREAM, 0));
	CALL(socket(AF_UNIX, SOCK_STREAM, 5));
	CALL(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
	CALL(syscall(SYS_socket, 999, SOCK_STREAM, 0));
}

static void makes_pairs(void)
{
	int pair[2] = {-7, -7};

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	say("%d %d", pair[0], pair[1]);
	CALL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	say("%d %d", fcntl(pair[0], F_GETFD), fcntl(pair[1], F_GETFD));
	pair[0] = pair[1] = -7;
	CALL(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	CALL(socketpair(AF_UNIX, 77, 0, pair));
	CALL(socketpair(999, SOCK_STREAM, 0, pair));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
	CALL(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL));
	say("%d %d", pair[0], pair[1]);
	say_open();
}

static void accepts(void)
{
	int server = listener(0), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in peer = {0}, own = {0};
	socklen_t size = sizeof(peer), own_size = sizeof(own);

	CALL(connect(client, ADDRESS));
	int accepted = (int)CALL(accept(server, (struct sockaddr *)&peer, &size));
	getsockname(client, (struct sockaddr *)&own, &own_size);
	say("%d %u %d", accepted, size, peer.sin_port == own.sin_port);
	CALL(connect(client, ADDRESS));
	CALL(accept(client, NULL, NULL));
	CALL(accept(999, NULL, NULL));
	CALL(accept(open("/dev/null", O_RDONLY), NULL, NULL));
}

static void accepts_with_flags(void)
{
	int server = listener(0), client = socket(AF_INET, SOCK_STREAM, 0);

	CALL(connect(client, ADDRESS));
	int accepted = (int)CALL(accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	say("%d %x", fcntl(accepted, F_GETFD), fcntl(accepted, F_GETFL));
	CALL(accept4(server, NULL, NULL, 1));
	CALL(accept4(999, NULL, NULL, 0));
	CALL(syscall(SYS_accept4, server, NULL, NULL, 1));
}

static void accepts_with_a_small_address(void)
{
	int server = listener(0), client = socket(AF_INET, SOCK_STREAM, 0);
	char room[4] = "";
	socklen_t size = 2, negative = (socklen_t)-1;

	CALL(connect(client, ADDRESS));
	CALL(accept(server, (struct sockaddr *)room, &size));
	say("%u %d", size, room[0]);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(client, ADDRESS));
	CALL(accept(server, (struct sockaddr *)room, &negative));
}

static void accepts_nothing_without_waiting(void)
{
	int server = listener(SOCK_NONBLOCK), idle = socket(AF_INET, SOCK_STREAM, 0);

	CALL(accept(server, NULL, NULL));
	CALL(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	CALL(syscall(SYS_accept, server, NULL, NULL));
	CALL(accept(idle, NULL, NULL));
	CALL(accept(socket(AF_INET, SOCK_DGRAM, 0), NULL, NULL));
}

static void connects_to_nobody(void)
{
	int server = listener(0), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "nobody"};
	struct sockaddr_un file = {.sun_family = AF_UNIX, .sun_path = "file"};

	close(server);
	CALL(connect(client, ADDRESS));
	CALL(connect(client, ADDRESS));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	CALL(connect(client, (struct sockaddr *)&nobody, sizeof(nobody)));
	close(open("file", O_RDWR | O_CREAT, 0600));
	CALL(connect(client, (struct sockaddr *)&file, sizeof(file)));
	CALL(connect(999, ADDRESS));
	CALL(connect(0, ADDRESS));
}

static void connects_without_waiting(void)
{
	int server = listener(0), client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	long first = connect(client, ADDRESS);
	int error = first < 0 ? errno : 0;

	say("%d", error == 0 || error == EINPROGRESS);
	CALL(accept(server, NULL, NULL));
	CALL(syscall(SYS_connect, client, &address, length));
}

static void connects_with_bad_addresses(void)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_storage storage = {.ss_family = AF_INET};

	listener(0);
	CALL(connect(client, (struct sockaddr *)&storage, 3));
	CALL(connect(client, (struct sockaddr *)&storage, 0));
	CALL(connect(client, (struct sockaddr *)&storage, 1000));
	CALL(connect(client, (struct sockaddr *)&storage, (socklen_t)-1));
	CALL(connect(other, ADDRESS));
	storage.ss_family = 99;
	CALL(connect(client, (struct sockaddr *)&storage, sizeof(storage)));
	storage.ss_family = AF_UNSPEC;
	CALL(connect(client, (struct sockaddr *)&storage, sizeof(storage)));
}

static void connects_datagrams(void)
{
	int one = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	close(listener(0));
	CALL(connect(one, ADDRESS));
	CALL(connect(one, &nobody, sizeof(nobody)));
	CALL(send(one, "x", 1, 0));
}

static void connects_by_names_of_unix_sockets(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX},
			   path = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 20;

	unlink("socket");
	memcpy(name.sun_path, "\0fdtrail-conformance\n", 20);
	CALL(bind(server, (struct sockaddr *)&name, size));
	CALL(listen(server, 1));
	CALL(connect(client, (struct sockaddr *)&name, size));
	CALL(accept(server, NULL, NULL));
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	CALL(bind(server, (struct sockaddr *)&path, sizeof(path)));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&path, sizeof(path)));
	CALL(listen(server, 1));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&path, sizeof(path)));
	CALL(connect(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&path, sizeof(path)));
}

static void reserves_ports(void)
{
	int port = 1023;

	/* errno is not printed, because it depends on ports that other programs use. */
	say("rresvport = %d", rresvport(&port));
	port = 80;
	say("rresvport_af = %d", rresvport_af(&port, AF_INET6));
	port = 1000;
	CALL(rresvport_af(&port, AF_UNIX));
	port = 70000;
	say("rresvport = %d", rresvport(&port));
}

CASES(sockets) = {
	CASE(makes_sockets),
	CASE(makes_pairs),
	CASE(accepts),
	CASE(accepts_with_flags),
	CASE(accepts_with_a_small_address),
	CASE(accepts_nothing_without_waiting),
	CASE(connects_to_nobody),
	CASE(connects_without_waiting),
	CASE(connects_with_bad_addresses),
	CASE(connects_datagrams),
	CASE(connects_by_names_of_unix_sockets),
	CASE(reserves_ports),
	CASE_WITHOUT(makes_sockets, "0"),
	CASE_WITHOUT(makes_pairs, "12"),
	CASE_WITHOUT(accepts, "012"),
	END_OF_CASES,
};
