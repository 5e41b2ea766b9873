// SPDX-License-Identifier: MIT
/*
 * See seccomp_filter.h. The filter is straight-line code: for each call a comparison and, if it
 * matches, an answer that carries the call's tag. Jumps stay within a call's own block, so their 8
 * bits suffice.
 */
#include "seccomp_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "preload/core/base/syscall_numbers.h"
#include "preload/planted/planted.h"
#include "call_conditions.h"
#include "calls.h"

enum {
	STOP_LENGTH = 8, /* instructions that answer "stop" */
	LENGTH_MAX = 16 + ABI_COUNT * ((3 + STOP_LENGTH) * CALLS_MAX + CONDITIONS_MAX + 2),
};

_Static_assert(2 + CONDITIONS_MAX + STOP_LENGTH <= UINT8_MAX,
	       "a call's block is jumped over by 8 bits");
_Static_assert(LENGTH_MAX <= BPF_MAXINSNS, "the kernel takes no longer filter");

struct code {
	struct sock_filter lines[LENGTH_MAX];
	unsigned short length;
	uint32_t signal; /* that triggers a snapshot */
	bool planted;
};

static void emit(struct code *code, uint16_t operation, uint32_t value, uint8_t yes, uint8_t no)
{
	code->lines[code->length++] = (struct sock_filter){operation, yes, no, value};
}

static void emit_answer(struct code *code, uint32_t answer)
{
	emit(code, BPF_RET | BPF_K, answer, 0, 0);
}

/* The number of instructions of emit_stop. */
static uint8_t stop_length(const struct code *code, enum call_abi abi)
{
	return code->planted && abi == ABI_X86_64 ? STOP_LENGTH : 1;
}

/* Stops the call, unless it is made at a site of planted code that records it
 * (preload/planted/planted.h). The kernel passes the address after the instruction. */
static void emit_stop(struct code *code, enum call_abi abi, uint32_t stop)
{
	if (stop_length(code, abi) > 1) {
		emit(code, BPF_LD | BPF_W | BPF_ABS,
		     offsetof(struct seccomp_data, instruction_pointer), 0, 0);
		emit(code, BPF_ALU | BPF_AND | BPF_K, PLANTED_LOW_BITS, 0, 0);
		emit(code, BPF_ALU | BPF_SUB | BPF_K, PLANTED_LOW, 0, 0);
		emit(code, BPF_JMP | BPF_JGE | BPF_K, PLANTED_ASKS << PLANTED_SITE_SHIFT, 3, 0);
		emit(code, BPF_ALU | BPF_AND | BPF_K, (1 << PLANTED_SITE_SHIFT) - 1, 0, 0);
		emit(code, BPF_JMP | BPF_JEQ | BPF_K, PLANTED_SITE_CALL, 0, 1);
		emit_answer(code, SECCOMP_RET_ALLOW);
	}
	emit_answer(code, stop);
}

static uint32_t offset_of_argument(unsigned int argument)
{
	/* The low half of a 64-bit word, on a little-endian machine. */
	return (uint32_t)(offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
}

static void emit_call(struct code *code, enum call_abi abi, const struct call_number *call)
{
	uint32_t stop = SECCOMP_RET_TRACE | call_tag(abi, call->index);
	const struct call_condition *first = NULL;
	unsigned int rows = 0;

	for (size_t i = 0; i < call_conditions_count; i++)
		if (strcmp(call_conditions[i].name, calls[call->index].name) == 0) {
			first = first ? first : &call_conditions[i];
			rows++;
		}
	if (!rows) {
		emit(code, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, stop_length(code, abi));
		emit_stop(code, abi, stop);
		return;
	}
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0,
	     (uint8_t)(2 + rows + stop_length(code, abi)));
	emit(code, BPF_LD | BPF_W | BPF_ABS, offset_of_argument(first->argument), 0, 0);
	for (unsigned int i = 0; i < rows; i++) {
		uint16_t test = first[i].any ? BPF_JSET : BPF_JEQ;

		/* A match jumps over the other rows and one answer. */
		emit(code, BPF_JMP | test | BPF_K, call_condition_value(&first[i], code->signal),
		     (uint8_t)(rows - i), 0);
	}
	emit_answer(code, SECCOMP_RET_ALLOW);
	emit_stop(code, abi, stop);
}

