// SPDX-License-Identifier: MIT
/* An ELF file of somebody's: opened with care, and known by its build-id. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* A build-id is a hash of 8 to 32 bytes; --build-id=0x... allows any. */
enum { BUILD_ID_MAX = 64, BUILD_ID_TEXT = 2 * BUILD_ID_MAX + 1 };

/* Opens a regular file to read. A descriptor, or a negative errno: -EBADF when it is another kind
 * of file. */
int elf_file_open(const char *path, struct stat *status);

/* Writes the build-id of an ELF file in hexadecimal, an empty string when it has none. False: the
 * file is no ELF file. */
bool elf_file_build_id(int fd, char hex[BUILD_ID_TEXT]);

/* Whether the file has symbols or lines. */
bool elf_file_has_lines(int fd);

/* Whether it is a separate debug file: it has no code. */
bool elf_file_is_debug_only(int fd);
