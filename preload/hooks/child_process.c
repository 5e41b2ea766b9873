// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that start and end processes. fork has no hook: the child notices by
 * itself that it is one, and the C library calls our handlers around fork (runtime/fork.c). The
 * hooks of exec and posix_spawn change nothing in the ledger. They exist for the signals that the
 * program ignores (runtime/signals.h); for `fdtrail run`, which reports programs in which the
 * tracer never starts (runtime/enroll.h); and for the stacks of what the new program inherits
 * (runtime/exec_env.h).
 *
 * The hook of vfork is assembly, in hook_vfork.S: the child runs on the parent's stack, so the hook
 * must leave nothing there.
 */
#include "hook.h"

#include <stdarg.h>
#include <string.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/runtime/arm.h"
#include "preload/runtime/enroll.h"
#include "preload/runtime/exec_env.h"
#include "preload/runtime/exit.h"
#include "preload/runtime/signals.h"
#include "preload/runtime/untraced_exec.h"

HOOK __typeof__(fork) _Fork;
pid_t _Fork(void)
{
	struct capture_hold hold = {0};

	if (runtime_on())
		capture_before_fork(&runtime.capture, &hold);
	pid_t pid = REAL(_Fork)();

	if (pid == 0)
		fork_note_time();
	capture_after_fork(&runtime.capture, &hold);
	return pid;
}

/* clone(2). A child with memory of its own counts as a fork. A child that shares the memory but not
 * the descriptors counts as a vfork if the parent waits for it. If the parent doesn't, every later
 * hook has to ask the kernel which of the two processes it runs in. */
HOOK int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	va_list arguments;
	va_start(arguments, arg);
	void *parent_tid = va_arg(arguments, void *), *tls = va_arg(arguments, void *),
	     *child_tid = va_arg(arguments, void *);
	va_end(arguments);

	/* The tracer couldn't tell the two processes apart when one of them wakes it. */
	if (flags & CLONE_VM && !(flags & (CLONE_FILES | CLONE_VFORK)))
		arm_wake();

	struct capture_hold hold = {0};
	bool on = runtime_on(), vfork = false;
	if (on && !(flags & CLONE_VM)) {
		/* The child starts in fn and never comes back here. So it must not inherit blocked
		 * signals, and capture_forked releases the lock in it. */
		if (capture_before_fork(&runtime.capture, &hold))
			RAW(rt_sigprocmask, SIG_SETMASK, &hold.mask, NULL, sizeof(hold.mask));
	} else if (on && !(flags & CLONE_FILES)) {
		vfork = flags & CLONE_VFORK && !(flags & CLONE_SETTLS);
		if (vfork)
			thread_state.vforks++;
		else
			atomic_store(&runtime.wiped->gate, GATE_SHARED);
	}
	int result = REAL(clone)(fn, stack, flags, arg, parent_tid, tls, child_tid);
	capture_after_fork(&runtime.capture, &hold);
	if (vfork)
		thread_state.vforks--;
	if (result < 0)
		runtime_failed("clone");
	else if (flags & CLONE_PIDFD)
		runtime_opened(*(const int *)parent_tid, &(struct opening){.kind = FD_PIDFD}, HERE);
	return result;
}

HOOK_ALIAS(__clone, clone);

HOOK int unshare(int flags)
{
	int result = REAL(unshare)(flags);

	if (result == 0 && flags & CLONE_FILES)
		runtime_apart();
	return result;
}

/* Makes call, which executes file with the environment `variables`, and returns its result from the
 * hook. That is envp, and with it the stacks of what the program inherits. Around the call are
 * enroll_before_exec and enroll_after_exec, signals_before_exec and signals_after_exec; those after
 * it run only if the exec has failed. */
