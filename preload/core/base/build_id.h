// SPDX-License-Identifier: MIT
/*
 * Finds the build-id among an ELF file's notes (elf(5)). The caller has the PT_NOTE segment: the
 * tracer in its own memory (preload/core/capture/local_memory.c) or in the file
 * (preload/core/snapshot/elf_image.c), the ptrace engine in the traced program's memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes that a build-id can reach past the segment: its header, "GNU" and a hash of 32 bytes. */
enum { BUILD_ID_BEHIND = 48 };

/* Finds the build-id in the segment of size bytes at notes, of which `readable` bytes can be read,
 * also those after the segment: Go's linker puts only its own note into the segment, and the
 * build-id (by -B; since Go 1.24 always) lies after it. Returns the build-id's size, and in *id
 * where it is; 0: there is none. Async-signal-safe. */
size_t build_id_find(const void *notes, size_t size, size_t readable, const uint8_t **id);
