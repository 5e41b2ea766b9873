// SPDX-License-Identifier: MIT
/*
 * The interpreter of a program's seccomp filters, compared with the kernel: each filter is also set
 * up in a child, which makes the calls that the interpreter judges.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/arch/kernel_call.h"
#include "preload/core/base/seccomp.h"

/* The system call that the filters judge. Its arguments are a bit to test and the values of A
 * and X. */
#define JUDGED SYS_getppid

enum { LINES = 48 };

#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t))

struct filter {
	struct sock_filter lines[LINES];
	unsigned short length;
};

static void line(struct filter *filter, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	assert_true(filter->length < LINES);
	filter->lines[filter->length++] = (struct sock_filter){code, yes, no, k};
}

/* Begins a filter that allows all other calls, and loads A and X from the arguments of this one. */
static void begin(struct filter *filter)
{
	filter->length = 0;
	line(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	line(filter, BPF_JMP | BPF_JEQ, JUDGED, 1, 0);
	line(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	line(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(2), 0, 0);
	line(filter, BPF_MISC | BPF_TAX, 0, 0, 0);
	line(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1), 0, 0);
}

/* The call fails with ENOTTY when A has the tested bit. */
static void end(struct filter *filter)
{
	line(filter, BPF_MISC | BPF_TAX, 0, 0, 0);
	line(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(0), 0, 0);
	line(filter, BPF_ALU | BPF_AND | BPF_X, 0, 0, 0);
	line(filter, BPF_JMP | BPF_JEQ, 0, 1, 0);
	line(filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY, 0, 0);
	line(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static const uint32_t values[] = {0,  1,          2,          7,          31,        32,
				  33, 0x7fffffff, 0x80000000, 0x80000003, UINT32_MAX};

enum { VALUES = sizeof(values) / sizeof(*values), NOT_TAKEN = 1 };

/* The value of A for each pair of values, or that the filter killed the child for it. */
struct outcome {
	uint32_t a[VALUES][VALUES];
	bool killed[VALUES][VALUES];
};

static uint32_t bits_in_kernel(uint32_t a, uint32_t x)
{
	uint32_t bits = 0;

	for (int bit = 0; bit < 32; bit++)
		bits |= (uint32_t)(kernel_call6(JUDGED, (long)(UINT32_C(1) << bit), a, x, 0, 0,
						0) == -ENOTTY)
			<< bit;
	return bits;
}

/* Runs in a child. Exits with NOT_TAKEN when the kernel does not accept the filter. */
static void judge(const struct filter *filter, struct outcome *outcome)
{
	const struct sock_fprog program = {filter->length, (struct sock_filter *)filter->lines};
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		_exit(NOT_TAKEN);
	for (int i = 0; i < VALUES; i++)
		for (int j = 0; j < VALUES; j++) {
			if (outcome->killed[i][j])
				continue;
			outcome->killed[i][j] = true;
			outcome->a[i][j] = bits_in_kernel(values[i], values[j]);
			outcome->killed[i][j] = false;
		}
	_exit(0);
}

/* Returns false if the kernel does not accept the filter. After a child was killed, another one
 * leaves that pair out. */
static bool ask_kernel(const struct filter *filter, struct outcome *outcome)
{
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	assert_true(shared != MAP_FAILED);
	do {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			judge(filter, shared);
		assert_int_equal(waitpid(child, &status, 0), child);
	} while (WIFSIGNALED(status));
	*outcome = *shared;
	munmap(shared, sizeof(*shared));
	return WEXITSTATUS(status) == 0;
}

/* Keeps a filter, as the runtime does before the program sets it up. */
static long keep(const struct filter *filter)
{
	long kept = seccomp_keep(
		&(struct sock_fprog){filter->length, (struct sock_filter *)filter->lines});

	assert_true(kept != SECCOMP_NOT_KEPT);
	return kept;
}

static void compare(const struct filter *filter, const char *name)
{
	struct outcome outcome;
	long kept;

	if (!ask_kernel(filter, &outcome))
		fail_msg("%s: not taken by the kernel", name);
	kept = keep(filter);
	seccomp_use(kept);
	for (int i = 0; i < VALUES; i++)
		for (int j = 0; j < VALUES; j++) {
			uint32_t a = 0;
			bool killed = seccomp_forbids(JUDGED, 1, values[i], values[j], 0, 0, 0);

			for (int bit = 0; bit < 32 && !killed; bit++)
				a |= (uint32_t)seccomp_will_refuse(JUDGED,
								   (long)(UINT32_C(1) << bit),
								   values[i], values[j], 0, 0, 0)
				     << bit;
			if (killed == outcome.killed[i][j] && a == outcome.a[i][j])
				continue;
			seccomp_forget(kept);
			fail_msg("%s, A %#x, X %#x: %#x%s, by the kernel %#x%s", name, values[i],
				 values[j], a, killed ? " (killed)" : "", outcome.a[i][j],
				 outcome.killed[i][j] ? " (killed)" : "");
		}
	seccomp_forget(kept);
}

static const struct {
	const char *name;
	uint16_t operation;
} operations[] = {
	{"add", BPF_ADD}, {"sub", BPF_SUB}, {"mul", BPF_MUL}, {"div", BPF_DIV}, {"and", BPF_AND},
	{"or", BPF_OR},   {"xor", BPF_XOR}, {"lsh", BPF_LSH}, {"rsh", BPF_RSH}, {"neg", BPF_NEG},
};

/* The kernel refuses a filter that divides by a constant of 0, or shifts by one of 32 or more.
 * neg has no operand. */
static bool kernel_refuses(uint16_t operation, int constant)
{
	if (operation == BPF_NEG)
		return constant < 0;
	return constant >= 0 &&
	       ((operation == BPF_DIV && values[constant] == 0) ||
		((operation == BPF_LSH || operation == BPF_RSH) && values[constant] >= 32));
}

static void arithmetic_of_filters_matches_the_kernels(void **state)
{
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		for (int constant = -1; constant < VALUES; constant++) {
			struct filter filter;

			if (kernel_refuses(operations[i].operation, constant))
				continue;
			begin(&filter);
			line(&filter,
			     (uint16_t)(BPF_ALU | operations[i].operation |
					(constant < 0 ? BPF_X : BPF_K)),
			     constant < 0 ? 0 : values[constant], 0, 0);
			end(&filter);
			snprintf(name, sizeof(name), "%s %#x", operations[i].name,
				 constant < 0 ? 0 : values[constant]);
			compare(&filter, constant < 0 ? operations[i].name : name);
		}
}

static void jumps_of_filters_match_the_kernels(void **state)
{
	static const struct {
		const char *name;
		uint16_t operation;
	} jumps[] = {{"jeq", BPF_JEQ}, {"jgt", BPF_JGT}, {"jge", BPF_JGE}, {"jset", BPF_JSET}};

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(*jumps); i++)
		for (int constant = -1; constant < VALUES; constant++) {
			struct filter filter;

			begin(&filter);
			line(&filter,
			     (uint16_t)(BPF_JMP | jumps[i].operation |
					(constant < 0 ? BPF_X : BPF_K)),
			     constant < 0 ? 0 : values[constant], 2, 1);
			line(&filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
			line(&filter, BPF_LD | BPF_IMM, 0x55, 0, 0);
			line(&filter, BPF_JMP | BPF_JA, 1, 0, 0);
			line(&filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
			end(&filter);
			compare(&filter, jumps[i].name);
		}
}

static void memory_moves_and_words_of_the_call_match_the_kernels(void **state)
{
	struct filter filter;

	(void)state;
	begin(&filter);
	line(&filter, BPF_ST, 3, 0, 0);
	line(&filter, BPF_STX, BPF_MEMWORDS - 1, 0, 0);
	line(&filter, BPF_LDX | BPF_MEM, 3, 0, 0);
	line(&filter, BPF_LD | BPF_MEM, BPF_MEMWORDS - 1, 0, 0);
	line(&filter, BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0);
	end(&filter);
	compare(&filter, "st, stx, ld, ldx");

	begin(&filter);
	line(&filter, BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0);
	line(&filter, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
	line(&filter, BPF_LDX | BPF_IMM, 0x1234, 0, 0);
	line(&filter, BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0);
	line(&filter, BPF_ST, 0, 0, 0);
	line(&filter, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	line(&filter, BPF_MISC | BPF_TAX, 0, 0, 0);
	line(&filter, BPF_LD | BPF_MEM, 0, 0, 0);
	line(&filter, BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0);
	line(&filter, BPF_ST, 1, 0, 0);
	line(&filter, BPF_MISC | BPF_TXA, 0, 0, 0);
	line(&filter, BPF_LDX | BPF_MEM, 1, 0, 0);
	line(&filter, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
	end(&filter);
	compare(&filter, "len, imm, tax, txa");

	/* Every word that a filter may read, except the address of the call's instruction. */
	for (uint32_t at = 0; at < sizeof(struct seccomp_data); at += 4) {
		if (at >= offsetof(struct seccomp_data, instruction_pointer) && at < ARGUMENT(1))
			continue;
		begin(&filter);
		line(&filter, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
		end(&filter);
		compare(&filter, "a word of the call");
	}
}

/* A filter with one answer to the judged call. */
static void answers(struct filter *filter, uint32_t answer)
{
	begin(filter);
	line(filter, BPF_RET | BPF_K, answer, 0, 0);
}

static void the_strictest_of_several_filters_counts_once_it_is_in_use(void **state)
{
	static const struct {
		uint32_t answer;
		bool refuses, forbids;
	} rows[] = {
		{SECCOMP_RET_ALLOW, false, false},      {SECCOMP_RET_LOG, false, false},
		{SECCOMP_RET_TRACE | 5, false, false},  {SECCOMP_RET_ERRNO | ENOTTY, true, false},
		{SECCOMP_RET_TRAP, true, true},         {SECCOMP_RET_KILL_THREAD, true, true},
		{SECCOMP_RET_KILL_PROCESS, true, true},
	};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };

	(void)state;
	for (int i = 0; i < ROWS; i++)
		for (int j = 0; j < ROWS; j++) {
			struct filter filter;
			int stricter = i > j ? i : j;

			answers(&filter, rows[i].answer);
			long first = keep(&filter);
			answers(&filter, rows[j].answer);
			long second = keep(&filter);

			/* A filter that the program has not set up yet forbids nothing, but its
			 * refusal is foreseen. */
			assert_false(seccomp_forbids(JUDGED, 0, 0, 0, 0, 0, 0));
			assert_int_equal(seccomp_will_refuse(JUDGED, 0, 0, 0, 0, 0, 0),
					 rows[stricter].refuses);
			seccomp_use(first);
			assert_int_equal(seccomp_forbids(JUDGED, 0, 0, 0, 0, 0, 0),
					 rows[i].forbids);
			seccomp_use(second);
			assert_int_equal(seccomp_forbids(JUDGED, 0, 0, 0, 0, 0, 0),
					 rows[stricter].forbids);
			assert_false(seccomp_forbids(SYS_getpid, 0, 0, 0, 0, 0, 0));
			seccomp_forget(second);
			seccomp_forget(first);
			assert_false(seccomp_will_refuse(JUDGED, 0, 0, 0, 0, 0, 0));
		}
}

static void the_strict_mode_leaves_four_calls(void **state)
{
	long kept = seccomp_keep(NULL);

	(void)state;
	seccomp_use(kept);
	assert_false(seccomp_forbids(SYS_read, 0, 0, 0, 0, 0, 0));
	assert_false(seccomp_forbids(SYS_write, 0, 0, 0, 0, 0, 0));
	assert_false(seccomp_forbids(SYS_exit, 0, 0, 0, 0, 0, 0));
	assert_false(seccomp_forbids(SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0));
	assert_true(seccomp_forbids(SYS_openat, 0, 0, 0, 0, 0, 0));
	seccomp_forget(kept);
}

/* Whether a child can set up a filter. */
static bool kernel_has_filters(void)
{
	struct filter filter;
	struct outcome outcome;

	begin(&filter);
	end(&filter);
	return ask_kernel(&filter, &outcome);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "arithmetic of filters matches the kernel's",
		 .test_func = arithmetic_of_filters_matches_the_kernels},
		{.name = "jumps of filters match the kernel's",
		 .test_func = jumps_of_filters_match_the_kernels},
		{.name = "memory, moves and words of the call match the kernel's",
		 .test_func = memory_moves_and_words_of_the_call_match_the_kernels},
		{.name = "the strictest of several filters counts, once it is in use",
		 .test_func = the_strictest_of_several_filters_counts_once_it_is_in_use},
		{.name = "the strict mode leaves four calls",
		 .test_func = the_strict_mode_leaves_four_calls},
	};

	if (!kernel_has_filters()) {
		printf("1..0 # SKIP no seccomp filter can be set up here\n");
		return 0;
	}
	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
