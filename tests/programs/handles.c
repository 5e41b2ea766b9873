// SPDX-License-Identifier: MIT
/*
 * Leaks in its handler of SIGUSR1, which the tracer's own handler calls, and ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "frame.h"

FRAME static void opens_in_handler(int number)
{
	if (number && open("/dev/null", O_RDONLY) < 0)
		_exit(2);
}

FRAME static void raises(void)
{
	raise(SIGUSR1);
	__asm__ volatile("" ::: "memory");
}

int main(void)
{
	signal(SIGUSR1, opens_in_handler);
	raises();
	return 0;
}
