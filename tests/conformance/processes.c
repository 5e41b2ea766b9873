// SPDX-License-Identifier: MIT
/* Cases of calls that make processes or load libraries: results, arguments, environment, and the
 * descriptors that a child has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../programs/newer_kernel.h"
#include "case.h"

extern char **environ;

#define SHELL_SAYS "echo shell: $0 $1 $2 $CONFORMANCE >&9; exit 3"
static char *words[] = {(char *)"sh", (char *)"-c",  (char *)SHELL_SAYS,
			(char *)"a",  (char *)"b c", NULL};
static char *variables[] = {(char *)"CONFORMANCE=set", (char *)"PATH=/usr/bin:/bin", NULL};

static void wait_for(pid_t pid)
{
	int status = -1;

	if (CALL(waitpid(pid, &status, 0) == pid) != 1)
		return;
	if (WIFEXITED(status))
		say("child: exit status %d", WEXITSTATUS(status));
	else
		say("child: signal %d", WTERMSIG(status));
}

#define EXECUTES(name, call)                                                                       \
	static void executes_by_##name(void)                                                       \
	{                                                                                          \
		pid_t pid = fork();                                                                \
                                                                                                   \
		if (pid == 0) {                                                                    \
			CALL(call);                                                                \
			_exit(100);                                                                \
		}                                                                                  \
		wait_for(pid);                                                                     \
	}
EXECUTES(execve, execve("/bin/sh", words, variables))
EXECUTES(execv, execv("/bin/sh", words))
EXECUTES(execvp, execvp("sh", words))
EXECUTES(execvpe, execvpe("sh", words, variables))
EXECUTES(execl, execl("/bin/sh", "sh", "-c", SHELL_SAYS, "a", "b", NULL))
EXECUTES(execlp, execlp("sh", "sh", "-c", SHELL_SAYS, "a", "b", NULL))
EXECUTES(execle, execle("/bin/sh", "sh", "-c", SHELL_SAYS, "a", "b", NULL, variables))
EXECUTES(fexecve, fexecve(open("/bin/sh", O_RDONLY | O_CLOEXEC), words, variables))
EXECUTES(execveat, execveat(AT_FDCWD, "/bin/sh", words, variables, 0))
EXECUTES(syscall, syscall(SYS_execve, "/bin/sh", words, variables))

static void executes_nothing(void)
{
	CALL(execve("/none", words, variables));
	CALL(execv("/etc/passwd", words));
	CALL(execvp("none-such-command", words));
	CALL(execl("/none", "none", NULL));
	CALL(execlp("none-such-command", "none", NULL));
	CALL(execle("/none", "none", NULL, variables));
	CALL(fexecve(999, words, variables));
	CALL(execveat(AT_FDCWD, "/none", words, variables, 0));
	CALL(execve(NOWHERE, words, variables));
	CALL(execve("/bin/sh", NOWHERE, variables));
}

static void keeps_ignoring_across_exec(void)
{
	signal(SIGUSR1, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "kill -USR1 $$; kill -TERM $$; echo alive >&9", NULL);
		_exit(100);
	}
	wait_for(pid);
	CALL(execl("/none", "none", NULL));
	CALL(raise(SIGUSR1));
	CALL(raise(SIGTERM));
}

static void passes_numbers_on(void)
{
	int open_one = open("/dev/null", O_RDONLY),
	    closed_one = open("/dev/null", O_RDONLY | O_CLOEXEC);

	say("%d %d", open_one, closed_one);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		      "for n in 0 1 2 3 4 5 6; do [ -e /proc/$$/fd/$n ] && echo $n; done >&9",
		      NULL);
		_exit(100);
	}
	wait_for(pid);
}

static void spawns(void)
{
	/* The command writes nothing, because its output could come before or after the case's
	 * own line. */
	char *tests[] = {(char *)"sh", (char *)"-c", (char *)"[ \"$CONFORMANCE\" = set ] && exit 3",
			 NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t mask;
	pid_t pid = 0;

	CALL(posix_spawn(&pid, "/bin/sh", NULL, NULL, tests, variables));
	wait_for(pid);
	CALL(posix_spawnp(&pid, "sh", NULL, NULL, tests, variables));
	wait_for(pid);
	CALL(posix_spawn(&pid, "/none", NULL, NULL, tests, variables));
	CALL(posix_spawnp(&pid, "none-such-command", NULL, NULL, tests, variables));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 20, "/none/none", O_RDONLY, 0);
	CALL(posix_spawn(&pid, "/bin/sh", &actions, NULL, tests, variables));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_init(&attributes);
	sigfillset(&mask);
	posix_spawnattr_setsigdefault(&attributes, &mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	signal(SIGUSR1, SIG_IGN);
	char *dies[] = {(char *)"sh", (char *)"-c", (char *)"kill -USR1 $$; exit 21", NULL};
	CALL(posix_spawn(&pid, "/bin/sh", NULL, &attributes, dies, variables));
	wait_for(pid);
	CALL(posix_spawn(&pid, "/bin/sh", NULL, NULL, dies, variables));
	wait_for(pid);
}

