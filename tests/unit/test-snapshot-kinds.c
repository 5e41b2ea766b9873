// SPDX-License-Identifier: MIT
/*
 * A descriptor's line has all that the kernel knows: every kind, every TCP state that the loopback
 * can be brought into, and the data that waits in a socket or a pipe.
 */
#include "preload/core/base/syscall_numbers.h"
#include "../snapshot_fixture.h"
#include "../skip.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct fixture *fixture;
static uint32_t stack;
static char line[16384];

static int begin(void **state)
{
	fixture = fixture_create();
	stack = fixture_stack(fixture, (void *)begin, NULL);
	return 0;
}

static int end(void **state)
{
	fixture_destroy(fixture);
	return 0;
}

/* Records fd in the ledger; the fixture closes it when the test ends. */
static int known(int fd, enum fd_kind kind)
{
	if (fd < 0)
		fail_msg("could not be opened: %s", strerror(errno));
	fixture_opened(fixture, fd, stack, kind);
	fixture_keep(fixture, fd);
	return fd;
}

/* Takes a snapshot and returns the line of fd, from its kind to before its age. */
static const char *line_taken(int fd)
{
	snprintf(line, sizeof(line), "%s", line_of(fixture_take(fixture), fd));
	char *age = strstr(line, ", age ");
	if (!age)
		fail_msg("no line of %d in:\n%s", fd, fixture->text);
	*age = '\0';
	return line;
}

/* Compares the line of fd with a pattern in which %a stands for the address of socket a, and %b
 * for that of b. */
static void assert_line(int fd, const char *format, ...)
{
	char expected[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(expected, sizeof(expected), format, list);
	va_end(list);
	assert_string_equal(line_taken(fd), expected);
}

/* Removes ", idle 0.0s", which depends on the machine. */
static void assert_said_but_idle(int fd, const char *format, ...)
{
	char expected[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(expected, sizeof(expected), format, list);
	va_end(list);
	line_taken(fd);
	char *idle = strstr(line, ", idle ");
	assert_non_null(idle);
	char *after = idle + 2 + strcspn(idle + 2, ",");
	memmove(idle, after, strlen(after) + 1);
	assert_string_equal(line, expected);
}

static char *name_of(int fd, bool peer)
{
	static char names[4][64];
	static int next;
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	char *name = names[next++ % 4];

	assert_int_equal((peer ? getpeername : getsockname)(fd, (void *)&address, &length), 0);
	snprintf(name, sizeof(names[0]), "%s:%d", inet_ntoa(address.sin_addr),
		 ntohs(address.sin_port));
	return name;
}

static int listening(int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = known(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), FD_SOCKET);

	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int connecting(int listener)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int fd = known(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), FD_SOCKET);

	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	if (connect(fd, (void *)&address, length) != 0)
		assert_int_equal(errno, EINPROGRESS);
	ledger_set_connection(&fixture->ledger, fd,
			      connection_table_intern(&fixture->ledger.connections, stack,
						      (void *)&address, length));
	return fd;
}

/* A connection over the loopback: ends[0] connected, ends[1] accepted. */
static void connected(int ends[2])
{
	int listener = listening(5);

	ends[0] = connecting(listener);
	ends[1] = known(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), FD_SOCKET);
}

static void wait_for_state(int fd, int state)
{
	for (int tries = 0; tries < 500; tries++, usleep(10000)) {
		struct tcp_info info;
		socklen_t length = sizeof(info);

		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
		if (info.tcpi_state == state)
			return;
	}
	fail_msg("socket %d did not come into state %d", fd, state);
}

