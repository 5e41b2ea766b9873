// SPDX-License-Identifier: MIT
/*
 * The snapshot as a whole: which descriptors it lists, under which stack and in which order, which
 * it only counts, and which it leaves alone.
 */
#include "../snapshot_fixture.h"
#include "../skip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "preload/arch/machine.h"

FUNCTION(fetch_status)
FUNCTION(poll_brokers)
FUNCTION(check_health)

static struct fixture *fixture;

static int begin(void **state)
{
	fixture = fixture_create();
	return 0;
}

static int end(void **state)
{
	fixture_destroy(fixture);
	return 0;
}

static uint32_t stack_of(int (*function)(int))
{
	return fixture_stack(fixture, (void *)function, (void *)poll_brokers, NULL);
}

/* Opens an eventfd that no hook sees. */
static int unseen(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fixture_keep(fixture, fd);
}

/* Closes the descriptor that was opened last. The snapshot's output gets its number, or a lower
 * one that is free. */
static void leave(int fd)
{
	close(fd);
	fixture->kept_count--;
}

static int event(uint32_t stack)
{
	int fd = unseen();

	fixture_opened(fixture, fd, stack, FD_EVENTFD);
	return fd;
}

static void the_first_and_last_line_frame_the_text(void **state)
{
	const char *text = fixture_take(fixture);
	static const char first[] = "fdtrail snapshot, format 1\n",
			  last[] = "\nend of fdtrail snapshot, format 1\n";

	assert_begins(text, first);
	assert_string_equal(text + strlen(text) - strlen(last), last);
	assert_true(fixture->result.written);
	assert_int_equal(fixture->result.error, 0);
}

static void the_header_says_how_the_process_ends(void **state)
{
	static const struct {
		struct process_end end;
		const char *line;
	} ends[] = {
		{{.kind = PROCESS_EXIT}, "\nend: exit\n"},
		{{.kind = PROCESS__EXIT}, "\nend: _exit\n"},
		{{.kind = PROCESS_QUICK_EXIT}, "\nend: quick_exit\n"},
		{{PROCESS_SIGNAL, 15}, "\nend: signal 15\n"},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		fixture->request.end = ends[i].end;
		assert_says(fixture_take(fixture), ends[i].line);
	}
}

static void the_header_has_the_reason_the_time_and_the_process(void **state)
{
	char expected[128];

	fixture->request.why = "SIGUSR1 from\nprocess 1";
	fixture->request.number = 3;
	const char *text = fixture_take(fixture);
	assert_says(text, "\nwhy: SIGUSR1 from\\nprocess 1\nend: none\n");
	assert_says(text, "\nnumber: 3\n");
	snprintf(expected, sizeof(expected), "\nprocess: %d test-snapshot, parent %d (", getpid(),
		 getppid());
	assert_says(text, expected);
	snprintf(expected, sizeof(expected), "), user %d\n", getuid());
	assert_says(text, expected);
	assert_says(text, "\nuptime: 0.");
	assert_says_not(text, "\nforked: ");
	assert_says(text, "\nversions: fdtrail ");
	assert_says(text, ", libunwind 9.9, glibc ");
	assert_says(text, "\nunclosed: 0; ");
	assert_says_not(text, "\nkinds: ");
}

/* time() reads the coarse clock, which may lag behind the text's. */
static time_t exact_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static void the_time_is_the_date_in_utc(void **state)
{
	char before[64], after[64];
	time_t now = exact_time();
	struct tm tm;

	strftime(before, sizeof(before), "\nwhen: %Y-%m-%dT%H:%M:%S.", gmtime_r(&now, &tm));
	const char *text = fixture_take(fixture);
	now = exact_time();
	strftime(after, sizeof(after), "\nwhen: %Y-%m-%dT%H:%M:%S.", gmtime_r(&now, &tm));
	if (!strstr(text, before))
		assert_says(text, after);
}

static void the_number_of_descriptors_stands_beside_the_limit(void **state)
{
	char expected[128];
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	const char *text = fixture_take(fixture);
	snprintf(expected, sizeof(expected), "\ndescriptors: %zu open, limit %lu (",
		 fixture->result.open, (unsigned long)limit.rlim_cur);
	assert_says(text, expected);
}

