// SPDX-License-Identifier: MIT
/*
 * The code that a process gets for the time of an order: what a thread that was borrowed returns
 * to, and what the new thread runs. It works at any address. See preload/core/policy/attach_door.h.
 */
#pragma once

extern const char attach_code_begin[], attach_code_end[];

/* The new thread's function; its argument is the order. */
extern const char attach_code_thread[];

/* The place to which the borrowed thread returns, with the end of a signal's frame on its stack.
 * It calls rt_sigreturn(2), which would let it go on where it was; the command stops it before
 * the call. */
extern const char attach_code_return[];