/* Sends until nothing more fits, so that the next data stays queued. */
static void fill(int fd)
{
	static const char block[65536];

	for (int idle = 0; idle < 5;) {
		if (send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			idle = 0;
		else
			idle++, usleep(5000);
	}
}

static void an_unbound_tcp_socket_says_so(void **state)
{
	assert_line(known(socket(AF_INET, SOCK_STREAM, 0), FD_SOCKET), "tcp unbound, CLOSED");
	assert_line(known(socket(AF_INET6, SOCK_STREAM, 0), FD_SOCKET), "tcp unbound, CLOSED");
}

static void a_listening_socket_says_how_full_its_backlog_is(void **state)
{
	int listener = listening(7);

	assert_line(listener, "tcp %s, LISTEN, backlog 0 of 7", name_of(listener, false));
	wait_for_state(connecting(listener), TCP_ESTABLISHED);
	assert_line(listener, "tcp %s, LISTEN, backlog 1 of 7", name_of(listener, false));
}

static void an_established_connection_has_both_addresses(void **state)
{
	int ends[2];

	connected(ends);
	for (int i = 0; i < 2; i++)
		assert_said_but_idle(ends[i], "tcp %s -> %s, ESTABLISHED", name_of(ends[i], false),
				     name_of(ends[i], true));
}

static void unread_bytes_are_counted(void **state)
{
	int ends[2];

	connected(ends);
	assert_int_equal(send(ends[0], "12345", 5, 0), 5);
	poll(&(struct pollfd){.fd = ends[1], .events = POLLIN}, 1, 1000);
	assert_said_but_idle(ends[1], "tcp %s -> %s, ESTABLISHED, unread 5 B",
			     name_of(ends[1], false), name_of(ends[1], true));
}

static void unsent_bytes_are_counted(void **state)
{
	int ends[2];

	connected(ends);
	fill(ends[0]);
	assert_non_null(strstr(line_taken(ends[0]), ", unsent "));
}

static void idle_time_is_that_of_the_last_data(void **state)
{
	int ends[2];

	connected(ends);
	usleep(300 * 1000);
	const char *idle = strstr(line_taken(ends[0]), ", idle ");
	assert_non_null(idle);
	double before = strtod(idle + strlen(", idle "), NULL);
	assert_true(before > 0.15);
	assert_int_equal(send(ends[0], "x", 1, 0), 1);
	idle = strstr(line_taken(ends[0]), ", idle ");
	assert_non_null(idle);
	assert_true(strtod(idle + strlen(", idle "), NULL) < before);
}

static void a_connection_that_the_peer_has_closed_is_in_close_wait(void **state)
{
	int ends[2];

	connected(ends);
	shutdown(ends[1], SHUT_WR);
	wait_for_state(ends[0], TCP_CLOSE_WAIT);
	wait_for_state(ends[1], TCP_FIN_WAIT2);
	assert_said_but_idle(ends[0], "tcp %s -> %s, CLOSE_WAIT", name_of(ends[0], false),
			     name_of(ends[0], true));
	assert_said_but_idle(ends[1], "tcp %s -> %s, FIN_WAIT2", name_of(ends[1], false),
			     name_of(ends[1], true));
}

static void a_fin_that_waits_behind_data_is_fin_wait1_and_no_byte_itself(void **state)
{
	int ends[2], queued;

	connected(ends);
	fill(ends[0]);
	assert_int_equal(ioctl(ends[0], 0x5411 /* SIOCOUTQ */, &queued), 0);
	shutdown(ends[0], SHUT_WR);
	wait_for_state(ends[0], TCP_FIN_WAIT1);
	assert_said_but_idle(ends[0], "tcp %s -> %s, FIN_WAIT1, unsent %d B",
			     name_of(ends[0], false), name_of(ends[0], true), queued);
	/* The peer closes, too, while our FIN still waits. */
	shutdown(ends[1], SHUT_WR);
	wait_for_state(ends[0], TCP_CLOSING);
	assert_non_null(strstr(line_taken(ends[0]), ", CLOSING,"));
}

static void a_fin_after_the_peers_is_last_ack(void **state)
{
	int ends[2];

	connected(ends);
	fill(ends[0]);
	shutdown(ends[1], SHUT_WR);
	wait_for_state(ends[0], TCP_CLOSE_WAIT);
	shutdown(ends[0], SHUT_WR);
	wait_for_state(ends[0], TCP_LAST_ACK);
	assert_non_null(strstr(line_taken(ends[0]), ", LAST_ACK,"));
}

static void a_socket_that_is_still_connecting_says_to_where(void **state)
{
	int listener = listening(0), last = -1;
	const char *address = name_of(listener, false);

	for (int i = 0; i < 8; i++) /* the backlog accepts one or two connections, and no more
                                     * SYNs after that */
		last = connecting(listener);
	wait_for_state(last, TCP_SYN_SENT);
	assert_line(last, "tcp %s, SYN_SENT, connecting to %s", name_of(last, false), address);
}

static void a_refused_connection_says_where_it_was_going(void **state)
{
	int listener = listening(1);
	char address[64];
	struct sockaddr_in name;
	socklen_t length = sizeof(name);

	snprintf(address, sizeof(address), "%s", name_of(listener, false));
	assert_int_equal(getsockname(listener, (void *)&name, &length), 0);
	ledger_forget(&fixture->ledger, listener);
	close(listener);
	fixture->kept_count--;

	int fd = known(socket(AF_INET, SOCK_STREAM, 0), FD_SOCKET);
	assert_int_equal(connect(fd, (void *)&name, length), -1);
	ledger_set_connection(&fixture->ledger, fd,
			      connection_table_intern(&fixture->ledger.connections, stack,
						      (void *)&name, length));
	line_taken(fd);
	assert_non_null(strstr(line, ", CLOSED, not connected to "));
	assert_string_equal(strstr(line, "to ") + 3, address);
}

static void a_connection_that_was_reset_says_who_the_peer_was(void **state)
{
	int ends[2];
	struct linger at_once = {.l_onoff = 1};
	char peer[64];

	connected(ends);
	snprintf(peer, sizeof(peer), "%s", name_of(ends[0], true));
	setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	ledger_forget(&fixture->ledger, ends[1]);
	close(ends[1]);
	fixture->kept_count--;
	wait_for_state(ends[0], TCP_CLOSE);
	line_taken(ends[0]);
	assert_non_null(strstr(line, ", CLOSED, was connected to "));
	assert_begins(strstr(line, "connected to ") + strlen("connected to "), peer);
}

static void a_snapshot_does_not_clear_a_socket_error(void **state)
{
	int ends[2], error = 0;
	struct linger at_once = {.l_onoff = 1};
	socklen_t length = sizeof(error);

	connected(ends);
	setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	ledger_forget(&fixture->ledger, ends[1]);
	close(ends[1]);
	fixture->kept_count--;
	wait_for_state(ends[0], TCP_CLOSE);
	line_taken(ends[0]);
	assert_int_equal(getsockopt(ends[0], SOL_SOCKET, SO_ERROR, &error, &length), 0);
	assert_int_equal(error, ECONNRESET);
}

static void ipv6_sockets_write_their_addresses_in_brackets(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = known(socket(AF_INET6, SOCK_STREAM, 0), FD_SOCKET);
	socklen_t length = sizeof(address);

	if (bind(fd, (void *)&address, sizeof(address)) != 0)
		SKIP("this machine has no IPv6");
	assert_int_equal(listen(fd, 3), 0);
	assert_int_equal(getsockname(fd, (void *)&address, &length), 0);
	assert_line(fd, "tcp [::1]:%d, LISTEN, backlog 0 of 3", ntohs(address.sin6_port));
}

static void udp_sockets_have_addresses_and_the_next_datagram(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int receiver = known(socket(AF_INET, SOCK_DGRAM, 0), FD_SOCKET);
	int sender = known(socket(AF_INET, SOCK_DGRAM, 0), FD_SOCKET);
	socklen_t length = sizeof(address);

	assert_line(receiver, "udp unbound");
	assert_int_equal(bind(receiver, (void *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(receiver, (void *)&address, &length), 0);
	assert_int_equal(connect(sender, (void *)&address, length), 0);
	assert_line(sender, "udp %s -> %s", name_of(sender, false), name_of(sender, true));
	assert_int_equal(send(sender, "123456789", 9, 0), 9);
	assert_line(receiver, "udp %s, next datagram 9 B", name_of(receiver, false));
}

static void unix_sockets_have_addresses_and_a_peer(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length;
	char name[64];

	snprintf(name, sizeof(name), "fdtrail test %d\n", getpid());
	memcpy(address.sun_path + 1, name, strlen(name));
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	snprintf(name, sizeof(name), "@\"fdtrail test %d\\n\"", getpid());

	int listener = known(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);
	int client = known(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);
	assert_line(client, "unix stream unnamed, not connected");
	assert_int_equal(bind(listener, (void *)&address, length), 0);
	assert_int_equal(listen(listener, 3), 0);
	assert_line(listener, "unix stream %s, LISTEN", name);
	assert_int_equal(connect(client, (void *)&address, length), 0);
	assert_line(client, "unix stream unnamed -> %s", name);
	int accepted = known(accept(listener, NULL, NULL), FD_SOCKET);
	assert_int_equal(send(client, "1234", 4, 0), 4);
	assert_line(accepted, "unix stream %s -> unnamed, unread 4 B", name);
}

static void a_unix_peer_that_has_closed_has_hung_up(void **state)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	assert_line(known(pair[0], FD_SOCKET), "unix stream unnamed -> unnamed, hung up");
}

static void a_unix_peer_is_named_only_when_it_is_another_process(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(sa_family_t); /* unix(7), autobind */
	int pair[2], listener = known(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_line(known(pair[0], FD_SOCKET), "unix stream unnamed -> unnamed");
	close(pair[1]);
	assert_int_equal(bind(listener, (void *)&address, length), 0);
	assert_int_equal(listen(listener, 3), 0);
	length = sizeof(address);
	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	pid_t child = fork();
	if (child == 0) {
		if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, length) != 0)
			_exit(1);
		pause();
	}
	int accepted = known(accept(listener, NULL, NULL), FD_SOCKET);
	char peer[32];
	snprintf(peer, sizeof(peer), ", peer pid %d", child);
	assert_non_null(strstr(line_taken(accepted), peer));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void a_unix_path_can_hold_any_byte(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "/tmp/fdtrail \x1b[31m\n\xff.sock"};
	int fd = known(socket(AF_UNIX, SOCK_DGRAM, 0), FD_SOCKET);

	unlink(address.sun_path);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	unlink(address.sun_path);
	assert_line(fd, "unix dgram \"/tmp/fdtrail \\x1b[31m\\n\\xff.sock\"");
}

static void netlink_and_other_sockets_say_what_they_are(void **state)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = (uint32_t)getpid()};
	int fd = known(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), FD_SOCKET);

	assert_line(fd, "netlink route unbound");
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	assert_line(fd, "netlink route port %d", getpid());

	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (raw >= 0)
		assert_line(known(raw, FD_SOCKET), "socket inet raw protocol 1 0.0.0.0:1");
	int alg = socket(AF_ALG, SOCK_SEQPACKET, 0);
	if (alg >= 0)
		assert_line(known(alg, FD_SOCKET), "socket alg seqpacket protocol 0");
}