static void nothing_unclosed_is_one_plain_sentence(void **state)
{
	assert_says(fixture_take(fixture), "\nNothing that this program opened is left open.\n");
	assert_says_not(fixture->text, "group ");
	assert_int_equal(fixture->result.unclosed, 0);
	assert_true(fixture->result.open >= 3);
}

static void nothing_is_written_when_only_the_unclosed_is_wanted(void **state)
{
	fixture->request.only_unclosed = true;
	assert_string_equal(fixture_take(fixture), "");
	assert_false(fixture->result.written);
	assert_int_equal(fixture->result.error, 0);
	event(stack_of(fetch_status));
	assert_says(fixture_take(fixture), "\ngroup 1: 1 eventfd, opened in fetch_status\n");
	assert_true(fixture->result.written);
}

static void it_can_count_without_writing(void **state)
{
	event(stack_of(fetch_status));
	fixture_copy_slots(fixture);
	fixture->request.output = -1;
	snapshot_take(&fixture->request, &fixture->result);
	assert_int_equal(fixture->result.unclosed, 1);
	assert_false(fixture->result.written);
}

static void a_group_is_one_stack_and_one_kind(void **state)
{
	uint32_t fetch = stack_of(fetch_status), check = stack_of(check_health);
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	event(fetch);
	event(fetch);
	event(check);
	fixture_opened(fixture, file, fetch, FD_FILE);
	const char *text = fixture_take(fixture);
	assert_says(text, "\nunclosed: 4 in 3 groups; ");
	assert_says(text, "\ngroup 1: 2 eventfds, opened in fetch_status\n");
	assert_says(text, ": 1 eventfd, opened in check_health\n");
	assert_says(text, ": 1 file, opened in fetch_status\n");
	assert_int_equal(times_in(text, "\ngroup "), 3);
	assert_int_equal(fixture->result.unclosed, 4);
	close(file);
}

static void frames_have_names_and_modules(void **state)
{
	char expected[256];

	event(stack_of(fetch_status));
	const char *text = fixture_take(fixture);
	snprintf(expected, sizeof(expected),
		 "  opened at:\n    #0 0x%012lx in fetch_status (/proc/self/exe+0x%lx)\n    #1 0x",
		 (unsigned long)fetch_status + 1, (unsigned long)fetch_status + 1 - fixture->bias);
	assert_says(text, expected);
	assert_says(text, " in poll_brokers (/proc/self/exe+0x");
	snprintf(expected, sizeof(expected), "\nmodules:\n  0x%012lx-0x",
		 (unsigned long)fixture->bias);
	assert_says(text, expected);
}

static void a_frame_without_a_name_has_its_modules_build_id(void **state)
{
	frame_t frames[2];
	uint32_t module =
		module_table_add(&fixture->ledger.modules, "/no/such/lib (1).so",
				 (const uint8_t *)"\xab\xcd\x01", 3, 0x10000, 0x10000, 0x20000);

	fixture->ledger.modules.modules[module].has_file = true;
	fixture->ledger.modules.modules[module].unloaded = true;
	frames[0] = FRAME_MAKE(module, 0x123);
	frames[1] = FRAME_MAKE(MODULE_NONE, 0x7f0012345678);
	event(stack_table_intern(&fixture->ledger.stacks, frames, 2, STACK_COMPLETE));
	const char *text = fixture_take(fixture);
	assert_says(text, "    #0 0x000000010123 (/no/such/lib (1).so+0x123) (BuildId: abcd01)\n"
			  "    #1 0x7f0012345678 (in no known module)\n");
	assert_says(text, ", opened at \"lib (1).so\"+0x123\n");
	assert_says(text,
		    "\n  0x000000010000-0x000000020000 \"/no/such/lib (1).so\", BuildId abcd01, "
		    "unloaded, its file can't be opened\n");
}

