// SPDX-License-Identifier: MIT
/*
 *     jit FRAME
 *
 * Calls open from machine code that no unwind data describes, with a frame pointer (1) or without
 * (0).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "frame.h"

#if defined(__x86_64__)
/* push rbp; mov rbp, rsp; call rdi with (rsi, 0); pop rbp; ret */
static const unsigned char with_frame[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8, 0x48,
					   0x89, 0xf7, 0x31, 0xf6, 0xff, 0xd0, 0x5d, 0xc3};
/* sub rsp, 72; xor ebp, ebp with rbp kept in rbx; call; add rsp, 72; ret */
static const unsigned char without[] = {0x53, 0x48, 0x83, 0xec, 0x50, 0x48, 0x89, 0xeb, 0x31, 0xed,
					0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x31, 0xf6, 0xff, 0xd0,
					0x48, 0x89, 0xdd, 0x48, 0x83, 0xc4, 0x50, 0x5b, 0xc3};
#else
static const unsigned char with_frame[1], without[1];
#endif

typedef int jit_code(int (*function)(const char *, int, ...), const char *path);

FRAME static int calls_jit_code(jit_code *code)
{
	volatile int fd = code(open, "/dev/null");

	return fd;
}

int main(int count, char **words)
{
	int frame = count > 1 && atoi(words[1]);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (code == MAP_FAILED)
		return 1;
	memcpy(code, frame ? with_frame : without, frame ? sizeof(with_frame) : sizeof(without));
	printf("%d\n", calls_jit_code((jit_code *)code));
	return 0;
}