static void forks(void)
{
	int fd = open("/dev/null", O_RDONLY);
	pid_t pid = fork();

	if (pid == 0) {
		CALL(close(fd));
		CALL(open("/dev/zero", O_RDONLY));
		CALL(dup(0));
		_exit(7);
	}
	wait_for(pid);
	CALL(close(fd));
	pid = _Fork();
	if (pid == 0) {
		CALL(open("/dev/zero", O_RDONLY));
		_exit(8);
	}
	wait_for(pid);
}

static void forks_twice(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		CALL(open("/dev/null", O_RDONLY));
		pid_t inner = fork();
		if (inner == 0) {
			CALL(open("/dev/null", O_RDONLY));
			_exit(5);
		}
		wait_for(inner);
		_exit(6);
	}
	wait_for(pid);
}

static void vforks(void)
{
	int fd = open("/dev/null", O_RDONLY);
	pid_t pid = vfork();

	if (pid == 0) {
		close(fd);
		execve("/none", words, variables);
		_exit(errno == ENOENT ? 9 : 10);
	}
	wait_for(pid);
	CALL(fcntl(fd, F_GETFD));
	pid = vfork();
	if (pid == 0) {
		dup2(1, fd);
		execve("/bin/sh", words, variables);
		_exit(11);
	}
	wait_for(pid);
	CALL(close(fd));
}

static int cloned(void *data)
{
	CALL(close(*(int *)data));
	return 12;
}

static void clones(void)
{
	int fd = open("/dev/null", O_RDONLY);
	char *stack = malloc(65536);

	wait_for(clone(cloned, stack + 65536, SIGCHLD, &fd));
	CALL(fcntl(fd, F_GETFD));
	wait_for(clone(cloned, stack + 65536, SIGCHLD | CLONE_VM | CLONE_VFORK, &fd));
	CALL(fcntl(fd, F_GETFD));
	wait_for(clone(cloned, stack + 65536, SIGCHLD | CLONE_VM | CLONE_FILES, &fd));
	CALL(fcntl(fd, F_GETFD));
	CALL(clone(cloned, NULL, SIGCHLD, &fd));
	CALL(clone(cloned, stack + 65536, CLONE_SIGHAND, &fd));
}

static void loads_libraries(void)
{
	void *library = POINTER(dlopen("libm.so.6", RTLD_NOW));

	POINTER(dlopen("/none.so", RTLD_NOW));
	POINTER(dlopen("/etc/passwd", RTLD_NOW));
	say("%s", strstr(dlerror(), "invalid ELF header") ? "invalid" : "another error");
	POINTER(dlsym(library, "cos"));
	CALL(dlclose(library));
	say_open();
}

CASES(processes) = {
	CASE(executes_by_execve),
	CASE(executes_by_execv),
	CASE(executes_by_execvp),
	CASE(executes_by_execvpe),
	CASE(executes_by_execl),
	CASE(executes_by_execlp),
	CASE(executes_by_execle),
	CASE(executes_by_fexecve),
	CASE(executes_by_execveat),
	CASE(executes_by_syscall),
	CASE(executes_nothing),
	CASE(keeps_ignoring_across_exec),
	CASE(passes_numbers_on),
	CASE(spawns),
	CASE(forks),
	CASE(forks_twice),
	CASE(vforks),
	CASE(clones),
	CASE(loads_libraries),
	CASE_WITHOUT(passes_numbers_on, "0"),
	CASE_WITHOUT(spawns, "012"),
	CASE_WITHOUT(forks, "2"),
	END_OF_CASES,
};
