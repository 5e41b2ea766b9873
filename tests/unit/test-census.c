// SPDX-License-Identifier: MIT
/*
 * Rules for what a snapshot lists, in which group and in which order, that few programs ever reach.
 */
#include "../snapshot_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

FUNCTION(fetch_status)
FUNCTION(check_health)

static struct fixture *fixture;

static int begin(void **state)
{
	(void)state;
	fixture = fixture_create();
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_destroy(fixture);
	return 0;
}

static uint32_t stack_of(int (*function)(int))
{
	return fixture_stack(fixture, (void *)function, NULL);
}

static int new_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void event(uint32_t stack)
{
	fixture_opened(fixture, fixture_keep(fixture, new_event()), stack, FD_EVENTFD);
}

/* Puts fd at standard input and records the entry for it; returns how many descriptors a
 * snapshot counts as unclosed. */
static size_t unclosed_with_input(int fd, struct ledger_entry entry)
{
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);

	assert_true(saved >= 0);
	fixture_note_inherited(saved, fixture);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	entry.stack = stack_of(fetch_status);
	entry.dup_of = LEDGER_NO_FD;
	ledger_opened(&fixture->ledger, STDIN_FILENO, &entry);
	fixture_take(fixture);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
	ledger_forget(&fixture->ledger, saved);
	return fixture->result.unclosed;
}

static void only_what_a_program_chose_to_put_at_0_is_standard_input(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	fixture_note_inherited(fixture_keep(fixture, fd), fixture);
	fixture_note_inherited(fixture_keep(fixture, null), fixture);
	/* The number 0 was free, and a new socket got it as the lowest one. */
	assert_int_equal(unclosed_with_input(fd, (struct ledger_entry){.kind = FD_SOCKET}), 1);
	assert_int_equal(unclosed_with_input(fd, (struct ledger_entry){.kind = FD_SOCKET,
								       .origin = FD_DUPLICATED}),
			 0);
	assert_int_equal(unclosed_with_input(null, (struct ledger_entry){.kind = FD_FILE}), 1);
	/* freopen(3) */
	assert_int_equal(unclosed_with_input(null, (struct ledger_entry){.kind = FD_FILE,
									 .owner = FD_OWNER_FILE}),
			 0);
}

enum { LATE_US = 5000, TRIES = 40 };

static int late;
static pthread_barrier_t started;

static void *records_late(void *unused)
{
	pthread_barrier_wait(&started);
	usleep(LATE_US);
	fixture_opened(fixture, late, STACK_FIRST, FD_EVENTFD);
	return unused;
}

/* Another number is opened, recorded and closed by then: the snapshot sees no record of late. */
static void *records_and_goes_on(void *unused)
{
	pthread_barrier_wait(&started);
	usleep(LATE_US);
	fixture_opened(fixture, late, STACK_FIRST, FD_EVENTFD);
	ledger_forget(&fixture->ledger, late);
	return unused;
}

/* A thread that was interrupted between the kernel's answer and its record. On a busy machine it
 * may come too early or too late, but not each time. */
static void expect_waited_for(void *(*records)(void *))
{
	bool waited = false;

	stack_of(fetch_status);
	pthread_barrier_init(&started, NULL, 2);
	for (int i = 0; i < TRIES && !waited; i++) {
		pthread_t thread;

		late = new_event();
		assert_int_equal(pthread_create(&thread, NULL, records, NULL), 0);
		fixture_copy_slots(fixture);
		pthread_barrier_wait(&started);
		fixture_take_again(fixture);
		pthread_join(thread, NULL);
		waited = strstr(fixture->text, "  1 being opened or reused at that moment\n");
		ledger_forget(&fixture->ledger, late);
		close(late);
	}
	assert_true(waited);
}

static void a_snapshot_waits_for_a_record_that_is_about_to_come(void **state)
{
	(void)state;
	expect_waited_for(records_late);
}

static void a_record_that_has_come_and_gone_counts(void **state)
{
	(void)state;
	expect_waited_for(records_and_goes_on);
}

static size_t one_in_flight(int *fds, size_t most)
{
	assert_true(most > 0);
	fds[0] = late;
	return 1;
}

static void a_number_that_a_thread_is_recording_is_not_untraced(void **state)
{
	(void)state;
	late = new_event();
	fixture_keep(fixture, late);
	assert_says(fixture_take(fixture), "1 eventfd, opened by an untraced call\n");
	fixture->request.threads_in_flight = one_in_flight;
	assert_says(fixture_take(fixture), "  1 being opened or reused at that moment\n");
}

static _Atomic bool ends;
static _Atomic int busy_thread;

static void *is_busy(void *unused)
{
	busy_thread = (int)gettid();
	while (!ends)
		;
	return unused;
}

static int busy_one_opens(int thread)
{
	return thread == busy_thread;
}

/* Two threads share a processor, and one of them gets next to nothing of it: SCHED_IDLE. It may be
 * given 2 ms after all, but not each time. */