static void an_incomplete_stack_says_so(void **state)
{
	static const struct {
		enum stack_end end;
		const char *words;
	} cases[] = {
		{STACK_DEEPER, "    (deeper: cut at 1 frames; FDTRAIL_DEPTH allows up to 256)\n"},
		{STACK_NO_UNWIND,
		 "    (incomplete: the next caller is code without unwind data)\n"},
		{STACK_UNREAD, "    (incomplete: the language keeps the other callers where "},
		{STACK_EARLY, "    (taken before libunwind was loaded: "},
		{STACK_POINTERS_ONLY, "    (taken without libunwind: by frame pointers only"},
	};
	frame_t frame = FRAME_MAKE(fixture->module, (uintptr_t)fetch_status - fixture->bias + 1);

	assert_int_equal(times_in(fixture_take(fixture), "    ("), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		event(stack_table_intern(&fixture->ledger.stacks, &frame, 1, cases[i].end));
	const char *text = fixture_take(fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_says(text, cases[i].words);
}

static void a_full_stack_table_says_so(void **state)
{
	event(STACK_OVERFLOW);
	event(STACK_OVERFLOW);
	const char *text = fixture_take(fixture);
	assert_says(text, ": 2 eventfds, opened at an unknown place\n");
	assert_says(text, "  note: The stack table was full when these were opened.\n");
}

static void growth_is_counted_between_snapshots(void **state)
{
	uint32_t grows = stack_of(fetch_status), rests = stack_of(check_health);

	for (int i = 0; i < 5; i++)
		event(rests);
	event(grows);
	assert_says_not(fixture_take(fixture), "since the last snapshot\n");
	assert_says(fixture->text, "  stack: 5 opened, 0 closed, 5 live; peak 5\n");
	/* the group with more descriptors comes first as long as none grows */
	assert_says(fixture->text, "\ngroup 1: 5 eventfds, opened in check_health\n");

	event(grows);
	fixture->request.number = 2;
	fixture_take(fixture);
	assert_says(fixture->text, "\ngroup 1: 2 eventfds, opened in fetch_status\n");
	assert_says(fixture->text,
		    "  stack: 2 opened, 0 closed, 2 live, +1 since the last snapshot; peak 2\n");
	assert_says(fixture->text,
		    "  stack: 5 opened, 0 closed, 5 live, +0 since the last snapshot; peak 5\n");

	int closed = fixture->kept[--fixture->kept_count];
	ledger_closing(&fixture->ledger, closed);
	close(closed);
	ledger_closed(&fixture->ledger, closed);
	fixture->request.number = 3;
	assert_says(fixture_take(fixture),
		    "  stack: 2 opened, 1 closed, 1 live, -1 since the last snapshot; peak 2\n");
}

static void growth_is_measured_from_the_last_snapshot_that_was_written(void **state)
{
	uint32_t grows = stack_of(fetch_status);

	event(grows);
	fixture_take(fixture);
	event(grows);
	fixture->request.number = 2;
	fixture_copy_slots(fixture);
	fixture->request.output = open("/dev/full", O_WRONLY | O_CLOEXEC);
	snapshot_take(&fixture->request, &fixture->result);
	close(fixture->request.output);
	assert_false(fixture->result.written);
	assert_int_equal(fixture->result.error, ENOSPC);
	event(grows);
	assert_says(fixture_take(fixture), "3 live, +2 since the last snapshot; peak 3\n");
}

/* Makes two connected sockets over the loopback. */
static void connect_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (void *)&address, length), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(ends[0], (void *)&address, length), 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ends[1] >= 0);
	close(listener);
	fixture_keep(fixture, ends[0]);
}

/* Waits until the peer's FIN has arrived. */
static void wait_for_close(int fd)
{
	struct pollfd closed = {.fd = fd, .events = POLLRDHUP};

	assert_int_equal(poll(&closed, 1, 20 * 1000), 1);
}

static void a_group_in_close_wait_comes_first_and_says_what_that_means(void **state)
{
	int ends[2];
	uint32_t check = stack_of(check_health);

	for (int i = 0; i < 5; i++)
		event(check);
	connect_pair(ends);
	fixture_opened(fixture, ends[0], stack_of(fetch_status), FD_SOCKET);
	close(ends[1]);
	wait_for_close(ends[0]);
	assert_says(
		fixture_take(fixture),
		"\ngroup 1: 1 tcp socket in CLOSE_WAIT, opened in fetch_status\n"
		"  note: In CLOSE_WAIT the peer has closed the connection and this program has ");
	assert_int_equal(times_in(fixture->text, "  note: In CLOSE_WAIT"), 1);
}

