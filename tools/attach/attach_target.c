// SPDX-License-Identifier: MIT
/* See attach_target.h. */
#include "attach_target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/core/snapshot/proc.h"
#include "tools/process/loaded_tracer.h"
#include "tools/process/mappings.h"
#include "tools/process/outside_snapshot.h"
#include "tools/run/program_file.h"
#include "attach_process.h"

enum { STATUS_MAX = 16384 };

/* Facts of proc_pid_status(5). */
struct facts {
	uint64_t seccomp;
	bool shadow_stack;
};

static void take_fact(const char *line, size_t length, void *data)
{
	static const char features[] = "x86_Thread_features:";
	struct facts *facts = data;

	proc_field(line, length, "Seccomp:", 10, &facts->seccomp);
	if (length > strlen(features) && strncmp(line, features, strlen(features)) == 0)
		facts->shadow_stack = memmem(line, length, "shstk", strlen("shstk"));
}

/* The restriction of the Yama module (Documentation/admin-guide/LSM/Yama.rst); 0: none. */
static int yama_scope(void)
{
	char text[16];

	return proc_read("/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) ? atoi(text) : 0;
}

void attach_target_no_rights(const struct process *process, char *text)
{
	int pid = process->pid;

	if (process->tracer)
		snprintf(text, ATTACH_TEXT,
			 "process %d is traced by process %d, and only one tracer is possible: end "
			 "that one first",
			 pid, process->tracer);
	else if (geteuid() == 0)
		snprintf(text, ATTACH_TEXT,
			 "no permission to trace process %d, although you are root: CAP_SYS_PTRACE "
			 "is missing here (as in containers), or a security module forbids it",
			 pid);
	else if (process->user != geteuid())
		snprintf(text, ATTACH_TEXT,
			 "process %d belongs to user %u: run fdtrail as that user, or as root", pid,
			 process->user);
	else if (yama_scope())
		snprintf(text, ATTACH_TEXT,
			 "no permission to trace process %d, because kernel.yama.ptrace_scope is "
			 "%d: run fdtrail as root",
			 pid, yama_scope());
	else
		snprintf(text, ATTACH_TEXT,
			 "no permission to trace process %d, which keeps its memory private "
			 "(PR_SET_DUMPABLE) or has more rights: run fdtrail as root",
			 pid);
}

/* The reasons against it that only /proc/PID/stat and status tell. NULL: nothing is against it. */
static const char *look_at_state(const struct process *process, char *text)
{
	char path[PROC_PATH_SIZE];
	struct facts facts = {0};
	int pid = process->pid;

	if (process_obstacle(process, text, ATTACH_TEXT))
		return text;
	proc_each_line(proc_pid_path(path, pid, "status"), STATUS_MAX, take_fact, &facts);
	if (process->tracer && process_is_fdtrail(process->tracer))
		snprintf(text, ATTACH_TEXT,
			 "process %d runs under `fdtrail run` already: `fdtrail snapshot %d` shows "
			 "it",
			 pid, pid);
	else if (process->tracer)
		attach_target_no_rights(process, text);
	else if (process_thread(process) != pid)
		snprintf(text, ATTACH_TEXT,
			 "the main thread of process %d has ended, so it can't be attached to: use "
			 "`fdtrail snapshot %d`",
			 pid, pid);
	else if (process->state == 'T' || process->state == 't')
		snprintf(text, ATTACH_TEXT,
			 "process %d is stopped: wake it by `kill -CONT %d` first", pid, pid);
	else if (facts.seccomp == SECCOMP_MODE_STRICT)
		snprintf(text, ATTACH_TEXT,
			 "process %d is in seccomp's strict mode, which would end it for a system "
			 "call of fdtrail's: use `fdtrail snapshot %d`",
			 pid, pid);
	else if (facts.shadow_stack)
		snprintf(text, ATTACH_TEXT,
			 "process %d has a shadow stack, which attach can't handle yet: use "
			 "`fdtrail "
			 "snapshot %d`",
			 pid, pid);
	else
		return NULL;
	return text;
}

/* A process that shares another one's memory is between vfork(2) and exec, or made by clone(2). */
static const char *look_at_memory(const struct process *process, char *text)
{
	int pid = process->pid, parent = process->parent;

	if (parent > 1 && syscall(SYS_kcmp, pid, parent, KCMP_VM, 0, 0) == 0) {
		snprintf(
			text, ATTACH_TEXT,
			"process %d shares the memory of process %d (vfork, clone): attach to that "
			"one",
			pid, parent);
		return text;
	}
	return NULL;
}

static const char *explain_unread(int pid, int error, char *text)
{
	snprintf(text, ATTACH_TEXT, "process %d can't be looked at (%s); it goes on as it was", pid,
		 strerror(-error));
	return text;
}

/* Says why the program has no C library that we can use. */
static void explain_program(int pid, enum program_kind kind, char *text)
{
	const char *what = kind == PROGRAM_GO           ? "a Go program"
			   : kind == PROGRAM_32BIT      ? "a 32-bit program"
			   : kind == PROGRAM_OTHER_LIBC ? "linked with another C library than glibc"
							: "a static program";

	if (kind == PROGRAM_32BIT)
		snprintf(text, ATTACH_TEXT,
			 "process %d is %s, which fdtrail can't trace: `fdtrail snapshot %d` shows "
			 "what is open",
			 pid, what, pid);
	else
		snprintf(text, ATTACH_TEXT,
			 "process %d is %s, which attach can't trace yet: `fdtrail snapshot %d` "
			 "shows what is open, and a program that `fdtrail run` starts has stacks",
			 pid, what, pid);
}

/* 0 or a negative errno, and then text says why. */
static int look_at_program(const struct process *process, struct libc_symbols *symbols, char *text)
{
	static const char *const needed[] = {"pthread_create", "pthread_detach", "dlopen",
					     "dlerror",        "munmap",         NULL};
	struct program_file file;
	char path[PROC_PATH_SIZE];
	int pid = process->pid, error = libc_symbols_read(symbols, pid);

	if (error == -EACCES || error == -EPERM) {
		attach_target_no_rights(process, text);
		return -EINVAL;
	}
	if (error && error != -ENOENT) {
		explain_unread(pid, error, text);
		return -EINVAL;
	}
	program_look(proc_pid_path(path, pid, "exe"), &file);
	if (error && file.kind == PROGRAM_DYNAMIC) {
		snprintf(text, ATTACH_TEXT,
			 "process %d has not loaded its C library, because its program is just "
			 "being started: try again",
			 pid);
		return -ESTALE;
	}
	if (error || file.kind == PROGRAM_GO) {
		explain_program(pid, file.kind, text);
		return -EINVAL;
	}
	for (int i = 0; needed[i]; i++)
		if (!libc_symbols_address(symbols, needed[i])) {
			snprintf(text, ATTACH_TEXT,
				 "the C library of process %d lacks %s: attach needs glibc 2.34 or "
				 "later",
				 pid, needed[i]);
			return -EINVAL;
		}
	return 0;
}

/* The library is loaded through /proc/thread-self, and finds out there what is open. */
static const char *look_at_root(int pid, char *text)
{
	char path[PROC_PATH_SIZE + sizeof("/proc/thread-self")], root[PROC_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/proc/self", proc_pid_path(root, pid, "root"));
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return NULL;
	snprintf(
		text, ATTACH_TEXT,
		"process %d has no /proc in its root (chroot(2)), which attach needs: use `fdtrail "
		"snapshot %d`",
		pid, pid);
	return text;
}

/* Asks the library in the process, if it is loaded. */
static const char *look_at_library(int pid, uint32_t wish, uint64_t *enter, char *text)
{
	struct attach_door door;
	uintptr_t place;
	int loaded = loaded_tracer_find(pid), error = loaded_tracer_door(pid, &door, &place);
	uint32_t state = error ? ATTACH_NEVER : atomic_load(&door.state);

	*enter = 0;
	if (loaded < 0)
		return explain_unread(pid, loaded, text);
	if (error && !loaded && wish == ATTACH_START)
		return NULL;
	if (error && !loaded)
		snprintf(text, ATTACH_TEXT, "process %d isn't attached", pid);
	else if (error || state == ATTACH_NEVER)
		snprintf(
			text, ATTACH_TEXT,
			wish == ATTACH_START
				? "process %d was started under fdtrail: `fdtrail snapshot %d` "
				  "shows it"
				: "process %d was started under fdtrail, so it is traced until its "
				  "end",
			pid, pid);
	else if (door.version != ATTACH_VERSION)
		snprintf(text, ATTACH_TEXT,
			 "another version of fdtrail has attached to process %d: use that one",
			 pid);
	else if (state == ATTACH_FAILED)
		snprintf(text, ATTACH_TEXT,
			 "an earlier attach to process %d failed in the process, and can't be "
			 "repeated before it restarts: use `fdtrail snapshot %d`",
			 pid, pid);
	else if (wish == ATTACH_START && state == ATTACH_AWAKE)
		snprintf(text, ATTACH_TEXT,
			 "process %d is attached already: `fdtrail snapshot %d` shows it", pid,
			 pid);
	else if (wish == ATTACH_STOP && state != ATTACH_AWAKE)
		snprintf(text, ATTACH_TEXT, "process %d isn't attached", pid);
	else {
		*enter = door.enter;
		return NULL;
	}
	return text;
}

/* Whether the process has ended since it was read. False also if that can't be found out. */
static bool has_ended(const struct process *process)
{
	struct process now;
	int error = process_read(&now, process->pid);

	return error == -ESRCH ||
	       (!error && ((process_has_ended(&now) && !process_has_ended(process)) ||
			   now.started_ticks != process->started_ticks));
}

/* Whether it is ending, too: it has no memory any more. Then what could not be read of it means
 * nothing. */
static bool is_gone(const struct process *process)
{
	struct mappings mappings;
	int error = mappings_read(&mappings, process->pid);

	mappings_finish(&mappings);
	return error == -ESRCH || has_ended(process);
}

static int say_ended(const struct process *process, char *text)
{
	snprintf(text, ATTACH_TEXT, "process %d has ended", process->pid);
	return -ESRCH;
}

int attach_target_check(const struct process *process, uint32_t wish, struct libc_symbols *symbols,
			uint64_t *enter, char *text)
{
	memset(symbols, 0, sizeof(*symbols));
	if (look_at_state(process, text) || look_at_memory(process, text))
		return has_ended(process) ? say_ended(process, text) : -EINVAL;
	int error = look_at_program(process, symbols, text);
	if (!error &&
	    (look_at_root(process->pid, text) || look_at_library(process->pid, wish, enter, text)))
		error = -EINVAL;
	return error && is_gone(process) ? say_ended(process, text) : error;
}
