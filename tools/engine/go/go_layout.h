// SPDX-License-Identifier: MIT
/*
 * Types and functions that go_program.c, goroutine.c, go_stack.c, go_ancestry.c and go_http.c
 * share. Addresses are run-time ones, unless a comment says "in the file".
 */
#pragma once

#include "tools/symbolize/pclntab.h"
#include "go_http.h"
#include "go_program.h"

enum go_frame_kind {
	GO_FRAME_ORDINARY,
	GO_FRAME_TOP,      /* the stack ends here */
	GO_FRAME_SWITCH,   /* has switched from the goroutine's stack to the thread's: the walk goes
			    * back */
	GO_FRAME_CALLBACK, /* C called back into Go; the Go code that had called C comes after it */
	GO_FRAME_FROM_C,   /* its caller is C code */
	GO_FRAME_POPPED,   /* has popped its return address into a register for its system call */
	GO_FRAME_UNKNOWN,  /* Go's code, but its caller can't be found */
};

/* The facts that a walk needs about the code at an address. */
struct go_frame {
	uintptr_t pc; /* 0: none */
	int32_t size; /* bytes from sp up to the return address */
	uint8_t kind;
	bool leave_out; /* not worth a line: runtime.goexit */
	bool runtimes;  /* the runtime keeps what is opened in it for itself */
};

enum { GO_FRAMES_KEPT = 8192 };

struct go_program {
	unsigned int users;
	const void *bytes; /* the file, mapped */
	size_t size;
	uintptr_t bias;
	struct pclntab *table;
	uint64_t main_entry; /* runtime.main, in the file; 0: not found */
	uint64_t exit_entry; /* runtime.goexit */
	uint64_t call_entry; /* Syscall6 */
	uint32_t creator;    /* offset of gopc in a g; 0: not yet known */
	uint32_t current;    /* offset of curg in an m; 0: not yet known */
	uint32_t local; /* bytes from the running g's place up to the thread pointer; 0: not yet
			 * known */
	uint64_t http[BREAKPOINTS_MAX]; /* breakpoints: addresses in the file */
	bool http_shared[BREAKPOINTS_MAX];
	size_t http_count;
	bool stack_arguments;       /* Go 1.16; later versions pass the first argument in rax */
	bool http_missed;           /* a request's connection couldn't be found */
	uint32_t connection;        /* offset of conn in a persistConn, plus 1; 0: not yet known */
	uint32_t shared_connection; /* .. and in an http2ClientConn */
	struct go_frame frames[GO_FRAMES_KEPT];
};

/* The frame at pc, which is in a call, or a function's first instruction. NULL: no Go code is
 * there. Valid until the next call. */
const struct go_frame *go_program_frame(struct go_program *program, uintptr_t pc);

/* Fills in the function at pc. False: there is none. */
static inline bool go_program_function(const struct go_program *program, uintptr_t pc,
				       struct pclntab_function *function)
{
	return pclntab_find(program->table, pc - program->bias, function);
}

struct goroutine {
	uintptr_t address;   /* of its struct g */
	uintptr_t low, high; /* of its stack */
	uintptr_t sp, pc;    /* where it stopped (sched), if it isn't running */
};

/* The goroutine that runs on the stopped thread; if the thread runs on its own stack, that is its
 * g0. False: no plausible one was found. */
bool goroutine_running(struct go_program *program, struct memory *memory,
		       const struct user_regs_struct *registers, struct goroutine *goroutine);

/* Whether the goroutine is its thread's own (m.g0), which nothing created. Also true if memory
 * can't be read. */
bool goroutine_is_system(struct memory *memory, const struct goroutine *goroutine);

/* The user's goroutine (m.curg) for which the thread with this g0 works. False: none. */
bool goroutine_current(struct go_program *program, struct memory *memory,
		       const struct goroutine *system, struct goroutine *goroutine);

/* The g0 of the goroutine's thread, with sp where that thread switched to the goroutine. False: no
 * plausible one was found. */
bool goroutine_of_thread(struct memory *memory, const struct goroutine *goroutine,
			 struct goroutine *system);

/* How the goroutine was created. go: the return address of the go statement; start: its first
 * function; ancestors: the slice of its ancestors (0: none are kept). All are 0 if no go statement
 * started it. False: not known. */
struct goroutine_creator {
	uintptr_t go, start, ancestors;
};
bool goroutine_creator(struct go_program *program, struct memory *memory,
		       const struct goroutine *goroutine, struct goroutine_creator *creator);

/* Adds the goroutine's creators to its stack, which is in stack already. */
void go_ancestry_take(struct go_program *program, const struct go_stack_request *request,
		      const struct goroutine *goroutine, struct go_stack *stack);

/* Reads count words at address. False: one can't be read. */
static inline bool go_read(struct memory *memory, uintptr_t address, uintptr_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!memory->read(memory, address + i * sizeof(*words), &words[i]))
			return false;
	return true;
}
