// SPDX-License-Identifier: MIT
/*
 * Marks that come from a file: any program appends a line to it, and each traced process takes the
 * last line as its mark (mark_table.h) before it records the next descriptor. So a test runner in
 * any language can name its tests, also one in another process.
 *
 * The file is mapped once, and no descriptor is kept. So it can be followed when the descriptor
 * table is full, after chroot, and as another user. The mapping is longer than the file: the kernel
 * shows what is appended later. It is read by process_vm_readv(2), because a plain read beyond the
 * file's end, or after somebody has cut it, would raise SIGBUS.
 */
#pragma once

#include <stdint.h>

struct ledger;
struct mark_file;

/* Maps the file, and creates it if there is none. NULL: that failed, and *reason says why in a few
 * words, or is NULL and *error is the errno. */
struct mark_file *mark_file_open(const char *path, int *error, const char **reason);

/* Lets the ledger follow the file, from its last complete line on. NULL: no file any more. */
void mark_file_start(struct ledger *ledger, const struct mark_file *file);

/* Sets the mark of the last line that was appended, if there is a new one. To be called before a
 * descriptor is recorded. Usually two system calls. Async-signal-safe, any thread, keeps errno. */
void mark_file_follow(struct ledger *ledger, uint64_t now_ms);

/* Returns the reason why marks may be missing, which follows the count 1 in a snapshot; or NULL.
 * Async-signal-safe. */
const char *mark_file_trouble(const struct ledger *ledger);
