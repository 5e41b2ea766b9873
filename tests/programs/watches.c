// SPDX-License-Identifier: MIT
/* Makes inotify instances until one fails, and prints how many it made and the error. */
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>

#include "frame.h"

static FRAME int leaks_watches(void)
{
	int count = 0;

	while (inotify_init1(0) >= 0)
		count++;
	return count;
}

int main(void)
{
	int count = leaks_watches();

	printf("%d %d\n", count, errno);
	return 0;
}
