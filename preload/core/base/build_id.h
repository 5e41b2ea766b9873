// SPDX-License-Identifier: MIT
/*
 * The build-id among an ELF file's notes (elf(5)). Those of a PT_NOTE segment are read by whoever
 * has it: the tracer in its own memory (preload/core/capture/local_memory.c) or in the file
 * (preload/core/snapshot/elf_image.c), the ptrace engine in the traced program's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How far behind the segment a build-id can reach: its header, "GNU" and a hash of 32 bytes. */
enum { BUILD_ID_BEHIND = 48 };

/* Finds the build-id in the segment of size bytes at notes, of which `readable` can be read, those
 * behind it too. Go's linker gives the segment its own note only, and the build-id (by -B; since Go
 * 1.24 always) lies behind it. Returns its size, and in *id where it is; 0: there is none.
 * Async-signal-safe. */
size_t build_id_find(const void *notes, size_t size, size_t readable, const uint8_t **id);
