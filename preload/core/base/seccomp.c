// SPDX-License-Identifier: MIT
/*
 * See seccomp.h. The copies lie one after another in static memory, which is untouched in a program
 * without filters. They fit: the kernel takes no more than MAX_INSNS_PER_PATH instructions from a
 * process, and counts 4 more for each filter (kernel/seccomp.c), where our header takes the room of
 * one.
 */
#include "seccomp.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "preload/arch/machine.h"
#include "read_safely.h"
#include "raw_syscall.h"

enum { POOL = 32768, HEADER = 1 };

enum state { EMPTY, UNUSED, COMING, IN_USE };

/* Precedes every copy, in the place of an instruction. */
struct header {
	_Atomic uint16_t state;
	uint16_t length; /* 0: SECCOMP_MODE_STRICT */
	uint32_t unused;
};

_Static_assert(sizeof(struct header) == sizeof(struct sock_filter), "a header is an instruction");
_Static_assert(POOL == (1 << 18) / sizeof(struct sock_filter),
	       "MAX_INSNS_PER_PATH of kernel/seccomp.c");
_Static_assert(BPF_MAXINSNS <= UINT16_MAX, "a header's length has 16 bits");

static struct sock_filter pool[POOL];
static _Atomic size_t used;
_Atomic bool seccomp_present;

/* Runs a filter and returns its answer. The kernel has checked the filter (bpf_check_classic,
 * seccomp_check_filter): jumps go forward and end inside, so this loop ends. Instructions that the
 * kernel's checker would reject count as "deny". */
