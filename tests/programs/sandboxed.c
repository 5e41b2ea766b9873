// SPDX-License-Identifier: MIT
/*
 *     sandboxed ACTION CALL...
 *
 * Leaks, forbids itself system calls by a seccomp filter, asks for a snapshot, and says that it is
 * alive. ACTION: errno (EPERM) or kill. CALL: openat, clone, ... as in the table below.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"

static const struct {
	const char *name;
	unsigned int number;
} calls[] = {
	{"openat", SYS_openat},
	{"clone", SYS_clone},
	{"mmap", SYS_mmap},
	{"readlinkat", SYS_readlinkat},
	{"getsockopt", SYS_getsockopt},
	{"statx", SYS_statx},
	{"fcntl", SYS_fcntl},
	{"wait4", SYS_wait4},
	{"process_vm_readv", SYS_process_vm_readv},
};

FRAME static int leaks_before(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int main(int count, char **words)
{
	struct sock_filter filter[32] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {.len = 1, .filter = filter};
	unsigned int action = count > 1 && strcmp(words[1], "kill") == 0
				      ? SECCOMP_RET_KILL_PROCESS
				      : SECCOMP_RET_ERRNO | EPERM;

	leaks_before();
	for (int i = 2; i < count; i++)
		for (size_t j = 0; j < sizeof(calls) / sizeof(*calls); j++)
			if (strcmp(words[i], calls[j].name) == 0) {
				filter[program.len++] = (struct sock_filter)BPF_JUMP(
					BPF_JMP | BPF_JEQ | BPF_K, calls[j].number, 0, 1);
				filter[program.len++] =
					(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
			}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 2;
	raise(SIGUSR1);
	raise(SIGUSR1);
	(void)!write(STDOUT_FILENO, "alive\n", 6);
	_exit(3);
}
