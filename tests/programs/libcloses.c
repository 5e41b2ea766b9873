// SPDX-License-Identifier: MIT
/* A library that opens when it is loaded, and closes in its destructor: at the very end of a
 * program. */
#include <fcntl.h>
#include <unistd.h>

#include "frame.h"

static int held = -1;

FRAME int opened_by_the_library(void);

FRAME int opened_by_the_library(void)
{
	held = open("/dev/null", O_RDONLY);
	return held >= 0;
}

__attribute__((destructor)) static void destructor(void)
{
	if (held >= 0)
		close(held);
}
