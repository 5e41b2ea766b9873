// SPDX-License-Identifier: MIT
/*
 * Opens a file by io_uring(7), and another one as a direct descriptor. Prints the numbers of the
 * ring and of the file; or "refused" and the error.
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

static struct io_uring_params parameters;
static char *submissions, *completions;
static struct io_uring_sqe *entries;

static FRAME int opens_ring(void)
{
	int ring = (int)syscall(SYS_io_uring_setup, 4, &parameters);

	__asm__ volatile("" : : : "memory");
	return ring;
}

static char *map(int ring, size_t size, long offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
}

/* place: 0, or a place for a direct descriptor, plus 1. Returns the result. */
static FRAME int opens_by_ring(int ring, unsigned int place)
{
	unsigned int *tail = (unsigned int *)(submissions + parameters.sq_off.tail),
		     *array = (unsigned int *)(submissions + parameters.sq_off.array),
		     *head = (unsigned int *)(completions + parameters.cq_off.head);
	unsigned int at = *tail & 3;

	memset(&entries[at], 0, sizeof(entries[at]));
	entries[at].opcode = IORING_OP_OPENAT;
	entries[at].fd = AT_FDCWD;
	entries[at].addr = (unsigned long)"/dev/null";
	entries[at].splice_fd_in = (int)place; /* file_index, which older headers lack */
	array[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	struct io_uring_cqe *done =
		(struct io_uring_cqe *)(completions + parameters.cq_off.cqes) + (*head & 7);
	int result = done->res;

	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

int main(void)
{
	int ring = opens_ring(), none[2] = {-1, -1};

	if (ring < 0) {
		printf("refused %d\n", errno);
		return 0;
	}
	submissions =
		map(ring, parameters.sq_off.array + 4 * sizeof(unsigned int), IORING_OFF_SQ_RING);
	completions = map(ring, parameters.cq_off.cqes + 8 * sizeof(struct io_uring_cqe),
			  IORING_OFF_CQ_RING);
	entries = (void *)map(ring, 4 * sizeof(*entries), IORING_OFF_SQES);
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, none, 2) != 0)
		return 1;
	int fd = opens_by_ring(ring, 0), direct = opens_by_ring(ring, 1);

	printf("%d %d\n", ring, fd);
	return fd >= 0 && direct == 0 ? 0 : 1;
}
