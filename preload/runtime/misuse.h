// SPDX-License-Identifier: MIT
/*
 * Finds wrong closes: a second close of a number, a use of a number after its close, a close of a
 * number that other code has been given since, and a close() of a stream's number. Hooks call this
 * when a call has failed with EBADF, when the number is a stream's, or when the closing stack is
 * known to close twice; nothing here runs on the usual path.
 *
 * It must never report what is legal. Code that closes a row of numbers, whether open or not, does
 * so on purpose; so a failed close is reported only when the thread's next call shows that no row
 * follows. A forked child forgets what its parent has closed.
 *
 * All functions are async-signal-safe, for any thread, and keep errno.
 */
#pragma once

#include "runtime.h"

/* A close of fd by the function call has failed with errno; the caller has ended the entry.
 * recorded: from runtime_closing. frame: the hook's. */
__attribute__((cold)) void misuse_close_failed(int fd, const struct closing *recorded,
					       const char *call, const void *frame);

/* The function call, which closes by number, has closed what belonged to a stream. */
__attribute__((cold)) void misuse_stream_closed(const struct closing *closed, const char *call,
						const void *frame);

/* The function call is about to close a stream with the number fd, in a program that has closed
 * wrongly. */
__attribute__((cold)) void misuse_before_stream_close(int fd, const char *call, const void *frame);

/* The function call has failed to use fd, with errno. */
__attribute__((cold)) void misuse_use_failed(int fd, const char *call, const void *frame);

/* A thread has opened or closed something else, so an earlier failed close of this thread is
 * reported if it was no part of a row. Called by runtime_watch. */
void misuse_watch(void);

/* Before a snapshot: takes a failed close that waits for its thread's next call into it. ends: the
 * program is ending, so nothing waits any longer. */
void misuse_settle(bool ends);

/* Begins anew: at start, and in a forked process. */
void misuse_start(void);
