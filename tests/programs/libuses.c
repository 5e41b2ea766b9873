// SPDX-License-Identifier: MIT
/* A library that is loaded later, and uses a descriptor. */
#include <unistd.h>

#include "frame.h"

static volatile ssize_t written; /* so that the call becomes no jump */

FRAME void library_writes_to(int fd);

void library_writes_to(int fd)
{
	written = write(fd, "x", 1);
}