#define EXEC(file, search, envp, call)                                                             \
	do {                                                                                       \
		enum roster_reason reason = untraced_exec_before_exec(file, search);               \
		/* First, because a forked child may notice here that it is one, and enter. */     \
		struct exec_env passed = exec_env_before(envp, reason);                            \
		struct enroll_exec executing = enroll_before_exec(file, envp, reason);             \
		char *const *variables = passed.variables;                                         \
		bool changed = signals_before_exec();                                              \
		int result = (call);                                                               \
		if (exec_env_too_large(&passed)) {                                                 \
			variables = envp;                                                          \
			result = (call);                                                           \
		}                                                                                  \
		if (changed)                                                                       \
			signals_after_exec();                                                      \
		exec_env_after(&passed);                                                           \
		enroll_after_exec(executing);                                                      \
		return result;                                                                     \
	} while (0)

enum { NOT_KNOWN = 0 }; /* instead of a process id */

/* The same for a call that starts a new process, and returns 0 or an errno. After a success pid is
 * the new process' id, or NOT_KNOWN. */
#define SPAWN(file, search, envp, pid, call)                                                       \
	do {                                                                                       \
		enum roster_reason reason = untraced_exec_before_spawn(file, search);              \
		struct exec_env passed = exec_env_before(envp, reason);                            \
		struct enroll_exec executing = enroll_before_spawn(file, envp, reason);            \
		char *const *variables = passed.variables;                                         \
		bool changed = signals_before_exec();                                              \
		int result = (call);                                                               \
		if (passed.memory && result == E2BIG) {                                            \
			variables = envp;                                                          \
			result = (call);                                                           \
		}                                                                                  \
		if (changed)                                                                       \
			signals_after_exec();                                                      \
		exec_env_after(&passed);                                                           \
		enroll_after_spawn(executing, result == 0, pid);                                   \
		return result;                                                                     \
	} while (0)

HOOK int execve(const char *pathname, char *const argv[], char *const envp[])
{
	EXEC(pathname, false, envp, REAL(execve)(pathname, argv, variables));
}

HOOK int execv(const char *pathname, char *const argv[])
{
	EXEC(pathname, false, environ, REAL(execve)(pathname, argv, variables));
}

HOOK int execvp(const char *file, char *const argv[])
{
	EXEC(file, true, environ, REAL(execvpe)(file, argv, variables));
}

HOOK int execvpe(const char *file, char *const argv[], char *const envp[])
{
	EXEC(file, true, envp, REAL(execvpe)(file, argv, variables));
}

HOOK int fexecve(int fd, char *const argv[], char *const envp[])
{
	EXEC(NULL, false, envp, REAL(fexecve)(fd, argv, variables));
}

HOOK execveat_type execveat;
int execveat(int dirfd, const char *pathname, char *const argv[], char *const envp[], int flags)
{
	EXEC(dirfd == AT_FDCWD ? pathname : NULL, false, envp,
	     REAL(execveat)(dirfd, pathname, argv, variables, flags));
}

/* Copies the arguments of execl and its like into an array on the stack, as glibc does: in a vfork
 * child there is no heap. execle's envp follows the NULL. */
#define COUNT_ARGUMENTS(first)                                                                     \
	size_t count = 1;                                                                          \
	va_list arguments;                                                                         \
	va_start(arguments, first);                                                                \
	while (va_arg(arguments, const char *))                                                    \
		count++;                                                                           \
	va_end(arguments);
#define TAKE_ARGUMENTS(first)                                                                      \
	char **argv = __builtin_alloca((count + 1) * sizeof(*argv));                               \
	argv[0] = (char *)first;                                                                   \
	va_start(arguments, first);                                                                \
	for (size_t at = 1; at <= count; at++)                                                     \
		argv[at] = va_arg(arguments, char *);

HOOK int execl(const char *pathname, const char *arg, ...)
{
	COUNT_ARGUMENTS(arg)
	TAKE_ARGUMENTS(arg)
	va_end(arguments);
	EXEC(pathname, false, environ, REAL(execve)(pathname, argv, variables));
}

HOOK int execlp(const char *file, const char *arg, ...)
{
	COUNT_ARGUMENTS(arg)
	TAKE_ARGUMENTS(arg)
	va_end(arguments);
	EXEC(file, true, environ, REAL(execvpe)(file, argv, variables));
}

