// SPDX-License-Identifier: MIT
/*
 *     rare_calls HOW [FILE]
 *
 * Leaks one descriptor, in a way that few programs use, and prints its number.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"

static pthread_barrier_t cancelled;
static volatile int number;

static FRAME int leaks(void)
{
	volatile int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd;
}

/* The thread is cancelled before it calls close. close is a cancellation point, so it acts on
 * that first, and closes nothing. */
static void *closes(void *unused)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_barrier_wait(&cancelled);
	pthread_barrier_wait(&cancelled);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	close(number);
	return unused;
}

static int is_cancelled_in_close(void)
{
	pthread_t thread;
	void *result;

	number = leaks();
	pthread_barrier_init(&cancelled, NULL, 2);
	pthread_create(&thread, NULL, closes, NULL);
	pthread_barrier_wait(&cancelled);
	pthread_cancel(thread);
	pthread_barrier_wait(&cancelled);
	pthread_join(thread, &result);
	return result == PTHREAD_CANCELED ? number : -1;
}

static FRAME int copies_over(int fd)
{
	volatile int copy = (int)syscall(SYS_dup3, STDIN_FILENO, fd, 0);

	return copy;
}

/* Closed only by exec. */
static int is_marked_by_range(void)
{
	unsigned int fd = (unsigned int)leaks();

	return syscall(SYS_close_range, fd, fd, CLOSE_RANGE_CLOEXEC) == 0 ||
			       (errno == EINVAL && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0)
		       ? (int)fd
		       : -1;
}

/* The second call changes the mask of the first one's descriptor. */
static FRAME int makes_signalfd(void)
{
	volatile int fd = -1;
	sigset_t mask;

	sigemptyset(&mask);
	for (volatile int times = 0; times < 2; times++) { /* a single call in the program */
		sigaddset(&mask, SIGUSR1 + times);
		fd = signalfd(fd, &mask, SFD_CLOEXEC);
	}
	return fd;
}

/* With a full table whose limit can be raised. */
static int fills_table(void)
{
	struct rlimit limit;
	int fd, last = -1;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = leaks()) >= 0)
		last = fd;
	return last;
}

/* In a process made with the flag that it is not to be traced. */
static int leaks_untraced(void)
{
	long child;
	int fd = -1;

	fflush(NULL);
	child = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		printf("%d\n", leaks());
		exit(0);
	}
	waitpid((pid_t)child, NULL, 0);
	return fd;
}

/* Calls open(2) of i386, for a file that does not exist. Addresses have 32 bits there. */
static int fails_as_i386(void)
{
	int fd = leaks();
#if defined(__x86_64__)
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int error;

	__asm__ volatile("int $0x80"
			 : "=a"(error)
			 : "a"(5), "b"(strcpy(low, "/no/such/file")), "c"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return error == -ENOENT || error == -ENOSYS ? fd : -1;
#else
	return fd;
#endif
}

/* From then on standard error is that file. */
static int puts_at_stderr(const char *path)
{
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	dup2(file, STDERR_FILENO);
	close(file);
	return leaks();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int fd;

	if (strcmp(how, "cancelled_close") == 0) {
		fd = is_cancelled_in_close();
	} else if (strcmp(how, "exit_group") == 0) {
		fd = leaks();
		printf("%d\n", fd);
		fflush(stdout);
		syscall(SYS_exit_group, 5);
	} else if (strcmp(how, "dup3") == 0) {
		fd = copies_over(leaks());
	} else if (strcmp(how, "range_cloexec") == 0) {
		fd = is_marked_by_range();
	} else if (strcmp(how, "signalfd") == 0) {
		fd = makes_signalfd();
	} else if (strcmp(how, "full_table") == 0) {
		fd = fills_table();
	} else if (strcmp(how, "untraced") == 0) {
		fd = leaks_untraced();
	} else if (strcmp(how, "i386_error") == 0) {
		fd = fails_as_i386();
	} else if (strcmp(how, "stderr") == 0 && argc > 2) {
		fd = puts_at_stderr(argv[2]);
	} else {
		return 2;
	}
	if (strcmp(how, "untraced") != 0)
		printf("%d\n", fd);
	return 0;
}
