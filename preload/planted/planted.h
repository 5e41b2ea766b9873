/* SPDX-License-Identifier: MIT */
/*
 * The memory that planted code and the ptrace engine have in common, and the constants that
 * planted_entry.S needs. README.md says how they work together.
 *
 * The engine trusts nothing that it reads in this memory: it follows no pointer, and checks every
 * number. All pointers are addresses in the program.
 */
#pragma once

/* The image: PLANTED_SITES entries of 1 << PLANTED_SITE_SHIFT bytes, each with a system call, then
 * struct planted_header. The seccomp filter knows the sites by their address modulo 2 GiB. */
#define PLANTED_SITES      128
#define PLANTED_SITE_SHIFT 4
#define PLANTED_SITE_CALL  2 /* bytes of the system call, which a site begins with */
#define PLANTED_SITES_SIZE (PLANTED_SITES << PLANTED_SITE_SHIFT)
#define PLANTED_LOW_BITS   0x7fffffff
#define PLANTED_LOW        0x70000000

/* System call numbers that may have a site are below this. */
#define PLANTED_NUMBERS_OF_CALLS 512
/* In place of a site's number: close(2), which needs no site. */
#define PLANTED_CLOSE (PLANTED_SITES - 1)
/* The sites from here on are those of calls that stop for the engine: struct planted_ask. */
#define PLANTED_ASKS     48
#define PLANTED_ASKS_END PLANTED_CLOSE

/* At its first site planted code makes this call, getpid(2), to stop for the engine: the filter
 * knows the address. Go's runtime makes the call, too, so that any filter of the program's allows
 * it. */
#define PLANTED_STOP_CALL 39

/* Stacks for the planted code. */
#define PLANTED_POOL       256
#define PLANTED_POOL_SHIFT 14

#define PLANTED_VFORKS 8

/* Functions whose begin is planted, too: those of go_http.c, in which requests begin. */
#define PLANTED_REQUESTS 4

/* Offsets in struct planted_control: planted.c asserts them. */
#define CONTROL_PLAIN     0
#define CONTROL_BACK      8
#define CONTROL_POOL      16
#define CONTROL_OFF       24
#define CONTROL_VFORKS    28
#define CONTROL_VFORK     32
#define CONTROL_POOL_BITS 96
#define CONTROL_REQUESTS  128
#define CONTROL_ASKS      224
#define REQUEST_SIZE      24
#define REQUEST_GROW      8
#define REQUEST_BACK      16
#define ASK_SIZE          24
#define ASK_BACK          8
#define ASK_NUMBER        16

/* Added to a frame's site: the call is to stop. */
#define FRAME_STOPS 256

/* Values of planted_control.off. */
#define PLANTED_OFF    1
#define PLANTED_SILENT 2 /* also nothing stops for the engine */

#ifndef __ASSEMBLER__

#include "preload/core/ledger/slot.h"

enum {
	PLANTED_FDS = 64 * 1024,    /* descriptors with higher numbers stop */
	PLANTED_STACKS = 16 * 1024, /* so do opens with stacks after these */
	PLANTED_BUCKETS = 16 * 1024,
	PLANTED_KEY_WORDS = 512 * 1024, /* room for all keys */
	PLANTED_KEY_MAX = 400,          /* a longer key stops */
	PLANTED_CONDITIONS = 96,
	PLANTED_FILTER = 32 * 1024, /* bytes */
};

_Static_assert(PLANTED_FDS % PAGE_SLOTS == 0 && PLANTED_STACKS % STACK_PAGE == 0, "whole pages");

/* Behind the sites, in the image. Offsets from the image's begin. */
struct planted_header {
	uint32_t entry;                      /* the code that a patched site jumps to */
	uint32_t requests[PLANTED_REQUESTS]; /* .. and the patched begins of functions */
	uint32_t asks;    /* .. and the other patched calls: 1 << PLANTED_SITE_SHIFT bytes for each
			* site from PLANTED_ASKS on */
	uint32_t numbers; /* a byte for each system call: its site, PLANTED_CLOSE or 0 */
	uint32_t control; /* struct planted_control; what is before it is code and constants */
	uint32_t end;
};

/* A call is to stop if one of the rows of its number matches the low half of an argument. A call
 * without rows always does. */
struct planted_condition {
	uint16_t number;
	uint8_t argument;
	uint8_t any; /* not 0: one of the value's bits is set, instead of equality */
	uint32_t value;
};

/* In the program's private memory, so that a forked process has a copy. Only the engine writes to
 * it, except to pool_bits and opens_left. */
