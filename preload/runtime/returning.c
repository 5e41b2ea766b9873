// SPDX-License-Identifier: MIT
/*
 * See returning.h. Behind the instruction of a system call all registers but the result's, and two that
 * nobody needs, are as they were before it (syscall(2), "Architecture calling conventions").
 */
#include "returning.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "../hooks/received.h"
#include "runtime.h"

static void note(struct returning *returning, int fd)
{
	for (int i = 0; i < SNAPSHOT_RETURNING_MAX && returning->count < RETURNING_NOTED; i++) {
		_Atomic int *place = &runtime.wiped->returning[i];
		int none = 0;

		if (atomic_compare_exchange_strong(place, &none, fd + 1)) {
			returning->places[returning->count++] = place;
			return;
		}
	}
}

/* A system call that has just returned. */
struct call {
	long number; /* -1: which one is not known */
	long result;
	uintptr_t first, second, fourth; /* of its arguments */
};

/* False: the thread was somewhere else. */
static bool call_of(struct call *call, const ucontext_t *state)
{
#if defined(__x86_64__)
	const greg_t *registers = state->uc_mcontext.gregs;
	uintptr_t pc = (uintptr_t)registers[REG_RIP];
	uint32_t number;

	/* Not across a page: the one before may not be there. */
	if (pc % 4096 < 2 || memcmp((const void *)(pc - 2), "\x0f\x05", 2) != 0) /* syscall */
		return false;
	call->number = -1;
	call->result = registers[REG_RAX];
	call->first = (uintptr_t)registers[REG_RDI];
	call->second = (uintptr_t)registers[REG_RSI];
	call->fourth = (uintptr_t)registers[REG_R10];
	/* The number was where the result is now; the C library sets it right before. */
	if (pc % 4096 >= 7 && *(const uint8_t *)(pc - 7) == 0xb8) { /* mov $number, %eax */
		memcpy(&number, (const void *)(pc - 6), sizeof(number));
		call->number = number;
	}
#elif defined(__aarch64__)
	const unsigned long long *registers = state->uc_mcontext.regs;

	if (memcmp((const void *)((uintptr_t)state->uc_mcontext.pc - 4), "\x01\x00\x00\xd4", 4) != 0)
		return false; /* svc 0 */
	call->number = (long)registers[8];
	call->result = (long)registers[0];
	call->first = 0; /* the result's register */
	call->second = (uintptr_t)registers[1];
	call->fourth = (uintptr_t)registers[3];
#endif
	return call->result >= 0;
}

/* Whether what the call returns may be a new descriptor; where its number is not known it may. */
static bool may_open(long number)
{
	switch (number) {
#define OPENS(name, kind) case SYS_##name:
#include "../hooks/syscall.list"
#undef OPENS
	case -1:
	case SYS_dup:
	case SYS_fcntl:
	case SYS_signalfd4:
	case SYS_bpf:
#ifdef SYS_io_uring_setup
	case SYS_io_uring_setup:
#endif
	case SYS_seccomp:
		return true;
	default:
		return false;
	}
}

static void note_pair(struct returning *returning, uintptr_t address)
{
	int pair[2];

	memcpy(pair, (const void *)address, sizeof(pair)); /* where the kernel has just written */
	note(returning, pair[0]);
	note(returning, pair[1]);
}

static void note_received(int fd, bool is_pidfd, void *data)
{
	(void)is_pidfd;
	note(data, fd);
}

void returning_note(struct returning *returning, const void *context)
{
	struct call call;

	returning->count = 0;
	if (thread_state.recording)
		note(returning, (int)thread_state.recording - 1);
	if (thread_state.next)
		note(returning, (int)thread_state.next - 1);
	if (thread_state.recording || thread_state.next || !call_of(&call, context))
		return;
	switch (call.number) {
	case SYS_socketpair:
		note_pair(returning, call.fourth);
		break;
#ifdef __x86_64__
	case SYS_pipe:
	case SYS_pipe2:
		note_pair(returning, call.first);
		break;
#endif
	case SYS_recvmsg:
		received_each((struct msghdr *)call.second, note_received, returning);
		break;
	default:
		if (may_open(call.number) && call.result <= INT_MAX)
			note(returning, (int)call.result);
	}
}

void returning_forget(struct returning *returning)
{
	while (returning->count)
		atomic_store(returning->places[--returning->count], 0);
}
