// SPDX-License-Identifier: MIT
/*
 * The system calls that the engine stops, from calls.list. The filter knows them by number, the
 * engine by index. A process may make calls in three ways: as x86_64, as x32 (the same numbers with
 * a bit set, and some above 512), and as i386 through int 0x80; all three are stopped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"

/* The effect of a call on the descriptor table. */
enum call_way {
	CALL_OPENS,       /* returns a new descriptor */
	CALL_PAIR_FIRST,  /* writes two to the address in its first argument */
	CALL_PAIR_FOURTH, /* .. at its fourth */
	CALL_SIGNALFD,    /* a new one when its first argument is -1 */
	CALL_BPF,         /* a new one for some commands */
	CALL_IO_URING,    /* .. or unless a flag of its second argument says otherwise */
	CALL_IOCTL,       /* a new one for some requests: preload/libc/ioctl_fds.h */
	CALL_OPTION,      /* writes one to the address in its fourth argument */
	CALL_DUP,         /* returns a copy of its first argument */
	CALL_DUP_OVER,    /* the same, under the number of its second */
	CALL_RECVMSG,     /* may bring descriptors in a message */
	CALL_RECVMMSG,
	CALL_RESYNC, /* one of the above, in a layout that the engine doesn't parse: it reads
		      * /proc/PID/fd instead */
	CALL_CONNECT,
	CALL_MAP,       /* code: where modules lie may change */
	CALL_CLONE,     /* with CLONE_UNTRACED, which would start a process without its tracer */
	CALL_UNSHARE,   /* of the descriptor table */
	CALL_SECCOMP,   /* a filter of the program's own */
	CALL_SIGACTION, /* for the signal that triggers a snapshot */
	CALL_EXIT_GROUP,
};

enum call_abi { ABI_X86_64, ABI_X32, ABI_I386, ABI_COUNT };

struct call {
	const char *name;
	enum call_way way;
	enum fd_kind kind; /* of what it opens */
};

/* A call's number in one ABI, and its index in calls. */
struct call_number {
	uint32_t number;
	uint16_t index;
};

enum { CALLS_MAX = 96 };

_Static_assert(CALLS_MAX <= 1 << 12 && ABI_COUNT <= 1 << 4, "a tag has 12 bits and 4");

extern const struct call calls[];
extern const size_t calls_count;

/* Fills in the numbers of an ABI; returns how many there are, at most CALLS_MAX. */
size_t calls_of_abi(enum call_abi abi, struct call_number *numbers);

/* The tag that the filter hands to the engine with a stopped call (SECCOMP_RET_DATA), from ABI and
 * index. call_of_tag is the way back. */
static inline uint16_t call_tag(enum call_abi abi, uint16_t index)
{
	return (uint16_t)((unsigned int)abi << 12 | index);
}

/* The tag of planted_stop (preload/planted/planted.c), which no call has. */
#define CALL_TAG_PLANTED 0xffff

/* Returns the call, and sets *abi. NULL: the tag isn't ours, but another filter's, or it is
 * damaged. */
const struct call *call_of_tag(unsigned long tag, enum call_abi *abi);

/* The call with that number in the machine's own ABI; NULL: the engine doesn't stop it. */
const struct call *call_of_number(long number);
