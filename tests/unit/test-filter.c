// SPDX-License-Identifier: MIT
/*
 * Which system calls the ptrace engine's filter stops, in each ABI. A child sets up the filter and
 * makes the calls; this process traces it and skips each call that is stopped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../in_range.h"
#include "preload/arch/kernel_call.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/planted/planted.h"
#include "tools/engine/tracer/calls.h"
#include "tools/engine/tracer/seccomp_filter.h"
#include "../skip.h"

#define KVM_DEVICE 0xc00caee0 /* KVM_CREATE_DEVICE */

enum {
	X32 = 0x40000000,
	PEERPIDFD = 77,
	PTPEER = 0x5441,
	NO_FILTER = 9,
	NO_I386 = 10,
	ASKS = SIGUSR1,
	BESIDE = 8, /* bytes */
};

struct row {
	enum call_abi abi;
	long number;
	long arguments[4];
	const char *name; /* NULL: the call is not stopped */
};

static const struct row rows[] = {
	{ABI_X86_64, SYS_socket, {-1}, "socket"},
	{ABI_X86_64, SYS_openat, {-1}, "openat"},
	{ABI_X86_64, SYS_dup, {-1}, "dup"},
	{ABI_X86_64, SYS_dup2, {-1, -1}, "dup2"},
	{ABI_X86_64, SYS_dup3, {-1, -1}, "dup3"},
	{ABI_X86_64, SYS_pipe2, {0}, "pipe2"},
	{ABI_X86_64, SYS_socketpair, {-1}, "socketpair"},
	{ABI_X86_64, SYS_connect, {-1}, "connect"},
	{ABI_X86_64, SYS_recvmsg, {-1}, "recvmsg"},
	{ABI_X86_64, SYS_recvmmsg, {-1}, "recvmmsg"},
	{ABI_X86_64, SYS_signalfd4, {-1}, "signalfd4"},
	{ABI_X86_64, SYS_exit_group, {0}, "exit_group"},
	{ABI_X86_64, SYS_read, {-1}, NULL},
	{ABI_X86_64, SYS_close, {-1}, NULL},
	{ABI_X86_64, SYS_getppid, {0}, NULL},
	/* Stopped for some arguments only. */
	{ABI_X86_64, SYS_fcntl, {-1, F_DUPFD}, "fcntl"},
	{ABI_X86_64, SYS_fcntl, {-1, F_DUPFD_CLOEXEC}, "fcntl"},
	{ABI_X86_64, SYS_fcntl, {-1, F_GETFD}, NULL},
	{ABI_X86_64, SYS_clone, {CLONE_UNTRACED | CLONE_THREAD}, "clone"},
	{ABI_X86_64, SYS_clone, {CLONE_THREAD}, NULL},
	{ABI_X86_64, SYS_unshare, {CLONE_FILES}, "unshare"},
	{ABI_X86_64, SYS_unshare, {CLONE_FS}, NULL},
	{ABI_X86_64, SYS_close_range, {900000, 900001, CLOSE_RANGE_UNSHARE}, "close_range"},
	{ABI_X86_64, SYS_close_range, {900000, 900001, 0}, NULL},
	{ABI_X86_64, SYS_getsockopt, {-1, SOL_SOCKET, PEERPIDFD}, "getsockopt"},
	{ABI_X86_64, SYS_getsockopt, {-1, SOL_SOCKET, SO_ERROR}, NULL},
	{ABI_X86_64, SYS_ioctl, {-1, PTPEER}, "ioctl"},
	{ABI_X86_64, SYS_ioctl, {-1, 0x541b}, NULL},
	{ABI_X86_64, SYS_ioctl, {-1, KVM_DEVICE}, "ioctl"},
	{ABI_X86_64, SYS_ioctl, {-1, (int)KVM_DEVICE}, "ioctl"}, /* with a sign */
	{ABI_X86_64, SYS_landlock_create_ruleset, {0, 0, 0}, "landlock_create_ruleset"},
	{ABI_X86_64, SYS_landlock_create_ruleset, {0, 0, 1}, NULL},
	{ABI_X86_64, SYS_mmap, {0, 0, PROT_READ | PROT_EXEC}, "mmap"},
	{ABI_X86_64, SYS_mmap, {0, 0, PROT_READ}, NULL},
	{ABI_X86_64, SYS_rt_sigaction, {ASKS}, "rt_sigaction"},
	{ABI_X86_64, SYS_rt_sigaction, {SIGUSR2}, NULL},
	/* The kernel ignores the high half of this argument. */
	{ABI_X86_64, SYS_fcntl, {-1, (1L << 32) | F_DUPFD}, "fcntl"},

	{ABI_X32, X32 | SYS_socket, {-1}, "socket"},
	{ABI_X32, X32 | 519, {-1}, "recvmsg"},
	{ABI_X32, X32 | 537, {-1}, "recvmmsg"},
	{ABI_X32, X32 | 542, {-1, SOL_SOCKET, PEERPIDFD}, "getsockopt"},
	{ABI_X32, X32 | 542, {-1, SOL_SOCKET, SO_ERROR}, NULL},
	{ABI_X32, X32 | 512, {ASKS}, "rt_sigaction"},
	{ABI_X32, X32 | 514, {-1, KVM_DEVICE}, "ioctl"},
	{ABI_X32, X32 | 514, {-1, 0x541b}, NULL},
	{ABI_X32, X32 | SYS_fcntl, {-1, F_DUPFD_CLOEXEC}, "fcntl"},
	{ABI_X32, X32 | SYS_read, {-1}, NULL},

	/* asm/unistd_32.h */
	{ABI_I386, 359, {-1}, "socket"},
	{ABI_I386, 5, {0}, "open"},
	{ABI_I386, 102, {0}, "recvmsg"}, /* socketcall: the tracer looks later at what it does */
	{ABI_I386, 55, {-1, F_DUPFD}, "fcntl"},
	{ABI_I386, 221, {-1, F_DUPFD_CLOEXEC}, "fcntl"},
	{ABI_I386, 221, {-1, F_GETFD}, NULL},
	{ABI_I386, 54, {-1, KVM_DEVICE}, "ioctl"},
	{ABI_I386, 54, {-1, 0x541b}, NULL},
	{ABI_I386, 120, {CLONE_UNTRACED | CLONE_THREAD}, "clone"},
	{ABI_I386, 192, {0, 0, PROT_EXEC}, "mmap"},
	{ABI_I386, 192, {0, 0, PROT_READ}, NULL},
	{ABI_I386, 174, {ASKS}, "rt_sigaction"},
	{ABI_I386, 3, {-1}, NULL},
	{ABI_I386, 41, {-1}, "dup"}, /* x86_64's socket */
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

#define SITE(number) ((number) << PLANTED_SITE_SHIFT)

/* Calls that planted code makes to stop, and others beside them: by their offset in the image. */
static const struct {
	int at;
	struct row row; /* its name: of the call whose tag the stop has */
} asks[] = {
	{SITE(0), {ABI_X86_64, PLANTED_STOP_CALL, {0}, "planted"}},
	{SITE(0) + BESIDE, {ABI_X86_64, PLANTED_STOP_CALL, {0}, NULL}},
	{SITE(1), {ABI_X86_64, PLANTED_STOP_CALL, {0}, NULL}},
	{SITE(1), {ABI_X86_64, SYS_connect, {-1}, NULL}},
	{SITE(PLANTED_ASKS), {ABI_X86_64, SYS_connect, {-1}, "connect"}},
	{SITE(PLANTED_ASKS) + BESIDE, {ABI_X86_64, SYS_getppid, {0}, NULL}},
	{SITE(PLANTED_ASKS_END - 1), {ABI_X86_64, SYS_dup3, {-1, -1}, "dup3"}},
	{SITE(PLANTED_ASKS), {ABI_X86_64, SYS_getppid, {0}, NULL}},
};

enum { ASKED = sizeof(asks) / sizeof(*asks) };

/* The filter, and the place from which calls of x86_64 are made. */
enum mode { WITHOUT_PLANTED, WITH_PLANTED, AT_SITE, BESIDE_SITE, ONLY_PLANTED, MODES };

/* Memory that both processes share. */
struct shared {
	int at; /* the row */
	struct {
		int times;
		unsigned long tag;
	} stops[ROWS + ASKED];
};

static struct shared *results[MODES], *shared;
static bool has_i386 = true;

static void call_i386(const struct row *row)
{
	long answer;

	__asm__ volatile("int $0x80"
			 : "=a"(answer)
			 : "a"(row->number), "b"(row->arguments[0]), "c"(row->arguments[1]),
			   "d"(row->arguments[2])
			 : "memory");
}

static void no_i386(int number)
{
	(void)number;
	kernel_call6(SYS_exit, NO_I386, 0, 0, 0, 0, 0);
}

/* Makes a system call of x86_64 in an image that is mapped at one of its places, above
 * AddressSanitizer's memory. */
static void call_in_image(const struct row *row, int at)
{
	static const uint8_t code[] = {0x0f, 0x05, 0xc3};
	static char *image;
	register long fourth __asm__("r10") = row->arguments[3];
	long answer = row->number;

	if (!image) {
		image = mmap((void *)(PLANTED_LOW + 0xd000 * (PLANTED_LOW_BITS + 1L)), 4096,
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (image == MAP_FAILED)
			kernel_call6(SYS_exit, NO_FILTER, 0, 0, 0, 0, 0);
		for (int place = 0; place < PLANTED_SITES_SIZE; place += BESIDE)
			memcpy(image + place, code, sizeof(code));
		mprotect(image, 4096, PROT_READ | PROT_EXEC);
	}
	__asm__ volatile("call *%1"
			 : "+a"(answer)
			 : "r"(image + at), "D"(row->arguments[0]), "S"(row->arguments[1]),
			   "d"(row->arguments[2]), "r"(fourth)
			 : "rcx", "r11", "memory");
}

static bool install(enum mode mode)
{
	struct sock_fprog filter;

	if (mode != ONLY_PLANTED)
		return seccomp_filter_install(ASKS, mode != WITHOUT_PLANTED) == 0;
	filter = seccomp_filter(FILTER_PLANTED, ASKS, true);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void make_calls(enum mode mode)
{
	signal(SIGSEGV, no_i386);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0 || !install(mode))
		kernel_call6(SYS_exit, NO_FILTER, 0, 0, 0, 0, 0);
	for (shared->at = 0; shared->at < ROWS; shared->at++) {
		const struct row *row = &rows[shared->at];

		/* Nothing would stop it. */
		if (mode == ONLY_PLANTED && strcmp(row->name ? row->name : "", "exit_group") == 0)
			continue;
		if (row->abi == ABI_I386)
			call_i386(row);
		else if ((mode == AT_SITE || mode == BESIDE_SITE) && row->number != SYS_exit_group)
			call_in_image(row,
				      SITE(PLANTED_ASKS - 1) + (mode == BESIDE_SITE ? BESIDE : 0));
		else
			kernel_call6(row->number, row->arguments[0], row->arguments[1],
				     row->arguments[2], row->arguments[3], 0, 0);
	}
	for (; shared->at < ROWS + ASKED; shared->at++)
		call_in_image(&asks[shared->at - ROWS].row, asks[shared->at - ROWS].at);
	kernel_call6(SYS_exit, 0, 0, 0, 0, 0, 0);
}

/* Notes the stop and skips the call. */
static void leave_out(pid_t child)
{
	struct user_regs_struct registers;
	int at = shared->at;

	assert_int_equal(ptrace(PTRACE_GETEVENTMSG, child, NULL, &shared->stops[at].tag), 0);
	shared->stops[at].times++;
	assert_int_equal(ptrace(PTRACE_GETREGS, child, NULL, &registers), 0);
	registers.orig_rax = (unsigned long)-1;
	registers.rax = (unsigned long)-EPERM;
	assert_int_equal(ptrace(PTRACE_SETREGS, child, NULL, &registers), 0);
}

static int run(enum mode mode)
{
	int status;

	results[mode] = shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();
	if (child == 0)
		make_calls(mode);
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0)
		return -1;
	do {
		int signal = 0;

		if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_SECCOMP)
			leave_out(child);
		else if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGSTOP)
			signal = WSTOPSIG(status);
		if (ptrace(PTRACE_CONT, child, NULL, (unsigned long)signal) != 0 ||
		    waitpid(child, &status, 0) != child)
			return -1;
	} while (!WIFEXITED(status));
	has_i386 = WEXITSTATUS(status) != NO_I386;
	return WEXITSTATUS(status) == NO_FILTER ? -1 : 0;
}

