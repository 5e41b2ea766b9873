// SPDX-License-Identifier: MIT
/*
 * Whether an ELF program is static: it then has no program header of type PT_INTERP (elf(5)), so no
 * loader runs in it, and no preloaded library.
 */
#pragma once

#include <elf.h>

/* Looks for that header in the program that is open as fd. 1: found, and *interp is filled in; 0:
 * the program is static; -ENOEXEC: it isn't a 64-bit ELF program, or its headers can't be read. The
 * file's offset stays as it is. Async-signal-safe. */
int elf_interp_find(int fd, Elf64_Phdr *interp);
