// SPDX-License-Identifier: MIT
/*
 * Another process' memory for the stack walker: words by process_vm_readv(2), objects from
 * /proc/PID/maps and the ELF headers of what is mapped there. Binaries without .eh_frame_hdr, as
 * `gcc -static` makes them, get a search table built from .eh_frame. Used by the ptrace engine and
 * by tests. The process may run meanwhile, but what it changes may be seen old or new.
 */
#pragma once

#include "preload/core/capture/local_memory.h"
#include "walk_memo.h"

struct remote_memory; /* begins with a struct memory */

/* For process pid, whose memory we may read (ptrace(2), "Ptrace access mode checking"). NULL: no
 * memory. */
struct remote_memory *remote_memory_create(int pid);
void remote_memory_destroy(struct remote_memory *memory);

/* What struct walk takes. */
struct memory *remote_memory_walk(struct remote_memory *memory);

/* Before each walk: words may have changed since the last one, and are read anew. The stack from sp
 * on is read ahead, and what the last walk from the same pc has read: by one system call what most
 * walks need. */
void remote_memory_begin(struct remote_memory *memory, uintptr_t pc, uintptr_t sp);

/* After exec, and whenever mappings may have moved: everything known of objects is forgotten. */
void remote_memory_forget(struct remote_memory *memory);

/* From here on each word that is read, and may change, is put there, until remote_memory_noted().
 * That tells how many they are; 0: words could not be read, or were too many, or there was code
 * that lies in no known file, and may lie in one later. */
void remote_memory_note(struct remote_memory *memory, struct remote_word *words, size_t room);
size_t remote_memory_noted(struct remote_memory *memory);

/* What has been walked in this memory. */
struct walk_memo *remote_memory_memo(struct remote_memory *memory);

/* Copies size bytes at address; returns how many could be read. */
size_t remote_memory_copy(struct remote_memory *memory, uintptr_t address, void *bytes,
			  size_t size);

/* The process that this is the memory of. */
int remote_memory_pid(const struct remote_memory *memory);