static int set_up(void **state)
{
	int error = 0;

	(void)state;
	for (int mode = 0; mode < MODES && !error; mode++)
		error = run((enum mode)mode);
	return error;
}

static void expect_in(const struct shared *shared, enum call_abi abi)
{
	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const struct call *call;
		enum call_abi found;

		if (row->abi != abi)
			continue;
		call = shared->stops[i].times ? call_of_tag(shared->stops[i].tag, &found) : NULL;
		if (shared->stops[i].times != (row->name != NULL) ||
		    (row->name && (!call || found != abi || strcmp(call->name, row->name) != 0)))
			fail_msg("call %ld (%#lx, %#lx, %#lx): expected %s, stopped %d times as %s",
				 row->number, row->arguments[0], row->arguments[1],
				 row->arguments[2], row->name ? row->name : "no stop",
				 shared->stops[i].times, call ? call->name : "none");
	}
}

static void expect(enum call_abi abi)
{
	expect_in(results[WITHOUT_PLANTED], abi);
	expect_in(results[WITH_PLANTED], abi);
	expect_in(results[BESIDE_SITE], abi);
}

static void calls_at_planted_sites_do_not_stop(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		if (rows[i].abi == ABI_X86_64 && rows[i].number != SYS_exit_group &&
		    results[AT_SITE]->stops[i].times)
			fail_msg("call %ld was stopped", rows[i].number);
	/* The address doesn't count for other ABIs. */
	expect_in(results[AT_SITE], ABI_X32);
	if (has_i386)
		expect_in(results[AT_SITE], ABI_I386);
}