static void a_file_has_a_path_a_position_and_a_size(void **state)
{
	char path[] = "/tmp/fdtrail-XXXXXX";
	int fd = known(mkstemp(path), FD_FILE);

	assert_int_equal(write(fd, "1234567", 7), 7);
	lseek(fd, 3, SEEK_SET);
	assert_line(fd, "file %s, read-write, position 3, size 7", path);
	unlink(path);
	assert_line(fd, "file %s, deleted, read-write, position 3, size 7", path);
	assert_line(known(open("/etc/passwd", O_RDONLY | O_PATH), FD_FILE),
		    "file /etc/passwd, path only, size %d", (int)({
			    struct stat s;
			    stat("/etc/passwd", &s);
			    s.st_size;
		    }));
}

static void a_name_that_ends_in_deleted_does_not_mean_a_deleted_file(void **state)
{
	static const char path[] = "/tmp/fdtrail (deleted)";
	int fd = known(open(path, O_WRONLY | O_CREAT, 0600), FD_FILE);

	assert_line(fd, "file \"/tmp/fdtrail (deleted)\", write, position 0, size 0");
	unlink(path);
	assert_line(fd, "file \"/tmp/fdtrail (deleted)\", deleted, write, position 0, size 0");
}

static void a_hostile_file_name_is_escaped(void **state)
{
	static const char path[] = "/tmp/fdtrail\n    7 tcp x\x1b]0;owned\x07\x9b\\\"";
	int fd = known(open(path, O_WRONLY | O_CREAT, 0600), FD_FILE);

	unlink(path);
	assert_line(fd,
		    "file \"/tmp/fdtrail\\n    7 tcp x\\x1b]0;owned\\x07\\x9b\\\\\\\"\", deleted, "
		    "write, position 0, size 0");
	assert_string_equal(line_of(fixture->text, 7), "");
}