static void the_states_of_a_group_are_counted(void **state)
{
	int ends[2], other[2];
	uint32_t fetch = stack_of(fetch_status);

	connect_pair(ends);
	connect_pair(other);
	fixture_opened(fixture, ends[0], fetch, FD_SOCKET);
	fixture_opened(fixture, other[0], fetch, FD_SOCKET);
	close(ends[1]);
	fixture_keep(fixture, other[1]);
	ledger_opened(&fixture->ledger, other[1], &(struct ledger_entry){.origin = FD_INHERITED});
	wait_for_close(ends[0]);
	assert_says(fixture_take(fixture), "\ngroup 1: 2 tcp sockets (1 in CLOSE_WAIT, 1 in "
					   "ESTABLISHED), opened in fetch_status\n");
}

static void older_descriptors_come_first(void **state)
{
	uint32_t fetch = stack_of(fetch_status);
	int fds[3];
	char expected[3][32];
	static const uint32_t ticks[3] = {40, 20, 30};

	fixture->request.started_ms -= 10000;
	for (int i = 0; i < 3; i++) {
		fds[i] = unseen();
		ledger_opened(&fixture->ledger, fds[i],
			      &(struct ledger_entry){.stack = fetch,
						     .kind = FD_EVENTFD,
						     .opened_at = ticks[i],
						     .dup_of = LEDGER_NO_FD});
		snprintf(expected[i], sizeof(expected[i]), "\n    %d eventfd, ", fds[i]);
	}
	const char *text = fixture_take(fixture);
	assert_says(text, "  ages: 8.0s to 9.0s\n");
	assert_true(strstr(text, expected[1]) < strstr(text, expected[2]));
	assert_true(strstr(text, expected[2]) < strstr(text, expected[0]));
}

static void only_the_first_are_listed_and_all_are_counted(void **state)
{
	uint32_t fetch = stack_of(fetch_status);

	for (int i = 0; i < 9; i++)
		event(fetch);
	fixture->request.show = 2;
	const char *text = fixture_take(fixture);
	assert_int_equal(times_in(text, " eventfd, count "), 2);
	assert_says(text, "\ngroup 1: 9 eventfds, ");
	assert_says(text, "    and 7 more (FDTRAIL_SHOW=all lists them)\n");
	fixture->request.show = 9;
	assert_says_not(fixture_take(fixture), " more (");
	fixture->request.show = 0;
	text = fixture_take(fixture);
	assert_int_equal(times_in(text, " eventfd, count "), 0);
	assert_says(text, "    and 9 more (");
}

