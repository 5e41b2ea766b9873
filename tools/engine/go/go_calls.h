// SPDX-License-Identifier: MIT
/*
 * Finds the system call instructions of a Go program, so that its calls can be recorded without a
 * seccomp filter (tools/engine/planted/plant_asks.c).
 */
#pragma once

#include "go_program.h"

struct go_call {
	uintptr_t instruction; /* at run time */
	uintptr_t move;        /* the instruction before it, which puts the number into rax; or 0 */
	long number;           /* -1: not known */
	const char *function;
};

/* Calls visit for each system call instruction of a static program. False: visit has returned
 * false, or there may be more: the program is dynamically linked, or has code that isn't Go's, or
 * instructions that can't be decoded. */
bool go_program_calls(const struct go_program *program,
		      bool (*visit)(const struct go_call *call, void *data), void *data);
