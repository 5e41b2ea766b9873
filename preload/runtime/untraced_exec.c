// SPDX-License-Identifier: MIT
/* See untraced_exec.h. */
#include "untraced_exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/arch/machine.h"
#include "preload/core/base/base_name.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "enroll.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/snapshot_output.h"
#include "runtime.h"

enum {
	NOTED = 64,
	HEADERS = 16,
	STACK = 1 << 16,
	PATH_LONGEST = 1024, /* in PATH; longer paths are skipped */
};

/* Keys of the files that a message was printed for, shared with forked processes. */
static _Atomic uint64_t *noted;

void untraced_exec_start(void)
{
	long memory = RAW(mmap, NULL, NOTED * sizeof(*noted), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	noted = memory > 0 ? (void *)memory : NULL;
}

/* If there are too many, the rest gets no message. */
bool untraced_exec_first(uint64_t key)
{
	for (size_t i = 0; noted && i < NOTED; i++) {
		uint64_t found = 0;

		if (atomic_compare_exchange_strong(&noted[i], &found, key))
			return true;
		if (found == key)
			return false;
	}
	return false;
}

static bool is_new(const struct stat *status)
{
	return untraced_exec_first((uint64_t)status->st_ino * 31 + (uint64_t)status->st_dev + 1);
}

/* ROSTER_NO_REASON: fdtrail will see the program, or that is not known. */
static enum roster_reason look_inside(int fd)
{
	Elf64_Phdr headers[HEADERS];
	Elf64_Ehdr elf;
	bool dynamic = false, go = false;

	if (RAW(pread64, fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (elf.e_type != ET_EXEC && elf.e_type != ET_DYN) ||
	    elf.e_phentsize != sizeof(*headers) || !elf.e_phnum || elf.e_phnum > HEADERS ||
	    elf.e_phoff > INT64_MAX)
		return ROSTER_NO_REASON;
	long size = (long)(elf.e_phnum * sizeof(*headers));
	if (RAW(pread64, fd, headers, size, elf.e_phoff) != size)
		return ROSTER_NO_REASON;
	for (int i = 0; i < elf.e_phnum; i++) {
		struct {
			Elf64_Nhdr header;
			char name[4];
		} note;

		dynamic |= headers[i].p_type == PT_INTERP;
		if (headers[i].p_type == PT_NOTE && headers[i].p_offset <= INT64_MAX &&
		    RAW(pread64, fd, &note, sizeof(note), headers[i].p_offset) == sizeof(note))
			go |= note.header.n_namesz == 4 && memcmp(note.name, "Go\0", 4) == 0;
	}
	/* In a dynamic Go program our constructor runs, and prints the message. */
	if (dynamic)
		return ROSTER_NO_REASON;
	return go ? ROSTER_GO : ROSTER_STATIC;
}

/* Prints the line to the snapshots' file; to stderr if there is none. */
static void tell(struct line *line, bool on_stderr)
{
	struct snapshot_request request = {.pid = (int)RAW(getpid), .program = runtime.program};

	if (!*runtime.options.output || on_stderr)
		message(line);
	if (*runtime.options.output)
		output_note(&runtime.options, &request, line);
}

struct executed {
	const char *path, *kind;
};

static void tell_executed(void *argument)
{
	const struct executed *executed = argument;
	LINE(line, LINE_LONG);

	line_quote(&line, runtime.program);
	line_add(&line, " executes ");
	line_quote(&line, executed->path);
	line_add(&line, ", ");
	line_add(&line, executed->kind);
	line_add(&line, ", which a preloaded library can't see; use `fdtrail run --engine=ptrace`");
	tell(&line, false);
}

/* The thread that calls exec may have a small stack, one that clone(2) was given. */
static void tell_on_a_stack(struct executed *executed)
{
	const uint64_t all = UINT64_MAX;
	uint64_t mask;
	long stack =
		RAW(mmap, NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack <= 0)
		return;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	call_on_stack(tell_executed, executed, (char *)stack + STACK);
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	RAW(munmap, stack, STACK);
}

/* Whether the kernel gives rights with the file, because then the loader ignores LD_PRELOAD:
 * ld.so(8), "Secure-execution mode". This is only likely: the mount or the process may forbid it.
 */
static bool is_privileged(const char *path, const struct stat *status)
{
	char capabilities[64];

	return (status->st_mode & S_ISUID && status->st_uid != (uid_t)RAW(geteuid)) ||
	       (status->st_mode & S_ISGID && status->st_mode & S_IXGRP &&
		status->st_gid != (gid_t)RAW(getegid)) ||
	       (RAW(geteuid) != 0 &&
		RAW(getxattr, path, "security.capability", capabilities, sizeof(capabilities)) > 0);
}

/* False: there is no such file, or it may not be executed, so execvp(3) tries the next. */
static bool look(const char *path, enum roster_reason *reason)
{
	struct executed executed = {.path = path};
	struct stat status;
	/* The kernel reads the path first: a bad address is its EFAULT, not our crash. */
	long error = RAW(newfstatat, AT_FDCWD, path, &status, 0), fd;

	if (error < 0)
		return error == -EFAULT || error == -ELOOP || error == -ENAMETOOLONG;
	if (S_ISDIR(status.st_mode) || !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return false;
	/* Opening a pipe or a device has effects. */
	if (!S_ISREG(status.st_mode) ||
	    (fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0)
		return true;
	/* The loader can be executed as a program, and is static itself. */
	if (strncmp(base_name(path), "ld-", 3) != 0)
		*reason = look_inside((int)fd);
	RAW(close, fd);
	if (*reason)
		executed.kind = *reason == ROSTER_GO ? "a Go program" : "a static program";
	else if (is_privileged(path, &status))
		*reason = ROSTER_PRIVILEGED;
	if (executed.kind && !enroll_present() &&
	    options_match(runtime.options.only, base_name(path)) && is_new(&status))
		tell_on_a_stack(&executed);
	return true;
}

enum roster_reason untraced_exec_before_exec(const char *file, bool search)
{
	enum roster_reason reason = ROSTER_NO_REASON;
	char path[PATH_LONGEST];

	/* In a forked process the gate is new, and the options are those of its parent. */
	/* After `fdtrail attach` no program that is executed is traced. */
	if (!file || !runtime.options.depth || runtime.attached_ms ||
	    atomic_load(&runtime.wiped->gate) == GATE_SHUT)
		return reason;
	if (!search || strchr(file, '/')) {
		look(file, &reason);
		return reason;
	}
	const char *list = getenv("PATH");
	if (!list)
		list = "/bin:/usr/bin"; /* confstr(3), _CS_PATH */
	for (;;) {
		const char *end = strchrnul(list, ':');
		struct line line = {.size = sizeof(path), .text = path};

		line_bytes(&line, list, (size_t)(end - list));
		line_add(&line, end > list ? "/" : "./");
		line_add(&line, file);
		if ((line.length < line.size - 1 && look(path, &reason)) || !*end)
			return reason;
		list = end + 1;
	}
}

enum roster_reason untraced_exec_before_spawn(const char *file, bool search)
{
	return atomic_load(&runtime.threaded) ? ROSTER_NO_REASON
					      : untraced_exec_before_exec(file, search);
}

void untraced_exec_program(const char *name)
{
	LINE(line, LINE_LONG);

	enroll_unseen(ROSTER_GO);
	if (enroll_present())
		return;
	line_quote(&line, name);
	line_add(&line, " is a Go program: it makes its own system calls, which a preloaded "
			"library can't see; use `fdtrail run`");
	tell(&line, true);
}
