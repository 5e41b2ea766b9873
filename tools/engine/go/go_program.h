// SPDX-License-Identifier: MIT
/*
 * A Go program as the ptrace engine knows it: its function table (symbolize/pclntab.h) and the
 * layout of its goroutines, from which it finds the stack of a stopped thread. There is one for
 * each program that is executed; forked processes share it.
 *
 * The engine creates one at exec if the program is Go, takes the stack of each descriptor from it,
 * and releases it when the last process of the program ends or executes another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "preload/core/capture/local_memory.h"
#include "preload/core/ledger/stack_table.h"

struct go_program;

/* Reads the ELF file that is open as fd, which the caller may close afterwards. bias: run-time
 * address minus address in the file. NULL and errno: ENOEXEC, it isn't a Go program; ENOTSUP, its
 * Go version isn't known; or another error. */
struct go_program *go_program_create(int fd, uintptr_t bias);

/* Adds a user, and returns program. */
struct go_program *go_program_share(struct go_program *program);
/* Removes a user; the last one frees it. NULL is accepted. */
void go_program_release(struct go_program *program);

struct go_stack {
	/* Run-time addresses of calls (return address - 1), innermost first. A value below
	 * GO_STACK_MARKS is a mark, not an address: the frames after it belong to the goroutine
	 * that started the one before it, and the value is the enum stack_end of the section
	 * before. The stack table keeps a mark as FRAME_CREATED_BY(end). */
	uintptr_t pcs[STACK_DEPTH_MAX];
	uint32_t count;
	enum stack_end end; /* of the last section */
	bool runtimes;      /* the runtime opens a descriptor for itself here, and never closes
			     * it */
};

enum { GO_STACK_MARKS = 64 };

/* The input of a walk. */
struct go_stack_request {
	struct memory *memory;                    /* of the process, read since it was stopped */
	const struct user_regs_struct *registers; /* of the stopped thread */
	uint32_t depth;     /* the most frames of the stack itself (FDTRAIL_DEPTH) */
	uint32_t ancestors; /* the most ancestor goroutines (--go-ancestors); 0: none */
};

/* Takes the stack of a thread that is stopped at a system call, or at the first instruction of a
 * function. False: the thread runs no Go code (a thread or a signal handler of C's), so use the
 * ordinary walk. Not thread-safe. Don't take the stack of connect(2): it adds nothing to the one
 * that opened the socket, because Go does both in one function. Keep the address alone (a
 * connection whose stack is STACK_NONE). */
bool go_stack_take(struct go_program *program, const struct go_stack_request *request,
		   struct go_stack *stack);

/* The function through which Go's packages make their system calls: begin and end of its code, and
 * of the padding after it. False: there is none (before Go 1.19). */
bool go_program_syscall(const struct go_program *program, uintptr_t *entry, uintptr_t *end);

/* The offset of gopc in a struct g, which its ancestors and its first function follow; 0: not yet
 * known. */
uint32_t go_program_creator(const struct go_program *program);

/* Names a frame for the snapshot's text (struct frame_namer): fills in the function that
 * named->frame lies in, and whether it is Go's own. False: there is none. The name is valid as long
 * as program. */
struct named_frame;
bool go_program_name(const struct go_program *program, struct named_frame *named);
