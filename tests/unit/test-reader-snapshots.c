// SPDX-License-Identifier: MIT
/*
 * Texts by the tracer's own writer, of descriptors that are really open. The reader must give them
 * back byte for byte, and the names in the model must be those that were opened, whatever bytes
 * they have.
 */
#include "../snapshot_fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "tools/reader/reader.h"
#include "../model_write.h"

/* Reads the snapshot in text; *again is the text written from it. */
static struct model_snapshot *read_back(const char *text, char **again)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r"), *to;
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);
	size_t length;

	assert_non_null(snapshot);
	assert_null(reader_next(reader));
	to = open_memstream(again, &length);
	model_write(snapshot, to);
	fclose(to);
	reader_destroy(reader);
	fclose(in);
	return snapshot;
}

static const struct model_descriptor *descriptor_of(const struct model_snapshot *snapshot, int fd)
{
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].descriptor_count; j++)
			if (snapshot->groups[i].descriptors[j].fd == fd)
				return &snapshot->groups[i].descriptors[j];
	fail_msg("descriptor %d is not in the snapshot", fd);
	return NULL;
}

static void some_function(void)
{
}

static void another_function(void)
{
}

static uint32_t random_state = 4711;

/* xorshift, G. Marsaglia 2003: the same numbers in every run. */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

/* Bytes that a file's name may have; those with a meaning in the text come more often. */
static void random_name(char *name, size_t length)
{
	static const char special[] = " ,;()\"\\\n\r\t->x1@\x7f\xc2\xa0\xe2\x80\xae";

	for (size_t i = 0; i < length; i++) {
		do
			name[i] = random_below(2) ? special[random_below(sizeof(special) - 1)]
						  : (char)(1 + random_below(255));
		while (name[i] == '/');
	}
	name[length] = '\0';
}

enum { NAMES = 200, NAME_LENGTH = 40 };

