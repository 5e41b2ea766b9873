// SPDX-License-Identifier: MIT
/*
 * The opening stacks of descriptors that a program executed by this one gets, as a text that the
 * tracer in the new program reads. So a descriptor that came by exec shows who had opened it, and
 * in which generation: the first program of a process, the one that it executed, and so on.
 *
 * The text is never trusted: it may be old, cut, or written by somebody else. Reading it is
 * bounded, and a descriptor gets a stack only if its file is still the one that the text names. At
 * worst a stack is wrong, as the environment's owner wanted it to be.
 *
 *     1;PID;GENERATION; then items, each ended by a semicolon:
 *     mBIAS,START,END,BUILDID,NAME    a module; modules are numbered from 0 as they come
 *     lLANGUAGE,LIBRARY,LINE,FUNCTION,FILE    a frame of an interpreted language, numbered so, too
 *     sEND,FRAME,FRAME,...    a stack, numbered so, too. A frame is mNUMBER+OFFSET, lNUMBER or
 *                             aFRAME, which stands for itself
 *     dFD,GENERATION,KIND,STACK,DEVICE,INODE    a descriptor; its module, frames and stack come
 *                                               before
 *
 * PID, GENERATION, LINE and the numbers are decimal, the others hexadecimal. Names are escaped:
 * %XX.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"

enum { EXEC_STACKS_SIZE = 16384 };

/* Writes the text, with a NUL, into one that has room for EXEC_STACKS_SIZE bytes: for process pid,
 * which is executing a program, or starts one (then pid is that of the parent). What doesn't fit is
 * left out. Returns the length; 0: there is nothing to pass on. Async-signal-safe. */
size_t exec_stacks_write(const struct ledger *ledger, int pid, char *text);

/* Reads a text, and gives the open descriptors that it names, and that are inherited, their stacks.
 * pid: this process, parent: its parent. For the start, while no other thread runs. */
void exec_stacks_read(struct ledger *ledger, const char *text, int pid, int parent);
