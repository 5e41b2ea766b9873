// SPDX-License-Identifier: MIT
/* Functions that open and close, for the programs misuses and misuse_owners. */
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "frame.h"

static volatile int after; /* keeps calls from being tail calls */

static FRAME int opens(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	after = fd;
	return fd;
}

static FRAME void closes_first(int fd)
{
	close(fd);
	after = fd;
}
