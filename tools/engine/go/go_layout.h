// SPDX-License-Identifier: MIT
/*
 * What the parts of a Go program's picture share (go_program.c, goroutine.c, go_stack.c,
 * go_ancestry.c, go_http.c). Addresses are run-time ones unless they are called offsets.
 */
#pragma once

#include "tools/symbolize/pclntab.h"
#include "go_http.h"
#include "go_program.h"

enum go_frame_kind {
	GO_FRAME_ORDINARY,
	GO_FRAME_TOP,      /* the stack ends here */
	GO_FRAME_SWITCH,   /* has left the goroutine's stack for the thread's: the walk goes back */
	GO_FRAME_CALLBACK, /* C called back into Go: behind it lies what had called C */
	GO_FRAME_FROM_C,   /* its caller is C code */
	GO_FRAME_UNKNOWN,  /* Go's code, but where its caller is nobody says */
};

/* What a walk needs to know of the code at an address. */
struct go_frame {
	uintptr_t pc; /* 0: none */
	int32_t size; /* how far the return address is above sp */
	uint8_t kind;
	bool leave_out; /* not worth a line: runtime.goexit */
	bool runtimes;  /* what is opened in it the runtime keeps for itself */
};

enum { GO_FRAMES_KEPT = 8192 };

struct go_program {
	unsigned int users;
	const void *bytes; /* of the file, mapped */
	size_t size;
	uintptr_t bias;
	struct pclntab *table;
	uint64_t main_entry; /* runtime.main, in the file; 0: not found */
	uint32_t creator;    /* offset of gopc in a g; 0: not yet known */
	uint32_t current;    /* offset of curg in an m; 0: not yet known */
	uint32_t local; /* how far below the thread pointer the running g is; 0: not yet known */
	uint64_t http[BREAKPOINTS_MAX]; /* entries, in the file */
	bool http_shared[BREAKPOINTS_MAX];
	size_t http_count;
	bool stack_arguments;       /* Go 1.16; later ones give the first in rax */
	bool http_missed;           /* a request was seen, and its connection not found */
	uint32_t connection;        /* offset of conn in a persistConn, plus 1; 0: not yet known */
	uint32_t shared_connection; /* .. and in an http2ClientConn */
	struct go_frame frames[GO_FRAMES_KEPT];
};

/* What is at pc, a call or a function's first instruction; NULL: no code of Go's. */
const struct go_frame *go_program_frame(struct go_program *program, uintptr_t pc);

/* The function at pc; false: none. */
static inline bool go_program_function(const struct go_program *program, uintptr_t pc,
				       struct pclntab_function *function)
{
	return pclntab_find(program->table, pc - program->bias, function);
}

struct goroutine {
	uintptr_t address;   /* of its struct g */
	uintptr_t low, high; /* of its stack */
	uintptr_t sp, pc;    /* where it was left (sched), of one that does not run */
};

/* The goroutine that runs on the stopped thread: its g0 in the thread's own code. False: none that
 * holds water. */
bool goroutine_running(struct go_program *program, struct memory *memory,
		       const struct user_regs_struct *registers, struct goroutine *goroutine);

/* Whether it is its thread's own (m.g0), which nobody created; or that can't be told. */
bool goroutine_is_system(struct memory *memory, const struct goroutine *goroutine);

/* The user's goroutine for which the thread with this g0 works; false: none. */
bool goroutine_current(struct go_program *program, struct memory *memory,
		       const struct goroutine *system, struct goroutine *goroutine);

/* The one on whose stack the goroutine's thread has left its own code for it, that thread's g0.
 * False: none that holds water. */
bool goroutine_of_thread(struct memory *memory, const struct goroutine *goroutine,
			 struct goroutine *system);

/* How the goroutine came to be: the addresses behind the go statement, of its first function, and of
 * the slice of its ancestors (0: none are kept). All are 0 when no go statement started it. False: not
 * known. */
struct goroutine_creator {
	uintptr_t go, start, ancestors;
};
bool goroutine_creator(struct go_program *program, struct memory *memory,
		       const struct goroutine *goroutine, struct goroutine_creator *creator);

/* Puts what created the goroutine behind its stack. */
void go_ancestry_take(struct go_program *program, const struct go_stack_request *request,
		      const struct goroutine *goroutine, struct go_stack *stack);

/* The words at address. */
static inline bool go_read(struct memory *memory, uintptr_t address, uintptr_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!memory->read(memory, address + i * sizeof(*words), &words[i]))
			return false;
	return true;
}
