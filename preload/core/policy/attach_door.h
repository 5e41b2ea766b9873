// SPDX-License-Identifier: MIT
/*
 * How `fdtrail attach` and the library in a running process speak with each other. The command
 * (tools/attach/) puts an order into the process' memory, and a new thread there carries it
 * out: it loads the library, whose constructor finds the order, or calls the library that is
 * loaded already. The thread writes the answer into the order. An ELF note of libfdtrail.so gives
 * the place of its door, in its file and in a process.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "signal_note.h"

/* The note's type; its owner is SIGNAL_NOTE_OWNER. It holds the distance to the door, as the
 * signal's note does to its word. */
enum { ATTACH_NOTE_TYPE = 2 };

/* Goes up when anything in this file changes, because command and library may be of different
 * versions. */
enum { ATTACH_VERSION = 1 };

enum attach_state {
	ATTACH_NEVER,  /* loaded by LD_PRELOAD */
	ATTACH_AWAKE,  /* records what the program opens */
	ATTACH_ASLEEP, /* detached: the program calls the C library again */
	ATTACH_IDLE,   /* loaded by an order that was withdrawn: never started */
	ATTACH_FAILED, /* could not start, and never will in this process */
};

/* In the library's data. */
struct attach_door {
	uint32_t version;
	_Atomic uint32_t state; /* enum attach_state */
	uint64_t order;         /* the command sets it in the copy of the file that the process
				 * loads: the order's address. 0: loaded by LD_PRELOAD */
	uint64_t enter;         /* the function that takes an order when the library is loaded */
};

enum attach_wish { ATTACH_START, ATTACH_STOP };

enum attach_step {
	ATTACH_WAITING,
	ATTACH_BEGUN, /* the library has the order; unless it was withdrawn, it carries it out */
	ATTACH_DONE,  /* error says how it went */
};

enum {
	ATTACH_PATH = 32,
	ATTACH_NAME = 32,
	ATTACH_OPTIONS = 8192,
};

/* The numbers after the members are their offsets, for the assembly of the new thread. */
struct attach_order {
	/* For the new thread's code. Addresses are those in the process. */
	uint64_t image, image_size;    /* 0, 8: the library's file */
	uint64_t area, area_size;      /* 16, 24: the mapping that holds the order */
	uint64_t code, code_size;      /* 32, 40: the mapping that holds the thread's code */
	uint64_t dlopen, dlerror;      /* 48, 56: functions of the C library */
	uint64_t detach, munmap;       /* 64, 72: pthread_detach, munmap */
	uint64_t enter;                /* 80: the loaded library's; 0: load it */
	uint64_t text;                 /* 88: dlerror's text; 0: none */
	_Atomic uint32_t finished;     /* 96: the thread needs nothing but acknowledged */
	int32_t failed;                /* 100: the negative errno of a call of the thread's code */
	_Atomic uint32_t acknowledged; /* 104: the command has read the answer */
	_Atomic uint32_t withdrawn;    /* 108: the command doesn't wait any more */
	_Atomic uint32_t thread;       /* 112: its kernel thread id; 0: not started yet */
	uint32_t unused;
	char path[ATTACH_PATH]; /* 120: what dlopen gets */
	char name[ATTACH_NAME]; /* 152: of the memory that holds the library's file */

	/* For the library. */
	uint32_t wish;                /* enum attach_wish */
	_Atomic uint32_t step;        /* enum attach_step */
	int32_t error;                /* errno; 0: done */
	uint32_t open_before;         /* descriptors that were open */
	uint32_t modules;             /* objects whose calls were redirected, */
	uint32_t references;          /* their references, */
	uint32_t refused;             /* and those that the kernel did not let us change */
	uint32_t signal;              /* the signal that requests a snapshot; 0: none */
	uint64_t process_started_ms;  /* CLOCK_MONOTONIC */
	char unwinder[64];            /* why stacks may lack frames; "": they don't */
	char options[ATTACH_OPTIONS]; /* NAME=VALUE texts, as in an environment; "" ends them */
};

_Static_assert(offsetof(struct attach_order, area) == 16 &&
		       offsetof(struct attach_order, code) == 32 &&
		       offsetof(struct attach_order, dlopen) == 48 &&
		       offsetof(struct attach_order, detach) == 64 &&
		       offsetof(struct attach_order, enter) == 80 &&
		       offsetof(struct attach_order, finished) == 96 &&
		       offsetof(struct attach_order, acknowledged) == 104 &&
		       offsetof(struct attach_order, thread) == 112 &&
		       offsetof(struct attach_order, path) == 120 &&
		       offsetof(struct attach_order, name) == 152,
	       "tools/attach/thread_code.c relies on these offsets");
