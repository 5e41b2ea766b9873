// SPDX-License-Identifier: MIT
/* See program_file.h. Everything read from the file is checked against its size. */
#include "program_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/arch/machine.h"
#include "preload/core/base/base_name.h"
#include "preload/core/base/elf_interp.h"
#include "tools/process/program_rights.h"

enum {
	SCRIPT_LINE = 256, /* BINPRM_BUF_SIZE: the kernel reads no further */
	SCRIPT_DEPTH = 5,  /* execve(2): interpreters of interpreters, then ELOOP */
	NOTES_MOST = 1 << 16,
	NAMES_MOST = 1 << 20,
	HEADERS_MOST = 4096, /* program headers, and section headers; more are an error */
};

/* Whether the permissions allow to execute the file: 0 or an errno. */
static int executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? EISDIR : EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* Finds command as execvp(3) does: files that can't be executed are skipped, but decide the error.
 * 0 or an errno. */
static int search(const char *command, char path[PATH_MAX])
{
	const char *list = getenv("PATH");
	int error = ENOENT;

	snprintf(path, PATH_MAX, "%s", command);
	if (!*command)
		return ENOENT;
	if (strlen(command) >= PATH_MAX)
		return ENAMETOOLONG;
	if (strchr(command, '/'))
		return executable(command);
	for (const char *at = list ? list : "/bin:/usr/bin"; at;) {
		const char *end = strchrnul(at, ':');
		char tried[PATH_MAX];
		int length = snprintf(tried, sizeof(tried), "%.*s%s%s", (int)(end - at), at,
				      end > at ? "/" : "./", command);

		if (length < PATH_MAX) {
			int found = executable(tried);
			if (found == 0) {
				memcpy(path, tried, (size_t)length + 1);
				return 0;
			}
			if (found == EACCES || found == EISDIR)
				error = EACCES;
		}
		at = *end ? end + 1 : NULL;
	}
	return error;
}

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* Reads size bytes of the file at offset, and adds a NUL. The caller frees them. NULL: they can't
 * be read, or size is above most. */
static char *read_part(int fd, uint64_t offset, uint64_t size, uint64_t most)
{
	char *part = size <= most ? malloc(size + 1) : NULL;

	if (part && !read_at(fd, part, size, offset)) {
		free(part);
		part = NULL;
	}
	if (part)
		part[size] = '\0';
	return part;
}

/* Whether the file has the note of the owner "Go" that Go's linker writes (cmd/link,
 * .note.go.buildid). */
static bool has_go_note(int fd, const Elf64_Phdr *header)
{
	char *notes = read_part(fd, header->p_offset, header->p_filesz, NOTES_MOST);
	bool found = false;

	for (uint64_t at = 0; notes && !found && at + sizeof(Elf64_Nhdr) + 4 <= header->p_filesz;) {
		Elf64_Nhdr note;

		memcpy(&note, notes + at, sizeof(note));
		found = note.n_namesz == 4 && memcmp(notes + at + sizeof(note), "Go\0", 4) == 0;
		at += sizeof(note) + ((note.n_namesz + UINT64_C(3)) & ~UINT64_C(3)) +
		      ((note.n_descsz + UINT64_C(3)) & ~UINT64_C(3));
	}
	free(notes);
	return found;
}

/* Whether the file has a section that only Go has, in case the note was stripped. */
static bool has_go_section(int fd, const Elf64_Ehdr *elf)
{
	Elf64_Shdr section;
	bool found = false;

	if (elf->e_shentsize != sizeof(section) || elf->e_shnum > HEADERS_MOST ||
	    elf->e_shstrndx >= elf->e_shnum ||
	    !read_at(fd, &section, sizeof(section),
		     elf->e_shoff + elf->e_shstrndx * sizeof(section)))
		return false;
	uint64_t size = section.sh_size;
	char *names = read_part(fd, section.sh_offset, size, NAMES_MOST);
	for (int i = 0; names && !found && i < elf->e_shnum; i++)
		found = read_at(fd, &section, sizeof(section),
				elf->e_shoff + (uint64_t)i * sizeof(section)) &&
			section.sh_name < size &&
			(strcmp(names + section.sh_name, ".go.buildinfo") == 0 ||
			 strcmp(names + section.sh_name, ".gopclntab") == 0 ||
			 strcmp(names + section.sh_name, ".data.rel.ro.gopclntab") == 0);
	free(names);
	return found;
}

static enum program_kind linked(int fd, const Elf64_Ehdr *elf, struct program_file *file)
{
	char *loader = NULL;
	enum program_kind kind;
	Elf64_Phdr header;
	int interp = elf_interp_find(fd, &header);
	bool go = false, whole = interp >= 0;

