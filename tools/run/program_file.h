// SPDX-License-Identifier: MIT
/*
 * Finds out what kind of program a command is, before it is started: whether a preloaded library
 * will see its calls, or only the ptrace engine, or neither. Searches as execvp(3) does, and
 * follows #! lines as execve(2) does.
 */
#pragma once

#include <limits.h>

enum program_kind {
	PROGRAM_DYNAMIC,    /* dynamically linked with glibc: the preload sees it */
	PROGRAM_STATIC,     /* no loader, so no preload */
	PROGRAM_GO,         /* makes its own system calls, however it is linked */
	PROGRAM_OTHER_LIBC, /* dynamically linked, with another loader than glibc's */
	PROGRAM_32BIT,      /* neither engine */
	PROGRAM_OTHER_MACHINE,
	PROGRAM_PRIVILEGED, /* setuid, setgid or with file capabilities: the loader drops the
			       preload */
	PROGRAM_NOT_FOUND,  /* exec will fail with ENOENT: exit status 127 */
	PROGRAM_CANNOT_RUN, /* exec will fail for another reason: 126 */
};

struct program_file {
	char found[PATH_MAX]; /* the path for execve(2): PATH has been searched */
	char path[PATH_MAX];  /* the ELF file that will run; for a script its interpreter */
	enum program_kind kind;
	const char *rights; /* PROGRAM_PRIVILEGED: the words of program_rights() */
	int error;          /* the errno of exec, for the last two kinds */
};

/* Examines command, the first word of the command line. Always fills in all of file; path is at
 * least the command itself. */
void program_look(const char *command, struct program_file *file);