static void other_kinds_are_counted_and_not_listed(void **state)
{
	event(stack_of(fetch_status));
	fixture->request.kinds = KIND_BIT(KIND_TCP) | KIND_BIT(KIND_FILE);
	const char *text = fixture_take(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
	assert_says(text, "\nkinds: tcp,file\n");
	assert_says(text, "\nunclosed: 0; ");
	assert_says(text, "is left open, of these kinds.\n");
	assert_says(text, "\nnot listed:\n");
	assert_says(text, "  1 of other kinds than FDTRAIL_KINDS names\n");
}

static void descriptors_open_at_start_are_counted_and_listed_on_demand(void **state)
{
	char expected[64];
	int fd = unseen();

	ledger_opened(&fixture->ledger, fd, &(struct ledger_entry){.origin = FD_INHERITED});
	const char *text = fixture_take(fixture);
	snprintf(expected, sizeof(expected), "\nunclosed: 0; %zu inherited\n",
		 fixture->result.open);
	assert_says(text, expected);
	assert_says(text, " inherited (FDTRAIL_INHERITED=1 lists them)\n");
	assert_string_equal(line_of(text, fd), "");

	fixture->request.inherited = true;
	text = fixture_take(fixture);
	snprintf(expected, sizeof(expected), "\ngroup 1: %zu descriptors, inherited\n",
		 fixture->result.open);
	assert_says(text, expected);
	assert_string_equal(line_of(text, fd), "eventfd, count 0");
	assert_says_not(text, "not listed:");
}

static void a_descriptor_from_before_a_fork_is_inherited_with_its_stack(void **state)
{
	int fd = event(stack_of(fetch_status));

	ledger_forked(&fixture->ledger, false);
	fixture_take(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
	fixture->request.inherited = true;
	const char *text = fixture_take(fixture);
	assert_says(text, ": 1 eventfd, inherited through fork, opened in fetch_status\n");
	assert_begins(line_of(text, fd), "eventfd, count 0, age ");
}

static void a_descriptor_that_no_hook_saw_is_listed_with_the_reason(void **state)
{
	int fd = unseen();
	const char *text = fixture_take(fixture);

	assert_int_equal(fixture->result.unclosed, 1);
	assert_says(text, "\ngroup 1: 1 eventfd, opened by an untraced call\n  reason: ");
	assert_string_equal(line_of(text, fd), "eventfd, count 0");
	assert_says_not(text, "opened at:");
}

static void a_descriptor_in_flight_does_not_count_as_opened_by_an_untraced_call(void **state)
{
	static _Atomic int in_flight[SNAPSHOT_IN_FLIGHT_MAX];
	int fd = unseen();

	in_flight[7] = fd + 1;
	fixture->request.in_flight = in_flight;
	const char *text = fixture_take(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
	assert_says(text, "  1 being opened or reused at that moment\n");
	assert_string_equal(line_of(text, fd), "");
}

/* So that the next snapshot does not wait long for a record that won't come. */
static void a_descriptor_opened_by_an_untraced_call_is_noted_for_the_next_snapshot(void **state)
{
	static struct snapshot_unseen noted[SNAPSHOT_UNSEEN_MAX];
	struct stat status;
	int fd = unseen();

	assert_int_equal(fstat(fd, &status), 0);
	fixture->request.unseen = noted;
	fixture_take(fixture);
	assert_int_equal(noted[0].fd, fd);
	assert_int_equal(noted[0].inode, status.st_ino);
	assert_int_equal(noted[1].fd, -1);
	assert_says(fixture_take(fixture), "\ngroup 1: 1 eventfd, opened by an untraced call\n");
	fixture_opened(fixture, fd, stack_of(fetch_status), FD_EVENTFD);
	fixture_take(fixture);
	assert_int_equal(noted[0].fd, -1);
}

static void standard_descriptors_never_count_as_opened_by_an_untraced_call(void **state)
{
	for (int fd = 0; fd <= 2; fd++)
		ledger_forget(&fixture->ledger, fd);
	fixture_take(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
}

static void a_descriptor_that_is_being_closed_does_not_count_as_unclosed(void **state)
{
	int fd = event(stack_of(fetch_status));

	ledger_closing(&fixture->ledger, fd);
	const char *text = fixture_take(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
	assert_says(text, "  1 being closed at that moment\n");
	assert_string_equal(line_of(text, fd), "");
}

static void a_number_that_changed_during_the_snapshot_has_no_stack(void **state)
{
	int fd = event(stack_of(fetch_status));

	fixture_copy_slots(fixture);
	fixture_opened(fixture, fd, stack_of(check_health), FD_EVENTFD);
	const char *text = fixture_take_again(fixture);
	assert_int_equal(fixture->result.unclosed, 0);
	assert_says_not(text, "fetch_status");
	assert_says_not(text, "check_health");
	assert_says(text, "\nnot listed:\n");
	assert_int_equal(times_in(text, " at that moment\n"), 1);
}

static void a_descriptor_of_another_kind_than_was_opened_has_no_stack(void **state)
{
	int fd = unseen();

	fixture_opened(fixture, fd, stack_of(fetch_status), FD_SOCKET);
	const char *text = fixture_take(fixture);
	assert_says(text, "\ngroup 1: 1 eventfd, opened by an untraced call\n");
	assert_says_not(text, "fetch_status");
	assert_says(text, "\nnot seen:\n  1 closed by untraced calls ");
	assert_false(ledger_read(&fixture->ledger, fd, NULL, NULL));
}

static void a_descriptor_closed_by_an_untraced_call_is_forgotten(void **state)
{
	int output = unseen(), fd = event(stack_of(fetch_status));

	leave(fd);
	leave(output);
	const char *text = fixture_take(fixture);
	assert_says(text, "\nnot seen:\n  1 closed by untraced calls ");
	assert_int_equal(fixture->result.unclosed, 0);
	assert_false(ledger_read(&fixture->ledger, fd, NULL, NULL));
	assert_says_not(fixture_take(fixture), "not seen:");
}

static void a_descriptor_opened_during_the_snapshot_is_not_forgotten(void **state)
{
	int output = unseen(), fd = unseen();

	leave(fd);
	leave(output);
	fixture_copy_slots(fixture);
	fixture_opened(fixture, fd, stack_of(fetch_status), FD_EVENTFD);
	assert_says_not(fixture_take_again(fixture), "not seen:");
	assert_true(ledger_read(&fixture->ledger, fd, NULL, NULL));
}

static void numbers_that_cant_be_inspected_are_inherited_not_forgotten(void **state)
{
	char expected[64];
	int output = unseen(), fd = unseen();

	ledger_opened(&fixture->ledger, fd, &(struct ledger_entry){.origin = FD_INHERITED});
	close(output);
	fixture->kept[fixture->kept_count - 2] = fd;
	fixture->kept_count--;
	fixture_take(fixture);
	size_t open = fixture->result.open;
	leave(fd);
	fixture->request.hidden[1] = fd;
	const char *text = fixture_take(fixture);
	assert_int_equal(fixture->result.open, open);
	snprintf(expected, sizeof(expected), "\nunclosed: 0; %zu inherited\n", open);
	assert_says(text, expected);
	assert_true(ledger_read(&fixture->ledger, fd, NULL, NULL));
}

static void our_own_output_is_not_listed(void **state)
{
	fixture_take(fixture);
	size_t open = fixture->result.open;
	int spare = unseen();

	ledger_opened(&fixture->ledger, spare, &(struct ledger_entry){.origin = FD_INHERITED});
	fixture->request.inherited = true;
	fixture_take(fixture);
	assert_int_equal(fixture->result.open, open + 1);
	assert_string_equal(line_of(fixture->text, fixture->request.output), "");
	assert_says_not(fixture->text, "memfd");
}

/* A connected socket: its stacks are of a function that opened it and of another one that
 * connected it. */
static int connection_from(uint32_t opening, uint32_t connecting)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fixture_keep(fixture, fd);
	fixture_opened(fixture, fd, opening, FD_SOCKET);
	ledger_set_connection(&fixture->ledger, fd,
			      connection_table_intern(&fixture->ledger.connections, connecting,
						      (void *)&address, sizeof(address)));
	return fd;
}

static uint32_t stack_inside(int (*function)(int), unsigned int offset)
{
	frame_t frames[2] = {
		FRAME_MAKE(fixture->module, (uintptr_t)function - fixture->bias + offset),
		FRAME_MAKE(fixture->module, (uintptr_t)poll_brokers - fixture->bias + 1),
	};

	return stack_table_intern(&fixture->ledger.stacks, frames, 2, STACK_COMPLETE);
}

static void a_connect_in_the_same_function_is_not_repeated(void **state)
{
	uint32_t opening = stack_inside(fetch_status, 1);

	connection_from(opening, opening);
	connection_from(opening, stack_inside(fetch_status, 2));
	assert_says(fixture_take(fixture), "\ngroup 1: 2 tcp sockets in CLOSED, opened in fetch_");
	assert_says_not(fixture->text, "connected at");
}

static void a_connect_elsewhere_has_its_own_stack(void **state)
{
	uint32_t opening = stack_inside(fetch_status, 1);

	connection_from(opening, stack_inside(check_health, 1));
	assert_says(fixture_take(fixture), "  connected at:\n    #0 0x");
	assert_int_equal(times_in(fixture->text, " in check_health ("), 1);

	connection_from(opening, stack_inside(check_health, 1));
	connection_from(opening, stack_inside(poll_brokers, 1));
	connection_from(opening, opening);
	assert_says(fixture_take(fixture), "  connected at (2 of 4, 1 other stack):\n    #0 0x");
}

static void a_snapshot_changes_nothing_in_the_program(void **state)
{
	event(stack_of(fetch_status));
	fixture_take(fixture);
	int before = unseen();
	fixture_take(fixture);
	assert_int_equal(unseen(), before + 1);
}

static void take_on_stack(void *data)
{
	struct fixture *on_stack = data;

	snapshot_take(&on_stack->request, &on_stack->result);
}

/* Sanitizers need larger frames. Without them the size is the one that snapshot.h promises. */
static void a_small_stack_is_enough(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	enum { SIZE = 256 * 1024 };
#else
	enum { SIZE = 40 * 1024 };
#endif
	char *memory = mmap(NULL, SIZE + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_int_equal(mprotect(memory + 8192, SIZE, PROT_READ | PROT_WRITE), 0);
	event(stack_of(fetch_status));
	fixture_copy_slots(fixture);
	fixture->request.output = memfd_create("output", MFD_CLOEXEC);
	call_on_stack(take_on_stack, fixture, memory + 8192 + SIZE);
	assert_true(fixture->result.written);
	close(fixture->request.output);
	munmap(memory, SIZE + 8192);
}

struct churn {
	atomic_bool stop;
	uint32_t stacks[2];
};

/* Opens and closes as hooks do: the entry is removed before the close and added after the open.
 * Descriptors of stack 0 are eventfds that hold 0, and those of stack 1 hold 1. */
static void *open_and_close(void *data)
{
	struct churn *churn = data;

	for (unsigned int i = 0; !atomic_load(&churn->stop); i++) {
		int fd = eventfd(i & 1, EFD_CLOEXEC);
		fixture_opened(fixture, fd, churn->stacks[i & 1], FD_EVENTFD);
		if (i % 64 == 0)
			usleep(100);
		ledger_closing(&fixture->ledger, fd);
		close(fd);
		ledger_closed(&fixture->ledger, fd);
	}
	return NULL;
}

static void a_reused_number_never_has_the_stack_of_the_one_before(void **state)
{
	struct churn churn = {.stacks = {stack_of(fetch_status), stack_of(check_health)}};
	pthread_t thread;
	char path[32];

	event(churn.stacks[0]);
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, &churn), 0);
	for (int round = 0; round < 60; round++) {
		fixture_copy_slots(fixture);
		/* A child takes the snapshot with its copy of the table, as in the runtime. */
		snprintf(path, sizeof(path), "/tmp/fdtrail-%d", getpid());
		pid_t child = fork();
		if (child == 0) {
			fixture->request.output = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
			snapshot_take(&fixture->request, &fixture->result);
			_exit(fixture->result.written ? 0 : 1);
		}
		int status;
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
		static char text[65536];
		FILE *file = fopen(path, "r");
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
		for (char *group = strstr(text, "\ngroup "); group;) {
			char *next = strstr(group + 1, "\ngroup ");
			if (next)
				*next = '\0';
			if (strstr(group, "opened in fetch_status"))
				assert_says_not(group, ", count 1,");
			if (strstr(group, "opened in check_health"))
				assert_says_not(group, ", count 0,");
			group = next;
			if (next)
				*next = '\n';
		}
	}
	unlink(path);
	atomic_store(&churn.stop, true);
	pthread_join(thread, NULL);
}

static void ten_thousand_sockets_are_listed(void **state)
{
	enum { SOCKETS = 10000 };
	struct rlimit limit, old;
	static int fds[SOCKETS];
	char expected[64];

	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	if (limit.rlim_max < SOCKETS + 100)
		SKIP("the hard limit on descriptors is too low");
	limit.rlim_cur = SOCKETS + 100;
	setrlimit(RLIMIT_NOFILE, &limit);
	uint32_t stacks[20];
	for (unsigned int i = 0; i < 20; i++)
		stacks[i] = stack_inside(fetch_status, i);
	for (int i = 0; i < SOCKETS; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		fixture_opened(fixture, fds[i], stacks[i % 20], FD_SOCKET);
	}
	fixture->request.show = 5;
	for (int round = 0; round < 2; round++) {
		uint64_t started = fixture_now_ms();
		fixture_take(fixture);
		print_message("# 10000 sockets, %s listed: %lu ms\n", round ? "all" : "100",
			      (unsigned long)(fixture_now_ms() - started));
		snprintf(expected, sizeof(expected), "\nunclosed: %d in 20 groups; ", SOCKETS);
		assert_says(fixture->text, expected);
		assert_int_equal(times_in(fixture->text, " tcp unbound, CLOSED, "),
				 round ? SOCKETS : 100);
		fixture->request.show = SNAPSHOT_SHOW_ALL;
	}
	for (int i = 0; i < SOCKETS; i++)
		close(fds[i]);
	setrlimit(RLIMIT_NOFILE, &old);
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("the first and last line frame the text",
			the_first_and_last_line_frame_the_text),
		PROMISE("the header has the reason, the time and the process",
			the_header_has_the_reason_the_time_and_the_process),
		PROMISE("the header says how the process ends",
			the_header_says_how_the_process_ends),
		PROMISE("the time is the date in UTC", the_time_is_the_date_in_utc),
		PROMISE("the number of descriptors stands beside the limit",
			the_number_of_descriptors_stands_beside_the_limit),
		PROMISE("nothing unclosed is one plain sentence",
			nothing_unclosed_is_one_plain_sentence),
		PROMISE("nothing is written when only the unclosed is wanted",
			nothing_is_written_when_only_the_unclosed_is_wanted),
		PROMISE("it can count without writing", it_can_count_without_writing),
		PROMISE("a group is one stack and one kind", a_group_is_one_stack_and_one_kind),
		PROMISE("frames have names and modules", frames_have_names_and_modules),
		PROMISE("a frame without a name has its module's build-id",
			a_frame_without_a_name_has_its_modules_build_id),
		PROMISE("an incomplete stack says so", an_incomplete_stack_says_so),
		PROMISE("a full stack table says so", a_full_stack_table_says_so),
		PROMISE("growth is counted between snapshots", growth_is_counted_between_snapshots),
		PROMISE("growth is measured from the last snapshot that was written",
			growth_is_measured_from_the_last_snapshot_that_was_written),
		PROMISE("a group in CLOSE_WAIT comes first and says what that means",
			a_group_in_close_wait_comes_first_and_says_what_that_means),
		PROMISE("the states of a group are counted", the_states_of_a_group_are_counted),
		PROMISE("older descriptors come first", older_descriptors_come_first),
		PROMISE("only the first are listed and all are counted",
			only_the_first_are_listed_and_all_are_counted),
		PROMISE("other kinds are counted and not listed",
			other_kinds_are_counted_and_not_listed),
		PROMISE("descriptors open at start are counted, and listed on demand",
			descriptors_open_at_start_are_counted_and_listed_on_demand),
		PROMISE("a descriptor from before a fork is inherited with its stack",
			a_descriptor_from_before_a_fork_is_inherited_with_its_stack),
		PROMISE("a descriptor that no hook saw is listed with the reason",
			a_descriptor_that_no_hook_saw_is_listed_with_the_reason),
		PROMISE("a descriptor in flight does not count as opened by an untraced call",
			a_descriptor_in_flight_does_not_count_as_opened_by_an_untraced_call),
		PROMISE("a descriptor opened by an untraced call is noted for the next snapshot",
			a_descriptor_opened_by_an_untraced_call_is_noted_for_the_next_snapshot),
		PROMISE("standard descriptors never count as opened by an untraced call",
			standard_descriptors_never_count_as_opened_by_an_untraced_call),
		PROMISE("a descriptor that is being closed does not count as unclosed",
			a_descriptor_that_is_being_closed_does_not_count_as_unclosed),
		PROMISE("a number that changed during the snapshot has no stack",
			a_number_that_changed_during_the_snapshot_has_no_stack),
		PROMISE("a descriptor of another kind than was opened has no stack",
			a_descriptor_of_another_kind_than_was_opened_has_no_stack),
		PROMISE("a descriptor closed by an untraced call is forgotten",
			a_descriptor_closed_by_an_untraced_call_is_forgotten),
		PROMISE("a descriptor opened during the snapshot is not forgotten",
			a_descriptor_opened_during_the_snapshot_is_not_forgotten),
		PROMISE("numbers that can't be inspected are inherited, not forgotten",
			numbers_that_cant_be_inspected_are_inherited_not_forgotten),
		PROMISE("our own output is not listed", our_own_output_is_not_listed),
		PROMISE("a connect in the same function is not repeated",
			a_connect_in_the_same_function_is_not_repeated),
		PROMISE("a connect elsewhere has its own stack",
			a_connect_elsewhere_has_its_own_stack),
		PROMISE("a snapshot changes nothing in the program",
			a_snapshot_changes_nothing_in_the_program),
		PROMISE("a small stack is enough", a_small_stack_is_enough),
		PROMISE("a reused number never has the stack of the one before",
			a_reused_number_never_has_the_stack_of_the_one_before),
		PROMISE("ten thousand sockets are listed", ten_thousand_sockets_are_listed),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
