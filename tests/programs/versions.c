// SPDX-License-Identifier: MIT
/*
 *     versions landlock | io_uring
 *
 * Makes a system call that returns a number which is not a descriptor: landlock's version, or the
 * index of a registered ring. opens_before has opened a file at this number, or it is that of a
 * standard descriptor. Prints it, or "refused" and the errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"
#include "raw.h"

/* include/uapi/linux/io_uring.h, Linux 6.5 */
enum { NO_MMAP = 1 << 14, REGISTERED_FD_ONLY = 1 << 15, RING_SPACE = 4096 };

FRAME static int opens_before(int number)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	if (fd < number)
		fd = dup2(fd, number);
	return fd;
}

static long landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0L, 1L);
}

static long registered_ring(void)
{
	struct io_uring_params ring = {.flags = NO_MMAP | REGISTERED_FD_ONLY};
	char *space = mmap(NULL, 2 * RING_SPACE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	/* cq_off.user_addr and sq_off.user_addr, which older headers lack. */
	memcpy((char *)&ring.cq_off + 32, &(char *){space}, sizeof(space));
	memcpy((char *)&ring.sq_off + 32, &(char *){space + RING_SPACE}, sizeof(space));
	return syscall(SYS_io_uring_setup, 1, &ring);
}

int main(int count, char **words)
{
	long (*call)(void) = count == 2 && strcmp(words[1], "io_uring") == 0 ? registered_ring
									     : landlock_version;
	/* Opens the number that the call will return, by a call that no hook sees. A ring gets
	 * the first free index. */
	long number =
		call == landlock_version ? raw_call(SYS_landlock_create_ruleset, 0, 0, 1, 0) : 0;

	if (number > STDERR_FILENO && opens_before((int)number) != number)
		return 1;
	if (number >= 0)
		number = call();
	if (number < 0)
		printf("refused %d\n", errno ? errno : ENOSYS);
	else
		printf("%ld\n", number);
	return 0;
}