/* Makes folders below folder, or removes them, until their path has size bytes. Returns the last.
 */
static int descend(int folder, size_t length, size_t size, bool remove)
{
	char name[251];
	int inner, last;

	if (length + sizeof(name) > size)
		return dup(folder);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	mkdirat(folder, name, 0700);
	inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(inner >= 0);
	last = descend(inner, length + sizeof(name), size, remove);
	close(inner);
	if (remove)
		unlinkat(folder, name, AT_REMOVEDIR);
	return last;
}

static void a_path_is_never_cut(void **state)
{
	enum { MOST = 4080 };
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int last = known(descend(tmp, strlen("/tmp"), MOST, false), FD_FILE);

	line_taken(last);
	close(descend(tmp, strlen("/tmp"), MOST, true));
	close(tmp);
	assert_begins(line, "directory /tmp/nnn");
	assert_true(strlen(line) > MOST - 250);
	assert_int_equal(times_in(line, "/"), 1 + (MOST - 4) / 251);
}

static void folders_devices_and_terminals_are_told_apart(void **state)
{
	int master = known(posix_openpt(O_RDWR | O_NOCTTY), FD_PTY);

	assert_line(known(open("/tmp", O_RDONLY | O_DIRECTORY), FD_FILE), "directory /tmp");
	assert_line(known(open("/dev/null", O_RDWR), FD_FILE),
		    "device /dev/null, read-write, char 1:3");
	unlockpt(master);
	assert_line(known(open(ptsname(master), O_RDWR | O_NOCTTY), FD_FILE),
		    "terminal %s, read-write", ptsname(master));
	assert_non_null(strstr(line_taken(master), ", master of /dev/pts/"));
}