	if (interp > 0)
		loader = read_part(fd, header.p_offset, header.p_filesz, PATH_MAX);
	for (int i = 0; whole && i < elf->e_phnum; i++) {
		whole = read_at(fd, &header, sizeof(header),
				elf->e_phoff + (uint64_t)i * sizeof(header));
		if (whole && header.p_type == PT_NOTE)
			go |= has_go_note(fd, &header);
	}
	if (!whole) {
		file->error = ENOEXEC;
		kind = PROGRAM_CANNOT_RUN;
	} else if (go || has_go_section(fd, elf)) {
		kind = PROGRAM_GO;
	} else if (loader) {
		kind = strncmp(base_name(loader), "ld-linux", 8) == 0 ? PROGRAM_DYNAMIC
								      : PROGRAM_OTHER_LIBC;
	} else {
		/* The command may be the loader itself, with a program as its argument. */
		kind = strncmp(base_name(file->path), "ld-linux", 8) == 0 ? PROGRAM_DYNAMIC
									  : PROGRAM_STATIC;
	}
	free(loader);
	return kind;
}

/* Names the reason why the program gets more rights than we have (AT_SECURE in getauxval(3)). NULL:
 * it doesn't. */
static const char *rights_of(const char *path)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return NULL;
	return program_rights(path, geteuid(), getegid());
}

static enum program_kind look_at_elf(int fd, struct program_file *file)
{
	Elf64_Ehdr elf;
	bool whole = read_at(fd, &elf, sizeof(elf), 0);

	file->error = ENOEXEC;
	if (!whole || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
		return PROGRAM_CANNOT_RUN;
	/* e_machine has the same offset in both classes. */
	if (elf.e_machine == EM_386 ||
	    (elf.e_machine == MACHINE_ELF && elf.e_ident[EI_CLASS] == ELFCLASS32))
		return PROGRAM_32BIT;
	if (elf.e_machine != MACHINE_ELF)
		return PROGRAM_OTHER_MACHINE;
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (elf.e_type != ET_EXEC && elf.e_type != ET_DYN) ||
	    elf.e_phentsize != sizeof(Elf64_Phdr) || !elf.e_phnum || elf.e_phnum > HEADERS_MOST)
		return PROGRAM_CANNOT_RUN;
	file->error = 0;
	file->rights = rights_of(file->path);
	return file->rights ? PROGRAM_PRIVILEGED : linked(fd, &elf, file);
}

/* Fills in the interpreter that a #! line names, as the kernel parses it (fs/binfmt_script.c). */
static bool interpreter(const char *line, char path[PATH_MAX])
{
	const char *begin = line + 2 + strspn(line + 2, " \t");
	size_t length = strcspn(begin, " \t\n");

	snprintf(path, PATH_MAX, "%.*s", (int)length, begin);
	return length > 0;
}

void program_look(const char *command, struct program_file *file)
{
	file->error = search(command, file->path);
	memcpy(file->found, file->path, sizeof(file->found));
	file->kind = PROGRAM_CANNOT_RUN;
	for (int depth = 0; !file->error; depth++) {
		char line[SCRIPT_LINE + 1] = "";
		int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		ssize_t length = fd < 0 ? -1 : pread(fd, line, SCRIPT_LINE, 0);

		if (length < 0) {
			/* The file may be executed but not read, so its kind isn't known. Assume
			 * that the preload works. */
			file->error = fd < 0 && errno == EACCES ? 0 : errno;
			file->rights = file->error ? NULL : rights_of(file->path);
			file->kind = file->error    ? PROGRAM_CANNOT_RUN
				     : file->rights ? PROGRAM_PRIVILEGED
						    : PROGRAM_DYNAMIC;
		} else if (length > 1 && memcmp(line, "#!", 2) == 0) {
			file->error = depth == SCRIPT_DEPTH ? ELOOP : ENOEXEC;
			if (depth < SCRIPT_DEPTH && interpreter(line, file->path))
				file->error = executable(file->path);
			close(fd);
			continue;
		} else {
			file->kind = look_at_elf(fd, file);
			/* execvp(3) runs a file that isn't a program by the shell. */
			if (file->error == ENOEXEC && depth == 0 && length > 0 &&
			    memcmp(line, ELFMAG, SELFMAG) != 0) {
				snprintf(file->path, PATH_MAX, "/bin/sh");
				file->error = executable(file->path);
				close(fd);
				continue;
			}
		}
		if (fd >= 0)
			close(fd);
		return;
	}
	file->kind = file->error == ENOENT || file->error == ENOTDIR ? PROGRAM_NOT_FOUND
								     : PROGRAM_CANNOT_RUN;
}