static void names_of_any_bytes_come_back(void **state)
{
	struct fixture *fixture = fixture_create();
	char folder[] = "/tmp/fdtrail-reader-XXXXXX", paths[NAMES][128], memfds[NAMES][128], *again;
	uint32_t stack = fixture_stack(fixture, some_function, another_function, NULL);
	int files[NAMES], memories[NAMES];
	struct model_snapshot *snapshot;

	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < NAMES; i++) {
		char name[NAME_LENGTH + 1];

		random_name(name, 1 + random_below(NAME_LENGTH));
		snprintf(paths[i], sizeof(paths[i]), "%s/%d%s", folder, i, name);
		files[i] = open(paths[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		fixture_opened(fixture, files[i], stack, FD_FILE);
		random_name(memfds[i], random_below(NAME_LENGTH));
		memories[i] = memfd_create(memfds[i], MFD_CLOEXEC);
		fixture_opened(fixture, memories[i], stack, FD_MEMFD);
	}
	snapshot = read_back(fixture_take(fixture), &again);
	assert_string_equal(again, fixture->text);
	assert_int_equal(snapshot->unknown_lines, 0);
	for (int i = 0; i < NAMES; i++) {
		assert_string_equal(descriptor_of(snapshot, files[i])->what, paths[i]);
		assert_string_equal(descriptor_of(snapshot, memories[i])->what, memfds[i]);
		unlink(paths[i]);
		close(files[i]);
		close(memories[i]);
	}
	rmdir(folder);
	free(again);
	model_destroy(snapshot);
	fixture_destroy(fixture);
}

/* A TCP connection whose peer has closed. */
static int close_wait_socket(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	assert_int_equal(bind(listener, (void *)&address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	assert_int_equal(connect(fd, (void *)&address, length), 0);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	assert_int_equal(send(peer, "unread", 6, 0), 6);
	close(peer);
	close(listener);
	return fd;
}

static int abstract_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* A zero byte inside the name. The model ends the name there. */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "fdtrail, %d", getpid());
	memcpy(address.sun_path + 40, " x", 3);
	assert_int_equal(bind(fd, (void *)&address, sizeof(sa_family_t) + 42), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void every_kind_comes_back(void **state)
{
	struct fixture *fixture = fixture_create();
	uint32_t one = fixture_stack(fixture, some_function, NULL);
	uint32_t two = fixture_stack(fixture, another_function, NULL);
	sigset_t signals;
	int pipes[2], pair[2], closing = close_wait_socket(), listening = abstract_socket();
	struct model_snapshot *snapshot;
	const struct model_descriptor *found;
	char *again, local[64];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);

	const struct {
		int fd;
		enum kind kind;
	} opened[] = {
		{closing, KIND_TCP},
		{listening, KIND_UNIX},
		{pair[0], KIND_UNIX},
		{pair[1], KIND_UNIX},
		{pipes[0], KIND_PIPE},
		{pipes[1], KIND_PIPE},
		{socket(AF_INET6, SOCK_DGRAM, 0), KIND_UDP},
		{socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), KIND_NETLINK},
		{socket(AF_INET, SOCK_STREAM, 0), KIND_TCP},
		{open("/", O_RDONLY | O_DIRECTORY), KIND_DIRECTORY},
		{open("/dev/null", O_WRONLY), KIND_DEVICE},
		{open("/dev/ptmx", O_RDWR | O_NOCTTY), KIND_TERMINAL},
		{epoll_create1(0), KIND_EPOLL},
		{eventfd(7, 0), KIND_EVENTFD},
		{timerfd_create(CLOCK_MONOTONIC, 0), KIND_TIMERFD},
		{signalfd(-1, &signals, 0), KIND_SIGNALFD},
		{inotify_init1(0), KIND_INOTIFY},
		{(int)syscall(SYS_pidfd_open, getpid(), 0), KIND_PIDFD},
	};
	enum { OPENED = sizeof(opened) / sizeof(*opened) };

	prctl(PR_SET_NAME, "a, (b) \"c\"");
	for (size_t i = 0; i < OPENED; i++)
		fixture_opened(fixture, opened[i].fd, i % 2 ? one : two, FD_UNKNOWN);
	fixture->request.inherited = true;
	fixture->request.number = 2;
	snapshot = read_back(fixture_take(fixture), &again);
	assert_string_equal(again, fixture->text);
	assert_int_equal(snapshot->unknown_lines, 0);
	assert_true(snapshot->whole);
	assert_int_equal(snapshot->pid, getpid());
	for (size_t i = 0; i < OPENED; i++)
		assert_int_equal(descriptor_of(snapshot, opened[i].fd)->kind, opened[i].kind);

	found = descriptor_of(snapshot, closing);
	assert_string_equal(found->state, "CLOSE_WAIT");
	assert_int_equal(found->unread, 6);
	assert_true(found->no_cloexec);
	assert_true(found->idle >= 0);
	assert_true(found->age >= 0);
	assert_string_equal(found->thread_name, "a, (b) \"c\"");
	found = descriptor_of(snapshot, listening);
	snprintf(local, sizeof(local), "@fdtrail, %d", getpid());
	assert_string_equal(found->local, local);
	assert_string_equal(found->state, "LISTEN");
	assert_false(found->no_cloexec);
	assert_string_equal(descriptor_of(snapshot, pair[0])->protocol, "unix seqpacket");

	for (size_t i = 0; i < OPENED; i++)
		close(opened[i].fd);
	free(again);
	model_destroy(snapshot);
	fixture_destroy(fixture);
}

static void a_snapshot_with_nothing_in_it_comes_back(void **state)
{
	struct fixture *fixture = fixture_create();
	char *again;
	struct model_snapshot *snapshot = read_back(fixture_take(fixture), &again);

	assert_string_equal(again, fixture->text);
	assert_string_equal(snapshot->nothing, "Nothing that this program opened is left open.");
	assert_int_equal(snapshot->unclosed, 0);
	free(again);
	model_destroy(snapshot);
	fixture_destroy(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "names of any bytes come back", .test_func = names_of_any_bytes_come_back},
		{.name = "every kind comes back", .test_func = every_kind_comes_back},
		{.name = "a snapshot with nothing in it comes back",
		 .test_func = a_snapshot_with_nothing_in_it_comes_back},
	};
	return cmocka_run_group_tests_name("reader-snapshots", tests, NULL, NULL);
}