static void a_pipe_says_which_end_what_is_in_it_and_who_is_left(void **state)
{
	int ends[2];
	struct stat status;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	known(ends[0], FD_PIPE);
	assert_int_equal(write(ends[1], "123", 3), 3);
	fstat(ends[0], &status);
	assert_line(ends[0], "pipe pipe:[%lu], read end, unread 3 B", (unsigned long)status.st_ino);
	close(ends[1]);
	assert_line(ends[0], "pipe pipe:[%lu], read end, unread 3 B, no writer left",
		    (unsigned long)status.st_ino);

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fstat(ends[0], &status);
	close(ends[0]);
	assert_line(known(ends[1], FD_PIPE), "pipe pipe:[%lu], write end, no reader left",
		    (unsigned long)status.st_ino);
}

static void epoll_and_inotify_say_how_much_they_watch(void **state)
{
	int epoll = known(epoll_create1(EPOLL_CLOEXEC), FD_EPOLL);
	int inotify = known(inotify_init1(IN_CLOEXEC), FD_INOTIFY);

	assert_line(epoll, "epoll, watches 0");
	for (int i = 0; i < 3; i++) {
		int fd = known(eventfd(0, EFD_CLOEXEC), FD_EVENTFD);
		assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){0}), 0);
	}
	assert_line(epoll, "epoll, watches 3");
	assert_true(inotify_add_watch(inotify, "/tmp", IN_CREATE) > 0);
	assert_true(inotify_add_watch(inotify, "/", IN_CREATE) > 0);
	assert_line(inotify, "inotify, watches 2");
}

