// SPDX-License-Identifier: MIT
/*
 * Reads the ELF header and the program headers (elf(5)) of an object of this process. Another
 * thread may be unmapping it: then the kernel copies what is read. Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "local_memory.h"

/* Copies what belongs to an object. closing: it may be unmapped at any moment. False: it is. */
bool object_take(bool closing, void *to, uintptr_t from, size_t size);

/* Reads the ELF header at start. Fills in the object's addresses, build-id, unwind table and
 * constant parts; its bias must be known. False: there is no such header, or not the whole of it
 * could be read. */
bool object_headers_read(bool closing, struct object *object, uintptr_t start);

/* The same for the program, whose program headers' address the kernel has passed (getauxval(3)). If
 * address isn't 0: false if the program doesn't lie there. */
bool object_headers_of_program(bool closing, struct object *object, uintptr_t address);