/* Emits all calls of one ABI. The call's number is loaded already. */
static void emit_abi(struct code *code, enum call_abi abi)
{
	struct call_number numbers[CALLS_MAX];
	size_t count = calls_of_abi(abi, numbers);

	for (size_t i = 0; i < count; i++)
		emit_call(code, abi, &numbers[i]);
	emit_answer(code, SECCOMP_RET_ALLOW);
}

/* Stops planted code where it asks to. The call's number is loaded already. */
static void emit_planted(struct code *code)
{
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, PLANTED_STOP_CALL, 0, 5);
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer), 0,
	     0);
	emit(code, BPF_ALU | BPF_AND | BPF_K, PLANTED_LOW_BITS, 0, 0);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, PLANTED_LOW + PLANTED_SITE_CALL, 0, 1);
	emit_answer(code, SECCOMP_RET_TRACE | CALL_TAG_PLANTED);
	emit_answer(code, SECCOMP_RET_ALLOW);
}

/* Stops a call at the sites that are for calls which stop. */
static void emit_ask(struct code *code, const struct call_number *call)
{
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 8);
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer), 0,
	     0);
	emit(code, BPF_ALU | BPF_AND | BPF_K, PLANTED_LOW_BITS, 0, 0);
	emit(code, BPF_ALU | BPF_SUB | BPF_K, PLANTED_LOW + (PLANTED_ASKS << PLANTED_SITE_SHIFT), 0,
	     0);
	emit(code, BPF_JMP | BPF_JGE | BPF_K,
	     (PLANTED_ASKS_END - PLANTED_ASKS) << PLANTED_SITE_SHIFT, 3, 0);
	emit(code, BPF_ALU | BPF_AND | BPF_K, (1 << PLANTED_SITE_SHIFT) - 1, 0, 0);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, PLANTED_SITE_CALL, 0, 1);
	emit_answer(code, SECCOMP_RET_TRACE | call_tag(ABI_X86_64, call->index));
	emit_answer(code, SECCOMP_RET_ALLOW);
}

static void make_filter(struct code *code)
{
	code->length = 0;
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0);
	/* The jump over i386's part is too long for 8 bits, so it is a BPF_JA, which has 32. */
	unsigned short over = code->length;
	emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_abi(code, ABI_I386);
	code->lines[over].k = code->length - over - 1u;
	/* x32's numbers have bit 30 set, so comparing the number alone tells both ABIs apart. */
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit(code, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	unsigned short native = code->length;
	emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
	if (code->planted)
		emit_planted(code);
	emit_abi(code, ABI_X86_64);
	code->lines[native].k = code->length - native - 1u;
	emit_abi(code, ABI_X32);
}

static void make_planted_filter(struct code *code)
{
	struct call_number numbers[CALLS_MAX];
	size_t count = calls_of_abi(ABI_X86_64, numbers);

	code->length = 0;
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	emit_answer(code, SECCOMP_RET_ALLOW);
	emit(code, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_planted(code);
	for (size_t i = 0; i < count; i++)
		emit_ask(code, &numbers[i]);
	emit_answer(code, SECCOMP_RET_ALLOW);
}

struct sock_fprog seccomp_filter(enum seccomp_filter_kind kind, int signal, bool planted)
{
	static struct code code;

	code.signal = (uint32_t)signal;
	code.planted = planted;
	if (kind == FILTER_PLANTED)
		make_planted_filter(&code);
	else
		make_filter(&code);
	return (struct sock_fprog){.len = code.length, .filter = code.lines};
}

int seccomp_filter_install(int signal, bool planted)
{
	struct sock_fprog program = seccomp_filter(FILTER_ALL, signal, planted);

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	if (errno != EACCES)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno;
}