static void counters_timers_and_signals_say_what_they_hold(void **state)
{
	struct itimerspec soon = {.it_value.tv_sec = 100};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	assert_line(known(eventfd(18, EFD_CLOEXEC), FD_EVENTFD), "eventfd, count 18");
	assert_line(known(signalfd(-1, &mask, SFD_CLOEXEC), FD_SIGNALFD),
		    "signalfd, signals 10 15");
	int timer = known(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), FD_TIMERFD);
	assert_line(timer, "timerfd, clock 1, disarmed");
	assert_int_equal(timerfd_settime(timer, 0, &soon, NULL), 0);
	assert_begins(line_taken(timer), "timerfd, clock 1, expires in 1m");
}

static void memory_files_have_their_names(void **state)
{
	int shm = shm_open("/fdtrail test", O_RDWR | O_CREAT, 0600);

	assert_line(known(memfd_create("my memory", MFD_CLOEXEC), FD_MEMFD),
		    "memfd \"my memory\", read-write, position 0, size 0");
	assert_line(known(shm, FD_SHM),
		    "shm \"/dev/shm/fdtrail test\", read-write, position 0, size 0");
	shm_unlink("/fdtrail test");
}

static void a_message_queue_is_known_by_what_opened_it(void **state)
{
	int queue = (int)syscall(SYS_mq_open, "fdtrail", O_RDWR | O_CREAT | O_CLOEXEC, 0600, NULL);

	syscall(SYS_mq_unlink, "fdtrail");
	if (queue < 0)
		SKIP("the kernel has no message queues");
	assert_line(known(queue, FD_MQUEUE), "mqueue /fdtrail, deleted");
}

static void a_process_descriptor_says_which_process(void **state)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	assert_line(known(fd, FD_PIDFD), "pidfd, process %d", getpid());
}

static void a_namespace_has_the_kernels_name(void **state)
{
	int fd = known(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), FD_FILE);

	assert_begins(line_taken(fd), "namespace uts:[");
}

static void a_descriptor_of_no_known_kind_has_the_kernels_name(void **state)
{
	uint64_t handled = 1; /* LANDLOCK_ACCESS_FS_EXECUTE */
	int fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (fd < 0)
		SKIP("the kernel has no Landlock");
	assert_begins(line_taken(known(fd, FD_LANDLOCK)), "other anon_inode:");
}