/* The name of the call whose tag a stop had; NULL: it was not stopped once. */
static const char *stopped_as(enum mode mode, int i)
{
	enum call_abi abi;
	const struct call *call = call_of_tag(results[mode]->stops[i].tag, &abi);

	if (results[mode]->stops[i].times != 1)
		return NULL;
	return results[mode]->stops[i].tag == CALL_TAG_PLANTED ? "planted"
	       : call                                          ? call->name
							       : "another";
}

static void planted_code_stops_where_it_asks(void **state)
{
	(void)state;
	for (int i = 0; i < ASKED; i++) {
		const char *alone = stopped_as(ONLY_PLANTED, ROWS + i);
		const char *full = stopped_as(WITH_PLANTED, ROWS + i);
		const char *name = asks[i].row.name;

		if (strcmp(alone ? alone : "", name ? name : "") != 0 ||
		    strcmp(full ? full : "", name ? name : "") != 0)
			fail_msg("call %d: stopped as %s by itself, as %s with all calls", i, alone,
				 full);
	}
}

static void no_real_call_stops_for_planted_code_alone(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		if (results[ONLY_PLANTED]->stops[i].times)
			fail_msg("call %ld was stopped", rows[i].number);
}

static void calls_of_the_machine_stop(void **state)
{
	(void)state;
	expect(ABI_X86_64);
}

