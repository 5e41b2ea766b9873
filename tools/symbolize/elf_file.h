// SPDX-License-Identifier: MIT
/* Opens an untrusted ELF file with care, and reads its build-id. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A build-id is a hash of 8 to 32 bytes; --build-id=0x... allows any. */
enum { BUILD_ID_MAX = 64, BUILD_ID_TEXT = 2 * BUILD_ID_MAX + 1 };

/* Opens a regular file for reading. Returns a descriptor, or a negative errno: -EBADF if it is not
 * a regular file. */
int elf_file_open(const char *path, struct stat *status);

/* The same for a path in the folder root, as if that were the root: its symbolic links don't lead
 * out of it (openat2(2), Linux 5.6; -ENOSYS before). */
int elf_file_open_in(const char *root, const char *path, struct stat *status);

/* Maps the whole file to memory for reading; free it by munmap(2). Returns 0, or a negative errno:
 * -ENOENT if the file is empty. */
int elf_file_map(int fd, void **bytes, size_t *size);

/* Writes the build-id of an ELF file in hexadecimal, or an empty string if it has none. False: it
 * is not an ELF file. */
bool elf_file_build_id(int fd, char hex[BUILD_ID_TEXT]);

/* Whether the file has symbols or lines. */
bool elf_file_has_lines(int fd);

/* Whether it is a separate debug file, which has no code. */
bool elf_file_is_debug_only(int fd);
