// SPDX-License-Identifier: MIT
/* Cases of dup(2) and its relatives, and of fcntl(2), whose other commands must pass unchanged. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "case.h"

static void copies_to_the_lowest(void)
{
	int fd = open("/dev/null", O_RDONLY);

	CALL(dup(fd));
	close(fd);
	CALL(dup(0));
	CALL(dup(999));
	CALL(dup(-1));
	CALL(syscall(SYS_dup, 0));
	CALL(syscall(SYS_dup, -1));
}

static void copies_over(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), other = open("/dev/zero", O_RDONLY);

	CALL(dup2(fd, other));
	CALL(dup2(fd, fd));
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(other, F_GETFD));
	CALL(dup2(fd, 50));
	CALL(dup2(999, other));
	CALL(dup2(999, 999));
	CALL(dup2(fd, -1));
	CALL(dup2(-1, fd));
	CALL(syscall(SYS_dup2, fd, 51));
	CALL(syscall(SYS_dup2, fd, fd));
	say_open();
}

static void copies_over_with_flags(void)
{
	int fd = open("/dev/null", O_RDONLY);

	CALL(dup3(fd, 60, O_CLOEXEC));
	CALL(fcntl(60, F_GETFD));
	CALL(dup3(fd, 60, 0));
	CALL(fcntl(60, F_GETFD));
	CALL(dup3(fd, fd, 0));
	CALL(dup3(fd, 61, O_APPEND));
	CALL(dup3(999, 60, 0));
	CALL(dup3(fd, -1, 0));
	CALL(syscall(SYS_dup3, fd, 62, O_CLOEXEC));
	CALL(syscall(SYS_dup3, fd, fd, 0));
	say_open();
}

static void copies_over_the_standard_ones(void)
{
	for (int fd = 0; fd <= 2; fd++)
		CALL(dup2(open("/dev/null", O_RDWR), fd));
	CALL(close(0));
	CALL(dup(1));
	CALL(dup3(1, 2, O_CLOEXEC));
	say_open();
}

static void copies_from_a_number_on(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	CALL(fcntl(0, F_DUPFD, 30));
	CALL(fcntl(0, F_DUPFD, 30));
	CALL(fcntl(0, F_DUPFD_CLOEXEC, 30));
	CALL(fcntl(32, F_GETFD));
	CALL(fcntl(0, F_DUPFD, -1));
	CALL(fcntl(0, F_DUPFD, (int)limit.rlim_cur));
	CALL(fcntl(0, F_DUPFD, (int)limit.rlim_cur - 1) == (int)limit.rlim_cur - 1);
	CALL(fcntl(999, F_DUPFD, 30));
	CALL(fcntl64(0, F_DUPFD, 30));
	CALL(syscall(SYS_fcntl, 0, F_DUPFD, 30));
	CALL(syscall(SYS_fcntl, 0, F_DUPFD, -1));
}

static void asks_for_flags(void)
{
	int fd = open("/dev/null", O_RDWR | O_APPEND);

	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(999, F_GETFL));
	CALL(fcntl(fd, 99999));
	CALL(fcntl(fd, 1027 /* F_DUPFD_QUERY */, fd));
}

static void locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1},
		     bad = {.l_type = 77};
	int fd = open("file", O_RDWR | O_CREAT, 0600), other = open("file", O_RDONLY);

	CALL(fcntl(fd, F_SETLK, &lock));
	CALL(fcntl(fd, F_SETLKW, &lock));
	CALL(fcntl(other, F_SETLK, &lock));
	lock.l_pid = 0;
	CALL(fcntl(fd, F_OFD_SETLK, &lock));
	CALL(fcntl(fd, F_GETLK, &lock));
	say("%d", lock.l_type);
	CALL(fcntl(fd, F_SETLK, &bad));
	CALL(fcntl64(fd, F_SETLK, &lock));
}

static void owns(void)
{
	struct f_owner_ex owner = {F_OWNER_PID, 0};
	int ends[2];

	(void)!pipe(ends);
	CALL(fcntl(ends[0], F_SETOWN, getpid()));
	CALL(fcntl(ends[0], F_GETOWN) == getpid());
	CALL(fcntl(ends[0], F_SETOWN_EX, &owner));
	CALL(fcntl(ends[0], F_GETOWN_EX, &owner));
	say("%d %d", owner.type, owner.pid);
	CALL(fcntl(ends[0], F_SETSIG, SIGUSR2));
	CALL(fcntl(ends[0], F_GETSIG));
	CALL(fcntl(ends[0], F_SETPIPE_SZ, 8192));
	CALL(fcntl(ends[0], F_GETPIPE_SZ));
	CALL(fcntl(0, F_SETPIPE_SZ, 8192) >= 0 || errno == EBADF || errno == EPERM);
}

static void seals(void)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	CALL(fcntl(fd, F_GET_SEALS));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CALL(write(fd, "x", 1));
	CALL(fcntl(fd, F_GET_SEALS));
}

CASES(copies) = {
	CASE(copies_to_the_lowest),
	CASE(copies_over),
	CASE(copies_over_with_flags),
	CASE(copies_over_the_standard_ones),
	CASE(copies_from_a_number_on),
	CASE(asks_for_flags),
	CASE(locks),
	CASE(owns),
	CASE(seals),
	CASE_WITHOUT(copies_to_the_lowest, "0"),
	CASE_WITHOUT(copies_over, "1"),
	CASE_WITHOUT(copies_over_the_standard_ones, "012"),
	CASE_WITHOUT(copies_over_with_flags, "2"),
	END_OF_CASES,
};
