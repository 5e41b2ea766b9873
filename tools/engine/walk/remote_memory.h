// SPDX-License-Identifier: MIT
/*
 * Another process' memory for the stack walker: words by process_vm_readv(2), objects from
 * /proc/PID/maps and the ELF headers of what is mapped there. Binaries without .eh_frame_hdr, as
 * `gcc -static` makes them, get a search table built from .eh_frame. Used by the ptrace engine and
 * by tests. The process may be running: then a word that it changes is seen with its old or its new
 * value.
 */
#pragma once

#include "preload/core/capture/local_memory.h"
#include "walk_memo.h"

struct remote_memory; /* begins with a struct memory */

/* Makes one for process pid, whose memory the caller must be allowed to read (ptrace(2), "Ptrace
 * access mode checking"). NULL: no memory. Destroy accepts NULL. */
struct remote_memory *remote_memory_create(int pid);
void remote_memory_destroy(struct remote_memory *memory);

/* The interface that struct walk takes. It belongs to memory. */
struct memory *remote_memory_walk(struct remote_memory *memory);

/* Call this before each walk: words that may have changed since the last one are read again. One
 * system call reads ahead most of what the walk needs: the stack from sp on, and the pages that the
 * last walk from the same pc read. */
void remote_memory_begin(struct remote_memory *memory, uintptr_t pc, uintptr_t sp);

/* Forgets all objects. Call this after exec, and whenever mappings may have moved. */
void remote_memory_forget(struct remote_memory *memory);

/* From now on, until remote_memory_noted(), each word that is read and may change is added to
 * words, which has room for that many. remote_memory_noted() returns their number; 0: the notes are
 * not valid, because a word couldn't be read, there were too many, or the walk met code in no known
 * file, which may be in one later. */
void remote_memory_note(struct remote_memory *memory, struct remote_word *words, size_t room);
size_t remote_memory_noted(struct remote_memory *memory);

/* The memo of walks in this memory. It belongs to memory. */
struct walk_memo *remote_memory_memo(struct remote_memory *memory);

/* Copies size bytes at address to bytes, without the cache. Returns the number of bytes that could
 * be read. */
size_t remote_memory_copy(struct remote_memory *memory, uintptr_t address, void *bytes,
			  size_t size);

/* The process whose memory this is. */
int remote_memory_pid(const struct remote_memory *memory);