struct planted_control {
	uint64_t plain; /* a system call instruction in the program's code, then a jump to back */
	uint64_t back;  /* after the patched instruction */
	uint64_t pool;  /* PLANTED_POOL stacks */
	_Atomic uint32_t off;    /* not 0: every call goes to plain, where the filter stops it */
	_Atomic uint32_t vforks; /* number of goroutines in vfork */
	/* Their struct g: what they call is their vfork children's. 0: none. */
	_Atomic uint64_t vfork[PLANTED_VFORKS];
	_Atomic uint32_t pool_bits[PLANTED_POOL / 32]; /* set: in use */

	struct planted_request {
		int64_t frame; /* added to rsp before it is compared with the stack's limit */
		uint64_t grow; /* where the function goes on if the stack is too small */
		uint64_t back; /* .. and if it is large enough */
	} requests[PLANTED_REQUESTS];

	/* By site, from PLANTED_ASKS on. */
	struct planted_ask {
		uint64_t plain, back; /* as those above */
		uint32_t number;
	} asks[PLANTED_ASKS_END - PLANTED_ASKS];
	struct planted_condition conditions[PLANTED_CONDITIONS];
	uint32_t conditions_count;

	uint64_t shared;     /* struct planted_shared */
	uint64_t clock;      /* clock_gettime of the vDSO */
	uint64_t started_ms; /* when the ledger began: CLOCK_MONOTONIC_COARSE */
	uint32_t go_creator; /* offset of gopc in a g, as in go_layout.h; 0: not yet known */
	uint32_t go_thread;  /* offset of the thread's id in an m; 0: not yet known */
	/* Offsets in a persistConn, plus 1; 0: not yet known. */
	uint32_t http_connection, http_transport;
	/* Method tables of net.Conn: of types whose first field is a netFD, and of one whose first
	 * field is another net.Conn. 0: none. */
	uint64_t http_sockets[2], http_wrapper;
	uint32_t ancestors;         /* the most ancestors that belong to a stack */
	uint32_t depth;             /* the most frames that belong to a stack */
	uint32_t fds;               /* descriptors below this have slots */
	uint32_t watching;          /* a threshold or an interval is set */
	_Atomic int64_t opens_left; /* a stop after as many opens */
	uint64_t next_interval_ms;  /* a stop at an open after this time */
};

/* The words that a stack is known by: its return addresses, and what created the goroutine. */
struct planted_key {
	uint32_t next; /* index of the next one in the bucket, in words; 0: none */
	uint32_t count;
	uint32_t stack; /* its id in the engine's ledger */
	uint32_t hash;
	uint64_t words[];
};

/* Requests over a descriptor that the engine has not yet fetched. */
struct planted_use {
	uint64_t transport;
	uint32_t sequence; /* ledger_times_recorded, of the descriptor that they went over */
	uint32_t stack;    /* of the last one */
	_Atomic uint32_t count;
	uint32_t missed; /* not 0: not all by this Transport */
};

struct planted_shared {
	/* The program's view of the ledger. The slots are the engine's own; the figures of stacks
	 * and the numbers are combined by the engine before each snapshot. */
	struct ledger ledger;
	uint64_t slot_pages[PLANTED_FDS / PAGE_SLOTS];
	uint64_t stack_pages[STACK_LIMIT / STACK_PAGE];
	uint64_t stack_places[PLANTED_STACKS];
	struct stack_figures figures[PLANTED_STACKS];
	_Atomic uint32_t buckets[PLANTED_BUCKETS]; /* index of a key, in words; 0: none */
	uint64_t keys[PLANTED_KEY_WORDS];          /* word 0 is not used */
	struct planted_use uses[PLANTED_FDS];
	uint64_t filter[PLANTED_FILTER / sizeof(uint64_t)]; /* for seccomp(2), when it is needed */
	struct ledger_page slots[PLANTED_FDS / PAGE_SLOTS] __attribute__((aligned(4096)));
};

/* The registers that the entry code has put on a stack of the pool. */
struct planted_frame {
	uint64_t site, go, fp, arguments[6], stack, result, sp;
};

/* The fourth argument of planted_stop. */
enum planted_reason {
	/* The engine is to record a call. The first argument is the address of its frame, the
	 * second of its key, the third the key's length in words; 0: it has none. */
	PLANTED_RECORD,
	/* The same for a request, which is about to begin. The fifth argument is its number. */
	PLANTED_REQUEST,
	/* The call is recorded. opens_left or next_interval_ms is reached. */
	PLANTED_WATCH,
};

static inline uint32_t planted_hash(const uint64_t *words, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL, hash ^= hash >> 29;
	return (uint32_t)(hash ^ hash >> 32);
}

#endif
