// SPDX-License-Identifier: MIT
/* See elf_file.h. */
#include "elf_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/core/base/syscall_numbers.h"

bool elf_file_build_id(int fd, char hex[BUILD_ID_TEXT])
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	const void *bytes;
	ssize_t size;

	hex[0] = '\0';
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return false;
	}
	size = dwelf_elf_gnu_build_id(elf, &bytes);
	for (ssize_t i = 0; size <= BUILD_ID_MAX && i < size; i++)
		sprintf(hex + 2 * i, "%02x", ((const unsigned char *)bytes)[i]);
	elf_end(elf);
	return true;
}

int elf_file_open(const char *path, struct stat *status)
{
	int fd;

	/* Check before open(), because opening a device may have effects. O_NONBLOCK and the second
	 * check, because somebody may put a FIFO there between the two. */
	if (stat(path, status) != 0)
		return -errno;
	if (!S_ISREG(status->st_mode))
		return -EBADF;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, status) == 0 && S_ISREG(status->st_mode))
		return fd;
	close(fd);
	return -EBADF;
}

int elf_file_open_in(const char *root, const char *path, struct stat *status)
{
	/* O_PATH opens no device: it is only looked at. */
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	char found[64];
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return -errno;
	int place = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
	int fd = place < 0 ? -errno : 0;
	close(folder);
	if (place < 0)
		return fd;
	snprintf(found, sizeof(found), "/proc/self/fd/%d", place);
	fd = elf_file_open(found, status);
	close(place);
	return fd;
}

int elf_file_map(int fd, void **bytes, size_t *size)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size <= 0)
		return -ENOENT;
	*size = (size_t)status.st_size;
	*bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	return *bytes == MAP_FAILED ? -errno : 0;
}

typedef bool section_is(const GElf_Shdr *section, const char *name);

static bool has_section(int fd, section_is *is)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	size_t names;
	bool found = false;

	for (Elf_Scn *at = NULL; elf && !found && elf_getshdrstrndx(elf, &names) == 0 &&
				 (at = elf_nextscn(elf, at)) != NULL;) {
		GElf_Shdr section;
		const char *name =
			gelf_getshdr(at, &section) ? elf_strptr(elf, names, section.sh_name) : NULL;

		found = name && is(&section, name);
	}
	elf_end(elf);
	return found;
}

static bool has_lines(const GElf_Shdr *section, const char *name)
{
	return section->sh_type == SHT_SYMTAB || strcmp(name, ".debug_info") == 0 ||
	       strcmp(name, ".zdebug_info") == 0;
}

bool elf_file_has_lines(int fd)
{
	return has_section(fd, has_lines);
}

static bool has_code(const GElf_Shdr *section, const char *name)
{
	(void)name;
	return section->sh_type == SHT_PROGBITS && (section->sh_flags & SHF_EXECINSTR);
}

bool elf_file_is_debug_only(int fd)
{
	return !has_section(fd, has_code);
}