static uint32_t run(const struct sock_filter *filter, size_t length,
		    const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

	for (size_t at = 0; at < length; at++) {
		const struct sock_filter *instruction = &filter[at];
		uint32_t k = instruction->k;
		uint32_t operand = BPF_SRC(instruction->code) == BPF_X ? x : k;
		bool taken = false;

		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (k > sizeof(*data) - sizeof(a) || k % sizeof(a))
				return SECCOMP_RET_KILL_PROCESS;
			memcpy(&a, (const char *)data + k, sizeof(a));
			continue;
		case BPF_LD | BPF_W | BPF_LEN:
			a = sizeof(*data);
			continue;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = sizeof(*data);
			continue;
		case BPF_LD | BPF_IMM:
			a = k;
			continue;
		case BPF_LDX | BPF_IMM:
			x = k;
			continue;
		case BPF_LD | BPF_MEM:
			a = memory[k % BPF_MEMWORDS];
			continue;
		case BPF_LDX | BPF_MEM:
			x = memory[k % BPF_MEMWORDS];
			continue;
		case BPF_ST:
			memory[k % BPF_MEMWORDS] = a;
			continue;
		case BPF_STX:
			memory[k % BPF_MEMWORDS] = x;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			continue;
		case BPF_MISC | BPF_TXA:
			a = x;
			continue;
		case BPF_RET | BPF_K:
			return k;
		case BPF_RET | BPF_A:
			return a;
		case BPF_JMP | BPF_JA:
			at += k;
			continue;
		}
		switch (BPF_CLASS(instruction->code) | BPF_OP(instruction->code)) {
		case BPF_JMP | BPF_JEQ:
			taken = a == operand;
			break;
		case BPF_JMP | BPF_JGT:
			taken = a > operand;
			break;
		case BPF_JMP | BPF_JGE:
			taken = a >= operand;
			break;
		case BPF_JMP | BPF_JSET:
			taken = a & operand;
			break;
		case BPF_ALU | BPF_ADD:
			a += operand;
			continue;
		case BPF_ALU | BPF_SUB:
			a -= operand;
			continue;
		case BPF_ALU | BPF_MUL:
			a *= operand;
			continue;
		case BPF_ALU | BPF_DIV:
			if (!operand)
				return 0; /* as in the kernel: a division by zero returns 0 */
			a /= operand;
			continue;
		case BPF_ALU | BPF_AND:
			a &= operand;
			continue;
		case BPF_ALU | BPF_OR:
			a |= operand;
			continue;
		case BPF_ALU | BPF_XOR:
			a ^= operand;
			continue;
		/* Shifts by the lowest 5 bits, as the kernel (kernel/bpf/core.c) and the processor
		 * do. */
		case BPF_ALU | BPF_LSH:
			a <<= operand & 31;
			continue;
		case BPF_ALU | BPF_RSH:
			a >>= operand & 31;
			continue;
		case BPF_ALU | BPF_NEG:
			a = -a;
			continue;
		default:
			return SECCOMP_RET_KILL_PROCESS;
		}
		at += taken ? instruction->jt : instruction->jf;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool strict_allows(long number)
{
	return number == SYS_read || number == SYS_write || number == SYS_exit ||
	       number == SYS_rt_sigreturn;
}

/* The answer of one filter. */
static int32_t answer_of(const struct header *header, const struct seccomp_data *data)
{
	if (!header->length)
		return strict_allows(data->nr) ? (int32_t)SECCOMP_RET_ALLOW
					       : (int32_t)SECCOMP_RET_KILL_PROCESS;
	return (int32_t)(run((const struct sock_filter *)(header + 1), header->length, data) &
			 SECCOMP_RET_ACTION_FULL);
}

static uint32_t verdict(long number, const long arguments[6], enum state least)
{
	struct seccomp_data data = {
		.nr = (int)number,
		.arch = MACHINE_AUDIT,
		.instruction_pointer = (uintptr_t)__builtin_return_address(0),
	};
	int32_t strictest = SECCOMP_RET_ALLOW;
	size_t end = atomic_load(&used);

	for (int i = 0; i < 6; i++)
		data.args[i] = (uint64_t)arguments[i];
	for (size_t at = 0; at < end && at < POOL;) {
		const struct header *header = (const void *)&pool[at];
		uint16_t state = atomic_load(&header->state);

		if (state == EMPTY)
			break; /* another thread is just copying it */
		int32_t answer =
			state >= least ? answer_of(header, &data) : (int32_t)SECCOMP_RET_ALLOW;
		/* As signed numbers, the lowest answer is the strictest: seccomp_run_filters(). */
		if (answer < strictest)
			strictest = answer;
		at += HEADER + header->length;
	}
	return (uint32_t)strictest;
}

static bool is_deadly(uint32_t answer)
{
	return answer == SECCOMP_RET_KILL_PROCESS || answer == SECCOMP_RET_KILL_THREAD ||
	       answer == SECCOMP_RET_TRAP;
}

bool seccomp_forbids(long number, long a, long b, long c, long d, long e, long f)
{
	/* These two must be made, and end the caller anyway. */
	if (number == SYS_exit_group || number == SYS_exit)
		return false;
	return is_deadly(verdict(number, (long[]){a, b, c, d, e, f}, IN_USE));
}

bool seccomp_will_refuse(long number, long a, long b, long c, long d, long e, long f)
{
	uint32_t answer = verdict(number, (long[]){a, b, c, d, e, f}, COMING);

	return is_deadly(answer) || answer == SECCOMP_RET_ERRNO;
}

long seccomp_keep(const struct sock_fprog *program)
{
	struct sock_fprog copy = {0};

	if (program &&
	    (!read_safely(&copy, program, sizeof(copy)) || !copy.len || copy.len > BPF_MAXINSNS))
		return SECCOMP_NOT_KEPT;
	size_t at = atomic_fetch_add(&used, HEADER + (size_t)copy.len);
	if (at + HEADER + copy.len > POOL) /* the kernel will refuse it */
		return SECCOMP_NOT_KEPT;
	struct header *header = (void *)&pool[at];
	header->length = copy.len;
	bool whole = !copy.len ||
		     read_safely(&pool[at + HEADER], copy.filter, copy.len * sizeof(*copy.filter));
	atomic_store(&header->state, whole ? COMING : UNUSED);
	return whole ? (long)at : SECCOMP_NOT_KEPT;
}

void seccomp_use(long kept)
{
	if (kept == SECCOMP_NOT_KEPT)
		return;
	atomic_store(&((struct header *)&pool[kept])->state, IN_USE);
	atomic_store(&seccomp_present, true);
}

void seccomp_forget(long kept)
{
	if (kept == SECCOMP_NOT_KEPT)
		return;
	struct header *header = (void *)&pool[kept];
	size_t end = (size_t)kept + HEADER + header->length;

	/* The room of the last copy can be used again, unless another thread has just added one. */
	atomic_store(&header->state, UNUSED);
	if (atomic_compare_exchange_strong(&used, &end, (size_t)kept))
		atomic_store(&header->state, EMPTY);
}
