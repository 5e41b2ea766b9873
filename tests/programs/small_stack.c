// SPDX-License-Identifier: MIT
/*
 *     small_stack SIZE
 *
 * Has an alternate stack of SIZE bytes, too few for a handler, and no handler of its own. Requests
 * a snapshot, prints how many bytes beside that stack have changed, and ends by SIGTERM.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BESIDE = 16384, FILL = 0x55 };

int main(int count, char **words)
{
	static char memory[2 * BESIDE] __attribute__((aligned(64)));
	stack_t small = {.ss_sp = memory + BESIDE};
	int changed = 0;

	if (count < 2)
		return 2;
	small.ss_size = (size_t)atoi(words[1]);
	if (small.ss_size > BESIDE || sigaltstack(&small, NULL) != 0)
		return 77;
	memset(memory, FILL, BESIDE);
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	for (int i = 0; i < BESIDE; i++)
		changed += memory[i] != FILL;
	printf("%d\n", changed);
	fflush(stdout);
	raise(SIGTERM);
	return open("/dev/null", O_RDONLY) < 0;
}
