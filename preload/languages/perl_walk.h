// SPDX-License-Identifier: MIT
/*
 * Perl's frames and their names, from the memory of an interpreter (struct interpreter). Nothing
 * here depends on a Perl in the process, so tests call it with memory of their own.
 *
 * Only builds with threads have that structure. Its members come and go with versions and options;
 * perl_layout_find() looks for the four of them that lie side by side. All other offsets are the
 * same from 5.32 to 5.42: they were taken with offsetof from the headers of 5.32, 5.36, 5.40 and
 * 5.42.
 */
#pragma once

#include "preload/core/capture/interpreter.h"

enum { PERL_FIRST = 32, PERL_LAST = 42 }; /* the versions 5.x that are known, even numbers only */

struct perl_layout {
	uint32_t statement; /* offset of PL_curcop in the interpreter */
	bool names_apart;   /* a package has its name behind its array: up to 5.34 */
};

/* Finds the layout in an interpreter of version 5.minor. False: it isn't known, or the interpreter
 * is just being made. */
bool perl_layout_find(uintptr_t interpreter, unsigned int minor, struct perl_layout *layout);

/* Fills frames from the interpreter at this address, innermost first; returns how many. Survives
 * any contents of memory, as do the functions below. */
int perl_walk(const struct perl_layout *layout, uintptr_t interpreter,
	      struct language_frame *frames, int room);

/* Names a frame that the interpreter has now. */
bool perl_name(const struct perl_layout *layout, uintptr_t interpreter,
	       const struct language_frame *frame, struct language_name *name);

/* Whether the interpreter runs one of the program's END blocks. */
bool perl_in_end_block(const struct perl_layout *layout, uintptr_t interpreter);
