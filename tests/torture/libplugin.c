// SPDX-License-Identifier: MIT
/* A library that opens descriptors, which stay open when it is unloaded. */
#include <fcntl.h>

#include "../programs/frame.h"

#define OPENS(number)                                                                              \
	int plugin_opens_##number(void);                                                           \
	FRAME int plugin_opens_##number(void)                                                      \
	{                                                                                          \
		volatile int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);                         \
		volatile int site = number;                                                        \
		(void)site;                                                                        \
		return fd;                                                                         \
	}
OPENS(0)
OPENS(1)
OPENS(2)
OPENS(3)
OPENS(4)
OPENS(5)
OPENS(6)
OPENS(7)
