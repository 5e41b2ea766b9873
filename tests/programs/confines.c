// SPDX-License-Identifier: MIT
/*
 * Opens two files, confines itself by a seccomp filter that refuses some system calls, sends itself
 * the signal for a snapshot, opens and closes more, and returns from main. The tracer's own calls
 * in between must not meet the filter. Prints what it has done.
 *
 *     confines WAY ACTION CALL...
 *
 * WAY: prctl, seccomp, strict, or term, which is prctl and ends by SIGTERM. ACTION: EPERM, ENOSYS,
 * kill or trap.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"

enum { MOST = 40 };

static const struct {
	const char *name;
	int number;
} calls[] = {
	{"openat", SYS_openat},
	{"clone", SYS_clone},
	{"wait4", SYS_wait4},
	{"statx", SYS_statx},
	{"newfstatat", SYS_newfstatat},
	{"readlinkat", SYS_readlinkat},
	{"fcntl", SYS_fcntl},
	{"getdents64", SYS_getdents64},
	{"ioctl", SYS_ioctl},
	{"getsockopt", SYS_getsockopt},
	{"getsockname", SYS_getsockname},
	{"process_vm_readv", SYS_process_vm_readv},
	{"uname", SYS_uname},
	{"pread64", SYS_pread64},
	{"getpid", SYS_getpid},
	{"gettid", SYS_gettid},
	{"prlimit64", SYS_prlimit64},
	{"clock_gettime", SYS_clock_gettime},
	{"rt_sigaction", SYS_rt_sigaction},
	{"tgkill", SYS_tgkill},
	{"nanosleep", SYS_nanosleep},
	{"clock_nanosleep", SYS_clock_nanosleep},
	{"mmap", SYS_mmap},
	{"munmap", SYS_munmap},
	{"rt_sigprocmask", SYS_rt_sigprocmask},
	{"close", SYS_close},
	{"eventfd2", SYS_eventfd2},
	{"read", SYS_read},
	{"ppoll", SYS_ppoll},
	{"writev", SYS_writev},
	{"write", SYS_write},
	{"getuid", SYS_getuid},
	{"geteuid", SYS_geteuid},
	{"getppid", SYS_getppid},
	{"kcmp", SYS_kcmp},
	{"sysinfo", SYS_sysinfo},
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	fprintf(stderr, "confines: no call %s\n", name);
	_exit(2);
}

static unsigned int action_of(const char *name)
{
	return strcmp(name, "kill") == 0    ? SECCOMP_RET_KILL_PROCESS
	       : strcmp(name, "trap") == 0  ? SECCOMP_RET_TRAP
	       : strcmp(name, "EPERM") == 0 ? SECCOMP_RET_ERRNO | EPERM
					    : SECCOMP_RET_ERRNO | ENOSYS;
}

static int confine(const char *way, const char *action, char **names, int count)
{
	struct sock_filter filter[2 * MOST + 4];
	unsigned short length = 0;

	filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							offsetof(struct seccomp_data, nr));
	for (int i = 0; i < count && i < MOST; i++) {
		filter[length++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number_of(names[i]), 0, 1);
		filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action_of(action));
	}
	filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	struct sock_fprog program = {.len = length, .filter = filter};
	if (strcmp(way, "strict") == 0)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* The result does not matter if the filter refuses it. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8, 0, 0) != -1 || errno != EFAULT)
		return -1;
	if (strcmp(way, "seccomp") != 0)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

FRAME static void opens_before(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) < 0 || open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
		_exit(2);
}

FRAME static void opens_after(void)
{
	if (socket(AF_UNIX, SOCK_DGRAM, 0) < 0)
		_exit(2);
}

static void tell(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(2);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int pid = (int)getpid();

	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	opens_before();
	if (confine(argv[1], argv[2], argv + 3, argc - 3) != 0) {
		perror("confines");
		return 2;
	}
	tell("confined\n");
	if (strcmp(argv[1], "strict") == 0)
		syscall(SYS_exit, 5);
	opens_after();
	kill(pid, SIGUSR1);
	tell("asked\n");
	opens_after();
	if (strcmp(argv[1], "term") == 0)
		kill(pid, SIGTERM);
	return 4;
}
