// SPDX-License-Identifier: MIT
/* See unwind_section.h. */
#include "unwind_section.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SECTIONS_MAX = 1 << 16,
	SECTION_SIZE_MAX = 256 * 1024 * 1024,
	NAME_SIZE = sizeof(".eh_frame"),
};

static bool read_at(int fd, uint64_t offset, void *bytes, size_t size)
{
	return offset <= INT64_MAX && pread(fd, bytes, size, (off_t)offset) == (ssize_t)size;
}

/* Whether the file that is open as fd is the mapped one. Comparing the ELF header is enough,
 * because it has the places of all tables. Reads the header to *elf. */
static bool is_mapped(int fd, struct remote_memory *memory, const struct mapping *mapping,
		      Elf64_Ehdr *elf)
{
	struct stat status;
	Elf64_Ehdr mapped;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       read_at(fd, 0, elf, sizeof(*elf)) &&
	       remote_memory_copy(memory, mapping->start, &mapped, sizeof(mapped)) ==
		       sizeof(mapped) &&
	       memcmp(elf, &mapped, sizeof(mapped)) == 0;
}

/* Opens the mapped file, in one of three ways: through /proc/PID/map_files if we may
 * (CAP_CHECKPOINT_RESTORE, proc_pid_map_files(5)), through /proc/PID/exe if it is the program
 * itself, or by its name in the root folder of that process. -1: none works. */
static int open_file(struct remote_memory *memory, const struct object *object,
		     const struct mapping *mapping, Elf64_Ehdr *elf)
{
	char path[PATH_MAX + 40];
	int pid = remote_memory_pid(memory);

	for (int way = 0; way < 3; way++) {
		if (way == 0)
			snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid,
				 (unsigned long)mapping->start, (unsigned long)mapping->end);
		else if (way == 1)
			snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		else
			snprintf(path, sizeof(path), "/proc/%d/root%s", pid, mapping->path);
		if (way == 1 && !object->is_main)
			continue;
		/* O_NONBLOCK, because the file's name may belong to a pipe now. */
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			continue;
		if (is_mapped(fd, memory, mapping, elf))
			return fd;
		close(fd);
	}
	return -1;
}

static bool is_wanted(int fd, const Elf64_Shdr *names, const Elf64_Shdr *section)
{
	char name[NAME_SIZE];

	return section->sh_flags & SHF_ALLOC && section->sh_type != SHT_NOBITS &&
	       section->sh_size && section->sh_size <= SECTION_SIZE_MAX &&
	       section->sh_name < names->sh_size && names->sh_offset <= INT64_MAX / 2 &&
	       read_at(fd, names->sh_offset + section->sh_name, name, sizeof(name)) &&
	       memcmp(name, ".eh_frame", sizeof(name)) == 0;
}

/* Finds .eh_frame in the file's section headers. */
static bool look_up(int fd, const Elf64_Ehdr *elf, Elf64_Shdr *found)
{
	Elf64_Shdr names;

	if (elf->e_shentsize != sizeof(*found) || elf->e_shoff > INT64_MAX / 2 ||
	    elf->e_shstrndx >= elf->e_shnum ||
	    !read_at(fd, elf->e_shoff + (uint64_t)elf->e_shstrndx * sizeof(names), &names,
		     sizeof(names)))
		return false;
	for (uint64_t i = 0; i < elf->e_shnum && i < SECTIONS_MAX; i++)
		if (read_at(fd, elf->e_shoff + i * sizeof(*found), found, sizeof(*found)) &&
		    is_wanted(fd, &names, found))
			return true;
	return false;
}

bool unwind_section_read(struct unwind_section *section, struct remote_memory *memory,
			 const struct object *object, const struct mapping *mapping)
{
	Elf64_Ehdr elf;
	Elf64_Shdr header;
	int fd = open_file(memory, object, mapping, &elf);

	if (fd < 0)
		return false;
	bool found = look_up(fd, &elf, &header);
	close(fd);
	if (!found)
		return false;
	*section = (struct unwind_section){
		.bytes = malloc(header.sh_size),
		.address = object->bias + header.sh_addr,
	};
	if (!section->bytes)
		return false;
	section->size =
		remote_memory_copy(memory, section->address, section->bytes, header.sh_size);
	if (section->size == header.sh_size)
		return true;
	free(section->bytes);
	return false;
}