static void calls_of_x32_stop(void **state)
{
	(void)state;
	expect(ABI_X32);
}

static void calls_of_i386_stop(void **state)
{
	(void)state;
	if (!has_i386)
		SKIP("this kernel takes no calls of i386");
	expect(ABI_I386);
}

static void a_tag_of_another_programs_filter_is_refused(void **state)
{
	enum call_abi abi;

	(void)state;
	assert_null(call_of_tag(call_tag(ABI_COUNT, 0), &abi));
	assert_null(call_of_tag(0xffff, &abi));
	assert_null(call_of_tag(call_tag(ABI_X86_64, (uint16_t)calls_count), &abi));
	assert_ptr_equal(call_of_tag(call_tag(ABI_I386, 3), &abi), &calls[3]);
	assert_int_equal(abi, ABI_I386);
}

static void each_call_has_a_number_of_its_own(void **state)
{
	struct call_number numbers[CALLS_MAX];

	(void)state;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		size_t count = calls_of_abi((enum call_abi)abi, numbers);

		assert_uint_in_range(count, 40, CALLS_MAX);
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < i; j++)
				assert_int_not_equal(numbers[i].number, numbers[j].number);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "calls of x86_64 are stopped, and no others",
		 .test_func = calls_of_the_machine_stop},
		{.name = "calls of x32 are stopped, and no others", .test_func = calls_of_x32_stop},
		{.name = "calls of i386 are stopped, and no others",
		 .test_func = calls_of_i386_stop},
		{.name = "calls at planted sites are not stopped, and those of other ABIs are",
		 .test_func = calls_at_planted_sites_do_not_stop},
		{.name = "planted code is stopped at the sites where it asks, and not beside them",
		 .test_func = planted_code_stops_where_it_asks},
		{.name = "the filter for planted code alone stops no call of other code",
		 .test_func = no_real_call_stops_for_planted_code_alone},
		{.name = "a tag of another program's filter is refused",
		 .test_func = a_tag_of_another_programs_filter_is_refused},
		{.name = "each call has a number of its own",
		 .test_func = each_call_has_a_number_of_its_own},
	};

	return cmocka_run_group_tests_name("filter", tests, set_up, NULL);
}
