// SPDX-License-Identifier: MIT
/* See elf_interp.h. Everything that is read from the file is checked. */
#include "elf_interp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "raw_syscall.h"

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && RAW(pread64, fd, to, size, offset) == (long)size;
}

int elf_interp_find(int fd, Elf64_Phdr *interp)
{
	Elf64_Ehdr elf;

	if (!read_at(fd, &elf, sizeof(elf), 0) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (elf.e_type != ET_EXEC && elf.e_type != ET_DYN) || elf.e_phentsize != sizeof(*interp) ||
	    !elf.e_phnum)
		return -ENOEXEC;
	for (unsigned int i = 0; i < elf.e_phnum; i++) {
		if (!read_at(fd, interp, sizeof(*interp), elf.e_phoff + i * sizeof(*interp)))
			return -ENOEXEC;
		if (interp->p_type == PT_INTERP)
			return 1;
	}
	return 0;
}
