// SPDX-License-Identifier: MIT
/*
 * The parts of Python's file that others need, and that tests call with memory of their own.
 * Nothing here depends on a Python in the process: everything is read by a layout.
 */
#pragma once

#include "preload/core/capture/interpreter.h"
#include "python_layout.h"

/* Fills frames from the thread state at this address, innermost first; returns how many. Survives
 * any contents of memory. */
int python_walk(const struct python_layout *layout, uintptr_t thread, struct language_frame *frames,
		int room);

/* Whether python_walk would return these frames, with other native places at most. */
bool python_matches(const struct python_layout *layout, uintptr_t thread,
		    const struct language_frame *frames, int count);

/* Fills in the language's frame for the interpreter's at this address. False: it can't be read. For
 * 3.11 and later. */
bool python_frame(const struct python_layout *layout, uintptr_t frame, struct language_frame *into);

/* The place that the interpreter's frame at this address has among the first count frames that
 * python_walk returns; -1: it isn't one of them. */
int python_place(const struct python_layout *layout, uintptr_t thread, uintptr_t frame, int count);

/* Names a frame. type: the address of PyCode_Type. False: its code is no code object, or can't be
 * read. Survives any contents of memory. */
bool python_name(const struct python_layout *layout, uintptr_t type,
		 const struct language_frame *frame, struct language_name *name);

/* A reader of a table of lines: size bytes at data, in our memory. Returns the line of the
 * instruction at offset (in bytes), or 0 if the table has none for it. first: the function's first
 * line. */
uint32_t python_line(enum python_lines form, const uint8_t *data, size_t size, uint32_t first,
		     uint32_t offset);

/* Copies the str object at this address as UTF-8, cut to size - 1 bytes at a character's end.
 * False: it isn't a str that can be read. */
bool python_text(const struct python_layout *layout, uintptr_t object, char *text, size_t size);