static void a_number_that_a_starved_thread_may_be_opening_is_not_untraced(void **state)
{
	static struct snapshot_unseen unseen[SNAPSHOT_UNSEEN_MAX];
	const struct sched_param lowest = {0};
	pthread_t threads[2];
	bool starved = false;
	cpu_set_t one, all;
	int first;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	for (first = 0; !CPU_ISSET(first, &all); first++)
		;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	ends = false;
	for (int i = 0; i < 2; i++) {
		busy_thread = 0;
		assert_int_equal(pthread_create(&threads[i], NULL, is_busy, NULL), 0);
		while (!busy_thread)
			sched_yield();
		assert_int_equal(sched_setaffinity(busy_thread, sizeof(one), &one), 0);
	}
	assert_int_equal(sched_setscheduler(busy_thread, SCHED_IDLE, &lowest), 0);
	fixture_keep(fixture, new_event());
	fixture->request.thread_opens = busy_one_opens;
	fixture->request.unseen = unseen;
	for (int i = 0; i < TRIES && !starved; i++) {
		memset(unseen, 0, sizeof(unseen)); /* it is new each time */
		starved = strstr(fixture_take(fixture),
				 "  1 being opened or reused at that moment\n");
	}
	assert_true(starved);
	/* But not for ever. */
	unseen[0].since_ms -= 60 * 1000;
	assert_says(fixture_take(fixture), "1 eventfd, opened by an untraced call\n");
	ends = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void a_close_that_has_just_ended_does_not_count_as_an_untraced_one(void **state)
{
	int output = new_event(), fd = new_event();

	(void)state;
	fixture_opened(fixture, fd, stack_of(fetch_status), FD_EVENTFD);
	ledger_closing(&fixture->ledger, fd);
	close(fd);
	close(output); /* The descriptor of the snapshot itself gets this number. */
	assert_says_not(fixture_take(fixture), "not seen:");
	assert_true(ledger_read(&fixture->ledger, fd, NULL, NULL));
}

static int open_kind(enum fd_kind kind)
{
	sigset_t none;

	sigemptyset(&none);
	switch (kind) {
	case FD_EPOLL:
		return epoll_create1(EPOLL_CLOEXEC);
	case FD_EVENTFD:
		return new_event();
	case FD_TIMERFD:
		return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	case FD_SIGNALFD:
		return signalfd(-1, &none, SFD_CLOEXEC);
	case FD_INOTIFY:
		return inotify_init1(IN_CLOEXEC);
	case FD_SOCKET:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	default:
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

static void a_descriptor_has_a_calls_stack_only_if_that_call_can_make_its_kind(void **state)
{
	static const enum fd_kind kinds[] = {FD_EPOLL,   FD_EVENTFD, FD_TIMERFD, FD_SIGNALFD,
					     FD_INOTIFY, FD_SOCKET,  FD_FILE};
	enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

	(void)state;
	for (int said = 0; said < KINDS; said++)
		for (int is = 0; is < KINDS; is++) {
			int fd = open_kind(kinds[is]);
			/* open(2) can return any kind of descriptor except a socket. */
			bool good =
				said == is || (kinds[said] == FD_FILE && kinds[is] != FD_SOCKET);

			assert_true(fd >= 0);
			fixture_opened(fixture, fd, stack_of(fetch_status), kinds[said]);
			fixture_take(fixture);
			if (good)
				assert_says(fixture->text, "opened in fetch_status");
			else
				assert_says_not(fixture->text, "fetch_status");
			ledger_forget(&fixture->ledger, fd);
			close(fd);
		}
}

static void a_group_that_shrinks_is_not_ranked_above_one_that_rests(void **state)
{
	uint32_t rests = stack_of(fetch_status), shrinks = stack_of(check_health);

	(void)state;
	for (int i = 0; i < 5; i++)
		event(rests);
	for (int i = 0; i < 3; i++)
		event(shrinks);
	fixture_take(fixture);
	int closed = fixture->kept[--fixture->kept_count];
	ledger_closing(&fixture->ledger, closed);
	close(closed);
	ledger_closed(&fixture->ledger, closed);
	fixture->request.number = 2;
	assert_says(fixture_take(fixture), "\ngroup 1: 5 eventfds, opened in fetch_status\n");
	assert_says(fixture->text, "2 live, -1 since the last snapshot");
}

static void the_first_snapshot_knows_of_no_growth(void **state)
{
	uint32_t two_kinds = stack_of(fetch_status), one_kind = stack_of(check_health);

	(void)state;
	for (int i = 0; i < 3; i++) {
		int ends[2];

		event(two_kinds);
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		fixture_opened(fixture, fixture_keep(fixture, ends[0]), two_kinds, FD_PIPE);
		fixture_note_inherited(fixture_keep(fixture, ends[1]), fixture);
	}
	for (int i = 0; i < 4; i++)
		event(one_kind);
	/* One stack has six open descriptors, in two groups. */
	assert_says(fixture_take(fixture), "\ngroup 1: 4 eventfds, opened in check_health\n");
}

static void a_heading_names_the_caller_of_the_c_library(void **state)
{
	uint32_t libc = module_table_add(
		&fixture->ledger.modules, "/lib/x86_64-linux-gnu/libc.so.6",
		(const uint8_t *)"\x12\x34", 2, 0x7f0000000000, 0x7f0000000000, 0x7f0000200000);
	frame_t frames[] = {
		FRAME_MAKE(libc, 0x1234),
		FRAME_MAKE(fixture->module, (uintptr_t)fetch_status - fixture->bias + 1),
	};

	(void)state;
	event(stack_table_intern(&fixture->ledger.stacks, frames, 2, STACK_COMPLETE));
	assert_says(fixture_take(fixture), "\ngroup 1: 1 eventfd, opened in fetch_status\n");
	assert_says(fixture->text, "    #0 0x7f0000001234 (/lib/x86_64-linux-gnu/libc.so.6+0x1234)"
				   " (BuildId: 1234)\n");
}

static void a_peak_over_numbers_that_the_program_chose_is_an_upper_bound(void **state)
{
	struct rlimit limit;
	int fd, chosen;

	(void)state;
	event(stack_of(fetch_status));
	assert_says(fixture_take(fixture), "\npeak: 1 open at once");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = fixture->kept[0];
	chosen = (int)(limit.rlim_cur < 1000 ? limit.rlim_cur : 1000) - 1;
	assert_int_equal(dup2(fd, chosen), chosen);
	fixture_keep(fixture, chosen);
	ledger_opened(
		&fixture->ledger, chosen,
		&(struct ledger_entry){.stack = stack_of(fetch_status), .origin = FD_DUPLICATED});
	assert_says(fixture_take(fixture), "\npeak: at most 2 open at once");
}

/* Adds a stack that has had count descriptors open at once, and has closed them all. */
static void held_and_closed(uint32_t number, int count)
{
	frame_t frame = FRAME_MAKE(fixture->module, number);
	uint32_t stack = stack_table_intern(&fixture->ledger.stacks, &frame, 1, STACK_COMPLETE);

	for (int fd = 0; fd < count; fd++)
		ledger_opened(&fixture->ledger, 10000 + fd,
			      &(struct ledger_entry){.stack = stack, .dup_of = LEDGER_NO_FD});
	for (int fd = 0; fd < count; fd++)
		ledger_forget(&fixture->ledger, 10000 + fd);
}

static void the_highest_peaks_are_listed_the_highest_first(void **state)
{
	char expected[64];

	(void)state;
	/* The peaks 50 to 74, in an order that neither rises nor falls. */
	for (uint32_t i = 0; i < 25; i++)
		held_and_closed(i + 1, 50 + (int)(i * 7 % 25));
	held_and_closed(100, 49);
	fixture_take(fixture);
	for (int i = 0; i < 20; i++) {
		snprintf(expected, sizeof(expected), "\npeak %d: %d open at once, opened ", i + 1,
			 74 - i);
		assert_says(fixture->text, expected);
	}
	assert_says_not(fixture->text, "\npeak 21:");
	assert_says(fixture->text, "\npeaks: 20 listed; 6 more stacks, at most 54 open at once\n");
	fixture->request.peaks = true;
	assert_says(fixture_take(fixture),
		    "\npeaks: 20 listed; 6 more stacks, at most 54 open at once\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define PROMISE(title, function)                                                                   \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		PROMISE("only what a program chose to put at 0 is standard input",
			only_what_a_program_chose_to_put_at_0_is_standard_input),
		PROMISE("a snapshot waits for a record that is about to come",
			a_snapshot_waits_for_a_record_that_is_about_to_come),
		PROMISE("a record that has come and gone counts",
			a_record_that_has_come_and_gone_counts),
		PROMISE("a number that a thread is recording does not count as opened by an "
			"untraced call",
			a_number_that_a_thread_is_recording_is_not_untraced),
		PROMISE("a number that a starved thread may be opening does not count as opened by "
			"an untraced call",
			a_number_that_a_starved_thread_may_be_opening_is_not_untraced),
		PROMISE("a close that has just ended does not count as an untraced one",
			a_close_that_has_just_ended_does_not_count_as_an_untraced_one),
		PROMISE("a descriptor has a call's stack only if that call can make its kind",
			a_descriptor_has_a_calls_stack_only_if_that_call_can_make_its_kind),
		PROMISE("a group that shrinks is not ranked above one that rests",
			a_group_that_shrinks_is_not_ranked_above_one_that_rests),
		PROMISE("the first snapshot knows of no growth",
			the_first_snapshot_knows_of_no_growth),
		PROMISE("a heading names the caller of the C library",
			a_heading_names_the_caller_of_the_c_library),
		PROMISE("a peak over numbers that the program chose is an upper bound",
			a_peak_over_numbers_that_the_program_chose_is_an_upper_bound),
		PROMISE("the highest peaks are listed, the highest first",
			the_highest_peaks_are_listed_the_highest_first),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