HOOK int execle(const char *pathname, const char *arg, ...)
{
	COUNT_ARGUMENTS(arg)
	TAKE_ARGUMENTS(arg)
	char *const *envp = va_arg(arguments, char *const *);
	va_end(arguments);
	EXEC(pathname, false, envp, REAL(execve)(pathname, argv, variables));
}

/* After a success, stores the child's process id for a caller that wants it. Returns result. */
static int give_pid(int result, pid_t *pid, const pid_t *child)
{
	if (result == 0 && pid)
		*pid = *child;
	return result;
}

HOOK int posix_spawn(pid_t *restrict pid, const char *restrict path,
		     const posix_spawn_file_actions_t *file_actions,
		     const posix_spawnattr_t *restrict attrp, char *const argv[restrict],
		     char *const envp[restrict])
{
	pid_t child = 0;

	SPAWN(path, false, envp, child,
	      give_pid(REAL(posix_spawn)(&child, path, file_actions, attrp, argv, variables), pid,
		       &child));
}

HOOK int posix_spawnp(pid_t *restrict pid, const char *restrict file,
		      const posix_spawn_file_actions_t *file_actions,
		      const posix_spawnattr_t *restrict attrp, char *const argv[restrict],
		      char *const envp[restrict])
{
	pid_t child = 0;

	SPAWN(file, true, envp, child,
	      give_pid(REAL(posix_spawnp)(&child, file, file_actions, attrp, argv, variables), pid,
		       &child));
}

/* The end of pidfd_spawn and pidfd_spawnp (glibc 2.39), which return an error's number. An older
 * glibc lacks them; the function that real.c puts in their place returns -1 with ENOSYS in errno,
 * so this returns the errno. */
static int spawned(int result, const int *pidfd, const char *name, const void *frame)
{
	int saved = errno;

	if (result == 0) {
		runtime_opened(*pidfd, &(struct opening){.kind = FD_PIDFD}, frame);
		return 0;
	}
	if (result > 0)
		errno = result;
	runtime_failed(name);
	result = errno;
	errno = saved;
	return result;
}

HOOK pidfd_spawn_type pidfd_spawn, pidfd_spawnp;

int pidfd_spawn(int *restrict pidfd, const char *restrict path,
		const posix_spawn_file_actions_t *restrict file_actions,
		const posix_spawnattr_t *restrict attrp, char *const argv[restrict],
		char *const envp[restrict])
{
	SPAWN(path, false, envp, NOT_KNOWN,
	      spawned(REAL(pidfd_spawn)(pidfd, path, file_actions, attrp, argv, variables), pidfd,
		      __func__, HERE));
}

int pidfd_spawnp(int *restrict pidfd, const char *restrict file,
		 const posix_spawn_file_actions_t *restrict file_actions,
		 const posix_spawnattr_t *restrict attrp, char *const argv[restrict],
		 char *const envp[restrict])
{
	SPAWN(file, true, envp, NOT_KNOWN,
	      spawned(REAL(pidfd_spawnp)(pidfd, file, file_actions, attrp, argv, variables), pidfd,
		      __func__, HERE));
}

/* system(3) opens no descriptor. It starts its shell inside the C library, past the hooks above, so
 * this hook tells `fdtrail run` about the shell. */
HOOK int system(const char *command)
{
	struct enroll_exec executing = command ? enroll_before_shell() : (struct enroll_exec){0};
	int status = REAL(system)(command);

	enroll_after_shell(executing, status != -1);
	return status;
}

HOOK void _exit(int status)
{
	exit_now(status);
}

HOOK void _Exit(int status)
{
	exit_now(status);
}

HOOK int dlclose(void *handle)
{
	bool on = runtime_on();

	if (on)
		capture_before_dlclose(&runtime.capture);
	int result = REAL(dlclose)(handle);
	if (on)
		capture_after_dlclose(&runtime.capture);
	return result;
}