static void facts_from_the_ledger_are_in_the_line_too(void **state)
{
	char expected[256], comm[64];
	int copy = dup(0), received = dup(0), stream = dup(0);

	assert_true(copy >= 0 && received >= 0 && stream >= 0);
	ledger_opened(&fixture->ledger, copy,
		      &(struct ledger_entry){.stack = stack,
					     .origin = FD_DUPLICATED,
					     .dup_of = 0,
					     .thread = (uint32_t)getpid()});
	ledger_opened(&fixture->ledger, received,
		      &(struct ledger_entry){.stack = stack,
					     .origin = FD_RECEIVED,
					     .dup_of = LEDGER_NO_FD,
					     .thread = 4194303});
	ledger_opened(&fixture->ledger, stream,
		      &(struct ledger_entry){
			      .stack = stack, .owner = FD_OWNER_FILE, .dup_of = LEDGER_NO_FD});
	fixture_take(fixture);
	FILE *file = fopen("/proc/self/comm", "r");
	assert_non_null(fgets(comm, sizeof(comm), file));
	fclose(file);
	comm[strcspn(comm, "\n")] = '\0';
	/* Between these two the state of the original stands, if it is known. */
	snprintf(expected, sizeof(expected), ", thread %d (%s), no close-on-exec", getpid(), comm);
	assert_says(line_of(fixture->text, copy), ", dup of 0");
	assert_says(line_of(fixture->text, copy), expected);
	assert_says(line_of(fixture->text, received),
		    ", received over a socket, thread 4194303 ended, no close-on-exec");
	assert_says(line_of(fixture->text, stream),
		    ", a FILE stream: fclose() closes it, no close");
	close(copy);
	close(received);
	close(stream);
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("an unbound TCP socket says so", an_unbound_tcp_socket_says_so),
		PROMISE("a listening socket says how full its backlog is",
			a_listening_socket_says_how_full_its_backlog_is),
		PROMISE("an established connection has both addresses",
			an_established_connection_has_both_addresses),
		PROMISE("unread bytes are counted", unread_bytes_are_counted),
		PROMISE("unsent bytes are counted", unsent_bytes_are_counted),
		PROMISE("idle time is that of the last data", idle_time_is_that_of_the_last_data),
		PROMISE("a connection that the peer has closed is in CLOSE_WAIT",
			a_connection_that_the_peer_has_closed_is_in_close_wait),
		PROMISE("a FIN that waits behind data is FIN_WAIT1 and no byte itself",
			a_fin_that_waits_behind_data_is_fin_wait1_and_no_byte_itself),
		PROMISE("a FIN after the peer's is LAST_ACK", a_fin_after_the_peers_is_last_ack),
		PROMISE("a socket that is still connecting says to where",
			a_socket_that_is_still_connecting_says_to_where),
		PROMISE("a refused connection says where it was going",
			a_refused_connection_says_where_it_was_going),
		PROMISE("a connection that was reset says who the peer was",
			a_connection_that_was_reset_says_who_the_peer_was),
		PROMISE("a snapshot does not clear a socket error",
			a_snapshot_does_not_clear_a_socket_error),
		PROMISE("IPv6 sockets write their addresses in brackets",
			ipv6_sockets_write_their_addresses_in_brackets),
		PROMISE("UDP sockets have addresses and the next datagram",
			udp_sockets_have_addresses_and_the_next_datagram),
		PROMISE("unix sockets have addresses and a peer",
			unix_sockets_have_addresses_and_a_peer),
		PROMISE("a unix peer that has closed has hung up",
			a_unix_peer_that_has_closed_has_hung_up),
		PROMISE("a unix peer is named only when it is another process",
			a_unix_peer_is_named_only_when_it_is_another_process),
		PROMISE("a unix path can hold any byte", a_unix_path_can_hold_any_byte),
		PROMISE("netlink and other sockets say what they are",
			netlink_and_other_sockets_say_what_they_are),
		PROMISE("a file has a path, a position and a size",
			a_file_has_a_path_a_position_and_a_size),
		PROMISE("a name that ends in (deleted) does not mean a deleted file",
			a_name_that_ends_in_deleted_does_not_mean_a_deleted_file),
		PROMISE("a hostile file name is escaped", a_hostile_file_name_is_escaped),
		PROMISE("a path is never cut", a_path_is_never_cut),
		PROMISE("folders, devices and terminals are told apart",
			folders_devices_and_terminals_are_told_apart),
		PROMISE("a pipe says which end, what is in it and who is left",
			a_pipe_says_which_end_what_is_in_it_and_who_is_left),
		PROMISE("epoll and inotify say how much they watch",
			epoll_and_inotify_say_how_much_they_watch),
		PROMISE("counters, timers and signals say what they hold",
			counters_timers_and_signals_say_what_they_hold),
		PROMISE("memory files have their names", memory_files_have_their_names),
		PROMISE("a message queue is known by what opened it",
			a_message_queue_is_known_by_what_opened_it),
		PROMISE("a process descriptor says which process",
			a_process_descriptor_says_which_process),
		PROMISE("a namespace has the kernel's name", a_namespace_has_the_kernels_name),
		PROMISE("a descriptor of no known kind has the kernel's name",
			a_descriptor_of_no_known_kind_has_the_kernels_name),
		PROMISE("facts from the ledger are in the line, too",
			facts_from_the_ledger_are_in_the_line_too),
	};

	return cmocka_run_group_tests_name("snapshot kinds", tests, NULL, NULL);
}
