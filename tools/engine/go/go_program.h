// SPDX-License-Identifier: MIT
/*
 * A Go program, to the ptrace engine: its function table (symbolize/pclntab.h), where its
 * goroutines keep what we need, and from these the stack of a stopped thread. One for each program
 * that is executed; the processes it forks share it.
 *
 * The engine makes one at exec when the image is Go, asks it for the stack of each descriptor, and
 * lets go of it when the last process with that image ends or executes another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "preload/core/capture/local_memory.h"
#include "preload/core/ledger/stack_table.h"

struct go_program;

/* Looks at the ELF file open as fd (it is mapped; fd may be closed after). bias: run-time address
 * minus address in the file, of the process. NULL and errno: ENOEXEC, it is no Go program; ENOTSUP,
 * none of a version that is known; else what went wrong. */
struct go_program *go_program_create(int fd, uintptr_t bias);

/* One more user of it; returns it. */
struct go_program *go_program_share(struct go_program *program);
/* One user less; the last one's frees it. NULL is nothing. */
void go_program_release(struct go_program *program);

struct go_stack {
	/* Innermost first, addresses of the calls (return address - 1), at run time. Below
	 * GO_STACK_MARKS it is no address: what follows is the stack that created the goroutine of
	 * what stands before, and the value is the enum stack_end of what stands before. Such a
	 * mark is kept in the stack table as FRAME_CREATED_BY(end). */
	uintptr_t pcs[STACK_DEPTH_MAX];
	uint32_t count;
	enum stack_end end; /* of the last section */
	bool runtimes;      /* opened by the runtime for itself: it keeps that to the end */
};

enum { GO_STACK_MARKS = 64 };

/* What a walk is given. */
struct go_stack_request {
	struct memory *memory; /* of the process; read anew since it was stopped */
	const struct user_regs_struct *registers; /* of the stopped thread */
	uint32_t depth;     /* most frames of the stack itself (FDTRAIL_DEPTH) */
	uint32_t ancestors; /* most goroutines of the ancestry (--go-ancestors); 0: none */
};

/* The stack of a thread that is stopped: at a system call, or at the first instruction of a
 * function. False when its code is none of Go's (a thread of C's own, a signal handler of C's):
 * then the ordinary walk is right. Cold; the engine interns what it gives. The stack of connect(2)
 * says nothing that the opening one does not: Go does both in one function. Keep the address alone
 * (a connection whose stack is STACK_NONE). */
bool go_stack_take(struct go_program *program, const struct go_stack_request *request,
		   struct go_stack *stack);

/* Names the frame for the snapshot's own text (struct frame_namer): the function that its address
 * in the ELF file lies in, and whether it is Go's own. False: none. The name lives with the
 * program. */
struct named_frame;
bool go_program_name(const struct go_program *program, struct named_frame *named);
